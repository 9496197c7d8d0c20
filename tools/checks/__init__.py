"""Checks of the repository, and pages of docs/ that are generated from the code."""
