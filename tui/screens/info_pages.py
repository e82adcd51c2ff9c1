"""Detail, sources, help, why."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.actions import Place, grouped, keys_of
from tui.model.rows import EventDetail
from tui.model.snapshot import NightSnapshot
from tui.monitor.monitor import SessionMonitor
from tui.system.clock import Clock
from tui.system.format import format_clock, format_duration_short
from widgets.dialogs.dialog import NoticeDialog, Sentence
from widgets.lists.find_bar import FindBar
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.lists.sources_panel import SourcesPanel
from widgets.text.detail_view import DetailView


class DetailScreen(ModalScreen[None]):
    """Shows a `Detail`; escape, enter or `q` goes back, `/` searches in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "back", show=False, priority=False),
        Binding("slash", "search", "search", show=False),
        Binding("n", "match(1)", "next", show=False),
        Binding("N", "match(-1)", "previous", show=False),
    ]

    def __init__(self, detail: EventDetail) -> None:
        super().__init__()
        self._detail = detail
        self._view = DetailView()

    def compose(self) -> ComposeResult:
        pane = Pane(0, self._detail.title, self._view, id="detail")
        pane.foot = "esc back · j k scroll · / search · n N next match"
        yield pane
        yield FindBar()

    def on_mount(self) -> None:
        self._view.show(self._detail)
        self._view.focus()

    @on(LineView.Opened)
    def action_close(self) -> None:
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()

    async def action_search(self) -> None:
        await self.query_one(FindBar).open()

    @on(FindBar.Changed)
    def _typed(self, event: FindBar.Changed) -> None:
        found = self._view.search(event.text)
        self.query_one(FindBar).set_matches(0, found)

    @on(FindBar.Submitted)
    def _submitted(self) -> None:
        self._view.focus()
        self.action_match(1)

    @on(FindBar.Closed)
    def _find_closed(self) -> None:
        self._view.search("")
        self._view.focus()

    def action_match(self, step: int) -> None:
        self.query_one(FindBar).set_matches(*self._view.go_match(step))


_KEY_COLUMNS = 16


def help_lines(place: Place = "main") -> list[Sentence]:
    """One line an action of that screen, under the names of the groups."""
    lines: list[Sentence] = []
    for group, members in grouped(place):
        if lines:
            lines.append("")
        lines.append((group, "heading"))
        for action in members:
            keys = " ".join(keys_of(action))
            lines.append(f"  {keys:<{_KEY_COLUMNS}}{action.help}")
    return lines


def help_screen(place: Place = "main") -> NoticeDialog:
    """The help of a screen as a dialog."""
    return NoticeDialog("Keys", help_lines(place))


def explanation(night: NightSnapshot) -> list[Sentence]:
    """The state's reason, the stall's evidence, and the figures behind both, in plain sentences."""
    activity = night.activity
    lines: list[Sentence] = [(activity.state.replace("_", " "), "heading"), activity.reason, ""]
    if night.stall is not None:
        stall = night.stall
        lines.append(
            (f"{stall.kind.replace('_', ' ')} since {format_clock(stall.since)}", "warning")
        )
        lines += [f"  {evidence}" for evidence in stall.evidence]
        lines.append("")
    if activity.last_sign_at is not None:
        lines.append(f"last sign of life {format_clock(activity.last_sign_at)}")
    lines.append(f"idle for {format_duration_short(activity.idle_seconds)}")
    for tool in activity.tools:
        since = "" if tool.since is None else f" since {format_clock(tool.since)}"
        lines.append(f"running {tool.name}{since}: {tool.target}")
    lines += ["", (f"cost: {night.cost.reason or night.cost.source}", "dim")]
    lines.append((f"context window known by: {night.context.basis}", "dim"))
    return lines


class SourcesScreen(ModalScreen[None]):
    """The sources panel over the main screen; it is renewed every second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o,enter", "close", "back", show=False)
    ]

    def __init__(self, watch: SessionMonitor, clock: Clock) -> None:
        super().__init__()
        self._watch_source = watch
        self._panel = SourcesPanel(now=clock.wall)

    def compose(self) -> ComposeResult:
        pane = Pane(0, "Sources", self._panel, id="sources")
        pane.foot = "esc back"
        yield pane

    def on_mount(self) -> None:
        self._renew()
        self._panel.focus()
        self.set_interval(1.0, self._renew)

    def _renew(self) -> None:
        self._panel.show(self._watch_source.feeds())
        mode = self._watch_source.wake_mode
        words = "changes are noticed at once" if mode == "notified" else "files are polled"
        self.query_one(Pane).status = words

    @on(LineView.Opened)
    def action_close(self) -> None:
        if self.is_current:  # two presses may come before the first is dealt with
            self.dismiss()
