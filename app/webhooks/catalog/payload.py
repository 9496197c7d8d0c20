"""What everything that public events carry is made of."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

BODY_BYTES_MAX = 20_000
"""The maximum length of a public event's body."""

Int64 = Annotated[int, Field(json_schema_extra={"format": "int64"})]


class Payload(BaseModel):
    """Base of all parts of a body; receivers must ignore unknown fields."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class ApiVersion(StrEnum):
    """A version of the bodies of public events; an endpoint keeps the one it was created with."""

    V2026_11_01 = "2026-11-01"


LATEST = ApiVersion.V2026_11_01
"""The version of the feed and of a new endpoint."""


class Inclusion(StrEnum):
    """Parts of the body that only endpoints with the setting receive."""

    PERSONAL_DATA = "personal_data"
    """Texts written by people, URLs of pictures and documents, tracking numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyForm:
    """The version and optional parts of a body. ``include``: values of `Inclusion`; unknown ones
    have no effect.
    """

    api_version: ApiVersion
    include: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The name a body is stored under: `2026-11-01`, or `2026-11-01+personal_data`."""
        return "+".join((self.api_version.value, *sorted(self.include)))


def form_of(api_version: ApiVersion, include: Collection[str]) -> BodyForm:
    """Return the form with the known inclusions."""
    known = frozenset(one.value for one in Inclusion if one.value in include)
    return BodyForm(api_version=api_version, include=known)
