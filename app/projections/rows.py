"""Writing the rows of a read model: many at once, each statement made from the table itself."""

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Table, Text, cast
from sqlalchemy.dialects import postgresql

from app.event_store.connections import Connection
from app.projections.paging import ShopList

View = TypeVar("View")

Key = tuple[int, str, str]
"""The primary key of a document: partition, shop, and the id of what it is about."""

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def columns_of(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    """Turn rows of one length into their columns, one list each; at least one row."""
    return [list(column) for column in zip(*rows, strict=True)]


async def copy_rows(
    connection: Connection, table: Table, rows: Collection[tuple[object, ...]]
) -> None:
    """Add rows, which have all columns of a table in their order, by one COPY; nothing if none."""
    if rows:
        await connection.copy_records_to_table(
            table.name, schema_name=table.schema, columns=list(table.c.keys()), records=rows
        )


def upsert_of(table: Table, *columns: str, also: str = "") -> str:
    """Return the statement that inserts or overwrites rows, given as arrays of their columns.

    It has one parameter a column, in the order of ``columns``, by default all of the table.
    ``also``: what else is set where the row was there already.
    """
    names = columns or tuple(table.c.keys())
    key = tuple(table.primary_key.columns.keys())
    arrays = ", ".join(f"${n}::{_type(table, name)}[]" for n, name in enumerate(names, start=1))
    changes = [f"{name} = excluded.{name}" for name in names if name not in key]
    return f"""
INSERT INTO {table.fullname} ({", ".join(names)})
SELECT {", ".join(f"r.{name}" for name in names)}
FROM unnest({arrays}) AS r({", ".join(names)})
ON CONFLICT ({", ".join(key)}) DO UPDATE SET {", ".join([*changes, *([also] if also else [])])}
"""


def _type(table: Table, column: str) -> str:
    return table.c[column].type.compile(dialect=_DIALECT).removesuffix(' COLLATE "C"')


class Rebuildable:
    """A reader that keeps nothing but the rows of its ``tables``, which the log can make again."""

    name: ClassVar[str]
    """Identifies the reader's checkpoints; never changes."""
    tables: ClassVar[tuple[Table, ...]]

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Delete the rows of one partition."""
        for table in self.tables:
            await connection.execute(
                f"DELETE FROM {table.fullname} WHERE partition_id = $1", partition_id
            )


class DocumentTable(Generic[View]):
    """A table of views kept whole in ``doc``; its other columns are what lists filter and sort by.

    The primary key is a `Key`; ``doc`` is the last column.
    """

    def __init__(self, table: Table, view: type[View]) -> None:
        self._stored_form: TypeAdapter[View] = TypeAdapter(view)
        self._columns = tuple(table.c.keys())
        partition, shop, subject = table.primary_key.columns.keys()
        # The partitions are named twice so that Citus sends a batch of one partition to its node.
        self.select = f"""
SELECT t.{partition}, t.{shop}, t.{subject}, t.doc
FROM {table.fullname} AS t
JOIN unnest($1::smallint[], $2::text[], $3::text[]) AS k(partition_id, shop_id, subject)
    ON t.{partition} = k.partition_id AND t.{shop} = k.shop_id AND t.{subject} = k.subject
WHERE t.{partition} = ANY ($1::smallint[])
"""
        self.upsert = upsert_of(table)
        self._table = table

    def list_by(self, reader: str) -> ShopList[View]:
        """Return the list of a shop's views that a reader keeps."""
        return ShopList(
            table=self._table,
            identity=self._columns[2],
            reader=reader,
            columns=(cast(self._table.c.doc, Text).label("doc"),),
            view=lambda row: self.view_of(row.doc),
        )

    def view_of(self, doc: str) -> View:
        """Return the view kept in a row's ``doc``."""
        return self._stored_form.validate_json(doc)

    async def fetch(self, connection: Connection, keys: Collection[Key]) -> dict[Key, View]:
        """Return the views kept under these keys; without a query if there are none."""
        if not keys:
            return {}
        rows = await connection.fetch(self.select, *columns_of(keys))
        return {(row[0], row[1], row[2]): self.view_of(row["doc"]) for row in rows}

    async def store(
        self, connection: Connection, rows: Iterable[tuple[Key, View, Mapping[str, object]]]
    ) -> None:
        """Write views, each with the value of every other column by its name; one statement."""
        written = [
            (
                *key,
                *(values[column] for column in self._columns[3:-1]),
                self._stored_form.dump_json(view).decode(),
            )
            for key, view, values in rows
        ]
        if written:
            await connection.execute(self.upsert, *columns_of(written))
