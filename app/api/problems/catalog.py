"""Every problem the API can answer with. A code is stable and means one cause.

To add one: a row in `_KINDS`. ``repeatable``: the same request may succeed later as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.assistant_faults import RuleFaultCode
from app.domain.rejections import RejectionCode
from app.domain.text import Text
from app.shop_clocks.clocks import ClockRefusalCode

TYPE_BASE = "urn:aftersales:problem:"
"""Problem types are URNs: stable wherever the service runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """A kind of problem: its code, HTTP status, title, and whether repeating helps."""

    code: str
    status: int
    title: Text
    repeatable: bool = False


def _kind(code: str, status: int, zh_cn: str, en: str, *, repeatable: bool = False) -> ProblemKind:
    title = Text(zh_cn=zh_cn, en=en)
    return ProblemKind(code=code, status=status, title=title, repeatable=repeatable)


# fmt: off
_KINDS = (
    # Requests of any kind.
    _kind("malformed_json", 400, "请求体不是有效的 JSON", "The body is not valid JSON"),
    _kind("body_incomplete", 400, "请求体未传输完整",
          "The body ended before its announced length", repeatable=True),
    _kind("malformed_request", 400, "HTTP 请求无效", "The HTTP request is not valid"),
    _kind("unauthenticated", 401, "缺少有效凭证", "A valid key or token is missing"),
    _kind("role_not_allowed", 403, "该角色不能执行此操作", "Your role may not do this"),
    _kind("scope_missing", 403, "凭证缺少所需权限", "Your key lacks the scope for this"),
    _kind("not_found", 404, "资源不存在或不可见",
          "There is no such resource, or it is not yours to see"),
    _kind("notification_not_found", 404, "资源不存在或不可见", "There is no such message"),
    _kind("refund_not_found", 404, "资源不存在或不可见", "There is no such refund"),
    _kind("device_not_found", 404, "资源不存在或不可见", "There is no such device"),
    _kind("method_not_allowed", 405, "不支持该请求方法", "This method is not allowed here"),
    _kind("version_stale", 412, "资源已被修改", "It has changed since you looked"),
    _kind("too_many_devices", 409, "设备数量已达上限",
          "You have as many devices as you may; remove one first"),
    _kind("body_too_large", 413, "请求体过大", "The body is too large"),
    _kind("line_too_long", 413, "单行过长", "The line is too long"),
    _kind("import_too_long", 413, "单次导入行数过多",
          "The import has too many lines; this one and those after it were not read"),
    _kind("media_type_unsupported", 415, "不支持的内容类型", "This content type is not understood"),
    _kind("request_invalid", 422, "请求内容无效", "The request does not fit its schema"),
    _kind("time_zone_unknown", 422, "时区不存在", "There is no such time zone"),
    _kind("quiet_hours_empty", 422, "免打扰时段的开始与结束时间相同",
          "Quiet hours begin when they end"),
    _kind("month_invalid", 422, "月份无效",
          "There is no such month; it is written like 2026-09, in the years 2000 to 2999"),
    _kind("month_not_begun", 422, "该月份尚未开始", "The month has not begun yet in Asia/Shanghai"),
    _kind("statement_too_long", 422, "对账单行数过多，无法整页打印，请使用 CSV",
          "The month has more refunds than a page prints; take the CSV instead"),
    _kind("cursor_invalid", 422, "游标无效", "The cursor is not one of ours"),
    _kind("ticket_repeated", 422, "同一批次中该售后单重复出现,仅处理第一次",
          "The batch names this ticket before; only its first decision counts"),
    _kind("filters_contradict", 422, "筛选条件互相矛盾",
          "The filters contradict each other: nothing could pass them"),
    _kind("sort_without_deadline", 422, "该状态没有截止时间,不能按其排序",
          "There is no deadline in this state to order by"),
    _kind("idempotency_key_required", 422, "缺少 Idempotency-Key",
          "An Idempotency-Key is required"),
    _kind("idempotency_key_reused", 422, "Idempotency-Key 已用于其他请求",
          "This Idempotency-Key belongs to another request"),
    _kind("head_too_large", 431, "请求头过大", "The head of the request is too large"),
    _kind("rate_limited", 429, "请求过于频繁", "Too many requests", repeatable=True),
    _kind("too_many_streams", 429, "实时连接过多",
          "You have as many live streams open as you may", repeatable=True),
    _kind("internal_error", 500, "服务内部错误",
          "Something went wrong on our side", repeatable=True),
    _kind("database_unavailable", 503, "数据库暂不可用",
          "The database is out of reach; nothing is known to be written", repeatable=True),
    _kind("reconciliation_too_large", 422, "对账数据过多,请缩小时间范围或使用 aftersales reconcile",
          "Too much to reconcile in one request: narrow the period, or use `aftersales reconcile`"),
    _kind("provider_unavailable", 503, "支付渠道暂无应答",
          "The payment provider does not answer", repeatable=True),
    _kind("push_not_configured", 503, "服务未启用推送", "This service is not set up for pushes"),
    _kind("sealing_not_configured", 503, "服务未配置密钥保管",
          "This service is not set up to keep secrets (AFTERSALES_SEALING_KEY)"),
    _kind("overloaded", 503, "服务繁忙", "The service is overloaded", repeatable=True),
    _kind("contended", 503, "订单正被频繁修改", "The order keeps changing", repeatable=True),
    # Callbacks of the payment provider.
    _kind("callback_unsigned", 401, "回调未签名", "The callback carries no signature"),
    _kind("callback_bad_signature", 401, "回调签名无效", "The callback's signature is not right"),
    _kind("callback_too_old", 401, "回调已过期", "The callback was signed too long ago"),
    _kind("callback_from_the_future", 401, "回调时间异常", "The callback is dated in the future"),
    _kind("callback_malformed", 422, "回调内容无效", "The callback cannot be read"),
    _kind("callback_refund_unknown", 404, "没有该退款", "There is no such refund under way"),
    _kind("callback_payout_unknown", 404, "没有该赔付", "There is no such payout under way"),
    _kind("callback_amount_differs", 409, "回调金额与退款不符",
          "The callback names another amount than the refund"),
    _kind("callback_currency_differs", 409, "回调币种与退款不符",
          "The callback names another currency than the refund"),
    # Orders and their entries.
    _kind("order_not_found", 404, "资源不存在或不可见", "There is no such order"),
    _kind("ticket_not_found", 404, "资源不存在或不可见", "There is no such ticket"),
    _kind("order_facts_conflict", 409, "订单已以不同内容登记",
          "The order is registered with other facts"),
    _kind("fact_conflict", 409, "该事实已以不同时间登记",
          "This was reported before, with another instant"),
    _kind("fact_in_future", 422, "时间不能晚于当前", "The instant lies in the future"),
    _kind("fact_before_order", 422, "时间早于订单创建时间",
          "The instant lies before the order was created"),
    _kind("fact_out_of_order", 409, "发货、收货、结算时间顺序矛盾",
          "Shipment, receipt and settlement contradict each other"),
    _kind("items_do_not_add_up", 422, "商品金额之和与实付金额不符",
          "The items do not add up to the payment"),
    _kind("item_repeated", 422, "商品编号重复", "An item id is repeated"),
    _kind("not_eligible", 409, "该订单不能打开售后入口",
          "The after-sales entry of this order may not be opened"),
    _kind("shop_restricted", 409, "店铺欠款超过上限,补足保证金前不能打开售后入口",
          "The shop owes more than it may, and opens no entry until a top-up", repeatable=True),
    _kind("entry_not_open", 409, "售后期已过且售后入口未打开",
          "The after-sales period is over and the entry is not open"),
    _kind("entry_never_opened", 409, "售后入口从未打开过", "The entry has never been opened"),
    _kind("entry_still_open", 409, "售后入口仍然打开", "The entry is still open"),
    _kind("reopening_not_requested", 409, "买家没有申请重新打开",
          "There is no request to open the entry again"),
    _kind("application_limit_reached", 409, "售后期内申请次数已达上限",
          "All applications of the period have been used"),
    _kind("ticket_already_active", 409, "订单已有进行中的售后单",
          "A ticket of the order is under way"),
    # Tickets and money.
    _kind("ticket_final", 409, "售后单已结束,不能再更改",
          "The ticket has ended; nothing changes it any more"),
    _kind("already_decided", 409, "申请已处理,不能再次决定",
          "The application has been answered already"),
    _kind("modification_not_allowed", 409, "申请已被同意或处理中,不能修改",
          "The application can no longer be modified"),
    _kind("withdrawal_not_allowed", 409, "当前状态不能撤销申请",
          "The application can no longer be withdrawn"),
    _kind("ticket_not_rejected", 409, "售后单未被拒绝,不能再次处理",
          "Only a rejected ticket can be processed again"),
    _kind("return_not_awaited", 409, "当前不需要买家退货", "No return is awaited from the buyer"),
    _kind("return_not_under_way", 409, "没有在途的退货", "No return is on its way to the merchant"),
    _kind("replacement_not_awaited", 409, "当前不需要商家发货",
          "No goods are awaited from the merchant"),
    _kind("replacement_not_under_way", 409, "没有待确认的商品",
          "No goods are on their way to the buyer"),
    _kind("arbitration_not_available", 409, "只有被拒绝的售后单可以申请仲裁",
          "Only a rejection can be brought before the platform"),
    _kind("not_in_arbitration", 409, "售后单不在仲裁中", "The ticket is not in arbitration"),
    _kind("not_refunding", 409, "售后单不在退款中", "The ticket is not refunding"),
    _kind("decision_of_another_side", 403, "该操作应由另一方作出",
          "This is for another side to do"),
    _kind("modification_limit_reached", 409, "修改次数已达上限",
          "The application has been modified as often as it may be"),
    _kind("return_shipment_already_corrected", 409, "退货物流只能更正一次",
          "The return has been corrected once already"),
    _kind("return_extension_limit_reached", 409, "退货时间延长次数已达上限",
          "The time for the return has been extended as often as it may be"),
    _kind("return_extension_too_long", 422, "延长的天数超出范围",
          "The time for the return cannot be extended by so many days"),
    _kind("remark_limit_reached", 409, "留言条数已达上限",
          "The ticket has as many remarks as it may have"),
    _kind("arbitration_limit_reached", 409, "申请仲裁次数已达上限",
          "The ticket has been brought before the platform as often as it may be"),
    _kind("arbitration_evidence_limit_reached", 409, "提交凭证次数已达上限",
          "This side has given evidence as often as it may"),
    _kind("escalation_not_withdrawable", 409, "平台主动介入的仲裁不能撤销",
          "The platform opened this arbitration; buyers cannot withdraw it"),
    _kind("ruling_contradicts_itself", 422, "裁决内容自相矛盾",
          "A ruling for the merchant grants no amount"),
    _kind("reason_not_for_type", 422, "该原因不适用于所申请的售后类型",
          "The reason does not go with this type of after-sales"),
    _kind("reason_not_for_decision", 422, "该原因不适用于此操作",
          "The reason does not go with this decision"),
    _kind("evidence_required", 422, "请提供凭证", "Evidence is required"),
    _kind("too_many_attachments", 422, "附件数量过多", "There are too many attachments"),
    _kind("attachment_not_https", 422, "附件地址必须是 https",
          "An attachment's address must be https"),
    _kind("attachment_url_invalid", 422, "附件地址无效", "An attachment's address is not valid"),
    _kind("attachment_type_not_taken", 422, "不支持的附件类型",
          "An attachment's type is not accepted"),
    _kind("attachment_too_large", 422, "附件大小超出限制", "An attachment is empty or too large"),
    _kind("tracking_number_invalid", 422, "物流单号无效", "This cannot be a tracking number"),
    _kind("refund_key_differs", 409, "退款由支付渠道处理中",
          "The refund is in the provider's hands; only its outcome ends it"),
    _kind("refund_not_in_transit", 409, "该退款不在途中", "No money of this refund is on its way"),
    _kind("refund_not_refused", 409, "支付渠道未拒绝该退款,不能先行赔付",
          "The provider has not refused this refund; it is not to be paid out otherwise"),
    _kind("payout_under_way", 409, "已有先行赔付在处理中",
          "An advance payout of this refund is under way"),
    _kind("payout_limit_reached", 409, "先行赔付次数已达上限",
          "Advance payouts of this refund have been tried as often as they may be"),
    _kind("payout_not_found", 404, "没有该先行赔付", "There is no such advance payout"),
    _kind("payout_not_awaiting_approval", 409, "该先行赔付不在待审批状态",
          "The advance payout does not wait for approval"),
    _kind("payout_approved_by_requester", 409, "发起人不能审批自己的先行赔付",
          "A requester of an advance payout may not approve it"),
    _kind("payout_not_under_way", 409, "该先行赔付不在途中",
          "The advance payout is not on its way"),
    _kind("balance_insufficient", 409, "余额不足", "The balance does not cover this"),
    _kind("amount_not_movable", 422, "金额或账户无效",
          "This amount cannot be moved to or from this account"),
    _kind("reference_repeated", 409, "该凭证号已入账",
          "A movement with this reference has been booked already"),
    _kind("item_not_in_order", 409, "订单中没有该商品", "The order has no such item"),
    _kind("quantity_exceeded", 409, "数量超过可申请数量", "More units than the buyer still has"),
    _kind("amount_exceeds_refundable", 409, "金额超过可退金额", "More than may still be refunded"),
    _kind("nothing_requested", 409, "申请金额为零", "No money is asked for"),
    # Test clocks.
    _kind("test_clock_not_found", 404, "该店铺没有测试时钟", "The shop has no test clock"),
    _kind("shop_in_production", 409, "店铺已有订单，不能再使用测试时钟",
          "The shop is in production: it has orders, and can never get a test clock"),
    _kind("test_clock_exists", 409, "测试时钟已以不同起始时间创建",
          "The shop has a test clock that was created to stand elsewhere"),
    _kind("clock_advancing", 409, "测试时钟正在推进",
          "The test clock is still advancing", repeatable=True),
    _kind("clock_moved_backwards", 409, "测试时钟只能向前推进", "A test clock goes forward only"),
    _kind("clock_advance_too_far", 422, "单次推进跨度过大",
          "One advance goes no further than 400 days"),
    _kind("clock_out_of_range", 422, "测试时钟超出允许范围",
          "A test clock stands between 2020 and ten years from now"),
    # Rules of the assistant.
    _kind("rule_id_repeated", 422, "规则编号重复", "Two rules have the same id"),
    _kind("rule_contradicts_itself", 422, "规则自相矛盾", "A rule contradicts itself"),
    _kind("rules_contradict", 422, "两条规则条件相同而动作不同",
          "Two rules do different things under the same conditions"),
    _kind("rule_never_matches", 422, "规则被前面的规则完全覆盖,永远不会生效",
          "A rule can never match: the rules before it take everything"),
    # Webhook endpoints and deliveries.
    _kind("webhook_endpoint_not_found", 404, "资源不存在或不可见", "There is no such endpoint"),
    _kind("too_many_webhook_endpoints", 409, "回调端点数量已达上限",
          "There are as many endpoints as there may be; delete one first"),
    _kind("too_many_rotations", 409, "24 小时内轮换密钥过于频繁",
          "Too many secrets are still in force; rotate again when the oldest has ended"),
    _kind("webhook_delivery_not_found", 404, "资源不存在或不可见",
          "There is no such delivery, or it is kept no longer"),
    _kind("webhook_endpoint_disabled", 409, "回调端点已停用",
          "The endpoint is disabled; enable it first"),
    _kind("webhook_url_refused", 422, "该地址不能作为回调地址",
          "Events cannot be sent to this address"),
    _kind("webhook_header_refused", 422, "该请求头不能自定义",
          "A header of this name or value cannot be sent along"),
)
# fmt: on

PROBLEMS: Mapping[str, ProblemKind] = MappingProxyType({kind.code: kind for kind in _KINDS})
"""All kinds by code."""

_UNNAMED = {
    code for code in (*RejectionCode, *ClockRefusalCode, *RuleFaultCode) if code not in PROBLEMS
}
if _UNNAMED:
    raise AssertionError(f"rejections without a problem: {sorted(_UNNAMED)}")
