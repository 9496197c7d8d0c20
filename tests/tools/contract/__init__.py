"""What `make contract-diff` finds: every kind of change, planted."""
