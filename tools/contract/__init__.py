"""Holding openapi.json to the last released document: what was changed, and whom it breaks."""
