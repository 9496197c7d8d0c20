"""Rows as `unnest` takes them."""

from collections.abc import Iterable


def columns_of(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    """Turn rows of one length into their columns, one list each; at least one row."""
    return [list(column) for column in zip(*rows, strict=True)]
