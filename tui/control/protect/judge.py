"""Judges one tool call of an agent against what is protected: it refuses, or says nothing. It never allows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from tui.control.protect.bash import Folders, ShellJudge
from tui.control.protect.beginnings import Beginnings
from tui.control.protect.expansion import TO_MARKS
from tui.control.protect.paths import ProtectedPaths, Use
from tui.control.protect.refusals import Refusal, RefusedCallError
from tui.control.protect.rules import Rules

_FILES: Final[Mapping[str, tuple[str, Use]]] = {
    "Read": ("file_path", Use.READ),
    "NotebookRead": ("notebook_path", Use.READ),
    "LS": ("path", Use.READ),
    "Write": ("file_path", Use.WRITE),
    "Edit": ("file_path", Use.WRITE),
    "MultiEdit": ("file_path", Use.WRITE),
    "NotebookEdit": ("notebook_path", Use.WRITE),
}
_PATTERNS: Final = {"Glob": "pattern", "Grep": "glob"}
_ONLY_WORDS: Final = frozenset(
    "Agent Task TodoWrite TaskCreate TaskUpdate TaskGet TaskList AskUserQuestion ExitPlanMode EnterPlanMode"
    " WebSearch Skill ToolSearch SendMessage KillShell TaskStop BashOutput TaskOutput SlashCommand".split()
)
"""Tools whose texts are for a model or a person."""
_PATH_KEYS: Final = frozenset(
    "path paths file files file_path filepath filename file_name dir directory folder source destination src"
    " dest target from to uri cwd root notebook_path old_path new_path oldpath newpath output output_path"
    " input_path relative_path absolute_path pattern glob".split()
)
_COMMAND_KEYS: Final = frozenset("command cmd script shell_command bash commands".split())
_DEEPEST: Final = 8
_MOST_TEXTS: Final = 400


class ToolCall(NamedTuple):
    """A call as the hook's payload has it; `given` may be anything."""

    tool: str
    given: object


def judge(
    call: ToolCall,
    rules: Rules,
    project: str,
    cwd: str,
    home: str,
    environ: Mapping[str, str] = {},
) -> Refusal | None:
    """Why the call must not be made; None where nothing that is protected is seen in it.

    `project`, `cwd` and `home` are absolute. Never raises for what a call may hold, and takes time in
    proportion to its size.
    """
    given = call.given
    if rules.is_empty or not isinstance(given, dict):
        return None
    paths = ProtectedPaths(rules.paths, rules.written, project, home)
    shell = ShellJudge(
        paths, Beginnings(rules.commands), rules.denied, Folders(project, cwd, home), environ
    )
    try:
        if call.tool in _FILES:
            key, use = _FILES[call.tool]
            _check(shell, given.get(key), use)
        elif call.tool in _PATTERNS:
            _check_search(shell, given, _PATTERNS[call.tool])
        elif call.tool == "Bash":
            command = given.get("command")
            if isinstance(command, str):
                shell.judge(command)
        elif call.tool not in _ONLY_WORDS:
            _check_unknown(shell, given)
    except RefusedCallError as refused:
        return refused.refusal
    return None


def _check(shell: ShellJudge, path: object, use: Use) -> None:
    if isinstance(path, str):
        shell.path(path.removeprefix("file://").translate(dict.fromkeys(range(9))), use)


def _check_search(shell: ShellJudge, given: Mapping[str, object], key: str) -> None:
    """A search in a protected folder, or for names that are protected.

    One in all of the project is let be: it is too common, and what it finds is not known.
    """
    folder, pattern = given.get("path"), given.get(key)
    _check(shell, folder, Use.READ)
    if not isinstance(pattern, str) or pattern.startswith("!"):
        return
    base = folder if isinstance(folder, str) else ""
    fixed = pattern.partition("*")[0].rpartition("/")[0]
    last = pattern.rpartition("/")[2]
    texts = [fixed] if last[:1] in ("*", "?", "[", "") else [fixed, pattern.translate(TO_MARKS)]
    for text in filter(None, texts):
        shell.path(os.path.join(base, text), Use.READ, pattern)


def _check_unknown(shell: ShellJudge, given: object) -> None:
    """A tool of somebody else, by the names of its fields."""
    for key, text in _texts(given, "", 0, [0]):
        if key in _COMMAND_KEYS:
            shell.judge(text)
        elif key in _PATH_KEYS and ("://" not in text or text.startswith("file://")):
            _check(shell, text, Use.WRITE)


def _texts(value: object, key: str, depth: int, seen: list[int]) -> Iterator[tuple[str, str]]:
    """The texts of a call with the name of the field that each stands in, so many at most."""
    seen[0] += 1
    if depth > _DEEPEST or seen[0] > _MOST_TEXTS:
        return
    if isinstance(value, str):
        yield key, value
    inner: Sequence[tuple[str, object]] = ()
    if isinstance(value, dict):
        inner = [(str(name).lower(), one) for name, one in value.items()]
    elif isinstance(value, list):
        inner = [(key, one) for one in value]
        if key in _COMMAND_KEYS and value and all(isinstance(one, str) for one in value):
            yield key, " ".join(value)  # the words of one command
    for name, one in inner:
        yield from _texts(one, name, depth + 1, seen)
