"""Whatever is appended in whatever order, the database decides as a few lines of Python do."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.event_store.append import (
    Append,
    DuplicateRequest,
    IdempotencyKeyReused,
    IdempotentRequest,
    Outcome,
    VersionConflict,
    Written,
)
from app.event_store.append_statement import append_across_partitions
from app.event_store.connections import OwnConnection
from tests.event_store.conftest import AppendBatch
from tests.event_store.samples import request, returns


@dataclass
class Model:
    """The log as a dictionary."""

    versions: dict[tuple[int, str], int] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)
    requests: dict[tuple[int, str], IdempotentRequest] = field(default_factory=dict)

    def append(self, item: Append) -> Outcome:
        """Decide about one item."""
        asked, stream = item.idempotency, (item.partition_id, item.stream_id)
        if asked and (answered := self.requests.get((item.partition_id, asked.key))):
            if answered.fingerprint != asked.fingerprint:
                return IdempotencyKeyReused()
            return DuplicateRequest(status=answered.status, response=answered.response)
        version, head = self.versions.get(stream, 0), self.heads.get(item.partition_id, 0)
        if version != item.expected_version:
            return VersionConflict(actual_version=version)
        if asked:
            self.requests[item.partition_id, asked.key] = asked
        self.versions[stream] = version + len(item.events)
        self.heads[item.partition_id] = head + len(item.events)
        return Written(
            version=self.versions[stream],
            first_position=head + 1,
            partition_id=item.partition_id,
        )


requests = st.builds(
    request, st.sampled_from(["k1", "k2", "k3"]), body=st.sampled_from([b"1", b"2"])
)


def items(partition_ids: st.SearchStrategy[int]) -> st.SearchStrategy[Append]:
    return st.builds(
        returns,
        st.sampled_from("abcd"),
        st.integers(0, 3),
        readers=st.sampled_from([("ada",), ("ada", "bob")]),
        partition_id=partition_ids,
        idempotency=st.none() | requests,
    )


def batches(partition_ids: st.SearchStrategy[int]) -> st.SearchStrategy[list[Append]]:
    def key(item: Append) -> tuple[int, str]:
        asked = item.idempotency
        return (item.partition_id, asked.key) if asked else (-1, item.stream_id)

    return st.lists(
        items(partition_ids),
        min_size=1,
        max_size=4,
        unique_by=(lambda item: (item.partition_id, item.stream_id), key),
    )


# The fixtures' database lives through all examples; each begins by emptying it.
MODELLED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def emptied(connection: OwnConnection) -> Model:
    await connection.execute("SET session_replication_role = replica")  # so that triggers rest
    await connection.execute("TRUNCATE after_sales.events, after_sales.idempotency_keys")
    await connection.execute("UPDATE after_sales.log_heads SET position = 0")
    await connection.execute("RESET session_replication_role")
    return Model()


@given(st.lists(batches(st.just(1)), max_size=6))
@MODELLED
async def test_batches_for_one_partition_are_decided_like_the_model(
    append_batch: AppendBatch, connection: OwnConnection, history: list[list[Append]]
) -> None:
    model = await emptied(connection)

    for batch in history:
        assert await append_batch(*batch) == [model.append(item) for item in batch]


@given(st.lists(batches(st.integers(0, 2)), max_size=6))
@MODELLED
async def test_batches_across_partitions_are_decided_like_the_model(
    connection: OwnConnection, history: list[list[Append]]
) -> None:
    model = await emptied(connection)

    for batch in history:
        outcomes = await append_across_partitions(connection, batch, 10.0)
        assert outcomes == [model.append(item) for item in batch]
