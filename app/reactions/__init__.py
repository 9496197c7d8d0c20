"""The effects of each event: its line in the operation log, messages, public event."""
