"""Another version of the program beside today's in one process: the same names, other modules."""

from __future__ import annotations

import importlib
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = ("tui", "widgets")
# Where today's version has what a fold needs, then where version 0.1 has it.
_PLACES = {
    "EventFile": ("tui.feeds.sessions.select.EventFile", "tui.feeds.discovery.Source"),
    "EventIndex": ("tui.monitor.rows.event_index.EventIndex", "tui.watching.event_log.EventLog"),
    "SessionReader": ("tui.monitor.session_reader.SessionReader", "tui.watching.ledger.Ledger"),
    "Settings": ("tui.settings.settings.Settings", "tui.settings.Settings"),
    "read": ("tui.monitor.reader_state.read", "tui.watching.saved.read"),
    "rules_of": ("tui.monitor.session_reader.fold_rules", "tui.watching.rules.rules_of"),
    "write": ("tui.monitor.reader_state.write", "tui.watching.saved.write"),
}


class Version:
    """The program as it stands in a folder; inside `with in_force():` imports find its modules."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder.resolve())
        self._modules: dict[str, ModuleType] = {}
        with self.in_force():
            found = importlib.import_module("tui").__file__ or ""
        if not found.startswith(self._folder + os.sep):
            raise SystemExit(f"there is no version of the program in {self._folder}")

    @contextmanager
    def in_force(self) -> Iterator[None]:
        others = _taken_out()
        sys.modules.update(self._modules)
        sys.path.insert(0, self._folder)
        try:
            yield
        finally:
            sys.path.remove(self._folder)
            self._modules = _taken_out()
            sys.modules.update(others)

    def fold(self, stream: Path, result: Path) -> float:
        """Seconds of processor time, children's too, to fold a stream, save it and take it up again."""
        with self.in_force():
            fold, save, load = _steps(stream, result)
            began = _processor_time()
            reader = fold()
            save(reader)
            taken_up = load()
            spent = _processor_time() - began
            assert taken_up is not None
            assert _rows(taken_up) == _rows(reader)
            reader.close()
            taken_up.close()
        return spent


def compare(before: Version, now: Version, stream: Path, folder: Path, rounds: int) -> list[float]:
    """How many times as fast `now` is, once for each round; the two take turns."""
    ratios = []
    for number in range(rounds):
        both = [(before, "before"), (now, "now")]
        spent = {name: 0.0 for _, name in both}
        for version, name in both if number % 2 else reversed(both):
            spent[name] = version.fold(stream, folder / name)
        ratios.append(spent["before"] / spent["now"])
    return ratios


def _steps(
    stream: Path, result: Path
) -> tuple[Callable[[], Any], Callable[[Any], None], Callable[[], Any]]:
    """Folding, saving and restoring in the version in force, everything imported."""
    rules = _find("rules_of")(_find("Settings")())
    read_session, event_index = _find("SessionReader"), _find("EventIndex")
    save, load = _find("write"), _find("read")
    files = (_find("EventFile")("stream", str(stream), ""),)

    def fold() -> Any:
        reader = read_session(files, rules.fold(), event_index())
        while reader.poll():
            pass
        return reader

    return fold, lambda reader: save(result, reader), lambda: load(result, files, rules, 1)


def _rows(reader: Any) -> int:
    index = reader.index if hasattr(reader, "index") else reader.log
    total: int = index.total
    return total


def _find(name: str) -> Any:
    """A class or function by today's name, also where the version in force still calls it otherwise."""
    for place in _PLACES[name]:
        module, _, attribute = place.rpartition(".")
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ModuleNotFoundError, AttributeError):
            continue
    raise SystemExit(f"that version of the program has no {name} in any place known here")


def _taken_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] in OURS]
    return {name: sys.modules.pop(name) for name in names}


def _processor_time() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
