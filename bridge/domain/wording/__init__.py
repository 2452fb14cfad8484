"""The sentences of order notes, in English and Swedish: for a shop's staff, without jargon and without blame.

Outcomes keep the words that the payment plugins used, so that staff, and searches for old notes, find them again.
Order statuses bear the names that WooCommerce gives them in the language.
"""

from collections.abc import Mapping

from bridge.domain.steps import Kind
from bridge.domain.wording.english import ENGLISH
from bridge.domain.wording.sentences import Wording
from bridge.domain.wording.swedish import SWEDISH

ECSTER: Mapping[Kind, str] = {
    Kind.CAPTURE: "Ecster payment debited{transaction}.",
    Kind.CANCEL: "Ecster payment was successfully cancelled.",
    Kind.REFUND: "Ecster order credited with {amount}{purpose}{transaction}.",
}
"""What Ecster's plugin wrote, in whatever language: its Swedish translation leaves these in English.

`purpose` and `transaction` are " for refund 1077" and ", transaction 4711", or empty where there is none.
"""


def wording(language: str) -> Wording:
    """Return the sentences for a language or locale ("sv", "sv_SE", "sv-SE"); English for any unknown one."""
    return SWEDISH if language.lower().replace("-", "_").split("_")[0] == "sv" else ENGLISH
