"""The nightly backups, as the unit makes them."""

from pathlib import Path

from tests.commands.shop import Shop
from tests.project.units import keys


async def test_the_backup_is_made_as_the_timer_has_it_and_the_oldest_goes(shop: Shop) -> None:
    folder = shop.folder / "backups"
    folder.mkdir()
    assert (await shop.types("db", "create")).code == 0
    line = keys("wc-bridge-backup.service")["ExecStart"][0].split()
    words = line[1 : line.index("--settings")]
    words[words.index("/var/lib/wc-bridge/backups")] = str(folder)
    keep = int(words[words.index("--keep") + 1])
    old = [folder / f"bridge-backup-202601{day:02}T030000Z.sqlite3" for day in range(1, keep + 2)]
    others = [folder / name for name in ("notes.txt", "bridge-before-upgrade-20260101T030000Z.sqlite3")]
    for file in (*old, *others):
        file.touch()
    ran = await shop.types(*words, "--json")
    assert (ran.code, ran.json["removed"]) == (0, [str(file) for file in old[:2]])
    assert sorted(folder.iterdir()) == sorted([*old[2:], *others, Path(ran.json["backup"])])


async def test_a_backup_that_fails_removes_none(shop: Shop) -> None:
    folder = shop.folder / "backups"
    folder.mkdir()
    old = [folder / f"bridge-backup-2026010{day}T030000Z.sqlite3" for day in (1, 2)]
    for file in old:
        file.touch()
    assert (await shop.types("db", "backup", str(folder), "--keep", "1")).code == 3
    assert sorted(folder.iterdir()) == old
    ran = await shop.types("db", "backup", str(folder / "one.sqlite3"), "--keep", "1")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
