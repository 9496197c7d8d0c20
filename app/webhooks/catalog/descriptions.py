"""What each public event means, in both languages, and what it carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.text import Text
from app.webhooks.catalog.event_types import EventType
from app.webhooks.catalog.payloads import (
    DepositEventData,
    EntryEventData,
    EventData,
    FundsInsufficientData,
    RestrictionEventData,
    TicketEventData,
    WebhookEndpointEventData,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """When a public event is told, and the model of its `data`."""

    when: Text
    data: type[EventData]


def _described(
    data: type[EventData], *rows: tuple[EventType, str, str]
) -> dict[EventType, Description]:
    return {
        event_type: Description(when=Text(zh_cn=zh_cn, en=en), data=data)
        for event_type, zh_cn, en in rows
    }


_ENTRIES = _described(
    EntryEventData,
    (EventType.ENTRY_OPENED, "商家打开了售后入口", "The merchant opened the after-sales entry"),
    (
        EventType.ENTRY_EXPIRING,
        "售后入口未被使用且即将关闭",
        "An unused entry is about to close; told once an opening",
    ),
    (EventType.ENTRY_EXPIRED, "售后入口已到期关闭", "The time of an entry is over"),
    (
        EventType.ENTRY_REOPENING_REQUESTED,
        "消费者申请重新打开售后入口",
        "The buyer asked for a closed entry to be opened again",
    ),
    (
        EventType.ENTRY_REOPENING_DECLINED,
        "商家拒绝重新打开售后入口",
        "The merchant declined to open it again",
    ),
)
_TICKETS = _described(
    TicketEventData,
    (EventType.TICKET_CREATED, "消费者提交了售后申请", "An application became a ticket"),
    (
        EventType.TICKET_MODIFIED,
        "消费者修改了售后申请",
        "The buyer changed the application; it waits for the merchant anew",
    ),
    (
        EventType.TICKET_AGREED,
        "售后申请已同意（商家、规则或超时自动）",
        "The application was agreed to: by the merchant, by a rule, or because time ran out",
    ),
    (EventType.TICKET_REJECTED, "商家拒绝了售后申请", "The merchant rejected the application"),
    (
        EventType.TICKET_REJECTION_REVERSED,
        "商家拒绝后再次处理并同意",
        "The merchant took a rejected ticket up again and granted it",
    ),
    (EventType.TICKET_RETURN_SHIPPED, "消费者已寄回商品", "The buyer sent the goods back"),
    (
        EventType.TICKET_RETURN_CORRECTED,
        "消费者更正了退货物流信息",
        "The buyer corrected the carrier or the number of the return",
    ),
    (
        EventType.TICKET_RETURN_EXTENDED,
        "商家延长了退货期限",
        "The merchant gave the buyer more time for the return",
    ),
    (
        EventType.TICKET_RETURN_RECEIVED,
        "商家确认收到退货（或超时自动确认）",
        "The returned goods were confirmed: by the merchant, or because time ran out",
    ),
    (
        EventType.TICKET_RETURN_REJECTED,
        "商家拒收退货",
        "The merchant rejected the goods that came back",
    ),
    (
        EventType.TICKET_REPLACEMENT_SHIPPED,
        "商家已寄出换货、补寄或维修商品",
        "The merchant sent the replacement, the reissued or the repaired goods",
    ),
    (
        EventType.TICKET_REMARKED,
        "一方添加了留言，售后单状态不变",
        "One side added a remark; the ticket stays where it is",
    ),
    (
        EventType.TICKET_ARBITRATION_REQUESTED,
        "消费者申请平台介入",
        "The buyer asked the platform to arbitrate",
    ),
    (
        EventType.TICKET_ESCALATED,
        "商家超时未处理，平台介入",
        "The merchant did not act in time, and the platform stepped in",
    ),
    (
        EventType.TICKET_EVIDENCE_SUBMITTED,
        "一方提交了仲裁凭证",
        "One side gave evidence in an arbitration",
    ),
    (
        EventType.TICKET_RULED,
        "平台作出裁决（或商家超时未举证）",
        "The platform ruled, or the time for the merchant's evidence ran out",
    ),
    (
        EventType.TICKET_ARBITRATION_WITHDRAWN,
        "消费者撤回平台介入",
        "The buyer took the request for arbitration back",
    ),
    (EventType.TICKET_SUCCEEDED, "售后单退款成功", "The ticket ended with the money refunded"),
    (
        EventType.TICKET_COMPLETED,
        "售后单完成，商品已送达",
        "The ticket ended with the goods received",
    ),
    (EventType.TICKET_CLOSED, "售后单已关闭", "The ticket ended without the request being met"),
    (
        EventType.REFUND_REQUESTED,
        "售后单进入退款中",
        "A ticket's money is to be refunded from now on",
    ),
    (
        EventType.REFUND_FUNDED,
        "退款已确定资金来源，等待支付渠道",
        "A source was found for the money; the provider is asked to pay",
    ),
    (
        EventType.REFUND_UNKNOWN,
        "支付渠道未给出退款结果，查明前不会再次付款",
        "The provider gave no answer; until it does, nothing else pays",
    ),
    (
        EventType.REFUND_FAILED,
        "支付渠道拒绝退款，资金退回原处",
        "The provider will not pay; the money goes back to where it came from",
    ),
    (EventType.REFUND_SUCCEEDED, "退款已到账", "The money reached the buyer"),
    (
        EventType.ADVANCE_PAYOUT_STARTED,
        "平台开始先行赔付至买家的其他账户，已扣除保证金",
        "The platform pays to another account of the buyer in advance and charges the deposit",
    ),
    (
        EventType.ADVANCE_PAYOUT_UNKNOWN,
        "支付渠道未给出先行赔付结果，查明前不会再次付款",
        "The provider gave no answer to a payout; until it does, nothing else pays",
    ),
    (
        EventType.ADVANCE_PAYOUT_FAILED,
        "支付渠道拒绝先行赔付，已扣除的保证金退回",
        "The provider will not pay to that account; what was charged goes back",
    ),
    (
        EventType.ADVANCE_PAYOUT_PAID,
        "先行赔付已到账",
        "The platform's advance reached the buyer",
    ),
)
_FUNDS = (
    _described(
        FundsInsufficientData,
        (
            EventType.FUNDS_INSUFFICIENT,
            "现金户和保证金均不足以支付退款，由平台先行赔付",
            "Neither cash nor deposit covers a refund; the platform pays in advance",
        ),
    )
    | _described(
        DepositEventData,
        (
            EventType.DEPOSIT_BELOW_REQUIRED,
            "保证金低于应缴额度",
            "The deposit is lower than it must be",
        ),
        (
            EventType.DEPOSIT_RESTORED,
            "保证金恢复到应缴额度",
            "The deposit is as high as it must be again",
        ),
    )
    | _described(
        RestrictionEventData,
        (
            EventType.SHOP_RESTRICTED,
            "欠款超过限额，店铺暂不能打开售后入口",
            "In arrears beyond the limit: the shop can open no entry",
        ),
        (
            EventType.SHOP_RESTRICTION_LIFTED,
            "欠款回到限额内，限制解除",
            "The arrears are within the limit again",
        ),
    )
)
_ENDPOINTS = _described(
    WebhookEndpointEventData,
    (
        EventType.WEBHOOK_ENDPOINT_DISABLED,
        "Webhook 接收地址已停用（手动停用、返回 410 或持续失败过久）",
        "A webhook endpoint is sent nothing from now on: by its owner's wish, gone, or failing",
    ),
    (
        EventType.WEBHOOK_ENDPOINT_ENABLED,
        "已停用的 Webhook 接收地址重新启用",
        "A webhook endpoint that was disabled is sent to again",
    ),
)

_DESCRIBED = {**_ENTRIES, **_TICKETS, **_FUNDS, **_ENDPOINTS}

CATALOG: Mapping[EventType, Description] = MappingProxyType(
    {event_type: _DESCRIBED[event_type] for event_type in EventType}
)
"""Every public event there is, in the order of its types; a KeyError here if one is missing."""
