"""The stored event types, and the upcasters of their old schema versions."""
