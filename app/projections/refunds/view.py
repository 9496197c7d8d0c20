"""A refund as finance sees it: one row of the list `refunds`."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.funds.accounts import Account
from app.domain.refunds import (
    KEY_OF_ANOTHER,
    CostPreview,
    FundingSource,
    PayoutStatus,
    RefundRefusal,
    Shares,
)
from app.domain.text import TextEnum


class RefundProgress(TextEnum):
    """How far a refund has come, from the moment it was granted. Stable."""

    REQUESTED = "requested", "待退款", "Requested"
    FUNDED = "funded", "退款处理中", "On its way"
    UNKNOWN = "unknown", "结果确认中", "Outcome being confirmed"
    REFUSED = "refused", "退款失败", "Refused"
    SUCCEEDED = "succeeded", "退款成功", "Succeeded"


class RefundWaiting(TextEnum):
    """What a refund waits for now. Stable.

    ``provider``: its answer, or finance's report where no provider is configured. ``outcome``: it
    was asked and did not answer. ``books``: it has ended, and the ledger is to follow. ``finance``:
    no money is moved by the service, because the order was not paid online.
    """

    MONEY = "money", "等待出资", "for its money to be found"
    FINANCE = "finance", "非线上支付,等待财务退款", "for finance: it was not paid online"
    PROVIDER = (
        "provider",
        "等待支付渠道或财务的结果",
        "for the provider's answer, or finance's report",
    )
    OUTCOME = "outcome", "结果不明,等待支付渠道的查询结果", "for the provider to say how it ended"
    BOOKS = "books", "等待记账", "for the books to follow"
    PERSON = (
        "person",
        "已被拒绝或单号有误,等待人工处理",
        "for a person: it was refused, or its key is another order's",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRefund:
    """A ticket's refund. Amounts in minor units of ``currency``.

    ``fees_kept``: what talent, agency and platform keep of what they earned on ``amount``, because
    it is refunded past the period; ``fees_if_advanced``: what they keep if it is paid out in
    advance, None in rows that did not know it yet. ``borne``: the shop's part of ``amount``, those
    fees included. ``shortfall``: the least top-up with which the shop's own money had paid.
    ``arrears``: what it brought the shop's deposit further below zero; ``owed``: what is still owed
    of that. ``unknown_why``: why the outcome of the last request is not known. ``booked_at``: when
    the books followed its end. ``payout_key``, ``payout``, ``payout_at``: the latest advance payout
    in its stead, how it stands, and since when. ``order_version`` and ``funds_version``: of the
    last events folded.
    """

    shop_id: str
    ticket_id: str
    order_id: str
    buyer_id: str
    refund_key: str
    amount: int
    currency: str
    overdue: bool
    paid_online: bool
    fees_kept: Shares
    fees_if_advanced: Shares | None = None
    requested_at: datetime
    source: FundingSource | None = None
    account: Account | None = None
    borne: int | None = None
    shortfall: int = 0
    arrears: int = 0
    owed: int = 0
    reserved_at: datetime | None = None
    funded_at: datetime | None = None
    preview: CostPreview | None = None
    unknown_since: datetime | None = None
    unknown_why: str | None = None
    refused_at: datetime | None = None
    refusal: RefundRefusal | None = None
    provider_text: str | None = None
    succeeded_at: datetime | None = None
    provider_reference: str | None = None
    booked_at: datetime | None = None
    collected_at: datetime | None = None
    payout_key: str | None = None
    payout: PayoutStatus | None = None
    payout_at: datetime | None = None
    order_version: int
    funds_version: int = 0

    @property
    def progress(self) -> RefundProgress:
        """How far it has come."""
        if self.succeeded_at is not None:
            return RefundProgress.SUCCEEDED
        if self.refused_at is not None:
            return RefundProgress.REFUSED
        if self.unknown_since is not None:
            return RefundProgress.UNKNOWN
        return RefundProgress.REQUESTED if self.reserved_at is None else RefundProgress.FUNDED

    @property
    def waiting(self) -> RefundWaiting | None:
        """What it waits for; None once nothing more is to come."""
        match self.progress:
            case RefundProgress.REQUESTED:
                return RefundWaiting.MONEY if self.paid_online else RefundWaiting.FINANCE
            case RefundProgress.FUNDED:
                return RefundWaiting.PROVIDER
            case RefundProgress.UNKNOWN:
                return self._waiting_unknown
            case RefundProgress.REFUSED:
                return self._waiting_refused
            case RefundProgress.SUCCEEDED:
                return RefundWaiting.BOOKS if self._books_behind else None

    @property
    def asked_key(self) -> str:
        """The key the provider is asked by now: the payout's while one is on its way."""
        on_its_way = self.payout in {PayoutStatus.STARTED, PayoutStatus.UNKNOWN}
        return self.payout_key if on_its_way and self.payout_key else self.refund_key

    @property
    def waiting_since(self) -> datetime | None:
        """Since when it waits for that."""
        match self.waiting:
            case None:
                return None
            case RefundWaiting.MONEY | RefundWaiting.FINANCE:
                return self.requested_at
            case RefundWaiting.PROVIDER:
                return self.payout_at or self.funded_at or self.reserved_at
            case RefundWaiting.OUTCOME:
                return self.payout_at or self.unknown_since
            case RefundWaiting.BOOKS | RefundWaiting.PERSON:
                ended_at = self.succeeded_at or self.payout_at or self.refused_at
                return ended_at or self.unknown_since

    @property
    def _waiting_unknown(self) -> RefundWaiting:
        """While unknown it waits for an answer; for a person if asking again will not bring it."""
        of_another = self.unknown_why == KEY_OF_ANOTHER
        return RefundWaiting.PERSON if of_another else RefundWaiting.OUTCOME

    @property
    def _waiting_refused(self) -> RefundWaiting:
        """Once refused it waits for its payout, or for a person to start, approve or repeat one."""
        match self.payout:
            case PayoutStatus.STARTED:
                return RefundWaiting.PROVIDER
            case PayoutStatus.UNKNOWN:
                return self._waiting_unknown
            case _:
                return RefundWaiting.BOOKS if self._books_behind else RefundWaiting.PERSON

    @property
    def _books_behind(self) -> bool:
        return self.paid_online and self.booked_at is None
