"""The night's commits one by one: their messages, and who changed which path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui.changes import FileChange
from tui.feeds.bounded_git import ReadBudget, output
from tui.feeds.diff_output import DiffEntry, FilePatch, entries, header, patches, shown
from tui.patterns import lazy
from tui.system.sanitize import clean_bytes

if TYPE_CHECKING:
    from tui.git import Git

MOST_COMMITS = 1_000
_MESSAGE = 20_000
_MARK = b"\0commit "
_LINE = ("--first-parent", "--diff-merges=first-parent", "--reverse")
_COMMIT = lazy(rb"(?:^|\n)\0commit ([0-9a-f]+)\n")

RENAMES = ("-M", "-l400", "-O/dev/null")
PATCH_FLAGS = (
    *RENAMES,
    "--no-color",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-relative",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=histogram",
    "--ws-error-highlight=none",
    "--no-color-moved",
)

Listed = list[tuple[str, list[DiffEntry]]]


def messages(git: Git, span: str, budget: ReadBudget) -> tuple[tuple[str, str], ...]:
    """Id and whole message of the newest thousand commits of `span`, oldest first."""
    shape = "--format=tformat:%H%n%B%x00"
    args = ("log", "-z", "--topo-order", "--no-notes", f"--max-count={MOST_COMMITS}", shape, span)
    found = []
    for part in output(git, (*args, "--"), budget).data.split(b"\0"):
        sha, _, text = part.strip(b"\n").partition(b"\n")
        if sha:
            found.append(
                (sha.decode("ascii", "replace"), clean_bytes(text, limit=_MESSAGE).strip())
            )
    return tuple(reversed(found))


def listed(git: Git, span: str, budget: ReadBudget) -> Listed:
    """What each commit of HEAD's own line changed, oldest first; a merge against its first parent."""
    shape = "--format=tformat:%x00commit %H"
    args = ("log", "-z", *_LINE, "--raw", "--numstat", "--no-abbrev", *RENAMES)
    out = output(git, (*args, f"--max-count={MOST_COMMITS}", shape, span, "--"), budget)
    return list(_split(out.data))


def _split(data: bytes) -> Iterator[tuple[str, list[DiffEntry]]]:
    for part in (b"\0" + data).split(_MARK)[1:]:
        sha, _, rest = part.partition(b"\0")
        body = rest.lstrip(b"\n")
        if not body.endswith(b"\0"):
            body += b"\0"
        yield sha.decode("ascii", "replace"), entries(body)


def steps(
    git: Git, span: str, log: Listed, wanted: set[bytes], budget: ReadBudget, lines: int
) -> tuple[FileChange, ...]:
    """The single changes of the paths in `wanted`, commit by commit, oldest first."""
    names = {p for _, made in log for e in made if wanted & {e.path, e.old_path} for p in e[:2]}
    args = ("log", *_LINE, "--format=tformat:%x00commit %H", "-p", *PATCH_FLAGS)
    most = f"--max-count={MOST_COMMITS}"
    out = output(git, (*args, most, span, "--", *map(os.fsdecode, sorted(names))), budget)
    bodies = _COMMIT.split(out.data)
    patched = {bodies[n].decode(): bodies[n + 1] for n in range(1, len(bodies) - 1, 2)}
    found: list[FileChange] = []
    for sha, made in log:
        touched = [entry for entry in made if wanted & {entry.path, entry.old_path}]
        read = patches(patched.get(sha, b""), {header(e): e.path for e in touched}, lines)
        found += [step(entry, read.get(entry.path), sha) for entry in touched]
    return tuple(found)


def step(entry: DiffEntry, patch: FilePatch | None, sha: str) -> FileChange:
    """One commit's change of one path."""
    return FileChange(
        path=shown(entry.path),
        kind=entry.kind,
        insertions=entry.insertions or 0,
        deletions=entry.deletions or 0,
        hunks=patch.hunks if patch else (),
        old_path=shown(entry.old_path),
        binary=entry.binary,
        old_mode=entry.old_mode,
        new_mode=entry.new_mode,
        commit=sha,
        cut=(patch is None or patch.cut) and not entry.binary,
    )
