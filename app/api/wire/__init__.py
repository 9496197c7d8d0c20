"""Wire models: what travels as JSON. Not the domain's types and not the views'."""
