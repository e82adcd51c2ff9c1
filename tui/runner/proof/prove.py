"""Proves a night: its commands run again in clean copies, and the tests of its beginning on its code.

Nothing of it outlives the call but what it tells; the project itself is only read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from tui.feeds.repo.private_tree import PrivateTrees, TreeEntry
from tui.model.review import Proof, ProofPlace, ProofRun, TestState
from tui.night.evidence.shell_effects import is_scratch_path
from tui.night.review.proof import is_to_blame
from tui.night.review.risks.test_syntax import is_code
from tui.runner.copies.commands import StepOutcome, run_command
from tui.runner.copies.throwaway import Throwaway, open_throwaway, sweep_copies
from tui.runner.proof.base_files import CODE_WITH_TESTS, has_inline_tests, is_of_tests, merger_of
from tui.runner.proof.environment import (
    FoundEnvironment,
    find_environment,
    folder_of_missing,
    folders_on_path,
    foreign_import,
    prefixes_of,
    proof_variables,
)
from tui.runner.proof.night_commands import ProofCommand
from tui.runner.proof.outcomes import OutputLines, failed_tests, judge_run, kept_output
from tui.runner.proof.plan import ProofPlan
from tui.runner.proof.proof_copy import ProofCopy, make_proof_copy
from tui.system.errors import RefusedError, describe_os_error
from tui.system.format import format_count, format_duration
from tui.system.git import Git
from tui.system.paths import lies_in, path_text
from tui.system.sanitize import clean_line

_MOST_READ: Final = 2_000
_SHOWN_PATHS: Final = 3
_MOST_OUTSIDE: Final = 50
_WHERE: Final[dict[ProofPlace, str]] = {
    "end": "at the night's end",
    "base tests": "with the test files of the beginning",
    "base": "at the beginning",
}


def prove(
    plan: ProofPlan,
    say: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], float] = time.time,
) -> Proof:
    """Runs the plan and tells what came of it; `say` gets lines that are safe to show, as they come.

    An interrupt ends what runs, and what is known until then is told. RefusedError: no copy can be made.
    """
    sweep_copies(environ)
    git = Git(plan.project)
    holder = None
    try:
        holder = open_throwaway(environ)
        return _Prover(plan, git, holder, dict(environ), say, now()).prove()
    except OSError as error:
        raise RefusedError(
            describe_os_error(error, did="could not be copied for the proof")
        ) from error
    finally:
        if holder is not None:
            holder.remove(environ)


@dataclass
class _Prover:
    plan: ProofPlan
    git: Git
    holder: Throwaway
    environ: dict[str, str]
    say: Callable[[str], None]
    at: float
    runs: list[ProofRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _learnt: list[str] = field(default_factory=list)
    _trees: PrivateTrees = field(init=False)
    _environment: FoundEnvironment = field(init=False)

    def prove(self) -> Proof:
        self._trees = PrivateTrees(self.git, self.holder.path)
        self._environment = find_environment(self.git)
        state = self.plan.end.state(self.git, self._trees)
        self._note_left_out(state.left_out)
        end = self._copy("end", state.tree, self.plan.end.head)
        self._note_copy(end)
        suite = self.plan.suite
        base_tests: TestState = "none"
        if suite is not None:
            first = self._run(suite, end, "end")
            if first.end != "stopped" and self.plan.end.base:
                base_tests = self._base_tests(suite, first, state.tree)
        for command in self.plan.commands:
            if self._is_stopped:
                break
            if command is not suite:
                self._run(command, end, "end")
        return Proof(
            self.at,
            tuple(self.runs),
            base_tests,
            state.tree,
            outside=self._outside(state.tree),
            notes=tuple(self.notes),
        )

    @property
    def _is_stopped(self) -> bool:
        return any(one.end == "stopped" for one in self.runs)

    # --- copies ---

    def _copy(self, name: str, tree: str, commit: str) -> ProofCopy:
        return make_proof_copy(
            self.git,
            self.plan.project,
            self.holder.path / name,
            self._trees,
            tree,
            commit,
            self._environment,
        )

    def _note_left_out(self, paths: tuple[str, ...]) -> None:
        named = [path for path in paths if not _is_below(path, self._environment.folders)]
        if named:
            count = format_count(len(named), "file")
            self.notes.append(
                f"{count} changed after the night's end, or too large, as in the last commit: "
                f"{_first(named)}"
            )

    def _outside(self, tree: str) -> tuple[str, ...]:
        """Files of code that the night edited, that are there, and that the tree does not hold."""
        known = {os.fsdecode(one.path) for one in self._trees.entries(tree)}
        top = os.path.realpath(self.git.work_tree)
        found = []
        for path in sorted(self.plan.end.touched):
            name = os.path.relpath(path, top) if lies_in(path, top) else path
            if name not in known and is_code(name) and not is_scratch_path(name):
                found += [name] if os.path.lexists(path) else []
        return tuple(path_text(path) for path in found[:_MOST_OUTSIDE])

    def _note_copy(self, copy: ProofCopy) -> None:
        if copy.missing:
            self.notes.append(f"not in the copy: {_first(copy.missing)}")
        if copy.submodules:
            self.notes.append(f"submodules are empty in the copy: {_first(copy.submodules)}")
        if copy.pointers:
            count = format_count(copy.pointers, "file")
            self.notes.append(f"{count} of git-lfs are not here, so the copy has their pointers")

    # --- commands ---

    def _run(self, command: ProofCommand, copy: ProofCopy, on: ProofPlace) -> ProofRun:
        self.say("")
        self.say(f"$ {command.text}   ({_WHERE[on]})")
        done, elsewhere = self._outcome(command, copy)
        verdict, end = judge_run(command, done)
        if verdict == "red" and self._learn_path(command, copy, done.output):
            done, elsewhere = self._outcome(command, copy)
            verdict, end = judge_run(command, done)
        if elsewhere and end == "ended":
            verdict, end = "unknown", "elsewhere"
            note = f"Python imports {elsewhere} from the project itself, not from the copy"
            self.notes += [note] if note not in self.notes else []
        failed = failed_tests(done.output) if verdict == "red" else ()
        output = kept_output(done.missing or done.output, self.holder.path)
        run = ProofRun(
            command=kept_output(command.text, self.holder.path),
            code=done.code,
            tree=copy.tree,
            seconds=round(done.seconds, 3),
            output=output,
            kind=command.kind,
            on=on,
            verdict=verdict,
            end=end,
            failed=failed,
        )
        self.runs.append(run)
        colour = verdict if verdict != "unknown" else f"proves nothing: {end}"
        self.say(f"= {colour}, after {format_duration(done.seconds)}")
        return run

    def _learn_path(self, command: ProofCommand, copy: ProofCopy, output: str) -> bool:
        """Whether Python is to search a folder more: the night's shell must have had it on its path."""
        folder = copy.project / command.folder
        found = folder_of_missing(output, (folder, folder / "src", copy.project))
        name = "" if found is None else os.path.relpath(found, copy.work_tree)
        if not name or name in self._learnt:
            return False
        self._learnt.append(name)
        shown = "the project's folder" if name == "." else clean_line(name, 200)
        self.notes.append(f"Python was told to search {shown}, as the night's shell must have been")
        self.say(f"  again, with {shown} on Python's path")
        return True

    def _outcome(self, command: ProofCommand, copy: ProofCopy) -> tuple[StepOutcome, str]:
        """How the command went, and which package was imported from elsewhere; empty for none."""
        folder = copy.project / command.folder
        if not folder.is_dir():
            return StepOutcome(None, 0.0, "", missing=f"{command.folder}: no such folder"), ""
        variables, searched = self._variables(command, copy)
        source, own = self.git.work_tree, self._environment.folders
        programs = [copy.work_tree / name / "bin" for name in self._environment.venvs]
        elsewhere = foreign_import(
            command, folder, self.holder, variables, searched, programs, source, own
        )
        lines = OutputLines(self.say, self.holder.path)
        seconds = self.plan.seconds
        done = run_command(command.words, folder, self.holder, variables, seconds, lines.add)
        lines.end()
        return done, elsewhere

    def _variables(
        self, command: ProofCommand, copy: ProofCopy
    ) -> tuple[dict[str, str], tuple[Path, ...]]:
        """The environment of a command, and the folders of the copy that Python searches first."""
        source, venvs = self.git.work_tree, self._environment.venvs
        searched = tuple(copy.work_tree / name for name in (*self._installed, *self._learnt))
        below = os.path.relpath(copy.project / command.folder, copy.work_tree)
        near = sorted(venvs, key=lambda name: not _is_below(below, (os.path.dirname(name) or ".",)))
        if command.activates:
            active = os.path.normpath(
                os.path.relpath(copy.project / command.activates, copy.work_tree)
            )
            near = [active, *near]
        variables = proof_variables(self.environ, source, copy.work_tree, near, searched)
        own = dict(command.variables)
        if "PYTHONPATH" in own and "PYTHONPATH" in variables:
            own["PYTHONPATH"] = f"{own['PYTHONPATH']}{os.pathsep}{variables['PYTHONPATH']}"
        return {**variables, **own, "PWD": str(copy.project / command.folder)}, searched

    @cached_property
    def _installed(self) -> tuple[str, ...]:
        """Folders of the project that an editable install has Python search, from its top."""
        source = self.git.work_tree
        venvs = [source / name for name in self._environment.venvs]
        prefixes = prefixes_of(self.environ, venvs)
        return folders_on_path(source, prefixes, self._environment.folders)

    # --- the tests of the beginning ---

    def _base_tests(self, suite: ProofCommand, first: ProofRun, tree: str) -> TestState:
        """The colour of the beginning's tests on the new code; where one is red, they run on the old too."""
        base = self.plan.end.base
        before = {one.path: one for one in self._trees.entries(self._trees.tree_of(base))}
        merged, run = self._with_base_tests(tree, before), first
        if merged != tree:
            copy = self._copy("base-tests", merged, self.plan.end.head)
            run = self._run(suite, copy, "base tests")
        if "red" in (run.verdict, first.verdict) and not self._is_stopped:
            copy = self._copy("base", self._trees.tree_of(base), base)
            control = self._run(suite, copy, "base")
            if run.verdict == "red" and not is_to_blame(run, control):
                return "none"
        if run.verdict == "green" and self._has_other_inline_tests(tree, before):
            self.notes.append("tests that stand in the code itself are those of the night's end")
            return "none"
        return run.verdict if run.verdict != "unknown" else "none"

    def _with_base_tests(self, tree: str, before: dict[bytes, TreeEntry]) -> str:
        """The tree with the beginning's test files, and the beginning's settings of tests."""
        after = {one.path: one for one in self._trees.entries(tree)}
        put: list[TreeEntry] = []
        drop: list[bytes] = []
        for path in after.keys() | before.keys():
            name, old, new = os.fsdecode(path), before.get(path), after.get(path)
            if old == new:
                continue
            if is_of_tests(name):
                put += [old] if old is not None else []
                drop += [path] if old is None else []
            elif old is not None and new is not None and (merge := merger_of(name)) is not None:
                text = merge(self._text(new), self._text(old))
                put.append(new._replace(blob=self._trees.add_blob(text.encode("utf-8", "replace"))))
        return self._trees.changed(tree, put, drop)

    def _text(self, entry: TreeEntry) -> str:
        return self._trees.read(entry.blob).decode("utf-8", "replace")

    def _has_other_inline_tests(self, tree: str, before: dict[bytes, TreeEntry]) -> bool:
        """Whether a changed file of code had tests in it that are not those of the beginning now."""
        count = 0
        for one in self._trees.entries(tree):
            old, name = before.get(one.path), os.fsdecode(one.path)
            if old is None or old == one or not name.endswith(CODE_WITH_TESTS) or is_of_tests(name):
                continue
            count += 1
            if count > _MOST_READ or has_inline_tests(name, self._text(old)):
                return True
        return False


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(one == "." or path == one or path.startswith(f"{one}/") for one in folders)


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN_PATHS} more" if len(names) > _SHOWN_PATHS else ""
    return ", ".join(clean_line(name, 200) for name in names[:_SHOWN_PATHS]) + more
