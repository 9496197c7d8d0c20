"""A day in a shop, many times over: merchants and consumers played over HTTP, and checked.

It knows the service by its API alone and tells the rules a second time, plainly, from the product's
document: nothing of the service's own rules is imported here, or it would agree with every mistake.
"""
