"""Who may call: API keys of merchants and the platform, signed tokens of consumers."""
