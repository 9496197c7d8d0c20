"""Every message in words, by what it is about."""
