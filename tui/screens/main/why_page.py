"""The page behind `x`: why, on what evidence, what it cost; and the key that says that it is not so."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.model.events import SourceRef
from tui.model.labels import state_word
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall, StallStep, Trouble
from tui.screens.base_page import copy_to_tmux
from tui.screens.info_pages import InfoScreen
from tui.screens.main.why_words import stall_of
from widgets.lists.evidence_view import EvidenceView, Item
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.output_guard import show_toast
from widgets.status.banner import BannerKey
from widgets.text_cells import cells

SHEET_BELOW = 100
"""Columns below which the page leaves nothing but the header in sight."""
_RENEW_S = 1.0
_HELP_KEY, _HELP_ACTION = "s", "operation('step_back')"
_MOST_FOOT = 6


class WhyScreen(InfoScreen):
    """Shows `items` of the newest snapshot, renewed every second.

    `reveal` takes the events pane to a place and says whether it has it; `call_wrong` records that a stall is
    none. `keys` are those that help in a trouble now; they do here what they do on the screen below.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "close", "back", show=False),
        Binding("s", "help('s')", "step back", show=False),
        Binding("K", "help('K')", "kill", show=False),
        Binding("m", "help('m')", "review", show=False),
        Binding("n", "not_stuck", "not stuck", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(
        self,
        night: Callable[[], NightSnapshot | None],
        items: Callable[[NightSnapshot], list[Item]],
        reveal: Callable[[SourceRef], bool],
        call_wrong: Callable[[Stall], None],
        keys: Callable[[Trouble], tuple[BannerKey, ...]],
    ) -> None:
        super().__init__()
        self._night = night
        self._items = items
        self._reveal = reveal
        self._call_wrong = call_wrong
        self._keys = keys
        self._view = EvidenceView()
        self._pane = Pane(0, "Why", self._view, id="why")

    def compose(self) -> ComposeResult:
        yield self._pane

    def on_mount(self) -> None:
        self.on_resize()
        self._view.focus()
        self.set_interval(_RENEW_S, self._update)

    def on_resize(self) -> None:
        self.set_class(self.size.width < SHEET_BELOW, "-sheet")
        self._update()

    def _update(self) -> None:
        night = self._night()
        if night is None:
            return
        self._pane.title = f"Why “{state_word(night.state)}”"
        self._view.show(self._items(night))
        self._pane.foot = self._foot(stall_of(night))

    def _foot(self, stall: Stall | None) -> str:
        """The keys that do something now, as far as there is room."""
        parts = ["esc back"]
        if stall is not None and (stall.steps or stall.refs):
            parts.append("enter evidence")
        parts += [f"{one.key} {one.label}" for one in self._helping()]
        if stall is not None and stall.detector is not None:
            parts.append("n not stuck")
        parts.append("y copies the rule" if stall is not None and stall.rule else "y copy")
        room = self.size.width * 96 // 100 - _MOST_FOOT
        while len(parts) > 1 and cells(" · ".join(parts)) > room:
            parts = [parts[0], *[part.split(" ")[0] for part in parts[1:]]]
            if cells(" · ".join(parts)) > room:
                parts.pop()
        return " · ".join(parts)

    # --- keys ----------------------------------------------------------------------------------

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        """Goes to the event under the cursor in the events pane, else to where the trouble began."""
        event.stop()
        item, night = self._view.item_at(event.index), self._night()
        stall = stall_of(night) if night is not None else None
        ref = item.ref if isinstance(item, StallStep) else None
        if ref is None and stall is not None and stall.refs:
            ref = stall.refs[0]
        if ref is None or self._reveal(ref):
            self.action_close()
        else:
            show_toast(self.app, "the events pane has no row for that; v shows more kinds")

    def action_copy(self) -> None:
        """Copies the rule where there is one and no event is under the cursor, else the row."""
        night = self._night()
        stall = stall_of(night) if night is not None else None
        item = self._view.item_at(self._view.cursor)
        text = self._view.row_text(self._view.cursor) if self._view.count else ""
        if stall is not None and stall.rule and not isinstance(item, StallStep):
            text = stall.rule
        self.app.copy_to_clipboard(text)
        place = "the clipboard and a tmux buffer" if copy_to_tmux(text) else "the clipboard"
        what = "the rule is copied to" if stall is not None and text == stall.rule else "copied to"
        show_toast(self.app, f"{what} {place}")

    def action_not_stuck(self) -> None:
        night = self._night()
        stall = stall_of(night) if night is not None else None
        if stall is None or stall.detector is None:
            show_toast(self.app, "nothing is taken for a loop here")
            return
        self._call_wrong(stall)
        self.action_close()

    async def action_help(self, key: str) -> None:
        """Closes the page and does what helps, if this is the key for it; `s` has all steps of help."""
        action = next((one.action for one in self._helping() if one.key == key), "")
        if key == _HELP_KEY:
            action = _HELP_ACTION
        if action and self.is_current:
            below = self.app.screen_stack[-2]
            self.action_close()
            await self.app.run_action(action, below)

    def _helping(self) -> tuple[BannerKey, ...]:
        night = self._night()
        troubles = night.troubles if night is not None else ()
        return self._keys(troubles[0]) if troubles else ()
