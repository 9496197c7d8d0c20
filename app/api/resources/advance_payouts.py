"""Advance payouts on the wire: payees come in whole once, and never go out but masked."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints
from typing_extensions import TypeAliasType

from app.api.resources import examples
from app.api.resources.common import (
    LocalizedText,
    LongText,
    RequestModel,
    ResponseModel,
    localized,
)
from app.domain.payees import Payee, PayeeKind
from app.projections.refunds.payout_view import PayoutView

PayeeAccount = Annotated[
    str, StringConstraints(min_length=4, max_length=100, pattern=r"^[!-~\u4E00-\u9FFF]+$")
]
"""No spaces, no control characters."""
_UNSEEN = r"\u0000-\u001F\u007F-\u009F\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF"
_NO_SPACE = rf"[^{_UNSEEN}\u0020\u00A0\u3000]"
PayeeHolder = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=100, pattern=rf"^{_NO_SPACE}([^{_UNSEEN}]*{_NO_SPACE})?$"
    ),
]
"""No spaces around it, no characters that are not seen."""
CardNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{12,19}$")]


class _PayeeBody(RequestModel):
    holder: PayeeHolder
    """The name the account is held in."""


class AlipayPayee(_PayeeBody):
    """An Alipay account of the buyer."""

    kind: Literal["alipay"]
    account: PayeeAccount
    """The login: a phone number or an address."""


class WechatPayee(_PayeeBody):
    """A WeChat account of the buyer."""

    kind: Literal["wechat"]
    account: PayeeAccount


class BankCardPayee(_PayeeBody):
    """A bank card of the buyer."""

    kind: Literal["bank_card"]
    account: CardNumber
    """12 to 19 digits, without spaces."""


PayeeIn = TypeAliasType(
    "PayeeIn", Annotated[AlipayPayee | WechatPayee | BankCardPayee, Field(discriminator="kind")]
)
"""Another account of the buyer. It is sealed at once; only masks are ever shown."""


def payee_in(body: AlipayPayee | WechatPayee | BankCardPayee) -> Payee:
    """Return a payee as it is paid to."""
    return Payee(kind=PayeeKind(body.kind), account=body.account, holder=body.holder)


class StartAdvancePayoutBody(RequestModel):
    """To whom a refused refund is paid out in advance."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.START_ADVANCE_PAYOUT]})

    payee: PayeeIn
    note: LongText | None = None
    """Why this account, for those who look at it later."""


class DeclineAdvancePayoutBody(RequestModel):
    """Why a payout is not let go."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DECLINE_ADVANCE_PAYOUT]})

    note: LongText | None = None


class MaskedPayee(ResponseModel):
    """The payee, masked."""

    kind: str
    """`alipay`, `wechat` or `bank_card`; more may come."""
    kind_text: LocalizedText
    account: str
    """Like `138****1234`."""
    holder: str
    """Like `*明`."""


class AdvancePayout(ResponseModel):
    """Money paid in advance to another account of the buyer (先行赔付), with its own key."""

    payout_id: str
    payout_key: str
    """What the provider knows it by; it never changes."""
    status: str
    """`requested` (waits for another person's approval), `declined`, `started`, `unknown` (it is
    not known yet whether it was paid, and nothing else pays meanwhile), `refused` or `paid`;
    more may come."""
    status_text: LocalizedText
    payee: MaskedPayee
    note: str | None
    requested_at: datetime
    requested_by: str
    """The id of the key that asked for it."""
    needs_approval: bool
    """True above the amount that one person may pay out alone."""
    approved_by: str | None
    started_at: datetime | None
    """When the deposit was charged."""
    declined_at: datetime | None
    declined_by: str | None
    decline_note: str | None
    unknown_since: datetime | None
    refused_at: datetime | None
    refusal: str | None
    """`buyer_account_closed`, `payee_not_accepted`, ... or `other`; more may come."""
    refusal_text: LocalizedText | None
    paid_at: datetime | None
    provider_reference: str | None


def payout_on_wire(payout: PayoutView) -> AdvancePayout:
    """Show an advance payout."""
    refusal = payout.refusal
    return AdvancePayout(
        payout_id=payout.payout_id,
        payout_key=payout.payout_key,
        status=payout.status.value,
        status_text=localized(payout.status.text),
        payee=MaskedPayee(
            kind=payout.payee_kind.value,
            kind_text=localized(payout.payee_kind.text),
            account=payout.account_masked,
            holder=payout.holder_masked,
        ),
        note=payout.note,
        requested_at=payout.requested_at,
        requested_by=payout.requested_by,
        needs_approval=payout.needs_approval,
        approved_by=payout.approved_by,
        started_at=payout.started_at,
        declined_at=payout.declined_at,
        declined_by=payout.declined_by,
        decline_note=payout.decline_note,
        unknown_since=payout.unknown_since,
        refused_at=payout.refused_at,
        refusal=None if refusal is None else refusal.value,
        refusal_text=None if refusal is None else localized(refusal.text),
        paid_at=payout.paid_at,
        provider_reference=payout.provider_reference,
    )
