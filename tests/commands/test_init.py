"""`init`: a settings.yaml by options or by answers at a terminal, which holds and keeps what is in it to itself."""

import asyncio
import errno
import os
import pty
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from bridge.app import read_settings
from bridge.cli import server
from bridge.cli.shared import as_typed
from bridge.settings import Secret, schema_file
from tests.commands.shop import typed

STORE = {
    "--name": "butiken",
    "--url": "https://shop.example/",
    "--refund-per-action": "499.50",
    "--refunds-per-day": "none",
    "--environment": "production",
}
ECSTER = {"--provider": "ecster", "--ecster-merchant-key": "10000001"}
RESURS = {"--provider": "resurs", "--resurs-store-id": "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10"}
HERE = Path("settings.yaml")


def words(*options: dict[str, str]) -> list[str]:
    return ["init", "--yes", *(word for given in options for pair in given.items() for word in pair)]


def test_it_writes_what_the_options_say_with_secrets_by_name(tmp_path: Path) -> None:
    ran = typed(
        *words(STORE, RESURS, ECSTER, {"--consumer-key": "file:/run/secrets/wc_key", "--alerts-to": "a@b.se"})
    )
    assert (ran.code, ran.err) == (0, "")
    assert stat.S_IMODE((tmp_path / HERE).stat().st_mode) == 0o640
    made = read_settings(tmp_path / HERE)
    [store] = made.stores
    assert (store.name, store.url, store.mode) == ("butiken", "https://shop.example", "shadow")
    assert (str(store.limits.refund_per_action), store.limits.refunds_per_day) == ("499.50", None)
    assert [(it.type, it.environment) for it in store.providers] == [
        ("resurs", "production"),
        ("ecster", "production"),
    ]
    assert (store.consumer_key, store.consumer_secret) == (
        Secret({"file": "/run/secrets/wc_key"}),
        Secret("${WC_SECRET}"),
    )
    assert made.alerts.email.to == ("a@b.se",)
    for needed in ("WC_SECRET", "RESURS_CLIENT_SECRET", "ECSTER_API_KEY", "/run/secrets/wc_key", "bridge check"):
        assert needed in ran.out


def test_what_it_writes_keeps_the_comments_and_leads_editors_to_the_schema(tmp_path: Path) -> None:
    typed(*words(STORE, ECSTER))
    text = (tmp_path / HERE).read_text(encoding="utf-8")
    assert text.splitlines()[0] == f"# yaml-language-server: $schema={schema_file()}"
    assert schema_file().is_file()
    assert "live: act; the shop plugin's own order management is switched off" in text
    assert "outlet" not in text


def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    (tmp_path / HERE).write_text("mine", encoding="utf-8")
    ran = typed(*words(STORE, ECSTER))
    assert (ran.code, ran.err.count("\n"), (tmp_path / HERE).read_text(encoding="utf-8")) == (2, 1, "mine")
    assert "settings.yaml is there already: --force replaces it" in ran.err
    assert typed(*words(STORE, ECSTER), "--force").code == 0
    assert read_settings(tmp_path / HERE).stores[0].name == "butiken"
    assert [file.name for file in tmp_path.iterdir()] == [HERE.name]


def test_json_says_where_it_is_and_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "of shop.yaml"
    told = typed(*words(STORE, ECSTER), "--json", "--settings", str(path)).json
    assert (told["settings"], told["variables"], told["files"]) == (
        str(path),
        ["ECSTER_API_KEY", "WC_KEY", "WC_SECRET"],
        [],
    )
    assert told["next"][1] == f"{sys.executable} -m bridge check --settings '{path}'"


@pytest.mark.parametrize(
    ("file", "secrets", "url", "steps"),
    [
        (
            "settings.yaml",
            ["wc_key", "wc_secret", "ecster_api_key"],
            "sqlite:///var/lib/wc-bridge/bridge.sqlite3",
            ["wc-bridge check", "systemctl enable --now wc-bridge wc-bridge-backup.timer"],
        ),
        (
            "butiken.yaml",
            ["butiken-wc_key", "butiken-wc_secret", "butiken-ecster_api_key"],
            "sqlite:///var/lib/wc-bridge/butiken/bridge.sqlite3",
            [
                "wc-bridge check --settings {file}",
                "systemctl enable --now wc-bridge@butiken wc-bridge-backup@butiken.timer",
            ],
        ),
    ],
)
def test_on_a_server_it_proposes_what_the_units_and_the_install_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, secrets: list[str], url: str, steps: list[str]
) -> None:
    monkeypatch.setattr(server, "FOLDER", tmp_path)
    path = tmp_path / file
    ran = typed(*words(STORE, ECSTER), "--settings", str(path))
    made = read_settings(path)
    [store] = made.stores
    assert (ran.code, made.database) == (0, url)
    assert store.consumer_key == Secret({"file": str(tmp_path / "secrets" / secrets[0])})
    lines = [line.strip() for line in ran.out.splitlines()]
    assert [line.rpartition("/")[2] for line in lines if line.startswith("install ")] == secrets
    assert lines[-2:] == [step.format(file=path) for step in steps]
    assert "export" not in ran.out


@pytest.mark.parametrize(
    ("started", "found", "said"),
    [
        ("/usr/bin/wc-bridge", "/usr/bin/wc-bridge", "wc-bridge"),
        ("/opt/of us/bin/wc-bridge", "/usr/local/bin/wc-bridge", "'/opt/of us/bin/wc-bridge'"),
        ("/opt/bin/wc-bridge", None, "/opt/bin/wc-bridge"),
        ("bin/wc-bridge", None, "{here}/bin/wc-bridge"),
        ("/opt/bridge/__main__.py", "/usr/bin/wc-bridge", f"{sys.executable} -m bridge"),
    ],
)
def test_the_program_is_named_as_it_can_be_typed_anywhere(
    monkeypatch: pytest.MonkeyPatch, started: str, found: str | None, said: str
) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    monkeypatch.setattr(shutil, "which", lambda _: found)
    assert as_typed() == said.format(here=Path.cwd())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--url": "shop.example"}, "--url: must be an address like https://shop.example"),
        ({"--name": "min butik"}, "--name: must be 1 to 64 letters, digits, dots, - or _"),
        (
            {"--provider": "klarna"},
            "--provider: 'klarna' is none of the providers that are installed",
        ),
        ({"--environment": "prod"}, "--environment: must be production or test"),
        ({"--refund-per-action": "a lot"}, "--refund-per-action: must be an amount like 500 or 499.50"),
        (
            {"--database": "bridge.sqlite3"},
            "--database: must be sqlite:///absolute/path or postgresql://user@host/name",
        ),
        ({"--alerts-to": "Anna"}, "--alerts-to: must be an e-mail address"),
        ({"--consumer-key": "${WC-KEY}"}, "--consumer-key: ${ must be followed by a variable's name"),
        (
            {"--settings": "/nowhere/settings.yaml"},
            "settings.yaml can't be written: No such file",
        ),
    ],
)
def test_wrong_answer_is_one_line_and_writes_nothing(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    ran = typed(*words({**STORE, **ECSTER, **changed}))
    assert (ran.code, ran.out, ran.err.count("\n"), list(tmp_path.iterdir())) == (2, "", 1, [])
    assert said in ran.err


def test_without_a_terminal_all_that_is_missing_is_named() -> None:
    ran = typed("init", "--provider", "resurs", "--yes")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.endswith(
        "say --name, --url, --environment, --resurs-store-id, --refund-per-action, --refunds-per-day as well\n"
    )


ANSWERS = [
    ("identity", "butiken"),
    ("address", "shop.example"),
    ("Error: must be an address", "https://shop.example"),
    ("key", "ck_typed_at_the_terminal"),
    ("secret", ""),
    ("Payment providers", "ecster"),
    ("production or test", "test"),
    ("secret key", "file:/run/secrets/ecster"),
    ("merchant", "10000001"),
    ("single refund", "500"),
    ("24 hours", "none"),
    ("Mail address", ""),
    ("Database", ""),
]


async def test_at_a_terminal_it_asks_and_shows_no_secret(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bridge", "init"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        start_new_session=True,
    )
    os.close(theirs)
    seen = ""
    try:
        async with asyncio.timeout(60):
            for question, answer in ANSWERS:
                asked = ""
                while question not in asked or not asked.endswith(": "):
                    asked += (await asyncio.to_thread(os.read, ours, 4096)).decode()
                seen += asked
                os.write(ours, f"{answer}\n".encode())
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        os.close(ours)
    assert "ck_typed" not in seen
    store = read_settings(tmp_path / HERE).stores[0]
    assert store.consumer_key.reveal() == "ck_typed_at_the_terminal"
    assert store.consumer_secret == Secret("${WC_SECRET}")
    assert store.providers[0].environment == "test"


def test_on_a_server_a_variable_is_one_of_the_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "FOLDER", tmp_path)
    for name, where in (
        ("settings.yaml", "in /etc/wc-bridge/environment, which the daemon alone reads"),
        ("settings.yml", "with `export`"),  # no unit reads a file of this name
    ):
        ran = typed(*words(STORE, ECSTER), "--consumer-key", "${WC_KEY}", "--settings", str(tmp_path / name))
        assert ran.code == 0
        [line] = [line.strip() for line in ran.out.splitlines() if line.strip().startswith("set ")]
        assert ("WC_KEY" in line, line.endswith(where)) == (True, True), line


def test_who_may_not_write_it_is_told_who_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may be root's, who may write anywhere."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path))

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refused)
    path = tmp_path / "settings.yaml"
    ran = typed(*words(STORE, ECSTER), "--settings", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"wc-bridge: {path} can't be written: you may not; on a server root writes it\n"
