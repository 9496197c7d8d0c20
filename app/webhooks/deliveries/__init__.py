"""Deliveries: queues of messages to endpoints, and the results of sending them."""
