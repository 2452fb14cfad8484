"""A Resurs that behaves as its Merchant API 2.0 is known to, over real HTTP.

`ledger` keeps one payment's books, `lines` folds order lines, `rules` checks request bodies, `answers` writes JSON,
`routes` is the API, `sandbox` the whole with what people do in the Merchant Portal. What is not known for sure of
the real one is a field of `Switches`.
"""

from bridge.sandbox.resurs.ledger import Books, Refusal
from bridge.sandbox.resurs.lines import Line
from bridge.sandbox.resurs.sandbox import ResursSandbox
from bridge.sandbox.resurs.switches import FieldErrors, Stamps, Switches

__all__ = ["Books", "FieldErrors", "Line", "Refusal", "ResursSandbox", "Stamps", "Switches"]
