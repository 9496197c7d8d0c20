"""Webhooks: what is sent to whoever subscribes, signed by Standard Webhooks."""
