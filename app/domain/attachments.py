"""Pictures and documents that prove something: where each lies, of what type and how large.

The files themselves lie with the platform; here is only what is said of them, and its limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

ATTACHMENTS_MAX = 9
URL_LENGTH_MAX = 500
_MIB = 1024 * 1024


class MediaType(StrEnum):
    """The types of file that are taken."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    MP4 = "video/mp4"
    PDF = "application/pdf"


SIZE_BYTES_MAX: Mapping[MediaType, int] = MappingProxyType(
    {
        MediaType.JPEG: 10 * _MIB,
        MediaType.PNG: 10 * _MIB,
        MediaType.WEBP: 10 * _MIB,
        MediaType.MP4: 50 * _MIB,
        MediaType.PDF: 20 * _MIB,
    }
)
"""The largest file of each type, in bytes."""

PICTURE_TYPES = frozenset({MediaType.JPEG, MediaType.PNG, MediaType.WEBP})
"""What a remark may show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file by its address, media type and size in bytes, as whoever gave it says.

    Type and size are None in what was stored before they were asked for, and only there.
    """

    url: str
    media_type: str | None
    size_bytes: int | None
