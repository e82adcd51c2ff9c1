"""What `checkpoints`, `runs`, `events` and `sessions` print with --json."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from tui.model.json.common import CostWord, Iso, RefObject, TestWord
from tui.model.json.status import OtherSession
from tui.model.review import Verdict
from tui.model.rows import Mark, RowKind


class MissingPath(Struct, frozen=True, forbid_unknown_fields=True):
    """A path that a checkpoint does not hold."""

    path: str
    reason: str


class CheckpointObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint of the work tree."""

    id: str
    at: Iso | None
    label: str
    kind: str
    commit: str
    head: Annotated[str | None, Meta(description="HEAD as it was; null: there was no commit.")]
    tests: Annotated[
        TestWord | None, Meta(description="Tests as they stood then; null: not recorded.")
    ]
    files: int
    not_captured: Annotated[int, Meta(description="How many paths it does not hold.")]
    not_captured_paths: Annotated[
        list[MissingPath], Meta(description="Those that are listed; the count may be higher.")
    ]
    named: Annotated[bool, Meta(description="A person named it, so only a person deletes it.")]
    work_tree: Annotated[str, Meta(description="Its work tree that is gone; empty: this one.")]
    foreign: Annotated[bool, Meta(description="This program is not known to have taken it.")]
    remark: str
    facts: Annotated[dict[str, Any], Meta(description="What else was recorded with it.")]


class CheckpointsObject(Struct, frozen=True, forbid_unknown_fields=True):
    """`checkpoints --json`."""

    schema: Annotated[int, Meta(description="2")]
    checkpoints: Annotated[list[CheckpointObject], Meta(description="Oldest first; []: none.")]


class NightTasks(Struct, frozen=True, forbid_unknown_fields=True):
    """Tasks of a night."""

    done: int
    open: int


class NightCost(Struct, frozen=True, forbid_unknown_fields=True):
    """Cost of a night."""

    usd: Annotated[float | None, Meta(description="null: no price is known.")]
    source: CostWord
    per_task: float | None


class NightObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A night: a run of ours, or a session. `tasks` to `cost` are null until it was reviewed."""

    id: str
    kind: Annotated[str, Meta(description="run, or what kind of session it is.")]
    goal: str
    began: Annotated[str, Meta(description="In local time, for people.")]
    started_at: Iso | None
    ended_at: Iso | None
    state: Annotated[str, Meta(description="How it stands, in words for people.")]
    verdict: Annotated[Verdict | None, Meta(description="null: not reviewed yet.")]
    reasons: list[str]
    ending: Annotated[str | None, Meta(description="null: not reviewed yet.")]
    tasks: NightTasks | None
    tests: str | None
    stalls: int | None
    stalled_s: float | None
    commits: int | None
    cost: NightCost | None
    trend: Annotated[
        list[float | None],
        Meta(description="Cost of this night and those before; null: no price, or not reviewed."),
    ]
    reviewed: Annotated[bool, Meta(description="A person marked it as read.")]
    decision: Annotated[str, Meta(description="What the person decided; empty: nothing yet.")]
    note: str
    project: Annotated[str, Meta(description="Its folder: here, or in another work tree.")]
    path: str
    sessions: Annotated[list[str], Meta(description="Those that belong to it, oldest first.")]
    continues: Annotated[
        str | None,
        Meta(description="The night whose session it goes on from, not counted in it; null: none."),
    ]
    host: Annotated[str | None, Meta(description="The machine of a run; null: not recorded.")]


class RepeatedFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """What failed in several nights."""

    name: str
    nights: list[str]


class RunsObject(Struct, frozen=True, forbid_unknown_fields=True):
    """`runs --json`."""

    schema: Annotated[int, Meta(description="2")]
    runs: Annotated[list[NightObject], Meta(description="Newest first; []: none.")]
    repeated_failures: list[RepeatedFailure]


class RowObject(Struct, frozen=True, forbid_unknown_fields=True):
    """`events --json`: one such object a line."""

    kind: RowKind
    at: Annotated[float | None, Meta(description="Seconds since the epoch; null: not dated.")]
    label: str
    text: Annotated[str, Meta(description="What about; names are whole.")]
    outcome: Annotated[str, Meta(description="How it went; empty: not known, or nothing to say.")]
    mark: Mark
    seconds: Annotated[float | None, Meta(description="How long it took; null: not known.")]
    depth: Annotated[int, Meta(description="0: the main conversation; more: a subagent's.")]
    ref: Annotated[RefObject | None, Meta(description="Its record; null: it has none.")]
    tool: Annotated[
        str, Meta(description="A call's whole name, `mcp__server__tool` too; empty: no call.")
    ]
    file: Annotated[
        str, Meta(description="The part of `text` that names a file or folder; empty: none does.")
    ]


class KnownSessionObject(OtherSession, frozen=True, forbid_unknown_fields=True):
    """As `other_sessions` of the status, with where it belongs."""

    project: Annotated[str, Meta(description="The folder it works in.")]
    last_event_at: Annotated[Iso | None, Meta(description="When its file was last written to.")]
    run_id: Annotated[str | None, Meta(description="null: no run of ours.")]
    pid: Annotated[int | None, Meta(description="Its living process; null: none is known.")]
    title: Annotated[str, Meta(description="What it is about; empty: not told.")]
    has_substance: Annotated[
        bool, Meta(description="A model was asked for work, more than one question or a command.")
    ]
    chosen: Annotated[bool, Meta(description="The one that is meant where none is named.")]
    hint: Annotated[
        str | None,
        Meta(description="How it belongs here if its folder is another; null: it is not."),
    ]
    host: Annotated[str | None, Meta(description="Another machine that it lives on; null: this.")]


class SessionsObject(Struct, frozen=True, forbid_unknown_fields=True):
    """`sessions --json`."""

    schema: Annotated[int, Meta(description="2")]
    sessions: Annotated[list[KnownSessionObject], Meta(description="[]: none is known.")]
