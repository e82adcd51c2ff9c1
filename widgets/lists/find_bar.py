"""The bar in which a search is typed."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tui.system.format import format_number
from widgets.glyphs import glyphs
from widgets.ink import Line, Role
from widgets.row_widgets import SingleRow


class _PromptSign(SingleRow):
    DEFAULT_CSS = "_PromptSign { width: 3; background: $surface; }"

    def spans(self, width: int) -> Line:
        return [(" / ", "accent")]


class _MatchCount(SingleRow):
    DEFAULT_CSS = "_MatchCount { width: 28; background: $surface; }"
    words = ""
    role: Role = "dim"

    def spans(self, width: int) -> Line:
        return [(f"{self.words} ".rjust(width), self.role)]


class FindBar(Widget):
    """Hidden until `open`; says what is typed, what was decided, and that it was left."""

    DEFAULT_CSS = """
    FindBar {
        display: none;
        layout: horizontal;
        height: 1;
        background: $surface;
        &.-open { display: block; }
        Input { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
        Input:focus { border: none; background-tint: transparent; }
    }
    """

    @dataclass
    class Changed(Message):
        """The text changed while typing."""

        text: str

    @dataclass
    class Submitted(Message):
        """Enter: search for this, and give the keys back to the pane."""

        text: str

    class Closed(Message):
        """Escape: no search any more."""

    _input: Input | None = None

    def compose(self) -> ComposeResult:
        yield _PromptSign()
        yield _MatchCount()

    @property
    def is_open(self) -> bool:
        """Whether the bar is on the screen."""
        return self.has_class("-open")

    @property
    def text(self) -> str:
        """What has been typed."""
        return self._input.value if self._input is not None else ""

    async def open(self, text: str = "") -> None:
        """Come up with this text and take the keys."""
        if self._input is None:
            self._input = Input(placeholder="search the whole night", compact=True)
            await self.mount(self._input, before=1)
        self.add_class("-open")
        self._input.value = text
        self._input.cursor_position = len(text)
        self.screen.set_focus(self._input)

    def close(self) -> None:
        """Go away; what is typed is forgotten. Posts nothing."""
        self.remove_class("-open")
        self._show_count("")

    def set_matches(self, current: int, total: int, *, more: bool = False) -> None:
        """ "3/17"; `more` says that the search still goes on."""
        plus = "+" if more else ""
        if total:
            self._show_count(f"{current or '-'}/{format_number(total)}{plus}", "text")
        else:
            self._show_count("searching" if more else "no match", "dim" if more else "warning")

    def set_progress(self, share: float, matches: int = 0) -> None:
        """How far the search is, 0 to 1, and how many matches it has so far."""
        filled = round(max(0.0, min(1.0, share)) * 8)
        bar = glyphs().filled * filled + glyphs().empty * (8 - filled)
        self._show_count(f"{format_number(matches)} {bar}")

    def _show_count(self, words: str, role: Role = "dim") -> None:
        if self.is_attached:
            count = self.query_one(_MatchCount)
            count.words, count.role = words, role
            count.redraw()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Changed(event.value))

    def on_key(self, event: events.Key) -> None:
        """Posts to the screen itself, so that no later key can reach it before."""
        if event.key not in ("enter", "escape") or not self.is_open:
            return
        event.stop()
        event.prevent_default()
        if event.key == "enter":
            self.screen.post_message(self.Submitted(self.text))
        else:
            self.close()
            self.screen.post_message(self.Closed())
