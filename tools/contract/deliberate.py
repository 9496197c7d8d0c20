"""Breaks that are meant: each with its reason, all for one coming release that may break."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.contract.documents import Json
from tools.contract.findings import Finding

_TELLS_APART = ("code", "direction", "place", "old", "new")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Findings by whether they were meant, and what is wrong with the list of those meant."""

    breaking: tuple[Finding, ...]
    deliberate: tuple[Finding, ...]
    additions: tuple[Finding, ...]
    faults: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing breaks that was not meant, and everything meant is there."""
        return not self.breaking and not self.faults


def sort_out(
    findings: Iterable[Finding], meant: Mapping[str, Json], released_version: str
) -> Sorted:
    """Hold findings against the list.

    ``meant``: ``{"release": "2.0.0", "breaks": [...]}``, each break a finding as ``--json`` prints
    it (code, direction, place, old, new) with a ``reason``. An entry fits exactly one finding.
    """
    found = tuple(findings)
    reasons = {_key(entry): entry.get("reason", "") for entry in meant["breaks"]}
    breaking = [one for one in found if one.breaking]
    keys = {_key(as_json(one)) for one in breaking}
    faults = [f"Without a reason: {key}" for key, reason in reasons.items() if not reason.strip()]
    faults += [f"Does not occur: {key}" for key in reasons if key not in keys]
    if reasons and not _may_break(released_version, meant["release"]):
        faults.append(f"Release {meant['release']} may not break what {released_version} promised")
    return Sorted(
        breaking=tuple(one for one in breaking if _key(as_json(one)) not in reasons),
        deliberate=tuple(one for one in breaking if _key(as_json(one)) in reasons),
        additions=tuple(one for one in found if not one.breaking),
        faults=tuple(faults),
    )


def as_json(found: Finding) -> dict[str, Json]:
    """Return a finding as JSON prints it."""
    return {
        "code": found.code,
        "direction": found.direction,
        "place": found.place,
        "operations": list(found.operations),
        "old": found.old,
        "new": found.new,
        "sentence": found.sentence,
    }


def _key(entry: Mapping[str, Json]) -> str:
    return json.dumps({name: entry.get(name) for name in _TELLS_APART}, ensure_ascii=False)


def _may_break(released: str, coming: str | None) -> bool:
    """SemVer: a new major version may break; before 1.0.0 a new minor one."""
    if coming is None:
        return False
    before, now = ([int(part) for part in version.split(".")] for version in (released, coming))
    return now[0] > before[0] or (now[0] == before[0] == 0 and now[1] > before[1])
