"""Order notes through the API."""

import pytest

from tests.sandbox.stores import open_store


@pytest.mark.parametrize(
    ("posted", "kept"),
    [
        ("<b>fet</b> <a href='https://x.example'>här</a>", "<b>fet</b> <a href='https://x.example'>här</a>"),
        ("före<script>alert(1)</script>efter", "förealert(1)efter"),
        ("rad ett\nrad två 🎉", "rad ett\nrad två 🎉"),
        ("Berg & Dal &amp; 1 < 2", "Berg &amp; Dal &amp; 1 &lt; 2"),
    ],
)
async def test_html_is_filtered(posted: str, kept: str) -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        made = await store.ask("POST", f"orders/{order}/notes", json={"note": posted})
        read = await store.get(f"orders/{order}/notes/{made.body['id']}")
    assert (made.status, read["note"]) == (201, kept)


async def test_a_note_of_100000_characters_is_a_500_and_is_not_kept() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        before = len(store.sandbox.notes(order))
        answered = await store.ask("POST", f"orders/{order}/notes", json={"note": "x" * 100_000})
        assert (answered.status, len(store.sandbox.notes(order))) == (500, before)


async def test_internal_notes_are_those_that_the_customer_does_not_get() -> None:
    async with open_store(version="8.2.2", storage="posts") as store:
        order = store.sandbox.create_order({"MUGG": 1}, status="pending")
        await store.ask("POST", f"orders/{order}/notes", json={"note": "till oss"})
        await store.ask("POST", f"orders/{order}/notes", json={"note": "till kunden", "customer_note": True})
        internal = await store.get(f"orders/{order}/notes", type="internal")
        customer = await store.get(f"orders/{order}/notes", type="customer")
    assert [note["note"] for note in internal] == ["till oss"]
    assert [note["note"] for note in customer] == ["till kunden"]


async def test_a_note_is_deleted_for_good_or_not_at_all() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        note = store.sandbox.add_note(order, "hej")
        assert (await store.ask("DELETE", f"orders/{order}/notes/{note}")).status == 501
        assert (await store.ask("DELETE", f"orders/{order}/notes/{note}", query={"force": "true"})).status == 200
        assert (await store.ask("GET", f"orders/{order}/notes/{note}")).status == 404
