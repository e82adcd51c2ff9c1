"""What a rewind would change, with diffs and refusals; how far each checkpoint is away."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

from tui.control.checkpoints.capture import scan_work_tree
from tui.control.checkpoints.git_objects import BlobReader, empty_tree
from tui.control.checkpoints.path_listing import OWN_REASON
from tui.control.checkpoints.refs import Checkpoint, count_not_captured
from tui.control.checkpoints.verified_objects import ObjectReader
from tui.control.checkpoints.work_tree import CaptureLimits, NotCaptured
from tui.control.rewind.decide import (
    ChangeKind,
    FileStep,
    FileVersion,
    RewindDecision,
    RewindTarget,
)
from tui.control.rewind.folder_steps import decide
from tui.control.rewind.losses import find_losses, find_lost, foreign_place
from tui.control.rewind.rewind_journal import RewindJournal
from tui.control.rewind.safe_paths import WorkTreeFiles
from tui.system.errors import OvernightError, RefusedError
from tui.system.format import format_count
from tui.system.git import Git

_CONTEXT = 3
_MOST_BYTES = 1 << 20
# Beyond this difflib, whose time is quadratic, takes seconds for one file.
_MOST_COMPARISONS = 4_000_000
_MOST_COUNTED = 2000
_OpCode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]


def count_changed_lines(before: bytes, after: bytes) -> tuple[int, int] | None:
    """Lines added and removed; None for binary files and those too large to compare."""
    if not is_comparable(before, after):
        return None
    added = removed = 0
    for tag, a, b, c, d in _LineMatcher(_split_lines(before), _split_lines(after)).get_opcodes():
        if tag != "equal":
            removed += b - a
            added += d - c
    return added, removed


def is_comparable(before: bytes, after: bytes) -> bool:
    """Whether both are text of a size worth comparing."""
    return all(len(data) <= _MOST_BYTES and b"\0" not in data[:8000] for data in (before, after))


def unified_diff(before: bytes, after: bytes, old: str, new: str) -> str:
    """A unified diff; one sentence instead where there is no text to compare."""
    if not is_comparable(before, after):
        kind = "binary" if b"\0" in before[:8000] + after[:8000] else "large"
        return f"{kind} file: {len(before):,} bytes become {len(after):,}\n"
    a, b = _split_lines(before), _split_lines(after)
    text = [f"--- {old}", f"+++ {new}"]
    for group in _LineMatcher(a, b).get_grouped_opcodes(_CONTEXT):
        _, i1, _, j1, _ = group[0]
        _, _, i2, _, j2 = group[-1]
        text.append(f"@@ -{_format_range(i1, i2)} +{_format_range(j1, j2)} @@")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                text += [" " + line for line in a[i1:i2]]
            else:
                text += ["-" + line for line in a[i1:i2]]
                text += ["+" + line for line in b[j1:j2]]
    return "\n".join(text) + "\n"


def _split_lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines[-1] += "\n\\ No newline at end of file"
    return lines


class _LineMatcher(SequenceMatcher[str]):
    """Finds what differs; equal ends are cut off first, as most edits are small."""

    def __init__(self, a: Sequence[str], b: Sequence[str]) -> None:
        self.a, self.b = a, b

    def get_opcodes(self) -> list[_OpCode]:
        a, b = self.a, self.b
        start, most = 0, min(len(a), len(b))
        while start < most and a[start] == b[start]:
            start += 1
        end = 0
        while end < most - start and a[-1 - end] == b[-1 - end]:
            end += 1
        left, right = a[start : len(a) - end], b[start : len(b) - end]
        found: list[_OpCode] = [("replace", 0, len(left), 0, len(right))]
        if len(left) * len(right) <= _MOST_COMPARISONS:
            found = SequenceMatcher(None, left, right, autojunk=len(left) > 2000).get_opcodes()
        codes: list[_OpCode] = [("equal", 0, start, 0, start)]
        for tag, i1, i2, j1, j2 in found:
            codes.append((tag, start + i1, start + i2, start + j1, start + j2))
        codes.append(("equal", len(a) - end, len(a), len(b) - end, len(b)))
        return [code for code in codes if code[1] < code[2] or code[3] < code[4]]


def _format_range(start: int, end: int) -> str:
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


@dataclass(frozen=True)
class PlannedChange:
    """One file that a rewind would touch, or with a slash at the end of `path` a folder; `path` is
    from the top of the work tree."""

    path: str
    kind: ChangeKind
    step: FileStep = field(repr=False, compare=False)

    @staticmethod
    def of(step: FileStep) -> PlannedChange:
        path = os.fsdecode(step.path or b".") + ("/" if step.is_folder else "")
        return PlannedChange(path, step.kind, step)


@dataclass(frozen=True)
class RewindPlan:
    """What going back to `checkpoint` would do now.

    `refusals` are reasons not to, each a sentence; `execute_rewind` needs `confirmed` if there are
    any. `notes` are worth knowing; `lost` was there then and cannot be brought back. `scope` is the
    folder it is limited to, empty for all of the work tree. `undoes`: it takes back the last rewind.
    Text is not yet safe to show.
    """

    project: Path
    work_tree: Path
    checkpoint: Checkpoint
    writes: tuple[PlannedChange, ...]
    deletes: tuple[PlannedChange, ...]
    keeps: tuple[NotCaptured, ...]
    unchanged: int
    lost: tuple[NotCaptured, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scope: str = ""
    undoes: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all would change."""
        return not self.writes and not self.deletes

    @property
    def changes(self) -> tuple[PlannedChange, ...]:
        return self.writes + self.deletes

    def diff(self, change: PlannedChange) -> str:
        """A unified diff from what is there now to what would be."""
        before, after = change.step.before, change.step.after
        if change.kind == "permissions" and before is not None and after is not None:
            return describe_permissions(before, after) + "\n"
        if change.step.is_folder:
            what = "a repository's own folder" if change.path.endswith("/.git/") else "a folder"
            return f"{what} {'is removed' if after is None else 'comes back'}\n"
        with BlobReader(Git(self.work_tree)) as blobs:
            now, then = file_contents(self.work_tree, change.step, blobs)
        return unified_diff(now, then, f"now/{change.path}", f"{self.checkpoint.id}/{change.path}")

    def lines(self, change: PlannedChange) -> tuple[int, int] | None:
        """Lines that would be added and removed; None for binary and very large files."""
        with BlobReader(Git(self.work_tree)) as blobs:
            return count_changed_lines(*file_contents(self.work_tree, change.step, blobs))

    def total_lines(self) -> tuple[int, int]:
        """The sum of `lines` over the first two thousand changes that have any."""
        return count_step_lines(Git(self.work_tree), [change.step for change in self.changes])


def describe_permissions(before: FileVersion, after: FileVersion) -> str:
    """What changes beside the bytes."""
    words = []
    if before.permissions != after.permissions:
        words.append(f"permissions {before.permissions:o} become {after.permissions:o}")
    if before.attributes != after.attributes:
        then, now = dict(after.attributes), dict(before.attributes)
        names = sorted(n for n in then.keys() | now.keys() if then.get(n) != now.get(n))
        words.append(f"attributes change: {', '.join(os.fsdecode(name) for name in names)}")
    return "; ".join(words)


def file_contents(work_tree: Path, step: FileStep, blobs: BlobReader) -> tuple[bytes, bytes]:
    """The bytes that are at a step's path now, and those it would have after."""
    now = b""
    if step.is_folder:
        return now, now
    if step.before is not None:
        try:
            with WorkTreeFiles(work_tree) as files:
                now = files.read(step.path)
        except OSError:  # gone or swapped since the plan was made
            pass
    return now, b"" if step.after is None else blobs.read(step.after.blob)


def count_step_lines(git: Git, steps: Sequence[FileStep]) -> tuple[int, int]:
    """Lines added and removed by the first two thousand steps that can be compared."""
    added = removed = 0
    with BlobReader(git) as blobs:
        for step in steps[:_MOST_COUNTED]:
            contents = file_contents(git.work_tree, step, blobs)
            more, fewer = count_changed_lines(*contents) or (0, 0)
            added, removed = added + more, removed + fewer
    return added, removed


def plan_rewind(
    project: Path,
    checkpoint: Checkpoint,
    *,
    live: Sequence[str] = (),
    limits: CaptureLimits | None = None,
    undoes: bool = False,
) -> RewindPlan:
    """What going back to `checkpoint` would do; writes nothing.

    `live` names other sessions at work in this work tree. Raises `RefusedError` while an
    interrupted rewind waits to be finished, `CheckpointError` if the checkpoint is damaged.
    """
    project = Path(project).resolve()
    if RewindJournal(project).is_open():
        raise RefusedError(
            f"a rewind of {project} was interrupted or is under way; let it be finished first"
        )
    git = Git(project)
    target = RewindTarget.load(git, checkpoint)
    scope = scope_of(git, project)
    state = scan_work_tree(project, limits or CaptureLimits(), target.entries.keys())
    decision = decide(target, state, scope)
    changes = [PlannedChange.of(step) for step in decision.shown_steps()]
    kept = {os.fsencode(item.path): item.reason for item in state.left_out()}
    kept = {p: why for p, why in kept.items() if p.startswith(scope) and why != OWN_REASON}
    kept.update(decision.kept)
    return RewindPlan(
        project=project,
        work_tree=git.work_tree,
        checkpoint=checkpoint,
        writes=tuple(change for change in changes if change.step.after is not None),
        deletes=tuple(change for change in changes if change.step.after is None),
        keeps=tuple(NotCaptured(os.fsdecode(p), why) for p, why in sorted(kept.items())),
        lost=tuple(find_lost(git, target, scope)),
        unchanged=decision.unchanged,
        refusals=(
            *foreign_place(checkpoint),
            *find_refusals(git, decision, live),
            *find_losses(state, decision.steps),
        ),
        notes=tuple(_list_notes(git, checkpoint, scope)),
        scope=os.fsdecode(scope),
        undoes=undoes,
    )


def scope_of(git: Git, project: Path) -> bytes:
    """The project's folder from the top of the work tree with a slash; empty if it is the top."""
    inside = os.path.relpath(project, git.work_tree)
    return b"" if inside == "." else os.fsencode(inside) + b"/"


def find_refusals(git: Git, decision: RewindDecision, live: Sequence[str] = ()) -> Iterable[str]:
    """Reasons not to go ahead, each a sentence."""
    operation = git.operation_in_progress()
    if operation:
        yield f"a {operation} is half done; finish or abort it first, or its files get mixed up"
    for name in live:
        yield f"{name} is at work in this work tree; its edits would be undone, and it may write on"
    top = os.fsencode(git.work_tree)
    for link in sorted(decision.links):
        target = os.path.realpath(os.path.join(top, link))
        if not target.startswith(top + b"/"):
            yield (
                f"{os.fsdecode(link)} is now a link that leads out of the work tree "
                f"({os.fsdecode(target)}); the link would be removed and a folder made in its place"
            )


def _staged_note(git: Git, checkpoint: Checkpoint) -> str:
    """The index belongs to the person: it is never written, only compared with what was staged."""
    then = f"{checkpoint.commit}^{2 if checkpoint.head else 1}:index"
    asked = ("diff-index", "--cached", "--name-only", "-z")
    if git.read_line(("rev-parse", "--verify", "--quiet", then)) is None:
        # Nothing was staged at all: a tree holds no empty one, so compare with the empty tree.
        out = git.read_line((*asked, empty_tree(git)))
    else:
        out = git.read_line((*asked, then))
    differing = (out or "").count("\0")
    if not differing:
        return "what is staged stays staged"
    paths = format_count(differing, "path was", "paths were")
    return (
        f"what is staged stays staged; {paths} staged otherwise then, and the checkpoint keeps that "
        f"(git ls-tree -r {then[: then.index('^')][:10]}{then[then.index('^') :]})"
    )


def _list_notes(git: Git, checkpoint: Checkpoint, scope: bytes) -> Iterable[str]:
    head = git.head()
    if head != checkpoint.head:
        then, now = (checkpoint.head or "no commit")[:10], (head or "no commit")[:10]
        yield f"HEAD was at {then} and is at {now}; it stays there, only files change"
    yield _staged_note(git, checkpoint)
    if scope:
        yield f"only files in {os.fsdecode(scope)} change, the project's own folder"
    missing = count_not_captured(checkpoint)
    if missing:
        paths = format_count(missing, "path was", "paths were")
        yield f"{paths} not captured then and will stay as now"


@dataclass(frozen=True)
class CheckpointDistance:
    """What going back would change: files, and the lines that adds and removes.

    `damage` says why a checkpoint cannot be compared; then all counts are zero.
    """

    checkpoint: Checkpoint
    files: int = 0
    added: int = 0
    removed: int = 0
    damage: str = ""


def checkpoint_distances(
    project: Path, chosen: Sequence[Checkpoint], *, limits: CaptureLimits | None = None
) -> Iterator[CheckpointDistance]:
    """The distance of each checkpoint, in turn, from a single scan of the work tree."""
    project = Path(project).resolve()
    git = Git(project)
    targets: dict[str, RewindTarget] = {}
    damage: dict[str, str] = {}
    with ObjectReader(git) as reader:
        for checkpoint in chosen:
            try:
                targets[checkpoint.id] = RewindTarget.load(git, checkpoint, reader)
            except OvernightError as error:
                damage[checkpoint.id] = str(error)
    also = {path for target in targets.values() for path in target.entries}
    state, scope = scan_work_tree(project, limits or CaptureLimits(), also), scope_of(git, project)
    for checkpoint in chosen:
        if checkpoint.id in damage:
            yield CheckpointDistance(checkpoint, damage=damage[checkpoint.id])
        else:
            steps = decide(targets[checkpoint.id], state, scope).steps
            yield CheckpointDistance(checkpoint, len(steps), *count_step_lines(git, steps))
