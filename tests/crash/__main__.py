"""All points of all scenarios, or of those whose names hold the words given: `python -m tests.crash capture`."""

import argparse
import asyncio
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import databases, postgres
from tests.crash.exploring import AT_ONCE, all_points, explore
from tests.crash.scenarios import SCENARIOS


def main() -> int:
    """Return 1 where anything was otherwise than without a kill."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--database", choices=databases.KINDS, default="sqlite")
    parser.add_argument("words", nargs="*")
    asked = parser.parse_args()
    began = time.monotonic()
    chosen = [scenario for scenario in SCENARIOS if all(word in scenario.name for word in asked.words)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="wc-bridge-crash-")))
        server = stack.enter_context(postgres.running()) if asked.database == "postgresql" else None
        stack.enter_context(databases.served_by(server))
        at_once = AT_ONCE * (3 if server else 1)  # there whoever is next waits for the lease of who was killed
        wrong = 0
        for scenario in chosen:  # one after the other, so that what is known by then is told whatever ends it
            [found] = asyncio.run(explore([scenario], folder, all_points, at_once))
            wrong += len(found.wrong)
            lines = [f"{found.scenario}: {found.lives} lives, {found.kills} kills, {len(found.wrong)} wrong"]
            print("\n  ".join(lines + found.wrong), flush=True)  # noqa: T201
    print(f"{time.monotonic() - began:.0f} s")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
