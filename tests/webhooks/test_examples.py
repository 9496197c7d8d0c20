"""The examples in docs/verifying-webhooks.md, as they are written there, verify what we sign."""

import re
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy

import pytest

from app.webhooks.signing import (
    PrivateKey,
    new_private_key,
    new_shared_secret,
    parse_secret,
    public_key_of,
    signature_headers,
)
from tests.support.tools import KEPT, PROJECT, node_packages, required_tool, run

PAGE = PROJECT / "docs" / "verifying-webhooks.md"
DRIVERS = Path(__file__).parent / "examples"
NODE = Path(__file__).parent / "node"

GO_ALONE = {
    "CGO_ENABLED": "0",
    "GOCACHE": str(KEPT / "go-build"),
    "GOFLAGS": "-mod=mod",
    "GOPROXY": "off",
    "GOTELEMETRY": "off",
    "GOTOOLCHAIN": "local",
}
"""Nothing but what came with the tool chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request somebody received, the key they hold, and whether they should believe it."""

    key: str
    message_id: str
    timestamp: str
    signature: str
    body: bytes
    believed: bool

    def line(self) -> str:
        """Return the case as the drivers read it."""
        texts = (self.key, self.message_id, self.timestamp, self.signature)
        fields = (*(text.encode() for text in texts), self.body)
        return "\t".join(b64encode(field).decode() for field in fields)


def cases() -> Iterator[Case]:
    """Yield requests as they should be, then each of them spoiled in one way."""
    shared, other_shared = new_shared_secret(), new_shared_secret(64)
    private, other_private = new_private_key(), new_private_key()
    several = [shared, private, other_shared, other_private]
    for key in (shared, other_shared, public(private), public(other_private)):
        good = case(key, several)
        yield good
        yield from spoiled(good)
    yield case(shared, [shared])
    yield case(public(private), [private])
    yield replace(case(shared, [other_shared, private]), believed=False)
    yield replace(case(public(private), [shared, other_private]), believed=False)
    for offset, believed in ((-280, True), (280, True), (-320, False), (320, False)):
        at = datetime.now(UTC) + timedelta(seconds=offset)
        yield replace(case(shared, [shared], at), believed=believed)
        yield replace(case(public(private), [private], at), believed=believed)


def spoiled(good: Case) -> Iterator[Case]:
    bad = replace(good, believed=False)
    versions = {"v1,": "v1a,", "v1a,": "v1,"}
    swapped = " ".join(
        versions[one[: one.index(",") + 1]] + one[3:] for one in good.signature.split()
    )
    yield replace(bad, body=good.body + b" ")
    yield replace(bad, body=b"")
    yield replace(bad, message_id="evt_2")
    yield replace(bad, message_id="")
    yield replace(bad, timestamp=str(int(good.timestamp) + 1))
    for timestamp in ("", "soon", "-1", "1e9", "9" * 40, good.timestamp + ".0"):
        yield replace(bad, timestamp=timestamp)
    for signature in (
        "",
        " ",
        ",",
        "v1",
        "v1,",
        "v1a,",
        "v1,?? v1a,??",
        "v1,AAAA v1a,AAAA",
        swapped,
    ):
        yield replace(bad, signature=signature)


def case(key: str, secrets: list[str], at: datetime | None = None) -> Case:
    body = '{"type":"ticket.opened","data":{"label":"超期售后"}}'.encode()
    parsed = [parse_secret(one) for one in secrets]
    headers = signature_headers("evt_1", body, parsed, at or datetime.now(UTC))
    return Case(
        key=key,
        message_id=headers["webhook-id"],
        timestamp=headers["webhook-timestamp"],
        signature=headers["webhook-signature"],
        body=body,
        believed=True,
    )


def public(private: str) -> str:
    secret = parse_secret(private)
    assert isinstance(secret, PrivateKey)
    return public_key_of(secret)


def example(language: str) -> str:
    """Return the one block of code of a language on the page."""
    (found,) = re.findall(
        rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return str(found)


def in_python(folder: Path) -> tuple[str, ...]:
    (folder / "verifying.py").write_text(example("python"), "utf-8")
    copy(DRIVERS / "driver.py", folder)
    return sys.executable, "driver.py"


def in_typescript(folder: Path) -> tuple[str, ...]:
    node, packages = required_tool("node"), node_packages(NODE) / "node_modules"
    (folder / "node_modules").symlink_to(packages)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "verify.ts").write_text(example("typescript"), "utf-8")
    options = (
        "--strict",
        "--skipLibCheck",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--types",
        "node",
    )
    run(node, str(packages / "typescript/bin/tsc"), *options, "verify.ts", folder=folder)
    copy(DRIVERS / "driver.mjs", folder)
    return node, "driver.mjs"


def in_go(folder: Path) -> tuple[str, ...]:
    go = required_tool("go")
    (folder / "webhooks").mkdir()
    (folder / "webhooks" / "verify.go").write_text(example("go"), "utf-8")
    (folder / "go.mod").write_text("module example\n\ngo 1.22\n")
    copy(DRIVERS / "main.go", folder)
    run(go, "build", "-o", "driver", ".", folder=folder, **GO_ALONE)
    return (str(folder / "driver"),)


def in_java(folder: Path) -> tuple[str, ...]:
    compiler, java = required_tool("javac"), required_tool("java")
    (folder / "WebhookVerifier.java").write_text(example("java"), "utf-8")
    copy(DRIVERS / "Driver.java", folder)
    run(compiler, "-Xlint:all", "-Werror", "Driver.java", "WebhookVerifier.java", folder=folder)
    return java, "-cp", ".", "Driver"


@pytest.mark.parametrize("prepared", [in_python, in_typescript, in_go, in_java])
def test_an_example_believes_what_we_sign_and_nothing_that_was_changed(
    prepared: Callable[[Path], tuple[str, ...]], tmp_path: Path
) -> None:
    command = prepared(tmp_path)
    asked = list(cases())
    lines = "".join(f"{one.line()}\n" for one in asked)
    answers = run(*command, given=lines, folder=tmp_path).split()
    wrong = [
        one
        for one, answer in zip(asked, answers, strict=True)
        if answer != str(one.believed).lower()
    ]
    assert not wrong
