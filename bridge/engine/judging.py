"""What a look at an order and its payment comes to: whose the payment is first, then what is to be done."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from bridge.db.known import Known
from bridge.db.owners import owner
from bridge.domain.alone import Followed
from bridge.domain.claims import Claim, doubt, lost, names, without_payment_id
from bridge.domain.decisions import Quiet
from bridge.domain.looks import Verdict, consider
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.records import Record, Settlement
from bridge.domain.restored import since_restored
from bridge.domain.shadowed import since_live
from bridge.engine.telling import not_ours
from bridge.engine.unit import Unit


async def judge(
    unit: Unit,
    order: Order,
    mine: Claim | None,
    payment: Payment | None,
    record: Record,
    before: tuple[Settlement, ...],
    now: datetime,
) -> Verdict:
    """Judge a look; `before`: what was settled before it, `now`: when the order had been read."""
    if payment is not None and not (mine and mine.payment_id):
        return Verdict(record=record, decision=lost(order, payment, unit.rules, ours=mine is not None))
    if mine is None:
        return Verdict(record=record, decision=Quiet(not_ours(order)))
    if payment is None:
        return Verdict(record=record, decision=without_payment_id(order, mine, unit.rules))
    name = unit.providers[mine.method.provider].name
    # Where the payment itself names this order, another that merely carries its id has no claim to it.
    reference = payment.reference if mine.method.match_reference and names(payment, order) else ""
    taken_by = await owner(unit.store.name, name, payment.id, order.id, reference)
    doubted = doubt(
        order, payment, record, unit.rules, match_reference=mine.method.match_reference, taken_by=taken_by
    )
    if doubted is not None:
        return Verdict(record=record, decision=doubted)
    verdict = since_restored(consider(order, payment, record, unit.rules, now, before), order, unit.restored)
    return since_live(verdict, order, payment, unit.rules.tag, unit.went_live) if unit.live else verdict


def of_this_payment(record: Record, known: Known, payment: Payment | None) -> Record:
    """Forget what was remembered of another payment: that its log was longer makes this one's no older state."""
    if known.payment is None or payment is None or same(known.payment.id, payment.id):
        return record
    return record.evolve(log_length=0, pending_since=None)


def same(one: str, other: str) -> bool:
    """Whether two payment ids are one: a UUID may be written in either case."""
    return one.casefold() == other.casefold()


def noticing(verdict: Verdict, strange: Sequence[Followed]) -> Verdict:
    """The verdict, with what others were seen to do remembered."""
    seen = verdict.record.followed | {it.entry.id for it in strange}
    return replace(verdict, record=verdict.record.evolve(followed=seen)) if strange else verdict
