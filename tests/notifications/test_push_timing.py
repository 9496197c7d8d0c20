"""Whether a push is sent, held, skipped or too late; and how messages are grouped."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.notifications.preferences import DEFAULTS, TemplateGroup, group_of
from app.notifications.push.queue import PushReason, PushState
from app.notifications.push.worker import Held, NotSent, verdict
from app.notifications.quiet_hours import QuietHours
from app.reactions.table import MESSAGES

NOW = datetime(2021, 3, 15, 15, tzinfo=UTC)  # 23:00 in Shanghai
INSTANT = timedelta(microseconds=1)
NIGHT = QuietHours(begin=time(22), end=time(8), zone=ZoneInfo("Asia/Shanghai"))
OPENED = "entry_opened"
EXPIRED = NotSent(state=PushState.EXPIRED, reason=PushReason.NO_LONGER_VALID)


def test_a_push_that_nothing_stands_against_is_sent() -> None:
    assert verdict(OPENED, None, DEFAULTS, NOW, device_known=True) is None
    until = NOW + INSTANT
    assert verdict(OPENED, until, DEFAULTS, NOW, device_known=True) is None
    assert verdict(OPENED, NOW, DEFAULTS, NOW, device_known=True) == EXPIRED


def test_what_nobody_wants_is_skipped_whatever_the_time() -> None:
    off = NotSent(state=PushState.SKIPPED, reason=PushReason.SWITCHED_OFF)
    none = replace(DEFAULTS, push=False, quiet_hours=NIGHT)
    assert verdict(OPENED, NOW, none, NOW, device_known=True) == off
    muted = replace(DEFAULTS, muted=frozenset({TemplateGroup.ENTRY}), quiet_hours=NIGHT)
    assert verdict(OPENED, None, muted, NOW, device_known=True) == off
    ticket = verdict("ticket_created", None, muted, NOW, device_known=True)
    assert isinstance(ticket, Held)
    gone = verdict(OPENED, None, DEFAULTS, NOW, device_known=False)
    assert gone == NotSent(state=PushState.SKIPPED, reason=PushReason.DEVICE_REMOVED)


def test_what_is_quiet_is_held_unless_it_is_too_late_already() -> None:
    quiet = replace(DEFAULTS, quiet_hours=NIGHT)
    until = datetime(2021, 3, 16, 0, tzinfo=UTC)
    assert verdict(OPENED, None, quiet, NOW, device_known=True) == Held(until=until)
    assert verdict(OPENED, NOW, quiet, NOW, device_known=True) == EXPIRED


def test_every_message_is_of_the_group_its_name_begins_with() -> None:
    groups = {template: group_of(template) for template in MESSAGES}
    assert set(groups.values()) == set(TemplateGroup)
    assert groups["reopening_declined"] is TemplateGroup.ENTRY
    assert groups["application_rejected"] is TemplateGroup.TICKET
    assert groups["refund_succeeded"] is TemplateGroup.REFUND
