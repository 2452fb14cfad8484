"""All secrets at once: those that are missing, those that have changed, and those that anybody may read."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings import exposed, load, resolve
from tests.settings.conftest import KINDS, STORE, Load

NOWHERE = "the file nowhere can't be read: No such file or directory"


def test_every_secret_that_is_missing_is_told_at_once(load_text: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WC_KEY", "WC_SECRET", "SILVER"):
        monkeypatch.delenv(name, raising=False)
    text = STORE.replace("ck_1", "${WC_KEY}").replace("cs_1", "{file: nowhere}")
    settings = load_text(text + "    providers: [{type: silver, environment: test, api_key: '${SILVER}'}]\n")
    with pytest.raises(SettingsError) as caught:
        resolve(settings)
    assert str(caught.value).splitlines() == [
        "settings.yaml:5:19: stores[0].consumer_key: the environment variable WC_KEY is not set",
        f"settings.yaml:6:29: stores[0].consumer_secret.file: {NOWHERE}",
        "settings.yaml:7:60: stores[0].providers[0].api_key: the environment variable SILVER is not set",
    ]


def test_changed_file_tells_two_readings_apart_and_another_line_does_not(load_text: Load, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("one", encoding="utf-8")
    text = STORE.replace("ck_1", "{file: key}")
    first, moved = load_text(text), load_text("# a remark\n" + text)
    assert first == moved
    before = resolve(first)
    assert resolve(moved) == before
    key.write_text("two", encoding="utf-8")
    assert resolve(first) != before


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter, as no folder of pytest's is."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


KEY = "{file: 'FOLDER/wc key'}"


@pytest.mark.parametrize(
    ("key", "where", "of_settings", "of_key", "around", "told"),
    [
        ("ck_1", "", 0o644, 0o644, 0o755, ["settings.yaml"]),
        ("ck_1", "", 0o640, 0o644, 0o755, []),
        ("ck_1", "", 0o644, 0o644, 0o750, []),
        ("ck_${WC}", "", 0o644, 0o644, 0o755, ["settings.yaml"]),
        ("${WC}", "", 0o644, 0o644, 0o755, []),
        (KEY, "", 0o644, 0o640, 0o755, []),
        (KEY, "", 0o644, 0o644, 0o755, ["wc key"]),
        ("${WC}", "database: postgresql://u:pw@h/n\n", 0o644, 0o644, 0o755, ["settings.yaml"]),
        ("${WC}", "database: postgresql://u:${WC}@h/n\n", 0o644, 0o644, 0o755, []),
        ("${WC}", "database: postgresql://u@h/n\n", 0o644, 0o644, 0o755, []),
    ],
)
def test_file_with_secrets_that_anybody_may_read_is_told_with_the_line_that_mends_it(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    where: str,
    of_settings: int,
    of_key: int,
    around: int,
    told: list[str],
) -> None:
    monkeypatch.setenv("WC", "x")
    path, file = folder / "settings.yaml", folder / "wc key"
    file.write_text("ck_1", encoding="utf-8")
    text = STORE.replace("ck_1", key.replace("FOLDER", str(folder))).replace("cs_1", "${WC}")
    path.write_text(where + text, encoding="utf-8")
    file.chmod(of_key)
    path.chmod(of_settings)
    folder.chmod(around)
    lines = exposed(path, load(path, KINDS))
    assert [line.partition(" holds secrets")[0] for line in lines] == [str(folder / name) for name in told]
    for line in lines:
        os.system(line.rpartition("may read it: ")[2])  # noqa: S605 (what is told must mend it when it is typed)
    assert exposed(path, load(path, KINDS)) == []
    assert all(stat.S_IMODE((folder / name).stat().st_mode) == 0o640 for name in told)
