"""Push: devices, what is queued for them, and the worker that sends it through a provider."""
