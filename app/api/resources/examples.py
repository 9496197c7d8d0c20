"""Examples shown in the OpenAPI document. A test validates each against its model."""

from typing import Any

MONTH = "2026-09"
"""In which most of the examples take place."""
KETTLE_LID: dict[str, Any] = {
    "url": "https://img.example.com/kettle-lid.jpg",
    "media_type": "image/jpeg",
    "size_bytes": 182_044,
}
REGISTER_ORDER: dict[str, Any] = {
    "order_id": "demo-register-order",
    "buyer_id": "buyer-2001",
    "created_at": "2026-09-01T10:00:00+08:00",
    "payment": {
        "method": "online",
        "channel": "alipay",
        "amount": {"amount": 12900, "currency": "CNY"},
        "paid_at": "2026-09-01T10:00:30+08:00",
    },
    "items": [
        {
            "item_id": "1",
            "sku": "kettle-1l",
            "title": "Kettle, 1 litre",
            "kind": "physical",
            "quantity": 1,
            "amount_paid": 12900,
        }
    ],
    "business_line": "general",
    "commission": {
        "talent_basis_points": 1000,
        "agency_basis_points": 200,
        "service_fee_basis_points": 500,
    },
}
SHIPMENT: dict[str, Any] = {"shipped_at": "2026-09-02T09:00:00+08:00"}
RECEIPT_CONFIRMATION: dict[str, Any] = {"confirmed_at": "2026-09-05T18:30:00+08:00"}
SETTLEMENT: dict[str, Any] = {"settled_at": "2026-09-13T00:00:00+08:00"}
OPEN_ENTRY: dict[str, Any] = {"cost_acknowledged": True}
OPEN_ENTRIES: dict[str, Any] = {
    "cost_acknowledged": True,
    "order_ids": ["demo-open-together-1", "demo-open-together-2"],
}
REOPENING_REQUEST: dict[str, Any] = {"note": "The lid broke again."}
DECLINE_REOPENING: dict[str, Any] = {
    "reason": "settled_otherwise",
    "note": "A new lid was sent last week.",
}
REQUEST_REFUND: dict[str, Any] = {
    "items": [{"item_id": "1", "quantity": 1, "amount": 12900}],
    "return_goods": True,
    "reason": "promised_after_sales",
    "description": "The lid broke after three weeks.",
}
REQUEST_GOODS: dict[str, Any] = {
    "items": [{"item_id": "1", "quantity": 1}],
    "reason": "quality_problem",
    "description": "The lid does not close.",
}
REQUEST_REISSUE: dict[str, Any] = {
    "items": [{"item_id": "1", "quantity": 1}],
    "reason": "missing_parts",
    "description": "The lid was not in the parcel.",
}
REGISTER_DEVICE: dict[str, Any] = {
    "platform": "android",
    "token": "fMdc3kq0Q1:APA91bHun4MxP5egoKMwt2KZFBaFUH",
    "name": "Pixel 9",
}
CREATE_WEBHOOK_ENDPOINT: dict[str, Any] = {
    "url": "https://shop.example.com/hooks/after-sales",
    "description": "Order system",
    "event_types": ["entry.opened", "ticket.created", "refund.succeeded"],
    "ordered": True,
    "rate_per_second": 50,
    "headers": {"Authorization": "Bearer 5a0bd3"},
    "include": ["personal_data"],
    "api_version": "2026-11-01",
}
RECOVER_DELIVERIES: dict[str, Any] = {"since": "2026-09-05T00:00:00+08:00"}
REPLAY_EVENTS: dict[str, Any] = {"since": "2026-09-05T00:00:00+08:00"}
CHANGE_WEBHOOK_ENDPOINT: dict[str, Any] = {
    "url": "https://shop.example.com/hooks/after-sales",
    "description": "Order system",
    "event_types": None,
    "ordered": False,
    "rate_per_second": None,
    "include": [],
}
PREFERENCES: dict[str, Any] = {
    "push": True,
    "muted_groups": ["refund"],
    "language": "zh-CN",
    "quiet_hours": {"begin": "22:00", "end": "08:00", "zone": "Asia/Shanghai"},
}
READ_NOTIFICATIONS: dict[str, Any] = {"up_to": 48213}
NOTIFICATION_STREAM = """\
id: 48213
retry: 2718

id: 48220
event: notification
data: {"notification_id": "5b0d1b5c-5b7e-5d0c-9d7e-2f6f0a0c8d11", "position": 48220, ...}

: still here

"""
REJECT_APPLICATION: dict[str, Any] = {
    "reason": "damaged_by_buyer",
    "note": "The picture shows a fall.",
    "evidence": [KETTLE_LID],
}
REJECT_RETURNED_GOODS: dict[str, Any] = {
    "reason": "return_damaged",
    "note": "The lid came back in two pieces.",
    "evidence": [KETTLE_LID],
}
MODIFY_APPLICATION: dict[str, Any] = {
    "type": "refund_only",
    "items": [{"item_id": "1", "quantity": 1, "amount": 6000}],
    "reason": "agreed_with_merchant",
    "description": "Half of the price, as agreed in the chat.",
    "evidence": [],
}
PARCEL: dict[str, Any] = {"carrier": "sf", "tracking_number": "SF1030529384756"}
BATCH_DECISIONS: dict[str, Any] = {
    "items": [
        {"ticket_id": "demo-batch-1-1", "seen_version": 5, "decision": "agree_to_application"},
        {
            "ticket_id": "demo-batch-2-1",
            "decision": "reject_application",
            "reason": "damaged_by_buyer",
        },
        {
            "ticket_id": "demo-batch-3-1",
            "decision": "ship_replacement",
            "carrier": "sf",
            "tracking_number": "SF1030529384756",
        },
    ]
}
EXTEND_RETURN: dict[str, Any] = {"days": 3}
REMARK: dict[str, Any] = {"text": "This is how it arrived.", "pictures": [KETTLE_LID]}
REQUEST_ARBITRATION: dict[str, Any] = {
    "note": "The lid was loose in the parcel; nothing fell here.",
    "evidence": [KETTLE_LID],
}
ARBITRATION_EVIDENCE: dict[str, Any] = {
    "note": "The parcel left us whole.",
    "evidence": [KETTLE_LID],
}
RULE_ARBITRATION: dict[str, Any] = {
    "ruling": "for_buyer",
    "blame": "carrier",
    "final_amount": 6000,
    "note": "The carrier's own record shows a crushed corner.",
}
START_ADVANCE_PAYOUT: dict[str, Any] = {
    "payee": {"kind": "bank_card", "account": "6222020200012345678", "holder": "王小明"},
    "note": "The buyer's Alipay account is closed; card confirmed by phone.",
}
DECLINE_ADVANCE_PAYOUT: dict[str, Any] = {
    "note": "The name on the card is not the buyer's.",
}
TOP_UP: dict[str, Any] = {
    "reference": "bank-20260901-17",
    "account": "deposit",
    "amount": 500000,
}
WITHDRAWAL: dict[str, Any] = {
    "reference": "payout-20260930-3",
    "account": "cash_alipay",
    "amount": 120000,
}
REQUIRED_DEPOSIT: dict[str, Any] = {"level": 200000}
CREATE_TEST_CLOCK: dict[str, Any] = {"now": "2026-09-01T10:00:00+08:00"}
ADVANCE_TO: dict[str, Any] = {"to": "2026-09-13T00:00:00+08:00"}
ADVANCE_BY: dict[str, Any] = {"by_seconds": 172800}
ASSISTANT_RULES: dict[str, Any] = {
    "rules": [
        {
            "rule_id": "small-refunds",
            "name": "Small refunds of buyers we know",
            "enabled": True,
            "conditions": {
                "types": ["refund_only", "return_and_refund"],
                "amount_max": {"amount": 2000, "currency": "CNY"},
                "history": [{"kind": "refunds_succeeded", "within_days": 90, "at_most": 2}],
            },
            "action": "agree_without_return",
        },
        {
            "rule_id": "past-the-period",
            "name": "Look at everything past the period",
            "enabled": True,
            "conditions": {"overdue": True},
            "action": "notify_only",
        },
    ]
}
TRY_ASSISTANT_RULES: dict[str, Any] = {**ASSISTANT_RULES, "last": 50}
PUBLIC_EVENT: dict[str, Any] = {
    "id": "6b1f3d0e-5a0c-5c52-9d55-3f6a3a1f7a10",
    "type": "deposit.below_required",
    "timestamp": "2026-09-12T02:00:00Z",
    "api_version": "2026-11-01",
    "shop_id": "shop-1",
    "stream_id": "funds/shop-1",
    "version": 7,
    "caused_by": "system",
    "test_mode": False,
    "data": {"deposit": 180000, "required": 200000},
}
