"""The provider's book, the ledger and the tickets, compared: every difference has a name."""
