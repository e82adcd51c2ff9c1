"""Parts that several objects have, and the words their fields take."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tui.model.stall import ProgressKind
from tui.model.state import SessionState

SCHEMA = 2

Iso = Annotated[str, Meta(description="A moment, ISO 8601, UTC, with milliseconds.")]
ExitKind = Literal[
    "completed",
    "limit",
    "stopped",
    "killed",
    "crashed",
    "gave_up",
    "needs_person",
    "failed",
    "unknown",
]
TestWord = Literal["green", "red", "none"]
CostWord = Literal["result", "estimate", "partial"]


class RefObject(Struct, frozen=True, forbid_unknown_fields=True):
    """Where evidence stands."""

    source: Annotated[str, Meta(description="The file.")]
    offset: Annotated[int, Meta(description="The byte at which the line begins.")]
    uuid: Annotated[str | None, Meta(description="The record's own id; null: it has none.")]


class ExitObject(Struct, frozen=True, forbid_unknown_fields=True):
    """How it ended."""

    kind: Annotated[ExitKind, Meta(description="The word for it; unknown: no record says how.")]
    reason: Annotated[str, Meta(description="A sentence for people.")]
    code: Annotated[int | None, Meta(description="The process's exit code; null: not known.")]


class LimitsObject(Struct, frozen=True, forbid_unknown_fields=True):
    """The bounds in force for a run of ours."""

    max_hours: Annotated[float | None, Meta(description="Hours; null: no bound, or not known.")]
    max_idle_minutes: Annotated[
        float | None, Meta(description="Minutes of idleness; null: no bound, or not known.")
    ]
    max_cost_usd: Annotated[float | None, Meta(description="USD; null: no bound, or not known.")]


class LimitObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A limit that was reached."""

    kind: Annotated[str, Meta(description="Which: runtime, idle, cost, memory, context, …")]
    value: Annotated[float | None, Meta(description="What it had come to; null: not recorded.")]
    allowed: Annotated[float | None, Meta(description="What was allowed; null: not recorded.")]
    since: Annotated[Iso | None, Meta(description="When it was reached; null: not recorded.")]


class RunObject(Struct, frozen=True, forbid_unknown_fields=True):
    """The run, or the session that was not started here."""

    id: Annotated[str | None, Meta(description="The run's id; null: no run of ours.")]
    owned: Annotated[bool, Meta(description="Whether our supervisor started it.")]
    supervised: Annotated[
        bool | None,
        Meta(description="Whether a supervisor watches it now; null: the journal does not tell."),
    ]
    state: Annotated[SessionState, Meta(description="What it does, in one word.")]
    reason: Annotated[str, Meta(description="Why it is in this state, for people.")]
    started_at: Annotated[Iso | None, Meta(description="null: nothing dated was read.")]
    ended_at: Annotated[Iso | None, Meta(description="null: not over, or not known.")]
    pid: Annotated[int | None, Meta(description="The agent's process; null: none is known.")]
    session_id: Annotated[str | None, Meta(description="Claude's id of it; null: not known yet.")]
    model: Annotated[str | None, Meta(description="The main conversation's; null: not known yet.")]
    attempt: Annotated[int, Meta(description="Which process of the run this is, from 1.")]
    continuations: Annotated[int, Meta(description="Prompts to go on as tasks were open.")]
    exit: Annotated[ExitObject | None, Meta(description="null: it is not over.")]
    limits: LimitsObject
    limit: Annotated[LimitObject | None, Meta(description="null: none was reached.")]
    host: Annotated[
        str | None, Meta(description="The machine that a run of ours is on; null: not recorded.")
    ]


class GapObject(Struct, frozen=True, forbid_unknown_fields=True):
    """What the CLI's totals hold of a model beyond the records that were read."""

    model: str
    prompt_tokens: int
    output_tokens: int
    usd: Annotated[float, Meta(description="What the totals say above the price of the records.")]


class SignalObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure that a detector judged by, and from where on it speaks for being stuck."""

    name: str
    value: float
    threshold: float
    unit: str


class StallStepObject(Struct, frozen=True, forbid_unknown_fields=True):
    """An event that a finding rests on."""

    at: Annotated[Iso | None, Meta(description="null: not dated.")]
    what: Annotated[str, Meta(description="The call, or words of the model.")]
    outcome: str
    seconds: Annotated[float | None, Meta(description="How long it took; null: not known.")]
    is_error: bool
    ref: RefObject


class StallWasteObject(Struct, frozen=True, forbid_unknown_fields=True):
    """What was spent without progress."""

    calls: int
    seconds: float
    usd: Annotated[float | None, Meta(description="null: no price is known.")]
    since: Annotated[Iso | None, Meta(description="The last progress; null: none is dated.")]
    last: Annotated[ProgressKind, Meta(description="What that progress was.")]
