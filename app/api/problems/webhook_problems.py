"""What can be wrong with webhook endpoints and what is asked of their deliveries."""

from app.api.problems.kind import kind_of

WEBHOOK_PROBLEMS = (
    kind_of("webhook_endpoint_not_found", 404, "资源不存在或不可见", "There is no such endpoint"),
    kind_of(
        "too_many_webhook_endpoints",
        409,
        "回调端点数量已达上限",
        "There are as many endpoints as there may be; delete one first",
    ),
    kind_of(
        "too_many_rotations",
        409,
        "24 小时内轮换密钥过于频繁",
        "Too many secrets are still in force; rotate again when the oldest has ended",
    ),
    kind_of(
        "webhook_delivery_not_found",
        404,
        "资源不存在或不可见",
        "There is no such delivery, or it is kept no longer",
    ),
    kind_of(
        "webhook_endpoint_disabled",
        409,
        "回调端点已停用",
        "The endpoint is disabled; enable it first",
    ),
    kind_of(
        "webhook_url_refused",
        422,
        "该地址不能作为回调地址",
        "Events cannot be sent to this address",
    ),
    kind_of(
        "webhook_header_refused",
        422,
        "该请求头不能自定义",
        "A header of this name or value cannot be sent along",
    ),
    kind_of(
        "sealing_not_configured",
        503,
        "服务未配置密钥保管",
        "This service is not set up to keep secrets (AFTERSALES_SEALING_KEY)",
    ),
)
