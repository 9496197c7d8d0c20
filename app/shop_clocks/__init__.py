"""Clocks of shops in test mode. A shop without one lives in real time, and always will."""
