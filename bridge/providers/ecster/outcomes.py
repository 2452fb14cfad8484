"""What an answer to a POST means. Only a 2xx that says what was asked is done; only a plain no is refused."""

from pydantic import ValidationError

from bridge.domain.outcomes import Done, Later, Outcome, Refused, Unknown
from bridge.providers.ecster.api import KEYS_REFUSED
from bridge.providers.ecster.ledger import OPEN
from bridge.providers.ecster.wire import Created, Problem, plain
from bridge.providers.http import Answer

WRONG_STATE = "4424"
"""The only error code whose meaning is known. The HTTP status that comes with it is not, so it is not looked at."""

_REQUEST_TIMEOUT, _TOO_MANY = 408, 429


def transaction_outcome(answer: Answer, *, type: str, amount: int | None, key: str) -> Outcome:  # noqa: A002
    """Judge an answer of POST transactions. `amount` None: not looked at (the annulled amount comes back as 0)."""
    if not answer.ok:
        return _failure(answer)
    try:
        created = Created.model_validate(answer.body)
    except ValidationError:
        return Unknown(f"Ecster answered {answer.status} to {type}, but not with a transaction")
    transaction = created.transaction
    if transaction.type != type or (amount is not None and transaction.amount != amount):
        return Unknown(f"Ecster answered {type} {amount or ''} with {plain(transaction.type)} {transaction.amount}")
    if transaction.transaction_reference not in ("", key):
        return Unknown(f"Ecster answered {type} with a transaction of another reference")
    if type == "ANNUL" and created.order_status in OPEN:
        return Unknown(f"Ecster recorded an ANNUL, but the order is {created.order_status}")
    return Done(transaction.id)


def swish_outcome(answer: Answer) -> Outcome:
    """Judge an answer of POST refunds: SUCCESS, ONGOING, and any other word for "failed"."""
    if not answer.ok:
        return _failure(answer)
    status = answer.body.get("status") if isinstance(answer.body, dict) else None
    match status:
        case "SUCCESS":
            return Done()
        case "ONGOING":
            return Unknown("The Swish refund is on its way")
        case str() if status:
            return Refused(plain(status))
        case _:
            return Unknown(f"Ecster answered {answer.status} to a Swish refund without its status")


def _failure(answer: Answer) -> Outcome:
    problem = _problem(answer)
    if problem and problem.code == WRONG_STATE:
        # We call only where the order, as read a moment ago, is in such a state: somebody was quicker, or the
        # answer is to a request that something on the way sent twice. The ledger tells (reference 6.4).
        return Refused(WRONG_STATE, surprising=True)
    if answer.status in (401, 403):
        return Later(KEYS_REFUSED, down=True)
    if answer.status == _TOO_MANY:
        return Later("Ecster asks to wait", answer.retry_after, down=True)
    if problem and 400 <= answer.status < 500 and answer.status != _REQUEST_TIMEOUT:  # noqa: PLR2004
        said = plain(problem.message or problem.type or problem.error)
        return Refused(f"{said} ({problem.code or answer.status})".lstrip())
    return Unknown(f"Ecster answered {answer.status}")


def _problem(answer: Answer) -> Problem | None:
    try:
        return Problem.model_validate(answer.body)
    except ValidationError:
        return None
