"""A sender with small limits, and what it is given to send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from app.clock import ManualClock
from app.webhooks.egress_policy import EgressPolicy
from app.webhooks.outcomes import Answer, Outcome
from app.webhooks.sending import Message, Sender, SendingLimits, Target, open_sender
from app.webhooks.signing import new_shared_secret, parse_secret
from app.webhooks.ssrf_guard import Resolver
from tests.webhooks.certificates import Authority
from tests.webhooks.receivers import Behaviour, Pointing, receiving

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
SECRET = new_shared_secret()
TRYING = EgressPolicy(private=True)
BODY = '{"type":"ticket.opened","data":{"label":"超期售后"}}'.encode()
A_MESSAGE = Message(id="evt_1", body=BODY)
AUTHORITY = Authority()

ENOUGH_SECONDS = 30.0
"""Only ends what would otherwise hang."""
SOON_SECONDS = 0.5
"""For attempts that end by their deadline."""


@asynccontextmanager
async def a_sender(
    reach: EgressPolicy = TRYING, resolver: Resolver | None = None, **changes: Any
) -> AsyncIterator[Sender]:
    """Open a sender that reaches this machine, trusts the tests' authority, and knows all names."""
    limits = SendingLimits(**{"total_seconds": ENOUGH_SECONDS, **changes})
    async with open_sender(
        reach,
        ManualClock(NOW),
        limits=limits,
        resolver=resolver or Pointing(),
        tls=AUTHORITY.trusting,
    ) as sender:
        yield sender


def a_target(url: str, **changes: Any) -> Target:
    """Return an endpoint at a URL."""
    given = {"endpoint_id": "ep_1", "url": url, "secrets": [parse_secret(SECRET)]}
    return Target(**{**given, **changes})


async def sent(behaviour: Behaviour, **changes: Any) -> Outcome:
    """Send one message to a receiver that behaves in a way and return how it ended."""
    async with receiving(behaviour) as receiver, a_sender(**changes) as sender:
        return (await sender.send(a_target(receiver.url()), A_MESSAGE)).outcome


def answer(status: int, beginning: str = "", **changes: Any) -> Answer:
    """Return what is kept of an answer."""
    return Answer(status=status, beginning=beginning, **{"cut": False, "encoded": False, **changes})
