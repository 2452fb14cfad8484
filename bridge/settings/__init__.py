"""settings.yaml: found, read, checked, and turned into frozen values. The only reader of file and environment."""

from bridge.settings.group import Group, ProviderSettings, holds_secret
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
from bridge.settings.problems import proof
from bridge.settings.reading import (
    PLACES,
    alerts,
    database_of,
    database_url,
    find,
    load,
    named_by_environment,
    store_names,
)
from bridge.settings.schema import Key, example, json_schema, keys
from bridge.settings.secrecy import exposed, resolve, secrets_in
from bridge.settings.secret import Secret
from bridge.settings.template import Answers, filled_in, schema_file

__all__ = [
    "PLACES",
    "Actions",
    "Alerts",
    "Answers",
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
    "alerts",
    "database_of",
    "database_url",
    "example",
    "exposed",
    "filled_in",
    "find",
    "holds_secret",
    "json_schema",
    "keys",
    "load",
    "matches_method",
    "named_by_environment",
    "proof",
    "resolve",
    "schema_file",
    "secrets_in",
    "store_names",
]
