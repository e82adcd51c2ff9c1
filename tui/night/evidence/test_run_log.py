"""The night's test runs, and how much code was changed after them, for each work tree by itself."""

from __future__ import annotations

import posixpath
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tui.model.cli_commands import POLLING, SHELLS
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import TestRun, TestSummary
from tui.night.evidence.code_changes import is_editor_call
from tui.night.evidence.shell_effects import is_prose, is_scratch_path
from tui.night.evidence.test_commands import (
    background_id,
    heard_later,
    recognise,
    written_by,
)
from tui.night.evidence.test_runners.calls import ELSEWHERE, folder_after, joined, runner_calls
from tui.system.lazy_pattern import lazy

MOST_RUNS = 1_000
_MOST_WAITING = 64
_MOST_TREES = 64
_HEARING = POLLING | {"Read"}
_SAVED = lazy(r"[Oo]utput saved to:? (\S+)")
_WRITTEN_TO = lazy(r"Output is being written to:? (\S+?)[.,]?(?:\s|$)")
_EXIT_CODE = lazy(r"<exit_code>(\d+)</exit_code>|[Ee]xit code:? (\d+)")
_AWAY = "/dev/null"
_CLONES = lazy(r"\bgit\s+(?:\S+\s+)*?clone\s+(?:-\S+\s+)*\S+(?:\s+(?!-)([^\s;|&]+))?")
_WORK_TREE = lazy(r"\bgit\s+(?:\S+\s+)*?worktree\s+add\s+(?:-[bB]\s+\S+\s+|-\S+\s+)*([^\s;|&]+)")
_HOME = lazy(r"/(?:home|Users)/[^/]+|/root")
_OWN_TREES = lazy(r"(?:^|/)(\.(?:claude/)?worktrees/[^/]+)")
_CWD_RESET = "Shell cwd was reset"
_MOVES = frozenset({"EnterWorktree", "ExitWorktree"})


class PendingRun(Struct, gc=False):
    """A run whose result comes later, under an id or in a file: what it was, and the edits before it."""

    command: str
    ref: SourceRef
    folder: str
    edits: int


class TestRunLog(Struct):
    """Collects test runs and edits as they come.

    `edits` counts those of each work tree since its last green run; "" is the project itself. `trees` are
    work trees that were made beside the project, `clones` copies of it or of others, which prove nothing.
    """

    runs: list[TestRun] = []
    total: int = 0
    last_verdict: Literal["green", "red", "none"] = "none"
    last_green: TestRun | None = None
    elsewhere: TestRun | None = None
    since_run: int = 0
    edits: dict[str, int] = {}
    all_edits: int = 0
    failed: int = 0
    version: int = 0
    waiting: dict[str, PendingRun] = {}
    trees: tuple[str, ...] = ()
    clones: tuple[str, ...] = ()
    edited_outside: tuple[str, ...] = ()
    has_image: bool = False
    shell_folder: str = ""
    has_entered: bool = False
    thread_trees: dict[str, str] = {}
    unsure: int = 0
    own_command: str = ""

    def on_tool_result(
        self,
        use: ToolCall,
        result: ToolResult,
        at: float | None,
        ref: SourceRef,
        cwd: str = "",
        thread: str = "",
    ) -> TestRun | None:
        """A tool call was answered; the test run it was, if it was one.

        `cwd` is where the session works, as far as it is known; `thread` is empty in its main conversation.
        """
        if use.name in SHELLS:
            return self._on_shell(use, result, at, ref, cwd, thread)
        if is_editor_call(use):
            if not (result.is_error or is_prose(use.path) or is_scratch_path(use.path)):
                self._edited(1, use.path, cwd, thread)
            return None
        if self.waiting and use.name in _HEARING:
            return self._heard_of(use.target, result, at, ref, cwd)
        if use.name in _MOVES and not thread and not result.is_error:
            self._move(use, result)
        return None

    def _move(self, use: ToolCall, result: ToolResult) -> None:
        """The session went into a work tree of its own, or left it."""
        if use.name == "ExitWorktree":
            self.shell_folder = ""
            return
        self.has_entered = True
        told = _OWN_TREES.search(result.head) or _OWN_TREES.search(result.excerpt)
        self.shell_folder = told.group(1) if told is not None else f".claude/worktrees/{use.target}"

    def _on_shell(
        self,
        use: ToolCall,
        result: ToolResult,
        at: float | None,
        ref: SourceRef,
        cwd: str,
        thread: str,
    ) -> TestRun | None:
        command = use.command or use.target
        began = self.shell_folder if not thread else ""
        self._notice(command, result, cwd, thread)
        if result.denial is not None:
            return None
        run = recognise(use, result, at, ref, self.own_command)
        if run is None:
            return self._heard_of(command, result, at, ref, cwd) if self.waiting else None
        if not began and thread:
            began = self.thread_trees.get(thread, "")
        if run.passed is None:
            self._await(command, result, ref, began)
        folder = joined(began, run.folder) if run.folder else began
        stayed = bool(began) and not (run.folder or thread or self.has_entered)
        return self._add(run, folder, cwd, self.all_edits, stayed=stayed)

    def _follow(self, command: str, result: ToolResult, cwd: str) -> None:
        """The shell goes into a work tree and stays there; from a folder outside the CLI brings it back."""
        if _CWD_RESET in result.excerpt:
            self.shell_folder = ""
        elif not result.is_error and "cd " in command:
            folder = folder_after(command, self.shell_folder)
            place = _place(folder, cwd) if folder else ""
            self.shell_folder = _below(place, cwd) if _OWN_TREES.search(place) else ""
            self.has_entered = False

    def _notice(self, command: str, result: ToolResult, cwd: str, thread: str) -> None:
        """Keeps what a command tells of folders: where its shell is now, work trees and clones it made."""
        if not thread and ("cd " in command or self.shell_folder):
            self._follow(command, result, cwd)
        if "docker" in command and " build" in command:
            self.has_image = True
        if "git" not in command or result.is_error:
            return
        if "worktree" in command and (made := _WORK_TREE.search(command)) is not None:
            place = _place(joined(folder_after(command, ""), made.group(1)), cwd)
            self.trees = (*self.trees, place)[-_MOST_TREES:]
        if "clone" in command and (copied := _CLONES.search(command)) is not None:
            name = copied.group(1) or copied.group(0).rsplit("/", 1)[-1].removesuffix(".git")
            self.clones = (*self.clones, _place(joined("", name), cwd))[-_MOST_TREES:]

    def _await(self, command: str, result: ToolResult, ref: SourceRef, folder: str) -> None:
        """Keeps under which id, or in which file, the output of a run will come."""
        text = result.excerpt
        told = background_id(text)
        keys = [told] if told else []
        for pattern in (_SAVED, _WRITTEN_TO):
            found = pattern.search(text) or pattern.search(result.head)
            keys += [found.group(1)] if found is not None else []
        for call in runner_calls(command):
            keys += [name for name in written_by(call) if name != _AWAY]
        for key in keys:
            self.waiting.pop(key, None)
            self.waiting[key] = PendingRun(command, ref, folder, self.all_edits)
        while len(self.waiting) > _MOST_WAITING:
            del self.waiting[next(iter(self.waiting))]

    def _heard_of(
        self, target: str, result: ToolResult, at: float | None, ref: SourceRef, cwd: str
    ) -> TestRun | None:
        """The run in the background, or with its output in a file, that was looked at, once it shows an end."""
        key = next((key for key in self.waiting if _names(target, key)), None)
        if key is None or result.is_error:
            return None
        begun = self.waiting[key]
        code = _EXIT_CODE.search(result.head or result.excerpt) if "xit" in result.excerpt else None
        status = int(code.group(1) or code.group(2)) if code is not None else None
        run = heard_later(begun.command, result.excerpt, at, ref, begun.ref, status)
        if run is None:
            return None
        for other in [other for other, one in self.waiting.items() if one.ref == begun.ref]:
            del self.waiting[other]
        folder = joined(begun.folder, run.folder) if run.folder else begun.folder
        return self._add(run, folder, cwd, begun.edits)

    def on_edit(self, files: int, failed: int = 0, path: str = "", cwd: str = "") -> None:
        """So many files of code were changed, by a tool or in the shell; `failed`: by calls that failed."""
        self._edited(files, path, cwd)
        self.failed += failed

    def on_shell_edit(self, path: str, files: int, command: str, cwd: str) -> None:
        """A command in the shell changed so many files of code, one of them at that path, if it named any."""
        folder = folder_after(command, "") if "cd " in command else self.shell_folder
        self._edited(files, posixpath.join(folder, path) if folder else path, cwd)

    def on_unsure(self) -> None:
        """A command ran of which nobody can say that it left the code alone."""
        self.unsure += 1
        self.version += 1

    def _edited(self, files: int, path: str, cwd: str, thread: str = "") -> None:
        tree = self._tree_of(path, cwd) if path else ""
        if path[:1] == "/" and not tree and not (cwd and _is_within(path, cwd)):
            outside = posixpath.dirname(path)
            if outside not in self.edited_outside:
                self.edited_outside = (*self.edited_outside, outside)[-_MOST_TREES:]
        if thread and tree != self.thread_trees.get(thread, ""):
            self.thread_trees[thread] = tree
        if files:
            self.edits[tree] = self.edits.get(tree, 0) + files
        self.all_edits += files
        self.since_run += files
        self.version += 1

    def _tree_of(self, path: str, cwd: str) -> str:
        """The work tree that a path lies in; empty for the project itself."""
        own = _OWN_TREES.search(path)
        if own is not None:
            return own.group(1)
        if self.trees:
            place = _place(path, cwd)
            return next((tree for tree in self.trees if _is_within(place, tree)), "")
        return ""

    def _add(
        self, run: TestRun, folder: str, cwd: str, edits: int, *, stayed: bool = False
    ) -> TestRun | None:
        """Counts a run in a folder, begun after so many edits; None if it is none of the project's.

        `stayed`: the folder is that of an earlier command, and whether the shell stayed there is not sure.
        """
        place = _place(folder, cwd)
        run = replace(run, folder=_below(place, cwd))
        self.version += 1
        if self._is_foreign(folder or (run.part if run.part[:1] == "/" else ""), cwd):
            self.elsewhere = run
            return None
        self.runs = [*self.runs[1 - MOST_RUNS :], run]
        self.total += 1
        later = self.all_edits - edits
        self.since_run = later
        if run.verdict == "green":
            self.last_green = run
            self.failed = 0
            self.unsure = 0
            self.edits[self._tree_of(place, cwd)] = later
            if stayed:
                self.edits[""] = later
        if run.verdict != "unknown":
            self.last_verdict = run.verdict
        return run

    # complexity: each way in which a folder can be known to be the project's, or not to be
    def _is_foreign(self, folder: str, cwd: str) -> bool:
        """Whether a folder is none of the project's and none that was worked in this night."""
        if not folder:
            return False
        if folder == ELSEWHERE:
            return not self.has_image
        place = _place(folder, cwd)
        if any(
            _is_within(edited, place) or _is_within(place, edited) for edited in self.edited_outside
        ):
            return False
        if any(_is_within(place, clone) for clone in self.clones):
            return True
        if _OWN_TREES.search(place) or any(_is_within(place, tree) for tree in self.trees):
            return False
        if place[:1] != "/":
            return False
        if not cwd:
            return bool(self.edited_outside) and place.startswith(("/tmp/", "/var/tmp/"))
        return not (_is_within(place, cwd) or _is_within(cwd, place))

    def summary(self) -> TestSummary:
        """What is proven so far."""
        return TestSummary(
            self.last_verdict,
            tuple(self.runs),
            self.total,
            self.since_run,
            sum(self.edits.values()),
            self.last_green,
            self.failed,
            self.elsewhere,
            self.unsure,
        )


def _place(folder: str, cwd: str) -> str:
    """A folder from the top of the machine, as far as it is known."""
    if folder[:1] == "~" and (home := _HOME.match(cwd)) is not None:
        folder = home.group(0) + folder[1:]
    place = posixpath.normpath(posixpath.join(cwd, folder))
    return "" if place == "." else place.removeprefix("/private")


def _below(place: str, cwd: str) -> str:
    """A place from where the session works, if it lies below; empty for that folder itself."""
    cwd = cwd.removeprefix("/private")
    if cwd and place.startswith(cwd.rstrip("/") + "/"):
        return place[len(cwd.rstrip("/")) + 1 :]
    return "" if place == cwd else place


def _is_within(place: str, folder: str) -> bool:
    """Whether a place is a folder or lies in it."""
    place, folder = place.removeprefix("/private"), folder.removeprefix("/private").rstrip("/")
    return place == folder or place.startswith(folder + "/")


def _names(target: str, key: str) -> bool:
    """Whether what is looked at names an id or a file, and not another one that ends like it."""
    name = key if "/" not in key else key.rsplit("/", 1)[-1]
    start = target.find(name)
    while start >= 0:
        before, after = target[:start][-1:], target[start + len(name) :][:2]
        goes_on = after[:1].isalnum() or after[:1] in ("-", "_")
        if "." in name and after[:1] == "." and after[1:].isalnum():
            goes_on = True
        if not (before.isalnum() or before in ("-", "_") or goes_on):
            return True
        start = target.find(name, start + 1)
    return False
