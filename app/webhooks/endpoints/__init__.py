"""Webhook endpoints of shops and of the platform."""
