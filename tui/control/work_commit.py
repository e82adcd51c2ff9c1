"""A real commit of the work tree on the current branch, made beside an agent that works in it.

No hook and no filter of the repository runs. The branch moves only from the commit that was seen, and the
index is replaced as git does it, under `index.lock`: what a person or the agent staged stays staged. A kill
in between leaves a record, by which `recover_commit` ends or takes back what was begun.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.control.checkpoints.object_staging import private_area
from tui.model.permissions.denied_commands import is_secret_path
from tui.system.beneath import open_beneath
from tui.system.credentials.find import find_credentials, score_credential
from tui.system.errors import GitError, OvernightError, RefusedError, describe_os_error
from tui.system.files import atomic_write, read_small
from tui.system.format import format_count_plain, format_local
from tui.system.git import Git
from tui.system.paths import config_dir

_RECORD = "commit.json"
_MOST_SCANNED = 4 << 20
_IDENTITY = (
    *("GIT_CONFIG_GLOBAL", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"),
    *("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"),
)
_UNMERGED = ("DD", "AU", "UD", "UA", "DU", "AA", "UU")


class WorkCommit(Struct, frozen=True):
    """A commit that was made, how many files it changes, and what was left out of it with why."""

    commit: str
    subject: str
    files: int
    left_out: tuple[tuple[str, str], ...] = ()


class _Begun(Struct, frozen=True):
    """What a commit is about to do: the new index (by device and inode) and the branch's new commit."""

    draft: str
    device: int
    inode: int
    ref: str
    commit: str


def commit_work(
    project: Path,
    *,
    prefix: str,
    run: str,
    now: float,
    most_bytes: int,
    is_own: Callable[[str], bool] = lambda path: False,
) -> WorkCommit | None:
    """Commits what differs from HEAD; None where nothing does.

    RefusedError where no commit may be made now: detached, a merge or rebase half done, another git at work,
    signatures or filters that are asked for. `is_own` names files (from the work tree's top) that are none of
    the agent's.
    """
    git = Git(project)
    recover_commit(git)
    branch, head = _check_state(git)
    paths, left_out = _choose(git, most_bytes, is_own)
    if not paths:
        return None
    draft = _new_draft(git)
    try:
        seen = _copy_index(git, draft)
        commit, subject = "", ""
        tree = _write_tree(git, head, paths, draft)
        if tree != git.read_line(("rev-parse", f"{head}^{{tree}}")):
            clock = format_local(now, "%H%M")
            count = format_count_plain(len(paths), "file")
            subject = f"{prefix} checkpoint: periodic-{clock} - {count}".strip()
            message = f"{subject}\n\nMade by overnight-tui in run {run}; no hook ran."
            commit = _commit_tree(git, tree, head, message)
            _publish(git, draft, seen, _begun(draft, branch, commit), head)
    except OSError as error:
        raise RefusedError(f"no commit was made: {describe_os_error(error)}") from error
    finally:
        draft.unlink(missing_ok=True)
    return WorkCommit(commit, subject, len(paths), tuple(left_out)) if commit else None


def recover_commit(git: Git) -> None:
    """Ends or takes back a commit that a kill cut short, and gives `index.lock` free if it is ours."""
    record = private_area(git) / _RECORD
    try:
        begun = msgspec.json.decode(read_small(record), type=_Begun)
    except (msgspec.MsgspecError, ValueError):
        return
    lock = git.git_dir / "index.lock"
    with suppress(OSError):
        facts = lock.lstat()
        if (facts.st_dev, facts.st_ino) == (begun.device, begun.inode):
            moved = git.read_line(("rev-parse", "--verify", "--quiet", begun.ref)) == begun.commit
            lock.replace(git.git_dir / "index") if moved else lock.unlink()
    with suppress(OSError):
        (git.git_dir / os.path.basename(begun.draft)).unlink(missing_ok=True)
    record.unlink(missing_ok=True)


# --- whether, and what ---


def _check_state(git: Git) -> tuple[str, str]:
    """The branch's ref and its commit; RefusedError where nothing may be committed now."""
    branch, head, operation = git.branch(), git.head(), git.operation_in_progress()
    signs = git.read_line(("config", "--type=bool", "--get", "commit.gpgSign"))
    reasons = {
        "HEAD is on no branch": branch is None,
        "there is no first commit yet": head is None,
        f"a {operation} is half done": operation is not None,
        "another git is at work (index.lock)": os.path.lexists(git.git_dir / "index.lock"),
        "commits must be signed here, which is left to a person": signs == "true",
        "a filter of .gitattributes would have to run": _uses_filters(git),
    }
    for reason, holds in reasons.items():
        if holds:
            raise RefusedError(f"no commit was made: {reason}")
    return f"refs/heads/{branch}", head or ""


def _uses_filters(git: Git) -> bool:
    """Whether any attributes name a filter, such as that of LFS: its program is not run here."""
    names = git.run(("ls-files", "-z", "--cached", "--others", "--exclude-standard")).split(b"\0")
    files = [git.common_dir / "info" / "attributes", config_dir().parent / "git" / "attributes"]
    own = git.read_line(("config", "--type=path", "--get", "core.attributesFile"))
    files += [Path(own)] if own else []
    files += [
        git.work_tree / os.fsdecode(name)
        for name in names
        if name.rpartition(b"/")[2] == b".gitattributes"
    ]
    return any(b"filter=" in read_small(path) for path in files)


def _choose(
    git: Git, most_bytes: int, is_own: Callable[[str], bool]
) -> tuple[list[bytes], list[tuple[str, str]]]:
    """Paths that go into the commit, and those left out with why; own files are not named."""
    out = git.run(("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all"))
    chosen: list[bytes] = []
    left_out: list[tuple[str, str]] = []
    for entry in out.split(b"\0"):
        state, path = entry[:2].decode("ascii", "replace"), entry[3:]
        if not path or is_own(os.fsdecode(path)):
            continue
        if state in _UNMERGED:
            raise RefusedError("no commit was made: paths are unmerged")
        reason = _why_left_out(git, state, path, most_bytes)
        if reason:
            left_out.append((os.fsdecode(path), reason))
        else:
            chosen.append(path)
    return chosen, left_out


def _why_left_out(git: Git, state: str, path: bytes, most_bytes: int) -> str:
    name = os.fsdecode(path)
    if state[0] not in " ?" and state[1] != " ":
        return "part of it is staged"
    if name.startswith(".claude/"):
        return "the agent's own settings"
    if is_secret_path(name):
        return "may hold credentials"
    if "D" in state:
        return ""
    try:
        facts = os.lstat(git.work_tree / name)
    except OSError:
        return "is gone"
    if stat.S_ISLNK(facts.st_mode):
        return ""
    if not stat.S_ISREG(facts.st_mode):
        return "a repository of its own" if stat.S_ISDIR(facts.st_mode) else "no file"
    if facts.st_size > most_bytes:
        return "too large"
    return "may hold credentials" if _holds_credentials(git, name) else ""


def _holds_credentials(git: Git, name: str) -> bool:
    top = os.open(git.work_tree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with open(open_beneath(top, os.fsencode(name), os.O_RDONLY), "rb") as file:
            text = file.read(_MOST_SCANNED).decode("utf-8", "replace")
    except OSError:
        return True  # it cannot be looked at, so nobody knows
    finally:
        os.close(top)
    return any(
        score_credential(found.kind, found.value, is_aside=False) == "high"
        for line in text.splitlines()
        for found in find_credentials(line, name)
    )


# --- making it ---


def _new_draft(git: Git) -> Path:
    """Where the new index is made: beside the old one, as it is to take its place by a rename."""
    return git.git_dir / f"overnight-index-{os.getpid()}"


def _copy_index(git: Git, draft: Path) -> tuple[int, ...]:
    """Copies the index; what its file was like when it was read."""
    source = os.open(git.git_dir / "index", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(source, "rb") as old:
        facts = os.fstat(old.fileno())
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(draft, flags, stat.S_IMODE(facts.st_mode)), "wb") as new:
            new.write(old.read())
        # By the time of its index, git knows which files may have changed within the tick that wrote it.
        os.utime(draft, ns=(facts.st_atime_ns, facts.st_mtime_ns), follow_symlinks=False)
    return _stamp(facts)


def _stamp(facts: os.stat_result) -> tuple[int, ...]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _write_tree(git: Git, head: str, paths: Iterable[bytes], draft: Path) -> str:
    """The tree of HEAD with these paths as they are now; the draft index has them too."""
    named = b"".join(path + b"\0" for path in paths)
    own = {"GIT_INDEX_FILE": str(draft)}
    git.run(("update-index", "--add", "--remove", "-z", "--stdin"), input=named, env=own)
    entries = git.run(("ls-files", "--stage", "-z"), env=own).split(b"\0")
    now = {path: facts for facts, _, path in (line.partition(b"\t") for line in entries)}
    gone = b"0 " + git.zero.encode() + b" 0"
    lines = b"".join(now.get(path, gone) + b"\t" + path + b"\0" for path in paths)
    plain = draft.with_name(draft.name + "-tree")
    try:
        env = {"GIT_INDEX_FILE": str(plain)}
        git.run(("read-tree", head), env=env)
        git.run(("update-index", "-z", "--index-info"), input=lines, env=env)
        return _one_line(git.run(("write-tree",), env=env))
    finally:
        plain.unlink(missing_ok=True)


def _commit_tree(git: Git, tree: str, head: str, message: str) -> str:
    """The commit's object, in the name of the person as their own git would take it."""
    person = {name: os.environ[name] for name in _IDENTITY if name in os.environ}
    try:
        return _one_line(git.run(("commit-tree", tree, "-p", head, "-m", message), env=person))
    except GitError as error:
        if git.read_line(("config", "--get", "user.email")) is None and not person:
            reason = "git does not know who you are; set user.name and user.email"
            raise RefusedError(f"no commit was made: {reason}") from error
        raise


def _begun(draft: Path, ref: str, commit: str) -> _Begun:
    facts = draft.lstat()
    return _Begun(str(draft), facts.st_dev, facts.st_ino, ref, commit)


def _publish(git: Git, draft: Path, seen: tuple[int, ...], begun: _Begun, head: str) -> None:
    """Moves the branch and the index, if both are still what they were."""
    lock, index = git.git_dir / "index.lock", git.git_dir / "index"
    record = private_area(git) / _RECORD
    atomic_write(record, msgspec.json.encode(begun))
    try:
        os.link(draft, lock)
    except FileExistsError as error:
        record.unlink(missing_ok=True)
        raise RefusedError("no commit was made: another git is at work (index.lock)") from error
    try:
        if _stamp(index.lstat()) != seen or git.read_line(("symbolic-ref", "HEAD")) != begun.ref:
            raise RefusedError("no commit was made: somebody staged or committed meanwhile")
        order = ("update-ref", "-m", "overnight-tui: commit", begun.ref, begun.commit, head)
        git.run(order)
        lock.replace(index)
    except GitError as error:
        raise RefusedError("no commit was made: somebody committed meanwhile") from error
    finally:
        with suppress(OvernightError):
            recover_commit(git)


def _one_line(out: bytes) -> str:
    return out.decode("ascii", "replace").strip()
