"""The small types every request and response is made of."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from app.domain.attachments import Attachment
from app.domain.money import AMOUNT_MAX
from app.domain.text import Text

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
TICKET_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}-[0-9]{1,5}$"
TEXT_PATTERN = r"^[^\u0000-\u001F\u007F-\u009F]*$"
_RFC_3339 = re.compile(
    r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$", re.ASCII
)


class RequestModel(BaseModel):
    """Base of everything that comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ResponseModel(BaseModel):
    """Base of everything that goes out; clients ignore fields they do not know."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


def _instant(value: Any) -> Any:
    """Take an RFC 3339 text with a zone, and nothing that merely resembles one."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _RFC_3339.match(value):
        raise ValueError("must be an RFC 3339 instant with a zone, like 2026-01-31T08:00:00+08:00")
    whole, fraction, zone = _parts(value)
    try:
        instant = datetime.fromisoformat(f"{whole}{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("is not an instant of the calendar") from error
    return instant


def _parts(value: str) -> tuple[str, str, str]:
    """Split off the fraction and cut it to microseconds."""
    whole, rest = value[:19], value[19:]
    match = re.match(r"\.\d+", rest)
    fraction = match.group() if match else ""
    zone = rest[len(fraction) :].upper().replace("Z", "+00:00")
    return whole.upper(), fraction[:7], zone


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An RFC 3339 instant with zone; finer than a microsecond is cut off."""

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""An id given by another system: 1 to 64 letters, digits, dots, colons, dashes, underscores."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=TEXT_PATTERN)]
"""A line of text without control characters."""

LongText = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=TEXT_PATTERN)]
"""A remark without control characters."""

Amount = Annotated[
    int,
    Field(strict=True, ge=0, le=AMOUNT_MAX, json_schema_extra={"format": "int64"}),
]
"""Minor units (分 for CNY)."""


def _truth(value: Any) -> Any:
    if not isinstance(value, bool):  # 1 equals True, but is no JSON boolean
        raise ValueError("must be true or false")  # noqa: TRY004 - pydantic's way to refuse
    return value


YesOrNo = Annotated[bool, Field(strict=True)]
"""A JSON boolean and nothing that resembles one."""

Yes = Annotated[Literal[True], BeforeValidator(_truth)]
"""The JSON boolean true."""

Version = Annotated[int, Field(json_schema_extra={"format": "int64"})]

Position = Annotated[
    int, Field(strict=True, ge=0, le=2**63 - 1, json_schema_extra={"format": "int64"})
]
"""A position in a partition of the log, as answers name it."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class InOneLanguage(ResponseModel):
    """What holds texts in the language asked for, which `Content-Language` names."""


class Versioned(ResponseModel):
    """A resource whose version is also its ETag."""

    version: Version
    """The order's stream version at its last change; pass it back in `If-Match`."""


class MoneyAmount(RequestModel):
    """An amount of money: minor units and an ISO 4217 code."""

    amount: Amount
    """Minor units, 0 to 2^63-1."""
    currency: Currency


class Money(ResponseModel):
    """An amount of money: minor units and an ISO 4217 code."""

    amount: Amount
    currency: str


class FieldError(ResponseModel):
    """What is wrong with one part of the request."""

    pointer: str
    """JSON pointer into the body (`#/items/0/amount`), or `query/limit`, `path/shop_id`."""
    detail: str


class LocalizedText(ResponseModel):
    """The same text in both languages of the product."""

    zh_cn: str
    en: str


def localized(text: Text) -> LocalizedText:
    """Make a wire text of a domain text."""
    return LocalizedText(zh_cn=text.zh_cn, en=text.en)


ATTACHMENTS_READ_MAX = 50
"""How many are read at all; how many are taken is for the rules to say."""


class AttachmentIn(RequestModel):
    """A file by its address; the file itself lies with the platform."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    """Where it lies: https, at most 500 characters."""
    media_type: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    """`image/jpeg`, `image/png`, `image/webp`; as evidence also `video/mp4`, `application/pdf`."""
    size_bytes: Annotated[int, Field(strict=True, ge=0, le=2**53)]
    """At most 10 MiB a picture, 20 MiB a document, 50 MiB a video."""

    def in_domain(self) -> Attachment:
        """Return it as the domain has it, which says itself whether it is acceptable."""
        return Attachment(url=self.url, media_type=self.media_type, size_bytes=self.size_bytes)


Attachments = Annotated[
    list[AttachmentIn], Field(max_length=ATTACHMENTS_READ_MAX, default_factory=list)
]
"""At most 9 files."""


class AttachmentOut(ResponseModel):
    """A file. Type and size are null in what was given before they were asked for."""

    url: str
    media_type: str | None
    size_bytes: int | None


def attachments_on_wire(attachments: Sequence[Attachment]) -> list[AttachmentOut]:
    """Show attachments."""
    return [
        AttachmentOut(url=file.url, media_type=file.media_type, size_bytes=file.size_bytes)
        for file in attachments
    ]
