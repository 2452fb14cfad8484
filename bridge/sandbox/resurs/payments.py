"""All the payments of the sandbox, and how a reader sees them: at once, or late."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.sandbox.resurs import answers
from bridge.sandbox.resurs.ledger import Account, Refusal
from bridge.sandbox.resurs.switches import Switches


@dataclass(slots=True)
class _Shown:
    """What readers have been shown of a payment: every version with its moment, and one that still lingers."""

    versions: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    lingering: dict[str, Any] | None = None
    reads_left: int = 0


class Payments:
    """`switches` may be replaced at any time."""

    def __init__(self, store_id: str, clock: Callable[[], datetime], switches: Switches) -> None:
        self.store_id = store_id
        self.switches = switches
        self._clock = clock
        self._accounts: dict[str, Account] = {}
        self._shown: dict[str, _Shown] = {}

    def put(self, account: Account) -> None:
        self._accounts[account.id] = account
        self._shown[account.id] = _Shown([(self._clock(), self.view(account))])

    def account(self, payment_id: str) -> Account:
        """Return the payment as it is now. Raises Refusal, 404 or 403, where the API does not show it."""
        account = self._accounts.get(payment_id.lower())
        if account is None:
            raise Refusal("Payment not found", status=404, code="NOT_FOUND")
        account.settle(self._clock())
        too_old = self._clock() >= account.created + self.switches.rejected_visible
        if account.status == "REJECTED" and too_old:
            if self.switches.forbidden_when_expired:
                raise Refusal("Access denied", status=403, code="FORBIDDEN")
            raise Refusal("Payment not found", status=404, code="NOT_FOUND")
        return account

    def all(self) -> Iterator[Account]:
        for account in self._accounts.values():
            account.settle(self._clock())
            yield account

    def view(self, account: Account) -> dict[str, Any]:
        """The payment as it is."""
        return answers.payment(account, self.store_id, self.switches, self._clock())

    def read(self, account: Account) -> dict[str, Any]:
        """The payment as a reader gets it, stale where the switches say so."""
        shown = self._shown[account.id]
        if shown.reads_left > 0 and shown.lingering is not None:
            shown.reads_left -= 1
            return shown.lingering
        if self.switches.lag:
            old_enough = (
                view for made, view in reversed(shown.versions) if made + self.switches.lag <= self._clock()
            )
            return next(old_enough, shown.versions[0][1])
        return self.view(account)

    @contextmanager
    def changing(self, payment_id: str) -> Iterator[Account]:
        """Give the payment to be changed; what a refused change leaves is what was."""
        account = self.account(payment_id)
        before = self.view(account)
        yield account
        shown = self._shown[account.id]
        if shown.reads_left == 0:
            shown.lingering = before
        shown.reads_left = self.switches.stale_reads
        shown.versions.append((self._clock(), self.view(account)))
