"""What the service's tables are stored on."""

from enum import StrEnum


class Topology(StrEnum):
    """One Postgres, or a Citus cluster with every table spread by `partition_id`."""

    SINGLE = "single"
    CITUS = "citus"
