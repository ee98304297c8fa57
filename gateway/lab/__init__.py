"""Labs: a branch router, what stands between, and the gateway, in namespaces of their own.

Imports nothing, so that the programs of a node that live in here start fast.
"""
