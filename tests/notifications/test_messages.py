"""Who is told what, in which words, and how an inbox is read."""

from dataclasses import replace
from string import Formatter
from typing import Any, cast

import pytest
from hypothesis import given

from app.domain.funds.events import (
    ArrearsCollected,
    DepositFellBelowRequired,
    DepositRestored,
    FundsEvent,
    RestrictionLifted,
    ShopRestricted,
)
from app.domain.order.entries import DeclineEntryReopening, RequestEntryReopening
from app.domain.order.events import OrderEvent
from app.domain.order.tickets import TicketType
from app.domain.reasons import DeclineReason
from app.domain.webhook_endpoints import (
    DisabledReason,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointEvent,
)
from app.event_store.recorded_event import Recorded, Role
from app.event_store.streams import endpoint_stream, funds_stream
from app.event_types.registry import ServiceEvent
from app.notifications.inbox_queries import list_inbox
from app.notifications.notification import Recipient, notifications_of, render
from app.notifications.preferences import TemplateGroup, group_of
from app.reactions.table import MESSAGES
from app.resources import Resources
from tests.domain.search_depth import bounded
from tests.projections.event_log import Logged
from tests.projections.random_histories import histories, recorded
from tests.support.orders import (
    BUYER,
    DAY,
    EXPIRES,
    HOUR,
    OPENED,
    ORDER,
    SHOP,
    History,
    agree,
    order_with_open_entry,
    order_with_ticket,
    refund_arrived,
    refuse,
    withdraw,
)

AT = OPENED + 2 * HOUR
ASKED = order_with_open_entry().then(RequestEntryReopening(note=None), at=EXPIRES)
DECLINE = DeclineEntryReopening(reason=DeclineReason.ORDER_TOO_OLD, note=None)
AGREED = order_with_ticket().then(agree(), at=AT)
TO_RETURN = order_with_ticket(TicketType.EXCHANGE).then(agree(), at=AT)

CONSUMER, MERCHANT = Role.CONSUMER, Role.MERCHANT
OWNER = Recipient(shop_id=SHOP, role=CONSUMER, id=BUYER)


@pytest.mark.parametrize(
    ("history", "told"),
    [
        (order_with_open_entry(), {(CONSUMER, BUYER): "entry_opened"}),
        (
            order_with_open_entry().once_timers_ran(at=EXPIRES - HOUR),
            {(CONSUMER, BUYER): "entry_expiring"},
        ),
        (
            order_with_open_entry().once_timers_ran(at=EXPIRES),
            {(CONSUMER, BUYER): "entry_expired"},
        ),
        (ASKED, {(MERCHANT, SHOP): "reopening_requested"}),
        (
            ASKED.then(DECLINE, at=EXPIRES + HOUR),
            {(CONSUMER, BUYER): "reopening_declined"},
        ),
        (order_with_ticket(), {(MERCHANT, SHOP): "ticket_created"}),
        (AGREED, {(CONSUMER, BUYER): "application_agreed"}),
        (
            order_with_ticket().once_timers_ran(at=AT + 2 * DAY),
            {
                (CONSUMER, BUYER): "application_agreed",
                (MERCHANT, SHOP): "application_agreed_automatically",
            },
        ),
        (
            order_with_ticket().then(refuse(), at=AT),
            {(CONSUMER, BUYER): "application_rejected"},
        ),
        (
            order_with_ticket().then(withdraw(), at=AT),
            {(MERCHANT, SHOP): "application_withdrawn"},
        ),
        (TO_RETURN.once_timers_ran(at=AT + 7 * DAY), {(CONSUMER, BUYER): "ticket_closed"}),
        (
            AGREED.then(refund_arrived(), at=AT + HOUR),
            {(CONSUMER, BUYER): "refund_succeeded"},
        ),
    ],
)
def test_an_event_tells_those_it_concerns(
    history: History, told: dict[tuple[Role, str], str]
) -> None:
    made = notifications_of(recorded(history.events)[-1])
    assert {(n.recipient_role, n.recipient_id): n.template for n in made} == told


NOW = OPENED
FUNDS_TOLD: list[tuple[FundsEvent, str, str]] = [
    (
        DepositFellBelowRequired(at=NOW, deposit=-105, level=5_000),
        "deposit_below_required",
        "The deposit holds -1.05, less than the required 50.00. Please top it up.",
    ),
    (
        DepositRestored(at=NOW, deposit=5_000, level=5_000),
        "deposit_restored",
        "The deposit holds 50.00; 50.00 are required.",
    ),
    (
        ShopRestricted(at=NOW, arrears=9, limit=0),
        "shop_restricted",
        "The shop owes 0.09 for refunds paid in advance, more than 0.00. Until a top-up no "
        "after-sales entry can be opened; open entries and tickets run on.",
    ),
    (
        RestrictionLifted(at=NOW, arrears=0),
        "restriction_lifted",
        "The shop owes 0.00, which is within the limit: entries can be opened.",
    ),
    (
        ArrearsCollected(at=NOW, reference="p-1", amount=900, arrears_left=100, journal=()),
        "arrears_collected",
        "Of the top-up p-1, 9.00 paid back what the platform had advanced; 1.00 are still owed.",
    ),
]


ENDPOINT: Any = {"at": NOW, "endpoint_id": "endpoint-1", "url": "https://erp.example.com/hooks"}


def of_endpoint(event: WebhookEndpointEvent) -> Recorded[ServiceEvent]:
    """Return what happened to an endpoint of the shop, as it is recorded."""
    (of_order, *_) = recorded(order_with_open_entry().events)
    place: Any = {"stream_id": endpoint_stream(SHOP, "endpoint-1"), "event": event}
    return cast(Recorded[ServiceEvent], replace(of_order, **place))


@pytest.mark.parametrize(("event", "template", "words"), FUNDS_TOLD)
def test_warnings_about_a_shops_money_and_their_end_are_told_to_its_merchant(
    event: FundsEvent, template: str, words: str
) -> None:
    (of_order, *_) = recorded(order_with_open_entry().events)
    of_money: Any = {"stream_id": funds_stream(SHOP), "event": event}
    of_funds = cast(Recorded[ServiceEvent], replace(of_order, **of_money))
    (made,) = notifications_of(of_funds)
    assert (made.recipient_role, made.recipient_id, made.order_id) == (MERCHANT, SHOP, None)
    assert (made.template, made.created_at, made.valid_until) == (template, NOW, None)
    assert render(made.template, made.params).body.en == words
    assert group_of(made.template) is TemplateGroup.FUNDS


DISABLED_MESSAGES = [
    (
        DisabledReason.GONE,
        "https://erp.example.com/hooks answered that it is gone (410), so nothing is sent there "
        "any more. Once it works again, you can enable it and have the missed events sent.",
    ),
    (
        DisabledReason.FAILING,
        "Nothing could be delivered to https://erp.example.com/hooks for days, so nothing is sent "
        "there any more. Once it works again, you can enable it and have the missed events sent.",
    ),
]


@pytest.mark.parametrize(("reason", "words"), DISABLED_MESSAGES)
def test_a_merchant_gets_a_message_about_an_endpoint_that_the_service_disabled(
    reason: DisabledReason, words: str
) -> None:
    (made,) = notifications_of(of_endpoint(WebhookEndpointDisabled(**ENDPOINT, reason=reason)))
    assert (made.recipient_role, made.recipient_id, made.order_id) == (MERCHANT, SHOP, None)
    assert made.created_at == NOW
    assert render(made.template, made.params).body.en == words
    assert group_of(made.template) is TemplateGroup.WEBHOOK


def test_nobody_is_told_of_an_endpoint_that_somebody_disabled_or_enabled() -> None:
    by_owner = WebhookEndpointDisabled(**ENDPOINT, reason=DisabledReason.BY_OWNER)
    for event in (by_owner, WebhookEndpointEnabled(**ENDPOINT)):
        assert notifications_of(of_endpoint(event)) == ()


def test_the_facts_of_an_order_tell_nobody_anything() -> None:
    for event in recorded(order_with_open_entry().events)[:-1]:
        assert notifications_of(event) == ()


@given(histories())
@bounded(examples=100)
def test_every_message_can_be_said_in_both_languages_and_has_an_id_of_its_own(
    events: tuple[OrderEvent, ...],
) -> None:
    history = recorded(events)
    made = [notification for event in history for notification in notifications_of(event)]
    assert len({n.notification_id for n in made}) == len(made)
    assert made == [n for event in history for n in notifications_of(event)], "the same ids again"
    for notification in made:
        message = render(notification.template, notification.params)
        for text in (message.title, message.body):
            assert text.zh_cn
            assert text.en
            assert "{" not in text.zh_cn + text.en
        assert ORDER in message.body.en


def test_only_a_reminder_is_overtaken_by_time() -> None:
    reminded = order_with_open_entry().once_timers_ran(at=EXPIRES - HOUR)
    opened, reminder = (
        notification
        for event in recorded(reminded.events)
        for notification in notifications_of(event)
    )
    assert (opened.valid_until, reminder.valid_until) == (None, EXPIRES)


def test_every_template_names_the_same_facts_in_both_languages() -> None:
    for message in MESSAGES.values():
        for text in (message.title, message.body):
            zh_cn, en = (
                {name for _, name, _, _ in Formatter().parse(template) if name}
                for template in (text.zh_cn, text.en)
            )
            assert zh_cn == en


def test_an_opened_entry_names_its_end_in_shanghai_time() -> None:
    (notification,) = notifications_of(recorded(order_with_open_entry().events)[-1])
    body = render(notification.template, notification.params).body
    # The entry expires at 04:00 UTC, which is noon in Shanghai.
    assert body.zh_cn == f"订单 {ORDER} 的售后入口已打开,请在 2021-03-20 12:00 前申请售后。"
    assert "before 2021-03-20 12:00" in body.en


async def test_an_inbox_shows_its_owner_their_messages_newest_first(
    resources: Resources, logged: Logged
) -> None:
    await logged.write(order_with_ticket().then(refuse(), at=AT).events)
    await logged.follow()
    for role, owner, expected in (
        (CONSUMER, BUYER, ["application_rejected", "entry_opened"]),
        (MERCHANT, SHOP, ["ticket_created"]),
        (CONSUMER, "buyer-2", []),
        (MERCHANT, BUYER, []),
    ):
        recipient = Recipient(shop_id=SHOP, role=role, id=owner)
        page = await list_inbox(resources.pool, recipient)
        assert [one.notification.template for one in page.messages] == expected
        assert (page.next, page.current_to) == (None, 6)
    elsewhere = Recipient(shop_id="shop-2", role=CONSUMER, id=BUYER)
    assert (await list_inbox(resources.pool, elsewhere)).messages == ()


async def test_an_inbox_is_paged_without_repeating_a_message_while_others_arrive(
    resources: Resources, logged: Logged
) -> None:
    history = order_with_ticket().then(refuse(), at=AT)
    await logged.write(history.events)
    await logged.follow()
    first = await list_inbox(resources.pool, OWNER, limit=1)
    assert [one.notification.template for one in first.messages] == ["application_rejected"]

    closed = history.once_timers_ran(at=AT + 7 * DAY)
    await logged.write(closed.events[len(history.events) :], after_version=len(history.events))
    await logged.follow()
    second = await list_inbox(resources.pool, OWNER, before=first.next, limit=1)
    assert [one.notification.template for one in second.messages] == ["entry_opened"]
    assert second.next is None


async def test_an_inbox_refuses_a_page_of_no_rows(resources: Resources) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        await list_inbox(resources.pool, OWNER, limit=0)
