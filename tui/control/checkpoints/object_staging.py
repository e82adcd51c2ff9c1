"""A private repository in which objects are made before they are published.

A small bare repository in our own state folder: settings that nobody else writes, no hooks, and the
real objects as its alternates. One `git fast-import` writes into it, raw bytes in, no filter asked.
Only when all is there do the objects get into the repository (`repository_store`). Killed at any
moment, what remains lies in this folder, and the next to hold the lock removes it.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self, cast

from tui.control.checkpoints.repository_store import KEEP, RepositoryStore
from tui.store.checkpoint_registry import CheckpointRegistry
from tui.system.beneath import open_beneath
from tui.system.errors import CheckpointError
from tui.system.files import atomic_write, make_folder, read_small
from tui.system.git import Git, kill_process_group, spool, wait_process
from tui.system.locks import acquire_lock, is_locked

_COMMITTER = b"overnight-tui <overnight-tui@localhost>"
_LAST_WORDS_SECONDS = 2.0
_PRIVATE = "making"
_REF = "refs/heads/made"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,100}")
# What version 0.1 kept in the git dir, and may have left there when it was killed.
_OLD_FOLDERS = ("making", "taking")
_OLD_FILES = ("seen", "lock")
# Names that other systems reserve are captured all the same, so their protection is off. Nothing is
# flushed here: that is done when it is linked. Up to 100 objects become loose ones, more a pack.
_SETTINGS = """\
[core]
	sharedRepository = 0600
	logAllRefUpdates = false
\trepositoryFormatVersion = {version}
\tbare = true
\tprotectNTFS = false
\tprotectHFS = false
\tfsync = none
\tlooseCompression = 1
[pack]
\tcompression = 1
[fastimport]
\tunpackLimit = 100
[extensions]
{extensions}"""


def private_area(git: Git) -> Path:
    """The private folder, in our state, of this work tree's checkpoints; made if missing."""
    return CheckpointRegistry(git.common_dir).folder(_area_name(git))


def private_place(git: Git) -> Path:
    """Where that folder is, whether or not it exists; makes nothing."""
    return CheckpointRegistry(git.common_dir).place(_area_name(git))


def _area_name(git: Git) -> str:
    """The name of a work tree's folder; what a linked one is called is up to whoever made it."""
    name = git.worktree_id
    if _PLAIN_NAME.fullmatch(name):
        return name
    import hashlib

    return "wt+" + hashlib.blake2b(os.fsencode(name), digest_size=16).hexdigest()


@contextmanager
def checkpoint_lock(git: Git, seconds: float) -> Iterator[int]:
    """Holds the one lock on this work tree's checkpoints; dies with the process and its git.

    Raises `CheckpointError` if somebody else holds it longer than `seconds`.
    """
    descriptor = acquire_lock(private_area(git) / "lock", seconds)
    if descriptor is None:
        raise CheckpointError(
            f"another checkpoint of {git.work_tree} has been under way for "
            f"{seconds:g} s; try again when it is done"
        )
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class PrivateGit(Git):
    """Runs git in a repository of the private area, as hardened as elsewhere; its settings are ours."""

    def __init__(self, folder: Path, like: Git) -> None:
        self.work_tree = self.git_dir = self.common_dir = folder
        self.outside = like.outside
        self.worktree_id, self.object_format, self.zero = "main", like.object_format, like.zero

    def _configured_programs(self) -> set[str]:
        return set()


class PrivateRepository:
    """A bare repository in the private area; the real one's objects are its alternates."""

    def __init__(self, git: Git, name: str) -> None:
        self._real = git
        self.folder = private_area(git) / name
        self.git = PrivateGit(self.folder, git)

    def create(self) -> None:
        """Makes what is missing of the repository; whatever is there already stays.

        RefusedError where the real one's folders of objects are links.
        """
        folder, common = self.folder, self._real.common_dir
        with RepositoryStore(self._real) as store:
            store.check_objects()
        for part in ("", "refs", "objects", "objects/info", "objects/pack"):
            make_folder(folder / part)
        _write_if_changed(folder / "HEAD", b"ref: refs/heads/none\n")
        sha256 = self._real.object_format == "sha256"
        extensions = "\tobjectFormat = sha256\n" if sha256 else ""
        settings = _SETTINGS.format(version=int(sha256), extensions=extensions)
        _write_if_changed(folder / "config", settings.encode())
        sources = [common / "objects", *_alternates(common / "objects")]
        lines = b"".join(quote_path(os.fsencode(source)) + b"\n" for source in sources)
        _write_if_changed(folder / "objects/info/alternates", lines)

    def publish(self) -> list[str]:
        """Puts every new object into the repository, durably; the ids of the loose ones.

        Its packs are kept from every prune until `unpin`. May be called again after somebody pruned
        the loose ones.
        """
        loose = list((self.folder / "objects").glob("??/*"))
        for pack in self._packs():
            pack.with_suffix(KEEP).touch(0o400)
        # Git finds a pack by its index, so that is linked last.
        packs = sorted((self.folder / "objects/pack").iterdir(), key=lambda p: p.suffix == ".idx")
        files = [p for p in (*loose, *packs) if not p.name.startswith("tmp_")]
        with RepositoryStore(self._real) as store:
            store.add_objects(files)
        return [path.parent.name + path.name for path in loose]

    def pin_during_prune(self) -> None:
        """Publishes the loose objects as a pack too, while a `git gc` is at work here or has just
        pruned them.

        What that one prunes it chose by the refs that it read first. No ref that is made later keeps
        a loose object from it, and until all is published again the ref would name nothing.
        """
        loose = list((self.folder / "objects").glob("??/*"))
        if loose and not self._packs() and self._may_be_pruned(loose):
            names = "".join(f"{path.parent.name}{path.name}\n" for path in loose)
            order = ("pack-objects", "-q", str(self.folder / "objects/pack/pack"))
            self.git.run(order, input=names.encode())
            self.publish()

    def _may_be_pruned(self, loose: Sequence[Path]) -> bool:
        common = self._real.common_dir
        if os.path.lexists(common / "gc.pid"):
            return True
        # Asked after that file, so no gc that began before can end unseen in between.
        real = common / "objects"
        return not all(os.path.lexists(real / path.parent.name / path.name) for path in loose)

    def unpin(self) -> None:
        """Lets the next `git gc` treat the packs like all others: a ref names what is in them."""
        if packs := self._packs():
            with RepositoryStore(self._real) as store:
                store.unpin_packs(pack.stem for pack in packs)

    def _packs(self) -> list[Path]:
        return list((self.folder / "objects/pack").glob("pack-*.pack"))

    def clear(self) -> None:
        """Removes what git made and keeps the folders, which cost more to make and to remove."""
        for path in self.objects():
            path.unlink(missing_ok=True)

    def objects(self) -> list[Path]:
        """The files that a run of git left here."""
        patterns = ("objects/??/*", "objects/pack/*", "objects/tmp_*", "fast_import_crash_*")
        return [path for p in (*patterns, "refs/**/*made*") for path in self.folder.glob(p)]


class PipedGit:
    """A git with pipes that is killed after `seconds`, and at the end of a `with` at the latest."""

    def __init__(self, git: Git, args: Sequence[str], seconds: float, **extra: Any) -> None:
        from threading import Timer

        self._process = git.pipe(args, **extra)
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._guard = Timer(seconds, kill_process_group, (self._process,))
        self._guard.daemon = True
        self._guard.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._guard.cancel()
        kill_process_group(self._process)
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):  # bytes that a dead git did not take
                pipe.close()


class ObjectStaging(PipedGit):
    """One `fast-import` under way, killed after `seconds`; at the end its folder is emptied.

    It inherits `lock`: while it lives no other process can get the lock and remove its objects.
    """

    def __init__(self, git: Git, lock: int, seconds: float) -> None:
        self.repository = PrivateRepository(git, _PRIVATE)
        self.repository.create()
        self.repository.clear()
        self._complaint = spool()
        args = ("fast-import", "--quiet", "--done", "--date-format=raw")
        private = self.repository.git
        super().__init__(
            private, args, seconds, stderr=self._complaint, pass_fds=(lock,), umask=0o077
        )
        self._marks = 0

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._complaint.close()
        self.repository.clear()

    # --- writing ---

    def _send(self, *parts: bytes) -> None:
        try:
            self._stdin.writelines(parts)
        except OSError as error:
            raise CheckpointError(f"git fast-import ended early: {self._failure()}") from error

    def add_blob(self, data: bytes) -> None:
        """Stores a file's bytes."""
        self._send(b"blob\ndata %d\n" % len(data), data, b"\n")

    def begin_commit(self, at: float, message: str, parents: tuple[str, ...] = ()) -> int:
        """Begins a commit; its tree is what `tree`, `put` and `remove` say until the next. A parent
        is a commit's id or ":N" for the commit that returned N."""
        self._marks += 1
        stamp = b"%d +0000" % int(at)
        text = message.encode("utf-8", "surrogateescape")
        self._send(b"commit %s\nmark :%d\n" % (_REF.encode(), self._marks))
        self._send(b"committer %s %s\ndata %d\n%s\n" % (_COMMITTER, stamp, len(text), text))
        for number, parent in enumerate(parents):
            self._send(b"%s %s\n" % (b"merge" if number else b"from", parent.encode()))
        self._send(b"deleteall\n")
        return self._marks

    def put_tree(self, tree: str, path: bytes = b"") -> None:
        """Puts a whole stored tree at `path`, the top if empty."""
        self.put(0o040000, tree, path)

    def put(self, mode: int, blob: str, path: bytes) -> None:
        """Puts a stored object at `path`."""
        self._send(b"M %06o %s %s\n" % (mode, blob.encode(), quote_path(path)))

    def put_text(self, text: bytes, path: bytes) -> None:
        """Puts a new file with these bytes at `path`."""
        self._send(b"M 100644 inline %s\ndata %d\n" % (quote_path(path), len(text)), text, b"\n")

    def remove(self, path: bytes) -> None:
        """Takes `path` away."""
        self._send(b"D %s\n" % quote_path(path))

    def begin_branch(self) -> None:
        """The next commit shares nothing with the last."""
        self._send(b"reset %s\n\n" % _REF.encode())

    def finish(self, seconds: float) -> str:
        """The id of the last commit, once git has written everything."""
        try:
            self._send(b"done\n")
            self._stdin.close()
            code = wait_process(self._process, seconds)
        except subprocess.TimeoutExpired as error:
            raise CheckpointError(f"git fast-import was not done after {seconds:g} s") from error
        except OSError as error:
            raise CheckpointError(f"git fast-import ended early: {self._failure()}") from error
        if code:
            raise CheckpointError(f"git fast-import failed: {self._failure()}")
        return (self.repository.folder / _REF).read_text().strip()

    def _failure(self) -> str:
        # It closes its input before it says why.
        with suppress(subprocess.TimeoutExpired):
            wait_process(self._process, _LAST_WORDS_SECONDS)
        kill_process_group(self._process)
        self._complaint.seek(0)
        match = re.search(rb"(?:fatal|error): ([^\n]*)", self._complaint.read())
        text = match[1].decode("utf-8", "replace") if match else self._likely_reason()
        return "".join(c if c.isprintable() else "?" for c in text)[:300]

    def _likely_reason(self) -> str:
        """For a git that was killed, or could not even write down why it failed."""
        with suppress(OSError):
            if os.statvfs(self.repository.folder).f_bavail == 0:
                return os.strerror(errno.ENOSPC)
        return "it gave no reason"


def remove_leftovers(git: Git, refs: Iterable[str]) -> None:
    """Removes what killed predecessors left behind; call it with the lock held.

    `refs` are those of this work tree that there are.
    """
    repository = PrivateRepository(git, _PRIVATE)
    left = repository.objects()
    partial = list(private_area(git).glob("*.new"))
    with RepositoryStore(git) as store:
        if left:
            packs = [p.stem for p in (repository.folder / "objects/pack").glob("pack-*.pack")]
            store.remove_partial([stem for stem in packs if not store.has_pack_index(stem)])
            store.unpin_packs(packs)
        store.remove_stale_locks(git.worktree_id, refs)
    _remove_old_area(git)
    # The objects go last: killed before, the next sweep still finds them and looks for the rest.
    for path in (*partial, *left):
        path.unlink(missing_ok=True)


def _remove_old_area(git: Git) -> None:
    """Removes what version 0.1 kept in the git dir, if it is what it looks like: real folders of ours.

    A link there is left alone, and so is everything while that version is at work.
    """
    place = git.common_dir / "overnight" / git.worktree_id
    if not os.path.lexists(place):
        return
    with suppress(OSError):
        top = os.open(git.common_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            inside = os.fsencode(os.path.join("overnight", git.worktree_id))
            area = open_beneath(top, inside, flags)
            try:
                if os.fstat(area).st_uid == os.geteuid() and not is_locked(place / "lock"):
                    _empty_old_area(area)
            finally:
                os.close(area)
            with suppress(OSError):
                os.rmdir(inside, dir_fd=top)
                os.rmdir(b"overnight", dir_fd=top)
        finally:
            os.close(top)


def _empty_old_area(area: int) -> None:
    for name in _OLD_FILES:
        with suppress(OSError):
            os.unlink(name, dir_fd=area)
    for name in _OLD_FOLDERS:
        with suppress(OSError):
            status = os.stat(name, dir_fd=area, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                # It follows no link, neither at this name nor below it.
                shutil.rmtree(name, ignore_errors=True, dir_fd=area)


def _write_if_changed(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        atomic_write(path, data, sync=False)


def quote_path(path: bytes) -> bytes:
    """A path as fast-import and alternates files read it, whatever bytes are in it."""
    inner = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + inner + b'"'


def _alternates(objects: Path) -> list[Path]:
    """Where the repository itself borrows objects; git would not follow relative ones from us."""
    lines = read_small(objects / "info/alternates").split(b"\n")
    plain = [line for line in lines if line and line[:1] not in (b"#", b'"')]
    return [Path(os.path.normpath(objects / os.fsdecode(line))) for line in plain]
