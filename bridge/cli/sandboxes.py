"""`demo` and `sandbox`: the whole thing on this machine, no account anywhere."""

import click

from bridge.cli.shared import Command


@click.command(cls=Command)
def demo() -> None:
    """Live through a day in a shop's life, in under ten seconds."""


@click.command(cls=Command)
def sandbox() -> None:
    """Run a sandbox store and sandbox providers, with a settings.yaml that points at them."""
