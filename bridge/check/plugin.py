"""Whether the shop plugin's own order management is on, as far as it shows: its switch, and what it did. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bridge.check.finding import Finding, Subject
from bridge.domain.alone import Followed, follows, strangers
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.rules import Rules
from bridge.providers.registry import ShopPlugin

_NAME = "provider.plugin"
_ON = "yes"


def judged(
    subject: Subject, plugin: ShopPlugin, switch: str | None, done: Sequence[tuple[Order, Followed]], *, live: bool
) -> Finding:
    """`switch` is what the shop shows of it (None: nothing); `done`, what seems to be the plugin's work."""
    on = _shown_on(switch, done)
    if not on:
        if switch is not None:
            return subject.ok(_NAME, "the shop plugin's own order management is switched off")
        ask = "" if live else f"; before mode: live, see that it is switched off: {plugin.switches}"
        return subject.ok(_NAME, f"the shop plugin's own order management does not show{ask}")
    if live:
        return subject.warn(
            _NAME,
            f"the shop plugin's own order management seems to be on: {on}; two would move the same money",
            f"switch off {plugin.switches} in the shop{'' if switch == _ON else ', unless that was done since'}",
        )
    text = f"the shop plugin's own order management is on, as it is to be in mode: shadow ({on})"
    return subject.ok(_NAME, f"{text}; before mode: live, switch off {plugin.switches}")


def _shown_on(switch: str | None, done: Sequence[tuple[Order, Followed]]) -> str:
    if switch == _ON:
        return "its switch is on"
    if not done:
        return ""
    order, it = done[-1]
    when = f"{it.entry.created:%Y-%m-%d %H:%M} UTC" if it.entry.created else "once"
    return f"on order {order.id}, a {it.entry.kind} that is not ours followed what was done in the shop, {when}"


def work(
    read: Sequence[tuple[Order, Payment]],
    rules: Rules,
    *,
    since: datetime | None,
    ahead: timedelta,
    now: datetime,
) -> list[tuple[Order, Followed]]:
    """Return what followed from changes in the shop as soon as a plugin acts, and is not ours; the last one last.

    Only after `since`, from when on nobody else is to act; None: whenever. The store's clock is `ahead` of ours.
    """
    found = [
        (order, it)
        for order, payment in read
        for it in strangers(order, payment, rules, ())
        if it.entry.created and (since is None or it.entry.created > since) and follows(it, ahead, now, now)
    ]
    return sorted(found, key=lambda pair: pair[1].entry.created or now)
