"""The receivers of a proof: each verifies, remembers the order things came in, and may be down."""

import json
from base64 import b64decode
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it came: its stream, its place there, and its id."""

    stream_id: str
    version: int
    event_id: UUID


@dataclass(slots=True, kw_only=True)
class Receivers:
    """Receivers by number. ``secrets`` and ``public_keys`` are set when endpoints are made."""

    secrets: dict[int, str] = field(default_factory=dict)
    public_keys: dict[int, str] = field(default_factory=dict)
    down: set[int] = field(default_factory=set)
    arrived: defaultdict[int, list[Arrival]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[int] = field(default_factory=Counter)
    forged: int = 0
    """Requests whose signatures were not right, of which there must be none."""

    @property
    def total(self) -> int:
        """How much has arrived and was verified."""
        return sum(map(len, self.arrived.values()))

    def application(self) -> Starlette:
        """Return what serves them all, each below its number."""
        return Starlette(routes=[Route("/hooks/{number:int}", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        number = request.path_params["number"]
        try:
            body = await request.body()
        except ClientDisconnect:  # its sender was killed
            return Response(status_code=400)
        if number in self.down:
            self.refused[number] += 1
            return Response(status_code=503)
        if not self._verified(number, body, request):
            self.forged += 1
            return Response(status_code=401)
        event = json.loads(body)
        self.arrived[number].append(
            Arrival(event["stream_id"], event["version"], UUID(event["id"]))
        )
        return Response(status_code=204)

    def _verified(self, number: int, body: bytes, request: Request) -> bool:
        """Whether both kinds of signature are right."""
        headers = dict(request.headers)
        try:
            Webhook(self.secrets[number]).verify(body, headers)
        except WebhookVerificationError:
            return False
        key = Ed25519PublicKey.from_public_bytes(
            b64decode(self.public_keys[number].removeprefix("whpk_"))
        )
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        return any(
            _is_of(key, one.removeprefix("v1a,"), signed)
            for one in headers["webhook-signature"].split()
            if one.startswith("v1a,")
        )


def _is_of(key: Ed25519PublicKey, signature: str, signed: bytes) -> bool:
    try:
        key.verify(b64decode(signature), signed)
    except InvalidSignature:
        return False
    return True
