"""When silence or repetition is called a stall. Settings fill this; the defaults stand by themselves."""

from __future__ import annotations

from msgspec import Struct


class StallThresholds(Struct, frozen=True):
    """Seconds of silence and counts of equal rounds.

    The CLI sends a heartbeat every 30 s of a running tool, so three missed ones mean a frozen
    process. It cuts a dead API connection by itself after three to five minutes. A CLI without
    heartbeats may rightly be quiet in a tool for `quiet_tool_seconds`.
    """

    tool_heartbeat_seconds: float = 90.0
    quiet_tool_seconds: float = 3600.0
    api_silence_seconds: float = 360.0
    wedge_seconds: float = 360.0
    answer_patience_seconds: float = 20.0
    loop_notice: int = 3
    loop_nudge: int = 5
    loop_stop: int = 8
    loop_longest_cycle: int = 5
    pollers: tuple[str, ...] = ("sleep", "wait", "gh run watch", "tail")
    poller_factor: float = 4.0
