"""Objects and refs of the person's repository, written without following any link that lies in it.

Who can write into a git dir can put a link to another repository at any place of it. So every folder is
opened from the git dir downwards, and what is no real folder is refused before anything is written.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from tui.system.beneath import open_beneath
from tui.system.errors import CheckpointError, RefusedError
from tui.system.files import read_small
from tui.system.git import Git
from tui.system.repository_names import check_object_id, check_ref

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_REAL_FOLDER = (errno.ELOOP, errno.ENOTDIR, errno.EXDEV)
_PARTIAL = b"tmp_overnight_"
# Git neither prunes nor repacks a pack that has a file with this ending beside it.
KEEP = ".keep"
# A `git gc` at the same time may remove a folder between making it and writing into it.
_MOST_TRIES = 20
# No reflog: it would keep retired checkpoints alive.
_NO_LOG = {"core.logAllRefUpdates": "false", "core.fsync": "default,reference"}
_REFS = "refs/overnight"


class RepositoryStore:
    """The git dir that all work trees of a repository share, open for writing objects and refs.

    RefusedError where it is not that of this work tree.
    """

    def __init__(self, git: Git) -> None:
        check_own_repository(git)
        self._git = git
        self._top = os.open(git.common_dir, _FOLDER)
        self._folders: dict[bytes, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in (self._top, *self._folders.values()):
            os.close(descriptor)

    # --- folders ---

    def _folder(self, path: bytes, *, make: bool = False) -> int:
        """A real folder below the git dir; RefusedError where a link or a file stands in its place."""
        known = self._folders.get(path)
        if known is not None:
            return known
        try:
            descriptor = open_beneath(self._top, path, _FOLDER)
        except FileNotFoundError:
            if not make:
                raise
            above, _, name = path.rpartition(b"/")
            parent = self._folder(above, make=True) if above else self._top
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=parent)
            descriptor = self._open_again(path)
            os.fsync(parent)
        except OSError as error:
            raise self._explain(path, error) from error
        self._folders[path] = descriptor
        return descriptor

    def _open_again(self, path: bytes) -> int:
        try:
            return open_beneath(self._top, path, _FOLDER)
        except OSError as error:
            raise self._explain(path, error) from error

    def _explain(self, path: bytes, error: OSError) -> Exception:
        if error.errno not in _NO_REAL_FOLDER:
            return error
        place = self._git.common_dir / os.fsdecode(path)
        return RefusedError(
            f"{place}, or a folder above it in the git dir, is a link or no folder, so nothing is "
            "written there; if you did not make it, somebody else did: remove it"
        )

    def _forget(self, path: bytes) -> None:
        descriptor = self._folders.pop(path, None)
        if descriptor is not None:
            os.close(descriptor)

    # --- objects ---

    def check_objects(self) -> None:
        """RefusedError where a folder of objects is a link: git would touch what lies behind it."""
        with os.scandir(self._folder(b"objects")) as entries:
            for entry in entries:
                is_folder = len(entry.name) == 2 or entry.name in ("pack", "info")
                if is_folder and not entry.is_dir(follow_symlinks=False):
                    link = OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                    raise self._explain(b"objects/" + os.fsencode(entry.name), link)

    def add_objects(self, files: Sequence[Path]) -> None:
        """Puts the files of another object store into this one, durably; each keeps folder and name.

        Git finds a pack by its index, so that comes last in `files`.
        """
        _flush(files)
        self._folder(b"objects")
        folders = [b"objects/" + os.fsencode(path.parent.name) for path in files]
        for path, folder in zip(files, folders, strict=True):
            self._add_object(path, folder)
        for folder in dict.fromkeys(folders):
            with suppress(FileNotFoundError):
                os.fsync(self._folder(folder))
        os.fsync(self._folder(b"objects"))

    def _add_object(self, source: Path, folder: bytes) -> None:
        for _ in range(_MOST_TRIES):
            try:
                target = self._folder(folder, make=True)
            except FileNotFoundError:  # taken away between making and opening it
                continue
            try:
                os.link(source, source.name, dst_dir_fd=target, follow_symlinks=False)
                return
            except FileExistsError:
                return
            except FileNotFoundError:
                if not source.exists():  # pruned by hand; the check that follows notices
                    return
                self._forget(folder)  # a git that packs objects takes away empty folders
            except OSError:  # another file system, or one without hard links
                if self._copy_object(source, target):
                    return
                self._forget(folder)
        place = self._git.common_dir / os.fsdecode(folder)
        raise CheckpointError(f"{place} vanishes as often as it is made")

    @staticmethod
    def _copy_object(source: Path, target: int) -> bool:
        """Copies it in one visible step; False where the folder is gone."""
        name = os.fsencode(source.name)
        partial = _PARTIAL + name
        with suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=target)
        try:
            descriptor = os.open(partial, _NEW, 0o444, dir_fd=target)
        except FileNotFoundError:
            return False
        with open(descriptor, "wb") as copy, open(source, "rb") as original:
            shutil.copyfileobj(original, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        os.rename(partial, name, src_dir_fd=target, dst_dir_fd=target)
        return True

    def has_pack_index(self, stem: str) -> bool:
        """Whether the repository knows a pack of that name."""
        with suppress(FileNotFoundError):
            return _exists(f"{stem}.idx", self._folder(b"objects/pack"))
        return False

    def unpin_packs(self, stems: Iterable[str]) -> None:
        """Takes away what keeps packs of these names from being pruned."""
        for stem in stems:
            with suppress(FileNotFoundError):
                os.unlink(stem + KEEP, dir_fd=self._folder(b"objects/pack"))

    def remove_partial(self, stems: Iterable[str] = ()) -> None:
        """Removes copies that a kill left half written, and packs of these names without an index."""
        try:
            names = os.listdir(self._folder(b"objects"))
        except FileNotFoundError:
            return
        prefixes = tuple(f"{stem}." for stem in stems)
        for name in names:
            if len(name) != 2 and name != "pack":
                continue
            with suppress(FileNotFoundError, RefusedError):
                folder = self._folder(b"objects/" + os.fsencode(name))
                for file in os.listdir(folder):
                    is_pack = bool(prefixes) and name == "pack" and file.startswith(prefixes)
                    if file.startswith(os.fsdecode(_PARTIAL)) or is_pack:
                        with suppress(FileNotFoundError):
                            os.unlink(file, dir_fd=folder)

    # --- refs ---

    def create_ref(self, ref: str, commit: str) -> bool:
        """Creates a ref of ours, durably; False, and nothing done, if there is something of that name.

        RefusedError where a link stands in the way or another git holds it.
        """
        check_ref(ref)
        check_object_id(commit, "a new ref")
        if (self._git.common_dir / "reftable").exists():
            order = ("update-ref", "--no-deref", ref, commit, self._git.zero)
            return self._git.read_line(order, config=_NO_LOG) is not None
        above, _, name = ref.rpartition("/")
        # Written by hand: git would follow a link that somebody puts here at the same moment.
        for _ in range(_MOST_TRIES):
            folder = self._folder(os.fsencode(above), make=True)
            lock = f"{name}.lock"
            try:
                descriptor = os.open(lock, _NEW, 0o666, dir_fd=folder)
            except FileExistsError as error:
                raise RefusedError(f"{self._git.common_dir / ref}.lock is there already") from error
            except FileNotFoundError:  # git takes away empty folders of refs
                self._forget(os.fsencode(above))
                continue
            if _exists(name, folder):
                os.close(descriptor)
                os.unlink(lock, dir_fd=folder)
                return False
            with open(descriptor, "wb") as file:
                file.write(commit.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.rename(lock, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
            return True
        raise CheckpointError(f"{self._git.common_dir / above} vanishes as often as it is made")

    def delete_refs(self, refs: Sequence[tuple[str, str]]) -> None:
        """Deletes these refs, each if it still names that commit.

        RefusedError, and nothing is deleted, where git would follow a link on the way.
        """
        if not refs:
            return
        for ref, _ in refs:
            self._check_no_links(ref)
        self._check_real_file(b"packed-refs")
        commands = b"".join(b"delete %s %s\n" % (ref.encode(), c.encode()) for ref, c in refs)
        self._git.run(("update-ref", "--no-deref", "--stdin"), input=commands)

    def _check_no_links(self, ref: str) -> None:
        check_ref(ref)
        for place in (ref, f"logs/{ref}"):
            with suppress(FileNotFoundError):
                self._folder(os.fsencode(place.rpartition("/")[0]))
                self._check_real_file(os.fsencode(place))

    def _check_real_file(self, path: bytes) -> None:
        above, _, name = path.rpartition(b"/")
        parent = self._folder(above) if above else self._top
        with suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):
                raise self._explain(path, OSError(errno.ELOOP, "is a link"))

    def remove_stale_locks(self, work_tree: str, known: Iterable[str]) -> None:
        """Removes lock files of refs of that work tree that do not exist; `known` are those that do.

        Refs there are created under the lock on checkpoints only, so nobody else holds these.
        """
        refs = set(known)
        top = f"{_REFS}/{work_tree}"
        for session, folder in self._session_folders(top):
            for name in os.listdir(folder):
                if name.endswith(".lock") and f"{top}/{session}/{name[:-5]}" not in refs:
                    with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
                        os.unlink(name, dir_fd=folder)

    def _session_folders(self, top: str) -> Iterator[tuple[str, int]]:
        with suppress(FileNotFoundError, RefusedError):
            for session in os.listdir(self._folder(os.fsencode(top))):
                with suppress(FileNotFoundError, RefusedError):
                    yield session, self._folder(os.fsencode(f"{top}/{session}"))


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _flush(paths: Sequence[Path]) -> None:
    if len(paths) < 4:
        for path in paths:
            _flush_one(path)
        return
    from concurrent.futures import ThreadPoolExecutor

    # Flushes in parallel share one write of the disk.
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_flush_one, paths))


def _flush_one(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # packed and removed meanwhile; the check that follows notices
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_own_repository(git: Git) -> None:
    """RefusedError where the repository is that of another work tree, as far as its own files tell."""
    mark = git.work_tree / ".git"
    if stat.S_ISDIR(os.lstat(mark).st_mode):
        own = git.common_dir == mark
    elif git.git_dir.parent == git.common_dir / "worktrees":
        own = _leads_to(git.git_dir, os.fsdecode(read_small(git.git_dir / "gitdir").strip()), mark)
    else:
        own = git.common_dir == git.git_dir.resolve() and _is_of(git)
    if not own:
        raise RefusedError(
            f"{mark} leads to {git.common_dir}, which is the repository of another work tree, so nothing is "
            "written there; if this one was moved by hand, run `git worktree repair` in it"
        )


def _is_of(git: Git) -> bool:
    """Whether a git dir apart from its work tree, as of a submodule, is meant for this one."""
    named, bare = (
        git.read_line(("config", "--file", str(git.git_dir / "config"), *asked)) or ""
        for asked in (("--get", "core.worktree"), ("--bool", "--get", "core.bare"))
    )
    if named:
        return _leads_to(git.git_dir, named, git.work_tree)
    return git.git_dir.name != ".git" and bare != "true"


def _leads_to(folder: Path, named: str, place: Path) -> bool:
    if not named or "\0" in named:
        return False
    return os.path.realpath(os.path.join(folder, named)) == str(place)
