"""The page behind `x`: why, on what evidence, what it cost; and the key that says that it is not so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.model.events import SourceRef
from tui.model.labels import DETECTORS, PROGRESS, remedy_of, state_word, waste_words
from tui.model.snapshot import NightSnapshot
from tui.model.stall import (
    DetectorName,
    DetectorRecord,
    Stall,
    StallStep,
    StallWaste,
    Trouble,
)
from tui.screens.base_page import copy_to_tmux
from tui.screens.info_pages import InfoScreen
from tui.settings.settings import Settings
from tui.system.format import (
    format_clock,
    format_count,
    format_running,
)
from widgets.lists.evidence_view import (
    EvidenceView,
    Figure,
    FigureHead,
    Item,
    Words,
    figure_of,
)
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.output_guard import show_toast
from widgets.status.banner import BannerKey
from widgets.text_cells import cells

_BY_ITSELF = {
    "notice": "nothing: it only notifies",
    "nudge": "a step back, at most twice",
    "interrupt": "a step back, at most twice; then a checkpoint and an interrupt",
    "end": "a step back, at most twice; then a checkpoint and an interrupt; then a graceful end",
}
Records = Mapping[DetectorName, DetectorRecord]


def why_items(night: NightSnapshot, settings: Settings, records: Records) -> list[Item]:
    """Everything that the page says of a snapshot."""
    first = night.troubles[0] if night.troubles else None
    stall = stall_of(night)
    items: list[Item] = [*_what(night, first, stall)]
    items += _figures(night, settings, stall)
    if stall is not None and stall.steps:
        title = f"What happened ({format_count(len(stall.steps), 'event')} of {stall.count} times)"
        items += [Words(""), Words(title, "heading"), *stall.steps]
    items += [Words(""), *_by_itself(night, settings, stall)]
    if stall is not None and stall.detector is not None:
        items += _detector(stall.detector, records.get(stall.detector))
    if others := night.troubles[1:]:
        items += [Words(""), Words("Also wrong now", "heading")]
        items += [Words(" ".join(filter(None, (one.badge, one.reason)))) for one in others]
    return [*items, Words(""), *_basis(night)]


def stall_of(night: NightSnapshot) -> Stall | None:
    """The stall that the page is about: that of the most urgent trouble, else the one that goes on."""
    first = night.troubles[0] if night.troubles else None
    return first.stall if first is not None and first.stall is not None else night.stall


def _what(night: NightSnapshot, first: Trouble | None, stall: Stall | None) -> Iterator[Item]:
    """The sentence, what would clear it, since when, and what it cost."""
    if first is None and stall is None:
        yield Words(night.activity.reason, "strong")
        yield Words("Nothing is wrong, as far as the record shows.", "ok")
        return
    if first is not None and first.stall is not stall:
        yield Words(first.reason, "strong")
    if stall is None:
        return
    evidence = stall.evidence or (night.activity.reason,)
    yield Words(evidence[0], "strong")
    if stall.rule:
        yield from _rule(stall)
    yield from map(Words, evidence[1:])
    if stall.detector is not None:
        yield Words(f"It ends when {DETECTORS[stall.detector].cleared_by}.")
    if not stall.rule:
        yield Words(f"What to do: {remedy_of(stall)}.")
    if stall.since:
        lasted = format_running(max(0.0, night.now - stall.since))
        yield Words(f"Since {format_clock(stall.since)}, for {lasted}.")
    if stall.waste is not None:
        yield Words(_cost(stall.waste))


def _cost(waste: StallWaste) -> str:
    """What was spent since the last progress."""
    last = PROGRESS[waste.last]
    when = "" if waste.since is None else f" at {format_clock(waste.since)}"
    return f"Last progress: {last}{when}. Since then {waste_words(waste)}."


def _rule(stall: Stall) -> Iterator[Item]:
    yield Words(
        "To add to permissions.allow of .claude/settings.local.json (y copies it):", "heading"
    )
    yield Words(f"  {stall.rule}", "code", stall.rule)


def _figures(night: NightSnapshot, settings: Settings, stall: Stall | None) -> Iterator[Item]:
    """Each signal with its value and the one from which on it counts."""
    yield Words("")
    yield FigureHead()
    signals = (*(stall.signals if stall is not None else ()), *night.nearness)
    yield from map(figure_of, dict.fromkeys(signals))
    if not signals:
        yield Words("  nothing repeats", "dim")
    activity, most = night.activity, settings.stalls.api_silence_seconds
    if not night.is_over and activity.last_sign_at is not None:
        quiet = activity.idle_seconds >= most
        now, says = format_running(activity.idle_seconds), "counts" if quiet else "not yet"
        yield Figure("silence", now, format_running(most), says, quiet)


def _by_itself(night: NightSnapshot, settings: Settings, stall: Stall | None) -> Iterator[Item]:
    """What happens if nobody presses a key."""
    if not night.run.supervised:
        yield Words("By itself: nothing, as no supervisor of ours watches this session.")
        return
    action = _BY_ITSELF[settings.stalls.loop_action]
    yield Words(f"By itself, when it is stuck: {action} (stalls.loop_action).")


def _detector(name: DetectorName, record: DetectorRecord | None) -> Iterator[Item]:
    words = DETECTORS[name]
    yield Words(f"Found by: {words.title}. {words.looks_for}")
    yield Words(record_words(record))


def record_words(record: DetectorRecord | None) -> str:
    """How right a detector was in this project so far."""
    if record is None or record.noticed < 2 > record.wrong + 1:
        return "This is its first notice in this project."
    if not record.wrong:
        times = format_count(record.noticed, "time")
        return f"It was shown {times} here, and nobody called it wrong."
    return f"This detector was wrong {record.wrong} of {record.noticed} times here."


def _basis(night: NightSnapshot) -> Iterator[Item]:
    """What is at work, and what the figures in the header rest on."""
    activity = night.activity
    if activity.last_sign_at is not None:
        yield Words(f"last sign of life {format_clock(activity.last_sign_at)}", "dim")
    for tool in activity.tools:
        since = "" if tool.since is None else f" since {format_clock(tool.since)}"
        yield Words(f"running {tool.name}{since}: {tool.target}", "dim")
    yield Words(f"cost: {night.cost.reason or night.cost.source}", "dim")
    for note in night.cost.notes:
        yield Words(f"  {note}", "dim")
    if night.context.used:
        yield Words(f"context window known by: {night.context.basis}", "dim")


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
