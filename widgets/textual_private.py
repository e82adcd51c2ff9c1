"""All that this program uses of Textual behind its public face, each with a test that says what breaks.

Nobody else names an attribute of Textual or Rich that begins with an underscore, or reaches into a
driver. `pyproject.toml` holds Textual to the minor versions for which the tests passed.
"""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.driver import Driver
from textual.drivers import linux_driver
from textual.filter import LineFilter

from widgets import terminal_guard
from widgets.terminal_input import TerminalInputDecoder, end_with_terminal


class TerminalDriver(linux_driver.LinuxDriver):
    """Textual's driver, for a terminal that may send any bytes and may go away.

    The driver has no public place for a decoder: its strict one ends the reading of keys at the
    first byte that is not UTF-8. It takes the end of a terminal for no input and would ask again
    for ever, or shows a traceback to nobody. The guard of the terminal hears when it is changed.
    """

    def start_application_mode(self) -> None:
        terminal_guard.on_changed()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def _sigtstp_application(self, *_: object) -> None:
        """Textual suspends inside the handler, which may have come in the middle of its own write."""
        self._loop.call_soon_threadsafe(super()._sigtstp_application)

    def close(self) -> None:
        super().close()  # all is written then
        terminal_guard.on_restored()

    def run_input_thread(self) -> None:
        vars(linux_driver)["getincrementaldecoder"] = lambda encoding: TerminalInputDecoder
        try:
            super().run_input_thread()
        except (EOFError, OSError):
            end_with_terminal()


class TerminalApp(App[None]):
    """An app that reads with `TerminalDriver`, and that a fault of ours ends without a traceback.

    `fault` is the error that ended it; the return code is 1 then.
    """

    fault: Exception | None = None

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        return TerminalDriver if driver is linux_driver.LinuxDriver else driver

    def _handle_exception(self, error: Exception) -> None:
        """Textual fills the terminal with its own traceback here, and has no public way around it.

        The first error is kept as Textual keeps it, so that `run_test` raises it.
        """
        self.fault = error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()


def insert_filter(app: App[Any], line_filter: LineFilter) -> None:
    """Has every drawn line pass this filter before the app's others."""
    app._filters.insert(0, line_filter)
