"""A database that can't be used (full, locked, read-only): told once when it begins, and once when it is over.

What could not be written is done later by itself; no order needs anybody for it.
"""

from dataclasses import replace
from datetime import timedelta

import structlog

from bridge.db.failures import database_failed, said
from bridge.domain.alerts import Alert, Topic
from bridge.engine.unit import Broken, Unit
from bridge.errors import DatabaseError

log = structlog.get_logger()

QUIET = timedelta(minutes=3)
"""After which without another failure it is over; longer than an order rests whose work could not be written."""


def is_failure(error: BaseException) -> bool:
    """Whether the database failed, rather than we."""
    return isinstance(error, DatabaseError) or (isinstance(error, Exception) and database_failed(error))


def failed(unit: Unit, error: BaseException) -> bool:
    """Whether it is the database that failed; then that is remembered, to be told."""
    if not is_failure(error):
        return False
    told = unit.broken is not None and unit.broken.told
    unit.urgent.broken[unit.store.name] = Broken(why=said(error), last=unit.now(), told=told)
    return True


def tell(unit: Unit) -> None:
    """Tell what has begun to fail. A command tells it at its end."""
    if unit.broken is not None and not unit.broken.told:
        log.error("database.unusable", store=unit.store.name, problem=unit.broken.why)
        unit.urgent.broken[unit.store.name] = replace(unit.broken, told=True)
        text = (
            f"the database can't be used: {unit.broken.why}. Nothing is done meanwhile, and nothing is lost; see "
            "to its disk, its permissions or its server"
        )
        unit.urgent.add(Alert(topic=Topic.DATABASE, store=unit.store.name, text=text, at=unit.now()))


def works(unit: Unit) -> None:
    """The database took what a poll has read; that it takes all else is sure after a while."""
    if unit.broken is not None and unit.now() - unit.broken.last >= QUIET:
        log.info("database.usable", store=unit.store.name)
        if unit.broken.told:
            text = "the database can be used again"
            unit.urgent.forget(unit.store.name, set(Topic) - {Topic.BUG})
            unit.urgent.add(Alert(topic=Topic.DATABASE_OVER, store=unit.store.name, text=text, at=unit.now()))
        del unit.urgent.broken[unit.store.name]
