"""The command `wc-bridge`: it parses and prints; what it does is elsewhere.

Data goes to stdout, logs and complaints to stderr. Every command ends 0 done, 1 something needs attention,
2 wrong usage or settings, or a database of another version, 3 a remote or the database can't be reached
(design § 6); besides these 130 when a person interrupts it, and 70 (sysexits.h: internal software error) when it
meets a bug of its own.
"""

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

BUG = 70
INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line (`words`, else the program's own); every ending is one message and an exit code."""
    try:
        # The commands take most of a second to load: Ctrl-C during it is to end like Ctrl-C after it.
        from bridge.cli.commands import run_command  # noqa: PLC0415

        sys.exit(run_command(words))
    except KeyboardInterrupt:
        print("wc-bridge: stopped", file=sys.stderr)  # noqa: T201 (click is perhaps not loaded yet)
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 (the last resort: a traceback is no message)
        _tell_bug(error, sys.argv[1:] if words is None else words)
        sys.exit(BUG)


def _tell_bug(error: Exception, words: Sequence[str]) -> None:
    """Say in one line that this is a bug, and where. The text of the error may hold anything, so it stays out."""
    from bridge.tracebacks import shown  # noqa: PLC0415 (only a bug needs it)

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/bridge/" in frame.filename]
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    what = f"wc-bridge: this is a bug of wc-bridge ({type(error).__name__}{place})"
    if "--debug" in words:
        print(shown(error), file=sys.stderr)  # noqa: T201 (see `main`)
        print(f"{what}: please report what stands above", file=sys.stderr)  # noqa: T201 (see `main`)
    else:
        print(f"{what}: run it again with --debug, and report what it shows", file=sys.stderr)  # noqa: T201 (see `main`)
