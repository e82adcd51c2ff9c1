"""A night's events folded to their end: from what an earlier start saved, else anew."""

from __future__ import annotations

from collections.abc import Sequence

from tui.feeds.discovery import EventFile
from tui.settings import Settings
from tui.watching.followed import total_size
from tui.watching.ledger import SessionReader
from tui.watching.rules import FoldRules, rules_of

SAVE_ABOVE = 8 << 20
LARGE = 24 << 20


def folded(files: Sequence[EventFile], settings: Settings) -> SessionReader:
    """A ledger over these files that has read everything; the caller closes it.

    What is larger than 8 MiB is saved, so that it is folded only once; what is larger than 24 MiB
    is folded by a process of its own.
    """
    rules = rules_of(settings)
    size = total_size(files)
    if size <= SAVE_ABOVE:
        return _to_the_end(SessionReader(files, rules.fold()))
    from tui.watching import opening

    ledger = opening.restored_reader(files, rules, 1)
    if ledger is None and size > LARGE:
        ledger = _by_child(files, rules)
    if ledger is not None:
        return _to_the_end(ledger)
    ledger = _read(opening.new_reader(files, rules, 1))
    opening.save_reader(ledger)
    return _to_the_end(ledger)


def _to_the_end(ledger: SessionReader) -> SessionReader:
    """Everything read, the last line without a newline included."""
    _read(ledger).take_last_lines()
    return ledger


def _read(ledger: SessionReader) -> SessionReader:
    while ledger.poll():
        pass
    return ledger


def _by_child(files: Sequence[EventFile], rules: FoldRules) -> SessionReader | None:
    """Folded by a child, which leaves the result in the cache; None where that did not work."""
    from tui import paths
    from tui.watching import opening, saved
    from tui.watching.backfill import BackfillProcess, BackfillOrder

    place = saved.place(paths.cache_dir(), files)
    try:
        child = BackfillProcess(BackfillOrder(tuple(files), str(place), rules), lambda: None)
        try:
            done = child.watch()
        finally:
            child.stop()
    except (OSError, ValueError):
        return None
    return opening.restored_reader(files, rules, 1) if done else None
