"""What the workers' logs say of the provider: how often it was asked, and what it said."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path


def calls_logged(logs: Iterable[Path]) -> Counter[str]:
    """Count calls by operation and outcome, except those a kill kept from being logged."""
    counts = Counter[str]()
    for log in logs:
        for text in log.read_text(errors="replace").splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue  # cut off by a kill
            if isinstance(line, dict) and line.get("event") == "provider_call":
                counts[f"{line['operation']}, {line['outcome']}"] += 1
    return counts
