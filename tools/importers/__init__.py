"""Sending a file of orders to a running service, chunk by chunk, over HTTP."""
