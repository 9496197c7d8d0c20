"""The read model of orders."""
