"""`make demo`: the main story on an embedded database."""
