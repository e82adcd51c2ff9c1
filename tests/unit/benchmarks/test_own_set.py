"""The project's own labelled episodes: what they are, and that each is judged rightly."""

from __future__ import annotations

import pytest

from benchmarks.stalls import measure
from benchmarks.stuck.builder import PLAYERS, built
from benchmarks.stuck.figures import Measured
from benchmarks.stuck.own_set import own_episodes
from benchmarks.stuck.watching import default_rules
from tui.model.state import StallLevel


def test_the_set_is_large_and_always_the_same() -> None:
    first, second = own_episodes(), own_episodes()
    assert first == second
    assert sum(one.is_stuck for one in first) >= 40
    assert sum(not one.is_stuck for one in first) >= 50
    assert len({one.data for one in first}) == len(first)


@pytest.mark.parametrize("name", PLAYERS)
def test_an_episode_is_judged_rightly(name: str) -> None:
    episode = built(name)
    measured = measure(episode, default_rules())
    assert isinstance(measured, Measured)
    notice = measured.seen.levels.get(StallLevel.NOTICE)
    if episode.from_step is None:
        is_right = notice is None
    else:
        is_right = notice is not None and notice >= episode.from_step
    shown = measured.seen.shown
    assert is_right, (notice, shown and (shown.detector, shown.evidence))
