"""The roster: which stores a daemon has posts for, from its start to its end, and when settings are loaded anew.

New settings are taken whole or not at all. A store of which nothing has changed, its secrets included, goes on and
notices nothing. One that has changed or is gone begins no new call, lets those under way end, and is let go; then
it is taken up with its new settings, by the same way as at a start.
"""

import asyncio
from collections.abc import Callable
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
        """Go by these from now on."""
        self.token = settings.web.token.reveal() if settings.web.token else None
        self.settings = settings

    @property
    def intervals(self) -> dict[str, timedelta]:
        """From one poll to the next, by store."""
        return {store.name: store.poll.interval for store in self.settings.stores}


class Roster:
    """The posts of one daemon."""

    def __init__(
        self, place: Workplace, in_force: InForce, scheduler: AsyncIOScheduler, progress: Listener | None
    ) -> None:
        self._in_force = in_force
        self.shops: dict[str, Shop] = {}
        """By name; as the listener meets them now."""
        self._place, self._scheduler, self._progress = place, scheduler, progress
        self._posts: dict[str, Post] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._secrets: dict[str, str] = {}
        """By name; tells the secrets that the store was taken up with from others."""
        self._refusal: Refusal = None
        self._ending = False

    @property
    def posts(self) -> list[Post]:
        return list(self._posts.values())

    @property
    def working(self) -> list[str]:
        return [name for name, post in self._posts.items() if post.works]

    @property
    def waiting(self) -> list[str]:
        """Those that other daemons work on."""
        return [name for name, post in self._posts.items() if not post.works]

    @property
    def ticks(self) -> list[Ticks]:
        return [post.ticks for post in self._posts.values() if post.ticks is not None]

    async def begin(self) -> None:
        """Take up every store that nobody else works on. Raises DatabaseError and SettingsError."""
        for store in self._in_force.settings.stores:
            await self._add(store, resolve(store)).take_up()

    def keep(self) -> None:
        """Work on them from now on, whenever they are ours."""
        for name, post in self._posts.items():
            if name not in self._keeping:
                self._keeping[name] = asyncio.create_task(post.keep())

    def leave(self) -> None:
        """Begin nothing any more."""
        self._ending = True
        for post in self._posts.values():
            post.leave(GRACE)

    async def end(self) -> None:
        """Wait until all is let go."""
        await asyncio.gather(*self._keeping.values())

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
        """Raises SettingsError before anything is changed."""
        check_unchangeable(self._in_force.settings, new)
        resolve(new)
        secrets = {store.name: resolve(store) for store in new.stores}
        for store in new.stores:
            self._place.check(store)
        stay = {
            store.name
            for store in new.stores
            if store.name in self._posts
            and self._posts[store.name].settings == store
            and self._secrets[store.name] == secrets[store.name]
        }
        left, wanted = set(self._posts) - stay, {store.name for store in new.stores} - stay
        self._in_force.take(new)
        await self._tell(None)
        await self._take_back(left)
        if self._ending:
            return
        for store in new.stores:
            if store.name in wanted:
                await self._add(store, secrets[store.name]).attempt()
        self.keep()
        changes = {"added": wanted - left, "removed": left - wanted, "changed": left & wanted}
        log.info("settings.loaded", **{what: sorted(names) for what, names in changes.items()})

    def _add(self, store: StoreSettings, secrets: str) -> Post:
        post = Post(self._place, store, self._scheduler, self._progress, self._refusal)
        self._posts[store.name], self._secrets[store.name] = post, secrets
        self.shops[store.name] = post.shop()
        return post

    async def _take_back(self, names: set[str]) -> None:
        """Let these go, all before any other is taken up: one of those may be the same shop by another name."""
        for name in names:
            self._posts[name].leave(CALL)
        await asyncio.gather(*(self._keeping[name] for name in names))
        for name in names:
            del self._posts[name], self._keeping[name], self._secrets[name], self.shops[name]

    async def _refuse(self, problems: list[str]) -> None:
        log.error("settings.refused", problems=problems, instead="the settings of before stay in force")
        await self._tell((datetime.now(UTC), problems))

    async def _tell(self, refusal: Refusal) -> None:
        """Have `status` say so of every store that is worked on here, now or later."""
        if self._refusal == refusal:
            return
        self._refusal = refusal
        for post in self._posts.values():
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
