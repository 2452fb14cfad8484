"""A request that the store refuses, in the words of the WordPress REST API."""

from typing import Any, Self


class Refusal(Exception):
    """Becomes `{"code", "message", "data"}`; `data` is `{"status": N, ...}` unless given whole."""

    def __init__(self, status: int, code: str, message: str, *, data: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "data": {"status": status} if data is None else data}

    @classmethod
    def parameter(cls, name: str, code: str, message: str) -> Self:
        """One parameter has an unacceptable value."""
        return cls(
            400,
            "rest_invalid_param",
            f"Invalid parameter(s): {name}",
            data={
                "status": 400,
                "params": {name: message},
                "details": {name: {"code": code, "message": message, "data": None}},
            },
        )

    @classmethod
    def missing(cls, name: str) -> Self:
        return cls(
            400,
            "rest_missing_callback_param",
            f"Missing parameter(s): {name}",
            data={"status": 400, "params": [name]},
        )

    @classmethod
    def no_route(cls) -> Self:
        return cls(404, "rest_no_route", "No route was found matching the URL and request method.")

    @classmethod
    def no_order(cls, *, status: int = 404, message: str = "Invalid ID.") -> Self:
        return cls(status, "woocommerce_rest_shop_order_invalid_id", message)
