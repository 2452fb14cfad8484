"""What nobody outside Ecster knows for sure, as switches. The defaults are what is inferred or proposed."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    # The HTTP statuses of answers
    bad_keys_status: int = 401
    unknown_order_status: int = 404
    invalid_status: int = 400
    wrong_state_status: int = 409
    """Comes with the error code 4424."""
    transaction_status: int = 201
    reference_status: int = 200
    refund_status: int = 200
    no_refund_status: int = 404
    """Of a look at the latest Swish refund where there was none."""

    # Statuses of orders
    after_close: str = "FULLY_DELIVERED"
    """After a DEBIT of less than the residual with closeDebit."""
    after_annul_of_rest: str = "FULLY_DELIVERED"
    """After an ANNUL of an order that was debited in part."""
    after_full_credit: str | None = None
    """After everything debited was credited; None: the status stays."""

    # What is accepted
    row_sum_checked: bool = True
    rows_wanted: bool = False
    fractions_rounded: bool = True
    """Fractions in unitAmount and vatRate, as plugins send them; else they are an error."""
    over_debit: bool = False
    partial_annul: bool = False
    """An ANNUL with an amount releases that much, and shows it; else every ANNUL releases all that is open."""
    annull_accepted: bool = False
    """The spelling of the documentation's prose, as a type in requests."""
    pending_annulled: bool = False
    """Orders that are not final yet can be annulled."""
    ended_credited: bool = False
    """What was debited of an order that ended since (ANNULLED, EXPIRED …) can still be credited."""
    unique_references: bool = False
    """A transactionReference that the order has seen is refused."""

    # What is shown
    references_shown: bool = True
    """GET order shows transactionReference."""
    credits_name_debit: bool = False
    annulled_amount_shown: bool = False
    """An ANNUL shows what it released, not 0."""
    newest_first: bool = False
    invoice_fee_name: str = "invoiceFee"
    """Or startFee."""
    read_lag: timedelta = timedelta()
    """GET order and search answer with what was so this long ago."""

    # Swish refunds
    swish_polls: int = 1
    """A Swish refund is ONGOING for this many looks at its status; 0: it is settled at once."""
    swish_ending: str = "SUCCESS"
    """Or any other word, for a refund that fails."""
    swish_one_at_a_time: bool = False
    swish_listed: bool = True
    """A Swish refund shows as a CREDIT in the ledger, without a reference."""
    swish_counted: bool = True
    """A Swish refund counts in creditedAmount."""
    swish_takes_credit: bool = False
    """An ordinary CREDIT is accepted for a Swish order."""


AS_INFERRED = Switches()
