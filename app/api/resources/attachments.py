"""Pictures and documents on the wire."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from app.api.resources.common import RequestModel, ResponseModel
from app.domain.attachments import Attachment

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
