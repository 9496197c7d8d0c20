"""The operations of the document a running service gives out, with what it says of each."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.api import Api
from tests.support.document_conformance import headers_of
from tests.support.inlined import inlined


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """One operation, as the document has it."""

    name: str
    method: str
    template: str
    said: dict[str, Any]
    schemas: dict[str, Any]

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Its parameters by name."""
        return {one["name"]: one for one in self.said.get("parameters", ())}

    @property
    def is_guarded(self) -> bool:
        """Whether it asks for a credential."""
        return "security" in self.said

    @property
    def takes_key(self) -> bool:
        """Whether it takes an idempotency key."""
        return "Idempotency-Key" in self.parameters

    @property
    def body_type(self) -> str | None:
        """The media type of its body; None if it takes none."""
        content = self.said.get("requestBody", {}).get("content", {})
        return next(iter(content), None)

    @property
    def required_body(self) -> bool:
        """Whether it cannot be asked for without a body."""
        return bool(self.said.get("requestBody", {}).get("required", False))

    def granted_with(self, header: str) -> bool:
        """Tell whether every answer that grants it carries a header."""
        found = [headers_of(one) for code, one in self.said["responses"].items() if code < "300"]
        return all(header.lower() in headers for headers in found)

    def documents(self, code: str) -> bool:
        """Tell whether it documents a problem."""
        return any(
            f"`{code}`" in response["description"] for response in self.said["responses"].values()
        )

    def shown(self) -> dict[str, Any]:
        """Return the properties of the model it answers with; empty if that is no JSON."""
        _, response = min(self.said["responses"].items())
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        model = self.schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
        found: dict[str, Any] = model.get("properties", {})
        return found

    def lacking(self, answer: httpx.Response) -> set[str]:
        """Return the declared headers an answer must have and lacks."""
        declared = headers_of(self.said["responses"][str(answer.status_code)])
        return {name for name, required in declared.items() if required} - set(answer.headers)


async def documented(api: Api) -> list[Documented]:
    """Return every operation of the document."""
    document = inlined((await api.client.get("/openapi.json")).json())
    return [
        Documented(
            name=said["operationId"],
            method=method.upper(),
            template=template,
            said=said,
            schemas=document["components"]["schemas"],
        )
        for template, item in document["paths"].items()
        for method, said in item.items()
    ]
