"""Providers to try the service with: payments and push."""
