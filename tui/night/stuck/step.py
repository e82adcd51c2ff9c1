"""What detectors look at: a tool call with its answer, and words of the model without a call."""

from __future__ import annotations

from zlib import crc32

from msgspec import Struct, structs

from tui.model.cli_commands import SHELLS
from tui.model.events import SourceRef
from tui.model.evidence import TestRun
from tui.model.failures import DenialKind
from tui.model.stall import StallStep
from tui.night.stuck.file_contents import ContentChange
from tui.system.format import shorten

_WORDS = 60
_KEPT = 400
STEP_SECONDS = 20.0
"""What one step counts where no times are known."""


class Step(Struct):
    """A call with its answer.

    `key` is equal for equal calls; `tree` stands for the content of the files when it was answered;
    `called_at` is when it was made, where that is known. `command` is the whole text of a shell command
    that is too long for `target`. `call` is equal for calls that ask the same, however they are
    written, and `echoes` are the words that such a call only prints. `fingerprint` stands for the answer
    without chance, `clocks` and `spans` for its times and durations, once somebody asked; `varies`: it
    is the same as the answer before but for durations. `whole` stands for an answer that was cut,
    `pictures` for the pictures in it.
    `denial`: it was not let run.
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
    denial: DenialKind | None = None
    content: ContentChange = ContentChange.NONE
    failures: int = 0
    call: int = 0
    echoes: tuple[str, ...] = ()
    clocks: tuple[tuple[int, float], ...] = ()
    spans: int = 0
    varies: bool = False
    whole: int = 0
    pictures: int = 0

    @property
    def is_shell(self) -> bool:
        return self.tool in SHELLS

    @property
    def shell_text(self) -> str:
        """The whole text of a shell command, or what another call is about."""
        return self.command or self.target

    @property
    def was_made(self) -> bool:
        """Whether it was let run, or a person looked at it."""
        return self.denial is None or self.denial == DenialKind.PERSON

    @property
    def words(self) -> str:
        """The call in a few words."""
        return f"{self.tool} {shorten(self.target, _WORDS)}".strip()

    @property
    def last_line(self) -> str:
        """The last line of the answer, short."""
        return shorten(self.excerpt.strip().rsplit("\n", 1)[-1])

    @property
    def seconds(self) -> float | None:
        """How long the call took, where that is known."""
        if self.at is None or self.called_at is None:
            return None
        return max(0.0, self.at - self.called_at)

    def since(self, earlier: Step) -> float:
        """Seconds since another step was answered; a step counts 20 s where no times are known."""
        if self.at is None or earlier.at is None:
            return STEP_SECONDS
        return max(0.0, self.at - earlier.at)

    def kept(self) -> Step:
        """The step for keeping long: of a long answer its end, and what stands for the whole."""
        if len(self.excerpt) <= _KEPT and len(self.command) <= _KEPT:
            return self
        excerpt, whole = self.excerpt, 0
        if len(excerpt) > _KEPT:
            excerpt, whole = excerpt[-_KEPT:], self.exact()
        return structs.replace(self, excerpt=excerpt, whole=whole, command=self.command[:_KEPT])

    def exact(self) -> int:
        """What stands for the whole answer."""
        self.whole = self.whole or crc32(self.excerpt.encode("utf-8", "surrogatepass")) + 1
        return self.whole

    def shown(self) -> StallStep:
        """The step as evidence."""
        return StallStep(self.at, self.words, self.last_line, self.ref, self.seconds, self.is_error)


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
