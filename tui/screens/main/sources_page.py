"""Which files are read, and why these; the sessions that live or lived here, to watch another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.model.labels import state_word
from tui.model.session import KnownSession
from tui.monitor.monitor import SessionMonitor
from tui.screens.info_pages import InfoScreen
from tui.system.clock import Clock
from tui.system.format import format_age, format_count, shorten
from tui.system.sanitize import clean_line
from widgets.dialogs.list_dialogs import PickerList, PickerRow
from widgets.glyphs import glyphs
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.output_guard import show_toast
from widgets.status.session_header import state_span
from widgets.text.sidecar_views import SourcesPanel

_WATCHED, _FIRST = "watched", "first"
_STATE_WIDTH, _AGE_WIDTH = 16, 4
_FOOT = "enter watches it · tab to the sources · esc back"


class SourcesScreen(InfoScreen):
    """The other sessions, where there are any, over the sources; both renewed every second.

    `watch` is called with the session that a person chose, or with None to go back to the first one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "close", "back", show=False),
        Binding("tab", "app.focus_next", "next", show=False),
        Binding("shift+tab", "app.focus_previous", "before", show=False),
    ]

    def __init__(
        self,
        monitor: SessionMonitor,
        clock: Clock,
        watch: Callable[[KnownSession | None], None],
    ) -> None:
        super().__init__()
        self._monitor = monitor
        self._clock = clock
        self._watch = watch
        self._list = PickerList(())
        self._sessions = Pane(0, "Sessions", self._list, id="sessions")
        self._panel = SourcesPanel(now=clock.wall)

    def compose(self) -> ComposeResult:
        self._sessions.foot = _FOOT
        yield self._sessions
        sources = Pane(0, "Sources", self._panel, id="sources")
        sources.foot = "esc back"
        yield sources

    def on_mount(self) -> None:
        self._update()
        (self._list if self._sessions.display else self._panel).focus()
        self.set_interval(1.0, self._update)

    def _update(self) -> None:
        self._panel.show(self._monitor.feeds())
        is_notified = self._monitor.wake_mode == "notified"
        status = "changes are noticed at once" if is_notified else "files are polled"
        self.query_one("#sources", Pane).status = status
        self._show_sessions(self._rows())

    # --- sessions ------------------------------------------------------------------------------

    @property
    def _others(self) -> dict[str, KnownSession]:
        sources = self._monitor.sources
        return {_key(one): one for one in (sources.others if sources is not None else ())}

    def _show_sessions(self, rows: list[PickerRow]) -> None:
        """Renews the rows; the cursor stays on its session."""
        self._sessions.display = len(rows) > 1
        self.set_class(len(rows) > 1, "-sessions")
        self._sessions.subtitle = format_count(len(self._others), "other")
        self._sessions.styles.height = f"{min(len(rows) + 2, 12)}"
        old = self._list.rows
        if rows == old:
            return
        key = old[self._list.cursor].key if old else _WATCHED
        self._list.rows = rows
        self._list.advance(len(rows), self._list.generation + 1)
        places = [nth for nth, row in enumerate(rows) if row.key == key]
        self._list.reveal(places[0] if places else 0)

    def _rows(self) -> list[PickerRow]:
        """The watched session, the others, and the way back where a person chose one."""
        now = self._clock.wall()
        rows = [self._watched_row(now)]
        rows += [_row(key, one, now) for key, one in self._others.items()]
        if self._monitor.is_chosen:
            rows.append(PickerRow(_FIRST, "watch what was shown at first", "", "dim"))
        return rows

    def _watched_row(self, now: float) -> PickerRow:
        night = self._monitor.night
        if night is None:
            return PickerRow(_WATCHED, "being read", "watched")
        said = night.run.goal or night.run.first_prompt
        at = night.activity.last_sign_at
        words = _words(night.state, None if at is None else now - at, said)
        return PickerRow(_WATCHED, words, "watched", state_span(night.state, glyphs())[1])

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        if event.view is not self._list:
            self.action_close()
            return
        row = self._list.rows[event.index]
        session = self._others.get(row.key)
        if session is not None and not session.path:
            show_toast(self.app, "it has written nothing yet that could be shown")
            return
        if session is not None or row.key == _FIRST:
            self._watch(session)
            which = _title(session) if session is not None else "what was shown at first"
            show_toast(self.app, f"watching “{shorten(which, 40)}”; o changes it again")
        self.action_close()


def _key(session: KnownSession) -> str:
    return session.run_id or session.path or session.session_id


def _title(session: KnownSession) -> str:
    """What it is about, else the short id; one line."""
    named = f"run {session.run_id}" if session.run_id else f"session {session.session_id[:8]}"
    return clean_line(session.title, 200) or named


def _row(key: str, session: KnownSession, now: float) -> PickerRow:
    hint = f"on {session.host}" if session.host else session.hint
    detail = hint or session.run_id or session.session_id[:8]
    words = _words(session.state, max(0.0, now - session.changed_at), _title(session))
    return PickerRow(key, words, clean_line(detail, 60), state_span(session.state, glyphs())[1])


def _words(state: str, age: float | None, said: str) -> str:
    sign = state_span(state, glyphs())[0]
    word = state_word(state)
    old = "" if age is None else format_age(age)
    return f"{sign} {word:<{_STATE_WIDTH}} {old:>{_AGE_WIDTH}}  {clean_line(said, 200)}"
