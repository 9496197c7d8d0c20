"""What the tests of payments stand on."""

from tests.payments.conftest import refunding, sandbox

__all__ = ["refunding", "sandbox"]
