"""A payment provider for trying and testing: a server of its own, with a book of its own."""
