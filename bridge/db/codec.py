"""Values of the domain as JSON text and back, exactly: no float, no field lost.

These texts outlive a release. A new field of such a value has a default; a renamed one is a migration.
"""

from typing import TypeVar

from pydantic import TypeAdapter

from bridge.domain.attempts import Attempt
from bridge.domain.binding import Binding
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.records import Record
from bridge.domain.rules import Rules
from bridge.domain.steps import Step

T = TypeVar("T")

ORDER: TypeAdapter[Order] = TypeAdapter(Order)
PAYMENT: TypeAdapter[Payment] = TypeAdapter(Payment)
RECORD: TypeAdapter[Record] = TypeAdapter(Record)
STEP: TypeAdapter[Step] = TypeAdapter(Step)
ATTEMPT: TypeAdapter[Attempt] = TypeAdapter(Attempt)
RULES: TypeAdapter[Rules] = TypeAdapter(Rules)
BINDING: TypeAdapter[Binding] = TypeAdapter(Binding)


def dump(adapter: TypeAdapter[T], value: T) -> str:
    return adapter.dump_json(value).decode()


def load(adapter: TypeAdapter[T], text: str | None) -> T | None:
    return None if text is None else adapter.validate_json(text)
