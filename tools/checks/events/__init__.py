"""docs/events.md, made from the catalog of public events."""
