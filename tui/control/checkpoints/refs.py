"""The list of checkpoints.

`refs/overnight/WORK-TREE/SESSION/N` holds a commit whose tree is the work tree byte for byte. Its
message carries the facts; its last parent holds `index/` (the staged state), `unmerged/` and
`details.json`, and what nested repositories have in their `.git` (`nested.json` names the paths of the
blobs in `nested/`); a first parent before that is HEAD as it was.

An agent can write refs and commits too. A checkpoint is ours only if the registry in our state names its
commit; every other commit under these refs is foreign: it is listed as such and used for nothing else
unless a person asks for it by name.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tui.control.checkpoints.path_listing import OWN_REASON
from tui.control.checkpoints.verified_objects import CommitRecord, ObjectReader
from tui.control.checkpoints.work_tree import NotCaptured
from tui.store.checkpoint_registry import CheckpointRegistry, RegisteredCheckpoint
from tui.system.errors import CheckpointError, RefusedError
from tui.system.git import Git, GitProcess
from tui.system.repository_names import (
    checkpoint_number,
)

CheckpointKind = Literal["checkpoint", "safety"]
SCHEMA = 1
_MOST_NAMED_PATHS = 50
_WORDS = ("at", "label", "session", "kind")
_OPTIONAL = ("head", "branch", "operation")
_FORMAT = "--format=%(refname)%00%(objectname)%00%(symref)%00"
_ALL = "refs/overnight"
_MOST_TEXT = 10_000
# Later than any clock, and more than any tree: what is beyond is made up.
_LATEST = 1e11
_MOST_FILES = 10**9
_LOST = "its objects are gone or damaged"


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint. `id` is what a person types ("c12"), `at` is in seconds since the epoch.

    `not_captured` names the first fifty of `not_captured_count` paths; `facts` are the caller's. A
    "safety" checkpoint was taken by a rewind, to undo it. `foreign`: our state does not name its commit.
    `remark` is what is wrong with it, a part of a sentence. `work_tree` names the linked work tree it was
    taken in, if that is gone; then the name is part of the id. Text is not yet safe to show.
    """

    at: float
    label: str
    session: str
    kind: CheckpointKind
    facts: Mapping[str, Any]
    id: str = ""
    number: int = 0
    commit: str = ""
    ref: str = ""
    head: str | None = None
    branch: str | None = None
    operation: str | None = None
    files: int = 0
    not_captured: tuple[NotCaptured, ...] = ()
    not_captured_count: int = 0
    foreign: bool = False
    remark: str = ""
    work_tree: str = ""

    @property
    def is_named(self) -> bool:
        """Whether a person gave it its label; what is taken by itself is labelled with its occasion."""
        why = str(self.facts.get("why") or "")
        by_itself = (why, f"after {why}")
        label = self.label.strip()
        return self.kind == "checkpoint" and bool(label) and label not in by_itself


def namespace(git: Git) -> str:
    """What the refs of this work tree's checkpoints begin with, without the slash."""
    return f"{_ALL}/{git.worktree_id}"


def ref_safe_session(session: str) -> str:
    """A session's name as one part of a ref name."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", session).strip("-")[:80]
    return name or "none"


def commit_message(checkpoint: Checkpoint, work_tree: str) -> str:
    """The commit message that records `checkpoint`."""
    subject = " ".join(checkpoint.label.split())[:200]
    record = {
        "schema": SCHEMA,
        **{name: getattr(checkpoint, name) for name in ("id", *_WORDS, *_OPTIONAL)},
        "work_tree": work_tree,
        "files": checkpoint.files,
        "not_captured": [[n.path, n.reason] for n in checkpoint.not_captured[:_MOST_NAMED_PATHS]],
        "not_captured_count": checkpoint.not_captured_count,
        "facts": dict(checkpoint.facts),
    }
    try:
        text = json.dumps(record, indent=1, default=str)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the facts of the checkpoint cannot be recorded: {error}") from error
    title = f"overnight checkpoint {checkpoint.id}" + (f": {subject}" if subject else "")
    return f"{title}\n\n{text}\n".encode("utf-8", "replace").decode()


def parse_missing(record: Mapping[str, Any]) -> tuple[NotCaptured, ...]:
    """The paths left out, from the record of a checkpoint or of its details."""
    return tuple(NotCaptured(str(path), str(why)) for path, why in record["not_captured"])


def _parse_checkpoint(ref: str, commit: CommitRecord) -> Checkpoint | None:
    """A checkpoint out of a ref and its commit; None if it has not the shape of one."""
    number = checkpoint_number(ref)
    try:
        record = json.loads(commit.message.partition("\n\n")[2])
        if number is None or record["schema"] != SCHEMA:
            return None
        head, branch, operation = (
            None if record[k] is None else str(record[k])[:_MOST_TEXT] for k in _OPTIONAL
        )
        at, files, missing = record["at"], int(record["files"]), int(record["not_captured_count"])
        if not 0 <= float(at) < _LATEST or not all(0 <= n < _MOST_FILES for n in (files, missing)):
            return None
        return Checkpoint(
            id=f"c{number}",
            number=number,
            at=float(at),
            label=str(record["label"])[:_MOST_TEXT],
            session=str(record["session"])[:_MOST_TEXT],
            kind="safety" if record["kind"] == "safety" else "checkpoint",
            commit=commit.id,
            ref=ref,
            files=files,
            not_captured=parse_missing(record),
            not_captured_count=missing,
            facts=dict(record["facts"]),
            head=head,
            branch=branch,
            operation=operation,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def start_read_refs(git: Git) -> GitProcess:
    """The listing that `parse_refs` reads, under way while other work goes on."""
    return git.start(("for-each-ref", _FORMAT, namespace(git)))


def parse_refs(listing: bytes) -> dict[str, str]:
    """Every ref of a work tree's checkpoints, whoever made it: name and object; "" for a symbolic one."""
    fields = os.fsdecode(listing).split("\0")
    refs: dict[str, str] = {}
    for at in range(0, len(fields) - 3, 3):
        name, target, symbolic = fields[at : at + 3]
        refs[name.lstrip("\n")] = "" if symbolic else target
    return refs


def read_refs(git: Git) -> dict[str, str]:
    """The same, read now."""
    return parse_refs(start_read_refs(git).result())


def list_checkpoints(git: Git, *, foreign: bool = False) -> list[Checkpoint]:
    """The checkpoints of this work tree, oldest first; with `foreign` also what others put among them.

    Refs of another shape are passed over. One of ours whose ref was changed or removed is there all the
    same, with a remark.
    """
    refs, known = read_refs(git), CheckpointRegistry(git.common_dir).read()
    entries = [e for e in known.of_work_tree(git.worktree_id) if known.names(e.commit)]
    strange = [(r, c) for r, c in refs.items() if c and c not in known.entries] if foreign else []
    with ObjectReader(git) as reader:
        commits = reader.commits([*(e.commit for e in entries), *(c for _, c in strange)])
    found: list[Checkpoint | None] = []
    for entry in entries:
        at_ref = refs.get(entry.ref)
        if at_ref == entry.commit or known.standing[entry.commit] == "kept":
            found.append(_own(entry, commits.get(entry.commit), at_ref))
    for ref, commit in strange:
        if commit in commits:
            one = _parse_checkpoint(ref, commits[commit])
            found.append(one and replace(one, foreign=True, remark=_foreign_remark(ref, entries)))
    return sorted((c for c in found if c is not None), key=lambda c: (c.number, c.foreign))


def list_removed(git: Git) -> list[Checkpoint]:
    """Our checkpoints of linked work trees that are gone, by work tree, oldest first."""
    known = CheckpointRegistry(git.common_dir).read()
    standing = [entry for entry in known.entries.values() if known.names(entry.commit)]
    entries = [entry for entry in standing if _is_removed(git, entry.work_tree)]
    if not entries:
        return []
    refs = parse_refs(git.run(("for-each-ref", _FORMAT, _ALL)))
    with ObjectReader(git) as reader:
        commits = reader.commits(entry.commit for entry in entries)
    found = []
    for entry in entries:
        at_ref = refs.get(entry.ref)
        if at_ref == entry.commit or known.standing[entry.commit] == "kept":
            one = _own(entry, commits.get(entry.commit), at_ref)
            if one is not None:
                name = entry.work_tree.removeprefix("wt-")
                found.append(replace(one, id=f"{name}/{one.id}", work_tree=name))
    return sorted(found, key=lambda c: (c.work_tree, c.number))


def _is_removed(git: Git, work_tree: str) -> bool:
    name = work_tree.removeprefix("wt-")
    return name != work_tree and not os.path.lexists(git.common_dir / "worktrees" / name)


def _own(
    entry: RegisteredCheckpoint, commit: CommitRecord | None, at_ref: str | None
) -> Checkpoint | None:
    """A checkpoint that the registry names, whatever was done to its ref and its objects."""
    parsed = None if commit is None else _parse_checkpoint(entry.ref, commit)
    remark = "" if parsed is not None else _LOST
    if at_ref is None:
        remark = remark or "its ref was removed; its objects are still there"
    elif at_ref != entry.commit:
        remark = f"its ref was changed to another commit{'; ' + remark if remark else ''}"
    if parsed is None:
        kind: CheckpointKind = "safety" if entry.kind == "safety" else "checkpoint"
        parsed = Checkpoint(
            entry.at, entry.label, entry.session, kind, {}, f"c{entry.number}", entry.number,
            entry.commit, entry.ref,
        )  # fmt: skip
    # The id belongs to what the ref names now; this one is found by its commit.
    name = entry.commit[:12] if at_ref not in (None, entry.commit) else parsed.id
    return replace(parsed, id=name, remark=remark)


def _foreign_remark(ref: str, entries: Iterable[RegisteredCheckpoint]) -> str:
    for entry in entries:
        if entry.ref == ref:
            return f"this is not the checkpoint that was taken: that is {entry.commit[:12]}"
    return "nothing here says that this program took it; version 0.1 did, or somebody else"


def checkpoints_of(project: Path, *, foreign: bool = False) -> list[Checkpoint]:
    """`list_checkpoints` for the work tree that holds `project`; before them those of linked work trees
    that are gone, which nobody would find else."""
    git = Git(project)
    return [*list_removed(git), *list_checkpoints(git, foreign=foreign)]


def count_not_captured(checkpoint: Checkpoint) -> int:
    """How many paths a checkpoint left out, our own folder not counted."""
    own = sum(path.reason == OWN_REASON for path in checkpoint.not_captured)
    return checkpoint.not_captured_count - own


def find_checkpoint(project: Path, name: str, *, foreign: bool = False) -> Checkpoint:
    """The checkpoint named "c12", "12", or by the start of its commit's id.

    Raises `RefusedError`, naming those there are, when there is none or more than one, and when it is
    a foreign one and `foreign` was not said.
    """
    existing = checkpoints_of(project, foreign=True)
    own = [c for c in existing if not c.foreign]
    matches = _matching(existing if foreign else own, name)
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise RefusedError(
            f"{name!r} names {len(matches)} checkpoints; give the start of its commit's id"
        )
    if not foreign and (strangers := _matching(existing, name)):
        stranger = strangers[0]
        raise RefusedError(
            f"{stranger.id} is a foreign checkpoint ({stranger.remark}); to go back to it all the "
            f"same, look first: rewind {stranger.id} --foreign --dry-run"
        )
    newest = ", ".join(c.id for c in own[-5:])
    rest = f"the newest are {newest}" if newest else "none was taken yet"
    raise RefusedError(f"there is no checkpoint {name!r} here; {rest}")


def _matching(existing: Sequence[Checkpoint], name: str) -> list[Checkpoint]:
    key = name.strip().lower()
    exact = [c for c in existing if key in _names_of(c)]
    # "c999" is an id, though it might begin a commit's: what is not there must not name another.
    is_id = key.startswith("c") and key[1:].isdigit()
    by_commit = [c for c in existing if len(key) >= 4 and not is_id and c.commit.startswith(key)]
    return exact or by_commit


def _names_of(checkpoint: Checkpoint) -> tuple[str, ...]:
    names = checkpoint.id.lower(), checkpoint.commit
    if checkpoint.id != f"c{checkpoint.number}":  # its ref names another one now
        return names
    return (*names, str(checkpoint.number), checkpoint.ref.lower())
