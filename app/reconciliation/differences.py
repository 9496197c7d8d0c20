"""Every difference there can be between the provider, the ledger and the tickets, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.funds.accounts import Account
from app.domain.text import Text
from app.reconciliation.facts import KeyFacts


class DifferenceCode(StrEnum):
    """What does not fit. Stable."""

    PAID_TWICE = "paid_twice"
    PAID_WITHOUT_TICKET = "paid_without_ticket"
    PAID_UNASKED = "paid_unasked"
    PAID_THOUGH_REFUSED = "paid_though_refused"
    PAID_NOT_RECORDED = "paid_not_recorded"
    PAID_UNKNOWN_TO_PROVIDER = "paid_unknown_to_provider"
    AMOUNT_DIFFERS = "amount_differs"
    REFERENCE_DIFFERS = "reference_differs"
    LEDGER_BEHIND = "ledger_behind"
    LEDGER_WITHOUT_PAYMENT = "ledger_without_payment"
    LEDGER_WITHOUT_FUNDING = "ledger_without_funding"
    LEDGER_WITHOUT_TICKET = "ledger_without_ticket"
    LEDGER_END_DIFFERS = "ledger_end_differs"
    LEDGER_AMOUNT_DIFFERS = "ledger_amount_differs"
    BALANCE_DIFFERS = "balance_differs"
    LEDGER_INCOMPLETE = "ledger_incomplete"
    READER_STOPPED = "reader_stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a code means to people. ``passes``: it may be under way, and is none while young."""

    text: Text
    passes: bool = False


_BEHIND = Text(
    zh_cn="售后单已结束,账本上的资金仍在途",
    en="The ticket has ended, but in the ledger its money is still in transit",
)

MEANINGS: Mapping[DifferenceCode, Meaning] = MappingProxyType(
    {
        DifferenceCode.PAID_TWICE: Meaning(
            text=Text(
                zh_cn="支付渠道账簿中同一单号支付了不止一次",
                en="The provider's book has more than one payment under this key",
            )
        ),
        DifferenceCode.PAID_WITHOUT_TICKET: Meaning(
            text=Text(
                zh_cn="支付渠道已支付,但没有对应的售后单",
                en="The provider paid, but there is no ticket of this key",
            )
        ),
        DifferenceCode.PAID_UNASKED: Meaning(
            text=Text(
                zh_cn="支付渠道已支付,但该售后单从未提交支付渠道",
                en="The provider paid, but the ticket never asked it to",
            )
        ),
        DifferenceCode.PAID_THOUGH_REFUSED: Meaning(
            text=Text(
                zh_cn="售后单记录为支付渠道拒绝,支付渠道却已支付",
                en="The ticket was told that the provider refused, but it paid",
            )
        ),
        DifferenceCode.PAID_NOT_RECORDED: Meaning(
            text=Text(
                zh_cn="支付渠道已支付,售后单尚未记录结果",
                en="The provider paid, and the ticket does not know it yet",
            ),
            passes=True,
        ),
        DifferenceCode.PAID_UNKNOWN_TO_PROVIDER: Meaning(
            text=Text(
                zh_cn="我方记录已支付,支付渠道账簿中没有",
                en="It counts as paid here, but the provider's book does not have it",
            ),
            passes=True,
        ),
        DifferenceCode.AMOUNT_DIFFERS: Meaning(
            text=Text(
                zh_cn="支付渠道支付的金额或币种与售后单不同",
                en="The provider paid another amount or currency than the ticket says",
            )
        ),
        DifferenceCode.REFERENCE_DIFFERS: Meaning(
            text=Text(
                zh_cn="售后单记录的支付渠道流水号不在支付渠道账簿中",
                en="The ticket names a reference that the provider's book has not for this key",
            )
        ),
        DifferenceCode.LEDGER_BEHIND: Meaning(text=_BEHIND, passes=True),
        DifferenceCode.LEDGER_WITHOUT_PAYMENT: Meaning(
            text=Text(
                zh_cn="售后单已退款成功,账本上没有该笔支付",
                en="The ticket's money was paid, but the ledger has nothing of it",
            ),
            passes=True,
        ),
        DifferenceCode.LEDGER_WITHOUT_FUNDING: Meaning(
            text=Text(
                zh_cn="售后单的退款已出资,账本上没有该笔出资",
                en="The ticket's money was set aside, but the ledger has nothing of it",
            ),
            passes=True,
        ),
        DifferenceCode.LEDGER_WITHOUT_TICKET: Meaning(
            text=Text(
                zh_cn="账本上有该单号的资金变动,但没有对应的售后单",
                en="The ledger moved money under this key, but there is no ticket of it",
            )
        ),
        DifferenceCode.LEDGER_END_DIFFERS: Meaning(
            text=Text(
                zh_cn="账本与售后单记录的结果不同",
                en="Ledger and ticket do not agree on how it ended",
            )
        ),
        DifferenceCode.LEDGER_AMOUNT_DIFFERS: Meaning(
            text=Text(
                zh_cn="账本金额与售后单金额不同",
                en="The ledger moved another amount than the ticket says",
            )
        ),
        DifferenceCode.BALANCE_DIFFERS: Meaning(
            text=Text(
                zh_cn="账户余额与账本各笔之和不符",
                en="The balance of an account is not what its journals add up to",
            )
        ),
        DifferenceCode.LEDGER_INCOMPLETE: Meaning(
            text=Text(
                zh_cn="账本与资金事件不符",
                en="The ledger is not what the events of the shop's money add up to",
            )
        ),
        DifferenceCode.READER_STOPPED: Meaning(
            text=Text(
                zh_cn="账务处理进程已停止",
                en="A reader that keeps the books has stopped",
            )
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDifference:
    """The sides do not agree on a key. ``repair``: a command that mends it; None: a person must."""

    code: DifferenceCode
    facts: KeyFacts
    repair: str | None

    @property
    def shop_id(self) -> str:
        """Whose money it is about."""
        return self.facts.shop_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDifference:
    """An account of a shop does not add up; minor units."""

    code: DifferenceCode
    shop_id: str
    account: Account
    expected: int
    found: int
    repair: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderDifference:
    """A reader stands still in the shop's partition, so the books do not follow."""

    code: DifferenceCode
    shop_id: str
    reader: str
    partition_id: int
    error: str | None
    repair: str | None


Difference = KeyDifference | AccountDifference | ReaderDifference
