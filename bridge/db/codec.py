"""Values of the domain as JSON text and back, exactly: no float, no field lost.

These texts outlive a release. A new field of such a value has a default; a renamed one is a migration.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec.json import Decoder, Encoder
from pydantic import TypeAdapter

from bridge.domain.attempts import Attempt
from bridge.domain.binding import Binding
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.records import Record
from bridge.domain.rules import Rules
from bridge.domain.steps import Step

T = TypeVar("T")


class Codec(Generic[T]):
    """One kind of value: `decode` raises ValueError for a text that is none of its kind."""

    def __init__(self, encode: Callable[[T], bytes], decode: Callable[[str], T]) -> None:
        self.encode, self.decode = encode, decode


def _of(kind: type[T]) -> Codec[T]:
    return Codec(Encoder().encode, Decoder(kind).decode)


ORDER = _of(Order)
PAYMENT = _of(Payment)
RECORD = _of(Record)
STEP = _of(Step)
ATTEMPT = _of(Attempt)
BINDING = _of(Binding)

_RULES = TypeAdapter(Rules)
RULES = Codec(_RULES.dump_json, _RULES.validate_json)
"""Read once a start. Durations as earlier versions wrote them, with years ("P1Y"), are read by pydantic alone."""


def dump(codec: Codec[T], value: T) -> str:
    return codec.encode(value).decode()


def load(codec: Codec[T], text: str | None) -> T | None:
    return None if text is None else codec.decode(text)
