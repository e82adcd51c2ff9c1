"""The list of checkpoints.

`refs/overnight/WORK-TREE/SESSION/N` holds a commit whose tree is the work tree byte for byte. Its
message carries the facts; its last parent holds `index/` (the staged state), `unmerged/`,
`details.json`, and what nested repositories have in their `.git` (`nested.json` names the paths of the
blobs in `nested/`); a first parent before that is HEAD as it was. An agent can write refs too, so what is
read here is believed only as far as it has the right shape.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tui.control.checkpoints.stat_cache import OWN_REASON
from tui.control.checkpoints.work_tree import NotCaptured
from tui.system.errors import CheckpointError, RefusedError
from tui.system.git import Git

CheckpointKind = Literal["checkpoint", "safety"]
SCHEMA = 1
_MOST_NAMED_PATHS = 50
_ALL = "refs/overnight"
_WORDS = ("at", "label", "session", "kind")
_OPTIONAL = ("head", "branch", "operation")
# NUL between the fields, because labels and facts may hold anything else.
_FORMAT = "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(contents)%00"


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint. `id` is what a person types ("c12"), `at` is in seconds since the epoch.

    `not_captured` names the first fifty of `not_captured_count` paths; `facts` are the caller's. A
    "safety" checkpoint was taken by a rewind, to undo it. `work_tree` names the linked work tree it was
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
            not_captured=parse_missing(record),
            not_captured_count=int(record["not_captured_count"]),
            facts=dict(record["facts"]),
            head=optional["head"],
            branch=optional["branch"],
            operation=optional["operation"],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def list_checkpoints(git: Git) -> list[Checkpoint]:
    """The checkpoints of this work tree, oldest first; refs of another shape are passed over."""
    return _list_refs(git, namespace(git))


def list_removed(git: Git) -> list[Checkpoint]:
    """The checkpoints of linked work trees that are gone, by work tree, oldest first."""
    known = git.common_dir / "worktrees"
    found = []
    for checkpoint in _list_refs(git, f"{_ALL}/wt-*"):
        name = checkpoint.ref.removeprefix(f"{_ALL}/wt-").partition("/")[0]
        if not (known / name).exists():
            found.append(replace(checkpoint, id=f"{name}/{checkpoint.id}", work_tree=name))
    return sorted(found, key=lambda c: (c.work_tree, c.number))


def _list_refs(git: Git, pattern: str) -> list[Checkpoint]:
    out = git.run(("for-each-ref", _FORMAT, pattern))
    parsed = []
    fields = out.split(b"\0")
    for at in range(0, len(fields) - 4, 4):
        ref, commit, kind, text = (os.fsdecode(part) for part in fields[at : at + 4])
        if kind == "commit":
            parsed.append(_parse_checkpoint(ref.lstrip("\n"), commit, text))
    return sorted((c for c in parsed if c is not None), key=lambda c: c.number)


def checkpoints_of(project: Path) -> list[Checkpoint]:
    """The checkpoints of the work tree that holds `project`, oldest first; before them those of linked
    work trees that are gone, which nobody would find else."""
    git = Git(project)
    return [*list_removed(git), *list_checkpoints(git)]


def count_not_captured(checkpoint: Checkpoint) -> int:
    """How many paths a checkpoint left out, our own folder not counted."""
    own = sum(path.reason == OWN_REASON for path in checkpoint.not_captured)
    return checkpoint.not_captured_count - own


def find_checkpoint(project: Path, name: str) -> Checkpoint:
    """The checkpoint named "c12", "12", or by the start of its commit's id.

    Raises `RefusedError`, naming those there are, when there is none or more than one.
    """
    existing = checkpoints_of(project)
    key = name.strip().lower()
    exact = [c for c in existing if key in _names_of(c)]
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


def _names_of(checkpoint: Checkpoint) -> tuple[str, ...]:
    """What a person may call it; a bare number means one of the work tree that is here."""
    number = () if checkpoint.work_tree else (str(checkpoint.number),)
    return (checkpoint.id.lower(), *number, checkpoint.commit, checkpoint.ref.lower())
