"""The rules of after-sales past the after-sales period. Pure: no clock, no ids, no I/O."""
