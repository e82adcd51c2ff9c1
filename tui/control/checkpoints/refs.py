"""The list of checkpoints.

`refs/overnight/WORK-TREE/SESSION/N` holds a commit whose tree is the work tree byte for byte. Its
message carries the facts; its last parent holds `index/` (the staged state), `unmerged/` and
`details.json`; a first parent before that is HEAD as it was.

An agent can write refs and commits too. A checkpoint is ours only if the registry in our state names its
commit; every other commit under these refs is foreign: it is listed as such and used for nothing else
unless a person asks for it by name.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from tui.control.checkpoints.path_listing import folders_above
from tui.control.checkpoints.verified_objects import CommitRecord, ObjectReader
from tui.control.checkpoints.work_tree import NotCaptured
from tui.store.checkpoint_registry import CheckpointRegistry, RegisteredCheckpoint
from tui.system.errors import CheckpointError, RefusedError
from tui.system.git import Git, GitProcess
from tui.system.repository_names import (
    UnacceptableError,
    check_path,
    check_permissions,
    checkpoint_number,
)

CheckpointKind = Literal["checkpoint", "safety"]
SCHEMA = 1
_MOST_NAMED_PATHS = 50
_WORDS = ("at", "label", "session", "kind")
_OPTIONAL = ("head", "branch", "operation")
_FORMAT = "--format=%(refname)%00%(objectname)%00%(symref)%00"
_DETAILS = b"details.json"
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
    `remark` is what is wrong with it, a part of a sentence. Text is not yet safe to show.
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


@dataclass(frozen=True)
class CheckpointDetails:
    """What a checkpoint records besides: all paths not captured, unusual permissions, empty folders.

    `usual` are the permissions of all other plain and executable files.
    """

    not_captured: tuple[NotCaptured, ...] = ()
    usual: tuple[int, int] = (0o644, 0o755)
    unusual: Mapping[bytes, int] = field(default_factory=dict)
    empty_folders: frozenset[bytes] = frozenset()

    def permissions(self, path: bytes, executable: bool) -> int:
        """The permission bits `path` had."""
        return self.unusual.get(path, self.usual[executable])

    @cached_property
    def excluded(self) -> ExcludedPaths:
        return ExcludedPaths(self.not_captured)


class ExcludedPaths:
    """Paths not captured, to be asked about one by one."""

    def __init__(self, items: Iterable[NotCaptured]) -> None:
        self._reasons = {os.fsencode(item.path): item.reason for item in items}

    def reason_for(self, path: bytes) -> str | None:
        """The reason given for `path` itself, if any."""
        return self._reasons.get(path)

    def reason_above(self, path: bytes) -> str | None:
        """The reason given for a folder that `path` lies in, if any."""
        folders = (above + b"/" for above in folders_above(path))
        return next((self._reasons[p] for p in folders if p in self._reasons), None)

    def reason_covering(self, path: bytes) -> str | None:
        """The reason that covers `path`, its own or that of a folder above it."""
        return self.reason_for(path) or self.reason_above(path)

    def has_any_in(self, folder: bytes) -> bool:
        """Whether `folder` is left out itself or holds something that is."""
        start = folder + b"/"
        return any(path.startswith(start) for path in self._reasons)


def namespace(git: Git) -> str:
    """What the refs of this work tree's checkpoints begin with, without the slash."""
    return f"refs/overnight/{git.worktree_id}"


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


def encode_details(details: CheckpointDetails) -> bytes:
    """`details.json` as it is stored."""
    record = {
        "not_captured": [[n.path, n.reason] for n in details.not_captured],
        "usual": details.usual,
        "unusual": {os.fsdecode(path): mode for path, mode in details.unusual.items()},
        "empty_folders": sorted(os.fsdecode(path) for path in details.empty_folders),
    }
    return json.dumps(record, indent=1).encode()


def read_details(
    git: Git, checkpoint: Checkpoint, reader: ObjectReader | None = None
) -> CheckpointDetails:
    """The full record of a checkpoint; raises `CheckpointError` when it cannot be read, and
    `UnacceptableError` when it holds what no checkpoint records."""
    if reader is None:
        with ObjectReader(git) as new:
            return read_details(git, checkpoint, new)
    where = f"the record of checkpoint {checkpoint.id}"
    parents = reader.commit(checkpoint.commit).parents
    if len(parents) != (2 if checkpoint.head else 1):
        raise UnacceptableError(f"{where} is not where it belongs; nothing of it is used")
    data = reader.file_in(reader.commit(parents[-1]).tree, _DETAILS, where)
    try:
        return _parse_details(json.loads(data), where)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise CheckpointError(f"{where} is damaged") from error


def _parse_details(record: Mapping[str, Any], where: str) -> CheckpointDetails:
    unusual = {os.fsencode(path): mode for path, mode in record["unusual"].items()}
    empty = [os.fsencode(path) for path in record["empty_folders"]]
    for path in (*unusual, *empty):
        check_path(path, where)
    plain, executable = (check_permissions(mode, where) for mode in record["usual"])
    return CheckpointDetails(
        _parse_missing(record),
        (plain, executable),
        {path: check_permissions(mode, where) for path, mode in unusual.items()},
        frozenset(empty),
    )


def _parse_missing(record: Mapping[str, Any]) -> tuple[NotCaptured, ...]:
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
            not_captured=_parse_missing(record),
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
    return "not taken here by this program, or by version 0.1 of it"


def checkpoints_of(project: Path, *, foreign: bool = False) -> list[Checkpoint]:
    """`list_checkpoints` for the work tree that holds `project`."""
    return list_checkpoints(Git(project), foreign=foreign)


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
    newest = ", ".join(c.id for c in own[-5:]) or "none at all"
    raise RefusedError(f"there is no checkpoint {name!r} here; the newest are {newest}")


def _matching(existing: Sequence[Checkpoint], name: str) -> list[Checkpoint]:
    key = name.strip().lower()
    exact = [c for c in existing if key in _names_of(c)]
    # "c999" is an id, though it might begin a commit's: what is not there must not name another.
    is_id = key.startswith("c") and key[1:].isdigit()
    by_commit = [c for c in existing if len(key) >= 4 and not is_id and c.commit.startswith(key)]
    return exact or by_commit


def _names_of(checkpoint: Checkpoint) -> tuple[str, ...]:
    names = checkpoint.id, checkpoint.commit
    if checkpoint.id != f"c{checkpoint.number}":  # its ref names another one now
        return names
    return (*names, str(checkpoint.number), checkpoint.ref.lower())
