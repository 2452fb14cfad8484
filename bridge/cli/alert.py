"""`alert test`: whether the alerts get through; `alert failed`: that systemd has given a unit up."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import click

from bridge.alerts.channels import NOWHERE, Mail, NotDelivered, beat, channels, host
from bridge.cli import server
from bridge.cli.shared import (
    Command,
    Group,
    console,
    finish,
    json_option,
    named_file,
    print_json,
    run_async,
    settings,
)
from bridge.db.alerts import HEARTBEAT
from bridge.domain.alerts import Alert, Topic, message
from bridge.settings import Alerts, alerts

_FAILED = "{unit} has failed, and systemd does not start it again: `systemctl status {unit}` says why"
_TEXT = "this is a test: whoever reads it will hear of what burns"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    channel: str
    problem: str
    """Why it did not go out; "" where it did."""
    to: str


@click.group(cls=Group)
def alert() -> None:
    """Try the alerts; tell that the daemon has failed.

    \b
    Examples:
      wc-bridge alert test
    """  # noqa: D301 (\\b is click's: leave these lines as they are)


@alert.command(cls=Command)
@json_option
def test(*, as_json: bool) -> None:
    """Send a test alert by each channel of settings.yaml, and say what came of it. The heartbeat is fetched.

    Ends 1 when one failed, or none is set. Type it as the daemon's own user, as what that may do is tried.

    \b
    Examples:
      wc-bridge alert test
      wc-bridge alert test --json
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = settings().alerts
    _tell(chosen, run_async(lambda: _test(chosen, datetime.now(UTC))), as_json=as_json)


@alert.command(cls=Command)
@click.argument("unit")
@json_option
def failed(*, unit: str, as_json: bool) -> None:
    """Tell by each channel that systemd has given UNIT up: wc-bridge-failed@ does so.

    Goes by the settings of that unit, of which `alerts` alone need be right. Ends 1 when a channel failed, or none
    is set; where nobody was told at all, a line on stderr says so.

    \b
    Examples:
      wc-bridge alert failed wc-bridge.service
      wc-bridge alert failed wc-bridge-backup@butiken.service
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = alerts(named_file() or server.of_unit(unit).settings)
    text = _FAILED.format(unit=unit)
    tried = run_async(lambda: _send(chosen, Topic.STOPPED, text, datetime.now(UTC)))
    if tried and all(it.problem for it in tried):
        why = "; ".join(f"{it.channel}: {it.problem}" for it in tried)
        click.echo(f"wc-bridge: nobody was told that {unit} has failed: {why}", err=True)
    _tell(chosen, tried, as_json=as_json)


def _tell(chosen: Alerts, tried: list[_Tried], *, as_json: bool) -> None:
    if as_json:
        print_json([_shown(it) for it in tried])
    else:
        out = console()
        for it in tried:
            what = f"failed: {it.problem}" if it.problem else "sent"
            out.print(f"{it.channel} ({it.to}): {what}", soft_wrap=True)
    if chosen.is_nowhere:
        click.echo(f"wc-bridge: {NOWHERE}", err=True)
    finish(1 if chosen.is_nowhere or any(it.problem for it in tried) else 0)


async def _send(chosen: Alerts, topic: Topic, text: str, now: datetime) -> list[_Tried]:
    made = message([Alert(topic=topic, store="", text=text, at=now)], host())
    tried = []
    for name, channel in channels(chosen, loud=True).items():
        to = f"to {', '.join(chosen.email.to)}" if isinstance(channel, Mail) else (chosen.command or ("",))[0]
        try:
            await channel.send(made)
        except NotDelivered as error:
            tried.append(_Tried(channel=name, problem=str(error), to=to))
        else:
            tried.append(_Tried(channel=name, problem="", to=to))
    return tried


async def _test(chosen: Alerts, now: datetime) -> list[_Tried]:
    tried = await _send(chosen, Topic.TEST, _TEXT, now)
    if chosen.heartbeat_url:
        async with aiohttp.ClientSession() as session:
            try:
                await beat(session, chosen.heartbeat_url)
            except NotDelivered as error:
                tried.append(_Tried(channel=HEARTBEAT, problem=str(error), to="alerts.heartbeat_url"))
            else:
                tried.append(_Tried(channel=HEARTBEAT, problem="", to="alerts.heartbeat_url"))
    return tried


def _shown(it: _Tried) -> dict[str, Any]:
    return {"channel": it.channel, "sent": not it.problem, "problem": it.problem, "to": it.to}
