"""Runs work in threads; progress and result come back as messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from textual.app import App

from tui.system.errors import OvernightError
from widgets.output_guard import show_toast
from widgets.status.activity_row import ActivityRow

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
                show_toast(self._app, said, "", severity, _RECEIPT_S)  # type: ignore[arg-type]
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


T = TypeVar("T")
_READING_S = 8.0


def sentence(error: Exception) -> str:
    """What to tell a person of a failure; a fault of ours leaves its trace in the crash log."""
    if isinstance(error, OvernightError | OSError):
        return str(error)
    from tui.system.errors import report_crash

    return report_crash(error)


class BackgroundTasks:
    """Does work in threads for one page; a failure never ends the viewer, nor the page."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._newest: dict[str, object] = {}

    def run(
        self,
        group: str,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[str], None] | None = None,
        *,
        newest: bool = False,
    ) -> None:
        """Calls `done` on the screen's thread with what came of `work`, or `failed` with a sentence.

        Without `failed` the sentence is shown as a toast. With `newest` nothing more is heard of it
        once another work of its group has begun.
        """
        mine = self._newest[group] = object()

        def over(what: Callable[[], None]) -> None:
            if newest and self._newest[group] is not mine:
                return
            try:
                what()
            except Exception as error:  # the page that could not be drawn stays as it was
                self._toast(sentence(error))

        def run() -> None:
            try:
                found = work()
            except Exception as error:  # a sentence for the person, the trace for us
                words = sentence(error)
                self._tell(lambda: over(lambda: (failed or self._toast)(words)))
            else:
                self._tell(lambda: over(lambda: done(found)))

        self._app.run_worker(run, thread=True, group=group)

    def _toast(self, words: str) -> None:
        show_toast(self._app, words, "", "error", _READING_S)

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            self._app.call_from_thread(what)
        except RuntimeError:
            return  # the viewer closed meanwhile
