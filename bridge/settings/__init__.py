"""settings.yaml: found, read, checked, and turned into frozen values. The only reader of file and environment."""

from bridge.settings.group import Group, ProviderSettings
from bridge.settings.kinds import Kinds
from bridge.settings.methods import matches_method
from bridge.settings.model import (
    Actions,
    Alerts,
    Cancel,
    Capture,
    Email,
    Limits,
    Modify,
    Poll,
    Refund,
    Settings,
    Settle,
    StoreSettings,
    Surge,
    Web,
)
from bridge.settings.reading import PLACES, database_of, find, load
from bridge.settings.schema import Key, example, json_schema, keys
from bridge.settings.secrecy import exposed, resolve
from bridge.settings.secret import Secret

__all__ = [
    "PLACES",
    "Actions",
    "Alerts",
    "Cancel",
    "Capture",
    "Email",
    "Group",
    "Key",
    "Kinds",
    "Limits",
    "Modify",
    "Poll",
    "ProviderSettings",
    "Refund",
    "Secret",
    "Settings",
    "Settle",
    "StoreSettings",
    "Surge",
    "Web",
    "database_of",
    "example",
    "exposed",
    "find",
    "json_schema",
    "keys",
    "load",
    "matches_method",
    "resolve",
]
