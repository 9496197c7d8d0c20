"""The operation log of an order: a row an event."""
