"""Measurements of the service, each beside a baseline measured in the same run."""
