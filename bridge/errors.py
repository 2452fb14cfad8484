"""Everything that can go wrong on purpose, and who must act.

    BridgeError
    ├── SettingsError            the administrator: settings.yaml, or a variable it names
    ├── UsageError               the person at the keyboard: an order or action that is not there
    ├── DatabaseError            the administrator: our own database can't be used
    │   ├── OtherVersion         the administrator: the database is of another version of wc-bridge
    │   └── LeaseLost            nobody: another daemon may work on the store
    ├── AddressTaken             the administrator: `web.listen` can't be had
    └── RemoteError              a store or a provider; `remote` names it
        ├── Unreachable          nobody yet: no connection was made, so nothing was sent; tried again
        ├── AnswerLost           nobody yet: sent, but no whole answer came back
        ├── Busy                 nobody: asked to wait (429, 503, maintenance); `after` says how long
        ├── AccessDenied         the administrator: key, secret or permission
        ├── NotThere             nobody: the thing asked for does not exist
        ├── Rejected             us, or the one who asked: the request is not acceptable as it is
        ├── Nonsense             the remote's keeper: an answer that is not what its API promises
        └── Unreadable           the shop's staff: one order makes no sense; the others are not affected

The text of each says in one sentence what is wrong and what to do. None carries a secret or a body.
"""

from datetime import timedelta
from typing import ClassVar


class BridgeError(Exception):
    """The root. `who` must act; `exit_code` is what a command ends with (design § 6)."""

    who: ClassVar[str] = "the maintainers"
    exit_code: ClassVar[int] = 3


class SettingsError(BridgeError):
    who = "the administrator"
    exit_code = 2


class UsageError(BridgeError):
    who = "the person who typed it"
    exit_code = 2


class DatabaseError(BridgeError):
    who = "the administrator"


class OtherVersion(DatabaseError):
    """Trying again does not mend it, so it ends like wrong settings: systemd leaves it at that."""

    exit_code = 2


class LeaseLost(DatabaseError):
    who = "nobody"

    def __init__(self, store: str) -> None:
        super().__init__(f"another wc-bridge may work on {store} now: what was under way here is left to it")


class RemoteError(BridgeError):
    """`remote` is the store's or provider's name in settings, for logs and `status`."""

    def __init__(self, message: str, *, remote: str) -> None:
        super().__init__(message)
        self.remote = remote


class Unreachable(RemoteError):
    who = "nobody yet"


class AnswerLost(RemoteError):
    who = "nobody yet"


class Busy(RemoteError):
    who = "nobody yet"

    def __init__(self, message: str, *, remote: str, after: timedelta | None = None) -> None:
        super().__init__(message, remote=remote)
        self.after = after


class AccessDenied(RemoteError):
    who = "the administrator"


class NotThere(RemoteError):
    who = "nobody"


class Rejected(RemoteError):
    """`code` is the remote's own error code, "" where it gave none."""

    who = "the maintainers"

    def __init__(self, message: str, *, remote: str, code: str = "") -> None:
        super().__init__(message, remote=remote)
        self.code = code


class Nonsense(RemoteError):
    who = "whoever keeps the remote"


class Unreadable(RemoteError):
    """`order` is the id of the order that can't be understood; the text says why."""

    who = "the shop's staff"

    def __init__(self, message: str, *, remote: str, order: int) -> None:
        super().__init__(message, remote=remote)
        self.order = order
