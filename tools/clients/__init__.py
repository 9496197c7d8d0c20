"""Generates clients from the OpenAPI documents, checks them, and lets each tell the same story."""
