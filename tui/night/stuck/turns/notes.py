"""Files that sessions keep about their work."""

from __future__ import annotations

from msgspec import Struct

from tui.model.stall import ProgressKind
from tui.night.stuck.file_contents import ContentChange
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.step import Step
from tui.system.lazy_pattern import lazy

_NAMES = frozenset("progress note notes handover handoff todo todos plan status journal".split())
_WORD = lazy(r"[a-z]+")


def is_note(path: str) -> bool:
    """Whether a file is one that sessions keep about their work, by its name."""
    name = path.rsplit("/", 1)[-1].lower()
    return name.endswith((".md", ".txt")) and not _NAMES.isdisjoint(_WORD.findall(name))


class NewContent(Struct):
    """Tells new content of the work from new lines in notes about it.

    That there is new content is heard before the call that made it; in a subagent that call is not heard of.
    """

    waits: bool = False

    def is_progress(self, kind: ProgressKind) -> bool:
        """Whether something new is progress already; what is content waits for its call."""
        self.waits = self.waits or kind == ProgressKind.CONTENT
        return kind != ProgressKind.CONTENT

    def was_work(self, step: Step, progress: ProgressTracker) -> bool:
        """Whether the new content of which was heard before this call was more than a note."""
        waited, self.waits = self.waits, False
        if not waited or step.content != ContentChange.NEW:
            return waited
        touched = progress.files.touched or (step.path,)
        return not all(map(is_note, touched))

    def is_left(self) -> bool:
        """Whether new content was heard of, and no call of this conversation made it."""
        waited, self.waits = self.waits, False
        return waited
