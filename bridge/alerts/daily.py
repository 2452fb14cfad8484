"""The daily message: everything in `status` that needs attention, a line each, with what to type."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bridge.db import queries
from bridge.db.bounds import Bunch
from bridge.db.firsts import First
from bridge.db.holds import Held
from bridge.db.journal import Journal
from bridge.db.known import Known
from bridge.domain.alerts import Alert, Topic
from bridge.domain.decisions import Hold
from bridge.domain.money import to_major
from bridge.domain.notes import hold_note
from bridge.domain.outages import is_silent
from bridge.domain.reasons import Reason
from bridge.domain.records import State
from bridge.domain.steps import Kind
from bridge.engine import binding
from bridge.engine.remedies import beyond, decides, first_decides, first_differed, held_line, not_polled
from bridge.settings import StoreSettings

MOST = 200
"""Lines of one store."""


async def daily_alerts(
    stores: Sequence[StoreSettings], now: datetime, since: Mapping[str, datetime]
) -> list[Alert]:
    """One alert for each store that somebody should see to; none where all is well. `since`: when somebody should
    poll it, by name.
    """
    modes = {store.name: store.mode for store in stores}
    patience = {store.name: store.warn_after for store in stores}
    intervals = {store.name: store.poll.interval for store in stores}
    found = []
    for store in await queries.status(now, modes, patience):
        name = store["store"]
        if name not in intervals:
            continue
        silent = not_polled(store, intervals[name]) and is_silent(now - since[name], intervals[name])
        known = await Journal(name).known_many([item["order"] for item in store["attention"]])
        lines = [*matters(store, silent=silent), *(order_line(name, it, known) for it in store["attention"])]
        if lines:
            orders = tuple(item["order"] for item in store["attention"])
            found.append(Alert(topic=Topic.DAILY, store=name, text=_text(lines), at=now, orders=orders))
    return found


def _text(lines: Sequence[str]) -> str:
    shown = list(lines[:MOST])
    if len(lines) > MOST:
        shown.append(f"and {len(lines) - MOST} more: `wc-bridge status` shows all")
    count = "1 matter needs" if len(lines) == 1 else f"{len(lines)} matters need"
    return "\n".join([f"{count} attention:", *(f"- {line}" for line in shown)])


def matters(store: Mapping[str, Any], *, silent: bool) -> Iterator[str]:
    """A line for each thing that is no attention of a single order."""
    if store["problem"]:
        yield f"not polled: {store['problem']}"
    if silent:
        yield f"not polled since {store['polled']}: does the daemon run? `systemctl status wc-bridge`"
    if store["unbound"]:
        yield f"refused, nothing is done: {store['unbound']}; {binding.remedy(store['store'])}"
    yield from _held(store)
    yield from _waiting(store)
    if store["unwritten"]:
        yield f"{store['unwritten']} order notes could not be written: does the key have write permission?"


def _held(store: Mapping[str, Any]) -> Iterator[str]:
    """What is held together; in shadow mode nobody is asked to decide about numbers and sums."""
    name = store["store"]
    if store["held"]:
        yield "".join(held_line(Held(store["held"]), store["held_why"], name))
    elif store["mode"] == "live":
        for bunch in store["bounded"]:
            it = Bunch(**{**bunch, "since": None})
            yield f"{beyond(it)}: {decides(name, it.kind, it.count)}"
    for first in store["firsts"]:
        if first["figures"]:
            differed = First(row=0, **first)
            yield f"{first_differed(differed)}; {first_decides(name, differed)}"


def _waiting(store: Mapping[str, Any]) -> Iterator[str]:
    """What waits for a remote for long, or is tried for long."""
    for it in store["down"]:
        if it["alerted"]:
            yield f"{it['remote']} gives no answer since {it['since']}, {it['waiting']} waiting: {it['text']}"
    told = {it["text"] for it in store["down"]}
    for it in store["failing"]:
        if it["text"] not in told:
            retry = f"`wc-bridge retry --order {store['store']} {it['order']}` looks again"
            yield f"order {it['order']} waits: {it['text']}; {retry}"
    for it in store["tried_long"]:
        amount = f"{to_major(it['amount'], it['currency'])} {it['currency']}"
        answer = f", {it['answer']}" if it["answer"] else ""
        yield (
            f"order {it['order']}: the {it['kind']} of {amount} is {it['state']} since {it['created']}{answer}; "
            f"`wc-bridge retry {it['action']}` tries it now"
        )


def order_line(store: str, item: Mapping[str, Any], known: Mapping[int, Known]) -> str:
    """What happened to one order, what to do about it, and what to type."""
    it = known.get(item["order"])
    why = str(item["text"])
    if it is not None and it.order is not None and item["reason"] in set(Reason):
        open_ = it.record.open if it.record else None
        step = open_.step if open_ is not None and open_.state is State.HELD else None
        hold = Hold(Reason(item["reason"]), json.loads(it.facts or "{}"), step)
        why = hold_note(hold, it.order, it.payment, it.provider, "en")
    return f"order {item['order']} ({item['status']}): {why} {_to_type(store, item, it)}"


def _to_type(store: str, item: Mapping[str, Any], known: Known | None) -> str:
    order, action = f"--order {store} {item['order']}", item["action"]
    if action is None and item["reason"] == Reason.UNMATCHED_RETURN:
        return f"`wc-bridge adopt {order}` takes it as it is."
    if action is None:
        return f"`wc-bridge retry {order}` looks again, `wc-bridge order {store} {item['order']}` tells the story."
    open_ = known.record.open if known and known.record else None
    refund = open_ is not None and open_.step.kind is Kind.REFUND
    paid = f", `wc-bridge adopt {action}` if it was paid in another way" if refund else ""
    return f"`wc-bridge approve {action}` lets it go, `wc-bridge drop {action} --why ...` gives it up{paid}."
