"""What is run beside the service: checks, locks, generated pages."""
