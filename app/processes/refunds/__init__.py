"""Refunds on their way to buyers: recorded on the ticket, asked of the provider, answered."""
