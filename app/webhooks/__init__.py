"""Webhooks: public events sent to subscribed endpoints, signed as Standard Webhooks."""
