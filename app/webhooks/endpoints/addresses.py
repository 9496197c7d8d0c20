"""What an endpoint may be given as its address and its headers, as far as that can be said before
anything is sent: what a name resolves to is checked anew whenever it is connected to.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

OWN_HEADERS = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length"),
        *("content-type", "expect", "host", "keep-alive", "proxy-authorization", "te"),
        *("proxy-connection", "trailer", "transfer-encoding", "upgrade", "user-agent"),
    }
)
OWN_PREFIX = "webhook-"


def refused_address(url: str) -> str | None:
    """Return why nothing would ever be sent to a URL; None if it may be tried."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "not_a_url"
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        return "not_a_url"
    if parts.username is not None or parts.password is not None:
        return "has_credentials"
    if parts.fragment:
        return "has_fragment"
    return None


def refused_header(names: Iterable[str]) -> str | None:
    """Return the first header that the service itself sets; None if there is none."""
    for name in names:
        lower = name.lower()
        if lower in OWN_HEADERS or lower.startswith(OWN_PREFIX):
            return name
    return None
