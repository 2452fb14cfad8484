"""The files for Prometheus and Grafana that come with the package."""

from importlib.resources import files
from pathlib import Path


def shipped() -> dict[str, Path]:
    """Return where they lie, by what they are: alert `rules` for Prometheus, a `dashboard` for Grafana."""
    here = Path(str(files("bridge.monitoring")))
    return {"rules": here / "wc-bridge.rules.yml", "dashboard": here / "wc-bridge.json"}
