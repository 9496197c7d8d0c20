"""The words of a ticket (售后单): its types, its states and what happens if nobody acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from app.domain.payees import SealedPayee
from app.domain.policy import Policy
from app.domain.reasons import ApplicationReason
from app.domain.refunds import CostPreview, FundingSource, PayoutStatus, RefundStatus, Shares
from app.domain.shipments import Shipment
from app.domain.text import TextEnum


class TicketType(TextEnum):
    """What the consumer applies for."""

    REFUND_ONLY = "refund_only", "仅退款", "Refund only"
    RETURN_AND_REFUND = "return_and_refund", "退货退款", "Return and refund"
    EXCHANGE = "exchange", "换货", "Exchange"
    REISSUE = "reissue", "补寄", "Reissue"
    REPAIR = "repair", "维修", "Repair"


class TicketState(TextEnum):
    """Where a ticket stands."""

    PENDING_MERCHANT = "pending_merchant", "待商家处理", "Awaiting the merchant"
    AWAITING_RETURN = "awaiting_return", "待买家退货", "Awaiting the buyer's return"
    AWAITING_REPLACEMENT = "awaiting_replacement", "待商家发货", "Awaiting replacement"
    REFUNDING = "refunding", "退款中", "Refunding"
    REJECTED = "rejected", "商家已拒绝", "Rejected by the merchant"
    SUCCEEDED = "succeeded", "售后成功", "Succeeded"
    CLOSED = "closed", "售后关闭", "Closed"
    AWAITING_MERCHANT_RECEIPT = (
        "awaiting_merchant_receipt",
        "待商家收货",
        "Awaiting the merchant's receipt",
    )
    AWAITING_BUYER_RECEIPT = "awaiting_buyer_receipt", "待买家收货", "Awaiting the buyer's receipt"
    REJECTED_AFTER_RETURN = (
        "rejected_after_return",
        "商家拒绝退回的商品",
        "Returned goods rejected by the merchant",
    )
    IN_ARBITRATION = "in_arbitration", "平台仲裁中", "In arbitration"
    COMPLETED = "completed", "售后完成", "Completed"


FINAL_STATES = frozenset({TicketState.SUCCEEDED, TicketState.COMPLETED, TicketState.CLOSED})
"""States nothing leaves."""

DOUDIAN_CODES: Mapping[TicketState, int] = MappingProxyType(
    {
        TicketState.PENDING_MERCHANT: 6,
        TicketState.AWAITING_RETURN: 7,
        TicketState.AWAITING_REPLACEMENT: 8,
        TicketState.REFUNDING: 12,
        TicketState.REJECTED: 27,
        TicketState.SUCCEEDED: 12,
        TicketState.CLOSED: 28,
        TicketState.AWAITING_MERCHANT_RECEIPT: 11,
        TicketState.AWAITING_BUYER_RECEIPT: 13,
        TicketState.REJECTED_AFTER_RETURN: 29,
        TicketState.IN_ARBITRATION: 27,
        TicketState.COMPLETED: 14,
    }
)
"""抖店's own code for each state, shown beside ours.

Arbitration is a status of its own there, beside the code of the rejection it is about.
"""


class Side(TextEnum):
    """Who decides on a ticket, or is concerned by a deadline."""

    CONSUMER = "consumer", "买家", "buyer"
    MERCHANT = "merchant", "商家", "merchant"
    PLATFORM = "platform", "平台", "platform"


class DueAction(TextEnum):
    """What happens to a ticket by itself when its deadline passes."""

    AGREE = "agree", "将自动同意申请", "the application is agreed to"
    CLOSE = "close", "售后单将自动关闭", "the ticket is closed"
    CONFIRM_RETURN = "confirm_return", "将自动确认收到退货", "the returned goods count as received"
    ESCALATE = "escalate", "将由平台介入", "the platform steps in"
    COMPLETE = "complete", "将自动确认收货", "the goods count as received"
    RULE_FOR_BUYER = "rule_for_buyer", "将判定支持买家", "the platform rules for the buyer"


class CloseCause(TextEnum):
    """Why a ticket ended without the consumer's request being met."""

    WITHDRAWN = "withdrawn", "买家撤销申请", "withdrawn by the buyer"
    NOT_RETURNED_IN_TIME = (
        "not_returned_in_time",
        "买家逾期未退货",
        "the goods were not returned in time",
    )
    REJECTION_NOT_CONTESTED = (
        "rejection_not_contested",
        "买家逾期未处理商家的拒绝",
        "the rejection was not contested in time",
    )
    RULED_FOR_MERCHANT = (
        "ruled_for_merchant",
        "平台判定支持商家",
        "the platform ruled for the merchant",
    )
    NOTHING_LEFT_TO_REFUND = "nothing_left_to_refund", "已无可退金额", "nothing is left to refund"


class ArbitrationCause(TextEnum):
    """Why the platform arbitrates."""

    BUYER_REQUEST = "buyer_request", "买家申请平台介入", "the buyer asked for it"
    REPLACEMENT_NOT_SHIPPED = (
        "replacement_not_shipped",
        "商家逾期未发货",
        "the merchant did not ship in time",
    )


class Ruling(TextEnum):
    """For whom the platform rules."""

    FOR_BUYER = "for_buyer", "支持买家", "for the buyer"
    FOR_MERCHANT = "for_merchant", "支持商家", "for the merchant"


class Blame(TextEnum):
    """Whose fault the platform finds it was."""

    BUYER = "buyer", "买家责任", "the buyer's fault"
    MERCHANT = "merchant", "商家责任", "the merchant's fault"
    CARRIER = "carrier", "物流责任", "the carrier's fault"
    NOBODY = "nobody", "无责任方", "nobody's fault"


class AssistantAction(StrEnum):
    """What a rule of the assistant (售后小助手) does with an application."""

    AGREE = "agree"
    AGREE_WITHOUT_RETURN = "agree_without_return"
    NOTIFY_ONLY = "notify_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRule:
    """The assistant's rule that did something, in the version of the shop's rules it stood in."""

    rule_id: str
    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The instant a ticket acts by itself, and what it does then.

    At ``remind_at`` the side concerned is reminded; None in what was stored before there were
    reminders, and only there.
    """

    at: datetime
    action: DueAction
    remind_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arbitration:
    """An arbitration under way, and how much evidence each side has given in it.

    ``came_from``: the state the ticket was in before.
    """

    cause: ArbitrationCause
    came_from: TicketState
    merchant_evidence: int
    consumer_evidence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedItem:
    """How many units of an item are concerned, and the money asked for them in minor units.

    ``amount`` is 0 where no money is asked for (exchange, reissue, repair).
    """

    item_id: str
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """The money of a ticket on its way: one key for life, and what is known of it.

    ``source`` and ``shares`` are None until it is funded; ``shares``: who bears how much of it.
    ``key_of_another``: the provider has another order under the key.
    """

    refund_key: str
    status: RefundStatus
    key_of_another: bool = False
    source: FundingSource | None = None
    shares: Shares | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """An advance payout to another account of the buyer: one key for life.

    ``shares`` is None until it is started; ``requested_by``: who may not approve it.
    ``key_of_another``: the provider has another order under the key.
    """

    payout_key: str
    status: PayoutStatus
    payee: SealedPayee
    requested_by: str
    shares: Shares | None = None
    key_of_another: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as the rules see it. ``version``: the stream version of its last change.

    ``items`` and ``amount`` are what the ticket would pay now: what was asked for, or what the
    platform ruled. ``goods_returned``: the goods it asks about are with the merchant.
    ``return_waived``: the merchant agreed that they stay with the buyer. ``reminded``: of ``due``.
    ``previewed``: the cost the merchant acknowledged last, when opening the entry or deciding.
    """

    ticket_id: str
    type: TicketType
    state: TicketState
    items: tuple[RequestedItem, ...]
    amount: int
    reason: ApplicationReason
    overdue: bool
    due: Due | None
    version: int
    reminded: bool = False
    goods_returned: bool = False
    return_waived: bool = False
    return_shipment: Shipment | None = None
    return_shipment_corrected: bool = False
    return_extensions: int = 0
    modifications: int = 0
    remarks: int = 0
    arbitrations: int = 0
    arbitration: Arbitration | None = None
    assistant_notified: bool = False
    previewed: CostPreview | None = None
    refund: Refund | None = None
    payouts: tuple[Payout, ...] = ()

    @property
    def last_payout(self) -> Payout | None:
        """The latest advance payout; those before it were refused or declined."""
        return self.payouts[-1] if self.payouts else None

    def payout(self, payout_key: str) -> Payout | None:
        """Return the advance payout of a key."""
        return next((one for one in self.payouts if one.payout_key == payout_key), None)

    @property
    def active(self) -> bool:
        """Whether the ticket may still change; one ticket per order may be."""
        return self.state not in FINAL_STATES

    @property
    def return_settled(self) -> bool:
        """Whether no goods have to go back any more."""
        return self.goods_returned or self.return_waived


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEventFields:
    """What every event of a ticket has, the state and the deadline it leads to among it."""

    at: datetime
    ticket_id: str
    buyer_id: str
    state: TicketState
    due: Due | None


def asks_for_money(ticket_type: TicketType) -> bool:
    """Tell the two refund types from the three that send goods."""
    return ticket_type in {TicketType.REFUND_ONLY, TicketType.RETURN_AND_REFUND}


def sends_goods_back(ticket_type: TicketType) -> bool:
    """Tell whether the buyer ships the goods back before anything else happens."""
    return ticket_type in {TicketType.RETURN_AND_REFUND, TicketType.EXCHANGE, TicketType.REPAIR}


def state_once_granted(ticket_type: TicketType, *, return_settled: bool) -> TicketState:
    """Return where a granted request leads: goods go back first, where they must and have not."""
    if sends_goods_back(ticket_type) and not return_settled:
        return TicketState.AWAITING_RETURN
    return (
        TicketState.REFUNDING if asks_for_money(ticket_type) else TicketState.AWAITING_REPLACEMENT
    )


def due_in(state: TicketState, entered_at: datetime, policy: Policy) -> Due | None:
    """Return the deadline of a state entered at an instant; None where a ticket may stay."""
    match state:
        case TicketState.PENDING_MERCHANT:
            within, action = policy.merchant_answer_within, DueAction.AGREE
        case TicketState.AWAITING_RETURN:
            within, action = policy.buyer_return_within, DueAction.CLOSE
        case TicketState.AWAITING_MERCHANT_RECEIPT:
            within, action = policy.return_receipt_within, DueAction.CONFIRM_RETURN
        case TicketState.AWAITING_REPLACEMENT:
            within, action = policy.replacement_within, DueAction.ESCALATE
        case TicketState.AWAITING_BUYER_RECEIPT:
            within, action = policy.replacement_receipt_within, DueAction.COMPLETE
        case TicketState.REJECTED | TicketState.REJECTED_AFTER_RETURN:
            within, action = policy.rejected_closes_after, DueAction.CLOSE
        case TicketState.IN_ARBITRATION:
            within, action = policy.arbitration_evidence_within, DueAction.RULE_FOR_BUYER
        case (
            TicketState.REFUNDING
            | TicketState.SUCCEEDED
            | TicketState.COMPLETED
            | TicketState.CLOSED
        ):
            return None
        case _:
            assert_never(state)
    return due_at(entered_at + within, action, within, policy)


def due_at(at: datetime, action: DueAction, within: timedelta, policy: Policy) -> Due:
    """Return a deadline with its reminder, which comes the sooner the less time there is."""
    short = within <= policy.short_due
    before = policy.reminder_before_short_due if short else policy.reminder_before_due
    return Due(at=at, action=action, remind_at=at - before)


def concerned_by(action: DueAction) -> Side:
    """Return who must act, if what falls due is not to happen by itself."""
    match action:
        case (
            DueAction.AGREE
            | DueAction.CONFIRM_RETURN
            | DueAction.ESCALATE
            | DueAction.RULE_FOR_BUYER
        ):
            return Side.MERCHANT
        case DueAction.CLOSE | DueAction.COMPLETE:
            return Side.CONSUMER
        case _:
            assert_never(action)


def waiting_for(state: TicketState, *, merchant_gave_evidence: bool = False) -> Side | None:
    """Return who has to act now; None once nobody has.

    ``merchant_gave_evidence``: in the arbitration under way. Until then it waits for the merchant,
    from then on for the platform.
    """
    match state:
        case (
            TicketState.PENDING_MERCHANT
            | TicketState.AWAITING_MERCHANT_RECEIPT
            | TicketState.AWAITING_REPLACEMENT
        ):
            return Side.MERCHANT
        case (
            TicketState.AWAITING_RETURN
            | TicketState.AWAITING_BUYER_RECEIPT
            | TicketState.REJECTED
            | TicketState.REJECTED_AFTER_RETURN
        ):
            return Side.CONSUMER
        case TicketState.IN_ARBITRATION:
            return Side.PLATFORM if merchant_gave_evidence else Side.MERCHANT
        case TicketState.REFUNDING:
            return Side.PLATFORM
        case TicketState.SUCCEEDED | TicketState.COMPLETED | TicketState.CLOSED:
            return None
        case _:
            assert_never(state)
