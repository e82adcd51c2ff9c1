"""What the supervisor has read of a long night, kept so that its successor need not read it again.

One file beside the stream, replaced in one step and checked as a whole. What does not fit, or no
longer goes on where it stopped, is dropped, and the night is read from its start.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from tui.errors import SavedFoldError
from tui.feeds.position import Position
from tui.night.fold import Fold
from tui.night.prices import Prices
from tui.night.thresholds import Thresholds
from tui.runner.turns import Turns
from tui.store.cache_file import open_cache, write_cache

VERSION = 1
_KIND = b"recall"


class Recall(Struct, frozen=True):
    """Where reading stood: positions of stream and journal, messages in the making, the turns.

    `announced` is where the segment began that the turns are of; `arrivals` how much of the file of
    arrival times the fold has been told, `quiet_at` the last time in it.
    """

    stream: Position
    journal: Position | None
    messages: dict[str, str]
    turns: Turns
    announced: int
    arrivals: int
    quiet_at: float | None
    version: int = VERSION


def write(path: Path, recall: Recall, fold: Fold) -> None:
    """Replaces what was kept. Raises OSError."""
    write_cache(path, _KIND, ((msgspec.msgpack.encode(recall),), (fold.save(),)))


def read(path: Path, prices: Prices, thresholds: Thresholds) -> tuple[Recall, Fold] | None:
    """What was kept; None where there is nothing, or nothing that can be trusted."""
    try:
        with open_cache(path, _KIND) as cache:
            recall = msgspec.msgpack.decode(cache.part(), type=Recall)
            if recall.version != VERSION:
                return None
            return recall, Fold.load(cache.part(), prices, thresholds, own=True)
    except (OSError, ValueError, msgspec.MsgspecError, SavedFoldError):
        return None
