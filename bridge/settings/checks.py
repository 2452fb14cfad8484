"""Mistakes that no key makes alone: things said in two places that can't both hold.

They are looked for in what is written, not in the finished settings, so that they are found in one go with the
mistakes of single keys. Whatever is not of the right kind is passed over here: it is reported elsewhere.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from bridge.settings.document import Document, Problem
from bridge.settings.kinds import Kinds
from bridge.settings.methods import is_pattern, overlap
from bridge.settings.model import Cancel, Capture
from bridge.settings.showing import Path, quote
from bridge.settings.values import on_loopback
from bridge.settings.variables import VariableError, expand

_INERT = ("pending", "draft", "checkout-draft", "auto-draft", "failed", "trash")


def contradictions(document: Document, kinds: Kinds) -> Iterator[Problem]:
    """Yield what can't hold together: between stores, between a store's providers, within a store's actions."""
    stores = _groups(document.tree, "stores")
    yield from _exposed(document)
    yield from _twins(document, stores, "name", str.casefold, "is the name of {0} too")
    yield from _twins(document, stores, "url", _place, "is the shop of {0} too; two would act on the same orders")
    for i, store in stores:
        yield from _rivals(document, store, ("stores", i), kinds)
        yield from _statuses(document, store, ("stores", i, "actions"))
        if _word(store.get("mode")) == "live" and store.get("providers", []) == []:
            yield document.problem(("stores", i, "mode"), "a live store needs providers; found none")


def _exposed(document: Document) -> Iterator[Problem]:
    web = document.tree.get("web") if isinstance(document.tree, dict) else None
    if not isinstance(web, dict) or web.get("token") is not None:
        return
    listen = _word(web.get("listen"))
    host = listen.rpartition(":")[0]
    if host and not on_loopback(host):
        text = (
            f"{listen} is reached from elsewhere: set `web.token`, a secret that whoever asks for metrics and "
            "readiness must show, or listen on 127.0.0.1"
        )
        yield document.problem(("web", "listen"), text)


def _twins(
    document: Document, stores: list[tuple[int, dict[str, Any]]], key: str, same: Callable[[str], str], text: str
) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for i, store in stores:
        if value := _word(store.get(key)):
            earlier = first.setdefault(same(value), i)
            if earlier != i:
                yield document.problem(("stores", i, key), text.format(f"stores[{earlier}]"))


def _place(url: str) -> str:
    """Return what two addresses of one shop share: no scheme, no case, no slash at the end."""
    return url.partition("://")[2].rstrip("/").casefold()


def _rivals(document: Document, store: dict[str, Any], path: Path, kinds: Kinds) -> Iterator[Problem]:
    claims = [
        ((*path, "providers", i), pattern)
        for i, provider in _groups(store, "providers")
        for pattern in _patterns(provider, kinds)
    ]
    for (one, pattern), (other, rival) in combinations(claims, 2):
        if one != other and overlap(pattern, rival):
            both = f"{quote(rival)} and {quote(pattern)} of providers[{one[-1]}]"
            text = f"{both} fit the same orders; an order has one provider"
            yield document.problem((*other, "payment_methods"), text)


def _patterns(provider: dict[str, Any], kinds: Kinds) -> list[str]:
    kind = kinds.get(str(provider.get("type")))
    default = kind.model_fields["payment_methods"].get_default(call_default_factory=True) if kind else ()
    return [pattern for pattern in _words(provider.get("payment_methods", list(default))) if is_pattern(pattern)]


def _statuses(document: Document, store: dict[str, Any], path: Path) -> Iterator[Problem]:
    actions = store.get("actions")
    on = {
        "capture": _on(actions, "capture", Capture().on),
        "cancel": _on(actions, "cancel", Cancel().on),
    }
    for status in on["capture"]:
        if status in on["cancel"]:
            where = "capture" if _has(actions, "capture") else "cancel"
            yield document.problem((*path, where, "on"), f"{status} can't both capture and cancel")
    for kind, statuses in on.items():
        for status in statuses:
            if status in _INERT:
                yield document.problem((*path, kind, "on"), f"no money moves on an order that is {status}")
            if status == "refunded":
                text = "a refunded order is released or paid back without being listed here"
                yield document.problem((*path, kind, "on"), text)


def _has(actions: Any, kind: str) -> bool:
    return isinstance(actions, dict) and isinstance(actions.get(kind), dict) and "on" in actions[kind]


def _on(actions: Any, kind: str, default: tuple[str, ...]) -> list[str]:
    return _words(actions[kind]["on"]) if _has(actions, kind) else list(default)


def _groups(tree: Any, key: str) -> list[tuple[int, dict[str, Any]]]:
    items = tree.get(key) if isinstance(tree, dict) else None
    return [(i, item) for i, item in enumerate(items) if isinstance(item, dict)] if isinstance(items, list) else []


def _words(value: Any) -> list[str]:
    return [word for item in value if (word := _word(item))] if isinstance(value, list) else []


def _word(value: Any) -> str:
    """Return a scalar's text, or "" for what is none or can't be known."""
    try:
        return expand(value) if isinstance(value, str) else ""
    except VariableError:
        return ""
