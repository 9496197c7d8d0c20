"""What the workers' logs tell of the provider: how often it was asked, and what it said."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path


def calls_logged(logs: Iterable[Path]) -> Counter[str]:
    """Count calls by operation and outcome, except those a kill kept from being logged."""
    counts = Counter[str]()
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                continue  # cut off by a kill
            if isinstance(told, dict) and told.get("event") == "provider_call":
                counts[f"{told['operation']}, {told['outcome']}"] += 1
    return counts
