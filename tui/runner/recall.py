"""What the supervisor has read of a long night, kept so that its successor need not read it again.

One file beside the stream, replaced in one step and checked as a whole. What does not fit, or no
longer goes on where it stopped, is dropped, and the night is read from its start.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from tui.errors import FoldCacheError
from tui.feeds.position import FilePosition
from tui.night.fold import NightFold
from tui.night.prices import PriceTable
from tui.night.thresholds import StallThresholds
from tui.runner.turns import TurnTracker
from tui.store.cache_file import open_cache, write_cache

VERSION = 1
_KIND = b"recall"


class SavedRunReader(Struct, frozen=True):
    """Where reading stood: positions of stream and journal, messages in the making, the turns.

    `announced` is where the segment began that the turns are of; `arrivals` how much of the file of
    arrival times the fold has been told, `quiet_at` the last time in it.
    """

    stream: FilePosition
    journal: FilePosition | None
    messages: dict[str, str]
    turns: TurnTracker
    announced: int
    arrivals: int
    quiet_at: float | None
    version: int = VERSION


def write(path: Path, recall: SavedRunReader, fold: NightFold) -> None:
    """Replaces what was kept. Raises OSError."""
    write_cache(path, _KIND, ((msgspec.msgpack.encode(recall),), (fold.save(),)))


def read(path: Path, prices: PriceTable, thresholds: StallThresholds) -> tuple[SavedRunReader, NightFold] | None:
    """What was kept; None where there is nothing, or nothing that can be trusted."""
    try:
        with open_cache(path, _KIND) as cache:
            recall = msgspec.msgpack.decode(cache.part(), type=SavedRunReader)
            if recall.version != VERSION:
                return None
            return recall, NightFold.load(cache.part(), prices, thresholds, own=True)
    except (OSError, ValueError, msgspec.MsgspecError, FoldCacheError):
        return None
