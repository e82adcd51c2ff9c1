"""Shows what a deed would change, in plain words, before it is done; starts on Cancel."""

from __future__ import annotations

from collections.abc import Sequence

from widgets.button_row import CANCEL, Choice, DialogOption
from widgets.dialog import Dialog, Sentence
from widgets.documents import RowDocument


class PlanDialog(Dialog):
    """A title, the plan's sentences, and Cancel with what can be done; gives an `Answer` or None.

    `Answer.choice` is the key of the choice, `Answer.options` the keys of options left on.
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
