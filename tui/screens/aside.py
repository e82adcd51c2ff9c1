"""Reading and writing off the screen's thread: whatever goes wrong there becomes a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual.app import App

from tui.errors import OvernightError
from widgets.guard import toast

T = TypeVar("T")
_READING_S = 8.0


def sentence(error: Exception) -> str:
    """What to tell a person of a failure; a fault of ours leaves its trace in the crash log."""
    if isinstance(error, OvernightError | OSError):
        return str(error)
    from tui.crash_log import report_crash

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
        toast(self._app, words, "", "error", _READING_S)

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            self._app.call_from_thread(what)
        except RuntimeError:
            return  # the viewer closed meanwhile
