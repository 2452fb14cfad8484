"""New settings that a running daemon has refused, as `status` tells of them."""

from typing import Any

from rich.console import Console

from bridge.cli.tables import paragraph, when


def print_refusals(out: Console, stores: list[dict[str, Any]]) -> None:
    """Print each refusal once, with the stores that go by the settings of before, and what to do."""
    for refusal, names in _refusals(stores):
        text = (
            f"{', '.join(names)}: new settings were refused ({when(refusal['at'])}), the old ones stay in force: "
        )
        paragraph(out, text, "; ".join(refusal["problems"]))
        paragraph(
            out, "", "correct them and `systemctl reload wc-bridge`; a new ${VARIABLE} takes a restart", style=""
        )


def _refusals(stores: list[dict[str, Any]]) -> list[tuple[dict[str, Any], list[str]]]:
    found: list[tuple[dict[str, Any], list[str]]] = []
    for store in stores:
        refusal = store["refused_settings"]
        same = next((names for it, names in found if it == refusal), None)
        if same is not None:
            same.append(store["store"])
        elif refusal:
            found.append((refusal, [store["store"]]))
    return found
