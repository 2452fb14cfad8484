"""What no source says for certain about the Merchant API, as switches; each default is the likeliest reading."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class FieldErrors(StrEnum):
    """The shapes in which field errors have come."""

    PARAMETERS = "parameters"
    """A map under `parameters` (SDK 3.0)."""
    MAP = "map"
    """A map under `validationErrors` (SDK tests of 2025)."""
    LIST = "list"
    """A list of `fieldName` and `message` under `validationErrors` (newest SDK)."""


class Stamps(StrEnum):
    """How timestamps are written; the vendor itself notes that they differ."""

    ZONED = "zoned"
    """Milliseconds and Z."""
    NAIVE = "naive"
    """Milliseconds, no zone."""
    NANO = "nano"
    """Nine decimals, no zone."""
    WHOLE = "whole"
    """Whole seconds and Z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    # Amounts
    total_is_cumulative: bool = True
    """`totalOrderAmount` sums every line ever put on; else it falls back to what is reserved and captured when
    lines are added."""
    refuses_sum_above_remainder: bool = True
    """Lines that sum to more than is left are refused; else what is left is taken."""
    negative_refund_lines_refused: bool = False
    strict_line_match: bool = False
    """Lines of a partial call must equal lines of the payment in reference, description and VAT rate."""

    # What is possible
    full_action_names_stay: bool = True
    """CAPTURE, CANCEL and REFUND stay listed after a part was done; else only their PARTIAL names do."""
    lines_mean_partial: bool = False
    """A call that carries lines needs the PARTIAL name even where they sum to everything."""
    internal_partials: bool = True
    """Resurs's own methods list PARTIAL actions."""
    external_partials: bool = False
    """External methods (Swish, Trustly, cards) list PARTIAL actions too."""
    frozen_lists_cancel: bool = True
    authorisation_lifetime: timedelta | None = None
    """How long after its creation a payment can be captured or cancelled; None: for ever."""
    forbidden_when_expired: bool = True
    """A rejected payment older than `rejected_visible` answers 403; else 404."""
    rejected_visible: timedelta = timedelta(days=30)

    # Adding lines
    add_lines_needs_full_cancel: bool = False
    limit_counts_captured: bool = True
    """`approvedCreditLimit` bounds reserved and captured together; else reserved alone."""
    cancel_frees_credit: bool = True

    # Protocol
    success_status: int = 200
    create_status: int = 201
    invalid_client_status: int = 401
    """400 has been seen as well."""
    field_errors: FieldErrors = FieldErrors.LIST
    stamps: Stamps = Stamps.ZONED
    token_lifetime: int = 3599
    """Seconds."""
    scopes: tuple[str, ...] = ("merchant-api", "mock-merchant-api")
    longest_transaction_id: int | None = None
    """Also of `creator`; None: no limit."""

    # Consistency
    stale_reads: int = 0
    """After each change, so many reads of that payment still show it as it was before."""
    lag: timedelta = timedelta(0)
    """Reads show a change only this long after it."""
