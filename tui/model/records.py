"""Everything else a source can say: progress, notes, log lines, commits, file changes.

All text is safe to show. Times are seconds since the epoch, UTC; `None` means unknown.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from tui.model.events import AgentEvent
from tui.model.journal import JournalEntry
from tui.model.session import AgentProcesses


class Arrival(Struct, frozen=True, gc=False):
    """Bytes of the stream before `offset` had arrived by `at`."""

    source: str
    offset: int
    at: float


TaskState = Literal["done", "open", "in_progress", "blocked"]


class ProgressTask(Struct, frozen=True, gc=False):
    """One task of a progress file; `priority` is "P0", "P1", … or empty."""

    title: str
    state: TaskState
    section: str = ""
    priority: str = ""
    line: int = 0
    depth: int = 0


class ProgressSection(Struct, frozen=True, gc=False):
    """A heading of the progress file with the tasks under it."""

    title: str
    done: int
    open: int
    priority: str = ""


ProgressBasis = Literal["checkboxes", "counts", "states", "features", "tests", "unknown"]


class ProgressFile(Struct, frozen=True, gc=False):
    """What a progress file says; `basis` is what was counted, "unknown" where nothing could be.

    `rests_on` says for people what the figures stand on, with its place, or why they are unknown.
    `newest_line` is the line of `text` at which the file's newest part begins; 0 where that is its top.
    """

    source: str
    at: float | None
    basis: ProgressBasis
    done: int
    open: int
    tasks: tuple[ProgressTask, ...] = ()
    sections: tuple[ProgressSection, ...] = ()
    blockers: tuple[str, ...] = ()
    in_progress: tuple[str, ...] = ()
    goal: str = ""
    session: str = ""
    started: str = ""
    text: str = ""
    rests_on: str = ""
    newest_line: int = 0

    @property
    def total(self) -> int:
        return self.done + self.open

    @property
    def counts_tasks(self) -> bool:
        """Whether the figures are those of tasks, and not of tests that stand for them."""
        return self.basis not in ("unknown", "tests")


class SessionNotes(Struct, frozen=True, gc=False):
    """The session notes as they stand, cleaned Markdown.

    `newest_first` where dates or numbers of its headings fall; other notes grow at their end.
    """

    source: str
    at: float | None
    text: str
    newest_first: bool = False


LogLevel = Literal["debug", "info", "ok", "warning", "error", ""]


class LogEntry(Struct, frozen=True, gc=False):
    """One entry of a watchdog or loop log, continuation lines included; `local`: time had no zone.

    Where the same entry came `count` times in a row, `at` is its first time and `last_at` its latest.
    """

    source: str
    offset: int
    at: float | None
    level: LogLevel
    text: str
    tag: str = ""
    local: bool = False
    clock: str = ""
    count: int = 1
    last_at: float | None = None


class SessionHistoryLine(Struct, frozen=True, gc=False):
    """A line of session-history.jsonl."""

    source: str
    offset: int
    ended_at: float | None
    commits: int
    files_changed: int
    tests_passed: int | None
    tests_failed: int | None
    runtime_hours: float | None


class CompactionHistoryLine(Struct, frozen=True, gc=False):
    """A line of compaction-history.jsonl; its token figure is bytes by four, not context."""

    source: str
    offset: int
    at: float | None
    estimated_tokens: int | None
    reason: str
    checkpoint: bool


class SupervisorSeen(Struct, frozen=True, gc=False):
    """Whether a supervisor of the run lived at `at`; `is_coming`: one that died is being started again."""

    at: float
    lives: bool
    is_coming: bool = False


class Commit(Struct, frozen=True, gc=False):
    """A commit of the watched repository; `ours`: our supervisor made it, as its journal says."""

    sha: str
    at: float
    subject: str
    files: int
    insertions: int
    deletions: int
    author: str = ""
    ours: bool = False


class StreamFormat(StrEnum):
    """What the beginning of a file looks like. `is_read`: its records can be read all the same."""

    looks_like: str
    advice: str
    is_read: bool

    def __new__(
        cls, value: str, looks_like: str = "", advice: str = "", is_read: bool = False
    ) -> StreamFormat:
        member = str.__new__(cls, value)
        member._value_ = value
        member.looks_like, member.advice, member.is_read = looks_like, advice, is_read
        return member

    CLAUDE = "claude", "", "", True
    UNKNOWN = "unknown", "holds nothing that can be read"
    UTF_16 = "utf-16", "is UTF-16 and is read as such", "write it as UTF-8", True
    UTF_32 = "utf-32", "is UTF-32 text", "write the stream as UTF-8"
    PRETTY_JSON = (
        *("pretty-json", "holds pretty-printed JSON, one record on several lines"),
        "write one record a line (jq -c . puts it right)",
    )
    JSON_ARRAY = (
        *("json-array", "holds a JSON array over several lines"),
        "write one record a line (jq -c '.[]' puts it right)",
    )
    OTHER_JSON = "other-json", "holds JSON, but no record of Claude Code"
    CODEX = "codex", "is a stream or session of Codex, not of Claude Code"
    OPENCODE = "opencode", "is a stream of OpenCode, not of Claude Code"
    GEMINI = "gemini", "is a stream or session of Gemini CLI, not of Claude Code"
    CURSOR = "cursor", "is a stream of Cursor's agent, not of Claude Code"
    AIDER = "aider", "is a log of Aider, not of Claude Code"
    SQLITE = "sqlite", "is an SQLite database, as OpenCode keeps its sessions"
    BINARY = "binary", "holds binary data"
    TEXT = "text", "holds plain text, no events"


_OTHER_AGENTS = frozenset(map(StreamFormat, "codex opencode gemini cursor aider sqlite".split()))
_USUAL_ADVICE = (
    "name a stream that claude -p --output-format stream-json --verbose wrote, or a transcript"
)


class SourceFormat(Struct, frozen=True):
    """What the event file `source` looks like; `excerpt` are its first words, cleaned."""

    source: str
    format: StreamFormat
    excerpt: str = ""

    @property
    def is_foreign(self) -> bool:
        """Whether another agent wrote it: what can be read of it means something else there."""
        return self.format in _OTHER_AGENTS

    @property
    def sentence(self) -> str:
        """What it looks like and what to do, for a person; empty for a stream of Claude Code."""
        what = self.format
        if not what.looks_like:
            return ""
        quoted = f" (it begins “{self.excerpt}”)" if self.excerpt else ""
        name = self.source.rsplit("/", 1)[-1]
        return f"{name} {what.looks_like}{quoted}; {what.advice or _USUAL_ADVICE}"


class SourceStatus(Struct, frozen=True, gc=False):
    """Whether a source can be read, in words for the sources panel."""

    name: str
    path: str
    state: Literal["following", "missing", "unreadable", "off", "folding"]
    why: str = ""
    chosen: str = ""
    size: int = 0
    changed_at: float | None = None
    lines: int = 0
    malformed: int = 0
    progress: float = 1.0
    format: StreamFormat = StreamFormat.CLAUDE


Record = (
    AgentEvent
    | Arrival
    | ProgressFile
    | SessionNotes
    | LogEntry
    | SessionHistoryLine
    | CompactionHistoryLine
    | Commit
    | SupervisorSeen
    | AgentProcesses
    | JournalEntry
    | SourceFormat
)
ChangeKind = Literal["added", "modified", "deleted", "renamed", "mode"]


class Hunk(Struct, frozen=True, gc=False):
    """A piece of a diff: `lines` begin with " ", "+" or "-", as in a unified diff."""

    old_start: int
    new_start: int
    lines: tuple[str, ...]
    heading: str = ""

    @property
    def added(self) -> tuple[str, ...]:
        """The new lines, without their sign."""
        return tuple(line[1:] for line in self.lines if line.startswith("+"))

    @property
    def removed(self) -> tuple[str, ...]:
        """The old lines, without their sign."""
        return tuple(line[1:] for line in self.lines if line.startswith("-"))


class FileChange(Struct, frozen=True, gc=False):
    """One path between two states; `size` is the new file's in bytes, `cut` says hunks were left out.

    `commit` is empty for what no commit holds yet. `old_path` differs from `path` after a rename.
    """

    path: str
    kind: ChangeKind
    insertions: int = 0
    deletions: int = 0
    hunks: tuple[Hunk, ...] = ()
    old_path: str = ""
    binary: bool = False
    generated: bool = False
    size: int = 0
    old_mode: str = ""
    new_mode: str = ""
    commit: str = ""
    cut: bool = False


class AsideCommit(Struct, frozen=True, gc=False):
    """A commit of the night that HEAD does not reach; `branch` is empty where no branch or tag does."""

    sha: str
    at: float | None
    subject: str
    branch: str = ""


class RepositoryChanges(Struct, frozen=True):
    """The difference between the night's first commit and its last state, work tree included.

    `base` and `head` are commit ids; `why` says how the base was found, or why there is none.
    `messages` are the night's commits with their whole messages, oldest first. `steps` are the
    single changes of paths that changed more than once, oldest first, an uncommitted one last; so
    paths are among them that came and went and are not in `files`. `is_now`: the night is the newest
    state, so the work tree counts with what is not committed. `others` are commits in the night's time
    that somebody else made, with their messages: what only they changed is not in `files`.
    `elsewhere` are the night's commits on other branches; `lost` those that were undone: no branch
    reaches them, and what they changed is not there any more. `dirty` are all paths of the work tree
    that differ from `head`, own files too; `is_listed` says that no path is missing.
    """

    base: str = ""
    head: str = ""
    why: str = ""
    files: tuple[FileChange, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    steps: tuple[FileChange, ...] = ()
    is_now: bool = False
    others: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[AsideCommit, ...] = ()
    lost: tuple[AsideCommit, ...] = ()
    dirty: tuple[str, ...] = ()
    is_listed: bool = True
