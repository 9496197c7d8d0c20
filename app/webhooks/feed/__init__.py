"""The feed: all public events in order, to be pulled."""
