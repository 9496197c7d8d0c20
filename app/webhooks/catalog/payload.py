"""What everything that public events carry is made of."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

BODY_BYTES_MAX = 20_000
"""No body of a public event is longer."""

Int64 = Annotated[int, Field(json_schema_extra={"format": "int64"})]


class Payload(BaseModel):
    """Base of all that public events carry; receivers ignore fields they do not know."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class ApiVersion(StrEnum):
    """A version of the bodies of public events; an endpoint keeps the one it was made with."""

    V2026_11_01 = "2026-11-01"


LATEST = ApiVersion.V2026_11_01
"""The version of the feed and of a new endpoint."""


class Inclusion(StrEnum):
    """What an endpoint is told only if it asks for it."""

    PERSONAL_DATA = "personal_data"
    """Texts people wrote, addresses of pictures and documents, parcels' numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyForm:
    """How a body is made. ``include``: of `Inclusion`; what is unknown there asks for nothing."""

    api_version: ApiVersion
    include: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What the body is kept under: `2026-11-01`, or `2026-11-01+personal_data`."""
        return "+".join((self.api_version.value, *sorted(self.include)))


def form_of(api_version: ApiVersion, include: Collection[str]) -> BodyForm:
    """Return the form with those inclusions that are known."""
    known = frozenset(one.value for one in Inclusion if one.value in include)
    return BodyForm(api_version=api_version, include=known)
