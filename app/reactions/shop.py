"""Reactions to the funds of a shop and to its webhook endpoints: no order, so no log line.

Amounts are minor units in the one currency of the shop.
"""

from app.domain.funds import events
from app.domain.webhook_endpoints import (
    DisabledReason,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
)
from app.reactions.public_types import EventType
from app.reactions.reaction import Addressed, Params, Reaction, message, one_message, to_merchant


def _deposit(event: events.DepositFellBelowRequired | events.DepositRestored) -> Params:
    return {"deposit": event.deposit, "level": event.level}


def _disabled(event: WebhookEndpointDisabled) -> tuple[Addressed, ...]:
    """Notify of endpoints that the service disabled, not of those that the owner did."""
    template = {
        DisabledReason.GONE: "webhook_endpoint_gone",
        DisabledReason.FAILING: "webhook_endpoint_failing",
    }.get(event.reason)
    return () if template is None else to_merchant(template, {"url": event.url})


REACTIONS = (
    # A refund is announced by the events of its ticket; movements are in the ledger.
    Reaction(event=events.RefundFundsReserved),
    Reaction(event=events.PayoutFundsReserved),
    Reaction(event=events.RefundPaidOut),
    Reaction(event=events.FundingReversed),
    Reaction(event=events.SettlementReceived),
    Reaction(event=events.AccountToppedUp),
    Reaction(event=events.CashWithdrawn),
    Reaction(event=events.DepositRequired),
    Reaction(event=events.MerchantFundsInsufficient, public=EventType.FUNDS_INSUFFICIENT),
    Reaction(
        event=events.ArrearsCollected,
        messages=one_message(
            "arrears_collected",
            "充值已用于偿还欠款",
            "A top-up paid back what the shop owed",
            "充值 {reference} 中的 {collected} 已用于偿还欠款(追缴),剩余欠款 {arrears}。",
            "Of the top-up {reference}, {collected} paid back what the platform had advanced; {arrears} are still owed.",
        ),
        notify=lambda event: to_merchant(
            "arrears_collected",
            {
                "reference": event.reference,
                "collected": event.amount,
                "arrears": event.arrears_left,
            },
        ),
    ),
    Reaction(
        event=events.DepositFellBelowRequired,
        messages=one_message(
            "deposit_below_required",
            "保证金低于要求",
            "The deposit is below its required level",
            "店铺保证金余额 {deposit},低于要求的 {level},请尽快补足。",
            "The deposit holds {deposit}, less than the required {level}. Please top it up.",
        ),
        notify=lambda event: to_merchant("deposit_below_required", _deposit(event)),
        public=EventType.DEPOSIT_BELOW_REQUIRED,
    ),
    Reaction(
        event=events.DepositRestored,
        messages=one_message(
            "deposit_restored",
            "保证金已补足",
            "The deposit is at its required level again",
            "店铺保证金余额 {deposit},已达到要求的 {level}。",
            "The deposit holds {deposit}; {level} are required.",
        ),
        notify=lambda event: to_merchant("deposit_restored", _deposit(event)),
        public=EventType.DEPOSIT_RESTORED,
    ),
    Reaction(
        event=events.ShopRestricted,
        messages=one_message(
            "shop_restricted",
            "店铺欠款,暂不能打开售后入口",
            "The shop may open no more entries",
            "平台先行赔付后店铺欠款 {arrears},超过上限 {limit}。充值补足前不能打开新的售后入口,已打开的入口和售后单不受影响。",
            "The shop owes {arrears} for refunds paid in advance, more than {limit}. Until a top-up no after-sales entry can be opened; open entries and tickets run on.",
        ),
        notify=lambda event: to_merchant(
            "shop_restricted", {"arrears": event.arrears, "limit": event.limit}
        ),
        public=EventType.SHOP_RESTRICTED,
    ),
    Reaction(
        event=events.RestrictionLifted,
        messages=one_message(
            "restriction_lifted",
            "可以重新打开售后入口",
            "The shop may open entries again",
            "店铺欠款 {arrears},已在上限以内,可以打开售后入口。",
            "The shop owes {arrears}, which is within the limit: entries can be opened.",
        ),
        notify=lambda event: to_merchant("restriction_lifted", {"arrears": event.arrears}),
        public=EventType.SHOP_RESTRICTION_LIFTED,
    ),
    Reaction(
        event=WebhookEndpointDisabled,
        messages={
            "webhook_endpoint_gone": message(
                "消息推送地址已停用",
                "A webhook endpoint was disabled",
                "消息推送地址 {url} 答复已不再使用(410),已停用。修复后可以重新启用,并补发期间的消息。",
                "{url} answered that it is gone (410), so nothing is sent there any more. Once it works again, you can enable it and have the missed events sent.",
            ),
            "webhook_endpoint_failing": message(
                "消息推送地址已停用",
                "A webhook endpoint was disabled",
                "消息推送地址 {url} 连续多日无法送达,已停用。修复后可以重新启用,并补发期间的消息。",
                "Nothing could be delivered to {url} for days, so nothing is sent there any more. Once it works again, you can enable it and have the missed events sent.",
            ),
        },
        notify=_disabled,
        public=EventType.WEBHOOK_ENDPOINT_DISABLED,
    ),
    Reaction(event=WebhookEndpointEnabled, public=EventType.WEBHOOK_ENDPOINT_ENABLED),
)
