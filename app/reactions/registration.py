"""Reactions to the facts of an order. The platform reported them: nobody is notified."""

from app.domain.order.registration import (
    OrderRegistered,
    OrderSettled,
    OrderShipped,
    ReceiptConfirmed,
)
from app.domain.text import instant_text
from app.reactions.reaction import Params, Reaction, text


def _registered(event: OrderRegistered) -> Params:
    amount = event.facts.payment.amount
    return {
        "buyer_id": event.facts.buyer_id,
        "created_at": instant_text(event.facts.created_at),
        "amount": amount.amount,
        "currency": amount.currency,
    }


REACTIONS = (
    Reaction(
        event=OrderRegistered,
        lines={
            "order_registered": text("订单已登记,实付 {amount}", "Order registered, {amount} paid")
        },
        facts=_registered,
    ),
    Reaction(
        event=OrderShipped,
        lines={
            "order_shipped": text("商家已于 {shipped_at} 发货", "Goods shipped at {shipped_at}")
        },
        facts=lambda event: {"shipped_at": instant_text(event.shipped_at)},
    ),
    Reaction(
        event=ReceiptConfirmed,
        lines={
            "receipt_confirmed": text(
                "买家已于 {confirmed_at} 确认收货", "Receipt confirmed at {confirmed_at}"
            )
        },
        facts=lambda event: {"confirmed_at": instant_text(event.confirmed_at)},
    ),
    Reaction(
        event=OrderSettled,
        lines={
            "order_settled": text("订单已于 {settled_at} 结算", "Order settled at {settled_at}")
        },
        facts=lambda event: {"settled_at": instant_text(event.settled_at)},
    ),
)
