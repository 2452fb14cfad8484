"""Where the report's figures come from: the last look, or a look made for it that changes nothing anywhere."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.db.known import Known
from bridge.domain.claims import Method, claim, doubt, without_payment_id
from bridge.domain.decisions import Act, Decision, Hold, Quiet
from bridge.domain.lifecycle import follow
from bridge.domain.looks import consider
from bridge.domain.orders import GONE, Order
from bridge.domain.payments import Payment
from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import Record
from bridge.domain.reporting import Seen
from bridge.domain.rules import Rules
from bridge.errors import NotThere, RemoteError
from bridge.ports import Provider, Store


def as_last_seen(known: Known) -> Seen | None:
    """An order as the journal holds it; None where it was never understood."""
    if known.order is None or known.record is None:
        return None
    return Seen(
        order=known.order,
        payment=known.payment,
        record=known.record,
        provider=known.provider,
        hold=_hold(known),
        why=known.why,
        problem=known.problem or (known.why if known.failures else ""),
    )


def _hold(known: Known) -> Hold | None:
    if not known.attention:
        return None
    bounds = list(Bound)
    reason = Bound(known.attention) if known.attention in bounds else Reason(known.attention)
    step = known.record.open.step if known.record and known.record.open else None
    return Hold(reason, json.loads(known.facts or "{}"), step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads a store's orders and their payments for the report. It writes nothing, and has no part in the work."""

    store: Store
    providers: Sequence[Provider]
    methods: Sequence[Method]
    rules: Rules
    live: bool

    async def as_it_is(self, known: Known, now: datetime) -> Seen | None:
        """The same order read afresh, with what would be decided about it."""
        last = as_last_seen(known)
        if last is None:
            return None
        try:
            return await self._read(last, now)
        except RemoteError as error:
            return replace(last, problem=str(error))

    async def _read(self, last: Seen, now: datetime) -> Seen:
        try:
            order = await self.store.order(last.order.id)
        except NotThere:
            order = replace(last.order, status=GONE)
        mine = claim(order, self.methods)
        if mine is None:
            return replace(last, order=order, problem="")
        provider, payment = self.providers[mine.method.provider], None
        decision: Decision = without_payment_id(order, mine, self.rules)
        if mine.payment_id:
            payment = await provider.read(mine.payment_id)
            decision = self._decide(order, payment, last.record, now, match_reference=mine.method.match_reference)
        bounded = last.hold if last.hold is not None and isinstance(last.hold.reason, Bound) else None
        if isinstance(decision, Act) and bounded and bounded.step and bounded.step.same(decision.step):
            decision = bounded  # what is counted over many orders is not counted anew
        open_ = follow(last.record.open, decision, shadow=not self.live).open
        return Seen(
            order=order,
            payment=payment,
            record=last.record.evolve(open=open_),
            provider=provider.name,
            hold=decision if isinstance(decision, Hold) else None,
            why=decision.why if isinstance(decision, Quiet) else last.why,
        )

    def _decide(
        self, order: Order, payment: Payment, record: Record, now: datetime, *, match_reference: bool
    ) -> Decision:
        doubtful = doubt(order, payment, record, self.rules, match_reference=match_reference, taken_by=None)
        return doubtful or consider(order, payment, record, self.rules, now).decision
