"""What can be wrong with a request, whatever it asks for."""

from app.api.problems.kind import kind_of

REQUEST_PROBLEMS = (
    kind_of("malformed_json", 400, "请求体不是有效的 JSON", "The body is not valid JSON"),
    kind_of(
        "body_incomplete",
        400,
        "请求体未传输完整",
        "The body ended before its announced length",
        repeatable=True,
    ),
    kind_of("malformed_request", 400, "HTTP 请求无效", "The HTTP request is not valid"),
    kind_of("unauthenticated", 401, "缺少有效凭证", "A valid key or token is missing"),
    kind_of("role_not_allowed", 403, "该角色不能执行此操作", "Your role may not do this"),
    kind_of("scope_missing", 403, "凭证缺少所需权限", "Your key lacks the scope for this"),
    kind_of(
        "not_found",
        404,
        "资源不存在或不可见",
        "There is no such resource, or it is not yours to see",
    ),
    kind_of("notification_not_found", 404, "资源不存在或不可见", "There is no such message"),
    kind_of("refund_not_found", 404, "资源不存在或不可见", "There is no such refund"),
    kind_of("device_not_found", 404, "资源不存在或不可见", "There is no such device"),
    kind_of("method_not_allowed", 405, "不支持该请求方法", "This method is not allowed here"),
    kind_of(
        "version_stale", 412, "资源已被修改", "It has changed since you looked", repeatable=False
    ),
    kind_of(
        "too_many_devices",
        409,
        "设备数量已达上限",
        "You have as many devices as you may; remove one first",
    ),
    kind_of("body_too_large", 413, "请求体过大", "The body is too large"),
    kind_of("line_too_long", 413, "单行过长", "The line is too long"),
    kind_of(
        "import_too_long",
        413,
        "单次导入行数过多",
        "One import takes no more lines; this one and those after it were not read",
    ),
    kind_of(
        "media_type_unsupported", 415, "不支持的内容类型", "This content type is not understood"
    ),
    kind_of("request_invalid", 422, "请求内容无效", "The request does not fit its schema"),
    kind_of("time_zone_unknown", 422, "时区不存在", "There is no such time zone"),
    kind_of(
        "quiet_hours_empty",
        422,
        "免打扰时段的开始与结束时间相同",
        "Quiet hours begin when they end",
    ),
    kind_of(
        "month_invalid",
        422,
        "月份无效",
        "There is no such month; it is written like 2026-09, in the years 2000 to 2999",
    ),
    kind_of(
        "month_not_begun",
        422,
        "该月份尚未开始",
        "The month has not begun yet in Asia/Shanghai",
        repeatable=False,
    ),
    kind_of(
        "statement_too_long",
        422,
        "对账单行数过多，无法整页打印，请使用 CSV",
        "The month has more refunds than a page prints; take the CSV instead",
    ),
    kind_of("cursor_invalid", 422, "游标无效", "The cursor is not one of ours"),
    kind_of(
        "ticket_repeated",
        422,
        "同一批次中该售后单重复出现,仅处理第一次",
        "The batch names this ticket before; only its first decision counts",
    ),
    kind_of(
        "filters_contradict",
        422,
        "筛选条件互相矛盾",
        "The filters contradict each other: nothing could pass them",
    ),
    kind_of(
        "sort_without_deadline",
        422,
        "该状态没有截止时间,不能按其排序",
        "There is no deadline in this state to order by",
    ),
    kind_of(
        "idempotency_key_required", 422, "缺少 Idempotency-Key", "An Idempotency-Key is required"
    ),
    kind_of(
        "idempotency_key_reused",
        422,
        "Idempotency-Key 已用于其他请求",
        "This Idempotency-Key belongs to another request",
    ),
    kind_of("head_too_large", 431, "请求头过大", "The head of the request is too large"),
    kind_of("rate_limited", 429, "请求过于频繁", "Too many requests", repeatable=True),
    kind_of(
        "too_many_streams",
        429,
        "实时连接过多",
        "You have as many live streams open as you may",
        repeatable=True,
    ),
    kind_of(
        "internal_error", 500, "服务内部错误", "Something went wrong on our side", repeatable=True
    ),
    kind_of(
        "database_unavailable",
        503,
        "数据库暂不可用",
        "The database is out of reach; nothing is known to be written",
        repeatable=True,
    ),
    kind_of(
        "reconciliation_too_large",
        422,
        "对账数据过多,请缩小时间范围或使用 aftersales reconcile",
        "Too much to reconcile in one request: narrow the period, or use `aftersales reconcile`",
    ),
    kind_of(
        "provider_unavailable",
        503,
        "支付渠道暂无应答",
        "The payment provider does not answer",
        repeatable=True,
    ),
    kind_of(
        "push_not_configured",
        503,
        "服务未启用推送",
        "This service is not set up for pushes",
    ),
    kind_of(
        "sealing_not_configured",
        503,
        "服务未配置密封密钥",
        "This service has no key to seal secrets with",
    ),
    kind_of("overloaded", 503, "服务繁忙", "The service is overloaded", repeatable=True),
    kind_of("contended", 503, "订单正被频繁修改", "The order keeps changing", repeatable=True),
)

CALLBACK_PROBLEMS = (
    kind_of("callback_unsigned", 401, "回调未签名", "The callback carries no signature"),
    kind_of("callback_bad_signature", 401, "回调签名无效", "The callback's signature is not right"),
    kind_of("callback_too_old", 401, "回调已过期", "The callback was signed too long ago"),
    kind_of("callback_from_the_future", 401, "回调时间异常", "The callback is dated in the future"),
    kind_of("callback_malformed", 422, "回调内容无效", "The callback cannot be read"),
    kind_of("callback_refund_unknown", 404, "没有该退款", "There is no such refund under way"),
    kind_of("callback_payout_unknown", 404, "没有该赔付", "There is no such payout under way"),
    kind_of(
        "callback_amount_differs",
        409,
        "回调金额与退款不符",
        "The callback names another amount than the refund",
    ),
    kind_of(
        "callback_currency_differs",
        409,
        "回调币种与退款不符",
        "The callback names another currency than the refund",
    ),
)
"""Of what the payment provider tells."""
