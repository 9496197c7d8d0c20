"""A push provider for trying and testing."""
