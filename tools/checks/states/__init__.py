"""The page docs/states.md, made by asking the rules of a ticket themselves."""
