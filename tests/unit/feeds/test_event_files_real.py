"""Recorded event files: which are streams and which are transcripts."""

from __future__ import annotations

from tests.shared_data import shared
from tui.feeds.sessions.event_files import read_summary


def test_recorded_streams_and_transcripts_are_told_apart() -> None:
    for folder, kind in (("streams", "stream"), ("transcripts", "transcript")):
        heads = [read_summary(str(path)) for path in shared("data", "real", folder).glob("*.jsonl")]

        assert heads
        assert {head.kind for head in heads if head is not None} == {kind}
        assert all(head is not None and head.sessions and head.cwds for head in heads)
