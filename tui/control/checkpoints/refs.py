"""The list of checkpoints.

`refs/overnight/WORK-TREE/SESSION/N` holds a commit whose tree is the work tree byte for byte. Its
message carries the facts; its last parent holds `index/` (the staged state), `unmerged/` and
`details.json`; a first parent before that is HEAD as it was. An agent can write refs too, so what is
read here is believed only as far as it has the right shape.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from tui.control.checkpoints.path_listing import folders_above
from tui.control.checkpoints.work_tree import NotCaptured
from tui.system.errors import CheckpointError, RefusedError
from tui.system.git import Git

CheckpointKind = Literal["checkpoint", "safety"]
SCHEMA = 1
_MOST_NAMED_PATHS = 50
_WORDS = ("at", "label", "session", "kind")
_OPTIONAL = ("head", "branch", "operation")
# NUL between the fields, because labels and facts may hold anything else.
_FORMAT = "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(contents)%00"


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint. `id` is what a person types ("c12"), `at` is in seconds since the epoch.

    `not_captured` names the first fifty of `not_captured_count` paths; `facts` are the caller's. A
    "safety" checkpoint was taken by a rewind, to undo it. Text is not yet safe to show.
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


def read_details(git: Git, checkpoint: Checkpoint) -> CheckpointDetails:
    """The full record of a checkpoint; raises `CheckpointError` when it cannot be read."""
    parent = "^2" if checkpoint.head else "^1"
    try:
        record = json.loads(git.show_file(checkpoint.commit + parent, "details.json"))
        usual = record["usual"]
        return CheckpointDetails(
            _parse_missing(record),
            (int(usual[0]) & 0o777, int(usual[1]) & 0o777),
            {os.fsencode(path): int(mode) & 0o777 for path, mode in record["unusual"].items()},
            frozenset(os.fsencode(path) for path in record["empty_folders"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(f"the record of checkpoint {checkpoint.id} is damaged") from error


def _parse_missing(record: Mapping[str, Any]) -> tuple[NotCaptured, ...]:
    return tuple(NotCaptured(str(path), str(why)) for path, why in record["not_captured"])


def _parse_checkpoint(ref: str, commit: str, text: str) -> Checkpoint | None:
    """A checkpoint out of a ref and its message; None if it has not the shape of one."""
    number = ref.rpartition("/")[2]
    try:
        record = json.loads(text.partition("\n\n")[2])
        if not number.isdecimal() or record["schema"] != SCHEMA:
            return None
        optional = {k: None if record[k] is None else str(record[k]) for k in _OPTIONAL}
        return Checkpoint(
            id=f"c{int(number)}",
            number=int(number),
            at=float(record["at"]),
            label=str(record["label"]),
            session=str(record["session"]),
            kind="safety" if record["kind"] == "safety" else "checkpoint",
            commit=commit,
            ref=ref,
            files=int(record["files"]),
            not_captured=_parse_missing(record),
            not_captured_count=int(record["not_captured_count"]),
            facts=dict(record["facts"]),
            **optional,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def list_checkpoints(git: Git) -> list[Checkpoint]:
    """The checkpoints of this work tree, oldest first; refs of another shape are passed over."""
    out = git.run(("for-each-ref", _FORMAT, namespace(git)))
    parsed = []
    fields = out.split(b"\0")
    for at in range(0, len(fields) - 4, 4):
        ref, commit, kind, text = (os.fsdecode(part) for part in fields[at : at + 4])
        if kind == "commit":
            parsed.append(_parse_checkpoint(ref.lstrip("\n"), commit, text))
    return sorted((c for c in parsed if c is not None), key=lambda c: c.number)


def checkpoints_of(project: Path) -> list[Checkpoint]:
    """The checkpoints of the work tree that holds `project`, oldest first."""
    return list_checkpoints(Git(project))


def find_checkpoint(project: Path, name: str) -> Checkpoint:
    """The checkpoint named "c12", "12", or by the start of its commit's id.

    Raises `RefusedError`, naming those there are, when there is none or more than one.
    """
    existing = checkpoints_of(project)
    key = name.strip().lower()
    exact = [c for c in existing if key in (c.id, str(c.number), c.commit, c.ref)]
    # "c999" is an id, though it might begin a commit's: what is not there must not name another.
    is_id = key.startswith("c") and key[1:].isdigit()
    by_commit = [c for c in existing if len(key) >= 4 and not is_id and c.commit.startswith(key)]
    matches = exact or by_commit
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise RefusedError(f"{name!r} names {len(matches)} checkpoints; give its id, like c12")
    newest = ", ".join(c.id for c in existing[-5:]) or "none at all"
    raise RefusedError(f"there is no checkpoint {name!r} here; the newest are {newest}")
