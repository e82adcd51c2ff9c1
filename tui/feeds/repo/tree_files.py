"""The files of a state of the repository, a commit or the work tree with its new files; the id of its tree."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
from tui.system.beneath import open_beneath
from tui.system.errors import OvernightError
from tui.system.repository_names import is_object_id, path_fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui.system.git import Git

EntryKind = Literal["file", "link", "folder", "other", "none", "unknown"]
MOST_TEXT = 1 << 20
_LISTING_SECONDS, _LISTING_BYTES = 5.0, 16 << 20
_READ_SECONDS = 5.0
_SEARCH_SECONDS = 3.0
_NUL_SEARCH_BYTES = 8_000
_MOST_DIRTY, _MOST_DIRTY_BYTES = 2_000, 32 << 20
_TYPES: dict[str, EntryKind] = {"blob": "file", "tree": "folder", "commit": "other"}


class TreeFiles:
    """Files by their paths from the top, untrusted: nothing is read outside the tree, nothing raises.

    `commit` is the id of the commit whose tree it is; empty for the work tree as it stands.
    """

    def __init__(self, git: Git, commit: str = "") -> None:
        self._git, self._commit = git, commit
        self._top = Path(git.work_tree)

    @cached_property
    def names(self) -> tuple[bytes, ...]:
        """Paths of the files that git tracks or would take; a bounded number of them."""
        args: tuple[str, ...] = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        if self._commit:
            args = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", self._commit)
        try:
            budget = ReadBudget(_LISTING_SECONDS, _LISTING_BYTES)
            data = run_bounded(self._git, args, budget).data
        except (OvernightError, OSError):
            return ()
        return tuple(dict.fromkeys(data.split(b"\0")[:-1]))

    @cached_property
    def by_end(self) -> dict[bytes, list[bytes]]:
        """The paths by their last part in lower case, those of folders too."""
        found: dict[bytes, list[bytes]] = {}
        folders: dict[bytes, None] = {}
        for name in self.names:
            found.setdefault(name.rpartition(b"/")[2].lower(), []).append(name)
            above = name.rpartition(b"/")[0]
            while above and above not in folders:
                folders[above] = None
                above = above.rpartition(b"/")[0]
        for name in folders:
            found.setdefault(name.rpartition(b"/")[2].lower(), []).append(name)
        return found

    def kind(self, path: bytes) -> EntryKind:
        """What stands at the path; "unknown" where that cannot be told without leaving the tree."""
        if path_fault(path):
            return "unknown"
        return self._committed_kind(path) if self._commit else self._kind_on_disk(path)

    def _committed_kind(self, path: bytes) -> EntryKind:
        asked = f"{self._commit}:".encode() + path
        if b"\n" in path:
            return "file" if path in self.names else "none"
        try:
            args = ("cat-file", "--batch-check=%(objecttype)")
            out = self._git.run(args, input=asked + b"\n", timeout=_READ_SECONDS)
        except (OvernightError, OSError):
            return "unknown"
        word = out.decode("ascii", "replace").strip()
        return _TYPES.get(word, "none")

    def blob_ids(self, paths: Sequence[bytes]) -> dict[bytes, str]:
        """What stands at paths of the commit, as ids; empty for what is not there. `GitError` as from git."""
        asked = [path for path in paths if b"\n" not in path]
        lines = b"".join(b"%s:%s\n" % (self._commit.encode(), path) for path in asked)
        args = ("cat-file", "--batch-check=%(objectname)")
        told = self._git.run(args, input=lines).decode("ascii", "replace").splitlines()
        pairs = zip(asked, told, strict=False)
        return {path: line if is_object_id(line) else "" for path, line in pairs}

    def _kind_on_disk(self, path: bytes) -> EntryKind:
        facts = self.status(path)
        if facts is None:
            return "unknown"
        if not isinstance(facts, os.stat_result):
            return "none"
        if stat.S_ISREG(facts.st_mode):
            return "file"
        if stat.S_ISLNK(facts.st_mode):
            return "link"
        return "folder" if stat.S_ISDIR(facts.st_mode) else "other"

    def status(self, path: bytes) -> os.stat_result | Literal["none"] | None:
        """The facts of the path on disk; None where that cannot be told."""
        if self._commit or path_fault(path):
            return None
        folder, _, name = path.rpartition(b"/")
        try:
            with _opened(self._top) as top:
                above = open_beneath(top, folder or b".", os.O_RDONLY | os.O_DIRECTORY, follow=True)
                try:
                    return os.stat(name, dir_fd=above, follow_symlinks=False)
                finally:
                    os.close(above)
        except (FileNotFoundError, NotADirectoryError):
            return "none"
        except OSError:
            return None

    def read(self, path: bytes) -> bytes | None:
        """The first `MOST_TEXT` bytes of a file; None for what is no file, or leads outside."""
        if path_fault(path):
            return None
        return self._committed_bytes(path) if self._commit else self._bytes_on_disk(path)

    def read_text(self, path: bytes) -> str | None:
        """The same as text; None for bytes that are no text."""
        data = self.read(path)
        if data is None or b"\0" in data[:_NUL_SEARCH_BYTES]:
            return None
        return data.decode("utf-8", "replace")

    def _committed_bytes(self, path: bytes) -> bytes | None:
        asked = f"{self._commit}:{os.fsdecode(path)}"
        budget = ReadBudget(_READ_SECONDS, MOST_TEXT)
        try:
            return run_bounded(self._git, ("cat-file", "blob", asked), budget).data
        except (OvernightError, OSError, ValueError):
            return None

    def _bytes_on_disk(self, path: bytes) -> bytes | None:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
        try:
            with _opened(self._top) as top:
                descriptor = open_beneath(top, path, flags, follow=True)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return None
                return os.read(descriptor, MOST_TEXT)
            finally:
                os.close(descriptor)
        except OSError:
            return None

    def holding(self, word: str) -> list[bytes]:
        """Files of text that hold the word, git's own ignored ones left out; as many as the bounds allow."""
        if not word or "\n" in word or "\0" in word:
            return []
        how = ("-l", "-z", "-F", "-w", "-I", "--full-name", "--threads=2", "-e", word)
        args = ("grep", *how, *((self._commit,) if self._commit else ("--untracked",)), "--")
        try:
            budget = ReadBudget(_SEARCH_SECONDS, _LISTING_BYTES)
            data = run_bounded(self._git, args, budget).data
        except (OvernightError, OSError):  # git grep also fails where it finds nothing
            return []
        skipped = len(self._commit) + 1 if self._commit else 0
        return [name[skipped:] for name in data.split(b"\0")[:-1]]

    def is_ignored(self, path: bytes) -> bool:
        """Whether git leaves the path alone: nothing tells how it stood before."""
        # With the folder before it no name is read as more than a name.
        asked, env = b"./" + path + b"\0", {"GIT_LITERAL_PATHSPECS": "0"}
        args = ("check-ignore", "--no-index", "-z", "--stdin")
        try:
            return bool(self._git.run(args, input=asked, env=env, check=False))
        except (OvernightError, OSError):
            return False


def work_tree_id(git: Git, head: str, dirty: Sequence[bytes]) -> str | None:
    """The tree that a commit of everything would have; None where more is `dirty` than is cheap to read.

    `dirty` are the paths that differ from the commit `head`. What git ignores is not in it, nor what lies
    in repositories below. Nothing is written into the repository.
    """
    try:
        if not dirty:
            return git.read_line(("rev-parse", "--verify", "--quiet", f"{head}^{{tree}}"))
        sizes = (_size(os.path.join(os.fsencode(git.work_tree), name)) for name in dirty)
        if len(dirty) > _MOST_DIRTY or sum(sizes) > _MOST_DIRTY_BYTES:
            return None
        entries = _listed(git, head) if head else {}
        if entries is None or not _put_changed(git, dirty, entries):
            return None
        return _tree_id(entries, git.object_format)
    except (OvernightError, OSError, ValueError):
        return None


_Entry = tuple[bytes, str]
"""Mode and object id of a file."""


def _listed(git: Git, commit: str) -> dict[bytes, _Entry] | None:
    """The files of a commit; None where they are too many."""
    args = ("ls-tree", "-r", "-z", "--full-tree", commit)
    found = run_bounded(git, args, ReadBudget(_LISTING_SECONDS, _LISTING_BYTES))
    if not found.is_whole:
        return None
    entries: dict[bytes, _Entry] = {}
    for row in found.data.split(b"\0")[:-1]:
        facts, _, path = row.partition(b"\t")
        mode, _, blob = facts.split(b" ")
        entries[path] = mode, blob.decode("ascii")
    return entries


def _put_changed(git: Git, names: Sequence[bytes], entries: dict[bytes, _Entry]) -> bool:
    """The files as they lie in the work tree in place of those of the commit; False for what git does not take.

    Git only names their blobs. Had it to write them, it would touch those that the repository has already.
    """
    plain: list[bytes] = []
    for name in names:
        path = os.path.join(os.fsencode(git.work_tree), name)
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            entries.pop(name, None)
            continue
        if stat.S_ISLNK(mode):
            entries[name] = b"120000", _object_id(b"blob", os.readlink(path), git.object_format)
        elif stat.S_ISREG(mode) and b"\n" not in name:
            entries[name] = (b"100755" if mode & 0o100 else b"100644"), ""
            plain.append(name)
        else:
            return False
    asked = b"".join(name + b"\n" for name in plain)
    blobs = git.run(("hash-object", "--stdin-paths"), input=asked).split() if plain else []
    for name, blob in zip(plain, blobs, strict=True):
        entries[name] = entries[name][0], blob.decode("ascii")
    return True


def _tree_id(entries: dict[bytes, _Entry], format: str) -> str:
    """The id of the tree that holds these files, as git counts it (git-write-tree)."""
    folders: dict[bytes, dict[bytes, _Entry]] = {}
    rows: list[tuple[bytes, bytes, str]] = []
    for path, (mode, blob) in entries.items():
        first, slash, rest = path.partition(b"/")
        if slash:
            folders.setdefault(first, {})[rest] = mode, blob
        else:
            rows.append((first, mode, blob))
    rows += [(name, b"40000", _tree_id(held, format)) for name, held in folders.items()]
    # Git compares the name of a folder as if a slash ended it.
    rows.sort(key=lambda row: row[0] + (b"/" if row[1] == b"40000" else b""))
    body = b"".join(b"%s %s\0" % (mode, name) + bytes.fromhex(id) for name, mode, id in rows)
    return _object_id(b"tree", body, format)


def _object_id(kind: bytes, body: bytes, format: str) -> str:
    head = b"%s %d\0" % (kind, len(body))
    return hashlib.new(format, head + body, usedforsecurity=False).hexdigest()


def _size(path: bytes) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
