"""`monitoring`: where the files for Prometheus and Grafana lie."""

import click

from bridge.cli.shared import Command, json_option, print_json, say
from bridge.monitoring.files import shipped


@click.command(cls=Command)
@json_option
def monitoring(*, as_json: bool) -> None:
    """Say where the alert rules for Prometheus and the dashboard for Grafana lie, a path a line.

    They come with each version, so link to them, or copy them anew after an upgrade.

    \b
    Example:
      wc-bridge monitoring --json
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    found = {name: str(path) for name, path in shipped().items()}
    if as_json:
        print_json(found)
    else:
        for path in found.values():
            say(path)
