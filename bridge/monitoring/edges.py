"""What is counted where the bridge meets others: every request as it is answered, every call as it ends."""

import asyncio
from http import HTTPStatus
from types import SimpleNamespace
from typing import Final

import aiohttp
from prometheus_client import CollectorRegistry, Counter, Histogram

from bridge.domain.outcomes import Outcome, Unknown
from bridge.domain.payments import Payment
from bridge.ports import Provider, Request

_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30)
"""Seconds; calls are cut off after 15, reads after 30."""
_WAIT: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class Edges:
    """The counters of one process, which begin at nothing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Histogram(
            "wc_bridge_request_duration_seconds",
            "Requests to shops and providers, until their answer began",
            ("remote", "outcome"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._calls = Counter(
            "wc_bridge_calls_total",
            "Calls to providers that may move money, by how they ended",
            ("store", "remote", "kind", "outcome"),
            registry=registry,
        )

    def listen(self, trace: aiohttp.TraceConfig) -> None:
        """Count what is traced, of a session whose requests name their remote as `trace_request_ctx`."""

        async def begins(_: object, request: SimpleNamespace, __: object) -> None:
            request.began = _clock()

        async def answered(_: object, request: SimpleNamespace, end: aiohttp.TraceRequestEndParams) -> None:
            self._count(request, outcome_of(end.response.status))

        async def failed(_: object, request: SimpleNamespace, end: aiohttp.TraceRequestExceptionParams) -> None:
            if not isinstance(end.exception, asyncio.CancelledError):  # we ourselves gave it up
                self._count(request, "unreachable" if isinstance(end.exception, _NEVER_SENT) else "lost")

        trace.on_request_start.append(begins)
        trace.on_request_end.append(answered)
        trace.on_request_exception.append(failed)

    def _count(self, request: SimpleNamespace, outcome: str) -> None:
        remote = request.trace_request_ctx or "other"
        self._requests.labels(remote=remote, outcome=outcome).observe(_clock() - request.began)

    def counted(self, store: str, provider: Provider) -> Provider:
        """Return the provider with its calls for this store counted."""
        return _Counted(store, provider, self._calls)


class _Counted:
    """A provider whose calls are counted."""

    def __init__(self, store: str, provider: Provider, calls: Counter) -> None:
        self._store, self._provider, self._calls = store, provider, calls

    @property
    def name(self) -> str:
        return self._provider.name

    async def check(self) -> str:
        return await self._provider.check()

    async def read(self, payment_id: str) -> Payment:
        return await self._provider.read(payment_id)

    async def perform(self, request: Request) -> Outcome:
        ended: type = Unknown  # also where it is cut off
        try:
            outcome = await self._provider.perform(request)
            ended = type(outcome)
        finally:
            labels = {"store": self._store, "remote": self.name, "kind": str(request.call)}
            self._calls.labels(**labels, outcome=ended.__name__.lower()).inc()
        return outcome


def outcome_of(status: int) -> str:
    """What an answer with this status is to whoever asked."""
    if status in _WAIT:
        return "busy"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "ok"
    return "refused" if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"


def _clock() -> float:
    return asyncio.get_running_loop().time()
