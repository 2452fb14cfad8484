"""`db`, and the other commands on PostgreSQL: typed, with a daemon in a process of its own."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.db.urls import sqlite_path, sqlite_url
from tests import databases
from tests.commands.shop import Shop, started, typed, until
from tests.db.rows import write


@pytest.fixture
async def served(shop: Shop, database: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop whose bridge has a database of the kind that this test runs on."""
    shop.settings["database"] = databases.url_in(tmp_path)
    yield shop
    await databases.lose(shop.settings["database"])


@pytest.mark.on_postgresql
async def test_a_backup_while_the_daemon_runs_and_a_restore_when_it_does_not(served: Shop, tmp_path: Path) -> None:
    assert (await served.types("db", "create")).code == 0
    order, payment = await served.known()
    served.store.set_status(order, "completed")
    file = tmp_path / "backup.sqlite3"
    async with served.daemon() as daemon:
        backup = await served.types("db", "backup", str(file), "--json")
        await until(lambda: len(served.writes()) == 2)
        refused = [
            await served.types("db", "restore", str(file), "--yes"),
            await served.types("db", "upgrade"),
            await served.types("db", "copy", served.settings["database"], sqlite_url(tmp_path / "copy.sqlite3")),
        ]
        assert (await served.types("once", "--dry-run", "--wait", "0s")).code == 0
        assert (await daemon.stop()).code == 0
    assert (backup.code, backup.json["backup"]) == (0, str(file))
    for ran in refused:
        assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1)
        assert "another wc-bridge works on" in ran.err
    calls = served.writes()
    restored = await served.types("db", "restore", str(file), "--yes", "--json")
    assert restored.code == 0
    assert (
        await served.types("db", "copy", sqlite_url(Path(restored.json["kept"])), f"sqlite://{file}.2")
    ).code == 0
    assert (await served.types("once", "--wait", "5s")).code == 0
    assert served.resurs.books(payment).captured == 81125
    assert served.writes() == calls


@pytest.mark.on_postgresql
async def test_an_older_database_is_refused_until_it_is_upgraded(served: Shop, tmp_path: Path) -> None:
    url = served.settings["database"]
    await databases.make_empty(url)
    await write(url, "0003_eyes")
    async with started("run", "--settings", str(served.path)) as daemon:
        refused = [await daemon.ended()]
    refused += [await served.types(*words) for words in (["once"], ["once", "--dry-run"], ["status"])]
    for ran in refused:
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert "is of an older version (0003_eyes): `wc-bridge db upgrade` makes a backup" in ran.err
    assert (await served.types("db")).code == 1
    upgraded = await served.types("db", "upgrade", "--backup", str(tmp_path / "before.sqlite3"))
    assert upgraded.code == 0
    assert f"as it was before, it is in {tmp_path / 'before.sqlite3'}" in upgraded.out
    looked = await served.types("db", "--json")
    assert (looked.code, looked.json["age"]) == (0, "current")
    assert (await served.types("db", "upgrade")).out == "there is nothing to do\n"


@pytest.mark.on_postgresql(alone=True)
async def test_a_dry_run_on_a_server_shows_what_would_be_done_and_writes_nothing(served: Shop) -> None:
    assert (await served.types("db", "create")).code == 0
    order, _ = await served.known()
    served.store.set_status(order, "completed")
    ran = await served.types("once", "--dry-run", "--wait", "5s")
    assert "would capture 811.25 SEK" in ran.out
    assert await served.actions() == []
    assert served.writes() == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://bridge@127.0.0.1:9/bridge", "nobody answers at 127.0.0.1:9: does PostgreSQL run there?"),
        ("postgresql://bridge@/bridge?host=/no", "nobody answers at /no:5432: does PostgreSQL run there?"),
        ("postgresql://bridge@nobody.invalid/b", "no machine is known by the name of nobody.invalid"),
    ],
)
@pytest.mark.parametrize("words", [["run"], ["once"], ["once", "--dry-run"], ["status"], ["db"], ["db", "backup"]])
def test_a_server_that_is_not_there_is_one_line(tmp_path: Path, address: str, said: str, words: list[str]) -> None:
    store = {"name": "b", "url": "http://127.0.0.1:9", "consumer_key": "ck_1", "consumer_secret": "cs_1"}
    path = tmp_path / "of-the-shop.yaml"
    path.write_text(json.dumps({"database": address, "web": None, "stores": [store]}), encoding="utf-8")
    ran = typed(*words, "--settings", str(path))
    assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1), ran.err
    assert f"the database {address} can't be used: {said}" in ran.err


async def test_restore_looks_first_and_then_asks(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.known()
    backup, other = tmp_path / "backup.sqlite3", tmp_path / "other.sqlite3"
    assert (await shop.types("db", "backup", str(backup))).code == 0
    other.touch()
    before = shop.files()
    for file, code, said in (
        (tmp_path / "nothing.sqlite3", 3, "there is no database at "),
        (other, 3, "other.sqlite3 is no backup of wc-bridge"),
        (backup, 2, "? [y/N] wc-bridge: nothing was changed: answer y, or say --yes"),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        ran = await shop.types("db", "restore", str(file))
        assert (ran.code, said in ran.err, "[y/N]" in ran.err) == (code, True, file == backup), ran.err
    assert shop.files() == before


def test_a_copy_of_nothing_says_so(tmp_path: Path) -> None:
    source, target = (sqlite_url(tmp_path / name) for name in ("no/a.sqlite3", "b.sqlite3"))
    ran = typed("db", "copy", source, target)
    said = f"wc-bridge: there is nothing to copy at {source}: no such file\n"
    assert (ran.code, ran.out, ran.err) == (3, "", said)
    assert list(tmp_path.iterdir()) == []


async def test_a_copy_takes_addresses_alone(shop: Shop) -> None:
    ran = await shop.types("db", "copy", "bridge.sqlite3", "postgresql://u:s3cret@h/n")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "must be sqlite:///absolute/path or postgresql://user@host/name" in ran.err


@pytest.mark.on_postgresql(alone=True)
async def test_the_daemon_goes_on_after_its_server_was_away(served: Shop) -> None:
    assert (await served.types("db", "create")).code == 0
    order, payment = await served.known()
    async with started("run", "--settings", str(served.path)) as daemon:
        await daemon.says("daemon.started")
        await databases.administer(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wc-bridge'"
        )
        served.store.set_status(order, "completed")
        await until(lambda: served.resurs.books(payment).captured == 81125)
        assert (await daemon.stop()).code == 0
    assert sqlite_path(served.settings["database"]) is None
