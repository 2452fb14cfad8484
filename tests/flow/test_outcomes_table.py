"""Every call of every provider, with every ending: done, not done and then decided anew, or a person is called.

`BRIDGE_OUTCOMES=all` plays every ending with every lag of reads, with whatever somebody else does meanwhile, and
with and without a restart; the default plays each with some of them.
"""

import os
from collections import Counter
from datetime import timedelta
from itertools import pairwise, product
from pathlib import Path

import pytest

from tests.flow.outcome_rows import LAGS, SETTLE, UNKNOWN, Ending, Row, Theirs
from tests.flow.outcomes import Case, Play, play
from tests.flow.world import ProviderName, world

PROVIDERS: tuple[ProviderName, ...] = ("resurs", "ecster")
THEIRS: tuple[Theirs, ...] = ("nothing", "the same", "another amount")
WITH_BOTH = (
    Ending.ANSWERED,
    Ending.DROPPED_BEFORE,
    Ending.DROPPED_AFTER,
    Ending.TIMED_OUT_LATE,
    Ending.KILLED_LATE,
)
"""The others go by turns: once an adapter has said that it is unknown, one is like the other."""


def rows() -> list[Row]:
    """Every ending, and with each another lag of reads and another thing done meanwhile."""
    if os.environ.get("BRIDGE_OUTCOMES") == "all":
        every = product(PROVIDERS, Ending, LAGS, THEIRS, (False, True))
        return [Row(provider=p, ending=e, lag=lag, theirs=it, restart=r) for p, e, lag, it, r in every]
    return [
        Row(
            provider=provider,
            ending=ending,
            lag=LAGS[(i - j) % 3],
            theirs=THEIRS[(i // 3 + j) % 3],
            restart=(i + j) % 2 == 1,
        )
        for i, provider in enumerate(PROVIDERS, start=2)
        for j, ending in enumerate(Ending)
        if ending in WITH_BOTH or (i + j) % 2
    ]


@pytest.mark.parametrize("row", rows(), ids=str)
async def test_it_is_known_in_the_end_what_became_of_every_call(tmp_path: Path, row: Row) -> None:
    async with world(tmp_path, row.provider, settle=SETTLE) as w:
        played = await play(w, row)
        if row.blind and row.ending is Ending.ANSWERED:
            await _a_person_is_called(played)
        await played.end()
        for case in played.cases:
            try:
                await _ended_well(played, case)
            except AssertionError as error:
                error.add_note(f"{case.call.name}: {await played.told(case)} {w.notes(case.it.id)}")
                raise


async def _a_person_is_called(played: Play) -> None:
    """The provider said that it is done, and shows nothing of it: nothing is sent again."""
    await played.w.cycle(timedelta(minutes=6))
    called = await played.w.attention()
    for case in played.cases:
        assert len(await played.called(case)) == 1
        assert case.call.swish or called[case.it.id] == "not-seen", case.call.name


async def _ended_well(played: Play, case: Case) -> None:
    w, attention = played.w, (await played.w.attention()).get(case.it.id, "")
    ended = w.books(case.it), attention
    if played.row.blind:
        assert attention or ended in case.call.ends(case.ours, case.theirs)
    else:
        assert ended in case.call.ends(case.ours, case.theirs)
        await _was_called_as_often_as_needed(played, case)
    states = [action["state"] for action in await w.actions(case.it.id)]
    assert {"done", "dropped"} | ({"held"} if attention else set()) >= set(states), states
    await _was_read_between(played, case)
    await _is_told(played, case)


async def _was_called_as_often_as_needed(played: Play, case: Case) -> None:
    """Once; once more where it was not done, and is still wanted; and nothing is in the books twice.

    One that was put off may be made again, and refused, while reads do not show yet what somebody else did.
    """
    keys = played.keys(case)
    assert len(keys) == len(set(keys)), keys
    times = Counter(key for _, key in await played.called(case))
    resent = played.row.ending is Ending.DENIED and played.row.provider == "resurs"  # with a new token, at once
    put_off = played.row.ending.put_off and not resent
    again = played.done(case) and (put_off or not case.ours)
    in_vain = put_off and bool(played.row.lag) and case.theirs != "nothing" and times[case.key] > 1
    assert times == {key: 2 if (again or in_vain) and key == case.key else 1 for key in times}
    paths = [path for path in played.w.calls() if f"/{case.it.payment}/" in path]
    assert len(paths) == times.total() + (resent and bool(times)) + (case.call.completed and not case.call.swish)


async def _was_read_between(played: Play, case: Case) -> None:
    """Between two calls there is a read; before a repeated one, one that began when the first must have shown."""
    calls = await played.called(case)
    for (first, key), (second, again) in pairwise(calls):
        ended = max(first, played.killed) if played.killed else first
        wait = UNKNOWN if key == again and not played.row.ending.put_off else timedelta()
        assert any(moment <= second for moment in played.reads(case, ended + wait)), (first, second)


async def _is_told(played: Play, case: Case) -> None:
    """Every call has its one answer in the story, and what is done its one note; no note says what is not so."""
    topics = [event["topic"] for event in await played.told(case)]
    calls = [topic for topic in topics if topic in ("called", "answered")]
    pairs = "".join(topic[0] for topic in calls)
    assert pairs.startswith("ca") or not case.key
    assert "cc" not in pairs, calls
    noted = Counter(played.noted(case))
    if case.call.swish:
        assert noted == Counter([case.key] if case.ours or case.theirs == "the same" else []), noted
    else:
        assert noted == Counter(set(played.keys(case)))
