"""The README's table of settings, made from the settings themselves.

`python -m tests.project.settings_table` writes it into README.md anew.
"""

import re
from pathlib import Path

from bridge.providers.registry import provider_kinds
from bridge.settings import Key, ProviderSettings, keys

README = Path(__file__).parents[2] / "README.md"
_PLACE = re.compile(r"(?<=<!-- settings: begin -->\n).*(?=<!-- settings: end -->)", re.DOTALL)


def all_keys() -> list[Key]:
    """Every key of settings.yaml: what all have, then what each kind of provider adds."""
    found = list(keys())
    for name, kind in sorted(provider_kinds().items()):
        own = keys(kind.SETTINGS, f"stores[].providers[{name}].")
        found += [key for key in own if key.path.rpartition(".")[2] not in ProviderSettings.model_fields]
    return found


def table() -> str:
    """Return the table as Markdown."""
    rows = ["| key | default | meaning |", "| --- | --- | --- |"]
    for key in all_keys():
        default = "must be given" if key.default is None else f"`{key.default}`"
        meaning = " ".join(key.meaning.split())
        rows.append(f"| `{key.path}` | {default} | {meaning.strip()} |")
    return "\n".join(rows) + "\n"


def shown() -> str:
    """Return the table that README.md has now."""
    place = _PLACE.search(README.read_text(encoding="utf-8"))
    assert place, "README.md has lost the two comments around the table"
    return place[0]


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(_PLACE.sub(lambda _: table(), text), encoding="utf-8")
