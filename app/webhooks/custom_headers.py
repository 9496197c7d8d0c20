"""Headers that an endpoint's owner adds to what is sent there, credentials mostly."""

import re
from collections.abc import Mapping
from enum import StrEnum

HEADERS_MAX = 20
NAME_CHARACTERS_MAX, VALUE_CHARACTERS_MAX = 64, 1024

OURS = frozenset(
    {
        *("accept", "accept-encoding", "content-encoding", "content-length", "content-type"),
        *("date", "expect", "host", "http2-settings", "user-agent"),
    }
)
"""Headers that say what we send, and to whom."""

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade"}
)
"""Headers of the connection, with which a request can be made to look like two."""

RESERVED_PREFIXES = ("webhook-", "proxy-")

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


class HeaderFault(StrEnum):
    """Why an endpoint's headers are refused."""

    TOO_MANY = "endpoint_headers_too_many"
    """More than 20."""
    NAME_MALFORMED = "endpoint_header_name_malformed"
    """No name of a header, or one of more than 64 characters."""
    VALUE_MALFORMED = "endpoint_header_value_malformed"
    """Empty, with spaces around it, more than 1,024 characters, or not all visible ASCII."""
    NOT_ALLOWED = "endpoint_header_not_allowed"
    """One of those we set, or that belong to the connection."""
    REPEATED = "endpoint_header_repeated"
    """Names that differ in case are one name."""


def find_header_fault(headers: Mapping[str, str]) -> tuple[HeaderFault, str | None] | None:
    """Return the first thing wrong with an endpoint's headers, and the name concerned, if one."""
    if len(headers) > HEADERS_MAX:
        return HeaderFault.TOO_MANY, None
    seen: set[str] = set()
    for name, value in headers.items():
        fault = _fault(name, value)
        if fault is None and name.lower() in seen:
            fault = HeaderFault.REPEATED
        if fault is not None:
            return fault, name
        seen.add(name.lower())
    return None


def _fault(name: str, value: str) -> HeaderFault | None:
    if len(name) > NAME_CHARACTERS_MAX or not _NAME.fullmatch(name):
        return HeaderFault.NAME_MALFORMED
    lower = name.lower()
    if lower in OURS or lower in HOP_BY_HOP or lower.startswith(RESERVED_PREFIXES):
        return HeaderFault.NOT_ALLOWED
    if len(value) > VALUE_CHARACTERS_MAX or not _VALUE.fullmatch(value):
        return HeaderFault.VALUE_MALFORMED
    return None
