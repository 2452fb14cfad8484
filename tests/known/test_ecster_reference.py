"""Every bug and every change of Ecster's plugin that the reference knows (10.1, 10.2) is dealt with."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.known import test_ecster, test_ecster_changes

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "ecster-api.md"
"""It lies beside the checkout, not in it."""

CANNOT_OCCUR: Mapping[str, str] = {
    "v1 1.8.7": "The first plugin gave way to the second: nothing that is sent changed, and wc-bridge is neither.",
}
"""Number of a bug or version of the plugin: why the bridge can't have it."""


def _first_cells(section: str) -> list[str]:
    """The first column of a section's only table, without its head; "3.1.1 (2022-03-16)" is 3.1.1."""
    body = REFERENCE.read_text(encoding="utf-8").partition(f"### {section} ")[2].partition("\n#")[0]
    cells = re.findall(r"^\| ([^|]+?) \|", body, re.MULTILINE)
    return [cell.partition(" (")[0] for cell in cells if not cell.startswith(("#", "-", "Version"))]


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"no reference at {REFERENCE}")
def test_every_bug_and_change_is_played_or_cannot_occur() -> None:
    bugs, versions = _first_cells("10.1"), _first_cells("10.2")
    names = {f"bug {number}": f"test_bug_{number}_" for number in bugs}
    names |= {version: "test_" + re.sub(r"\W", "_", version) + "_" for version in versions}
    names |= {"crash cases": "test_crash_case_"}
    tests = [name for module in (test_ecster, test_ecster_changes) for name in vars(module) if name[:5] == "test_"]
    played = {known for known, start in names.items() if any(test.startswith(start) for test in tests)}
    assert (len(bugs), len(versions)) > (0, 0)
    assert played | CANNOT_OCCUR.keys() == names.keys()
    assert played & CANNOT_OCCUR.keys() == set()
    assert [test for test in tests if not test.startswith(tuple(names.values()))] == []
