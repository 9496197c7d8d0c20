"""What an answer to a webhook means, by its status and headers, and what is kept of its body."""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterable
from datetime import datetime, timedelta

from app.leased_work.retry_after import read_retry_after
from app.webhooks.outcomes import (
    Answer,
    Delivered,
    FailedAnswer,
    Gone,
    Redirected,
    Throttled,
)

THROTTLING = frozenset({429, 502, 504})

Headers = Iterable[tuple[bytes, bytes]]

# Also what the database takes for no text, and what makes text run backwards on a screen.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_REPLACEMENT = "\ufffd"


def judged(
    answer: Answer, retry_after: timedelta | None
) -> Delivered | Redirected | Gone | Throttled | FailedAnswer:
    """Return the outcome of an answer that came to its end, or was long enough."""
    status = answer.status
    if 200 <= status < 300:
        return Delivered(answer=answer)
    if 300 <= status < 400:
        return Redirected(answer=answer)
    if status == 410:
        return Gone(answer=answer)
    if status in THROTTLING:
        return Throttled(answer=answer, retry_after=retry_after)
    return FailedAnswer(answer=answer, retry_after=retry_after)


def read_answer(status: int, headers: Headers, beginning: bytes, *, cut: bool) -> Answer:
    """Return what is kept of an answer; ``beginning``: of its body, as it came."""
    encoding = _header(headers, b"content-encoding")
    encoded = encoding is not None and encoding.lower() != "identity"
    return Answer(
        status=status,
        beginning="" if encoded else harmless(beginning),
        cut=cut,
        encoded=encoded,
    )


def retry_after_in(headers: Headers, now: datetime) -> timedelta | None:
    """Return how long an answer asks to wait."""
    return read_retry_after(_header(headers, b"retry-after"), now)


def harmless(content: bytes) -> str:
    """Decode UTF-8; what is none, and control characters but tabs and line feeds, become U+FFFD.

    A character cut off at the end is left out.
    """
    text = getincrementaldecoder("utf-8")(errors="replace").decode(content)
    return _HARMFUL.sub(_REPLACEMENT, text.replace("\r\n", "\n"))


def _header(headers: Headers, name: bytes) -> str | None:
    found = [value for one, value in headers if one.lower() == name]
    return found[0].decode("latin-1").strip() if found else None
