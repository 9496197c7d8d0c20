"""CSV and HTML answers."""
