"""Webhook endpoints of shops and of the platform, and what is sent to them."""
