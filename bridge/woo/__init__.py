"""The WooCommerce store: how it is asked (`client`, `listing`, `refunds`, `transport`, `signing`), what it says
(`wire`), and what that means (`mapping`, `errors`).
"""
