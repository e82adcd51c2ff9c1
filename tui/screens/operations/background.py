"""Work off the screen's thread; progress and results come back as messages of Textual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Protocol, TypeVar

from textual.app import App
from textual.dom import DOMNode
from textual.worker import get_current_worker

from tui.store.crash_log import report_crash
from tui.system.errors import OvernightError
from widgets.output_guard import show_toast
from widgets.status.activity_row import ActivityRow

PATIENCE_S = 0.3
_TOAST_S = 8.0

T = TypeVar("T")


class Report(Protocol):
    """Says what an operation does now and how far it is, 0 to 1; None where nobody knows."""

    def __call__(self, text: str, share: float | None = None) -> None: ...


@dataclass
class _RunningOperation:
    progress: tuple[str, float | None]
    is_long: bool = False
    is_redraw_posted: bool = False


def error_text(error: Exception) -> str:
    """A failure in one sentence; a fault of ours leaves its trace in the crash log."""
    if isinstance(error, OvernightError | OSError):
        return str(error)
    return report_crash(error)


def is_closing() -> bool:
    """Whether the viewer closes, as seen by work in its thread: what only waits should return."""
    return get_current_worker().is_cancelled


@dataclass(eq=False)
class BackgroundTasks:
    """Runs work in threads for `owner`, a page or the app; a failure never ends either of them.

    All but the work itself happens on the screen's thread.
    """

    owner: DOMNode
    on_operation_ended: Callable[[], object] = lambda: None
    _operations: list[_RunningOperation] = field(default_factory=list)

    @property
    def _app(self) -> App[Any]:
        return self.owner.app

    def run(
        self,
        group: str,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[str], object] | None = None,
        *,
        exclusive: bool = False,
    ) -> None:
        """Runs `work`, then calls `done` with its result or `failed` with a sentence.

        Without `failed` the sentence is shown as a toast. With `exclusive` only the newest work of
        the group is heard, and only while the owner is open; other work outlives its page.
        """
        # Closing a page cancels its workers, some before their thread has begun. What writes
        # must not be lost that way, so it belongs to the app.
        node = self.owner if exclusive else self._app

        def run() -> None:
            worker = get_current_worker()
            try:
                outcome = partial(done, work())
            except Exception as error:
                outcome = partial(failed or self._show_error, error_text(error))
            if not worker.is_cancelled:
                node.call_later(self._deliver, outcome)

        node.run_worker(run, thread=True, group=group, exclusive=exclusive)

    def run_operation(self, text: str, work: Callable[[Report], str]) -> None:
        """Runs an operation; its receipt, or why it failed, becomes a toast.

        What takes longer than `PATIENCE_S` says what it does in the row `#operation`.
        """
        operation = _RunningOperation((text, None))
        self._operations.append(operation)

        def show() -> None:
            operation.is_long = True
            self._draw_progress()

        def redraw() -> None:
            operation.is_redraw_posted = False
            self._draw_progress()

        def report(text: str, share: float | None = None) -> None:
            operation.progress = text, share
            # A rewind reports every file. One waiting message is enough, as it draws the newest.
            if not operation.is_redraw_posted:
                operation.is_redraw_posted = True
                self._app.call_later(redraw)

        def end(severity: Literal["information", "error"], text: str) -> None:
            timer.stop()
            self._operations.remove(operation)
            self._draw_progress()
            if text:
                show_toast(self._app, text, "", severity, _TOAST_S)
            self.on_operation_ended()

        timer = self._app.set_timer(PATIENCE_S, show)
        receipt, refusal = partial(end, "information"), partial(end, "error")
        self.run("operations", lambda: work(report), receipt, refusal)

    def _deliver(self, outcome: Callable[[], object]) -> None:
        try:
            outcome()
        except Exception as error:  # the page that could not be drawn stays as it was
            self._show_error(error_text(error))

    def _show_error(self, sentence: str) -> None:
        show_toast(self._app, sentence, "", "error", _TOAST_S)

    def _draw_progress(self) -> None:
        progress = next((each.progress for each in self._operations if each.is_long), None)
        # The page under a dialog has the row; a review may lie over the panes meanwhile.
        for screen in self._app.screen_stack:
            for row in screen.query(ActivityRow).filter("#operation"):
                if progress is not None:
                    row.show(*progress)
                else:
                    row.hide()
