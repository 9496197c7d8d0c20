"""Messages of an inbox on the wire."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict

from app.api.language import Language, in_language
from app.api.wire import examples
from app.api.wire.common import InOneLanguage, Position, RequestModel, ResponseModel, Version
from app.notifications.inbox_queries import InboxMessage, Unread
from app.notifications.notification import render
from app.notifications.push.states import PushedTo


class InSiteState(ResponseModel):
    """How far a message has come in the site."""

    state: str
    """`sent` or `read`."""
    read_at: datetime | None


class PushChannelState(ResponseModel):
    """How far a message has come on its recipient's devices; of several, where it went best."""

    state: str
    """`queued`, `sent` (the provider took it), `failed`, `expired` (overtaken by what it reminds
    of) or `skipped`; more may come."""
    reason: str | None
    """Why it was not sent: `token_no_longer_valid`, `refused_by_provider`, `attempts_exhausted`,
    `no_longer_valid`, `switched_off`, `device_removed`; more may come."""
    send_after: datetime | None
    """Of a queued one that waits for the end of quiet hours, or for its next attempt."""
    settled_at: datetime | None
    """When it was sent, or given up."""
    devices: int


class NotificationChannels(ResponseModel):
    """How far a message has come in each channel."""

    in_site: InSiteState
    push: PushChannelState | None
    """Null if its recipient had no device when it arrived."""


class Notification(InOneLanguage):
    """A message in the language asked for."""

    notification_id: str
    position: Version
    """Where the message stands in the order of the inbox; higher is newer."""
    shop_id: str
    order_id: str | None
    """Null for what is about no order, but about the shop's money."""
    template: str
    """Stable name of what the message is about; more may come."""
    title: str
    body: str
    facts: dict[str, Any]
    """What the message says, by stable names: ids, codes, instants."""
    created_at: datetime
    valid_until: datetime | None
    """When a reminder is overtaken by what it reminds of; null for all other messages."""
    channels: NotificationChannels


class NotificationPage(InOneLanguage):
    """A page of messages, newest first."""

    notifications: list[Notification]
    next_cursor: str | None
    """Pass as `cursor` for the next page; null on the last one."""
    current_to: Version
    """The position in the shop's partition of the log this list is current to.

    What arrives later has a higher position: pass it as `up_to` to mark as read what was listed
    and nothing else, or as `Last-Event-ID` to go on with the live stream.
    """


class ReadNotificationsBody(RequestModel):
    """Up to where the inbox was read."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.READ_NOTIFICATIONS]})

    up_to: Position
    """`current_to` of a list, or `position` of a message. What came after it stays unread."""


class UnreadCount(ResponseModel):
    """How many messages are unread."""

    unread: int
    """At most 999."""
    more: bool
    """Whether there may be more than were counted."""
    current_to: Version
    """The position in the shop's partition of the log this count is current to."""


def notification_on_wire(
    message: InboxMessage, pushed: PushedTo | None, language: Language
) -> Notification:
    """Show a message in one language."""
    stored = message.notification
    words = render(stored.template, stored.params)
    return Notification(
        notification_id=str(stored.notification_id),
        position=stored.position,
        shop_id=stored.shop_id,
        order_id=stored.order_id,
        template=stored.template,
        title=in_language(words.title, language),
        body=in_language(words.body, language),
        facts=dict(stored.params),
        created_at=stored.created_at,
        valid_until=stored.valid_until,
        channels=NotificationChannels(
            in_site=InSiteState(
                state="sent" if message.read_at is None else "read", read_at=message.read_at
            ),
            push=None if pushed is None else _push_on_wire(pushed),
        ),
    )


def _push_on_wire(pushed: PushedTo) -> PushChannelState:
    return PushChannelState(
        state=pushed.state.value,
        reason=None if pushed.reason is None else pushed.reason.value,
        send_after=pushed.send_after,
        settled_at=pushed.settled_at,
        devices=pushed.devices,
    )


def unread_on_wire(unread: Unread) -> UnreadCount:
    """Show a count."""
    return UnreadCount(unread=unread.count, more=unread.more, current_to=unread.current_to)
