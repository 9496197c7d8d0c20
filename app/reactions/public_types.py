"""The types of public events, and when each is published, in both languages."""

from app.domain.text import TextEnum


class EventType(TextEnum):
    """The type of a public event. Names are never changed or removed: subscribers rely on them."""

    ENTRY_OPENED = "entry.opened", "商家打开了售后入口", "The merchant opened the after-sales entry"
    ENTRY_EXPIRING = (
        "entry.expiring",
        "售后入口未被使用且即将关闭",
        "An unused entry is about to close; once per opening",
    )
    ENTRY_EXPIRED = "entry.expired", "售后入口已到期关闭", "The time of an entry is over"
    ENTRY_REOPENING_REQUESTED = (
        "entry.reopening_requested",
        "消费者申请重新打开售后入口",
        "The buyer asked for a closed entry to be opened again",
    )
    ENTRY_REOPENING_DECLINED = (
        "entry.reopening_declined",
        "商家拒绝重新打开售后入口",
        "The merchant declined to open it again",
    )

    TICKET_CREATED = "ticket.created", "消费者提交了售后申请", "An application became a ticket"
    TICKET_MODIFIED = (
        "ticket.modified",
        "消费者修改了售后申请",
        "The buyer changed the application; it waits for the merchant anew",
    )
    TICKET_AGREED = (
        "ticket.agreed",
        "售后申请已同意（商家、规则或超时自动）",
        ("The application was agreed to: by the merchant, by a rule, or because time ran out"),
    )
    TICKET_REJECTED = (
        "ticket.rejected",
        "商家拒绝了售后申请",
        "The merchant rejected the application",
    )
    TICKET_REJECTION_REVERSED = (
        "ticket.rejection_reversed",
        "商家拒绝后再次处理并同意",
        "The merchant took a rejected ticket up again and granted it",
    )
    TICKET_RETURN_SHIPPED = (
        "ticket.return_shipped",
        "消费者已寄回商品",
        "The buyer sent the goods back",
    )
    TICKET_RETURN_CORRECTED = (
        "ticket.return_corrected",
        "消费者更正了退货物流信息",
        "The buyer corrected the carrier or the number of the return",
    )
    TICKET_RETURN_EXTENDED = (
        "ticket.return_extended",
        "商家延长了退货期限",
        "The merchant gave the buyer more time for the return",
    )
    TICKET_RETURN_RECEIVED = (
        "ticket.return_received",
        "商家确认收到退货（或超时自动确认）",
        "The returned goods were confirmed: by the merchant, or because time ran out",
    )
    TICKET_RETURN_REJECTED = (
        "ticket.return_rejected",
        "商家拒收退货",
        "The merchant rejected the goods that came back",
    )
    TICKET_REPLACEMENT_SHIPPED = (
        "ticket.replacement_shipped",
        "商家已寄出换货、补寄或维修商品",
        "The merchant sent the replacement, the reissued or the repaired goods",
    )
    TICKET_REMARKED = (
        "ticket.remarked",
        "一方添加了留言，售后单状态不变",
        "One side added a remark; the ticket stays where it is",
    )
    TICKET_ARBITRATION_REQUESTED = (
        "ticket.arbitration_requested",
        "消费者申请平台介入",
        "The buyer asked the platform to arbitrate",
    )
    TICKET_ESCALATED = (
        "ticket.escalated",
        "商家超时未处理，平台介入",
        "The merchant did not act in time, and the platform stepped in",
    )
    TICKET_EVIDENCE_SUBMITTED = (
        "ticket.evidence_submitted",
        "一方提交了仲裁凭证",
        "One side gave evidence in an arbitration",
    )
    TICKET_RULED = (
        "ticket.ruled",
        "平台作出裁决（或商家超时未举证）",
        "The platform ruled, or the time for the merchant's evidence ran out",
    )
    TICKET_ARBITRATION_WITHDRAWN = (
        "ticket.arbitration_withdrawn",
        "消费者撤回平台介入",
        "The buyer took the request for arbitration back",
    )
    TICKET_SUCCEEDED = (
        "ticket.succeeded",
        "售后单退款成功",
        "The ticket ended with the money refunded",
    )
    TICKET_COMPLETED = (
        "ticket.completed",
        "售后单完成，商品已送达",
        "The ticket ended with the goods received",
    )
    TICKET_CLOSED = (
        "ticket.closed",
        "售后单已关闭",
        "The ticket ended without the request being met",
    )

    REFUND_REQUESTED = (
        "refund.requested",
        "售后单进入退款中",
        "A ticket's money is to be refunded from now on",
    )
    REFUND_FUNDED = (
        "refund.funded",
        "退款已确定资金来源，等待支付渠道",
        "A source was found for the money; the provider is asked to pay",
    )
    REFUND_UNKNOWN = (
        "refund.unknown",
        "支付渠道未给出退款结果，查明前不会再次付款",
        "The provider gave no answer; until it does, nothing else pays",
    )
    REFUND_FAILED = (
        "refund.failed",
        "支付渠道拒绝退款，资金退回原处",
        "The provider will not pay; the money goes back to where it came from",
    )
    REFUND_SUCCEEDED = "refund.succeeded", "退款已到账", "The money reached the buyer"

    ADVANCE_PAYOUT_STARTED = (
        "advance_payout.started",
        "平台开始先行赔付至买家的其他账户，已扣除保证金",
        ("The platform pays to another account of the buyer in advance and charges the deposit"),
    )
    ADVANCE_PAYOUT_UNKNOWN = (
        "advance_payout.unknown",
        "支付渠道未给出先行赔付结果，查明前不会再次付款",
        "The provider gave no answer to a payout; until it does, nothing else pays",
    )
    ADVANCE_PAYOUT_FAILED = (
        "advance_payout.failed",
        "支付渠道拒绝先行赔付，已扣除的保证金退回",
        "The provider will not pay to that account; what was charged goes back",
    )
    ADVANCE_PAYOUT_PAID = (
        "advance_payout.paid",
        "先行赔付已到账",
        "The platform's advance reached the buyer",
    )

    FUNDS_INSUFFICIENT = (
        "funds.insufficient",
        "现金户和保证金均不足以支付退款，由平台先行赔付",
        "Neither cash nor deposit covers a refund; the platform pays in advance",
    )

    DEPOSIT_BELOW_REQUIRED = (
        "deposit.below_required",
        "保证金低于应缴额度",
        "The deposit is lower than it must be",
    )
    DEPOSIT_RESTORED = (
        "deposit.restored",
        "保证金恢复到应缴额度",
        "The deposit is as high as it must be again",
    )

    SHOP_RESTRICTED = (
        "shop.restricted",
        "欠款超过限额，店铺暂不能打开售后入口",
        "In arrears beyond the limit: the shop can open no entry",
    )
    SHOP_RESTRICTION_LIFTED = (
        "shop.restriction_lifted",
        "欠款回到限额内，限制解除",
        "The arrears are within the limit again",
    )

    WEBHOOK_ENDPOINT_DISABLED = (
        "webhook_endpoint.disabled",
        "Webhook 接收地址已停用（手动停用、返回 410 或持续失败过久）",
        ("A webhook endpoint is sent nothing from now on: by its owner's wish, gone, or failing"),
    )
    WEBHOOK_ENDPOINT_ENABLED = (
        "webhook_endpoint.enabled",
        "已停用的 Webhook 接收地址重新启用",
        "A webhook endpoint that was disabled is sent to again",
    )
