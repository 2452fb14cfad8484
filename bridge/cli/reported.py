"""How the report is written: as text, CSV or JSON, each a piece at a time, however long it gets."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Protocol

import click
import simplejson
from rich.text import Text as Rich

from bridge.cli.shared import console, say
from bridge.cli.tables import cell, when
from bridge.domain.money import to_major
from bridge.domain.reporting import Decided, Fate, Row

_AMOUNTS = ("total", "refunded", "asked", "reserved", "captured", "returned")
_FATES = {Fate.SAME: "the same was done", Fate.OTHER: "{happened} was done", Fate.NEVER: "nobody did"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
_WIDTH, _STATUS = 10, 11


@dataclass(slots=True, kw_only=True)
class Totals:
    """Of the orders of a store in one currency; amounts in minor units, of payments that are known."""

    store: str
    currency: str
    orders: int = 0
    differ: int = 0
    total: int = 0
    refunded: int = 0
    asked: int = 0
    reserved: int = 0
    captured: int = 0
    returned: int = 0

    def add(self, row: Row) -> None:
        self.orders += 1
        self.differ += not row.agrees
        for name, amount in _amounts(row).items():
            setattr(self, name, getattr(self, name) + (amount or 0))

    def as_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Out(Protocol):
    """One way to write the report: store by store, order by order."""

    def store(self, age: dict[str, Any]) -> None:
        """Say whose orders follow, and how old what is known of them is."""

    def row(self, row: Row) -> None: ...

    def end(self, totals: Iterable[Totals]) -> None: ...


class Json:
    """One object: orders, stores and totals; amounts in minor units."""

    def __init__(self) -> None:
        self._ages: list[dict[str, Any]] = []
        self._between = ""
        say('{"orders": [', end="")

    def store(self, age: dict[str, Any]) -> None:
        self._ages.append(age)

    def row(self, row: Row) -> None:
        say(f"{self._between}\n{_json(_as_json(self._ages[-1]['store'], row))}", end="")
        self._between = ","

    def end(self, totals: Iterable[Totals]) -> None:
        say(f'],\n"stores": {_json(self._ages)},\n"totals": {_json([it.as_json() for it in totals])}}}')


class Csv:
    """A line an order, for a spreadsheet: amounts in major units, with a point."""

    _COLUMNS = ("store", "order", "order_number", "created", "status", "provider", "payment_id", "currency")
    _LAST = ("agrees", "why", "shadow")

    def __init__(self) -> None:
        """By the mark at its beginning spreadsheets know the encoding."""
        self._store = ""
        say("\ufeff" + _line([*self._COLUMNS, *_AMOUNTS, *self._LAST]), end="")

    def store(self, age: dict[str, Any]) -> None:
        self._store = age["store"]

    def row(self, row: Row) -> None:
        front, currency = _as_json(self._store, row), row.order.currency
        amounts = [cell(None if it is None else to_major(it, currency)) for it in _amounts(row).values()]
        words = ("yes" if row.agrees else "no", row.why, "; ".join(_told(it, currency) for it in row.decided))
        say(
            _line([*(_harmless(str(front[name])) for name in self._COLUMNS), *amounts, *map(_harmless, words)]),
            end="",
        )

    def end(self, totals: Iterable[Totals]) -> None:
        """A sum among the lines would be one order more; it goes where people read it."""
        for it in totals:
            click.echo(_sums(it), err=True)


class Text:
    """For people at a terminal: a line an order, and below it what differs."""

    def __init__(self) -> None:
        self._out = console()

    def store(self, age: dict[str, Any]) -> None:
        mode = "live" if age["mode"] == "live" else "shadow (writes nothing)"
        self._print(Rich.assemble((age["store"], "bold"), f"  {mode}  {_age(age)}"))
        names = "".join(f"{name:>{_WIDTH}}" for name in _AMOUNTS)
        self._print(Rich(f"{'order':<{_WIDTH}}{'status':<{_STATUS}}{names}", style="bold"))

    def row(self, row: Row) -> None:
        currency = row.order.currency
        known = (cell(None if it is None else to_major(it, currency)) for it in _amounts(row).values())
        figures = "".join(f" {it:>{_WIDTH - 1}}" for it in known)
        verdict = ("agrees", "green") if row.agrees else ("differs", "bold red")
        front = f"{row.order.number:<{_WIDTH - 1}} {row.order.status:<{_STATUS}}{figures} {currency} "
        self._print(Rich.assemble(front, verdict))
        if not row.agrees:
            self._print(Rich(f"{'':<{_WIDTH}}{row.why}"))
        for it in row.decided:
            self._print(Rich(f"{'':<{_WIDTH}}shadow: {_told(it, currency)}", style="dim"))

    def end(self, totals: Iterable[Totals]) -> None:
        found = list(totals)
        for it in found:
            self._print(Rich(_sums(it), style="bold"))
        if not found:
            self._print(Rich("no orders"))

    def _print(self, line: Rich) -> None:
        self._out.print(line, soft_wrap=True)


def _age(age: dict[str, Any]) -> str:
    if age["fresh"]:
        return "read now"
    if not age["polled"]:
        return "never polled"
    payments = f", payments of open orders at the latest {when(age['payments'])}" if age["payments"] else ""
    return f"shop read {when(age['polled'])}{payments}, of others when last changed (--fresh reads all now)"


def _amounts(row: Row) -> dict[str, int | None]:
    order = row.order
    figures = (order.total, order.refunded, row.asked, row.reserved, row.captured, row.returned)
    return dict(zip(_AMOUNTS, figures, strict=True))


def _as_json(store: str, row: Row) -> dict[str, Any]:
    order = row.order
    return {
        "store": store,
        "order": order.id,
        "order_number": order.number,
        "created": order.created.date().isoformat(),
        "status": order.status,
        "provider": row.provider,
        "payment_id": row.payment_id,
        "currency": order.currency,
        **_amounts(row),
        "agrees": row.agrees,
        "why": row.why,
        "shadow": [
            {
                "kind": it.kind,
                "amount": it.amount,
                "decided": _moment(it),
                "happened": it.happened,
                "outcome": it.fate,
            }
            for it in row.decided
        ],
    }


def _told(it: Decided, currency: str) -> str:
    happened = _FATES[it.fate].format(happened=to_major(it.happened, currency))
    return f"{it.kind} {to_major(it.amount, currency)}, decided {when(_moment(it))}: {happened}"


def _moment(it: Decided) -> str:
    return it.decided.isoformat(timespec="seconds").replace("+00:00", "Z")


def _sums(it: Totals) -> str:
    amounts = ", ".join(f"{name} {to_major(getattr(it, name), it.currency)}" for name in _AMOUNTS)
    orders = f"{it.orders} {'order' if it.orders == 1 else 'orders'}, {it.differ} of them {_differ(it.differ)}"
    return f"{it.store} in {it.currency}: {orders}; {amounts}"


def _differ(count: int) -> str:
    return "differs" if count == 1 else "differ"


def _harmless(text: str) -> str:
    """What comes from outside, so that no spreadsheet runs it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: list[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(cells)
    return file.getvalue()


def _json(value: Any) -> str:
    return str(simplejson.dumps(value, ensure_ascii=False))
