"""Days in a shop, played over HTTP by simulated merchants and consumers, and checked.

It knows the service by its API alone; what must be answered comes from `tools.oracle`.
"""
