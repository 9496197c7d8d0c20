"""Reactions to goods on their way: returns of the buyer, and replacements."""

from app.domain.order import returns
from app.domain.order.replacements import ReplacementReceived, ReplacementShipped
from app.domain.text import instant_text
from app.reactions.answers import rejection_facts, rejection_params
from app.reactions.public_types import EventType
from app.reactions.reaction import (
    Addressed,
    Params,
    Reaction,
    acknowledged,
    due_params,
    message,
    one_line,
    one_message,
    shipment_params,
    text,
    to_consumer,
    to_merchant,
)


def _corrected(event: returns.ReturnShipmentCorrected) -> Params:
    return {
        **shipment_params(event.shipment),
        "previous_carrier": event.previous.carrier.value,
        "previous_tracking_number": event.previous.tracking_number,
    }


def _received(event: returns.ReturnReceived) -> tuple[Addressed, ...]:
    late = to_merchant("return_received_automatically") if event.automatic else ()
    return to_consumer("return_received") + late


REACTIONS = (
    Reaction(
        event=returns.GoodsShippedBack,
        lines=one_line(
            "goods_shipped_back",
            "买家已寄回商品:{carrier} {tracking_number}",
            "Buyer shipped the goods back: {carrier} {tracking_number}",
        ),
        facts=lambda event: shipment_params(event.shipment),
        messages=one_message(
            "goods_shipped_back",
            "买家已寄回商品",
            "A buyer shipped the goods back",
            "售后单 {ticket_id} 的商品已寄回:{carrier} {tracking_number},请在 {due_at} 前处理。",
            "The goods of ticket {ticket_id} are on their way: {carrier} {tracking_number}. Please confirm or reject them before {due_at}.",
        ),
        notify=lambda event: to_merchant(
            "goods_shipped_back", {**shipment_params(event.shipment), **due_params(event.due)}
        ),
        public=EventType.TICKET_RETURN_SHIPPED,
    ),
    Reaction(
        event=returns.ReturnShipmentCorrected,
        lines=one_line(
            "return_shipment_corrected",
            "买家更正退货物流:{previous_carrier} {previous_tracking_number} 改为 {carrier} {tracking_number}",
            "Buyer corrected the return from {previous_carrier} {previous_tracking_number} to {carrier} {tracking_number}",
        ),
        facts=_corrected,
        messages=one_message(
            "return_shipment_corrected",
            "买家更正了退货物流",
            "A buyer corrected the return",
            "售后单 {ticket_id} 的退货物流更正为 {carrier} {tracking_number}。",
            "The return of ticket {ticket_id} is {carrier} {tracking_number}.",
        ),
        notify=lambda event: to_merchant(
            "return_shipment_corrected", shipment_params(event.shipment)
        ),
        public=EventType.TICKET_RETURN_CORRECTED,
    ),
    Reaction(
        event=returns.ReturnDeadlineExtended,
        lines=one_line(
            "return_deadline_extended",
            "商家延长退货时间 {days} 天,至 {due_at}",
            "Merchant extended the time for the return by {days} days, until {due_at}",
        ),
        facts=lambda event: {
            "days": event.days,
            "previous_due_at": instant_text(event.previous_due_at),
            **due_params(event.due),
        },
        messages=one_message(
            "return_deadline_extended",
            "退货时间已延长",
            "You have more time for the return",
            "售后单 {ticket_id} 的退货时间已延长至 {due_at}。",
            "You may send the goods of ticket {ticket_id} back until {due_at}.",
        ),
        notify=lambda event: to_consumer("return_deadline_extended", due_params(event.due)),
        public=EventType.TICKET_RETURN_EXTENDED,
    ),
    Reaction(
        event=returns.ReturnReceived,
        lines={
            "return_received": text(
                "商家确认收到退货(售后单 {ticket_id})",
                "Merchant confirmed the returned goods of ticket {ticket_id}",
            ),
            "return_received_automatically": text(
                "商家超时未处理,系统自动确认收到退货(售后单 {ticket_id})",
                "The returned goods of ticket {ticket_id} count as received: the merchant did not answer in time",
            ),
        },
        line=lambda event: (
            "return_received_automatically" if event.automatic else "return_received"
        ),
        facts=lambda event: {} if event.automatic else acknowledged(event.acknowledged_cost),
        messages={
            "return_received": message(
                "商家已收到退货",
                "The merchant has your return",
                "售后单 {ticket_id} 的退货已确认收到。",
                "The returned goods of ticket {ticket_id} were received.",
            ),
            "return_received_automatically": message(
                "退货已自动确认收货",
                "A return was confirmed automatically",
                "售后单 {ticket_id} 超时未处理,系统已自动确认收到退货。",
                "Ticket {ticket_id} was not handled in time: the returned goods count as received.",
            ),
        },
        notify=_received,
        public=EventType.TICKET_RETURN_RECEIVED,
    ),
    Reaction(
        event=returns.ReturnedGoodsRejected,
        lines=one_line(
            "returned_goods_rejected",
            "商家拒绝退回的商品:{reject_reason}",
            "Merchant rejected the returned goods: {reject_reason}",
        ),
        facts=rejection_facts,
        messages=one_message(
            "returned_goods_rejected",
            "商家拒绝了您退回的商品",
            "Your return was rejected",
            "售后单 {ticket_id} 退回的商品被商家拒绝,原因:{reject_reason}。",
            "The merchant rejected the goods you sent back for ticket {ticket_id}: {reject_reason}.",
        ),
        notify=lambda event: to_consumer("returned_goods_rejected", rejection_params(event)),
        public=EventType.TICKET_RETURN_REJECTED,
    ),
    Reaction(
        event=ReplacementShipped,
        lines=one_line(
            "replacement_shipped",
            "商家已发出商品:{carrier} {tracking_number}",
            "Merchant shipped the goods: {carrier} {tracking_number}",
        ),
        facts=lambda event: shipment_params(event.shipment),
        messages=one_message(
            "replacement_shipped",
            "商家已发货",
            "The goods are on their way",
            "售后单 {ticket_id} 的商品已发出:{carrier} {tracking_number},收到后请确认。",
            "The goods of ticket {ticket_id} are on their way: {carrier} {tracking_number}. Please confirm them when they arrive.",
        ),
        notify=lambda event: to_consumer("replacement_shipped", shipment_params(event.shipment)),
        public=EventType.TICKET_REPLACEMENT_SHIPPED,
    ),
    Reaction(
        event=ReplacementReceived,
        lines={
            "replacement_received": text(
                "买家确认收到商品(售后单 {ticket_id})",
                "Buyer confirmed the goods sent for ticket {ticket_id}",
            ),
            "replacement_received_automatically": text(
                "买家超时未确认,系统自动确认收货(售后单 {ticket_id})",
                "The goods sent for ticket {ticket_id} count as received: the buyer did not answer in time",
            ),
        },
        line=lambda event: (
            "replacement_received_automatically" if event.automatic else "replacement_received"
        ),
        messages=one_message(
            "replacement_received",
            "售后单已完成",
            "A ticket is completed",
            "售后单 {ticket_id} 的商品已确认收货。",
            "The goods of ticket {ticket_id} were received.",
        ),
        notify=lambda _: to_merchant("replacement_received"),
        public=EventType.TICKET_COMPLETED,
    ),
)
