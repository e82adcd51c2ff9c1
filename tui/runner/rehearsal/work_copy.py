"""A throwaway copy of a work tree, with a repository of its own, for a rehearsal.

It has the branch, the index, the hooks and the settings of the real one and reads its objects, but writes
only its own: a commit in the copy moves no branch of the person's, a push finds no remote, and a copy that
somebody killed leaves no trace in the repository. It lies in our cache folder. Files that git ignores are
copied too, since tests need what was installed there; what is too large is left out and named.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tui.feeds.sessions.where.transcript_folders import slugs
from tui.runner.agent.attempt import MARK
from tui.store.layout import RunDirectory, make_project_state, runs_folder
from tui.system import paths
from tui.system.errors import GitError, RefusedError, describe_os_error
from tui.system.files import atomic_write, make_folder, private_folder, read_small
from tui.system.git import Git
from tui.system.locks import acquire_lock, is_locked
from tui.system.paths import lies_in
from tui.system.process_tree import ProcessTree, kill_tree

_FOLDER: Final = "rehearsals"
_LOCK: Final = "lock"
_NOTE: Final = "run"
_RUN: Final = "rehearsal-"
_MOST_REFS: Final = 5_000
_SMALL: Final = 4 << 20
_LEFT_FREE: Final = 1 << 30
"""A copy leaves so many bytes of its disk free."""
# Settings that a file may give for some repositories only, such as an identity by `includeIf`.
_COPIED_SECTIONS: Final = ("user.", "author.", "committer.", "commit.", "gpg.", "core.hookspath")
_LEFT_OUT: Final = re.compile(
    r"include(if)?\..*|remote\..*\.(url|pushurl)|url\..*|core\.worktree|extensions\.(refstorage|worktreeconfig)"
    r"|core\.(fsmonitor|bare)|gc\..*|maintenance\..*",
    re.DOTALL,
)
_REMOTE: Final = re.compile(r"remote\.(.+)\.[^.]+", re.DOTALL)
_OWN_SETTINGS: Final = {
    "core.bare": "false",
    "core.fsmonitor": "false",
    "core.untrackedcache": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}


@dataclass(frozen=True)
class CopyLimits:
    """How much is copied: bytes and files of what git knows or would, and beside it of what it ignores."""

    most_bytes: int = 4 << 30
    most_files: int = 400_000
    most_ignored_bytes: int = 3 << 30
    most_ignored_files: int = 300_000


@dataclass
class WorkCopy:
    """The copy while it is used; `folder` is ours and holds it, `project` is where the agent works.

    `run` is where the agent's hooks find and leave what is of its run, in the state of the real project; it
    is no run that anybody lists. `left_out` are ignored files and folders that were too much to copy.
    """

    folder: Path
    work_tree: Path
    project: Path
    run: RunDirectory
    left_out: tuple[str, ...] = ()
    _lock: int = -1

    @property
    def marker(self) -> str:
        """What every process of the rehearsal has in its environment, as `NAME=value`."""
        return f"{MARK}={self.folder}"

    def remove(self, environ: Mapping[str, str] = os.environ) -> None:
        """Ends what still runs in it and removes it, with the transcripts of its sessions."""
        _remove(self.folder, environ)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def make_copy(
    git: Git,
    project: Path,
    environ: Mapping[str, str] = os.environ,
    limits: CopyLimits | None = None,
) -> WorkCopy:
    """A copy of the work tree as it is now. RefusedError where it cannot be made; then none is left."""
    top = private_folder(paths.cache_dir(environ) / _FOLDER)
    folder = top / f"{int(time.time()):x}-{os.urandom(3).hex()}"
    make_folder(folder)
    lock = acquire_lock(folder / _LOCK)
    run = RunDirectory(runs_folder(project, environ) / f"{_RUN}{folder.name}")
    work_tree = folder / (git.work_tree.name or "project")
    copy = WorkCopy(folder, work_tree, work_tree, run, (), -1 if lock is None else lock)
    try:
        # Named before it is made, so that it is removed with a copy that somebody killed.
        atomic_write(folder / _NOTE, os.fsencode(run.path), sync=False)
        make_project_state(project, environ)
        private_folder(run.path.parent)
        make_folder(run.path)
        copy.project = copy.work_tree / project.relative_to(git.work_tree)
        copying = _Copying(git.work_tree, copy.work_tree, limits or CopyLimits())
        copying.run(_ignored(git))
        copy.left_out = tuple(copying.left_out)
        _make_repository(git, copy.work_tree)
    except OSError as error:
        copy.remove(environ)
        why = describe_os_error(error, did="could not be copied for the rehearsal")
        raise RefusedError(why) from error
    except BaseException:
        copy.remove(environ)
        raise
    return copy


def sweep_copies(environ: Mapping[str, str] = os.environ) -> int:
    """Removes copies whose rehearsal was killed, and ends what is left of it; how many there were."""
    top = paths.cache_dir(environ) / _FOLDER
    try:
        names = os.listdir(top)
    except OSError:
        return 0
    gone = [top / name for name in names if not is_locked(top / name / _LOCK)]
    for folder in gone:
        _remove(folder, environ)
    return len(gone)


def _remove(folder: Path, environ: Mapping[str, str]) -> None:
    kill_tree(ProcessTree(marker=f"{MARK}={folder}".encode()), 0.0)
    run = Path(os.fsdecode(read_small(folder / _NOTE)))
    if run.name.startswith(_RUN) and lies_in(str(run), str(paths.state_dir(environ))):
        _remove_tree(run)
    projects = paths.claude_dir(environ) / "projects"
    for name in os.listdir(folder) if folder.is_dir() else ():
        # The name of our folder is in it, so these are the transcripts of the rehearsal alone.
        for slug in slugs(str(folder / name)):
            with suppress(OSError):
                for path in projects.glob(f"{slug}*"):
                    _remove_tree(path)
    _remove_tree(folder)


def _remove_tree(path: Path) -> None:
    """Removes all that can be removed, also from folders that their owner may not write to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            os.chmod(path, 0o700)
            for above, folders, _ in os.walk(path):
                for name in folders:
                    if not os.path.islink(os.path.join(above, name)):
                        os.chmod(os.path.join(above, name), 0o700)
    shutil.rmtree(path, ignore_errors=True)


# --- files ---


def _ignored(git: Git) -> frozenset[str]:
    """What git ignores in the work tree: files, and folders that are ignored as a whole."""
    words = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    found = os.fsdecode(git.run(words)).split("\0")
    return frozenset(name.rstrip("/") for name in found if name)


@dataclass
class _Copying:
    """The state of one copy: what may still be copied, and what was too much."""

    source: Path
    target: Path
    limits: CopyLimits
    left_out: list[str] = field(default_factory=list)
    _bytes: int = 0
    _files: int = 0

    def run(self, ignored: frozenset[str]) -> None:
        room = shutil.disk_usage(self.target.parent).free - _LEFT_FREE
        self._bytes, self._files = min(self.limits.most_bytes, room), self.limits.most_files
        later: list[str] = []
        make_folder(self.target)
        if not self._copy_folder("", ignored, later):
            if self._files >= 0 and room < self.limits.most_bytes:
                raise RefusedError(
                    f"the disk of {self.target.parent} has no room for a copy of {self.source}; make room "
                    "there, or set XDG_CACHE_HOME to another disk"
                )
            raise RefusedError(
                f"{self.source} is too large to be copied for a rehearsal: more than "
                f"{self.limits.most_bytes >> 30} GiB or {self.limits.most_files:,} files"
            )
        sized = sorted((*self._size(name), name) for name in later)
        room = shutil.disk_usage(self.target.parent).free - _LEFT_FREE
        self._bytes = min(self.limits.most_ignored_bytes, room)
        self._files = self.limits.most_ignored_files
        for size, files, name in sized:
            if size > self._bytes or files > self._files or not self._copy_entry(name):
                self.left_out.append(name)

    def _entries(self, name: str) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self.source / name) as entries:
            for entry in entries:
                # The repository is made apart, and those of submodules and nested ones are not copied.
                if entry.name != ".git":
                    yield entry

    def _copy_folder(self, name: str, ignored: frozenset[str], later: list[str]) -> bool:
        """Copies what a folder holds; False where it is more than may be copied."""
        for entry in self._entries(name):
            inner = os.path.join(name, entry.name)
            if inner in ignored:
                later.append(inner)
            elif entry.is_dir(follow_symlinks=False):
                make_folder(self.target / inner)
                if not self._copy_folder(inner, ignored, later):
                    return False
            elif not self._copy_file(entry, inner):
                return False
        if name:
            shutil.copystat(self.source / name, self.target / name)
            os.chmod(self.target / name, 0o700 | os.stat(self.target / name).st_mode & 0o777)
        return True

    def _copy_entry(self, name: str) -> bool:
        """Copies a file or folder that git ignores; False, with nothing left, where it is too much."""
        path = self.source / name
        try:
            if path.is_dir() and not path.is_symlink():
                make_folder(self.target / name)
                if self._copy_folder(name, frozenset(), []):
                    return True
                _remove_tree(self.target / name)
                return False
            with os.scandir(path.parent) as entries:
                entry = next((one for one in entries if one.name == path.name), None)
            return entry is None or self._copy_file(entry, name)
        except PermissionError:
            return False

    def _copy_file(self, entry: os.DirEntry[str], name: str) -> bool:
        target = self.target / name
        if entry.is_symlink():
            os.symlink(self._link(os.readlink(entry.path)), target)
            return True
        facts = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(facts.st_mode):
            return True  # a socket or a pipe belongs to a process
        self._files -= 1
        self._bytes -= facts.st_size
        if self._files < 0 or self._bytes < 0:
            return False
        shutil.copy2(entry.path, target, follow_symlinks=False)
        return True

    def _link(self, to: str) -> str:
        """A link into the work tree leads into the copy, so that nothing is written through it."""
        top = f"{self.source}/"
        return f"{self.target}/{to.removeprefix(top)}" if to.startswith(top) else to

    def _size(self, name: str) -> tuple[int, int]:
        """Bytes and files below an ignored entry; counting ends where it is too much."""
        size = files = 0
        waiting = [self.source / name]
        while waiting and size <= self.limits.most_ignored_bytes and files <= self._most_counted:
            path = waiting.pop()
            with suppress(OSError):
                facts = os.lstat(path)
                size, files = size + facts.st_size, files + 1
                if stat.S_ISDIR(facts.st_mode):
                    waiting += [path / inner for inner in os.listdir(path)]
        return size, files

    @property
    def _most_counted(self) -> int:
        return self.limits.most_ignored_files


# --- the repository ---


def _make_repository(git: Git, work_tree: Path) -> None:
    """Makes `.git` by writing its files: no program runs, and only objects are shared. Raises OSError."""
    folder = work_tree / ".git"
    for inner in ("objects/info", "refs/heads", "refs/tags", "info", "hooks"):
        make_folder(folder / inner)
    objects = os.fsencode(git.common_dir / "objects")
    atomic_write(folder / "objects/info/alternates", objects + b"\n", sync=False)
    branch, head = git.read_line(("symbolic-ref", "--quiet", "HEAD")), git.head()
    atomic_write(folder / "HEAD", f"ref: {branch}\n".encode() if branch else f"{head}\n".encode())
    atomic_write(folder / "packed-refs", _refs(git), sync=False)
    atomic_write(folder / "config", _config(git, folder), sync=False)
    for name in ("info/exclude", "info/attributes", "info/sparse-checkout", "shallow"):
        if data := read_small(git.common_dir / name, _SMALL):
            atomic_write(folder / name, data, sync=False)
    if (git.git_dir / "info/sparse-checkout").is_file():
        shutil.copyfile(git.git_dir / "info/sparse-checkout", folder / "info/sparse-checkout")
    for path in (git.git_dir / "index", *git.git_dir.glob("sharedindex.*")):
        if path.is_file() and not path.is_symlink():
            shutil.copyfile(path, folder / path.name)
    _copy_hooks(git.common_dir / "hooks", folder / "hooks")


def _refs(git: Git) -> bytes:
    """Branches and tags, so that what compares with them finds them; our own refs are no part of it."""
    words = ("for-each-ref", f"--count={_MOST_REFS}", "--format=%(objectname) %(refname)")
    return git.run((*words, "refs/heads", "refs/tags", "refs/remotes"))


def _config(git: Git, folder: Path) -> bytes:
    """The settings that hold in the real repository, without its remotes; all that runs by itself off."""
    kept: list[tuple[str, str]] = []
    remotes: set[str] = set()
    listed = os.fsdecode(git.run(("config", "--list", "-z", "--show-scope"))).split("\0")
    for scope, entry in zip(listed[0::2], listed[1::2], strict=False):
        key, _, value = entry.partition("\n")
        if (remote := _REMOTE.fullmatch(key)) is not None:
            remotes.add(remote[1])
        is_own = scope in ("local", "worktree")
        is_copied = scope == "global" and key.startswith(_COPIED_SECTIONS)
        if (is_own or is_copied) and not _LEFT_OUT.fullmatch(key):
            kept.append((key, value if "\n" in entry else "true"))
    nowhere = str(folder / "no-remote")
    kept += [(f"remote.{name}.url", nowhere) for name in sorted(remotes)]
    lines = [_config_lines(key, value) for key, value in (*kept, *_OWN_SETTINGS.items())]
    return os.fsencode("".join(lines))


def _config_lines(key: str, value: str) -> str:
    section, _, name = key.rpartition(".")
    section, dot, sub = section.partition(".")
    quoted = (
        value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    )
    inner = ' "' + sub.replace("\\", "\\\\").replace('"', '\\"') + '"' if dot else ""
    return f'[{section}{inner}]\n\t{name} = "{quoted}"\n'


def _copy_hooks(source: Path, target: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(source) as entries:
        for entry in entries:
            if not entry.name.endswith(".sample") and entry.is_file():
                shutil.copy2(entry.path, target / entry.name)


def head_of(copy: WorkCopy) -> str | None:
    """The commit that the copy stands on now; None where there is none, or its repository is broken."""
    with suppress(GitError, RefusedError):
        return Git(copy.work_tree).head()
    return None
