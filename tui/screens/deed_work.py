"""Doing deeds off the screen's thread: what goes on, how far it is, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tui.errors import OvernightError
from widgets.guard import toast
from widgets.progress_note import ActivityRow

if TYPE_CHECKING:
    from textual.app import App

Tell = Callable[[str, "float | None"], None]
"""Says what is being done and how far it is, 0 to 1; None where nobody knows."""

PATIENCE_S = 0.3
_RECEIPT_S = 8.0


class DeedWork:
    """Runs deeds in threads. What takes longer than 300 ms says so in the row `#doing`.

    `done` is called on the screen's thread after each deed, whatever came of it.
    """

    def __init__(self, app: App[Any], done: Callable[[], None] = lambda: None) -> None:
        self._app = app
        self._done = done
        self._lock = threading.Lock()
        self._at_work: dict[int, tuple[str, float | None]] = {}
        self._late: set[int] = set()
        self._number = 0
        self._leaving = threading.Event()

    def going(self) -> bool:
        """Whether the viewer stays open; a long deed asks now and then."""
        return not self._leaving.is_set()

    def leave(self) -> None:
        """The viewer closes: deeds that only wait stop waiting."""
        self._leaving.set()

    def run(self, words: str, work: Callable[[Tell], str]) -> None:
        """Does `work` in a thread; its receipt or its reason comes as a toast."""
        self._number += 1
        number = self._number
        timer = self._app.set_timer(PATIENCE_S, lambda: self._show(number))

        def tell(now: str, share: float | None) -> None:
            with self._lock:
                self._at_work[number] = (now, share)
                is_shown = number in self._late
            if is_shown and self.going():
                self._later(self._draw)

        def run() -> None:
            tell(words, None)
            try:
                said, severity = work(tell), "information"
            except (OvernightError, OSError) as error:
                said, severity = str(error), "error"
            if self.going():
                self._later(lambda: over(said, severity))

        def over(said: str, severity: str) -> None:
            timer.stop()
            with self._lock:
                self._at_work.pop(number, None)
                self._late.discard(number)
            self._draw()
            if said:
                toast(self._app, said, "", severity, _RECEIPT_S)  # type: ignore[arg-type]
            self._done()

        self._app.run_worker(run, thread=True, group="deeds")

    def _later(self, what: Callable[[], None]) -> None:
        try:
            self._app.call_from_thread(what)
        except RuntimeError:
            return  # the viewer closed meanwhile

    def _show(self, number: int) -> None:
        with self._lock:
            if number in self._at_work:
                self._late.add(number)
        self._draw()

    def _draw(self) -> None:
        with self._lock:
            now = next((self._at_work[one] for one in sorted(self._late)), None)
        for screen in self._app.screen_stack:
            for note in screen.query(ActivityRow).filter("#doing"):
                if now is not None:
                    note.show(*now)
                else:
                    note.hide()
