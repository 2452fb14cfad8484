"""Where one store stands: its mode and rules, how far it was read, what is wrong with it."""

from datetime import datetime

from tortoise.expressions import F, Q

from bridge.db import bounds, statements
from bridge.db.codec import RULES, dump, load
from bridge.db.leases import OfStore
from bridge.db.models import OrderRow, StoreRow
from bridge.domain.rules import Rules
from bridge.ports import Facts


class Standing(OfStore):
    """Where one store stands."""

    async def open(self, mode: str) -> StoreRow:
        """Return the store's row, made on first sight, with its mode as settings.yaml has it now.

        It rests no more: what it rested for may be what somebody has mended before this start.
        """
        async with self.lease.guard():
            if not await StoreRow.filter(name=self.store).update(mode=mode, rest_until=None):
                await StoreRow.create(name=self.store, mode=mode)
        return await self.state()

    async def take_up(self, rules: Rules, now: datetime) -> bool:
        """Decide by these rules from now on; where they are others than before, let all that is open be looked at.

        So what was left alone by the old ones is carried over, or held, without anybody touching the order.
        """
        before = (await self.state()).rules
        if before and load(RULES, before) == rules:
            return False
        async with self.lease.transaction():
            await StoreRow.filter(name=self.store).update(rules=dump(RULES, rules))
            if before:
                touched = Q(watched=True) | Q(why__contains="switched off")
                await OrderRow.filter(touched, store_id=self.store).update(due=now, version=F("version") + 1)
                await bounds.judge_anew(self.store)
        return bool(before)

    async def state(self) -> StoreRow:
        [row] = await statements.rows(StoreRow, name=self.store)
        return row

    async def holding(self) -> tuple[str, str, str]:
        """Return its mode, what holds it whole, and why it is not bound; each "" where there is none."""
        [row] = await statements.columns(StoreRow, "mode", "held", "unbound", name=self.store)
        return row["mode"], row["held"], row["unbound"]

    async def store_problem(self, problem: str, rest_until: datetime | None = None) -> None:
        """It could not be read, and is left alone until then (None: until its next turn)."""
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(problem=problem, rest_until=rest_until)

    async def polled(self, now: datetime, *, settled: bool) -> None:
        """A poll ended well; `settled`: nothing before the cursor can come late any more."""
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(polled=now, settled=settled, problem="", rest_until=None)

    async def learned(self, facts: Facts, asked: datetime) -> None:
        """Keep what the store told about itself; of what it did not tell, what it told before."""
        told = {"version": facts.version, "storage": facts.storage, "locale": facts.locale}
        known = {name: value for name, value in told.items() if value}
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(asked=asked, **known)

    async def swept(self, now: datetime, *, slowly: bool) -> None:
        moments = {"swept": now, "swept_slowly": now} if slowly else {"swept": now}
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(**moments)

    async def baseline_done(self, moment: datetime | None, read: datetime | None, total: int) -> None:
        """What was created before `moment` was there before the bridge: `total` orders, as they were at `read`.

        From `read` on the poll takes over, also of the trash. Both are the store's own time.
        """
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(
                baseline_done=True,
                baseline=moment,
                baseline_left=0,
                baseline_total=total,
                cursor=read,
                trash_cursor=read,
            )

    async def webhook_secret(self) -> str:
        """Return the secret that was made for this store's webhooks; "" where none was."""
        row = await StoreRow.get_or_none(name=self.store)
        return row.webhook_secret if row else ""

    async def keep_webhook_secret(self, secret: str) -> str:
        """Keep this secret unless there is one; return the one that is kept. "": the store is not known."""
        await StoreRow.filter(name=self.store, webhook_secret="").update(webhook_secret=secret)
        return await self.webhook_secret()
