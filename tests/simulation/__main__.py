"""`python -m tests.simulation`: thousands of histories, each from a seed; a failing one is printed as its story."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import click

from tests.simulation.history import Told, tell


@click.command()
@click.option("--seeds", default=200, show_default=True, help="How many histories.")
@click.option("--from", "first", default=0, show_default=True, help="The first seed.")
@click.option("--seed", "one", type=int, help="Live through this one history, and print its story.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes side by side.")
@click.option("--show", default=3, show_default=True, help="How many of the failing stories are printed.")
def main(*, seeds: int, first: int, one: int | None, jobs: int, show: int) -> None:
    """Prove the bridge's promises on histories of a shop in bad weather; end 1 where one is broken."""
    began = time.monotonic()
    if one is not None:
        told = tell(one)
        click.echo(told.story)
        for broken in told.broken:
            click.echo(f"BROKEN {broken}")
        raise SystemExit(1 if told.broken else 0)
    counted: Counter[str] = Counter()
    failed: list[int] = []
    with _map(jobs) as lived:
        for told in lived(range(first, first + seeds)):
            counted.update(told.counted)
            if told.broken:
                failed.append(told.seed)
                if len(failed) <= show:
                    click.echo(f"\n{told.story}")
                click.echo(f"seed {told.seed}: " + "; ".join(told.broken))
    for name, number in sorted(counted.items()):
        click.echo(f"{number:8} {name}")
    click.echo(f"{seeds} histories in {time.monotonic() - began:.0f} s, {len(failed)} failed {failed or ''}")
    raise SystemExit(1 if failed else 0)


@contextmanager
def _map(jobs: int) -> Iterator[Callable[[Iterable[int]], Iterable[Told]]]:
    if jobs == 1:
        yield lambda seeds: map(tell, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield lambda seeds: pool.map(tell, seeds, chunksize=4)


if __name__ == "__main__":
    main()
