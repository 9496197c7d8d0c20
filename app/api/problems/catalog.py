"""Every problem the API can answer with. A code is stable and means one cause.

To add one: a row here, in request_problems or in ticket_problems. ``repeatable`` says whether the
same request may succeed later as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.api.problems.kind import ProblemKind, kind_of
from app.api.problems.request_problems import CALLBACK_PROBLEMS, REQUEST_PROBLEMS
from app.api.problems.ticket_problems import TICKET_PROBLEMS
from app.api.problems.webhook_problems import WEBHOOK_PROBLEMS
from app.domain.assistant_faults import RuleFaultCode
from app.domain.rejections import RejectionCode
from app.shop_clocks.clocks import ClockRefusalCode

TYPE_BASE = "urn:aftersales:problem:"
"""Problem types are URNs: stable wherever the service runs."""

_ORDER_PROBLEMS = (
    kind_of(RejectionCode.ORDER_NOT_FOUND, 404, "资源不存在或不可见", "There is no such order"),
    kind_of(RejectionCode.TICKET_NOT_FOUND, 404, "资源不存在或不可见", "There is no such ticket"),
    kind_of(
        RejectionCode.ORDER_FACTS_CONFLICT,
        409,
        "订单已以不同内容登记",
        "The order is registered with other facts",
    ),
    kind_of(
        RejectionCode.FACT_CONFLICT,
        409,
        "该事实已以不同时间登记",
        "This was reported before, with another instant",
    ),
    kind_of(
        RejectionCode.FACT_IN_FUTURE, 422, "时间不能晚于当前", "The instant lies in the future"
    ),
    kind_of(
        RejectionCode.FACT_BEFORE_ORDER,
        422,
        "时间早于订单创建时间",
        "The instant lies before the order was created",
    ),
    kind_of(
        RejectionCode.FACT_OUT_OF_ORDER,
        409,
        "发货、收货、结算时间顺序矛盾",
        "Shipment, receipt and settlement contradict each other",
    ),
    kind_of(
        RejectionCode.ITEMS_DO_NOT_ADD_UP,
        422,
        "商品金额之和与实付金额不符",
        "The items do not add up to the payment",
    ),
    kind_of(RejectionCode.ITEM_REPEATED, 422, "商品编号重复", "An item id is repeated"),
    kind_of(
        RejectionCode.NOT_ELIGIBLE,
        409,
        "该订单不能打开售后入口",
        "The after-sales entry of this order may not be opened",
    ),
    kind_of(
        RejectionCode.SHOP_RESTRICTED,
        409,
        "店铺欠款超过上限,补足保证金前不能打开售后入口",
        "The shop owes more than it may, and opens no entry until a top-up",
        repeatable=True,
    ),
    kind_of(
        RejectionCode.ENTRY_NOT_OPEN,
        409,
        "售后期已过且售后入口未打开",
        "The after-sales period is over and the entry is not open",
    ),
    kind_of(
        RejectionCode.ENTRY_NEVER_OPENED,
        409,
        "售后入口从未打开过",
        "The entry has never been opened",
    ),
    kind_of(RejectionCode.ENTRY_STILL_OPEN, 409, "售后入口仍然打开", "The entry is still open"),
    kind_of(
        RejectionCode.REOPENING_NOT_REQUESTED,
        409,
        "买家没有申请重新打开",
        "Nobody asked for the entry to be opened again",
    ),
    kind_of(
        RejectionCode.APPLICATION_LIMIT_REACHED,
        409,
        "售后期内申请次数已达上限",
        "The order has taken all applications of its period",
    ),
    kind_of(
        RejectionCode.TICKET_ALREADY_ACTIVE,
        409,
        "订单已有进行中的售后单",
        "A ticket of the order is under way",
    ),
)

_CLOCKS = (
    kind_of(
        ClockRefusalCode.TEST_CLOCK_NOT_FOUND,
        404,
        "该店铺没有测试时钟",
        "The shop has no test clock",
    ),
    kind_of(
        ClockRefusalCode.SHOP_IN_PRODUCTION,
        409,
        "店铺已有订单，不能再使用测试时钟",
        "The shop is in production: it has orders, and can never get a test clock",
    ),
    kind_of(
        ClockRefusalCode.TEST_CLOCK_EXISTS,
        409,
        "测试时钟已以不同起始时间创建",
        "The shop has a test clock that was created to stand elsewhere",
    ),
    kind_of(
        ClockRefusalCode.CLOCK_ADVANCING,
        409,
        "测试时钟正在推进",
        "The test clock is still advancing",
        repeatable=True,
    ),
    kind_of(
        ClockRefusalCode.CLOCK_MOVED_BACKWARDS,
        409,
        "测试时钟只能向前推进",
        "A test clock goes forward only",
    ),
    kind_of(
        ClockRefusalCode.CLOCK_ADVANCE_TOO_FAR,
        422,
        "单次推进跨度过大",
        "One advance goes no further than 400 days",
    ),
    kind_of(
        ClockRefusalCode.CLOCK_OUT_OF_RANGE,
        422,
        "测试时钟超出允许范围",
        "A test clock stands between 2020 and ten years from now",
    ),
)

_RULES = (
    kind_of(RuleFaultCode.RULE_ID_REPEATED, 422, "规则编号重复", "Two rules have the same id"),
    kind_of(
        RuleFaultCode.RULE_CONTRADICTS_ITSELF,
        422,
        "规则自相矛盾",
        "A rule contradicts itself",
    ),
    kind_of(
        RuleFaultCode.RULES_CONTRADICT,
        422,
        "两条规则条件相同而动作不同",
        "Two rules do different things under the same conditions",
    ),
    kind_of(
        RuleFaultCode.RULE_NEVER_MATCHES,
        422,
        "规则被前面的规则完全覆盖,永远不会生效",
        "A rule can never match: the rules before it take everything",
    ),
)

PROBLEMS: Mapping[str, ProblemKind] = MappingProxyType(
    dict(
        (
            *REQUEST_PROBLEMS,
            *CALLBACK_PROBLEMS,
            *_ORDER_PROBLEMS,
            *TICKET_PROBLEMS,
            *_CLOCKS,
            *_RULES,
            *WEBHOOK_PROBLEMS,
        )
    )
)
"""All kinds by code."""

_UNNAMED = {
    code for code in (*RejectionCode, *ClockRefusalCode, *RuleFaultCode) if code not in PROBLEMS
}
if _UNNAMED:
    raise AssertionError(f"rejections without a problem: {sorted(_UNNAMED)}")
