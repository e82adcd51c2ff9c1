"""The content of the files as numbers, followed from edits and from what shell commands plainly do.

A file begins with a number of its own, whatever it holds. An edit changes the number by what it takes out
and puts in, so an edit and its reversal lead back to it, whatever lies between. A change that names no
content gives the number of its command: the same command leads to the same content.
"""

from __future__ import annotations

from enum import IntEnum
from itertools import chain

from msgspec import Struct

from tui.model.cli_commands import MASK, ToolChange, exact_digest, line_digest
from tui.model.journal import JournalEntry
from tui.night.evidence.shell_effects import shell_effects
from tui.night.evidence.shell_parser import CommandCall, pipelines
from tui.system.lazy_pattern import AnyWord, lazy

_MOST_FILES = 512
_MOST_STATES = 4_096
_MOST_CHECKPOINTS = 8
_MOST_ASIDE = 64
_MOST_SHORT = 64
_SPREAD = 0x9E3779B97F4A7C15
_ABSENT = 0
_UNNAMED = AnyWord("cp ", "mv ", "checkout ", "switch ")
_REVISION = "\0revision"
"""Stands for all files that a checkout of another revision changes."""
_NEW_BRANCH = frozenset({"-b", "-B", "-c", "-C", "--orphan", "--create"})
_SUBSTITUTION = lazy(r"s([/|#,@!%])((?:(?!\1)[^\\]|\\.)+)\1((?:(?!\1)[^\\]|\\.)*)\1[gIi0-9]*")
_CUT = "…"

Effect = tuple[str, int]
"""A file, and the number of its content after a command."""


class ContentChange(IntEnum):
    """What a call did to the content of the files; of several the highest counts."""

    NONE = 0
    SAME = 1
    RETURNED = 2
    NEW = 3


class FileContents(Struct):
    """Numbers of the files now, at the last commit and in the stash, and which there were.

    `short` are the files that are known by a path within the project, as a shell names them.
    """

    tree: int = 0
    files: dict[str, int] = {}
    aside: dict[str, int] = {}
    committed: dict[str, int] = {}
    stashed: dict[str, int] = {}
    checkpoints: dict[str, dict[str, int]] = {}
    states: dict[int, bool] = {}
    changes: dict[int, bool] = {}
    touched: list[str] = []
    short: list[str] = []

    # --- what happens ---

    def on_edit(self, path: str, key: int, change: ToolChange) -> ContentChange:
        """A tool changed one file; without digests its `key` stands for the content."""
        self.touched = []
        name = self._name(path)
        number = change.written or key
        if change.removed:
            number += self.number(name) - change.removed
        return self._put(name, number & MASK, key)

    def on_shell(self, command: str, key: int) -> ContentChange:
        """A shell command was carried out."""
        self.touched = []
        effects = shell_effects(command)
        if not effects.paths and not _UNNAMED.is_in(command):
            if effects.commits:
                self.on_commit()
            return ContentChange.NONE
        ours = {self._name(path) for path in effects.paths}
        known: set[str] = set()
        change = ContentChange.NONE
        if not command.endswith(_CUT):
            for call in chain.from_iterable(pipelines(command)):
                for path, number in self._effects(call, command):
                    name = self._name(path)
                    known.add(name)
                    if name == _REVISION:
                        change = max(change, self._to_revision(number))
                    elif name in ours or "" in ours or name in self.files:
                        change = max(change, self._put(name, number, key))
                    else:
                        self._put_aside(name, number)
                if _is_sweeping(call):
                    known.add("")
        for name in sorted(ours - known):
            change = max(change, self._put(name, exact_digest(f"{name}\0{command}"), key))
        if effects.commits:
            self.on_commit()
        return change

    def on_commit(self) -> None:
        """What the files hold is what a checkout brings back from now on."""
        self.committed = dict(self.files)

    def on_journal(self, entry: JournalEntry) -> None:
        """A checkpoint was taken, or the files of one were brought back."""
        checkpoint = str(entry.data.get("checkpoint", ""))
        if entry.kind == "checkpoint":
            self.on_checkpoint(checkpoint)
        elif entry.kind in ("rewind", "undo") and entry.data.get("mode") != "conversation":
            self.on_rewind(checkpoint)

    def on_checkpoint(self, id: str) -> None:
        """What the files hold is what a rewind to this checkpoint brings back."""
        self.checkpoints[id] = dict(self.files)
        if len(self.checkpoints) > _MOST_CHECKPOINTS:
            del self.checkpoints[next(iter(self.checkpoints))]

    def on_rewind(self, id: str) -> None:
        """The files are as they were at a checkpoint, or at the last commit if that one is not known."""
        then = self.checkpoints.get(id, self.committed)
        for name in list(self.files):
            self._put(name, then.get(name, _base(name)), 0)

    # --- what is known ---

    def number(self, name: str) -> int:
        """The number of a file's content."""
        found = self.files.get(name)
        if found is None:
            found = self.aside.get(name) if self.aside else None
        return _base(name) if found is None else found

    def _name(self, path: str) -> str:
        """The name under which a file is known: a shell names it shorter than an editing tool."""
        path = path.removeprefix("./")
        if path in self.files or not path:
            return path
        if path.startswith("/"):
            found = [name for name in self.short if path.endswith(f"/{name}")]
        else:
            found = [name for name in self.files if name.endswith(f"/{path}")]
        return found[0] if len(found) == 1 else path

    def _put(self, name: str, number: int, key: int) -> ContentChange:
        """A file has this content now; `key` is the change's, 0 for none."""
        again = False
        if key:
            change = key ^ exact_digest(name)
            again = change in self.changes
            _remember(self.changes, change)
        before = self.number(name)
        if number == before:
            return ContentChange.SAME
        old, state = _state(name, before), _state(name, number)
        self.tree ^= state ^ (old if self.files.pop(name, None) is not None else 0)
        self.files[name] = number
        if name and name[0] != "/" and name not in self.short:
            self.short.append(name)
            del self.short[:-_MOST_SHORT]
        if len(self.files) > _MOST_FILES:
            oldest = next(iter(self.files))
            self.tree ^= _state(oldest, self.files.pop(oldest))
        seen = number in (_ABSENT, _base(name)) or state in self.states
        _remember(self.states, old)
        _remember(self.states, state)
        self.touched.append(name)
        return ContentChange.RETURNED if seen or again else ContentChange.NEW

    def _to_revision(self, number: int) -> ContentChange:
        """Another revision was checked out; one that was there before is nothing new, and no return."""
        is_new = self._put(_REVISION, number, 0) == ContentChange.NEW
        return ContentChange.NEW if is_new else ContentChange.NONE

    def _put_aside(self, name: str, number: int) -> None:
        """A copy of a file that is none of the project's."""
        self.aside[name] = number
        if len(self.aside) > _MOST_ASIDE:
            del self.aside[next(iter(self.aside))]

    # --- commands ---

    # complexity: a table in code, one rule for each program whose words tell the content of a file
    def _effects(self, call: CommandCall, command: str) -> list[Effect]:
        """What one command plainly does, as far as its words tell the content."""
        name, words = call.name, list(call.texts)
        named = [word for word in words if not word.startswith("-")]
        if name == "git":
            return self._by_git(words, command)
        if name == "rm":
            return [(path, _ABSENT) for path in named]
        if name in ("mv", "cp") and len(named) == 2:
            return self._moved(named[0], named[1], name == "mv")
        if name == "sed" and any(word.startswith("-") and "i" in word for word in words):
            return self._by_sed([word for word in named if word])
        if call.simple.document and name in ("cat", "tee") and ">>" not in command:
            whole = line_digest(call.simple.document) or 1
            return [(path, whole) for path in call.simple.outputs or named]
        return []

    def _moved(self, source: str, target: str, moves: bool) -> list[Effect]:
        if target.endswith("/"):
            target += source.rsplit("/", 1)[-1]
        number = self.number(self._name(source))
        return [(target, number), *([(source, _ABSENT)] if moves else [])]

    def _by_sed(self, named: list[str]) -> list[Effect]:
        match = _SUBSTITUTION.fullmatch(named[0]) if len(named) > 1 else None
        if match is None:
            return []
        by = line_digest(match.group(3)) - line_digest(match.group(2))
        return [(path, (self.number(self._name(path)) + by) & MASK) for path in named[1:]]

    # complexity: a table in code, one rule for each verb
    def _by_git(self, words: list[str], command: str) -> list[Effect]:
        while words[:1] and words[0].startswith("-"):
            del words[: 2 if words[0] in ("-C", "-c") else 1]
        verb, rest = (words[0], words[1:]) if words else ("", [])
        named = [word for word in rest if not word.startswith("-")]
        if verb == "rm":
            return [(path, _ABSENT) for path in named] if "--cached" not in rest else []
        if verb == "mv" and len(named) == 2:
            return self._moved(named[0], named[1], True)
        if verb == "stash":
            return self._stash(named[0] if named else "push")
        if verb == "reset":
            if "--hard" not in rest or not set(named) <= {"HEAD"}:
                return []
            return self._restored(list(self.files))
        if verb in ("checkout", "switch") and len(named) == 1 and "--" not in rest:
            is_file = named[0] in self.files or named[0] in shell_effects(command).paths
            if not is_file and named != ["."]:
                to_other = _NEW_BRANCH.isdisjoint(rest)
                return [(_REVISION, exact_digest(named[0]))] if to_other else []
        if verb in ("checkout", "restore"):
            return self._checked_out(verb, rest, named)
        return []

    def _checked_out(self, verb: str, rest: list[str], named: list[str]) -> list[Effect]:
        if verb == "restore":
            staged = "--staged" in rest or "-S" in rest
            if (staged and "--worktree" not in rest) or any("source" in word for word in rest):
                return []
        elif "--" in rest:
            place = rest.index("--")
            if any(word != "HEAD" and word[0] != "-" for word in rest[:place] if word):
                return []
            named = rest[place + 1 :]
        return self._restored(list(self.files) if "." in named else named)

    def _restored(self, paths: list[str]) -> list[Effect]:
        names = map(self._name, paths)
        return [(name, self.committed.get(name, _base(name))) for name in names if name]

    def _stash(self, verb: str) -> list[Effect]:
        if verb in ("pop", "apply"):
            back, self.stashed = self.stashed, {}
            return list(back.items())
        if verb not in ("push", "save"):
            return []
        away = self._restored(list(self.files))
        self.stashed = {name: self.number(name) for name, number in away}
        return away


def _is_sweeping(call: CommandCall) -> bool:
    """Whether a git command changes files without naming them, and they are known here."""
    words = call.texts
    if call.name != "git" or not words:
        return False
    return words[0] in ("stash", "reset") or (words[0] in ("checkout", "restore") and "." in words)


def _base(name: str) -> int:
    """The number of a file whose content nobody named yet."""
    return exact_digest(f"\0{name}")


def _state(name: str, number: int) -> int:
    """A number for a file with a content; 0 while it holds what it held at first."""
    base = _base(name)
    if number == base:
        return 0
    mixed = (base + number * _SPREAD) & MASK
    return (mixed ^ mixed >> 31) * _SPREAD & MASK or 1


def _remember(known: dict[int, bool], number: int) -> None:
    known.pop(number, None)
    known[number] = True
    if len(known) > _MOST_STATES:
        del known[next(iter(known))]


def is_revision(name: str) -> bool:
    """Whether a name among those `touched` stands for a checkout: no file was edited."""
    return name == _REVISION
