"""Which hooks are installed for what, and how long a call of each may take."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final, NamedTuple


class HookSet(StrEnum):
    """What hooks are installed for.

    `mailbox` hands messages over and belongs to every installation; `continuous` has a session go on while
    tasks are open and keeps what a compaction forgets; `protect` judges each tool call before it runs.
    """

    MAILBOX = "mailbox"
    CONTINUOUS = "continuous"
    PROTECT = "protect"


class HookEntry(NamedTuple):
    """One hook: its event, the seconds that the CLI gives it, and what its command says beside the event."""

    event: str
    set: HookSet
    timeout: int
    has_matcher: bool = False
    words: tuple[str, ...] = ()


_MAILBOX_SECONDS: Final = 10
_SLOW_SECONDS: Final = 60
_START_SECONDS: Final = 15
_JUDGE_SECONDS: Final = 10


def entries_of(sets: Collection[HookSet]) -> tuple[HookEntry, ...]:
    """The hooks of these sets, at most one for each event: messages and a continuation come in one answer."""
    is_continuous = HookSet.CONTINUOUS in sets
    entries = [
        HookEntry("PostToolUse", HookSet.MAILBOX, _MAILBOX_SECONDS, has_matcher=True),
        HookEntry("PostToolUseFailure", HookSet.MAILBOX, _MAILBOX_SECONDS, has_matcher=True),
    ]
    if is_continuous:
        words = (HookSet.CONTINUOUS.value,)
        entries += [
            HookEntry("Stop", HookSet.CONTINUOUS, _SLOW_SECONDS, words=words),
            HookEntry("PreCompact", HookSet.CONTINUOUS, _SLOW_SECONDS),
            HookEntry("SessionStart", HookSet.CONTINUOUS, _START_SECONDS),
        ]
    else:
        entries.append(HookEntry("Stop", HookSet.MAILBOX, _MAILBOX_SECONDS))
    if HookSet.PROTECT in sets:
        entries.append(HookEntry("PreToolUse", HookSet.PROTECT, _JUDGE_SECONDS, has_matcher=True))
    return tuple(entries) if sets else ()
