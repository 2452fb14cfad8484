"""The store sandbox answers as the recorded stores did: every scenario, step by step, whole bodies.

What is left out of the comparison is listed, with the reasons, in `correspondence.LEFT_OUT` and in `replay`.
"""

from typing import Any

import pytest
import simplejson

from tests.sandbox.replay import Replay
from tests.woo.recorded import RECORDINGS

SCENARIOS = sorted(RECORDINGS.glob("*/*.json"))
RECORDED = [simplejson.loads(path.read_text(), use_decimal=True) for path in SCENARIOS]


@pytest.mark.skipif(not SCENARIOS, reason=f"no recordings of real stores at {RECORDINGS}")
@pytest.mark.parametrize("recording", RECORDED, ids=[f"{path.parent.name}/{path.stem}" for path in SCENARIOS])
async def test_the_sandbox_answers_as_the_real_store_did(recording: Any) -> None:
    async with Replay(recording) as replay:
        assert await replay.play() == []
