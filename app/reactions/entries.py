"""Reactions to the facts of an order (no messages), and to its after-sales entry."""

from app.domain.order import entries, registration
from app.domain.text import instant_text
from app.reactions.public_types import EventType
from app.reactions.reaction import (
    Params,
    Reaction,
    cost_params,
    one_line,
    one_message,
    text,
    to_consumer,
    to_merchant,
)


def _registered(event: registration.OrderRegistered) -> Params:
    amount = event.facts.payment.amount
    return {
        "buyer_id": event.facts.buyer_id,
        "created_at": instant_text(event.facts.created_at),
        "amount": amount.amount,
        "currency": amount.currency,
    }


def _opened(event: entries.AfterSalesEntryOpened) -> Params:
    return {
        "generation": event.generation,
        "expires_at": instant_text(event.expires_at),
        "acknowledged_cost": cost_params(event.acknowledged_cost),
        "policy_version": event.verdict.policy_version,
        "rules": [
            {
                "code": rule.code.value,
                "passed": rule.passed,
                "observed": rule.observed,
                "threshold": rule.threshold,
            }
            for rule in event.verdict.rules
        ],
    }


def _expires(event: entries.AfterSalesEntryOpened | entries.AfterSalesEntryExpiring) -> Params:
    return {"expires_at": instant_text(event.expires_at)}


def _declined(event: entries.EntryReopeningDeclined) -> Params:
    return {"decline_reason": event.reason.value, "note": event.note}


REACTIONS = (
    Reaction(
        event=registration.OrderRegistered,
        lines=one_line(
            "order_registered", "订单已登记,实付 {amount}", "Order registered, {amount} paid"
        ),
        facts=_registered,
    ),
    Reaction(
        event=registration.OrderShipped,
        lines=one_line(
            "order_shipped", "商家已于 {shipped_at} 发货", "Goods shipped at {shipped_at}"
        ),
        facts=lambda event: {"shipped_at": instant_text(event.shipped_at)},
    ),
    Reaction(
        event=registration.ReceiptConfirmed,
        lines=one_line(
            "receipt_confirmed",
            "买家已于 {confirmed_at} 确认收货",
            "Receipt confirmed at {confirmed_at}",
        ),
        facts=lambda event: {"confirmed_at": instant_text(event.confirmed_at)},
    ),
    Reaction(
        event=registration.OrderSettled,
        lines=one_line(
            "order_settled", "订单已于 {settled_at} 结算", "Order settled at {settled_at}"
        ),
        facts=lambda event: {"settled_at": instant_text(event.settled_at)},
    ),
    Reaction(
        event=entries.AfterSalesEntryOpened,
        lines=one_line(
            "entry_opened",
            "商家第 {generation} 次打开售后入口,有效期至 {expires_at}",
            "Merchant opened the after-sales entry (no. {generation}), open until {expires_at}",
        ),
        facts=_opened,
        messages=one_message(
            "entry_opened",
            "商家已为您打开售后入口",
            "You may apply for after-sales again",
            "订单 {order_id} 的售后入口已打开,请在 {expires_at} 前申请售后。",
            "The merchant opened the after-sales entry of order {order_id}. Please apply before {expires_at}.",
        ),
        notify=lambda event: to_consumer("entry_opened", _expires(event)),
        public=EventType.ENTRY_OPENED,
    ),
    Reaction(
        event=entries.AfterSalesEntryExpiring,
        lines=one_line(
            "entry_expiring",
            "已提醒买家:售后入口将于 {expires_at} 关闭",
            "Buyer reminded: the after-sales entry closes at {expires_at}",
        ),
        facts=lambda event: {"generation": event.generation, **_expires(event)},
        messages=one_message(
            "entry_expiring",
            "售后入口即将关闭",
            "The after-sales entry is about to close",
            "订单 {order_id} 的售后入口将于 {expires_at} 关闭,您尚未申请售后。",
            "The after-sales entry of order {order_id} closes at {expires_at} and you have not applied yet.",
        ),
        notify=lambda event: to_consumer("entry_expiring", _expires(event)),
        public=EventType.ENTRY_EXPIRING,
    ),
    Reaction(
        event=entries.AfterSalesEntryExpired,
        lines={
            "entry_expired": text(
                "售后入口到期关闭,买家已通过该入口申请售后",
                "After-sales entry expired; the buyer had applied through it",
            ),
            "entry_expired_unused": text(
                "售后入口到期关闭,买家未使用", "After-sales entry expired unused"
            ),
        },
        line=lambda event: "entry_expired" if event.used else "entry_expired_unused",
        facts=lambda event: {"generation": event.generation, "used": event.used},
        messages=one_message(
            "entry_expired",
            "售后入口已关闭",
            "The after-sales entry has closed",
            "订单 {order_id} 的售后入口已到期关闭。如仍需售后,可请商家再次打开。",
            "The after-sales entry of order {order_id} has expired. You may ask the merchant to open it again.",
        ),
        notify=lambda event: to_consumer("entry_expired", {"used": event.used}),
        public=EventType.ENTRY_EXPIRED,
    ),
    Reaction(
        event=entries.EntryReopeningRequested,
        lines=one_line(
            "reopening_requested",
            "买家请求再次打开售后入口",
            "Buyer asked for the entry to be opened again",
        ),
        facts=lambda event: {"generation": event.generation, "note": event.note},
        messages=one_message(
            "reopening_requested",
            "买家请求再次打开售后入口",
            "A buyer asks for the entry again",
            "订单 {order_id} 的买家请求再次打开售后入口,请打开或拒绝。",
            "The buyer of order {order_id} asks for the after-sales entry to be opened again. Please open it or decline.",
        ),
        notify=lambda event: to_merchant("reopening_requested", {"note": event.note}),
        public=EventType.ENTRY_REOPENING_REQUESTED,
    ),
    Reaction(
        event=entries.EntryReopeningDeclined,
        lines=one_line(
            "reopening_declined",
            "商家拒绝再次打开售后入口:{decline_reason}",
            "Merchant declined to open the entry again: {decline_reason}",
        ),
        facts=lambda event: {"generation": event.generation, **_declined(event)},
        messages=one_message(
            "reopening_declined",
            "商家未同意再次打开售后入口",
            "The merchant declined to open the entry again",
            "订单 {order_id} 的售后入口不再打开,原因:{decline_reason}。",
            "The after-sales entry of order {order_id} will not be opened again: {decline_reason}.",
        ),
        notify=lambda event: to_consumer("reopening_declined", _declined(event)),
        public=EventType.ENTRY_REOPENING_DECLINED,
    ),
)
