"""The catalog of public events and their bodies (docs/events.md)."""
