"""The rules for files and parcels given with a decision."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.oracle.rules import FILES_MAX, URL_LENGTH_MAX
from tools.oracle.ticket import Refused

_MIB = 1024 * 1024
_SIZES: Mapping[str, int] = {
    "image/jpeg": 10 * _MIB,
    "image/png": 10 * _MIB,
    "image/webp": 10 * _MIB,
    "application/pdf": 20 * _MIB,
    "video/mp4": 50 * _MIB,
}


def check_files(files: Sequence[Mapping[str, Any]], *, pictures_only: bool = False) -> None:
    """Refuse too many files, and the first that is not https, of no known type, or too large."""
    if len(files) > FILES_MAX:
        raise Refused("too_many_attachments")
    for file in files:
        url, media_type = file["url"], file["media_type"]
        known = media_type in _SIZES and (not pictures_only or media_type.startswith("image/"))
        scheme, _, rest = url.partition("://")
        host = rest.partition("/")[0]
        if scheme != "https":
            raise Refused("attachment_not_https")
        if len(url) > URL_LENGTH_MAX or not host or "@" in host or " " in url or not url.isascii():
            raise Refused("attachment_url_invalid")
        if not known:
            raise Refused("attachment_type_not_taken")
        if not 1 <= (file["size_bytes"] or 0) <= _SIZES[media_type]:
            raise Refused("attachment_too_large")


def as_kept(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return a parcel as it is kept: its number in capitals, without spaces."""
    return body["carrier"], "".join(body["tracking_number"].split()).upper()


def check_parcel(parcel: tuple[str, str]) -> None:
    """Refuse what cannot be a tracking number."""
    number = parcel[1]
    plain = all(sign.isascii() and (sign.isalnum() or sign == "-") for sign in number)
    digits = sum(sign.isdigit() for sign in number)
    ends = number[:1] != "-" and number[-1:] != "-"
    if not (plain and ends and 8 <= len(number) <= 32 and digits >= 6 and len(set(number)) >= 3):
        raise Refused("tracking_number_invalid")
