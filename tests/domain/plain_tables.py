"""The rules of a ticket written a second time, in plain words, to hold the first to.

Nothing here comes from the application: numbers, names and codes are those of the product's
description. What is asked is read by its field names; all codes are strings.
"""

from collections.abc import Iterable

FINAL = {"succeeded", "completed", "closed"}
REJECTED = {"rejected", "rejected_after_return"}
HOURS = {
    "pending_merchant": 48,
    "awaiting_return": 7 * 24,
    "awaiting_merchant_receipt": 10 * 24,
    "awaiting_replacement": 48,
    "awaiting_buyer_receipt": 7 * 24,
    "rejected": 7 * 24,
    "rejected_after_return": 7 * 24,
    "in_arbitration": 7 * 24,
}
"""How long a ticket may stay where it is."""
OPEN = {*HOURS, "refunding"}
BY_ITSELF = {
    "pending_merchant": "agree",
    "awaiting_return": "close",
    "awaiting_merchant_receipt": "confirm_return",
    "awaiting_replacement": "escalate",
    "awaiting_buyer_receipt": "complete",
    "rejected": "close",
    "rejected_after_return": "close",
    "in_arbitration": "rule_for_buyer",
}
LIMITS = {"modifications": 5, "extensions": 2, "remarks": 100, "disputes": 3, "evidence": 20}

MONEY_TYPES = {"refund_only", "return_and_refund"}
RETURN_TYPES = {"return_and_refund", "exchange", "repair"}
SELDOM = {"no_longer_wanted", "counterfeit", "not_as_described", "quality_problem"}
WRONG_REASONS = {
    "refund_only": set[str](),
    "return_and_refund": {"not_received"},
    "exchange": {"not_received"},
    "reissue": SELDOM,
    "repair": {
        *(SELDOM - {"not_as_described", "quality_problem"}),
        "not_received",
        "wrong_item",
        "missing_parts",
    },
}
"""Why nobody can apply for a type."""
ONLY_OF_GOODS_BACK = {
    "return_not_received",
    "return_incomplete",
    "return_damaged",
    "return_wrong_goods",
}
OF_BOTH = {"damaged_by_buyer", "other"}
MEGABYTES = {
    "image/jpeg": 10,
    "image/png": 10,
    "image/webp": 10,
    "video/mp4": 50,
    "application/pdf": 20,
}

BUYER, MERCHANT, PLATFORM = {"consumer"}, {"merchant"}, {"platform"}
Row = tuple[str, set[str], set[str], str]
ALLOWED: dict[str, Row] = {
    "AgreeToApplication": ("agree", {"pending_merchant"}, MERCHANT, "already_decided"),
    "RejectApplication": ("reject", {"pending_merchant"}, MERCHANT, "already_decided"),
    "ApplyAssistantRule": ("assist", {"pending_merchant"}, set(), "already_decided"),
    "ModifyApplication": (
        "modify",
        {"pending_merchant", *REJECTED},
        BUYER,
        "modification_not_allowed",
    ),
    "WithdrawApplication": (
        "withdraw",
        {"pending_merchant", "awaiting_return", *REJECTED},
        BUYER,
        "withdrawal_not_allowed",
    ),
    "ProcessRejectedTicket": ("process_again", REJECTED, MERCHANT, "ticket_not_rejected"),
    "ShipGoodsBack": ("ship_back", {"awaiting_return"}, BUYER, "return_not_awaited"),
    "ExtendReturnDeadline": ("extend", {"awaiting_return"}, MERCHANT, "return_not_awaited"),
    "CorrectReturnShipment": (
        "correct",
        {"awaiting_merchant_receipt"},
        BUYER,
        "return_not_under_way",
    ),
    "ConfirmReturnReceipt": (
        "take_goods",
        {"awaiting_merchant_receipt"},
        MERCHANT,
        "return_not_under_way",
    ),
    "RejectReturnedGoods": (
        "reject_goods",
        {"awaiting_merchant_receipt"},
        MERCHANT,
        "return_not_under_way",
    ),
    "ShipReplacement": ("replace", {"awaiting_replacement"}, MERCHANT, "replacement_not_awaited"),
    "ConfirmReplacementReceipt": (
        "receive",
        {"awaiting_buyer_receipt"},
        BUYER,
        "replacement_not_under_way",
    ),
    "RequestArbitration": ("dispute", REJECTED, BUYER, "arbitration_not_available"),
    "SubmitArbitrationEvidence": (
        "prove",
        {"in_arbitration"},
        BUYER | MERCHANT,
        "not_in_arbitration",
    ),
    "RuleArbitration": ("rule", {"in_arbitration"}, PLATFORM, "not_in_arbitration"),
    "WithdrawArbitration": ("make_peace", {"in_arbitration"}, BUYER, "not_in_arbitration"),
    "AddTicketRemark": ("remark", OPEN, BUYER | MERCHANT | PLATFORM, "ticket_final"),
    "RecordRefundSuccess": ("money_arrived", {"refunding"}, PLATFORM, "not_refunding"),
}
"""Of each decision: our word for it, in which states, by whom, and the code anywhere else."""


class RefusedError(Exception):
    """A command the rules refuse, with the code and the codes of failed rules."""

    def __init__(self, code: str, rules: Iterable[str] = ()) -> None:
        super().__init__(code)
        self.code, self.rules = code, list(rules)
