"""Giving an alert: a line in the log at once, and a row that goes out by every channel of settings.yaml."""

import structlog

from bridge.db import alerts
from bridge.domain.alerts import Alert, Topic
from bridge.engine.storage import is_failure
from bridge.engine.unit import Unit

log = structlog.get_logger()


async def alarm(
    unit: Unit,
    topic: Topic,
    text: str,
    *,
    orders: tuple[int, ...] = (),
    event: str = "store.alert",
    **figures: object,
) -> None:
    """Tell that something burns, or is over. The log line has the text, unless it has `figures` of its own."""
    said = figures or {"problem": text}
    log.error(event, store=unit.store.name, **said)
    await pass_on(unit, topic, text, orders)


async def pass_on(unit: Unit, topic: Topic, text: str, orders: tuple[int, ...] = ()) -> None:
    """Let the channels tell what the log has said. Where the database takes nothing they get it past it."""
    alert = Alert(topic=topic, store=unit.store.name, text=text, orders=orders, at=unit.now())
    try:
        await alerts.add(alert)
    except Exception as error:
        if not is_failure(error):
            raise
        unit.urgent.add(alert)
