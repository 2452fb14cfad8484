"""A whole database: made, brought up, backed up, put back and copied, of either kind."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from tortoise.migrations.recorder import MigrationRecorder

from bridge.db import holds, upkeep
from bridge.db.connection import existing, opened
from bridge.db.copying import copy
from bridge.db.ends import End, reading
from bridge.db.lock import alone
from bridge.db.models import EventRow, StoreRow
from bridge.db.schema import Age
from bridge.db.urls import sqlite_path, sqlite_url
from bridge.errors import DatabaseError
from tests import databases
from tests.db.rows import NOON, WRITTEN, execute, execute_together, read, write
from tests.postgres import GUARDED, PASSWORD, Server

pytestmark = pytest.mark.on_postgresql
TOGETHER = (
    "INSERT INTO settlements (order_id, refund, how, amount) VALUES (7, 1, 'paid', 1)",
    "INSERT INTO events (order_id, at, topic, text) VALUES (7, '2026-11-21 12:00:00+00:00', 'seen', '')",
)
OLDER = ["0001_initial", "0002_rules", "0003_eyes"]


@pytest.fixture
async def url(database: str, tmp_path: Path) -> str:
    """Of a database that is empty, or not there yet."""
    made = databases.url_in(tmp_path)
    await databases.make_empty(made)
    return made


async def test_migrations_from_empty_make_what_this_version_works_on(url: str) -> None:
    async with opened(url):
        await StoreRow.create(name="butiken")
    assert (await upkeep.look(url)).age is Age.CURRENT
    async with opened(url):
        assert (await StoreRow.get(name="butiken")).mode == "shadow"


async def test_a_database_whose_making_was_cut_off_is_made_by_the_next_start(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No table is there without the record that says so, or the next start would trip over it for ever."""
    record = MigrationRecorder.record_applied

    async def cut_off(self: MigrationRecorder, app: str, name: str) -> None:
        if name == OLDER[1]:
            raise asyncio.CancelledError
        await record(self, app, name)

    with monkeypatch.context() as patched:
        patched.setattr(MigrationRecorder, "record_applied", cut_off)
        with pytest.raises(asyncio.CancelledError):
            async with opened(url):
                pass
    async with opened(url):
        await StoreRow.create(name="butiken")


@pytest.mark.parametrize("version", OLDER)
async def test_migrations_from_every_earlier_version_keep_what_is_there(
    url: str, tmp_path: Path, version: str
) -> None:
    await write(url, version)
    with pytest.raises(DatabaseError, match=f"of an older version .{version}.: `wc-bridge db upgrade`"):
        async with opened(url):
            pass
    assert await upkeep.upgrade(url, tmp_path / "before.sqlite3")
    assert await read(url) == WRITTEN
    async with existing(url):
        assert (await StoreRow.get(name="butiken")).restored is None
    before = await upkeep.look(sqlite_url(tmp_path / "before.sqlite3"))
    assert (before.age, before.version) == (Age.OLDER, version)
    assert await read(sqlite_url(tmp_path / "before.sqlite3")) == WRITTEN
    assert not await upkeep.upgrade(url, tmp_path / "again.sqlite3")


async def test_a_store_that_was_held_before_an_upgrade_is_held_after_it(url: str, tmp_path: Path) -> None:
    await write(url, "0003_eyes")
    await execute(url, "UPDATE stores SET rewound = 'order 7 went back' WHERE name = 'butiken'")
    assert await upkeep.upgrade(url, tmp_path / "before.sqlite3")
    async with existing(url):
        assert await holds.held("butiken") == (holds.Held.REWOUND, "order 7 went back")
        assert await holds.untold("butiken") is None


async def test_a_newer_schema_is_refused(url: str, tmp_path: Path) -> None:
    await write(url)
    migration = "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('bridge', '9999_x', '2030-01-01')"
    await execute(url, migration)
    for refused in (opened(url), existing(url)):
        with pytest.raises(DatabaseError, match=r"of a newer version of wc-bridge .9999_x.: upgrade this one"):
            async with refused:
                pass
    with pytest.raises(DatabaseError, match="newer"):
        await upkeep.upgrade(url, tmp_path / "before.sqlite3")


@pytest.mark.parametrize("version", [*OLDER, "__latest__"])
async def test_a_backup_put_back_has_everything(url: str, tmp_path: Path, version: str) -> None:
    await write(url, version)
    file = tmp_path / "backup.sqlite3"
    await upkeep.backup(url, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with closing(sqlite3.connect(file)) as made:
        assert made.execute("PRAGMA journal_mode").fetchone()[0] == "delete", "one file, without a log beside it"
    await execute(url, "DELETE FROM events")
    await execute(url, "UPDATE stores SET name = 'other' WHERE name <> 'butiken'")
    assert await upkeep.restore(url, file, tmp_path / "aside.sqlite3", NOON)
    found = await read(url)
    assert found["actions"][0].pop("approved") is False, "whoever approved it may have thought better of it since"
    assert found["events"] == WRITTEN["events"]
    assert {table: rows for table, rows in found.items() if table != "actions"} == {
        table: rows for table, rows in WRITTEN.items() if table != "actions"
    }
    aside = await read(sqlite_url(tmp_path / "aside.sqlite3"))
    assert (aside["events"], aside["stores"][1]["name"]) == ([], "other")
    async with existing(url):
        assert (await StoreRow.get(name="butiken")).restored == NOON
        new = await EventRow.create(order_id=7, at=NOON, topic="seen", text="more")
        assert new.id > 9


@pytest.mark.on_postgresql(alone=True)
async def test_a_backup_of_one_kind_is_put_back_into_the_other(tmp_path: Path, database: str) -> None:
    lite, served = sqlite_url(tmp_path / "lite.sqlite3"), databases.url_in(tmp_path)
    await write(lite)
    await upkeep.backup(lite, tmp_path / "backup.sqlite3")
    await databases.make_empty(served)
    assert not await upkeep.restore(served, tmp_path / "backup.sqlite3", tmp_path / "aside.sqlite3", NOON)
    assert (await read(served))["orders"] == WRITTEN["orders"]
    assert not (tmp_path / "aside.sqlite3").exists()


async def test_a_copy_has_everything_and_goes_on_from_there(url: str, tmp_path: Path) -> None:
    """From one kind to the other, and back."""
    await write(url)
    other = sqlite_url(tmp_path / "other.sqlite3")
    await upkeep.move(url, other)
    assert await read(other) == WRITTEN
    await databases.lose(url)
    await upkeep.move(other, url)
    assert await read(url) == WRITTEN
    async with existing(url):
        assert (await StoreRow.get(name="butiken")).restored is None
        new = await EventRow.create(order_id=7, at=NOON, topic="seen", text="more")
        assert new.id > 9


async def test_a_copy_writes_over_nothing(url: str, tmp_path: Path) -> None:
    await write(url)
    other = sqlite_url(tmp_path / "other.sqlite3")
    await write(other)
    for source, target in ((url, other), (other, url)):
        with pytest.raises(DatabaseError, match="already: nothing is written over it"):
            await upkeep.move(source, target)
    file = tmp_path / "letter"
    file.write_text("to grandmother")
    with pytest.raises(DatabaseError, match="letter is there already"):
        await upkeep.backup(url, file)
    assert file.read_text() == "to grandmother"


async def test_what_is_no_backup_is_refused_and_nothing_changes(url: str, tmp_path: Path) -> None:
    await write(url)
    letter, empty = tmp_path / "letter", tmp_path / "empty"
    letter.write_text("this is a letter to grandmother, and no database at all" * 9)
    sqlite3.connect(empty).close()
    empty.touch()
    for file, said in (
        (letter, "not a database"),
        (empty, "is no backup of wc-bridge"),
        (tmp_path / "no", "there is no database"),
    ):
        with pytest.raises(DatabaseError, match=said):
            await upkeep.restore(url, file, tmp_path / "aside.sqlite3", NOON)
    assert await read(url) == WRITTEN


async def test_a_nul_in_a_text_does_not_keep_a_database_from_being_copied(tmp_path: Path, database: str) -> None:
    lite, other = sqlite_url(tmp_path / "lite.sqlite3"), databases.url_in(tmp_path)
    await databases.make_empty(other)
    await write(lite)
    await execute(lite, "UPDATE events SET text = 'a' || char(0) || 'b'")
    await copy(lite, other)
    text = "a\0b" if sqlite_path(other) else "a\ufffdb"
    assert [row["text"] for row in (await read(other))["events"]] == [text]


async def test_a_copy_is_of_one_moment_although_others_write_meanwhile(url: str) -> None:
    await write(url)

    async def count(end: End, table: str) -> int:
        return sum([len(rows) async for rows in end.read(table, ["id"])])

    async with reading(url) as end:
        settlements = await count(end, "settlements")
        await execute_together(url, *TOGETHER)
        assert (settlements, await count(end, "events")) == (1, 1)
    async with reading(url) as end:
        assert (await count(end, "settlements"), await count(end, "events")) == (2, 2)


async def test_what_needs_the_database_for_itself_is_refused_beside_a_worker(url: str, tmp_path: Path) -> None:
    await write(url)
    await upkeep.backup(url, tmp_path / "backup.sqlite3")
    async with alone(url):
        for work in (
            upkeep.upgrade(url, tmp_path / "a"),
            upkeep.restore(url, tmp_path / "backup.sqlite3", tmp_path / "b", NOON),
            upkeep.move(url, sqlite_url(tmp_path / "c")),
            upkeep.create(url),
        ):
            with pytest.raises(DatabaseError, match=r"another wc-bridge works on .* already: stop it first"):
                await work
        await upkeep.backup(url, tmp_path / "d")
    await upkeep.create(url)


@pytest.mark.on_postgresql(alone=True)
async def test_a_lock_that_was_lost_with_its_connection_is_taken_again(url: str) -> None:
    async with alone(url):
        administrator = await asyncpg.connect(url)
        held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        before = await administrator.fetchval(held)
        await administrator.execute("SELECT pg_terminate_backend($1)", before)
        async with asyncio.timeout(60):
            while await administrator.fetchval(held) in (None, before):
                await asyncio.sleep(0.005)
        await administrator.close()
        with pytest.raises(DatabaseError, match="another wc-bridge"):
            await upkeep.create(url)


async def test_create_makes_the_database_on_the_server_too(database: str, tmp_path: Path) -> None:
    url = databases.url_in(tmp_path)
    with pytest.raises(DatabaseError, match="wc-bridge"):
        await upkeep.look(url)
    for _ in range(2):
        await upkeep.create(url)
    assert (await upkeep.look(url)).age is Age.CURRENT
    await databases.lose(url)


@pytest.mark.on_postgresql(alone=True)
async def test_a_password_comes_from_the_url_or_the_environment(
    url: str, postgresql: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await databases.administer(f"DROP ROLE IF EXISTS {GUARDED}")
    await databases.administer(f"CREATE ROLE {GUARDED} SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    bare = url.replace("bridge@", f"{GUARDED}@")
    for key in ("PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(DatabaseError, match="password authentication failed"):
        await upkeep.look(bare)
    with pytest.raises(DatabaseError, match="password authentication failed") as refused:
        await upkeep.look(url.replace("bridge@", f"{GUARDED}:wr0ng@"))
    assert "wr0ng" not in str(refused.value)
    await upkeep.look(url.replace("bridge@", f"{GUARDED}:p%40ss%2Fw0rd@"))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    await upkeep.look(bare)
    monkeypatch.delenv("PGPASSWORD")
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:{GUARDED}:{PASSWORD}\n")
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    await upkeep.look(bare)
    socket = f"postgresql://bridge@/{bare.rpartition('/')[2]}?host={postgresql.folder}&port={postgresql.port}"
    await upkeep.look(socket)
