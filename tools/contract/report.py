"""What was found, for people and for programs."""

import json
from collections.abc import Iterable, Iterator

from tools.contract.deliberate import Sorted, as_json
from tools.contract.documents import Json
from tools.contract.findings import Finding

_OPERATIONS_SHOWN_MAX = 3


def as_text(found: Sorted, released_version: str) -> str:
    """Return a report to read: what breaks first, then what is meant to, then additions."""
    sections = (
        ("Breaking", found.breaking),
        ("Deliberately breaking", found.deliberate),
        ("Not breaking", found.additions),
    )
    lines = [line for title, findings in sections for line in _section(title, findings)]
    lines += [f"contract/deliberate.json: {fault}" for fault in found.faults]
    counts = ", ".join(f"{title.lower()}: {len(findings)}" for title, findings in sections)
    since = "the first baseline (nothing was released yet)"
    if released_version != "0.0.0":
        since = f"release {released_version}"
    return "\n".join([*lines, f"openapi.json since {since}: {counts}."]) + "\n"


def as_json_text(found: Sorted) -> str:
    """Return all findings; with a reason, those under ``breaking`` go into deliberate.json."""
    document = {
        "passes": found.passes,
        "breaking": [as_json(one) for one in found.breaking],
        "deliberate": [as_json(one) for one in found.deliberate],
        "additions": [as_json(one) for one in found.additions],
        "faults": list(found.faults),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _section(title: str, findings: Iterable[Finding]) -> Iterator[str]:
    taken = list(findings)
    if taken:
        yield f"{title} ({len(taken)})"
    for found in taken:
        direction = f" ({found.direction})" if found.direction else ""
        yield f"  {found.code}{direction} at {found.place}{_reached(found)}"
        yield f"    {_shown(found.old)} -> {_shown(found.new)}. {found.sentence}"


def _reached(found: Finding) -> str:
    shown = list(found.operations[:_OPERATIONS_SHOWN_MAX])
    more = len(found.operations) - len(shown)
    names = ", ".join(shown) + (f" and {more} more" if more else "")
    return f" [{names}]" if names else ""


def _shown(value: Json) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
