"""Each channel with a real program, or a real server on loopback."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bridge.alerts.channels import Mail, NotDelivered, Program, beat, channels
from bridge.domain.alerts import Alert, Topic, message
from bridge.sandbox.server import Server
from bridge.settings import Alerts, Email, Secret
from tests.alerts.sink import Address, Sink

README = Path(__file__).parents[2] / "README.md"
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ALERT = Alert(
    topic=Topic.NO_MONEY, store="butiken", text="do not ship order 7: 811,25 kr – åäö", at=AT, orders=(7,)
)
MESSAGE = message([ALERT], "web1")


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    return Sink(tmp_path / "sink")


async def test_a_mail_is_one_that_any_mail_program_takes(sink: Sink) -> None:
    email = Email(to=("a@shop.example", "b@shop.example"), sendmail=str(sink.path))
    await Mail(email).send(MESSAGE)
    [mail] = sink.mails
    assert sink.arguments == ["-t -i"]
    assert (mail["To"], mail["Auto-Submitted"]) == ("a@shop.example, b@shop.example", "auto-generated")
    assert mail["Subject"] == "wc-bridge, butiken: do not ship order 7: 811,25 kr – åäö"
    assert mail["From"].addresses[0].domain == "web1"
    assert mail["Date"].datetime == AT
    assert re.fullmatch(r"<\S+@web1>", mail["Message-ID"])
    assert (mail.get_content(), mail.get_content_charset()) == (MESSAGE.text, "utf-8")
    assert not mail.defects


async def test_a_command_gets_the_message_as_json(sink: Sink) -> None:
    await Program((str(sink.path), "--to", "the team")).send(MESSAGE)
    [told] = sink.messages
    assert sink.arguments == ["--to the team"]
    assert told == MESSAGE.fields()
    assert told["alerts"][0] == {
        "topic": "no-money",
        "store": "butiken",
        "orders": [7],
        "text": ALERT.text,
        "at": "2026-11-21T08:00:00Z",
    }


def test_the_readme_names_every_topic_and_every_field_of_the_json_as_they_are() -> None:
    section = README.read_text(encoding="utf-8").partition("## Alerts\n")[2].partition("\n## ")[0]
    fields = MESSAGE.fields()
    inner = [f"alerts[].{name}" for name in fields["alerts"][0]]
    named = re.findall(r"^\| `([a-z.\[\]-]+)` \|", section, re.MULTILINE)
    assert named == [*Topic, *(name for name in fields if name != "alerts"), *inner]


async def test_what_fails_says_so_and_shows_nothing_of_what_it_was_answered(sink: Sink, tmp_path: Path) -> None:
    sink.fail(75)
    shows = "`wc-bridge alert test` shows what it says"
    with pytest.raises(NotDelivered, match=re.escape(f"{sink.path} ended 75; {shows}")):
        await Program([str(sink.path)]).send(MESSAGE)
    with pytest.raises(NotDelivered, match="/none can't be started: No such file or directory"):
        await Program([str(tmp_path / "none")]).send(MESSAGE)
    with pytest.raises(NotDelivered, match="can't be started: Permission denied"):
        await Program([str(tmp_path)]).send(MESSAGE)


async def test_a_program_that_reads_nothing_is_none_that_fails() -> None:
    large = message([Alert(topic=Topic.TEST, store="", text="x" * 10**6, at=AT)], "web1")
    await Program(["true"]).send(large)


async def test_a_program_that_hangs_is_ended_with_all_that_it_has_started(sink: Sink) -> None:
    sink.hang()
    began = time.monotonic()
    with pytest.raises(NotDelivered, match=r"did not end within 0\.2 seconds"):
        await Program([str(sink.path)], patience=0.2).send(MESSAGE)
    assert time.monotonic() - began < 10


async def test_the_heartbeat_s_address_is_fetched_and_never_shown() -> None:
    there = Address()
    async with Server(there.app) as server, aiohttp.ClientSession() as session:
        secret = f"{server.url}/ping/s3cret"
        await beat(session, Secret(secret))
        assert there.beats == 1
        there.status = 503
        gone = secret.replace(server.url, "http://127.0.0.1:9")
        for url, why in ((secret, "answered HTTP 503"), (gone, "can't be reached"), ("s3cret", "is no address")):
            with pytest.raises(NotDelivered, match=why) as told:
                await beat(session, Secret(url))
            assert "s3cret" not in str(told.value)


def test_what_is_not_set_is_no_channel() -> None:
    assert channels(Alerts()) == {}
    assert list(channels(Alerts(email=Email(to=("a@shop.example",)), command=("x",)))) == ["email", "command"]
    assert Alerts(heartbeat_url=Secret("x")).is_nowhere
