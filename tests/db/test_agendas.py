"""In which stores there is anything to do, asked of many at once."""

from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bridge.db import models
from bridge.db.agendas import with_alerts, with_work
from bridge.db.connection import existing
from bridge.domain.reasons import Reason
from tests import databases

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
NAMES = ("butiken", "filialen")

pytestmark = pytest.mark.on_postgresql

Put = Callable[[], Awaitable[Any]]
Ask = Callable[[Collection[str]], Awaitable[set[str]]]


async def order(**values: Any) -> models.OrderRow:
    return await models.OrderRow.create(store_id="butiken", order_id=1, **values)


async def note(next_try: datetime | None) -> None:
    row = await order()
    await models.NoteRow.create(order_id=row.id, mark="m", text="t", created=NOW, next_try=next_try)


async def action(open_slot: int | None) -> None:
    row = await order()
    await models.ActionRow.create(
        order_id=row.id,
        open_slot=open_slot,
        step="{}",
        key="k",
        kind="capture",
        state="held",
        amount=1,
        target=1,
        currency="SEK",
        provider="resurs",
        created=NOW,
        updated=NOW,
    )


async def first(differed: str, *, told: bool) -> None:
    await models.FirstRow.create(store_id="butiken", account="", call="capture", differed=differed, told=told)


def store(**values: Any) -> Put:
    return lambda: models.StoreRow.filter(name="butiken").update(**values)


WORK: dict[str, tuple[Put, bool]] = {
    "nothing": (order, False),
    "a look": (lambda: order(due=NOW), True),
    "a look later": (lambda: order(due=LATER), False),
    "a note": (lambda: note(NOW), True),
    "a note later": (lambda: note(LATER), False),
    "a note that is written": (lambda: note(None), False),
    "a resync": (store(relook_below=7), True),
}
ALERTS: dict[str, tuple[Put, bool]] = {
    "nothing": (order, False),
    "something begun": (lambda: action(1), True),
    "something done": (lambda: action(None), False),
    "no money": (lambda: order(watched=True, attention=Reason.NO_MONEY), True),
    "no money, and nobody waits for any": (lambda: order(watched=False, attention=Reason.NO_MONEY), False),
    "a first call that differed": (lambda: first("{}", told=False), True),
    "a first call that differed, and was told of": (lambda: first("{}", told=True), False),
    "a first call": (lambda: first("", told=False), False),
    "it is held": (store(held="rewound", held_told=False), True),
    "it is held, and that was told": (store(held="rewound", held_told=True), False),
}


QUESTIONS: dict[str, tuple[Ask, dict[str, tuple[Put, bool]]]] = {
    "work": (partial(with_work, now=NOW), WORK),
    "alerts": (with_alerts, ALERTS),
}
CASES = {f"{name}: {case}": (ask, *row) for name, (ask, table) in QUESTIONS.items() for case, row in table.items()}


@pytest.mark.parametrize(("ask", "put", "found"), CASES.values(), ids=CASES)
async def test_in_which_there_is_anything(tmp_path: Path, database: str, ask: Ask, put: Put, found: bool) -> None:
    url = databases.url_in(tmp_path)
    await databases.make(url)
    async with existing(url):
        for name in NAMES:
            await models.StoreRow.create(name=name)
        await put()
        assert await ask(NAMES) == ({"butiken"} if found else set())
        assert await ask(["filialen"]) == set()
        assert await ask([]) == set()
