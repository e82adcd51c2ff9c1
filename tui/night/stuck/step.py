"""What detectors look at: a tool call with its answer, and words of the model without a call."""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence import TestRun
from tui.model.failures import DenialKind
from tui.model.stall import StallStep
from tui.night.stuck.file_contents import ContentChange
from tui.system.format import shorten

_WORDS = 60


class Step(Struct):
    """A call with its answer.

    `key` is equal for equal calls; `tree` stands for the content of the files when it was answered;
    `called_at` is when it was made, where that is known. `command` is the whole text of a shell command
    that is too long for `target`. `fingerprint` is the answer's digest once somebody asked for it.
    `denial`: it was not let run, in the folder `cwd`.
    `content` is what it did to the content of the files; `failures` stands for what failed in a test run.
    """

    tool: str
    target: str
    key: int
    is_error: bool
    excerpt: str
    size: int
    tree: int
    at: float | None
    ref: SourceRef
    called_at: float | None = None
    command: str = ""
    path: str = ""
    run: TestRun | None = None
    fingerprint: int = 0
    patience: float = 0.0
    denial: DenialKind | None = None
    cwd: str = ""
    content: ContentChange = ContentChange.NONE
    failures: int = 0

    @property
    def shell_text(self) -> str:
        """The whole text of a shell command."""
        return self.command or self.target

    @property
    def words(self) -> str:
        """The call in a few words."""
        return f"{self.tool} {shorten(self.target, _WORDS)}".strip()

    @property
    def last_line(self) -> str:
        """The last line of the answer, short."""
        return shorten(self.excerpt.strip().rsplit("\n", 1)[-1])

    def shown(self) -> StallStep:
        """The step as evidence."""
        seconds = None
        if self.at is not None and self.called_at is not None:
            seconds = max(0.0, self.at - self.called_at)
        return StallStep(self.at, self.words, self.last_line, self.ref, seconds, self.is_error)


def step_of(
    use: ToolCall,
    result: ToolResult,
    tree: int,
    at: float | None,
    ref: SourceRef,
    called_at: float | None,
    run: TestRun | None,
) -> Step:
    """A call with its answer, after which the files have the content `tree`."""
    return Step(
        use.name,
        use.target,
        use.key,
        result.is_error,
        result.excerpt,
        result.size,
        tree,
        at,
        ref,
        called_at,
        use.command,
        use.path,
        run,
        denial=result.denial,
    )


class SpokenText(Struct):
    """What the model said; `has_calls`: on the way to tool calls in the same record.

    Several records may be parts of one `message`, whose id is empty where none is known.
    """

    text: str
    has_calls: bool
    at: float | None
    ref: SourceRef
    message: str = ""
    thinking: bool = False
