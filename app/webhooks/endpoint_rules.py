"""The rules for an endpoint's URL and headers; checked when they are set, and at each attempt.

A name is resolved only when connecting (app/webhooks/ssrf_guard.py), where its addresses are
checked: it may resolve to another address each time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import httpx

from app.webhooks.egress_policy import EgressPolicy, is_allowed, parse_address

URL_CHARACTERS_MAX = 2048
HTTPS_PORT, HTTP_PORT = 443, 80
UNPRIVILEGED_PORT_MIN = 1024

LOCAL_ENDINGS = frozenset(
    {"alt", "arpa", "internal", "invalid", "lan", "local", "localdomain", "localhost", "onion"}
)
"""Top-level labels that are not in the public DNS, or differ from network to network."""

# Printable ASCII except characters that a URL must escape; browsers read a backslash as a slash.
_CHARACTERS = re.compile(r"""[^\x00-\x20\x7f-\U0010ffff"<>\\^`{|}]+""")
_AUTHORITY = re.compile(r"[A-Za-z]+://([^/?#]*)")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_NAME_CHARACTERS_MAX = 253


class UrlFault(StrEnum):
    """Why a URL is refused."""

    TOO_LONG = "endpoint_url_too_long"
    """More than 2,048 characters."""
    MALFORMED = "endpoint_url_malformed"
    """Not a URL, or not ASCII: other characters are percent-encoded, or `xn--` in names."""
    NOT_HTTPS = "endpoint_url_not_https"
    HAS_CREDENTIALS = "endpoint_url_has_credentials"
    """Credentials belong in headers of the endpoint, which are stored encrypted."""
    HAS_FRAGMENT = "endpoint_url_has_fragment"
    """A fragment would not be sent."""
    HOST_NOT_ALLOWED = "endpoint_host_not_allowed"
    """Neither a full name of the public DNS nor an address in its usual form."""
    PORT_NOT_ALLOWED = "endpoint_port_not_allowed"
    """Neither 443 nor at least 1,024."""
    ADDRESS_NOT_ALLOWED = "endpoint_address_not_allowed"
    """An address that is not on the public internet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointUrl:
    """The parts of an allowed URL. ``host``: a name, or an address without `[]`."""

    scheme: str
    host: str
    port: int
    target: str
    host_header: str


def read_endpoint_url(text: str, reach: EgressPolicy) -> EndpointUrl | UrlFault:
    """Return the parts of a URL, or its first fault."""
    if len(text) > URL_CHARACTERS_MAX:
        return UrlFault.TOO_LONG
    authority = _AUTHORITY.match(text)
    if authority is None or not _CHARACTERS.fullmatch(text):
        return UrlFault.MALFORMED
    try:
        # The same parser sends: two parsers could read two hosts in one text.
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return UrlFault.MALFORMED
    return _fault(url, authority[1], reach) or _parts_of(url)


def _fault(url: httpx.URL, authority: str, reach: EgressPolicy) -> UrlFault | None:
    if url.scheme != "https" and not (reach.private and url.scheme == "http"):
        return UrlFault.NOT_HTTPS
    if "@" in authority or url.userinfo:
        return UrlFault.HAS_CREDENTIALS
    if "#" in str(url) or url.fragment:
        return UrlFault.HAS_FRAGMENT
    if not url.raw_host:
        return UrlFault.MALFORMED
    return _fault_of_host(url.raw_host.decode("ascii"), reach) or _fault_of_port(url, reach)


def _fault_of_host(host: str, reach: EgressPolicy) -> UrlFault | None:
    address = parse_address(host)
    if address is not None:
        return None if is_allowed(address, reach) else UrlFault.ADDRESS_NOT_ALLOWED
    labels = host.split(".")
    if len(host) > _NAME_CHARACTERS_MAX or not all(_LABEL.fullmatch(label) for label in labels):
        return UrlFault.HOST_NOT_ALLOWED
    if _NUMBER.fullmatch(labels[-1]):  # 2130706433, 0x7f.1: an address to some resolvers
        return UrlFault.HOST_NOT_ALLOWED
    if not reach.private and (len(labels) == 1 or labels[-1] in LOCAL_ENDINGS):
        return UrlFault.HOST_NOT_ALLOWED
    return None


def _fault_of_port(url: httpx.URL, reach: EgressPolicy) -> UrlFault | None:
    port = _port(url)
    allowed = port == HTTPS_PORT or port >= UNPRIVILEGED_PORT_MIN or (reach.private and port > 0)
    return None if allowed and port < 65_536 else UrlFault.PORT_NOT_ALLOWED


def _parts_of(url: httpx.URL) -> EndpointUrl:
    return EndpointUrl(
        scheme=url.scheme,
        host=url.raw_host.decode("ascii"),
        port=_port(url),
        target=url.raw_path.decode("ascii"),
        host_header=url.netloc.decode("ascii"),
    )


def _port(url: httpx.URL) -> int:
    return url.port if url.port is not None else HTTPS_PORT if url.scheme == "https" else HTTP_PORT


HEADERS_MAX = 20
NAME_CHARACTERS_MAX, VALUE_CHARACTERS_MAX = 64, 1024

OURS = frozenset(
    {
        *("accept", "accept-encoding", "content-encoding", "content-length", "content-type"),
        *("date", "expect", "host", "http2-settings", "user-agent"),
    }
)
"""Headers that the sender sets."""

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade"}
)
"""Headers of the connection, which could be used to smuggle a second request."""

RESERVED_PREFIXES = ("webhook-", "proxy-")

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


class HeaderFault(StrEnum):
    """Why an endpoint's headers are refused."""

    TOO_MANY = "endpoint_headers_too_many"
    """More than 20."""
    NAME_MALFORMED = "endpoint_header_name_malformed"
    """Not a header name, or longer than 64 characters."""
    VALUE_MALFORMED = "endpoint_header_value_malformed"
    """Empty, longer than 1,024 characters, with outer spaces, or not visible ASCII."""
    NOT_ALLOWED = "endpoint_header_not_allowed"
    """A header that the sender sets, or that belongs to the connection."""
    REPEATED = "endpoint_header_repeated"
    """A name occurs twice; case is ignored."""


def find_header_fault(headers: Mapping[str, str]) -> tuple[HeaderFault, str | None] | None:
    """Return the first fault of an endpoint's headers, and the name of the header, if one."""
    if len(headers) > HEADERS_MAX:
        return HeaderFault.TOO_MANY, None
    seen: set[str] = set()
    for name, value in headers.items():
        fault = _header_fault(name, value)
        if fault is None and name.lower() in seen:
            fault = HeaderFault.REPEATED
        if fault is not None:
            return fault, name
        seen.add(name.lower())
    return None


def _header_fault(name: str, value: str) -> HeaderFault | None:
    if len(name) > NAME_CHARACTERS_MAX or not _NAME.fullmatch(name):
        return HeaderFault.NAME_MALFORMED
    lower = name.lower()
    if lower in OURS or lower in HOP_BY_HOP or lower.startswith(RESERVED_PREFIXES):
        return HeaderFault.NOT_ALLOWED
    if len(value) > VALUE_CHARACTERS_MAX or not _VALUE.fullmatch(value):
        return HeaderFault.VALUE_MALFORMED
    return None
