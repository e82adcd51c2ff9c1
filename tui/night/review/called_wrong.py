"""Stalls that a person called wrong: the night is not judged by them, and its moments say so."""

from __future__ import annotations

from msgspec import structs

from tui.model.review import TimelineMoment
from tui.model.snapshot import NightSnapshot


def without_called_wrong(night: NightSnapshot) -> NightSnapshot:
    """The night with only those stalls that nobody called wrong."""
    kept = tuple(stall for stall in night.circling if stall.called_wrong_at is None)
    return night if len(kept) == len(night.circling) else structs.replace(night, circling=kept)


def moments_of_called_wrong(night: NightSnapshot) -> list[TimelineMoment]:
    """When a person said that a stall was none."""
    return [
        TimelineMoment(
            stall.called_wrong_at,
            "stall",
            f"a person said that this is not stuck: {stall.evidence[0]}",
            None,
            stall.refs[0] if stall.refs else None,
        )
        for stall in night.circling
        if stall.called_wrong_at is not None
    ]
