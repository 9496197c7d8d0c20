"""The payment provider: the port, its implementation over HTTP, and its callbacks."""
