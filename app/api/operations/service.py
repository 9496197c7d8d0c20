"""What concerns no order: reasons, test clocks, provider callbacks, and the service itself."""

from app.access.scopes import Scope
from app.api.operation import (
    ANYONE,
    EVERYBODY,
    MERCHANT_AND_PLATFORM,
    PLATFORM,
    PLATFORM_PATH,
    SHOP,
    operation,
)
from app.api.resources import reasons, service, test_clocks

CLOCK = f"{SHOP}/test-clock"

# fmt: off
OPERATIONS = (
    operation(
        "list_reasons", "GET", "/v1/reasons", EVERYBODY, Scope.ORDERS_READ,
        "List the coded reasons", reasons.list_reasons,
        tag="reasons", response=reasons.Reasons,
    ),
    operation(
        "create_test_clock", "POST", CLOCK, PLATFORM, Scope.TEST_CLOCKS_WRITE,
        "Put a shop into test mode", test_clocks.create_clock,
        tag="test clocks", response=test_clocks.TestClock, status=201,
        responses={200: {
            "model": test_clocks.TestClock,
            "description": "The shop has had this clock before.",
        }},
        problems=("idempotency_key_reused", "shop_in_production", "test_clock_exists",
                  "clock_out_of_range"),
    ),
    operation(
        "get_test_clock", "GET", CLOCK, MERCHANT_AND_PLATFORM, Scope.ORDERS_READ,
        "Get a shop's test clock", test_clocks.get_clock,
        tag="test clocks", response=test_clocks.TestClock, problems=("test_clock_not_found",),
    ),
    operation(
        "advance_test_clock", "POST", f"{CLOCK}/advance", MERCHANT_AND_PLATFORM,
        Scope.TEST_CLOCKS_WRITE, "Advance a shop's test clock", test_clocks.advance_clock,
        tag="test clocks", response=test_clocks.TestClock, status=202,
        problems=("idempotency_key_reused", "test_clock_not_found", "clock_advancing",
                  "clock_moved_backwards", "version_stale", "clock_advance_too_far",
                  "clock_out_of_range"),
    ),
    operation(
        "receive_provider_callback", "POST", "/v1/provider/callbacks", ANYONE, None,
        "Report how a refund or payout ended", service.receive_provider_callback,
        tag="provider", response=service.CallbackTaken,
        problems=("malformed_request", "internal_error", "database_unavailable",
                  "callback_unsigned", "callback_bad_signature", "callback_too_old",
                  "callback_from_the_future", "callback_malformed", "callback_refund_unknown",
                  "callback_payout_unknown", "callback_amount_differs",
                  "callback_currency_differs", "body_too_large", "overloaded", "contended"),
    ),
    operation(
        "get_liveness", "GET", "/livez", ANYONE, None,
        "Is the process alive?", service.get_liveness,
        tag="operations", response=service.Liveness,
    ),
    operation(
        "get_readiness", "GET", "/readyz", ANYONE, None,
        "Is the service ready for requests?", service.get_readiness,
        tag="operations", response=service.Readiness, problems=("database_unavailable",),
    ),
    operation(
        "get_metrics", "GET", "/metrics", ANYONE, None, "", service.get_metrics,
        tag="operations", in_document=False,
    ),
    operation(
        "list_readers", "GET", f"{PLATFORM_PATH}/readers", PLATFORM, Scope.OPERATIONS_READ,
        "How far the readers are", service.list_readers,
        tag="operations", response=service.ReadersStatus,
    ),
)
