"""Sandboxes: a WooCommerce store, a Resurs and an Ecster that behave as their references say, over real HTTP.

The demo, the tests and `wc-bridge sandbox` run on them, so they must be true: the store is held against
recordings of real ones. What a reference marks as inferred is a switch.
"""
