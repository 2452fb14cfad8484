"""A WooCommerce store in a process: REST API v3 over aiohttp, held against recordings of real stores.

`model` is what it keeps, `shop` (with `editing`, `refunds`, `coupons`, `totals`, `notes`, `statuses`) the rules,
`wire` and `lines` how it writes, `asking` how it reads a query, `auth` whom it lets in, `routes` and `rest_*` the
endpoints, `api` the way of a request, `mishaps` its bad days, `deliveries` its webhooks, `staff` the people in it.
"""

from bridge.sandbox.store.sandbox import StoreSandbox

__all__ = ["StoreSandbox"]
