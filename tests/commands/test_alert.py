"""Alerts as the administrator meets them: `alert test`, `run` and `once` with real programs."""

import sqlite3
from pathlib import Path

import pytest

from bridge.cli import server
from bridge.sandbox.server import Server
from tests.alerts.sink import Address, Sink
from tests.commands.shop import Ran, Shop, typed, until


@pytest.fixture
def sink(shop: Shop, tmp_path: Path) -> Sink:
    made = Sink(tmp_path / "sink")
    shop.settings["alerts"] = {"command": [str(made.path)]}
    return made


async def test_alert_test_says_of_each_channel_what_came_of_it(shop: Shop, sink: Sink, tmp_path: Path) -> None:
    """It needs no database."""
    mail, there = Sink(tmp_path / "mail"), Address()
    async with Server(there.app) as opened:
        shop.settings["alerts"] |= {
            "email": {"to": ["drift@shop.example"], "sendmail": str(mail.path)},
            "heartbeat_url": f"{opened.url}/ping/s3cret",
        }
        ran = await shop.types("alert", "test")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.splitlines() == [
            "email (to drift@shop.example): sent",
            f"command ({sink.path}): sent",
            "heartbeat (alerts.heartbeat_url): sent",
        ]
        sink.fail(3)
        there.status = 404
        ran = await shop.types("alert", "test", "--json")
    assert ran.code == 1
    assert [(it["channel"], it["sent"]) for it in ran.json] == [
        ("email", True),
        ("command", False),
        ("heartbeat", False),
    ]
    assert list(ran.json[0]) == ["channel", "sent", "problem", "to"]
    assert "s3cret" not in ran.out
    assert mail.mails[0]["Subject"].endswith("this is a test: whoever reads it will hear of what burns")
    assert [message["alerts"][0]["topic"] for message in sink.messages] == ["test"]


async def test_a_unit_that_has_failed_is_told_though_the_settings_are_wrong(shop: Shop, sink: Sink) -> None:
    shop.settings["stores"] = "none"
    assert (await shop.types("status")).code == 2
    ran = await shop.types("alert", "failed", "wc-bridge.service")
    assert (ran.code, ran.out, ran.err) == (0, f"command ({sink.path}): sent\n", "")
    [told] = sink.messages
    assert told["alerts"][0]["topic"] == "stopped"
    assert "wc-bridge.service has failed" in told["subject"]
    assert "`systemctl status wc-bridge.service` says why" in told["text"]


def test_a_unit_that_has_failed_is_told_by_its_own_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "FOLDER", tmp_path)
    for name in ("settings", "butiken"):
        sink = Sink(tmp_path / name)
        (tmp_path / f"{name}.yaml").write_text(f"alerts: {{command: [{sink.path}]}}", encoding="utf-8")
    for unit, name in (("wc-bridge.service", "settings"), ("wc-bridge-backup@butiken.service", "butiken")):
        ran = typed("alert", "failed", unit)
        assert (ran.code, ran.out) == (0, f"command ({tmp_path / name / 'program'}): sent\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "stores:\n\t- name: butiken\n"), ("database: *nowhere\n# ours:\n", "\nstores: []\n"), ("web: {\n", "")],
)
def test_a_unit_that_has_failed_as_its_settings_are_no_yaml_is_told(
    tmp_path: Path, before: str, after: str
) -> None:
    sink, path = Sink(tmp_path / "sink"), tmp_path / "settings.yaml"
    path.write_text(f"{before}alerts:\n  # the team\n\n  command:\n    - {sink.path}\n{after}", encoding="utf-8")
    words = ("--settings", str(path))
    assert "this is no YAML" in typed("status", *words).err
    assert typed("alert", "failed", "wc-bridge.service", *words) == Ran(0, f"command ({sink.path}): sent\n", "")
    assert [message["alerts"][0]["topic"] for message in sink.messages] == ["stopped"]


@pytest.mark.parametrize("text", ["database: sqlite:///b.sqlite3", "alerts:", "- nothing", ""])
def test_a_unit_that_has_failed_where_no_channel_is_set_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    ran = typed("alert", "failed", "wc-bridge.service", "--settings", str(path))
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "no channel is set for alerts" in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("web: {\nalerts:\n  comand: []\n", "3:3: alerts.comand: there is no key 'comand'; did you mean command?"),
        ("web: {\nalerts:\n  command: [a\nstores: []\n", "is not closed with ] before this"),
        ("web: {\n", "2:1: this is no YAML"),
    ],
)
def test_alerts_that_can_not_be_gone_by_are_one_line_though_all_else_is_no_yaml(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    ran = typed("alert", "failed", "wc-bridge.service", "--settings", str(path))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err


async def test_a_unit_that_has_failed_and_that_nobody_was_told_of_is_one_line(
    shop: Shop, sink: Sink, tmp_path: Path
) -> None:
    mail = Sink(tmp_path / "mail")
    shop.settings["alerts"]["email"] = {"to": ["drift@shop.example"], "sendmail": str(mail.path)}
    sink.fail(3)
    ran = await shop.types("alert", "failed", "wc-bridge.service")
    assert (ran.code, ran.err, len(mail.mails)) == (1, "", 1), "somebody was"
    mail.fail(75)
    for words in ((), ("--json",)):
        ran = await shop.types("alert", "failed", "wc-bridge.service", *words)
        shows = "`wc-bridge alert test` shows what it says"
        why = f"email: {mail.path} ended 75; {shows}; command: {sink.path} ended 3; {shows}"
        assert ran.code == 1
        assert ran.err == f"wc-bridge: nobody was told that wc-bridge.service has failed: {why}\n"


async def test_wrong_alerts_are_one_line(shop: Shop) -> None:
    shop.settings["alerts"] = {"email": {"to": ["Anna"]}}
    ran = await shop.types("alert", "failed", "wc-bridge.service")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "alerts.email.to[0]: must be an e-mail address" in ran.err


async def test_no_channel_is_told(shop: Shop) -> None:
    ran = await shop.types("alert", "test")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("wc-bridge: no channel is set for alerts: nobody hears of what burns but by the log.")


async def test_the_daemon_sends_what_burns_and_the_heart_beats_when_it_is_over(shop: Shop, sink: Sink) -> None:
    await shop.known()
    there, shop.store.home = Address(), "https://staging.shop.example"
    async with Server(there.app) as opened:
        shop.settings["alerts"]["heartbeat_url"] = f"{opened.url}/ping/s3cret"
        async with shop.daemon() as daemon:
            await until(lambda: bool(sink.kept))
            assert there.beats == 0
            assert (await shop.types("rebind", "butiken", "--yes")).code == 0
            await until(lambda: there.beats > 0)
            assert (await daemon.stop()).code == 0
    [told] = sink.messages
    assert [(alert["topic"], alert["store"]) for alert in told["alerts"]] == [("store-refused", "butiken")]
    assert "s3cret" not in daemon.err


async def test_once_sends_what_burns_and_status_says_what_did_not_go_out(shop: Shop, sink: Sink) -> None:
    """A shop that is polled by cron alone has its alerts too; a rehearsal sends none."""
    order, payment = await shop.known()
    with sqlite3.connect(shop.database) as database:
        database.execute(
            "INSERT INTO alerts (topic, store, text, orders, at) VALUES ('bug', '', 'x', '[]', '2026-11-21')"
        )
    database.close()
    shop.resurs.portal_cancel(payment)
    shop.store.set_status(order, "completed")
    sink.fail(75)
    await shop.types("once", "--dry-run", "--wait", "0s")
    assert not sink.tried
    assert (await shop.types("once", "--wait", "1s")).code == 1
    told = await shop.types("status")
    assert told.code == 1
    assert "alerts don't go out by command since 20" in told.out
    without_blanks = "".join(told.out.split())  # the terminal cuts the program's path where its width ends
    assert "programended75;`wc-bridgealerttest`shows" in without_blanks
    with sqlite3.connect(shop.database) as database:
        waiting = database.execute("SELECT topic FROM alerts WHERE command IS NULL ORDER BY id").fetchall()
    database.close()
    assert waiting == [("bug",), ("no-money",)]
