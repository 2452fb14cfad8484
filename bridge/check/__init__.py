"""`wc-bridge check`: whether all that the bridge needs is there, tried for real and without effect.

`finding` is one line of its answer. `here` looks at settings and database, `shop` at a store, `account` at a
provider, `plugin` for the shop plugin's own order management; `rounds` goes through them all.
"""
