"""The settings.yaml of a history: a live store with both providers, at the addresses of the simulation."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from bridge.app import read_settings
from bridge.settings import Settings
from tests.flow.world import STORE
from tests.simulation.town import Plan

PORTS = {"shop": 9001, "resurs": 9002, "ecster": 9003}
"""Of the addresses by which the bridge knows the three."""


def settings(plan: Plan, database: Path) -> Settings:
    """The settings of this history; reading them takes longer than much else, so each kind is read once."""
    read = _read(json.dumps(plan.settings(), sort_keys=True))
    return read.model_copy(update={"database": f"sqlite://{database}"})


@cache
def _read(changes: str) -> Settings:
    with TemporaryDirectory() as folder:
        path = Path(folder, "settings.yaml")
        with path.open("w") as file:
            YAML().dump(_document(json.loads(changes)), file)
        return read_settings(path)


def _document(changes: dict[str, Any]) -> dict[str, Any]:
    addresses = {remote: f"http://127.0.0.1:{port}" for remote, port in PORTS.items()}
    return {
        "database": "sqlite:///nowhere",
        "stores": [
            {
                "name": STORE,
                "mode": "live",
                "url": addresses["shop"],
                "consumer_key": "ck_sandbox",
                "consumer_secret": "cs_sandbox",
                "language": "en",
                "providers": [
                    {
                        "type": "resurs",
                        "environment": "test",
                        "base_url": addresses["resurs"],
                        "client_id": "sandbox",
                        "client_secret": "sandbox-secret",
                        "store_id": "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10",
                    },
                    {
                        "type": "ecster",
                        "environment": "test",
                        "base_url": addresses["ecster"],
                        "api_key": "key",
                        "merchant_key": "10000001",
                    },
                ],
                **changes,
            }
        ],
    }
