"""What everything that public events carry is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

BODY_BYTES_MAX = 20_000
"""No body of a public event is longer."""

Int64 = Annotated[int, Field(json_schema_extra={"format": "int64"})]


class Payload(BaseModel):
    """Base of all that public events carry; receivers ignore fields they do not know."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)
