"""What an operator can set, each by an environment variable `AFTERSALES_<NAME>` or in `.env`."""

from base64 import b64decode
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.topology import Topology

SEALING_KEY_BYTES = 32

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Settings(BaseSettings):
    """The settings of one process, read once at its start and passed to what needs them."""

    model_config = SettingsConfigDict(
        env_prefix="AFTERSALES_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    # The database

    database_url: str | None = None
    """PostgreSQL 15 or later, `postgresql://user:password@host:5432/name`.

    Without it an embedded server is started in `data_dir`, for trying and developing only.
    """

    data_dir: Path = Path(".data")
    """Folder of the embedded server and of anything else kept locally."""

    topology: Topology = Topology.SINGLE
    """`citus` makes migrations distribute the tables over a cluster."""

    prepared_statements: bool = True
    """Switch off behind a PgBouncer older than 1.21 in transaction mode."""

    pool_size_min: int = Field(default=0, ge=0)
    """Connections for hot statements that are kept open when idle.

    With 0 a process starts even while the database is away, and answers 503 until it is there.
    """

    pool_size_max: int = Field(default=10, ge=1)
    """Connections for hot statements: appends, loads, readers."""

    query_pool_size_max: int = Field(default=5, ge=1)
    """Connections for list queries."""

    connect_timeout_seconds: float = Field(default=5.0, gt=0)
    """How long opening one connection, or waiting for a free one, may take."""

    command_timeout_seconds: float = Field(default=30.0, gt=0)
    """How long one statement may take before it is cancelled."""

    claim_idle_seconds_max: float = Field(default=15.0, gt=0)
    """How long a worker that stands still keeps what it has locked for a view or a shop's money.

    Then the server ends its transaction, and other workers go on.
    """

    # HTTP

    http_host: str = "127.0.0.1"
    """Address to listen on."""

    http_port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""

    request_body_bytes_max: int = Field(default=1_048_576, ge=1024)
    """Largest body of an ordinary request; a bulk import is bounded per line instead."""

    import_line_bytes_max: int = Field(default=262_144, ge=1024)
    """Longest line of a bulk import."""

    export_rows_max: int = Field(default=100_000, ge=1)
    """Most rows of one export; where there are more, it says where the rest is."""

    rate_limit_requests: int = Field(default=60_000, ge=1)
    """Requests one key or consumer may make within the window, per process."""

    rate_limit_window_seconds: int = Field(default=60, ge=1)
    """Length of the window that `rate_limit_requests` counts in."""

    streams_max: int = Field(default=1_000, ge=1)
    """Live streams of notifications open at a time, per process."""

    streams_per_caller_max: int = Field(default=10, ge=1)
    """Live streams one key or consumer may have open at a time in a shop, per process."""

    stream_heartbeat_seconds: float = Field(default=15.0, gt=0)
    """How long a live stream is silent at most; shorter than proxies bear it."""

    # Who may call

    consumer_token_secret: SecretStr | None = None
    """Shared secret of HS256 consumer tokens, 32 bytes or more; None refuses such tokens."""

    consumer_token_public_key: str | None = None
    """Public key (PEM) of EdDSA consumer tokens; None refuses such tokens."""

    consumer_token_issuer: str = "aftersales"
    """The `iss` a consumer token must carry."""

    consumer_token_audience: str = "aftersales-api"
    """The `aud` a consumer token must carry."""

    key_cache_seconds: float = Field(default=5.0, ge=0)
    """How long a looked-up API key is trusted: a revocation takes effect within this time."""

    idempotency_retention_hours: int = Field(default=24, ge=24)
    """How long the answer to an `Idempotency-Key` is kept."""

    # The payment provider

    provider_url: str | None = Field(default=None, pattern=r"^https?://[^@/\s][^@\s]*$")
    """Where the payment provider is reached, like `https://pay.example.com`, without credentials.

    For trying: the address of `aftersales provider-sandbox`.
    """

    provider_secret: SecretStr | None = None
    """Bearer secret of our calls to the payment provider."""

    provider_callback_secret: SecretStr | None = None
    """Secret the provider signs its callbacks with."""

    provider_callback_secret_previous: SecretStr | None = None
    """The one before, trusted beside it while the provider changes over."""

    provider_connect_timeout_seconds: float = Field(default=2.0, gt=0)
    """How long one attempt to connect to the provider may take."""

    provider_timeout_seconds: float = Field(default=10.0, gt=0)
    """How long one call to the provider may take as a whole, connecting included.

    After it the outcome of a payment is unknown and the provider is queried.
    """

    provider_connects_max: int = Field(default=3, ge=1)
    """How often a call may try to connect; once anything was sent nothing is repeated."""

    provider_connections_max: int = Field(default=20, ge=1)
    """Connections to the provider, per process."""

    refund_lease_seconds: float = Field(default=60.0, gt=0)
    """How long a worker has a refund to itself; one whose worker died waits this long.

    Raised to twice `provider_timeout_seconds` and a second if it is less: within it a refund may
    be asked about and then sent.
    """

    refund_pause_seconds_min: float = Field(default=1.0, gt=0)
    """How long a refund without an outcome waits before the provider is asked about it.

    Then twice as long each time.
    """

    refund_pause_seconds_max: float = Field(default=600.0, gt=0)
    """The longest such pause: how late a lost callback is made up for at worst."""

    # Push

    push_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    """Where messages to devices are sent to; None queues none. See `aftersales push-sandbox`."""

    push_secret: SecretStr | None = None
    """What the push provider knows us by (`Authorization: Bearer`)."""

    push_token_key: SecretStr | None = None
    """Keeps devices' push tokens: 32 bytes in base64 (`openssl rand -base64 32`).

    Several, separated by commas, let it change: the first encrypts, all of them decrypt. Without
    it no device can be registered.
    """

    # Webhooks

    webhooks_allow_private: bool = False
    """For trying only: send webhooks also to this machine and private networks, by plain http too.

    Whoever may create an endpoint then reaches what only this machine should. Addresses where
    clouds tell their machines secrets stay refused.
    """

    webhook_lease_seconds: float = Field(default=60.0, gt=0)
    """How long deliveries of a worker that was killed wait; longer than an attempt may take."""

    webhook_spare_seconds: float = Field(default=30.0, gt=0)
    """How long an endpoint is sent nothing at first when it fails again and again."""

    webhook_retention_days: int = Field(default=30, ge=7)
    """How long what was sent, or could not be, is kept with its attempts."""

    webhooks_refused_networks: str = ""
    """Public networks that webhooks may not reach, as `198.51.100.0/24,2001:db8::/32`.

    Name here your own, if something in them trusts callers for their address, and the prefix of a
    NAT64 that is not the usual one.
    """

    # Secrets at rest

    sealing_key: SecretStr | None = None
    """Keeps other secrets that must be read again, such as payees: 32 bytes in base64.

    Several, separated by commas, let it change, like `push_token_key`. What needs it is refused
    without it.
    """

    # Logs

    log_level: LogLevel = "INFO"
    """The least severe level that is written."""

    log_format: Literal["json", "console"] = "json"
    """One JSON object a line, or lines for a person at a terminal."""

    @field_validator("push_token_key", "sealing_key")
    @classmethod
    def _keys_of_the_right_length(cls, keys: SecretStr | None) -> SecretStr | None:
        for key in () if keys is None else keys.get_secret_value().split(","):
            if len(_decoded(key)) != SEALING_KEY_BYTES:
                raise ValueError("must be 32 bytes in base64")
        return keys

    @field_validator("webhooks_refused_networks")
    @classmethod
    def _networks(cls, networks: str) -> str:
        for part in networks.split(","):
            if part.strip():
                ip_network(part.strip())
        return networks


def _decoded(key: str) -> bytes:
    try:
        return b64decode(key.strip(), validate=True)
    except ValueError:
        return b""
