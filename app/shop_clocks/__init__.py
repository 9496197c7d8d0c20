"""Clocks of shops in test mode. A shop without one uses real time, permanently."""
