"""One order: its facts, its after-sales entry and its tickets, decided together in one stream."""
