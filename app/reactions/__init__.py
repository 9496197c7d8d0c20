"""What each event leads to: its line in the operation log, messages, public event."""
