"""A dialog: sentences, options and choices in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget

from widgets.dialogs.button_row import CANCEL, ButtonRow, Choice, DialogAnswer, DialogOption
from widgets.glyphs import glyphs
from widgets.ink import Line, Span
from widgets.line_layout import wrap
from widgets.lists.pane import Pane
from widgets.row_widgets import SingleRow
from widgets.status.activity_row import ActivityRow
from widgets.text.documents import DocumentView, LaidOutDocument, RowDocument
from widgets.text_cells import visible

if TYPE_CHECKING:
    from widgets.ink import Role


Sentence: TypeAlias = "str | tuple[str, Role]"


def sentences_document(lines: Sequence[Sentence]) -> RowDocument:
    """Plain sentences as a document, broken between words; an empty one is an empty row."""

    def build(width: int) -> Sequence[Line]:
        rows: list[Line] = []
        for line in lines:
            span: Span = (line, "text") if isinstance(line, str) else line
            words = visible(span[0])
            rows.extend(wrap([(words, span[1])], width) if words else [[]])
        return rows

    return LaidOutDocument(build)


class OptionRow(SingleRow):
    """A switch with its letter."""

    DEFAULT_CSS = "OptionRow { height: 1; }"
    is_on: reactive[bool] = reactive(True, repaint=False, init=False)

    def __init__(self, option: DialogOption) -> None:
        super().__init__()
        self.option = option
        self.set_reactive(OptionRow.is_on, option.is_on)

    watch_is_on = SingleRow.redraw

    def spans(self, width: int) -> Line:
        mark = glyphs().ok if self.is_on else " "
        box: Span = (f"[{mark}] ", "ok" if self.is_on else "dim")
        letter: Span = (f"{self.option.letter} ", "accent")
        return [box, letter, (visible(self.option.label), "text")]


class Dialog(ModalScreen[DialogAnswer | None]):
    """Words, options and choices in a frame; escape and `q` give no answer (None).

    The words scroll with the usual keys while the choices keep the focus.
    """

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > Pane { width: 76; height: auto; max-width: 96%; max-height: 96%; }
        & > Pane > Vertical { height: auto; width: 1fr; }
        DocumentView { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Cancel", show=False),
        Binding("j,down", "scroll_words(1)", "Scroll down", show=False),
        Binding("k,up", "scroll_words(-1)", "Scroll up", show=False),
        Binding("pagedown,ctrl+d,space", "scroll_words(8)", "Page down", show=False),
        Binding("pageup,ctrl+u", "scroll_words(-8)", "Page up", show=False),
    ]
    WIDEST: ClassVar[int] = 76
    HINT: ClassVar[str] = "tab choose · enter do it · esc cancel"

    def __init__(
        self,
        title: str,
        lines: Sequence[Sentence] | RowDocument = (),
        choices: Sequence[Choice] = (CANCEL,),
        options: Sequence[DialogOption] = (),
        *,
        chosen: int = 0,
    ) -> None:
        super().__init__()
        self._heading = title
        self._words = DocumentView(self._document_of(lines))
        self._words.can_focus = False
        self._options = [OptionRow(option) for option in options]
        self._buttons = ButtonRow(choices, chosen)
        self._busy_row = ActivityRow(indent=0)
        self._busy = False

    @staticmethod
    def _document_of(lines: Sequence[Sentence] | RowDocument) -> RowDocument:
        return sentences_document(lines) if isinstance(lines, Sequence) else lines

    def content(self) -> Sequence[Widget]:
        """What stands between the words and the options; a subclass's own part."""
        return ()

    def compose(self) -> ComposeResult:
        content = self.content()
        parts: list[Widget] = [self._words, *([EmptyRow()] if content else []), *content]
        parts.extend([EmptyRow(), *self._options, *([EmptyRow()] if self._options else [])])
        yield self._framed(Vertical(*parts, self._busy_row, self._buttons))

    def _framed(self, inside: Widget) -> Pane:
        pane = Pane(0, self._heading, inside, heavy=True)
        pane.foot = self.HINT
        return pane

    def initial_focus(self) -> Widget:
        """What has the keys when the dialog opens."""
        return self._buttons

    def on_mount(self) -> None:
        self._fit()
        self.initial_focus().focus()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Give the words the rows they need, as far as the screen has them."""
        width = min(self.WIDEST, self.size.width * 96 // 100)
        columns = max(8, width - 4)
        document = self._words.document
        rows = document.rows(columns) if document is not None else 0
        taken = 4 + len(self._options) + (1 if self._options else 0) + self._content_rows()
        room = self.size.height * 96 // 100 - taken
        self._words.styles.height = max(1, min(rows, room))
        self.query_one(Pane).styles.width = width

    def _content_rows(self) -> int:
        return 0

    # --- what the caller may do while it is open ---

    def set_busy(self, words: str, share: float | None = None) -> None:
        """Say what is being done and take no keys; empty words end it."""
        self._busy = bool(words)
        self._buttons.display = not self._busy
        if self._busy:
            self._busy_row.show(words, share)
        else:
            self._busy_row.hide()
            self._buttons.focus()

    # --- answering ---

    def answer(self, choice: str) -> DialogAnswer:
        """What the person decided, with the options as they stand."""
        on = frozenset(row.option.key for row in self._options if row.is_on)
        return DialogAnswer(choice, on)

    def action_cancel(self) -> None:
        if not self._busy:
            self.dismiss(None)

    def action_scroll_words(self, rows: int) -> None:
        self._words.scroll_by_person(self._words.top + rows)

    def choose(self, choice: Choice) -> None:
        """Answer with this choice, or leave the dialog as it is when something is missing."""
        self.dismiss(self.answer(choice.key))

    def on_button_row_pressed(self, event: ButtonRow.Pressed) -> None:
        event.stop()
        if event.choice.key == CANCEL.key:
            self.action_cancel()
        elif not self._busy:
            self.choose(event.choice)

    def on_key(self, event: Key) -> None:
        for row in self._options:
            if event.key == row.option.letter and not self._busy:
                event.stop()
                row.is_on = not row.is_on


class EmptyRow(SingleRow):
    """An empty row."""

    def spans(self, width: int) -> Line:
        return []


class PlanDialog(Dialog):
    """A title, the plan's sentences, and Cancel with what can be done; gives a `DialogAnswer` or None.

    `choice` is the key of the choice, `options` the keys of options left on.
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[Sentence] | RowDocument,
        choices: Sequence[Choice],
        options: Sequence[DialogOption] = (),
    ) -> None:
        super().__init__(title, lines, (CANCEL, *choices), options)


class NoticeDialog(Dialog):
    """A title and sentences, and nothing to decide; gives None."""

    HINT = "esc close"

    def __init__(self, title: str, lines: Sequence[Sentence] | RowDocument) -> None:
        super().__init__(title, lines, (Choice("cancel", "Close"),))
