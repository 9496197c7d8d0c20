"""The feed: everything others are told, in order, from the first event on, for those who pull."""
