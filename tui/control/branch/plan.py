"""Commits and files chosen for a new branch."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.control.branch.scratch_repo import TreeEntry
from tui.control.checkpoints.git_objects import list_tree
from tui.control.checkpoints.path_listing import is_capturable
from tui.control.checkpoints.stat_cache import LINK_MODE
from tui.control.rewind.safe_paths import WorkTreeFiles
from tui.system.errors import RefusedError
from tui.system.format import format_count
from tui.system.git import Git

_MOST_COMMITS = 1_000
_MOST_FILES = 2_000


@dataclass(frozen=True)
class PickedCommit:
    """A chosen commit; `parent` is empty for the first of a repository. Text is not yet safe to show."""

    sha: str
    subject: str
    parent: str


@dataclass(frozen=True)
class BranchContent:
    """What was chosen, as the repository has it: commits oldest first, paths as bytes."""

    base: str
    commits: tuple[PickedCommit, ...]
    files: tuple[bytes, ...]
    source: str


@dataclass(frozen=True)
class BranchPlan:
    """A new `branch` from `base` with `commits` in this order, then `files` in one commit.

    `refusals` are reasons why it cannot be made, each a sentence; `create_branch` refuses then.
    `notes` are worth knowing. Text is not yet safe to show.
    """

    work_tree: Path
    branch: str
    base: str
    commits: tuple[PickedCommit, ...]
    files: tuple[str, ...]
    source: str = ""
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plan in plain sentences, as dialogs and the command line show it."""
        if self.refusals:
            return self.refusals
        counts = ((len(self.commits), "commit"), (len(self.files), "file"))
        parts = [format_count(count, noun) for count, noun in counts if count]
        where = f"the new branch {self.branch}, which begins at {self.base[:10]}"
        first = f"{' and '.join(parts)} will be taken to {where}."
        listed = [f"{commit.sha[:10]} {commit.subject}" for commit in self.commits]
        state = f"as in {self.source[:10]}" if self.source else "as they are now"
        listed += [f"{path} ({state})" for path in self.files]
        rest = "Files, index, HEAD and all other branches stay as they are; nothing is pushed."
        return (first, *listed, *self.notes, rest)


def resolve_content(
    git: Git, commits: Sequence[str], files: Sequence[str], base: str, source: str
) -> BranchContent:
    """What the names mean; RefusedError, with the reason, if something cannot be taken."""
    if not commits and not files:
        raise RefusedError("nothing was chosen to be taken")
    if len(commits) > _MOST_COMMITS or len(files) > _MOST_FILES:
        raise RefusedError(f"at most {_MOST_COMMITS} commits and {_MOST_FILES} files at a time")
    start = _resolve_commit(git, base) if base else ""
    picked = _order_commits(git, [_resolve_commit(git, name) for name in commits], start)
    if not start:
        start = picked[0].parent if picked else git.head() or ""
    if not start:
        raise RefusedError("there is no commit for a branch to begin on")
    paths = tuple(dict.fromkeys(map(_resolve_path, files)))
    return BranchContent(start, picked, paths, _resolve_commit(git, source) if source else "")


def _resolve_path(name: str) -> bytes:
    path = os.fsencode(name)
    if not is_capturable(path) or b"\0" in path:
        raise RefusedError(f"{name!r} is no path that can be taken")
    return path


def _resolve_commit(git: Git, name: str) -> str:
    commit = None
    if name and name[0] != "-" and "\0" not in name:
        commit = git.read_line(("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"))
    if commit is None:
        raise RefusedError(f"{name!r} is no commit of this repository")
    return commit


def _order_commits(git: Git, shas: list[str], base: str) -> tuple[PickedCommit, ...]:
    """The commits, each after those it builds on."""
    if not shas:
        return ()
    revisions = "\n".join((*dict.fromkeys(shas), *([f"^{base}"] if base else ()))).encode()
    form = "--format=tformat:%H%x00%P%x00%s"
    args = ("log", "--topo-order", "--reverse", "-z", form, "--stdin")
    picked: dict[str, PickedCommit] = {}
    tokens = os.fsdecode(git.run(args, input=revisions)).split("\0")
    for at in range(0, len(tokens) - 2, 3):
        sha, parents, subject = tokens[at : at + 3]
        if sha not in shas:
            continue
        if " " in parents:
            raise RefusedError(
                f"{sha[:10]} ({subject}) is a merge; take the commits that it brought instead"
            )
        picked[sha] = PickedCommit(sha, subject, parents)
    missing = [sha for sha in shas if sha not in picked]
    if missing:
        raise RefusedError(
            f"{missing[0][:10]} is there already at {base[:10]}, where it would begin"
        )
    return tuple(picked.values())


def file_entries(
    git: Git, content: BranchContent, store: Callable[[bytes], str]
) -> list[TreeEntry]:
    """Mode, blob and path of the chosen files in their last state; mode 0 for what is gone there.

    What differs from HEAD is read from the work tree, byte for byte, and handed to `store`.
    """
    state = content.source or git.head() or ""
    stored = _tree_entries(git, state, content.files) if state else {}
    changed = set() if content.source else _changed_paths(git, state, content.files)
    entries: list[TreeEntry] = []
    with WorkTreeFiles(git.work_tree) as files:
        for path in content.files:
            mode, blob = stored.get(path, (0, ""))
            is_new = not mode and not content.source and files.stat(path) is not None
            if path in changed or is_new:
                entries.append(_work_tree_entry(files, path, store))
            else:
                entries.append((mode, blob, path))
    return entries


def _tree_entries(git: Git, commit: str, paths: Sequence[bytes]) -> dict[bytes, tuple[int, str]]:
    entries: dict[bytes, tuple[int, str]] = {}
    for path, mode, kind, blob in list_tree(git, commit, "--", *map(os.fsdecode, paths)):
        if kind == "tree":
            raise RefusedError(f"{os.fsdecode(path)} is a folder; choose the files in it")
        entries[path] = mode, blob
    return entries


def _changed_paths(git: Git, head: str, paths: Sequence[bytes]) -> set[bytes]:
    """Those of the paths whose work tree is not as in HEAD."""
    if not head:
        return set(paths)
    args = ("diff", "--name-only", "-z", "--no-renames", "--no-relative", head, "--")
    return set(git.run((*args, *map(os.fsdecode, paths))).split(b"\0")[:-1])


def _work_tree_entry(files: WorkTreeFiles, path: bytes, store: Callable[[bytes], str]) -> TreeEntry:
    """The path as it is in the work tree."""
    status = files.stat(path)
    if status is None:
        return 0, "", path
    if stat.S_ISLNK(status.st_mode):
        return LINK_MODE, store(files.read(path)), path
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError(f"{os.fsdecode(path)} is no plain file")
    try:
        data = files.read(path)
    except OSError as error:
        raise RefusedError(f"{os.fsdecode(path)} cannot be read: {error.strerror}") from error
    return 0o100755 if status.st_mode & 0o100 else 0o100644, store(data), path


def committer_identity(git: Git) -> bytes:
    """The person git knows here, else this program, and the time now, as a commit has them."""
    name = git.read_line(("config", "--get", "user.name")) or "overnight-tui"
    email = git.read_line(("config", "--get", "user.email")) or "overnight-tui@localhost"
    cleaned = (
        "".join(c for c in text if c.isprintable() and c not in "<>") for text in (name, email)
    )
    who = "{} <{}>".format(*(text.strip()[:200] or "unknown" for text in cleaned))
    return os.fsencode(f"{who} {int(time.time())} +0000")
