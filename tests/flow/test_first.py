from pathlib import Path

from tests.flow.world import world


async def test_a_completed_order_is_captured_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        order, payment = w.resurs_order({"MUGG": 2, "LAMPA": 1})
        await w.cycle()
        w.store.set_status(order, "completed")
        print(await w.cycle())
        print(await w.story(order))
        assert w.resurs.books(payment).captured == 81125
        print(w.note_texts(order))
        calls = len(w.resurs.faults.seen)
        await w.cycle()
        print(w.resurs.faults.seen[calls:])
        assert w.resurs.books(payment).captured == 81125
