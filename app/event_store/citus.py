"""What a migration says besides when the tables are to be spread over a Citus cluster."""

from collections.abc import Sequence

from alembic import context, op

from app.event_store.tables import SCHEMA
from app.topology import Topology

ANCHOR_TABLE = "log_heads"
"""The table every other one is colocated with, so that a partition lives on one node."""


def migration_topology() -> Topology:
    """Return what was asked for: config attribute `topology`, or `alembic -x topology=citus`."""
    asked = context.config.attributes.get("topology")
    if asked is None:
        asked = context.get_x_argument(as_dictionary=True).get("topology", Topology.SINGLE)
    return Topology(str(asked))


def distribute_table(table: str) -> None:
    """Spread a table by `partition_id`, beside the log's; nothing to do on a single Postgres."""
    if migration_topology() is not Topology.CITUS:
        return
    colocated = "" if table == ANCHOR_TABLE else f", colocate_with => '{SCHEMA}.{ANCHOR_TABLE}'"
    op.execute(f"SELECT create_distributed_table('{SCHEMA}.{table}', 'partition_id'{colocated})")


def distribute_function(name: str, argument_types: Sequence[str]) -> None:
    """Let Citus run a function on the node of its first argument, which must be the partition."""
    if migration_topology() is not Topology.CITUS:
        return
    signature = f"{SCHEMA}.{name}({', '.join(argument_types)})"
    op.execute(
        f"SELECT create_distributed_function('{signature}', '$1',"
        f" colocate_with => '{SCHEMA}.{ANCHOR_TABLE}')"
    )


def allow_triggers() -> None:
    """Let this transaction put row triggers on distributed tables: ours only ever refuse."""
    if migration_topology() is Topology.CITUS:
        op.execute("SET LOCAL citus.enable_unsafe_triggers = on")
