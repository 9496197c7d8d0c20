"""What can be asked of a ticket (售后单). Who may ask for what, and where, is in transitions."""

from dataclasses import dataclass

from app.domain.attachments import Attachment
from app.domain.order.tickets import (
    AppliedRule,
    AssistantAction,
    Blame,
    RequestedItem,
    Ruling,
    Side,
    TicketType,
)
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.refunds import FundingSource, RefundRefusal, Shares
from app.domain.shipments import Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApplication:
    """Take an application back."""

    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeToApplication:
    """Grant what a ticket asks for; the goods may stay with the buyer.

    ``cost_acknowledged``: the merchant has seen what it costs, which is then noted.
    """

    ticket_id: str
    without_return: bool = False
    cost_acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectApplication:
    """Refuse what a ticket asks for."""

    ticket_id: str
    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyApplication:
    """Change what an application asks for; the merchant answers anew."""

    ticket_id: str
    type: TicketType
    items: tuple[RequestedItem, ...]
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRejectedTicket:
    """Take a rejected ticket up again and grant it (拒绝后再次处理)."""

    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyAssistantRule:
    """Do with an application what a rule of the shop's assistant (售后小助手) says."""

    ticket_id: str
    rule: AppliedRule
    action: AssistantAction


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipGoodsBack:
    """Send the goods back to the merchant."""

    ticket_id: str
    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectReturnShipment:
    """Correct carrier or tracking number of a return, once."""

    ticket_id: str
    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendReturnDeadline:
    """Give the buyer some more days for the return."""

    ticket_id: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmReturnReceipt:
    """Confirm that the returned goods are there and in order; for the cost, see agreement."""

    ticket_id: str
    cost_acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectReturnedGoods:
    """Refuse the goods that came back, with proof."""

    ticket_id: str
    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipReplacement:
    """Ship the replacement, the reissued or the repaired goods."""

    ticket_id: str
    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmReplacementReceipt:
    """Confirm that the goods sent have arrived."""

    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTicketRemark:
    """Add a remark, with pictures if need be."""

    ticket_id: str
    side: Side
    text: str
    pictures: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestArbitration:
    """Ask the platform to arbitrate a rejection."""

    ticket_id: str
    note: str
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitArbitrationEvidence:
    """Give evidence in an arbitration."""

    ticket_id: str
    side: Side
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleArbitration:
    """Rule for buyer or merchant, and say whose fault it was.

    ``final_amount``, in minor units and only for the buyer: None grants what was asked for, goods
    included; an amount on a ticket that asks for goods is paid in their place.
    """

    ticket_id: str
    ruling: Ruling
    blame: Blame
    final_amount: int | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawArbitration:
    """Take a request for arbitration back."""

    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundFunding:
    """Take note of the source that pays for a ticket's refund."""

    ticket_id: str
    refund_key: str
    source: FundingSource
    shares: Shares
    insufficient: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundUnknown:
    """Take note that nobody knows yet whether a refund was paid."""

    ticket_id: str
    refund_key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundRefusal:
    """Take note that the provider will never pay a refund to the buyer's account."""

    ticket_id: str
    refund_key: str
    refusal: RefundRefusal
    provider_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundSuccess:
    """Take note that the money of a ticket reached the buyer.

    ``refund_key`` and ``provider_reference`` are None where finance reports it.
    """

    ticket_id: str
    refund_key: str | None = None
    provider_reference: str | None = None


AnswerCommand = AgreeToApplication | RejectApplication | ProcessRejectedTicket | ApplyAssistantRule
BuyersCommand = ModifyApplication | WithdrawApplication
ReturnCommand = (
    ShipGoodsBack
    | CorrectReturnShipment
    | ExtendReturnDeadline
    | ConfirmReturnReceipt
    | RejectReturnedGoods
)
ReplacementCommand = ShipReplacement | ConfirmReplacementReceipt
ArbitrationCommand = (
    RequestArbitration | SubmitArbitrationEvidence | RuleArbitration | WithdrawArbitration
)
RefundReport = RecordRefundFunding | RecordRefundUnknown | RecordRefundRefusal
"""What is reported of a ticket's money on its way: no side decides it."""
RefundCommand = RefundReport | RecordRefundSuccess
TicketDecision = (
    AnswerCommand
    | BuyersCommand
    | ReturnCommand
    | ReplacementCommand
    | ArbitrationCommand
    | AddTicketRemark
    | RecordRefundSuccess
)
