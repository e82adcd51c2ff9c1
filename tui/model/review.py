"""The review, frozen: verdict, claims, risks, timeline, cost.

Times are seconds since the epoch, UTC; money is USD; `None` means unknown.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim, UnreadText
from tui.model.evidence.log import TestSummary
from tui.model.evidence.log import Verdict as RunVerdict
from tui.model.records import Commit, Hunk
from tui.model.session import EarlierNight
from tui.model.snapshot import Cost, NightSnapshot
from tui.model.stall import Stall
from tui.model.state import EndKind
from tui.model.timeline import Timeline, TimeTotals

Verdict = Literal["keep", "look", "discard"]
Severity = Literal["high", "medium", "low"]
TestState = Literal["green", "red", "none"]
ProofKind = Literal["tests", "lint", "types", "build"]
ProofPlace = Literal["end", "base tests", "base"]
"""The night's end; its code with the tests of the beginning; the beginning itself."""
ProofEnd = Literal["ended", "no tests", "not started", "timed out", "stopped", "elsewhere"]
"""How a proof's command ended; "elsewhere": it tested other files than those of the copy."""
RiskKind = Literal[
    "test_deleted",
    "test_skipped",
    "test_weakened",
    "secret",
    "dependency",
    "ci",
    "permissions",
    "big_deletion",
    "generated",
    "binary",
    "outside_goal",
    "no_verify",
    "force_push",
    "fetch_to_shell",
    "big_file",
    "destructive",
    "outward",
    "credential_use",
    "persistence",
    "privilege",
    "hard_coded",
]
Helped = Literal["yes", "no", "unclear"]
WasteKind = Literal[
    "retries", "loop", "refused", "same_error", "no_progress", "redone", "killed_turn"
]
MomentKind = Literal[
    "commit",
    "tests",
    "checkpoint",
    "compaction",
    "stall",
    "loop",
    "refused",
    "same_error",
    "no_progress",
    "restart",
    "injection",
    "rewind",
    "limit",
    "gap",
    "error",
    "end",
]


class Ending(Struct, frozen=True):
    """Why it ended: one of the review's kinds, one sentence, and where that is recorded."""

    kind: EndKind
    words: str
    ref: SourceRef | None = None


class AttentionItem(Struct, frozen=True):
    """Something to look at first; `where` is None only for what is in no file.

    `topic` names the part of the page it belongs to: "claims", "risks", "tests", "time", "cost",
    "tasks", "ending", "commits".
    """

    severity: Severity
    what: str
    where: SourceRef | None
    topic: str


class Reason(Struct, frozen=True):
    """A sentence for the verdict, and the place that it rests on most."""

    text: str
    ref: SourceRef | None = None


class TaskChanges(Struct, frozen=True):
    """Titles, against the progress file as it was when the night began.

    `done` were finished in this night, `before` had been done already; `basis` says what the
    beginning is known from ("git", "copy", "first seen", "none").
    """

    done: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    before: int = 0
    removed: tuple[str, ...] = ()
    basis: str = "none"


class Risk(Struct, frozen=True):
    """Something in the night's changes or commands that a person should see before keeping it.

    `ref` is the tool call that did it where one is known, else the commit or file of the diff.
    """

    kind: RiskKind
    path: str
    what: str
    ref: SourceRef | None
    severity: Severity
    hunk: Hunk | None = None
    commit: str = ""


class Cause(Struct, frozen=True):
    """One thing behind many calls: an error, a refusal, a wait; in words, with how many calls.

    `is_error`: the calls failed for it, which no other part of the review tells.
    """

    what: str
    count: int
    first: SourceRef | None = None
    last: SourceRef | None = None
    since: float | None = None
    is_error: bool = False


class ProofRun(Struct, frozen=True):
    """A command that was run again to prove the night, at that tree; `code` is None if it was cut off.

    `on` says which files it ran on. `verdict` is "unknown" where it proves nothing: `end` says why.
    `failed` are the tests that its output names as failed, `output` is the end of it, safe to show.
    """

    command: str
    code: int | None
    tree: str
    seconds: float
    output: str = ""
    kind: ProofKind = "tests"
    on: ProofPlace = "end"
    verdict: RunVerdict = "unknown"
    end: ProofEnd = "ended"
    failed: tuple[str, ...] = ()


class Proof(Struct, frozen=True):
    """What was run again, and how the tests of the night's beginning do on its new code.

    `tree` is the tree of the night's end that was proven; `is_current` is False where the night's end has
    another one now. `outside` are files of code that the night changed and that are not in that tree. `notes`
    say what a person must know of the copy that it ran in.
    """

    at: float
    runs: tuple[ProofRun, ...] = ()
    base_tests: TestState = "none"
    tree: str = ""
    is_current: bool = True
    outside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class WasteItem(Struct, frozen=True):
    """Time and money without result; `usd` is an estimate or None."""

    kind: WasteKind
    what: str
    seconds: float
    usd: float | None
    ref: SourceRef | None = None


class InterventionEffect(Struct, frozen=True):
    """What a person or the watchdog did, and whether it helped."""

    at: float
    kind: str
    text: str
    state: str
    helped: Helped
    why: str
    ref: SourceRef | None = None


class TimelineMoment(Struct, frozen=True):
    """A line of the timeline: what mattered, when, and how long it lasted (seconds)."""

    at: float
    kind: MomentKind
    label: str
    seconds: float | None = None
    ref: SourceRef | None = None


class RestorePoint(Struct, frozen=True):
    """A state that can be kept or gone back to: a checkpoint or a commit, tests as they stood then.

    `first_red_after` is what first turned red afterwards, in words; empty if nothing did.
    """

    kind: Literal["checkpoint", "commit"]
    id: str
    at: float
    label: str
    files: int
    tests: TestState
    first_red_after: str = ""
    insertions: int = 0
    deletions: int = 0
    ref: SourceRef | None = None


class Review(Struct, frozen=True):
    """Everything the review page says; `reasons` are the two or three sentences of the verdict.

    `continues` is the night that its session goes on from, which is not counted here.
    """

    night: NightSnapshot
    verdict: Verdict
    reasons: tuple[Reason, ...]
    ending: Ending
    attention: tuple[AttentionItem, ...]
    tasks: TaskChanges
    commits: tuple[Commit, ...]
    tests: TestSummary
    claims: tuple[Claim, ...]
    risks: tuple[Risk, ...]
    time: TimeTotals
    cost: Cost
    cost_per_task: float | None
    wasted: tuple[WasteItem, ...]
    wasted_usd: float | None
    interventions: tuple[InterventionEffect, ...]
    stalls: tuple[Stall, ...]
    timeline: Timeline
    moments: tuple[TimelineMoment, ...]
    points: tuple[RestorePoint, ...]
    looked_at: float | None = None
    files_changed: int = 0
    base: str = ""
    project: str = ""
    run_id: str = ""
    continues: EarlierNight | None = None
    unread: tuple[UnreadText, ...] = ()
    causes: tuple[Cause, ...] = ()
    proof: Proof | None = None

    @property
    def insertions(self) -> int:
        """Lines that the night's commits added."""
        return sum(commit.insertions for commit in self.commits)

    @property
    def deletions(self) -> int:
        """Lines that the night's commits took away."""
        return sum(commit.deletions for commit in self.commits)
