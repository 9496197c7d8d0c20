"""What people give with a decision, as the plain telling takes it."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.domain.plain_tables import MEGABYTES, RefusedError

Wanted = list[tuple[str, int, int]]
"""Of each item its id, units and minor units."""


def shared_out(amount: int, most: Wanted) -> Wanted:
    """Share an amount in proportion; single units go to whom rounding down took most from."""
    whole = sum(limit for _, _, limit in most)
    exact = [Fraction(amount * limit, whole) for _, _, limit in most]
    shares = [int(share) for share in exact]
    while sum(shares) < amount:
        lost = [fair - share for fair, share in zip(exact, shares, strict=True)]
        shares[lost.index(max(lost))] += 1
    return [
        (item_id, units, share) for (item_id, units, _), share in zip(most, shares, strict=True)
    ]


def parcel(shipment: Any) -> tuple[str, str]:
    """Return carrier and tracking number as they are kept."""
    return str(shipment.carrier), "".join(shipment.tracking_number.split()).upper()


def check_parcel(parcel: tuple[str, str]) -> None:
    """Insist that a tracking number can be one."""
    number = parcel[1]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    digits = "0123456789"
    sound = (
        8 <= len(number) <= 32
        and set(number) <= {*letters, *digits, "-"}
        and "-" not in {number[0], number[-1]}
        and sum(sign in digits for sign in number) >= 6
        and len(set(number)) >= 3
    )
    if not sound:
        raise RefusedError("tracking_number_invalid")


def check_files(files: Sequence[Any], *, pictures: bool = False) -> None:
    """Insist that files are of a kind, a size and a number that are taken."""
    if len(files) > 9:
        raise RefusedError("too_many_attachments")
    for file in files:
        scheme, _, rest = file.url.partition("://")
        host = rest.partition("/")[0]
        if scheme != "https":
            raise RefusedError("attachment_not_https")
        if len(file.url) > 500 or not host or "@" in host or " " in rest or not rest.isascii():
            raise RefusedError("attachment_url_invalid")
        picture = str(file.media_type).startswith("image/")
        if file.media_type not in MEGABYTES or (pictures and not picture):
            raise RefusedError("attachment_type_not_taken")
        if not 0 < (file.size_bytes or 0) <= MEGABYTES[file.media_type] * 1024 * 1024:
            raise RefusedError("attachment_too_large")
