"""One line of a check: what was looked at, how it is, and who must do what about it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bridge.errors import (
    AccessDenied,
    AnswerLost,
    BridgeError,
    Busy,
    DatabaseError,
    Nonsense,
    NotThere,
    OtherVersion,
    Rejected,
    SettingsError,
    Unreachable,
)

_SETTINGS: Final = 2
_UNREACHED: Final = 3
"""What a command ends with (design § 6)."""

_TO_DO: Final = (
    "allow ",
    "ask ",
    "check ",
    "choose ",
    "correct ",
    "export ",
    "give ",
    "have ",
    "if it lasts",
    "install ",
    "look ",
    "make ",
    "put ",
    "report ",
    "see ",
    "set ",
    "update ",
    "upgrade ",
    "whoever ",
    "`wc-bridge ",
)
"""How what is to be done begins, in the texts of errors."""
_AGAIN: Final = "check again; if it lasts, ask whoever keeps it"
_REMEDIES: Final[tuple[tuple[type[BridgeError], str], ...]] = (
    (Unreachable, "see that this machine may connect to it (firewall, proxy), and that it runs"),
    (AnswerLost, _AGAIN),
    (Busy, _AGAIN),
    (
        AccessDenied,
        "correct the credentials in settings.yaml, or set the variables or files that they are read from",
    ),
    (NotThere, "check the ids in settings.yaml"),
    (Nonsense, "check the address in settings.yaml; if that is right, ask whoever keeps it"),
    (Rejected, "report this"),
    (SettingsError, "correct it in settings.yaml, or set the variable or file that it names"),
    (DatabaseError, "check `database` in settings.yaml, and that the user who types this may read and write it"),
)
"""Where the error itself names nothing to do."""


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    name: str
    """What was looked at ("store.write"); it never changes, and stands once for each subject."""
    subject: str
    """Whose: "settings", "database", a store's name, or that and one of its providers ("butiken: resurs test")."""
    state: State
    text: str
    remedy: str = ""
    """Who must do what; "" where all is well."""
    code: int = 0
    """What a failure has the command end with."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What findings are about; it makes them."""

    name: str

    def ok(self, name: str, text: str) -> Finding:
        return Finding(name=name, subject=self.name, state=State.OK, text=text)

    def warn(self, name: str, text: str, remedy: str) -> Finding:
        return Finding(name=name, subject=self.name, state=State.WARN, text=text, remedy=remedy)

    def wrong(self, name: str, text: str, remedy: str) -> Finding:
        """Something that settings.yaml, or a permission that it relies on, has to be changed for."""
        return Finding(name=name, subject=self.name, state=State.FAIL, text=text, remedy=remedy, code=_SETTINGS)

    def failed(self, name: str, error: BridgeError) -> Finding:
        text, remedy = parted(error)
        wrong = isinstance(error, AccessDenied | NotThere | OtherVersion | SettingsError)
        code = _SETTINGS if wrong else _UNREACHED
        return Finding(name=name, subject=self.name, state=State.FAIL, text=text, remedy=remedy, code=code)


def parted(error: BridgeError) -> tuple[str, str]:
    """Return what an error says is wrong, and what it says is to be done, else what its kind asks for."""
    text = str(error).removesuffix("; it is tried again")
    cuts = [(text.rfind(mark), mark) for mark in (": ", "; ")]
    for place, mark in sorted(cuts, reverse=True):
        if place > 0 and text.startswith(_TO_DO, place + len(mark)):
            return text[:place], text[place + len(mark) :]
    return text, next((remedy for kind, remedy in _REMEDIES if isinstance(error, kind)), _AGAIN)


def ends(findings: Iterable[Finding]) -> int:
    """What the command ends with: wrong settings come first, as nothing but a person mends them."""
    found = list(findings)
    codes = {it.code for it in found if it.state is State.FAIL}
    if codes:
        return min(codes)
    return 1 if any(it.state is State.WARN for it in found) else 0
