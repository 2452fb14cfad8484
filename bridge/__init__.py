"""wc-bridge: carries what a shop's staff do with an order over to its payment provider.

The way of an order: the store's REST API is polled and swept (`woo`), each order is compared with its last
snapshot (`domain.changes`), order and payment together give one next step, or quiet, or attention
(`domain.decision`), the step is a row before it is a call (`db`), the call is made and settled (`engine`,
`providers`), and its outcome goes back to the shop as an order note (`domain.notes`).
"""
