"""New commits; the commits of a range with what each changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.feeds.repo import diff_parser
from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
from tui.feeds.repo.diff_parser import DiffEntry, FilePatch, visible_path
from tui.model.records import Commit, FileChange
from tui.system.errors import GitError, OvernightError
from tui.system.files import read_small
from tui.system.lazy_pattern import lazy
from tui.system.repository_names import is_object_id
from tui.system.sanitize import clean_bytes, clean_line

if TYPE_CHECKING:
    from tui.system.git import Git


_LOG = (
    *("log", "-z", "--numstat", "--no-renames", "--diff-merges=first-parent"),
    "--format=tformat:%x00%H%x00%ct%x00%an%x00%s%x00",
)


def read_log(
    git: Git, since: float | None = None, range: str = "HEAD", *, limit: int = 1000
) -> list[Commit]:
    """Commits of `range`, newest first, with a merge counted against its first parent.

    `since` is in seconds since the epoch; text is as the author wrote it, not yet safe to show.
    An unborn or unknown `range` has no commits.
    """
    known = git.read_line(("rev-parse", "--revs-only", "--quiet", range))
    if range.startswith("-") or not known:
        return []
    args = [*_LOG, f"--max-count={limit}"]
    if since is not None:
        args.append(f"--since=@{int(since)} +0000")
    return list(_parse_log(git.run((*args, range, "--")).split(b"\0")))


def _parse_log(tokens: list[bytes]) -> Iterator[Commit]:
    """Commits out of a NUL-separated log: an empty token opens each, one closes its header."""
    at = 1
    while at + 4 < len(tokens):
        sha, when, author, subject = (t.decode("utf-8", "replace") for t in tokens[at : at + 4])
        at += 5
        files = added = removed = 0
        while at < len(tokens) and tokens[at]:
            plus, minus, _ = tokens[at].lstrip(b"\n").split(b"\t", 2)
            files += 1
            added += int(plus) if plus != b"-" else 0
            removed += int(minus) if minus != b"-" else 0
            at += 1
        at += 1
        yield Commit(sha, float(when), subject, files, added, removed, author)


MOST_COMMITS = 1_000
_HEAD_BYTES = 4_096
_EARLIEST_SINCE = 1e8
Signature = tuple[object, ...]


class CommitReader:
    """Commits on the project's HEAD since `since`, each handed out once, oldest first.

    `since` is in seconds since the epoch; None means from the first poll on. Git runs only when HEAD,
    its branch or the packed refs changed. It raises nothing: `why` says what is wrong, the next try
    comes after a while, and a repository that appears later is found.
    """

    def __init__(self, project: Path, since: float | None) -> None:
        self.project = project
        self.why = ""
        self.calls = 0
        # Git reads a number this small as a time of day.
        self._since = since if since is None or since > _EARLIEST_SINCE else None
        self._git: Git | None = None
        self._signature: Signature | None = None
        self._head: str | None = None
        self._known_shas: set[str] = set()
        self._reads_past = since is not None
        self._skips_first = since is None
        self._polls_to_wait = 0
        self._failures = 0

    def poll(self) -> list[Commit]:
        """Commits that were not handed out yet; the newest 1,000 at most."""
        signature = self._read_signature()
        self._polls_to_wait -= 1
        if signature == self._signature and self._polls_to_wait != 0:
            return []
        self._signature = signature
        self._polls_to_wait = 0
        try:
            found = self._read_new()
        except OvernightError as error:
            self.why = str(error)
            self._failures = min(self._failures + 1, 6)
            self._polls_to_wait = 2**self._failures if self._git is not None else 0
            return []
        self._failures = 0
        return found

    def _read_signature(self) -> Signature:
        git = self._git
        if git is None:
            entry = self._git_entry()
            return ("no repository yet", _stamp(entry), _stamp(entry / "HEAD"))
        head = git.git_dir / "HEAD"
        paths = [
            git.work_tree / ".git",
            head,
            git.git_dir / "logs" / "HEAD",
            git.common_dir / "packed-refs",
            git.common_dir / "reftable" / "tables.list",
        ]
        branch = _branch_ref(head)
        if branch:
            paths.append(git.common_dir / branch)
        return (branch, *map(_stamp, paths))

    def _git_entry(self) -> Path:
        """The nearest `.git` from the project up, or where it would stand."""
        for folder in (self.project, *self.project.parents):
            entry = folder / ".git"
            if _stamp(entry) is not None:
                return entry
        return self.project / ".git"

    def _read_new(self) -> list[Commit]:
        from tui.system.git import Git

        self.calls += 1
        if self._git is None:
            self._git = Git(self.project)
            self._signature = self._read_signature()
        git = self._git
        head = git.head()
        if head is None and self._head is not None:
            raise GitError(f"HEAD of {git.work_tree} names no commit that can be read")
        self.why = ""
        found: list[Commit] = []
        if head is not None and head != self._head and not self._skips_first:
            found = self._commits_between(git, self._head, head)
        self._skips_first, self._head = False, head
        fresh = [commit for commit in reversed(found) if commit.sha not in self._known_shas]
        self._known_shas.update(commit.sha for commit in fresh)
        return [_clean_commit(commit) for commit in fresh]

    def _commits_between(self, git: Git, before: str | None, head: str) -> list[Commit]:
        """Commits of `head` that `before` lacks, newest first."""
        if before:
            try:
                found = read_log(git, self._since, f"{before}..{head}", limit=MOST_COMMITS)
            except GitError:
                # The old head is gone from the repository; `_known_shas` keeps commits from coming twice.
                found = []
            if found or not self._reads_past:
                return found
        return read_log(git, self._since, head, limit=MOST_COMMITS)


def commits_after(project: Path, base: str) -> list[Commit]:
    """The newest 1,000 commits of HEAD that `base` lacks, oldest first, whatever their dates are.

    Empty where there is no repository, or no such commit in it.
    """
    from tui.system.git import Git

    try:
        git = Git(project)
        head = git.head()
        known = git.read_line(("rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"))
        if not known or not head:
            return []
        found = read_log(git, None, f"{known}..{head}", limit=MOST_COMMITS)
    except OvernightError:
        return []
    return [_clean_commit(commit) for commit in reversed(found)]


def commits_by_id(project: Path, ids: Sequence[str]) -> list[Commit]:
    """The commits of these whole ids, oldest first; none where one of them cannot be read."""
    from tui.system.git import Git

    if not ids or not all(map(is_object_id, ids)):
        return []
    try:
        out = Git(project).run((*_LOG, "--no-walk=sorted", *ids[:MOST_COMMITS], "--"))
    except OvernightError:
        return []
    return [_clean_commit(commit) for commit in reversed(list(_parse_log(out.split(b"\0"))))]


def _clean_commit(commit: Commit) -> Commit:
    subject, author = clean_line(commit.subject, 300), clean_line(commit.author, 100)
    return replace(commit, subject=subject, author=author)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Inode, time and size of a file; of a folder only its inode."""
    try:
        facts = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISDIR(facts.st_mode):
        return facts.st_ino, 0, 0
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _branch_ref(head: Path) -> str:
    """`refs/heads/…` when HEAD is on a branch; else a change shows in the stamp of HEAD itself."""
    content = read_small(head, _HEAD_BYTES)
    name = os.fsdecode(content.removeprefix(b"ref:").strip()) if content.startswith(b"ref:") else ""
    return name if name.startswith("refs/") and ".." not in name and "\0" not in name else ""


_MESSAGE_LIMIT = 20_000
_COMMIT_MARK = b"\0commit "
_FIRST_PARENT_LINE = ("--first-parent", "--diff-merges=first-parent", "--reverse")
_COMMIT = lazy(rb"(?:^|\n)\0commit ([0-9a-f]+)\n")
# `-l400` bounds the search for renames, `-O/dev/null` overrides `diff.orderFile`.
RENAMES = ("-M", "-l400", "-O/dev/null")
# Every setting that changes the format of a patch is overridden.
_PATCH_FORMAT = (
    "--no-color --src-prefix=a/ --dst-prefix=b/ --no-relative --unified=3 --inter-hunk-context=0 "
    "--diff-algorithm=histogram --ws-error-highlight=none --no-color-moved"
)
PATCH_FLAGS = (*RENAMES, *_PATCH_FORMAT.split())
CommitChanges = list[tuple[str, list[DiffEntry]]]


def read_messages(git: Git, span: str, budget: ReadBudget) -> tuple[tuple[str, str], ...]:
    """Id and whole message of the newest thousand commits of `span`, oldest first."""
    shape = "--format=tformat:%H%n%B%x00"
    args = ("log", "-z", "--topo-order", "--no-notes", f"--max-count={MOST_COMMITS}", shape, span)
    found = []
    for part in run_bounded(git, (*args, "--"), budget).data.split(b"\0"):
        sha, _, text = part.strip(b"\n").partition(b"\n")
        if sha:
            message = clean_bytes(text, limit=_MESSAGE_LIMIT).strip()
            found.append((sha.decode("ascii", "replace"), message))
    return tuple(reversed(found))


def list_changes(git: Git, span: str, budget: ReadBudget) -> CommitChanges:
    """What each commit of HEAD's own line changed, oldest first; a merge against its first parent."""
    shape = "--format=tformat:%x00commit %H"
    args = ("log", "-z", *_FIRST_PARENT_LINE, "--raw", "--numstat", "--no-abbrev", *RENAMES)
    out = run_bounded(git, (*args, f"--max-count={MOST_COMMITS}", shape, span, "--"), budget)
    found: CommitChanges = []
    for part in (b"\0" + out.data).split(_COMMIT_MARK)[1:]:
        sha, _, rest = part.partition(b"\0")
        body = rest.lstrip(b"\n").removesuffix(b"\0") + b"\0"
        found.append((sha.decode("ascii", "replace"), diff_parser.parse_entries(body)))
    return found


def read_steps(
    git: Git, span: str, log: CommitChanges, paths: set[bytes], budget: ReadBudget, lines: int
) -> tuple[FileChange, ...]:
    """The single changes of these paths, commit by commit, oldest first."""
    names = {p for _, made in log for e in made if paths & {e.path, e.old_path} for p in e[:2]}
    args = ("log", *_FIRST_PARENT_LINE, "--format=tformat:%x00commit %H", "-p", *PATCH_FLAGS)
    most = f"--max-count={MOST_COMMITS}"
    out = run_bounded(git, (*args, most, span, "--", *map(os.fsdecode, sorted(names))), budget)
    bodies = _COMMIT.split(out.data)
    patched = {bodies[n].decode(): bodies[n + 1] for n in range(1, len(bodies) - 1, 2)}
    found: list[FileChange] = []
    for sha, made in log:
        touched = [entry for entry in made if paths & {entry.path, entry.old_path}]
        headers = {diff_parser.patch_header(entry): entry.path for entry in touched}
        read = diff_parser.parse_patches(patched.get(sha, b""), headers, lines)
        found += [commit_step(entry, read.get(entry.path), sha) for entry in touched]
    return tuple(found)


def commit_step(entry: DiffEntry, patch: FilePatch | None, sha: str) -> FileChange:
    """One commit's change of one path."""
    return FileChange(
        path=visible_path(entry.path),
        kind=entry.kind,
        insertions=entry.insertions or 0,
        deletions=entry.deletions or 0,
        hunks=patch.hunks if patch else (),
        old_path=visible_path(entry.old_path),
        binary=entry.is_binary,
        old_mode=entry.old_mode,
        new_mode=entry.new_mode,
        commit=sha,
        cut=(patch is None or patch.cut) and not entry.is_binary,
    )
