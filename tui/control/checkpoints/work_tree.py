"""The work tree now, by stat data and blob id.

Git says which paths count. Their stat data and bytes are read here: the index may be wrong about
them (assume-unchanged, skip-worktree), and filters may change their bytes. Paths are raw bytes,
relative to the top of the work tree.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct

from tui.control.checkpoints.attributes import Extras, read_extras
from tui.control.checkpoints.nested_git import CHANGED, NestedScan
from tui.control.checkpoints.path_listing import PathLister, PathListing, is_capturable
from tui.control.checkpoints.stat_cache import (
    RESERVED,
    FileTable,
    FolderIndex,
    StatCache,
    describe_kind,
    is_same_stat,
)
from tui.settings.own_sections import CheckpointsSettings
from tui.system.errors import CheckpointError
from tui.system.format import format_size_limit
from tui.system.git import Git
from tui.system.repository_names import MOST_PATH, is_reserved

_TRIES = 5
_CHUNK = 1 << 20
# Two writes within one tick of the clock leave the same times, so a file must have been at rest for
# longer than that when it is read. A file system that counts whole seconds needs two.
_REST_NS, _COARSE_REST_NS = 11_000_000, 2_000_000_000
_MOST_REST_S = 3.0


@dataclass(frozen=True)
class CaptureLimits:
    """How much a checkpoint may hold and how long it may take.

    The first of a work tree, which has to read everything, gets `first_seconds`.
    """

    file_bytes: int = 25 << 20
    untracked_bytes: int = 500 << 20
    seconds: float = 10.0
    first_seconds: float = 120.0

    @classmethod
    def from_settings(cls, settings: CheckpointsSettings) -> CaptureLimits:
        return cls(
            file_bytes=int(settings.max_file_mib) << 20,
            untracked_bytes=int(settings.max_untracked_mib) << 20,
            seconds=float(settings.time_budget_seconds),
        )


class NotCaptured(Struct, frozen=True, array_like=True):
    """A path that a checkpoint leaves out, and why; one ending in "/" stands for all below it."""

    path: str
    reason: str


@dataclass
class WorkTreeState:
    """The state of a work tree at `seen_ns`; the rows numbered in `unread` lack a blob id.

    `nested_git` is empty until the contents were read.
    """

    rows: FileTable
    unread: list[int]
    excluded: dict[bytes, str]
    folders: FolderIndex
    unmerged: list[bytes]
    nested: frozenset[bytes]
    seen_ns: int
    nested_git: NestedScan

    def partial(self) -> dict[bytes, str]:
        """Paths of which everything is captured but what the reason says."""
        found = {path: extras.lost for path, extras in self.rows.extras.items() if extras.lost}
        for path, folder in self.folders.folders.items():
            if folder.extras is not None and folder.extras.lost:
                found[path or b"."] = folder.extras.lost
        return {**found, **self.nested_git.partial}

    def not_captured(self) -> list[NotCaptured]:
        """Everything left out, whole or in part, by path."""
        return self._list({**self.partial(), **self.nested_git.excluded, **self.excluded})

    def left_out(self) -> list[NotCaptured]:
        """Everything of which nothing was captured, by path."""
        return self._list({**self.nested_git.excluded, **self.excluded})

    def _list(self, excluded: dict[bytes, str]) -> list[NotCaptured]:
        items = sorted({**self.folders.special, **excluded}.items())
        return [NotCaptured(os.fsdecode(path), reason) for path, reason in items]


class WorkTreeScan:
    """One scan of a work tree; what is `known` from an earlier one need not be read again."""

    def __init__(self, git: Git, limits: CaptureLimits, known: StatCache) -> None:
        self.git, self.limits = git, limits
        self._known, self._folders, self._known_git = known.rows, known.folders, known.nested
        self._budget = limits.seconds if known.rows.paths else limits.first_seconds
        self._rest_s = _MOST_REST_S
        self._until = time.monotonic() + self._budget
        self.top = os.open(git.work_tree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> WorkTreeScan:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.top)

    def seconds_left(self) -> float:
        """Seconds left of the budget; raises `CheckpointError` when there are none."""
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise CheckpointError(
                f"{self.git.work_tree} could not be captured within {self._budget:g} s; raise "
                "checkpoints.time_budget_seconds or let git ignore what need not be kept"
            )
        return seconds

    def scan(self, lister: PathLister, also: Collection[bytes] = ()) -> WorkTreeState:
        """Lists and stats everything; `also` names paths to include even if git ignores them."""
        seen_ns = time.time_ns()
        unchanged = self._find_unchanged()
        listing = lister.finish(self.seconds_left)
        folders = self._folders.walk(self.top, listing.closed_folders())
        listing.untracked += set(also).difference(listing.tracked, listing.untracked)
        known = self._known
        linked = {p for p in known.parents - folders.real_paths if not folders.is_real(self.top, p)}
        nested = frozenset(listing.nested)
        state = WorkTreeState(
            FileTable(),
            [],
            listing.excluded,
            folders,
            listing.unmerged,
            nested,
            seen_ns,
            self._nested_scan(),
        )
        listed = list(dict.fromkeys((*listing.tracked, *listing.untracked)))
        self._fill_rows(state, listed, unchanged, linked)
        for path in also:
            if path in state.rows.index():
                state.excluded.pop(path, None)
        self._exclude_large(state, listing)
        return state

    def _find_unchanged(self) -> bytearray:
        """Which known rows still have the same stat data; computed while git is listing."""
        # Written out, without a call of `is_same_stat`: this loop runs over every file of the work tree.
        known, top, stat_path = self._known, self.top, os.stat
        unchanged = bytearray(len(known))
        columns = (known.modes, known.sizes, known.mtimes, known.ctimes, known.inodes)
        rows = enumerate(zip(known.paths, *columns, strict=True))
        for number, (path, mode, size, mtime, ctime, inode) in rows:
            try:
                now = stat_path(path, dir_fd=top, follow_symlinks=False)
            except OSError:
                continue
            unchanged[number] = (
                now.st_mtime_ns == mtime
                and now.st_size == size
                and now.st_ctime_ns == ctime
                and now.st_ino == inode
                and now.st_mode == mode
            )
        return unchanged

    def _fill_rows(
        self, state: WorkTreeState, listed: list[bytes], unchanged: bytearray, linked: set[bytes]
    ) -> None:
        """Fills in the listed paths in that order; a path behind a link counts as missing."""
        numbers: Sequence[int] = range(len(self._known))
        new: list[bytes] = []
        if linked or listed != self._known.paths:
            numbers, new = self._known_and_new(listed, linked)
            unchanged = bytearray(unchanged[number] for number in numbers)
        state.rows = self._known.select(numbers)
        gone: set[int] = set()
        at = unchanged.find(0)
        while at >= 0:
            self._stat_again(at, state, gone)
            at = unchanged.find(0, at + 1)
        for path in new:
            status = self._stat(path, state)
            if status is not None:
                state.unread.append(state.rows.add(path, status, b""))
        if gone or new:
            position = dict(zip(listed, range(len(listed)), strict=True))
            remaining = [number for number in range(len(state.rows)) if number not in gone]
            paths = state.rows.paths
            self._select_rows(state, sorted(remaining, key=lambda number: position[paths[number]]))

    def _known_and_new(
        self, listed: list[bytes], linked: set[bytes]
    ) -> tuple[list[int], list[bytes]]:
        """The known rows of the listed paths that are behind no link, and the paths without one."""
        known = self._known
        found_rows = [(path, known.index().get(path)) for path in listed]
        inside = [n for p, n in found_rows if n is not None and p.rpartition(b"/")[0] not in linked]
        return inside, [path for path, number in found_rows if number is None]

    def _stat_again(self, number: int, state: WorkTreeState, gone: set[int]) -> None:
        """Reads the stat data of a known row that changed."""
        status = self._stat(state.rows.paths[number], state)
        if status is None:
            gone.add(number)
        else:
            state.rows.update(number, status)
            state.rows.blobs[number] = b""
            state.unread.append(number)

    def _stat(self, path: bytes, state: WorkTreeState) -> os.stat_result | None:
        """Stat data of a file or link; None if there is none, the reason in `excluded` if any."""
        if not is_capturable(path):
            if is_reserved(path):
                state.excluded[path] = RESERVED
            elif len(path) > MOST_PATH:
                state.excluded[path] = "a path too long to be written again"
            return None
        if not state.folders.is_real(self.top, path.rpartition(b"/")[0]):
            return None
        try:
            now = os.stat(path, dir_fd=self.top, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            state.excluded[path] = f"cannot be reached: {error.strerror}"
            return None
        if stat.S_ISREG(now.st_mode) or stat.S_ISLNK(now.st_mode):
            return now
        if not stat.S_ISDIR(now.st_mode):
            state.excluded[path] = describe_kind(now.st_mode)
        return None

    def _exclude_large(self, state: WorkTreeState, listing: PathListing) -> None:
        """Moves what is too large to `excluded`; of the untracked files, the largest first."""
        rows, limits = state.rows, self.limits
        most = format_size_limit(limits.file_bytes)
        large = {n: size for n, size in enumerate(rows.sizes) if size > limits.file_bytes}
        out = {n: f"larger than {most}: {format_size_limit(size)}" for n, size in large.items()}
        index = rows.index() if listing.untracked else {}
        loose = {index[path] for path in listing.untracked if path in index} - out.keys()
        by_size = sorted((rows.sizes[number], number) for number in loose)
        total = sum(size for size, _ in by_size)
        while total > limits.untracked_bytes:
            size, number = by_size.pop()
            total -= size
            most = format_size_limit(limits.untracked_bytes)
            out[number] = f"untracked files exceed {most} in all: {format_size_limit(size)}"
        self._exclude_rows(state, out)

    def _exclude_rows(self, state: WorkTreeState, out: dict[int, str]) -> None:
        if out:
            state.excluded.update((state.rows.paths[number], why) for number, why in out.items())
            self._select_rows(state, [n for n in range(len(state.rows)) if n not in out])

    @staticmethod
    def _select_rows(state: WorkTreeState, numbers: Sequence[int]) -> None:
        """Keeps these rows, in this order."""
        unread = {state.rows.paths[number] for number in state.unread}
        state.rows = state.rows.select(numbers)
        index = state.rows.index()
        state.unread = sorted(index[path] for path in unread if path in index)

    def _nested_scan(self) -> NestedScan:
        limits = self.limits

        def read(path: bytes) -> tuple[bytes | str, os.stat_result, Extras | None]:
            self.seconds_left()
            return self._read(path)

        return NestedScan(
            self.top,
            read,
            lambda data: blob_id(self.git, data),
            limits.file_bytes,
            limits.untracked_bytes,
            self._known_git,
        )

    def read_contents(self, state: WorkTreeState) -> Iterator[tuple[bytes, bytes]]:
        """Id and bytes of every blob that is read; fills in blob ids and stat data.

        At the end what could not be read is gone from the rows.
        """
        lost: dict[int, str] = {}
        for number in state.unread:
            self.seconds_left()
            path = state.rows.paths[number]
            state.rows.extras.pop(path, None)
            try:
                data, now, extras = self._read(path)
            except FileNotFoundError:
                lost[number] = ""
                continue
            except OSError as error:
                lost[number] = f"cannot be read: {error.strerror}"
                continue
            if isinstance(data, str):
                lost[number] = data
                continue
            state.rows.update(number, now)
            blob = state.rows.blobs[number] = blob_id(self.git, data)
            if extras is not None:
                state.rows.extras[path] = extras
            yield blob, data
        state.unread = []
        vanished = {state.rows.paths[number] for number, why in lost.items() if not why}
        self._exclude_rows(state, lost)
        for path in vanished:
            del state.excluded[path]
        yield from state.nested_git.scan(state.folders.git_entries)

    def _read(self, path: bytes) -> tuple[bytes | str, os.stat_result, Extras | None]:
        """The bytes of a file or the target of a link, with stat data and extras that belong to them;
        the reason in place of the bytes where there is no moment to which they all belong."""
        for _ in range(_TRIES):
            before = os.stat(path, dir_fd=self.top, follow_symlinks=False)
            if not self._is_at_rest(before):
                continue
            if stat.S_ISLNK(before.st_mode):
                data: bytes | str = os.readlink(path, dir_fd=self.top)
                opened, extras = before, None
            else:
                data, opened, extras = self._read_file(path)
            after = os.stat(path, dir_fd=self.top, follow_symlinks=False)
            if is_same_stat(before, after) and is_same_stat(before, opened):
                return data, before, extras
        return CHANGED, before, None

    def _is_at_rest(self, status: os.stat_result) -> bool:
        """Whether one more write would show in the times of a file; waits a moment for it, if need be."""
        coarse = status.st_ctime_ns % 1_000_000_000 == 0
        rest = status.st_ctime_ns + (_COARSE_REST_NS if coarse else _REST_NS) - time.time_ns()
        if rest <= 0 or rest > _COARSE_REST_NS or self._rest_s <= 0:
            # A time that lies in the future says nothing, however long one waits.
            return rest <= 0 or rest > _COARSE_REST_NS
        self._rest_s -= rest / 1e9
        time.sleep(rest / 1e9)
        return False

    def _read_file(self, path: bytes) -> tuple[bytes | str, os.stat_result, Extras | None]:
        """All bytes of a regular file, or that they are more than the limit; its stat data, extras."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        with open(os.open(path, flags, dir_fd=self.top), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileNotFoundError(2, "is no regular file any more")
            extras = read_extras(file.fileno(), status)
            pieces: list[bytes] = []
            total = 0
            while piece := file.read(min(status.st_size + 1, _CHUNK)):
                pieces.append(piece)
                total += len(piece)
                if total > self.limits.file_bytes:
                    grown = f"grew beyond {format_size_limit(self.limits.file_bytes)}"
                    return grown, status, extras
            return b"".join(pieces), status, extras


def blob_id(git: Git, data: bytes) -> bytes:
    """The raw id git gives a blob with these bytes."""
    new = hashlib.new(git.object_format, usedforsecurity=False)
    new.update(b"blob %d\0" % len(data))
    new.update(data)
    return new.digest()
