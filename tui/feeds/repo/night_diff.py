"""What a night changed, as RepositoryChanges.

The net difference counts: what one commit removed and a later one restored is no change. The commits
only tell which of them made a change.
"""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from tui.feeds.repo import commit_makers, diff_parser, night_range
from tui.feeds.repo import commits as night_commits
from tui.feeds.repo.bounded_git import BoundedOutput, ReadBudget, run_bounded
from tui.feeds.repo.commits import PATCH_FLAGS, RENAMES, CommitChanges
from tui.feeds.repo.diff_parser import DiffEntry, FilePatch, parse_entries, parse_patches
from tui.feeds.repo.night_range import NightRange, PrivateIndex
from tui.feeds.repo.side_commits import read_side_commits
from tui.model.evidence.whose import NO_WORK, NightWork
from tui.model.records import FileChange, RepositoryChanges
from tui.system.beneath import open_beneath
from tui.system.errors import OvernightError

if TYPE_CHECKING:
    from tui.system.git import Git


# What a repository may have set to hide changes or to make them look different. Files above 1 MiB count as
# binary, because git would compare them line by line.
_CONFIG = {
    "core.bigFileThreshold": "1m",
    "diff.suppressBlankEmpty": "false",
    "diff.autoRefreshIndex": "true",
    "core.trustctime": "true",
    "core.checkStat": "default",
    "diff.ignoreSubmodules": "dirty",
}
_MOST_PATHS = 200
_MOST_MASKED = 200
_MOST_GENERATED = 50
_NUL_SEARCH_BYTES = 8_000
_ARGUMENT_BYTES = 100_000
_GITLINK = "160000"


class DiffBounds(NamedTuple):
    """How much is read: seconds and bytes in all, files, lines of one file
    and in all, files with hunks, and the size beyond which a file has none."""

    seconds: float = 20.0
    size: int = 24 << 20
    files: int = 5_000
    file_lines: int = 3_000
    lines: int = 60_000
    patches: int = 1_500
    file_size: int = 1 << 20


DEFAULT_BOUNDS = DiffBounds()


def read_night_diff(
    project: Path,
    base: str | None,
    since: float | None,
    until: float | None,
    *,
    bounds: DiffBounds = DEFAULT_BOUNDS,
    now: float | None = None,
    work: NightWork = NO_WORK,
) -> RepositoryChanges:
    """The difference between the night's first state and its last, as far as `bounds` allow.

    `base` is the commit the night began on, if the run's journal knows it; else it is sought by
    the times `since` and `until` (seconds since the epoch). While HEAD is still where the
    night ended, the work tree counts with all its new files. `work` tells which commits are the
    night's. Raises nothing: `why` says what failed.
    """
    from tui.system.git import Git

    try:
        git = Git(project)
        budget = ReadBudget(bounds.seconds, bounds.size)
        now = time.time() if now is None else now
        span = night_range.find_night_range(git, base, since, until, now, work)
        if not span.is_at_head:
            found = _DiffReader(git, span, bounds, budget).read()
        else:
            with night_range.private_index(git, budget) as index:
                found = _DiffReader(git, span, bounds, budget, index).read()
        dirty = [one.path for one in found.files if not one.commit]
        side = read_side_commits(git, span.head, work, found.messages, dirty)
        return replace(found, elsewhere=side.elsewhere, lost=side.lost)
    except OvernightError as error:
        return RepositoryChanges(why=str(error))
    except OSError as error:
        what = f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
        return RepositoryChanges(why=f"the changes could not be read: {what}")


class _DiffReader:
    """One reading of a span; `index` is None when the work tree does not count."""

    def __init__(
        self,
        git: Git,
        span: NightRange,
        bounds: DiffBounds,
        budget: ReadBudget,
        index: PrivateIndex | None = None,
    ) -> None:
        self._git, self._span, self._bounds, self._budget = git, span, bounds, budget
        self._index = index
        self._env = index.env if index else {}
        self._ends = (span.start,) if index else (span.start, span.head)
        self._cut = bool(index and index.cut)

    def read(self) -> RepositoryChanges:
        span = self._span
        differing = self._list_entries()
        by_commit: CommitChanges = []
        messages: tuple[tuple[str, str], ...] = ()
        if span.head and span.head != span.base:
            messages = night_commits.read_messages(self._git, span.commits, self._budget)
            by_commit = night_commits.list_changes(self._git, span.commits, self._budget)
        uncommitted = self._list_uncommitted(differing, by_commit)
        dirty = self._list_dirty(differing, uncommitted)
        if span.others:
            own = commit_makers.own_changes(self._git, span.others, span.brought, by_commit)
            differing = commit_makers.keep_own(differing, by_commit, own, uncommitted)
            by_commit = own
        foreign = tuple(one for one in messages if one[0] in span.others)
        messages = tuple(one for one in messages if one[0] not in span.others)
        files = self._read_files(differing, by_commit, uncommitted)
        steps = self._read_steps(differing, by_commit, uncommitted)
        notes = "; ".join((span.why, *(self._index.notes if self._index else ())))
        cut = self._cut or any(file.cut for file in files)
        is_now = self._index is not None
        return RepositoryChanges(
            *(span.base, span.head, notes, files, messages, cut, steps, is_now, foreign),
            dirty=dirty,
            is_listed=not self._cut,
        )

    def _read_files(
        self, differing: list[DiffEntry], by_commit: CommitChanges, uncommitted: set[bytes]
    ) -> tuple[FileChange, ...]:
        """Each path with its hunks and the last commit that changed it."""
        sizes = self._read_sizes(differing)
        # Text files that git calls binary for their size or their attributes.
        named = [e for e in differing if e.is_binary and e.new_mode != _GITLINK]
        masked = {e.path for e in named[:_MOST_MASKED] if not self._holds_nul(e)}
        found = self._read_all_patches(differing, masked, sizes)
        made = [(path, sha) for sha, listed in by_commit for e in listed for path in e[:2]]
        authors = {path: sha for path, sha in made if path not in uncommitted}
        return tuple(
            _file_change(
                entry,
                found.get(entry.path),
                sizes.get(entry.path, 0),
                authors.get(entry.path, ""),
                binary=entry.is_binary and entry.path not in masked,
            )
            for entry in differing
        )

    def _list_entries(self) -> list[DiffEntry]:
        args = ("diff", "--raw", "--numstat", "-z", "--no-abbrev", *RENAMES)
        out = self._run_git((*args, "--no-relative", *self._ends, "--"))
        if not out.is_whole:
            self._cut = True
        found = list(parse_entries(out.data))
        for mode, path in self._index.large if self._index else ():
            zero = self._git.zero
            found.append(DiffEntry(path, path, b"A", "0" * 6, f"{mode:o}", zero, None, None, zero))
        if len(found) > self._bounds.files:
            self._cut = True
            found.sort(key=lambda e: (not e.is_binary, _is_generated(e)))
        return found[: self._bounds.files]

    def _run_git(self, args: tuple[str, ...]) -> BoundedOutput:
        return run_bounded(self._git, args, self._budget, config=_CONFIG, env=self._env)

    def _read_all_patches(
        self, differing: list[DiffEntry], masked: set[bytes], sizes: dict[bytes, int]
    ) -> dict[bytes, FilePatch]:
        """The hunks of as many paths as the bounds allow, but of few generated files."""
        texts = [(_is_generated(e), _changed_lines(e), e) for e in differing if not e.is_binary]
        generated = [row for row in texts if row[0]][:_MOST_GENERATED]
        wanted = [row for row in texts if not row[0]] + generated
        wanted.sort(key=lambda row: row[:2])
        room = self._bounds.lines
        chosen: list[DiffEntry] = []
        for _, _, entry in wanted[: self._bounds.patches]:
            room -= min(_changed_lines(entry), self._bounds.file_lines)
            if room < 0:
                break
            chosen.append(entry)
        found = self._read_patches(chosen, ())
        small = {path for path in masked if sizes.get(path, 0) <= self._bounds.file_size}
        read = self._read_patches([e for e in differing if e.path in small], ("--text",))
        found.update((path, patch) for path, patch in read.items() if not patch.has_nul)
        return found

    def _read_patches(
        self, chosen: list[DiffEntry], flags: tuple[str, ...]
    ) -> dict[bytes, FilePatch]:
        found: dict[bytes, FilePatch] = {}
        for batch in _batches(chosen):
            if self._budget.is_spent:
                break
            names = dict.fromkeys(path for e in batch for path in (e.old_path, e.path))
            args = ("diff", "-p", *PATCH_FLAGS, *flags, *self._ends, "--")
            out = self._run_git((*args, *map(os.fsdecode, names)))
            paths_by_header = {diff_parser.patch_header(entry): entry.path for entry in batch}
            found.update(parse_patches(out.data, paths_by_header, self._bounds.file_lines))
        return found

    def _holds_nul(self, entry: DiffEntry) -> bool:
        """Whether git would call it binary without any attributes."""
        if entry.kind != "deleted" and self._index is not None:
            return b"\0" in _first_bytes(self._git.work_tree, entry.path)
        blob = entry.old_blob if entry.kind == "deleted" else entry.blob
        small = ReadBudget(self._budget.seconds_left, _NUL_SEARCH_BYTES)
        return b"\0" in run_bounded(self._git, ("cat-file", "blob", blob), small).data

    def _list_uncommitted(self, differing: list[DiffEntry], by_commit: CommitChanges) -> set[bytes]:
        """Paths whose last change is not committed."""
        if self._index is None:
            return set()
        if not by_commit:
            return {entry.path for entry in differing}
        args = ("diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative")
        out = self._run_git((*args, self._span.head, "--"))
        return {path for entry in parse_entries(out.data) for path in (entry.path, entry.old_path)}

    def _list_dirty(self, differing: list[DiffEntry], uncommitted: set[bytes]) -> tuple[str, ...]:
        """Every path that is otherwise in the work tree than in HEAD, the large and the moved too."""
        if self._index is None:
            return ()
        moved = {entry.old_path for entry in differing if entry.path in uncommitted}
        large = {path for _, path in self._index.large}
        return tuple(sorted(map(os.fsdecode, uncommitted | moved | large)))

    def _read_sizes(self, differing: list[DiffEntry]) -> dict[bytes, int]:
        there = [e for e in differing if e.status != b"D" and e.new_mode != _GITLINK]
        if self._index is not None:
            return {entry.path: _size(self._git.work_tree, entry.path) for entry in there}
        asked = "".join(f"{entry.blob}\n" for entry in there).encode()
        shape = "--batch-check=%(objectsize)"
        lines = self._git.run(("cat-file", shape), input=asked).split(b"\n") if asked else []
        found = zip(there, lines, strict=False)
        return {entry.path: int(line) for entry, line in found if line.isdigit()}

    def _read_steps(
        self, differing: list[DiffEntry], by_commit: CommitChanges, uncommitted: set[bytes]
    ) -> tuple[FileChange, ...]:
        """The single changes of paths that changed more than once, commit by commit."""
        often = _changed_often(differing, by_commit, uncommitted)
        paths = {entry.path for entry in (*often, *_came_and_went(differing, by_commit))}
        if not paths or not by_commit or self._budget.is_spent:
            return ()
        most, span = self._bounds.file_lines, self._span
        steps = night_commits.read_steps(
            self._git, span.commits, by_commit, paths, self._budget, most
        )
        last = [entry for entry in often if entry.path in uncommitted]
        if not last:
            return steps
        args = ("diff", "-p", *PATCH_FLAGS, "--no-renames", span.head, "--")
        out = self._run_git((*args, *(os.fsdecode(entry.path) for entry in last)))
        headers = {diff_parser.patch_header(e._replace(status=b"M")): e.path for e in last}
        read = parse_patches(out.data, headers, most)
        made = [night_commits.commit_step(e, read[e.path], "") for e in last if e.path in read]
        return (*steps, *made)


def _changed_often(
    differing: list[DiffEntry], by_commit: CommitChanges, uncommitted: set[bytes]
) -> list[DiffEntry]:
    """The smallest changes among the paths that changed more than once."""
    times = Counter(
        path for _, listed in by_commit for e in listed for path in {e.path, e.old_path}
    )
    times.update(uncommitted)
    often = [e for e in differing if times[e.path] > 1 and not e.is_binary]
    return sorted(often, key=_changed_lines)[:_MOST_PATHS]


def _came_and_went(differing: list[DiffEntry], by_commit: CommitChanges) -> list[DiffEntry]:
    """The smallest changes among the paths that do not differ in the end."""
    net = {path for e in differing for path in (e.path, e.old_path)}
    gone = (e for _, listed in by_commit for e in listed if e.path not in net and not e.is_binary)
    return sorted(gone, key=_changed_lines)[:_MOST_PATHS]


def _file_change(
    entry: DiffEntry, patch: FilePatch | None, size: int, commit: str, *, binary: bool
) -> FileChange:
    change = night_commits.commit_step(entry, patch, commit)
    hunks, plus, minus = change.hunks, change.insertions, change.deletions
    if entry.is_binary:
        plus, minus = sum(len(h.added) for h in hunks), sum(len(h.removed) for h in hunks)
    return replace(
        change,
        insertions=plus,
        deletions=minus,
        binary=binary,
        generated=diff_parser.is_generated(change.path, hunks),
        size=size,
        old_mode=entry.old_mode if entry.old_mode.strip("0") else "",
        new_mode=entry.new_mode if entry.new_mode.strip("0") else "",
        cut=(patch is None or patch.cut) and not binary,
    )


def _is_generated(entry: DiffEntry) -> bool:
    return diff_parser.is_generated(diff_parser.visible_path(entry.path), ())


def _changed_lines(entry: DiffEntry) -> int:
    return (entry.insertions or 0) + (entry.deletions or 0)


def _batches(chosen: list[DiffEntry]) -> Iterator[list[DiffEntry]]:
    """Groups whose names fit into one command line."""
    batch: list[DiffEntry] = []
    size = 0
    for entry in chosen:
        own = len(entry.path) + len(entry.old_path) + 2
        if batch and (len(batch) >= _MOST_PATHS or size + own > _ARGUMENT_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += own
    if batch:
        yield batch


def _size(top: Path, path: bytes) -> int:
    try:
        return os.lstat(os.path.join(os.fsencode(top), path)).st_size
    except OSError:
        return 0


def _first_bytes(top: Path, path: bytes) -> bytes:
    """The first bytes of a regular file; NUL for anything else, so that its text is not read."""
    try:
        folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            descriptor = open_beneath(folder, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        finally:
            os.close(folder)
    except OSError:
        return b"\0"
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return os.read(descriptor, _NUL_SEARCH_BYTES) if is_file else b"\0"
    except OSError:
        return b"\0"
    finally:
        os.close(descriptor)
