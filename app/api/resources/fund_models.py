"""A shop's money on the wire. Amounts are minor units in the shop's one currency."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.api.resources import examples
from app.api.resources.common import (
    Amount,
    Id,
    LocalizedText,
    Position,
    RequestModel,
    ResponseModel,
    Version,
    localized,
)
from app.domain.funds.accounts import OWN_ACCOUNTS, Account
from app.domain.funds.state import Funds as FundsState
from app.domain.money import AMOUNT_MAX
from app.projections.ledger.entry import LedgerEntry

MovedAmount = Annotated[
    int, Field(strict=True, ge=-(2**53), le=AMOUNT_MAX, json_schema_extra={"format": "int64"})
]
"""Minor units. What is not above zero is an amount, but none that can be moved."""

SignedAmount = Annotated[int, Field(json_schema_extra={"format": "int64"})]
"""Minor units, below zero where money left, or where more left than came."""


class TopUpBody(RequestModel):
    """Money the shop paid in."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TOP_UP]})

    reference: Id
    """The payment's own name; one name is booked once, whatever for."""
    account: Account
    """`cash_alipay`, `cash_wechat`, `cash_aggregate` or `deposit`."""
    amount: MovedAmount
    """More than 0. What the shop owes is collected from it first (追缴), whichever account."""


class WithdrawalBody(RequestModel):
    """Money the shop takes out of a cash account."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.WITHDRAWAL]})

    reference: Id
    """The payment's own name; one name is booked once, whatever for."""
    account: Account
    """`cash_alipay`, `cash_wechat` or `cash_aggregate`."""
    amount: MovedAmount
    """More than 0, and no more than there is."""


class RequiredDepositBody(RequestModel):
    """The level a shop's deposit must have."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REQUIRED_DEPOSIT]})

    level: Amount


class AccountBalance(ResponseModel):
    """What one of the shop's own accounts holds."""

    account: str
    """`cash_alipay`, `cash_wechat`, `cash_aggregate`, `deposit`."""
    available: SignedAmount
    """What can be spent now; of the deposit, below zero by what the shop owes."""
    reserved: SignedAmount
    """What was taken from it for refunds that have not reached their buyers yet."""


class Deposit(ResponseModel):
    """The deposit (保证金), and what the platform asks of it."""

    balance: SignedAmount
    required: SignedAmount
    arrears: SignedAmount
    """What the shop owes for refunds paid in advance (先行赔付)."""
    below_required: bool
    restricted: bool
    """In arrears beyond the limit, until a top-up."""


class Escrow(ResponseModel):
    """What buyers paid for orders not settled yet, from the ledger."""

    balance: SignedAmount
    current_to: Position
    """The position in the log up to which the balance is known; it may lag by milliseconds."""


class Funds(ResponseModel):
    """A shop's money as its last movement left it."""

    shop_id: str
    accounts: list[AccountBalance]
    deposit: Deposit
    version: Version
    """Rises with everything that happens to the money; also the ETag."""


class FundsWithEscrow(Funds):
    """A shop's money, and what is still in escrow for it."""

    escrow: Escrow


class JournalLine(ResponseModel):
    """One side of a movement."""

    account: str
    """One of the shop's own, `escrow`, `talent`, `agency`, `service_fee`, `platform_advance`,
    `in_transit` or `outside`; clients take new ones as they come."""
    amount: SignedAmount
    """What came to the account, or left it if below zero."""


class JournalKind(ResponseModel):
    """Why money moved."""

    code: str
    """`order_paid`, `order_settled`, `topped_up`, `arrears_collected`, `withdrawn`,
    `refund_funded`, `payout_funded`, `refund_paid`, `funding_reversed`; clients
    take new ones as they come."""
    text: LocalizedText


class Journal(ResponseModel):
    """A movement of money; its lines add up to zero."""

    journal_id: str
    at: datetime
    kind: JournalKind
    order_id: str | None
    ticket_id: str | None
    refund_key: str | None
    reference: str | None
    lines: list[JournalLine]


class LedgerPage(ResponseModel):
    """Journals, newest first."""

    journals: list[Journal]
    next_cursor: str | None
    current_to: Position
    """The position in the log up to which the list is current."""


def funds_on_wire(shop_id: str, funds: FundsState) -> Funds:
    """Show a shop's money."""
    return Funds(
        shop_id=shop_id,
        accounts=[
            AccountBalance(
                account=account.value,
                available=funds.available[account],
                reserved=funds.reserved(account),
            )
            for account in OWN_ACCOUNTS
        ],
        deposit=Deposit(
            balance=funds.deposit,
            required=funds.deposit_required,
            arrears=funds.arrears,
            below_required=funds.below_required,
            restricted=funds.restricted,
        ),
        version=funds.version,
    )


def journal_on_wire(entry: LedgerEntry) -> Journal:
    """Show a journal."""
    return Journal(
        journal_id=entry.journal_id,
        at=entry.at,
        kind=JournalKind(code=entry.kind.value, text=localized(entry.kind.text)),
        order_id=entry.order_id,
        ticket_id=entry.ticket_id,
        refund_key=entry.refund_key,
        reference=entry.reference,
        lines=[JournalLine(account=line.account.value, amount=line.amount) for line in entry.lines],
    )
