"""The read model of tickets."""
