"""The project's own labelled episodes, all of them synthetic."""

from __future__ import annotations

from benchmarks.stuck import (
    own_errors,
    own_healthy_rounds,
    own_healthy_runs,
    own_healthy_work,
    own_other_agents,
    own_repeats,
    own_turns,
)
from benchmarks.stuck.builder import PLAYERS, built
from benchmarks.stuck.episode import Episode

MODULES = (
    *(own_repeats, own_errors, own_turns, own_other_agents),
    *(own_healthy_work, own_healthy_runs, own_healthy_rounds),
)
"""Importing a module registers its episodes."""


def own_episodes() -> list[Episode]:
    """Every own episode, built anew and each time the same."""
    return [built(name) for name in PLAYERS]
