"""A session that is stuck: which detector says so, on what evidence, what it cost; trouble of any kind."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.failures import DenialKind
from tui.model.state import StallKind, StallLevel


class DetectorName(StrEnum):
    """The detectors of circling, in the order in which two that fire at once are shown.

    The words are those of settings and JSON; `labels` explains each for people.
    """

    REFUSED_CALLS = "refused_calls"
    SAME_ERROR = "same_error"
    REPEATED_TURNS = "repeated_turns"
    CONTINUATIONS = "continuations"
    COMPACTIONS = "compactions"
    HANDOFFS = "handoffs"
    SAME_TEST = "same_test"
    REVERTED_EDITS = "reverted_edits"
    REPEATED_CALLS = "repeated_calls"
    GROWING_COMMANDS = "growing_commands"
    RECURRING_CALLS = "recurring_calls"
    REPEATED_PHRASES = "repeated_phrases"
    MONOLOGUE = "monologue"
    SIMILAR_MESSAGES = "similar_messages"


class ProgressKind(StrEnum):
    """What counts as progress: something new that a loop would not bring."""

    START = "start"
    PERSON = "person"
    COMMIT = "commit"
    CONTENT = "content"
    TASK = "task"
    VERDICT = "verdict"
    OUTPUT = "output"


class StallSignal(Struct, frozen=True):
    """One figure that a detector judged by, beside the threshold it is held against.

    `name` and `unit` are words for people; `value` >= `threshold` speaks for being stuck.
    """

    name: str
    value: float
    threshold: float
    unit: str = ""

    @property
    def is_reached(self) -> bool:
        return self.value >= self.threshold


class StallStep(Struct, frozen=True):
    """One event that a finding rests on: what was done at a time, and what came of it."""

    at: float | None
    words: str
    outcome: str
    ref: SourceRef
    seconds: float | None = None
    is_error: bool = False


class StallWaste(Struct, frozen=True):
    """What was spent since the last progress, which was `last` at `since`; `usd` None: not known."""

    calls: int
    seconds: float
    since: float | None
    last: ProgressKind = ProgressKind.START
    usd: float | None = None
    ref: SourceRef | None = None


class Stall(Struct, frozen=True):
    """Why the session counts as stuck: the evidence as text, and where it is found.

    What circles has a `detector`, a `level`, a `count` of equal rounds (refusals, errors, turns) and the
    moment of its last one, `last_at`. `waiting` means that only time ends it. `pattern` is the same
    whenever the same trouble comes again. `denial` is who refused, `rule` the permission rules that would
    allow it, with commas between; empty: none would, or none that is narrow enough.
    `called_wrong_at` is when a person said that it is not stuck, `noticed_at` when it was first found.
    """

    kind: StallKind
    since: float
    evidence: tuple[str, ...]
    refs: tuple[SourceRef, ...] = ()
    level: StallLevel = StallLevel.NONE
    count: int = 0
    waiting: bool = False
    last_at: float | None = None
    pattern: str = ""
    detector: DetectorName | None = None
    steps: tuple[StallStep, ...] = ()
    signals: tuple[StallSignal, ...] = ()
    waste: StallWaste | None = None
    rule: str = ""
    denial: DenialKind | None = None
    called_wrong_at: float | None = None
    noticed_at: float | None = None


class NotStuck(Struct, frozen=True):
    """A person said that a finding was wrong: `detector` is less ready in this night from then on."""

    at: float
    detector: DetectorName
    pattern: str = ""
    session: str = ""


class DetectorRecord(Struct, frozen=True):
    """How often a detector's findings were shown in a project, and how often a person called one wrong."""

    noticed: int
    wrong: int


class TroubleKind(StrEnum):
    """What may be wrong with a session that a person should see; the most urgent first."""

    NEEDS_YOU = "needs_you"
    RESTART_PENDING = "restart_pending"
    ENDED_BADLY = "ended_badly"
    LOOPING = "looping"
    STALLED_IN_TOOL = "stalled_in_tool"
    STALLED = "stalled"
    NO_WATCHDOG = "no_watchdog"
    WINDING_DOWN = "winding_down"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    NO_PROGRESS = "no_progress"
    LIMIT_NEAR = "limit_near"


class Trouble(Struct, frozen=True):
    """Something that is wrong now, with a sentence for people.

    `badge` is its word, where the state has another one. `is_bad`: a person should act, not only know.
    `stall` where it is one. `until` is when it should end by itself.
    """

    kind: TroubleKind
    reason: str
    since: float | None = None
    is_bad: bool = True
    badge: str = ""
    stall: Stall | None = None
    until: float | None = None
