"""Deliveries: what is to be sent to which endpoint, and what became of it."""
