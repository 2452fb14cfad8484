"""A job that fails by a bug of ours: told when it begins, each day while it lasts, and once when it is over."""

from datetime import timedelta

import structlog

from bridge.domain.alerts import Alert, Topic
from bridge.engine.unit import Unit

log = structlog.get_logger()

QUIET = timedelta(hours=1)
"""For how long it must not have failed, to be over: what fails now and then is one thing, not many."""


def failed(unit: Unit, job: str, error: BaseException) -> None:
    """A round of the job ended in what nobody expected."""
    store, now = unit.store.name, unit.now()
    log.error("tick.failed", store=store, exc_info=error)
    unit.urgent.bugs.setdefault(store, {})[job] = now
    text = f"wc-bridge itself fails ({type(error).__name__}): its log says where, as tick.failed; report it"
    unit.urgent.add(Alert(topic=Topic.BUG, store=store, text=text, at=now))


def works(unit: Unit, job: str) -> None:
    """A round of the job ended well. It is over when no job of the store has failed any more for long."""
    store, now = unit.store.name, unit.now()
    failing = unit.urgent.bugs.get(store, {})
    if job not in failing or now - failing[job] < QUIET:
        return
    del failing[job]
    if not failing:
        log.info("tick.recovered", store=store)
        unit.urgent.forget(store, {Topic.BUG, Topic.BUG_OVER})
        text = "wc-bridge itself has not failed again for an hour"
        unit.urgent.add(Alert(topic=Topic.BUG_OVER, store=store, text=text, at=now))
