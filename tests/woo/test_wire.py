"""The wire models against everything that real stores have answered."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from bridge.exact import decode
from bridge.woo import wire
from tests.woo import recorded

MODELS: dict[str, type[BaseModel]] = {
    "order": wire.Order,
    "refund": wire.Refund,
    "note": wire.Note,
    "error": wire.ErrorBody,
    "status": wire.SystemStatus,
}
AT_LEAST = {"order": 150, "refund": 30, "note": 50, "error": 30, "status": 3}


@pytest.mark.parametrize("kind", MODELS)
def test_every_recorded_body_is_understood_and_kept_as_it_is(kind: str) -> None:
    """Figures to the last digit, texts to the last letter, ids as whole numbers."""
    seen = 0
    for name, body in recorded.bodies(kind):
        model = MODELS[kind].model_validate(body)
        assert _differences(model, body, name) == []
        seen += 1
    assert seen >= AT_LEAST[kind]


def _differences(model: BaseModel, body: dict[str, Any], where: str) -> list[str]:
    """Compare what the model kept with the recorded JSON, field by field, down to the leaves."""
    found: list[str] = []
    for field, info in type(model).model_fields.items():
        key = info.alias or field
        if key not in body:
            continue
        kept, original, here = getattr(model, field), body[key], f"{where}.{key}"
        if isinstance(kept, BaseModel):
            found += _differences(kept, original, here)
        elif isinstance(kept, tuple):
            found += _rows(kept, original, here)
        elif key.endswith("_gmt"):
            text = None if kept is None else kept.strftime("%Y-%m-%dT%H:%M:%S")
            found += [here] * (text != original)
        elif isinstance(kept, Decimal):
            found += [here] * (str(kept) != str(original or 0))
        elif kept == "" or field in ("id", "rate_id"):
            found += [here] * (str(kept) != str("" if original is None else original))
        else:
            found += [here] * (kept != original)
    return found


def _rows(kept: Iterable[Any], original: list[Any], where: str) -> list[str]:
    pairs = zip(kept, original, strict=True)
    return [gap for n, (row, body) in enumerate(pairs) for gap in _differences(row, body, f"{where}[{n}]")]


def test_a_listing_cut_by_fields_is_an_order_without_lines() -> None:
    body = recorded.read("17", "poll the trash")[0]
    assert "line_items" not in body
    assert wire.Order.model_validate(body).line_items == ()


def test_json_numbers_with_a_fraction_stay_exact() -> None:
    assert decode('{"total": 0.1, "price": 811.250}') == {"total": Decimal("0.1"), "price": Decimal("811.250")}


@pytest.mark.parametrize(
    "total", [0.1, True, "", None, "NaN", "Infinity", "12,50", "1 000", "1E+999999", "1." + "0" * 30 + "1"]
)
def test_a_total_that_is_no_exact_figure_is_refused(total: Any) -> None:
    body = {**recorded.read("01", "create order"), "total": total}
    with pytest.raises(ValidationError, match="total"):
        wire.Order.model_validate(body)


def test_an_order_without_its_list_of_refunds_is_not_taken_for_one_without_refunds() -> None:
    body = dict(recorded.read("01", "create order"))
    del body["refunds"]
    with pytest.raises(ValidationError, match="refunds"):
        wire.Order.model_validate(body)


@pytest.mark.parametrize("written", [None, [], {}])
def test_php_writes_an_empty_list_in_three_ways(written: Any) -> None:
    body = {**recorded.read("01", "create order"), "meta_data": written, "fee_lines": written, "refunds": written}
    order = wire.Order.model_validate(body)
    assert (order.meta_data, order.fee_lines, order.refunds) == ((), (), ())


def test_a_list_with_a_hole_comes_as_an_object() -> None:
    body = {**recorded.read("01", "create order"), "refunds": {"1": {"id": 7, "total": "-5.00"}}}
    assert [stub.id for stub in wire.Order.model_validate(body).refunds] == [7]


@pytest.mark.parametrize("text", ["2026-11-21T21:02:28", "2026-11-21T21:02:28Z", "2026-11-21T22:02:28+01:00"])
def test_times_are_utc_however_they_are_written(text: str) -> None:
    body = {**recorded.read("01", "create order"), "date_modified_gmt": text}
    modified = wire.Order.model_validate(body).date_modified_gmt
    assert modified is not None
    assert modified.isoformat() == "2026-11-21T21:02:28+00:00"
