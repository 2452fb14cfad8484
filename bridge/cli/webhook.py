"""`webhook`: whether the shops have their webhooks, and if they work; `webhook install` makes or mends them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import aiohttp
import click
from rich.padding import Padding
from rich.text import Text

from bridge.app import store_client
from bridge.cli.shared import Command, Group, console, finish, json_option, print_json, run_async, settings
from bridge.db.connection import existing
from bridge.db.standing import Standing
from bridge.errors import RemoteError, SettingsError, UsageError
from bridge.providers.registry import provider_kinds
from bridge.settings import Settings, StoreSettings
from bridge.web.subscription import ACTIVE, MISSING, install, made_secret, rehearse, topics
from bridge.web.webhooks import delivery_url

_STATES = {
    MISSING: "missing",
    "disabled": "disabled by the shop, after deliveries that failed in a row",
    "paused": "paused by a person in the shop",
}
_UNSIGNED = "there is no secret yet to sign it with"


@dataclass(slots=True, kw_only=True)
class _Told:
    """What there is to tell of one store."""

    store: str
    delivery_url: str
    topics: dict[str, str]
    """By topic: active, paused, disabled, or missing; empty where the store could not be asked."""
    unreached: str = ""
    """Why the store could not be asked."""
    undelivered: str = ""
    """Why a delivery from here does not get through."""

    @property
    def works(self) -> bool:
        return not (self.unreached or self.undelivered or set(self.topics.values()) - {ACTIVE})


@click.group(cls=Group, invoke_without_command=True)
@json_option
@click.pass_context
def webhook(context: click.Context, *, as_json: bool) -> None:  # noqa: ARG001 (it is the check's, by the context)
    """Say whether the shops have their webhooks, and whether a delivery from here gets through.

    \b
    Examples:
      wc-bridge webhook
      wc-bridge webhook install butiken
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    if context.invoked_subcommand is None:
        _check.invoke(context)


@click.command(cls=Command)
@json_option
def _check(*, as_json: bool) -> None:
    chosen = _reachable(settings(with_stores=True))
    _run(chosen, chosen.stores, make=False, as_json=as_json)


@webhook.command(name="install")
@click.argument("store", required=False)
@json_option
def install_(*, store: str | None, as_json: bool) -> None:
    """Make the webhooks of STORE (without it: of every store), or mend those that the shop has disabled.

    \b
    Example:
      wc-bridge webhook install butiken
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = _reachable(settings(with_stores=True))
    stores = [one for one in chosen.stores if store in (None, one.name)]
    if not stores:
        known = ", ".join(one.name for one in chosen.stores)
        raise UsageError(f"there is no store {store!r} in the settings: there is {known}")
    _run(chosen, stores, make=True, as_json=as_json)


def _reachable(chosen: Settings) -> Settings:
    """Return the settings, if a shop's deliveries can come in with them. Raises SettingsError."""
    if chosen.web.public_url is None:
        raise SettingsError(
            "web.public_url is not set: set it in settings.yaml to the https address at which the shop reaches "
            "this machine's web server, and have that pass on /webhooks/woocommerce/ (README, Webhooks)"
        )
    if chosen.web.listen is None:
        raise SettingsError("web.listen is null: set it in settings.yaml to an address like 127.0.0.1:8787")
    return chosen


def _run(chosen: Settings, stores: Sequence[StoreSettings], *, make: bool, as_json: bool) -> None:
    base = chosen.web.public_url or ""

    async def work() -> list[_Told]:
        async with existing(chosen.database, read_only=not make), aiohttp.ClientSession() as session:
            return [await _one(session, store, delivery_url(base, store.name), make=make) for store in stores]

    told = run_async(work)
    if as_json:
        print_json([{**asdict(one), "works": one.works} for one in told])
    else:
        for one in told:
            _print(one)
    finish(3 if any(one.unreached for one in told) else 0 if all(one.works for one in told) else 1)


async def _one(session: aiohttp.ClientSession, store: StoreSettings, url: str, *, make: bool) -> _Told:
    standing, shop = Standing(store.name), store_client(store, provider_kinds(), session)
    told = _Told(store=store.name, delivery_url=url, topics={})
    secret = store.webhook_secret.reveal() if store.webhook_secret else ""
    if not secret:
        secret = await made_secret(standing) if make else await standing.webhook_secret()
    try:
        if make:
            await install(shop, url, secret)
        told.topics = await topics(shop, url)
    except RemoteError as error:
        told.unreached = str(error)
    told.undelivered = await rehearse(session, url, secret) if secret else _UNSIGNED
    return told


def _print(told: _Told) -> None:
    out = console()
    out.print(Text.assemble((told.store, "bold"), "  ", told.delivery_url), soft_wrap=True)
    bad = [(topic, status) for topic, status in told.topics.items() if status != ACTIVE]
    lines = [(f"{topic}: ", _STATES.get(status, status)) for topic, status in bad]
    if told.unreached:
        lines.append(("", told.unreached))
    if told.undelivered:
        lines.append(("a delivery from here does not get through: ", told.undelivered))
    if bad or told.undelivered == _UNSIGNED:
        lines.append(("", f"`wc-bridge webhook install {told.store}` puts that right"))
    if told.works:
        lines.append(("", "the shop has its webhooks, and a delivery from here gets through"))
    for front, text in lines:
        out.print(Padding(Text.assemble((front, "bold red"), text), (0, 0, 0, 2), expand=False))
