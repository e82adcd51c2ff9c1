"""A night's events folded to their end: from what an earlier start saved, else anew."""

from __future__ import annotations

from collections.abc import Sequence

from tui.feeds.discovery import Source
from tui.settings import Settings
from tui.watching.followed import total_size
from tui.watching.ledger import Ledger
from tui.watching.rules import Rules, rules_of

SAVE_ABOVE = 8 << 20
LARGE = 24 << 20


def folded(files: Sequence[Source], settings: Settings) -> Ledger:
    """A ledger over these files that has read everything; the caller closes it.

    What is larger than 8 MiB is saved, so that it is folded only once; what is larger than 24 MiB
    is folded by a process of its own.
    """
    rules = rules_of(settings)
    size = total_size(files)
    if size <= SAVE_ABOVE:
        return _to_the_end(Ledger(files, rules.fold()))
    from tui.watching import opening

    ledger = opening.restored(files, rules, 1)
    if ledger is None and size > LARGE:
        ledger = _by_child(files, rules)
    if ledger is not None:
        return _to_the_end(ledger)
    ledger = _read(opening.fresh(files, rules, 1))
    opening.save(ledger)
    return _to_the_end(ledger)


def _to_the_end(ledger: Ledger) -> Ledger:
    """Everything read, the last line without a newline included."""
    _read(ledger).take_last_lines()
    return ledger


def _read(ledger: Ledger) -> Ledger:
    while ledger.poll():
        pass
    return ledger


def _by_child(files: Sequence[Source], rules: Rules) -> Ledger | None:
    """Folded by a child, which leaves the result in the cache; None where that did not work."""
    from tui import paths
    from tui.watching import opening, saved
    from tui.watching.backfill import Backfill, Order

    place = saved.place(paths.cache_dir(), files)
    try:
        child = Backfill(Order(tuple(files), str(place), rules), lambda: None)
        try:
            done = child.watch()
        finally:
            child.stop()
    except (OSError, ValueError):
        return None
    return opening.restored(files, rules, 1) if done else None
