"""Inboxes, and the devices and preferences of those they belong to."""

from app.access.scopes import Scope
from app.api.operation import BUYER_AND_MERCHANT, SHOP, operation
from app.api.resources import notification_stream, notifications, recipient_settings

INBOX = f"{SHOP}/notifications"

# fmt: off
OPERATIONS = (
    operation(
        "list_notifications", "GET", INBOX, BUYER_AND_MERCHANT, Scope.NOTIFICATIONS_READ,
        "Read the in-site inbox", notifications.get_notifications,
        tag="notifications", response=notifications.NotificationPage,
        problems=("cursor_invalid",),
    ),
    operation(
        "count_unread_notifications", "GET", f"{INBOX}/unread-count", BUYER_AND_MERCHANT,
        Scope.NOTIFICATIONS_READ, "How many messages are unread", notifications.get_unread_count,
        tag="notifications", response=notifications.UnreadCount,
    ),
    operation(
        "stream_notifications", "GET", f"{INBOX}/stream", BUYER_AND_MERCHANT,
        Scope.NOTIFICATIONS_READ, "Follow the inbox live", notification_stream.stream_notifications,
        tag="notifications", responses={200: notification_stream.STREAM},
        problems=("cursor_invalid", "too_many_streams", "overloaded"),
    ),
    operation(
        "read_notifications", "POST", f"{INBOX}/read", BUYER_AND_MERCHANT,
        Scope.NOTIFICATIONS_WRITE, "Mark all messages up to a position as read",
        notifications.read_notifications,
        tag="notifications", response=notifications.UnreadCount,
        problems=("idempotency_key_reused",),
    ),
    operation(
        "read_notification", "POST", f"{INBOX}/{{notification_id}}/read", BUYER_AND_MERCHANT,
        Scope.NOTIFICATIONS_WRITE, "Mark one message as read", notifications.read_notification,
        tag="notifications", response=notifications.Notification,
        problems=("notification_not_found", "idempotency_key_reused"),
    ),
    operation(
        "register_device", "POST", f"{SHOP}/devices", BUYER_AND_MERCHANT,
        Scope.NOTIFICATIONS_WRITE, "Have messages pushed to a device",
        recipient_settings.post_device,
        tag="notifications", response=recipient_settings.Device, status=201,
        responses={200: {
            "model": recipient_settings.Device,
            "description": "The token was registered before by the same owner.",
        }},
        problems=("too_many_devices", "push_not_configured", "idempotency_key_reused"),
    ),
    operation(
        "list_devices", "GET", f"{SHOP}/devices", BUYER_AND_MERCHANT, Scope.NOTIFICATIONS_READ,
        "List the devices that messages are pushed to", recipient_settings.get_devices,
        tag="notifications", response=recipient_settings.DeviceList,
    ),
    operation(
        "delete_device", "DELETE", f"{SHOP}/devices/{{device_id}}", BUYER_AND_MERCHANT,
        Scope.NOTIFICATIONS_WRITE, "Push nothing to a device any more",
        recipient_settings.remove_device,
        tag="notifications", status=204, problems=("device_not_found",),
    ),
    operation(
        "get_notification_preferences", "GET", f"{SHOP}/notification-preferences",
        BUYER_AND_MERCHANT, Scope.NOTIFICATIONS_READ, "How the caller wants to be notified",
        recipient_settings.get_preferences,
        tag="notifications", response=recipient_settings.NotificationPreferences,
    ),
    operation(
        "set_notification_preferences", "PUT", f"{SHOP}/notification-preferences",
        BUYER_AND_MERCHANT, Scope.NOTIFICATIONS_WRITE, "Choose how to be notified",
        recipient_settings.put_preferences,
        tag="notifications", response=recipient_settings.NotificationPreferences,
        problems=("time_zone_unknown", "quiet_hours_empty"),
    ),
)
