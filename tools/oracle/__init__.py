"""The rules of an order written a second time, plainly, from the product's document.

The property tests of the domain and the simulation compare the service with it. It imports nothing
of the service, or it would repeat every mistake.
"""
