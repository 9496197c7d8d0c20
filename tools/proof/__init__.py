"""Refunds on the real service while everything is killed around them, then the reckoning.

`tools.proof.webhooks` does the same for what is sent to webhook endpoints.

Nothing here knows the domain: what must come out is reckoned from plain JSON and SQL.
"""
