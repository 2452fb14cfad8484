"""Order notes: written once, and looked for by their mark before they are written again."""

from datetime import timedelta

import structlog

from bridge.db.outbox import DueNote
from bridge.domain.alerts import Topic
from bridge.domain.lifecycle import CAP, retry_delay
from bridge.engine.alarm import alarm
from bridge.engine.unit import Unit
from bridge.errors import AccessDenied, AnswerLost, NotThere, Rejected, RemoteError

log = structlog.get_logger()

PATIENCE = timedelta(minutes=2)
"""How long a note that was sent may be without an ending before it is looked for."""


async def write_notes(unit: Unit, order_id: int) -> None:
    """Write the notes of one order that are due, in their order; none while the store is in shadow mode."""
    if not unit.live:
        return
    for note in await unit.outbox.notes(order_id, unit.now()):
        if note.about and await _is_untrue(unit, order_id, note):
            await unit.outbox.note_withdrawn(note.id)
            continue
        try:
            note_id = await _write(unit, order_id, note)
        except (NotThere, Rejected) as error:
            await unit.outbox.note_ended(note, None, f"note not written: {error}", unit.now())
        except RemoteError as error:
            delay = retry_delay(note.attempts + 1, unit.now() - note.created, unit.chance(), _least(error))
            await unit.outbox.note_delayed(note.id, unit.now() + delay)
            await _tell(unit, order_id, error)
            return
        else:
            if note_id is None:
                return
            unit.mute = ""
            await unit.outbox.note_ended(note, note_id, note.text, unit.now())


def _least(error: RemoteError) -> timedelta | None:
    """How long to wait at least: one whose answer was lost may reach the shop after all."""
    if isinstance(error, AccessDenied):
        return CAP
    return PATIENCE if isinstance(error, AnswerLost) else getattr(error, "after", None)


async def _tell(unit: Unit, order_id: int, error: RemoteError) -> None:
    """A key that may not write leaves staff without a word: that is an alert, told once."""
    news = isinstance(error, AccessDenied) and unit.mute != str(error)
    if news:
        unit.mute = str(error)
        text = f"no note can be written: {error}"
        await alarm(unit, Topic.ACCESS_DENIED, text, problem=text, who=error.who)
    else:
        log.warning("note.failed", store=unit.store.name, order=order_id, problem=str(error))


async def _is_untrue(unit: Unit, order_id: int, note: DueNote) -> bool:
    """Whether what a note says an order waits for may have changed before it could be written."""
    known = await unit.journal.known(order_id)
    changed = known.record.changed if known and known.record else unit.now()
    tried = known is not None and known.attempts > 0
    return not (tried or note.about in unit.outages) or changed > note.created


async def _write(unit: Unit, order_id: int, note: DueNote) -> int | None:
    """Write one note; None where somebody else is at it.

    It may have been sent before, without an answer, or before a backup was put back: then it is looked for first.
    """
    if note.attempts or unit.restored is not None:
        ending = f"(wc-bridge {note.mark})"
        for there in await unit.store.notes(order_id):
            if there.text.rstrip().endswith(ending):
                return there.id
    if not await unit.outbox.note_tried(note, unit.now() + PATIENCE):
        return None
    return await unit.store.add_note(order_id, note.text)
