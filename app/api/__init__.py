"""HTTP: wire models, routes by noun, problems, authentication. Only here is HTTP known."""
