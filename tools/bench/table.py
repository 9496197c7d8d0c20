"""The table a run ends with, and the file it leaves."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.bench.figures import Figure, Part

RESULTS = Path("bench-results")
TABLE_WIDTH = 140


def wide_console() -> Console:
    """Return a console; where no terminal sets its width, the table gets what it needs."""
    console = Console()
    return console if console.is_terminal else Console(width=TABLE_WIDTH)


def show(console: Console, parts: Sequence[Part], durability: dict[str, str]) -> None:
    """Print every figure beside its baseline, then under which conditions it was measured."""
    table = Table(title="Each figure beside its baseline, measured in turns in this run")
    for heading in ("what", "measured", "baseline", "ratio", "spread", "to reach", ""):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    for part in parts:
        for figure in part.figures:
            table.add_row(*_cells(figure))
        table.add_section()
    console.print(table)
    console.print(
        f"Server: embedded PostgreSQL, {', '.join(f'{k} {v}' for k, v in durability.items())}."
    )
    console.print(
        "Measured and baseline are medians over the rounds; spread: ratios of the rounds."
    )
    for note in dict.fromkeys(note for part in parts for note in part.notes):
        console.print(f"- {note}", style="dim", soft_wrap=True)


def keep(parts: Sequence[Part], durability: dict[str, str], folder: Path = RESULTS) -> Path:
    """Write all figures as JSON into a new file and return its path."""
    now = datetime.now(UTC)
    folder.mkdir(exist_ok=True)
    path = folder / f"{now:%Y%m%dT%H%M%SZ}.json"
    content: dict[str, Any] = {
        "measured_at": now.isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "server": durability,
        "figures": [figure.as_json() for part in parts for figure in part.figures],
        "notes": [note for part in parts for note in part.notes],
    }
    path.write_text(json.dumps(content, indent=2, default=str) + "\n", "utf-8")
    return path


def _cells(figure: Figure) -> tuple[str, ...]:
    compared = f"{figure.compared:.2f} x" if figure.baseline is not None else "-"
    asked = f"{figure.goal.value} {figure.target:g}{' x' if figure.baseline is not None else ''}"
    spread = f"{min(figure.spread):.2f} - {max(figure.spread):.2f}" if figure.spread else "-"
    return (
        figure.what,
        _amount(figure.value, figure.unit),
        "-" if figure.baseline is None else _amount(figure.baseline, figure.unit),
        compared,
        spread,
        asked,
        "[green]reached[/]" if figure.reached else "[red]missed[/]",
    )


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:,.2f} {unit}"
