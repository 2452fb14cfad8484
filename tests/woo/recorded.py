"""What real stores answered: the exchanges of the recordings, decoded as the bridge decodes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge.exact import decode

FOLDERS = ("11.0.1-hpos", "11.0.1-posts", "8.2.2-posts")
RECORDINGS = Path(__file__).parents[3] / "shared" / "woocommerce-recordings"
"""They lie beside the checkout, not in it: they are large, and not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer. `name` says where it stands."""

    name: str
    what: str
    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: Any
    """Decoded JSON, or None where the answer was none."""
    text: str
    """The answer's own text where it was no JSON."""


def exchanges(scenario: str = "", folder: str = "*") -> Iterator[Exchange]:
    """Yield the exchanges of the scenarios whose file name begins with `scenario`, in order."""
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recordings of real stores at {RECORDINGS}", allow_module_level=True)
    for file in sorted(RECORDINGS.glob(f"{folder}/{scenario}*.json")):
        for number, step in enumerate(decode(file.read_text(encoding="utf-8"))["steps"]):
            if "request" not in step:
                continue
            request, response = step["request"], step["response"]
            yield Exchange(
                name=f"{file.parent.name}/{file.stem}/{number}",
                what=step["what"],
                method=request["method"],
                path=request["path"],
                status=response["status"],
                headers=response["headers"],
                body=response.get("body"),
                text=response.get("text", ""),
            )


def read(scenario: str, what: str, folder: str = "11.0.1-hpos") -> Any:
    """Return the body of the first answer of a scenario that was asked for as `what`."""
    return next(exchange.body for exchange in exchanges(scenario, folder) if exchange.what == what)


def bodies(kind: str) -> Iterator[tuple[str, Any]]:
    """Yield every recorded body of a kind, lists taken apart: "order", "refund", "note", "error", "status"."""
    for exchange in exchanges():
        for body in exchange.body if isinstance(exchange.body, list) else [exchange.body]:
            if isinstance(body, dict) and _kind(exchange, body) == kind:
                yield exchange.name, body


def _kind(exchange: Exchange, body: dict[str, Any]) -> str:
    if "code" in body and "message" in body:
        return "error"
    if exchange.path.endswith("/system_status"):
        return "status"
    if "note" in body and "customer_note" in body and "total" not in body:
        return "note"
    if "amount" in body and "/refunds" in exchange.path:
        return "refund"
    return "order" if "status" in body and "currency" in body else ""
