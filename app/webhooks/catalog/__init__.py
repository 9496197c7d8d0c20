"""What of this service's events others are told, and in what form (docs/events.md)."""
