"""The groups of routes, as the document explains them; generators make a class of each."""

from typing import Any

TAGS: tuple[dict[str, Any], ...] = (
    {"name": "orders", "description": "Orders and the facts of them: 订单与发货、收货、结算。"},
    {
        "name": "after-sales entry",
        "description": "Whether the entry may be opened, and opening it. 售后入口。",
    },
    {"name": "applications", "description": "What a consumer applies for. 申请售后。"},
    {"name": "tickets", "description": "Tickets and the decisions on them. 售后单。"},
    {"name": "parcels", "description": "Goods on their way back and forth. 退货与补发物流。"},
    {"name": "arbitration", "description": "The platform decides between both sides. 平台仲裁。"},
    {"name": "assistant", "description": "Rules for routine decisions. 售后小助手。"},
    {"name": "funds", "description": "A shop's money and its ledger. 资金与账本。"},
    {"name": "refunds", "description": "Refunds and how far each has come. 退款。"},
    {"name": "notifications", "description": "Inboxes, live streams and devices. 站内信与推送。"},
    {"name": "events", "description": "The feed of public events. 事件流。"},
    {"name": "webhooks", "description": "Events sent to where a shop wants them. 事件推送。"},
    {"name": "reasons", "description": "The coded reasons with their texts. 原因列表。"},
    {"name": "test clocks", "description": "Time of shops in test mode. 测试时钟。"},
    {"name": "provider", "description": "What the payment provider calls. 支付渠道回调。"},
    {"name": "operations", "description": "Health of the service. 运维。"},
)
"""Every tag a route may carry, in the order the documentation shows them."""
