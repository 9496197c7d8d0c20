"""A payment provider for trying and testing: a separate server with its own book."""
