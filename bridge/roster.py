"""The roster: which stores a daemon has posts for, from its start to its end, and when settings are loaded anew.

New settings are taken whole or not at all: all that may fail is tried before anything is changed. A store of which
nothing has changed, its secrets included, goes on and notices nothing. One that has changed or is gone begins no
new call, lets those under way end, and is let go; then it is taken up with its new settings, by the same way as at
a start.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bridge.app import Workplace
from bridge.engine.progress import Listener
from bridge.errors import SettingsError
from bridge.ports import CALL
from bridge.posts import Post, Refusal
from bridge.settings import Settings, StoreSettings, resolve
from bridge.ticking import GRACE, Ticks
from bridge.web.webhooks import Shop

log = structlog.get_logger()

Read = Callable[[], Settings]
"""Reads settings.yaml. Raises SettingsError."""


class InForce:
    """The settings that a daemon goes by now. Raises SettingsError where its listener's token can't be read."""

    def __init__(self, settings: Settings) -> None:
        self.take(settings)

    def take(self, settings: Settings) -> None:
        """Go by these from now on. Raises SettingsError, and goes on by those of before."""
        self.token = settings.web.token.reveal() if settings.web.token else None
        self.settings = settings

    @property
    def intervals(self) -> dict[str, timedelta]:
        """From one poll to the next, by store."""
        return {store.name: store.poll.interval for store in self.settings.stores}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One store of the roster."""

    post: Post
    secrets: str
    """Tells the secrets that the store was taken up with from others."""
    shop: Shop


class Roster:
    """The posts of one daemon."""

    def __init__(
        self, place: Workplace, in_force: InForce, scheduler: AsyncIOScheduler, progress: Listener | None
    ) -> None:
        self._in_force = in_force
        self.shops: dict[str, Shop] = {}
        """By name; as the listener meets them now."""
        self._place, self._scheduler, self._progress = place, scheduler, progress
        self._entries: dict[str, _Entry] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._refusal: Refusal = None
        self._ending = False

    @property
    def posts(self) -> list[Post]:
        return [entry.post for entry in self._entries.values()]

    @property
    def working(self) -> list[str]:
        return [post.name for post in self.posts if post.works]

    @property
    def waiting(self) -> list[str]:
        """Those that other daemons work on."""
        return [post.name for post in self.posts if not post.works]

    @property
    def ticks(self) -> list[Ticks]:
        return [post.ticks for post in self.posts if post.ticks is not None]

    async def begin(self) -> None:
        """Take up every store that nobody else works on. Raises DatabaseError and SettingsError."""
        for store in self._in_force.settings.stores:
            entry = self._entry(store)
            self._enter(entry)
            await entry.post.take_up()

    def keep(self) -> None:
        """Work on them from now on, whenever they are ours."""
        for post in self.posts:
            if post.name not in self._keeping:
                self._keeping[post.name] = asyncio.create_task(post.keep())

    def leave(self) -> None:
        """Begin nothing any more."""
        self._ending = True
        for post in self.posts:
            post.leave(GRACE)

    async def end(self) -> None:
        """Wait until all is let go."""
        await self._are_gone(self._keeping)

    async def load(self, read: Read) -> None:
        """Go by the settings as they are now; where they can't be gone by, say so, and go on by the old ones."""
        try:
            await self._change(read())
        except SettingsError as error:
            await self._refuse(str(error).splitlines())
        except Exception as error:
            log.exception("settings.failed")
            await self._refuse(
                [f"wc-bridge itself failed to load them ({type(error).__name__}): its log says where"]
            )

    async def _change(self, new: Settings) -> None:
        """Raises SettingsError before anything is changed; from there on every store has somebody who keeps it."""
        check_unchangeable(self._in_force.settings, new)
        resolve(new)
        entries = {store.name: self._entry(store) for store in new.stores}
        fresh = {name: entry for name, entry in entries.items() if not self._stays(entry)}
        left = self._entries.keys() - (entries.keys() - fresh.keys())
        self._in_force.take(new)
        await self._tell(None)
        await self._let_go(left)
        if self._ending:
            return
        for name in left:
            del self._entries[name], self.shops[name]
            self._keeping.pop(name, None)
        for entry in fresh.values():
            self._enter(entry)
        for entry in fresh.values():
            await entry.post.attempt()
        self.keep()
        changes = {"added": fresh.keys() - left, "removed": left - fresh.keys(), "changed": left & fresh.keys()}
        log.info("settings.loaded", **{what: sorted(names) for what, names in changes.items()})

    def _entry(self, store: StoreSettings) -> _Entry:
        """All that a store needs to be taken up, and nothing begun. Raises SettingsError."""
        secrets = resolve(store)
        self._place.check(store)
        post = Post(self._place, store, self._scheduler, self._progress)
        return _Entry(post=post, secrets=secrets, shop=post.shop())

    def _enter(self, entry: _Entry) -> None:
        name = entry.post.name
        self._entries[name], self.shops[name] = entry, entry.shop

    def _stays(self, entry: _Entry) -> bool:
        """Whether the store is worked on as it is to be, by somebody who is still there."""
        name = entry.post.name
        before, keeping = self._entries.get(name), self._keeping.get(name)
        if before is None or keeping is None or keeping.done():
            return False
        return before.post.settings == entry.post.settings and before.secrets == entry.secrets

    async def _let_go(self, names: Iterable[str]) -> None:
        """Let these go, all before any other is taken up: one of those may be the same shop by another name."""
        for name in names:
            self._entries[name].post.leave(CALL)
        await self._are_gone(names)

    async def _are_gone(self, names: Iterable[str]) -> None:
        keeping = {name: self._keeping[name] for name in names if name in self._keeping}
        ended = await asyncio.gather(*keeping.values(), return_exceptions=True)
        for name, error in zip(keeping, ended, strict=True):
            if error is not None:
                log.error("store.failed", store=name, exc_info=error)

    async def _refuse(self, problems: list[str]) -> None:
        log.error("settings.refused", problems=problems, instead="the settings of before stay in force")
        await self._tell((datetime.now(UTC), problems))

    async def _tell(self, refusal: Refusal) -> None:
        """Have `status` say so of every store that is worked on here, now or later."""
        if self._refusal == refusal:
            return
        self._refusal = refusal
        for post in self.posts:
            await post.refused(refusal)


def check_unchangeable(old: Settings, new: Settings) -> None:
    """Raise SettingsError with a line for each thing that has changed and can't while a daemon runs."""
    lines = []
    if new.database != old.database:
        lines.append("database: a running wc-bridge can't go over to another database: restart it")
    if new.web.listen != old.web.listen:
        lines.append(
            f"web.listen: a running wc-bridge goes on listening on {old.web.listen or 'nothing'}: restart it to "
            f"listen on {new.web.listen or 'nothing'}"
        )
    if lines:
        raise SettingsError("\n".join(lines))
