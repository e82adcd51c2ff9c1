"""What `status --json` prints."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tui.model.interventions import InjectionState
from tui.model.json.common import (
    CostWord,
    GapObject,
    Iso,
    RunObject,
    SignalObject,
    StallStepObject,
    StallWasteObject,
    TestWord,
)
from tui.model.stall import DetectorName
from tui.model.state import SessionState, StallKind

StallWord = Literal["notice", "suspected", "stuck"]


class SectionObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the progress file."""

    title: str
    done: int
    open: int


class ProgressObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Tasks, as the progress file tells them."""

    done: Annotated[int | None, Meta(description="null: nothing in it can be counted.")]
    open: Annotated[int | None, Meta(description="null: nothing in it can be counted.")]
    in_progress: Annotated[list[str], Meta(description="[]: none is named.")]
    blockers: Annotated[list[str], Meta(description="[]: none is named.")]
    sections: Annotated[list[SectionObject], Meta(description="[]: it has none with tasks.")]
    source: Annotated[str, Meta(description="The file; empty: there is none.")]
    rests_on: Annotated[
        str, Meta(description="What the figures stand on, or why there are none; for people.")
    ]


class TestsObject(Struct, frozen=True, forbid_unknown_fields=True):
    """The last run of tests that was seen."""

    __test__ = False

    verdict: Annotated[TestWord, Meta(description="none: no run with a verdict was seen.")]
    at: Annotated[Iso | None, Meta(description="When; null: no run, or it is not dated.")]
    edits_since: Annotated[int, Meta(description="Edits of code after it.")]


class CostObject(Struct, frozen=True, forbid_unknown_fields=True):
    """What it cost."""

    usd: Annotated[float | None, Meta(description="null: no price is known; never 0 for that.")]
    source: Annotated[
        CostWord,
        Meta(
            description="result: the CLI's own total. estimate: tokens times prices, wholly or after "
            "the last total. partial: at least this much."
        ),
    ]
    budget_usd: Annotated[
        float | None, Meta(description="The cost limit in force; null: none, or no run of ours.")
    ]
    reason: Annotated[str, Meta(description="What the figure rests on, for people.")]
    priced_on: Annotated[str, Meta(description="Date and source of the prices in force.")]
    beyond_records: Annotated[
        list[GapObject],
        Meta(
            description="What the CLI's totals hold beyond the records, by model: compactions, helper "
            "calls, parts that lie elsewhere. []: nothing, or no total by model."
        ),
    ]
    notes: Annotated[
        list[str], Meta(description="Why an estimate was corrected, and the like; for people.")
    ]


class TokensObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens of all answers that were read, each answer once."""

    input: int
    output: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int


class ContextObject(Struct, frozen=True, forbid_unknown_fields=True):
    """How full the main conversation is."""

    used: int
    window: int
    percent: float


class EventsObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Records, counted once each."""

    total: int
    malformed: Annotated[int, Meta(description="Lines that are no JSON object.")]
    unknown: Annotated[int, Meta(description="Records of types that this version does not know.")]
    turns: int
    tool_calls: Annotated[dict[str, int], Meta(description="Calls by the tool's name.")]
    tool_errors: int
    api_retries: int
    compactions: int
    subagents: int


class StallObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Why nothing useful happens though it should."""

    kind: StallKind
    level: Annotated[
        StallWord,
        Meta(
            description="notice: to be watched. suspected: it looks stuck. stuck: it will not go on by itself."
        ),
    ]
    since: Annotated[Iso | None, Meta(description="null: not dated.")]
    evidence: list[str]
    remedy: Annotated[str, Meta(description="What to do, for people.")]
    detector: Annotated[
        DetectorName | None, Meta(description="What found it; null: a silence, found by the clock.")
    ]
    count: Annotated[int, Meta(description="Equal rounds, refusals, errors, turns; 0: a silence.")]
    signals: Annotated[list[SignalObject], Meta(description="[]: the detector has no figures.")]
    waste: Annotated[
        StallWasteObject | None, Meta(description="Since the last progress; null: not counted.")
    ]
    rule: Annotated[
        str | None,
        Meta(description="The permission rule that would allow it; null: none is known."),
    ]
    steps: Annotated[list[StallStepObject], Meta(description="[]: nothing repeats.")]


class EffectObject(Struct, frozen=True, forbid_unknown_fields=True):
    """What came after a message reached the session, for half an hour or until the next one."""

    words: Annotated[str, Meta(description="A sentence for people.")]
    since: Iso
    until: Annotated[Iso | None, Meta(description="null: it is watched still.")]
    calls: int
    different: Annotated[int, Meta(description="Calls that were not made before it.")]
    goes_on: Annotated[bool, Meta(description="Whether the trouble goes on, or came again.")]
    ended_at: Annotated[
        Iso | None, Meta(description="The trouble's end; null: none, or no trouble.")
    ]
    again_at: Annotated[Iso | None, Meta(description="When it came again; null: it did not.")]
    contents: Annotated[int, Meta(description="New contents of files.")]
    commits: int
    tasks: Annotated[int, Meta(description="Tasks done.")]
    tests: Annotated[Literal["green", "red"] | None, Meta(description="null: no verdict since.")]
    tests_at: Annotated[Iso | None, Meta(description="Since when; null: no verdict since.")]


class InjectionObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A message put to the agent."""

    id: str
    text: str
    state: Annotated[InjectionState, Meta(description="How far it came.")]
    effect: Annotated[
        EffectObject | None, Meta(description="null: it has not reached the session.")
    ]


class OtherSession(Struct, frozen=True, forbid_unknown_fields=True):
    """Another session that lives or lived here."""

    session_id: Annotated[str | None, Meta(description="null: not known yet.")]
    state: Annotated[SessionState, Meta(description="As far as it is known without reading all.")]
    started_at: Annotated[Iso | None, Meta(description="null: not known.")]
    kind: Annotated[
        Literal["run", "stream", "transcript"], Meta(description="What is known of it.")
    ]


class StatusObject(Struct, frozen=True, forbid_unknown_fields=True):
    """`status --json`."""

    schema: Annotated[int, Meta(description="2")]
    project: Annotated[str, Meta(description="The folder.")]
    host: Annotated[str, Meta(description="The machine that it runs on, or that looked.")]
    run: RunObject
    goal: Annotated[str | None, Meta(description="null: none was given or found.")]
    progress: ProgressObject
    tests: TestsObject
    cost: CostObject
    tokens: TokensObject
    context: ContextObject
    events: EventsObject
    last_event_at: Annotated[Iso | None, Meta(description="null: nothing dated was read.")]
    idle_seconds: Annotated[float, Meta(description="Since anything was heard of it.")]
    stall: Annotated[StallObject | None, Meta(description="null: none was found.")]
    checkpoints: Annotated[int, Meta(description="Taken in this run or session.")]
    injections: Annotated[list[InjectionObject], Meta(description="[]: none.")]
    restarts: int
    other_sessions: Annotated[list[OtherSession], Meta(description="[]: none is known.")]
