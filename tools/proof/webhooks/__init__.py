"""Webhooks on the real service while its workers are killed and its database is restarted."""
