"""What `review --json` prints."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from tui.model.evidence.claims import ClaimKind, ClaimSource, Trust
from tui.model.failures import DenialKind
from tui.model.json.common import (
    AllowRule,
    CostWord,
    FoundBy,
    GapObject,
    Iso,
    RefObject,
    Rounds,
    RunObject,
    Signals,
    StallSteps,
    StallWasteObject,
    TestWord,
)
from tui.model.json.proved import ProvedObject
from tui.model.review import (
    Helped,
    MomentKind,
    RiskKind,
    Severity,
    Verdict,
    WasteKind,
)
from tui.model.state import StallKind, StallLevel

Ref = Annotated[RefObject | None, Meta(description="null: it stands in no file.")]
Seconds = Annotated[float, Meta(description="Seconds.")]


class EndingObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it ended."""

    kind: Annotated[
        Literal[
            "tasks_done",
            "turn_ended",
            "limit",
            "killed",
            "needs_you",
            "crash",
            "failed",
            "hung",
            "open",
        ],
        Meta(description="The review's own word; `run.exit.kind` has the one of the status."),
    ]
    words: str
    ref: Ref


class AttentionObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to look at first."""

    severity: Severity
    what: str
    where: Ref
    topic: Annotated[str, Meta(description="The part of the review it belongs to.")]


class TimeObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds by kind; the kinds add up to the total."""

    total_s: Seconds
    working_s: Seconds
    tool_s: Seconds
    waiting_api_s: Seconds
    rate_limited_s: Seconds
    stalled_s: Seconds
    dead_s: Annotated[float, Meta(description="No agent was at work; `idle_s` is part of it.")]


class TasksObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Titles, against the progress file as it was when the night began."""

    done: list[str]
    open: list[str]
    added: list[str]
    removed: list[str]
    done_before: int
    basis: Annotated[str, Meta(description="What the beginning is known from; none: nothing.")]


class CommitObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A commit of this night."""

    sha: str
    at: Iso | None
    subject: str
    files: int
    insertions: int
    deletions: int


class TestRunObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A run of tests."""

    __test__ = False

    at: Iso | None
    command: str
    passed: Annotated[int | None, Meta(description="null: its output does not tell.")]
    failed: Annotated[int | None, Meta(description="null: its output does not tell.")]
    verdict: Literal["green", "red", "unknown"]
    ref: Ref
    skipped: int
    framework: str


class ReviewTestsObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Tests of the night."""

    last: TestWord
    runs: list[TestRunObject]
    total: int
    edits_since_last_green: int
    edits_since_last_run: int
    last_tree: Annotated[
        str | None, Meta(description="The tree that the last run tested; null: not known.")
    ]
    tree_now: Annotated[str | None, Meta(description="The tree as it stands; null: not known.")]


class CheckedFact(Struct, frozen=True, forbid_unknown_fields=True):
    """A fact that a claim was checked by."""

    fact: str
    holds: Annotated[bool | None, Meta(description="null: it could not be checked.")]


class ClaimObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A statement that something is done or passes, and what supports it."""

    text: str
    kind: Annotated[ClaimKind | None, Meta(description="What it claims; null: not told apart.")]
    verdict: Trust
    why: str
    evidence: list[RefObject]
    checked: Annotated[
        list[CheckedFact], Meta(description="[]: the facts behind the verdict are not listed.")
    ]
    source: ClaimSource
    where: Ref
    at: Iso | None


class ReviewStall(Struct, frozen=True, forbid_unknown_fields=True):
    """Trouble of the night: circling, or a silence."""

    kind: StallKind
    since: Iso | None
    until: Iso | None
    seconds: float | None
    evidence: list[str]
    refs: list[RefObject]
    count: Rounds
    level: Annotated[StallLevel, Meta(description="How far circling went; empty: a silence.")]
    detector: FoundBy
    rule: AllowRule
    signals: Signals
    waste: Annotated[
        StallWasteObject | None,
        Meta(description="What was lost in it, each minute once; null: a silence costs only time."),
    ]
    steps: StallSteps


class InterventionObject(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person or the supervisor did, and whether it helped."""

    at: Iso | None
    kind: str
    text: str
    state: str
    helped: Helped
    why: str
    ref: Ref


class RestartObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A process of the agent after the first, with the end of the one before."""

    at: Iso | None
    attempt: int
    why: str
    dead_s: Seconds
    ended: str
    code: int | None
    signal: int | None


class CompactionObject(Struct, frozen=True, forbid_unknown_fields=True):
    """The conversation was summarised."""

    at: Iso | None
    what: str
    ref: Ref


class PointObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint, with the tests as they stood then."""

    id: str
    at: Iso | None
    label: str
    files: int
    tests: TestWord
    first_red_after: Annotated[str, Meta(description="Empty: nothing turned red afterwards.")]


class RestorePointObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint or commit that can be kept or gone back to."""

    kind: Literal["checkpoint", "commit"]
    id: str
    at: Iso | None
    label: str
    files: int
    tests: TestWord
    first_red_after: str
    insertions: int
    deletions: int
    ref: Ref


class MomentObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A moment that mattered."""

    at: Iso | None
    kind: MomentKind
    label: str
    seconds: Annotated[float | None, Meta(description="How long; null: a moment only.")]
    ref: Ref


class HourObject(Struct, frozen=True, forbid_unknown_fields=True):
    """What an hour cost."""

    start: Iso | None
    usd: float


class WasteObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Time and money without result."""

    kind: WasteKind
    what: str
    seconds: Seconds
    usd: Annotated[float | None, Meta(description="An estimate; null: no price is known.")]
    ref: Ref


class ReviewCostObject(Struct, frozen=True, forbid_unknown_fields=True):
    """What the night cost."""

    usd: Annotated[float | None, Meta(description="null: no price is known.")]
    source: CostWord
    reason: str
    by_model: Annotated[
        dict[str, float | None], Meta(description="USD by model; null: no price is known.")
    ]
    by_hour: list[HourObject]
    per_hour: Annotated[float | None, Meta(description="Burn of the last hour of work.")]
    per_task: Annotated[float | None, Meta(description="null: no task was finished, or no price.")]
    wasted_usd: float | None
    wasted: list[WasteObject]
    priced_on: Annotated[str, Meta(description="Date and source of the prices in force.")]
    beyond_records: Annotated[
        list[GapObject], Meta(description="As in `status --json`; []: nothing.")
    ]
    notes: list[str]


class RiskObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to see before keeping."""

    kind: RiskKind
    path: str
    what: str
    ref: Ref
    severity: Severity
    commit: Annotated[str | None, Meta(description="null: in no commit.")]
    hunk: Annotated[list[str] | None, Meta(description="Its lines; null: none belong to it.")]


class CauseObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that went wrong again and again."""

    what: str
    count: int
    since: Annotated[Iso | None, Meta(description="Its first time; null: not known.")]
    first: Ref
    last: Ref


class ContinuedObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A night that is not counted in this one, whose session goes on in it."""

    id: str
    session: str
    until: Annotated[Iso | None, Meta(description="null: not known.")]
    copy: Annotated[
        bool, Meta(description="A fork copied it; else a long absence is between them.")
    ]


class RefusalObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Calls of one kind that were refused permission."""

    call: Annotated[str, Meta(description="The newest of them.")]
    count: int
    why: DenialKind
    rule: AllowRule
    first: Ref
    last: Ref


class ReviewObject(Struct, frozen=True, forbid_unknown_fields=True):
    """`review --json`."""

    schema: Annotated[int, Meta(description="2")]
    project: str
    run: RunObject
    goal: Annotated[str | None, Meta(description="null: none was given or found.")]
    verdict: Verdict
    reasons: list[str]
    reason_refs: Annotated[
        list[RefObject | None],
        Meta(description="Where each reason rests; null: on nothing in a file."),
    ]
    ending: EndingObject
    attention: list[AttentionObject]
    time: TimeObject
    idle_s: Annotated[float, Meta(description="Seconds in which nothing was asked of it.")]
    tasks: TasksObject
    commits: list[CommitObject]
    base: Annotated[str | None, Meta(description="The commit it began at; null: not known.")]
    files_changed: int
    tests: ReviewTestsObject
    claims: list[ClaimObject]
    unread_claims: Annotated[
        int, Meta(description="Statements that were not judged: their language is not read.")
    ]
    stalls: list[ReviewStall]
    interventions: list[InterventionObject]
    restarts: list[RestartObject]
    compactions: list[CompactionObject]
    checkpoints: list[PointObject]
    points: list[RestorePointObject]
    moments: list[MomentObject]
    cost: ReviewCostObject
    risks: list[RiskObject]
    refusals: Annotated[list[RefusalObject], Meta(description="The most frequent first; []: none.")]
    causes: Annotated[
        list[CauseObject],
        Meta(
            description="Calls, refusals, errors, tests, turns; the most frequent first; []: none."
        ),
    ]
    proved: Annotated[ProvedObject | None, Meta(description="null: nothing was run to prove it.")]
    looked_at: Annotated[Iso | None, Meta(description="When a person last read it; null: never.")]
    continues: Annotated[
        ContinuedObject | None,
        Meta(description="The night that its session goes on from; null: it begins with this one."),
    ]
    export: Annotated[
        dict[str, Any] | None,
        Meta(description="In exports only: version, time and digests of the sources."),
    ] = None
