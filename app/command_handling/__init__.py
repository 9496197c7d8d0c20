"""Load, decide, append: the one way a command becomes events."""
