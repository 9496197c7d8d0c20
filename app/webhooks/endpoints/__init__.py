"""Endpoints: where a shop, or the platform, wants to be told of public events."""
