"""How the repository stands at the end of a night, looked up when a claim asks.

Every name comes from the agent. Nothing here raises, leaves the work tree or starts a program of the
repository; what is not asked for is not read.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tui.feeds.repo.diff_parser import visible_path
from tui.feeds.repo.tree_files import TreeFiles, work_tree_id
from tui.model.evidence.claims import CommitState, EndState, PathState, RefState, UnknownEnd
from tui.night.evidence.definitions import defines
from tui.system.errors import OvernightError
from tui.system.lazy_pattern import lazy
from tui.system.repository_names import path_fault

if TYPE_CHECKING:
    from tui.model.records import FileChange, RepositoryChanges
    from tui.system.git import Git

_SHA = lazy(r"[0-9a-f]{4,64}")
_REF = lazy(r"[\w.][\w./@+#-]{0,200}")
_HERE = "refs/heads/"
_MOST_FOUND = 20
_MOST_SEARCHED = 300


class RepositoryEnd:
    """The end of a night whose changes were read.

    `changes` are all of them, `uncommitted` the paths that no commit holds without what is our own;
    `cwd` is the folder that the session worked in, as its records have it.
    """

    is_known = True

    def __init__(
        self,
        git: Git,
        project: Path,
        changes: RepositoryChanges,
        uncommitted: tuple[str, ...] = (),
        cwd: str = "",
        since: float | None = None,
    ) -> None:
        self._git, self._changes, self._since = git, changes, since
        self.uncommitted = uncommitted if changes.is_now else ()
        self._end = TreeFiles(git, "" if changes.is_now else changes.head)
        self._base = TreeFiles(git, changes.base) if changes.base else None
        self._is_now = changes.is_now
        top, below = os.fspath(git.work_tree), os.path.realpath(project)
        self._folder = os.path.relpath(below, top) if below != top else ""
        self._roots = _roots(top, below, cwd, self._folder)
        self._by_path = {one.path: one for one in changes.files}
        self._left = {one.old_path: one for one in changes.files if one.kind == "renamed"}
        self._night = {sha for sha, _ in changes.messages}
        self._aside = {one.sha for one in changes.elsewhere}
        self._paths: dict[str, PathState] = {}

    @property
    def has_moved(self) -> bool | None:
        """Whether HEAD, or another branch here, has a commit that this night made."""
        return bool(self._night or self._aside)

    @cached_property
    def tree(self) -> str | None:
        """The id of the tree at the end, with what no commit holds."""
        if not self._changes.is_listed:
            return None
        dirty = [os.fsencode(name) for name in self._changes.dirty]
        return work_tree_id(self._git, self._changes.head, dirty)

    # --- paths ---

    def path(self, name: str) -> PathState:
        """A path as the agent wrote it: absolute, from the top, or only its end."""
        if name not in self._paths:
            self._paths[name] = self._look_up(name)
        return self._paths[name]

    def _look_up(self, name: str) -> PathState:
        found = self._find(name)
        if found is None:
            return PathState(name, None, None, None)
        return self._state(found) if found else self._absent(name)

    def _absent(self, name: str) -> PathState:
        """No file of the beginning or the end has such a path."""
        known = self._is_now or None
        there = None if known is None else False
        existed = None if self._base is None else False
        return PathState(name, there, existed, None if known is None else False)

    def _find(self, name: str) -> bytes | None:
        """The path from the top that is meant; empty for none, None for what lies elsewhere."""
        inner = self._from_top(name)
        if inner is None:
            return None
        wanted = [os.fsencode(one) for one in inner]
        if any(path_fault(one) or self._end.kind(one) == "unknown" for one in wanted):
            return None
        for one in wanted:
            if self._stands(one):
                return one
        return b"" if os.path.isabs(name) else self._by_end(wanted[-1])

    def _from_top(self, name: str) -> list[str] | None:
        """What the name may be from the top of the work tree, the likeliest first."""
        name = name.strip()
        if not name or "\0" in name or name.startswith("~"):
            return None
        if os.path.isabs(name):
            plain = os.path.normpath(name)
            for root, inner in self._roots:
                if plain.startswith(root + "/"):
                    return [os.path.normpath(os.path.join(inner, plain[len(root) + 1 :]))]
            return None
        found = [os.path.normpath(os.path.join(self._folder, name)), os.path.normpath(name)]
        return [one for one in dict.fromkeys(found) if not one.startswith("..")] or None

    def _stands(self, path: bytes) -> bool:
        if self._end.kind(path) != "none":
            return True
        return self._base is not None and self._base.kind(path) not in ("none", "unknown")

    def _by_end(self, wanted: bytes) -> bytes:
        """The path that ends so; a changed one first, then the shortest."""
        found: list[bytes] = []
        for files in (self._end, self._base):
            if files is not None:
                listed = files.by_end.get(wanted.rpartition(b"/")[2].lower(), [])
                end = b"/" + wanted.lower()
                found += [one for one in listed if (b"/" + one.lower()).endswith(end)]
        changed = [one for one in found if visible_path(one) in self._by_path]
        exact = [one for one in changed or found if (b"/" + one).endswith(b"/" + wanted)]
        return min(exact or changed or found, key=len, default=b"")

    def _state(self, path: bytes) -> PathState:
        kind = self._end.kind(path)
        exists: bool | None = None if kind == "unknown" else kind != "none"
        if not exists and not self._is_now:
            exists = None  # it may have lain there uncommitted
        shown, existed = visible_path(path), self._existed(path)
        is_folder = kind == "folder" or (kind == "none" and self._was_folder(path))
        return PathState(shown, exists, existed, self._is_changed(path, is_folder), is_folder)

    def _was_folder(self, path: bytes) -> bool:
        return self._base is not None and self._base.kind(path) == "folder"

    def _existed(self, path: bytes) -> bool | None:
        if self._base is None:
            return None if self._changes.base or not self._changes.head else False
        kind = self._base.kind(path)
        if kind != "none":
            return None if kind == "unknown" else True
        if not self._is_now:
            return False
        # What git does not track leaves no trace of how it was; only its times can be older.
        facts = self._end.status(path)
        if isinstance(facts, os.stat_result) and self._is_older(facts):
            return True
        return None if self._end.is_ignored(path) else False

    def _is_older(self, facts: os.stat_result) -> bool:
        return self._since is not None and max(facts.st_mtime, facts.st_ctime) < self._since

    def _is_changed(self, path: bytes, is_folder: bool) -> bool | None:
        shown = visible_path(path)
        if is_folder:
            below = shown + "/"
            if any(one.startswith(below) for one in (*self._by_path, *self._left)):
                return True
            return None if self._changes.cut or self._end.is_ignored(path) else False
        if shown in self._by_path or shown in self._left:
            return True
        if self._changes.cut or self._base is None or self._base.kind(path) == "none":
            return None
        return False

    def text(self, path: str) -> str | None:
        """The file's text at the end, at most 1 MB; None if it is not there, or no text."""
        found = self._find(path)
        return self._end.read_text(found) if found else None

    def base_text(self, path: str) -> str | None:
        """The same at the beginning, also under the name that it had then."""
        found = self._find(path)
        if not found or self._base is None:
            return None
        change: FileChange | None = self._by_path.get(visible_path(found))
        if change is not None and change.kind == "renamed" and change.old_path:
            found = os.fsencode(change.old_path)
        return self._base.read_text(found)

    # --- code ---

    def find_symbol(self, name: str, path: str = "") -> tuple[str, ...]:
        """Files of the end in which code defines the name, changed ones first; at most twenty."""
        if path:
            text = self.text(path)
            found = self._find(path)
            shown = visible_path(found) if found else path
            return (shown,) if text is not None and defines(text, name, shown) else ()
        found_in: dict[str, None] = {}
        for one in self._candidates(name)[:_MOST_SEARCHED]:
            text = self._end.read_text(one)
            if text is not None and defines(text, name, visible_path(one)):
                found_in[visible_path(one)] = None
            if len(found_in) >= _MOST_FOUND:
                break
        return tuple(found_in)

    def _candidates(self, name: str) -> list[bytes]:
        last = name.rstrip("()").replace("::", ".").rpartition(".")[2]
        changed = [os.fsencode(one.path) for one in self._changes.files if one.kind != "deleted"]
        return list(dict.fromkeys((*changed, *self._end.holding(last))))

    # --- commits and refs ---

    def commit(self, sha: str) -> CommitState:
        """A commit by its id, or the beginning of one."""
        sha = sha.strip().lower()
        if not _SHA.fullmatch(sha):
            return CommitState(None, None, None)
        whole = next((one for one in self._night if one.startswith(sha)), "")
        if whole:
            return CommitState(True, True, True)
        if any(one.startswith(sha) for one in self._aside):
            return CommitState(True, False, True)
        known = self._line("rev-parse", "--verify", "--quiet", f"{sha}^{{commit}}")
        if not known:
            return CommitState(False, False, None)
        head = self._changes.head
        if not head:
            return CommitState(True, None, None)
        base = self._line("merge-base", known, head)
        is_reached = base == known
        return CommitState(True, is_reached, False if is_reached else None)

    def ref(self, name: str = "", *, is_remote: bool = False) -> RefState | None:
        """A branch here or on a remote ("main", "origin/main"); "": what the branch of HEAD pushes to."""
        for full in self._full_names(name.strip(), is_remote):
            sha = self._line("rev-parse", "--verify", "--quiet", f"{full}^{{commit}}")
            if sha:
                short = full.removeprefix("refs/heads/").removeprefix("refs/remotes/")
                return RefState(short, sha, self._missing(full, sha))
        return None

    def _full_names(self, name: str, is_remote: bool) -> list[str]:
        if not name:
            return self._upstream()
        if not _REF.fullmatch(name) or ".." in name or "@{" in name:
            return []
        if name.startswith("refs/"):
            return [name]
        remote = [f"refs/remotes/{one}/{name}" for one in self._remotes()]
        here = [f"refs/heads/{name}", f"refs/remotes/{name}"]
        return remote if is_remote else [*here, *remote]

    def _upstream(self) -> list[str]:
        short = self._line("symbolic-ref", "--quiet", "--short", "HEAD")
        if not short:
            return []
        full = f"{_HERE}{short}"
        asked = ("for-each-ref", "--count=1", "--format=%(push) %(upstream)", full)
        set_up = (self._line(*asked) or "").split()
        usual = [f"refs/remotes/{one}/{short}" for one in self._remotes()]
        return [one for one in dict.fromkeys((*set_up, *usual)) if one.startswith("refs/remotes/")]

    def _remotes(self) -> list[str]:
        """Names of remotes by the refs that were last seen, "origin" first."""
        out = self._line("for-each-ref", "--count=200", "--format=%(refname)", "refs/remotes/")
        names = dict.fromkeys(line.split("/")[2] for line in (out or "").split("\n") if line)
        return sorted(names, key=lambda one: one != "origin")

    def _missing(self, full: str, sha: str) -> int | None:
        """How many of the night's commits a ref lacks; those that the branch of its name has, if it has any."""
        if not (self._changes.base or self._night):
            return None
        base, head = self._changes.base, self._changes.head
        wanted = [f"{base}..{head}" if base else head] if self._night else []
        if self._aside and full.startswith(_HERE):
            wanted += [] if self._night else sorted(self._aside)
        elif self._aside:
            branch = f"{_HERE}{full.split('/', 3)[3]}"
            made = self._line("rev-list", "--max-count=5000", branch, f"^{head}")
            wanted += sorted(self._aside.intersection((made or "").split()))
        if not wanted:
            return 0
        out = self._line("rev-list", "--max-count=5000", *wanted, f"^{sha}")
        return None if out is None else len((self._night | self._aside).intersection(out.split()))

    def _line(self, *args: str) -> str | None:
        try:
            return self._git.read_line(args)
        except (OvernightError, OSError, ValueError):
            return None


def _roots(top: str, below: str, cwd: str, folder: str) -> list[tuple[str, str]]:
    """Folders that absolute paths may begin with, each with its place from the top; the longest first."""
    found = {top: "", below: folder, os.path.realpath(top): ""}
    if cwd:
        found.setdefault(os.path.normpath(cwd), folder)
        inner = folder and "/" + folder
        if inner and os.path.normpath(cwd).endswith(inner):
            found.setdefault(os.path.normpath(cwd)[: -len(inner)], "")
    return sorted(found.items(), key=lambda one: -len(one[0]))


def read_end_state(
    project: Path,
    changes: RepositoryChanges,
    uncommitted: tuple[str, ...] = (),
    cwd: str = "",
    since: float | None = None,
) -> EndState:
    """The end of the night that made these changes; it knows nothing where there is no repository."""
    from tui.system.git import Git

    if not (changes.base or changes.messages):
        return UnknownEnd()
    try:
        return RepositoryEnd(Git(project), project, changes, uncommitted, cwd, since)
    except (OvernightError, OSError):
        return UnknownEnd()
