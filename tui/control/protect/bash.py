"""Walks through a shell command and judges everything in it that would run, and each file that it names.

What a variable holds is followed where the command itself or the environment says it, `cd` where its folder
is known. Where it is not known, what is known of the word decides: `rm $X` passes, as it names nothing;
`cat $X/.env` and `git $X push` do not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from tui.control.protect.arguments import found_by, paths_of, pieces
from tui.control.protect.beginnings import Beginnings
from tui.control.protect.calls import inside, name_of
from tui.control.protect.expansion import (
    Variables,
    assigned,
    fields_of,
    has_pattern,
    known_variables,
    plain,
    printed,
    text_of,
)
from tui.control.protect.globs import fold
from tui.control.protect.paths import ProtectedPaths, Use, real_path
from tui.control.protect.refusals import (
    RefusedCallError,
    refuse_command,
    refuse_path,
    refuse_unread,
)
from tui.system import paths as own_paths
from tui.system.lazy_pattern import lazy
from tui.system.shell.reader import read_script
from tui.system.shell.syntax import (
    UNKNOWN,
    Command,
    Part,
    Redirection,
    Script,
    Word,
    bare_text,
)

if TYPE_CHECKING:
    from tui.model.permissions.denied_commands import DeniedCommand

_KEYWORDS: Final = frozenset("if then elif else while until do ! { } coproc function time".split())
_PIPES: Final = ("|", "|&")
_MOST_CALLS: Final = 3_000
_MOST_BASES: Final = 4
_DEEPEST: Final = 12
_MOST_CODE: Final = 100_000
_MOST_WORDS: Final = 3_000
_ASSIGNING: Final = frozenset("export declare typeset local readonly".split())
_FOLDER_OPTIONS: Final = frozenset("-C --directory --cwd --prefix --chdir".split())
_STRING: Final = lazy(
    r"\"((?:[^\"\\\n]|\\.){0,2000})\"|'((?:[^'\\\n]|\\.){0,2000})'|`((?:[^`\\]|\\.){0,2000})`",
    re.DOTALL,
)
_RUNS: Final = lazy(
    r"system|popen|subprocess|spawn|exec|check_output|check_call|\bcall\b|\brun\(|shell|qx|%x|`",
    re.I,
)
_WRITES: Final = lazy(
    r"write|unlink|remove|rename|rmtree|['\"][wax]b?\+?['\"]|mkdir|copy|move|truncate|touch|dump",
    re.I,
)
_BETWEEN_PATHS: Final = lazy(r"[\s'\"()\[\]{};|&<>`$]+")
_JOINED: Final = lazy(r"['\"]\s*,\s*['\"]")


class _Place(NamedTuple):
    """Where a command stands: the folders that may be the current one, and the shell's variables."""

    bases: tuple[str, ...]
    variables: Variables

    def setting(self, name: str, value: str) -> _Place:
        return self._replace(variables={**self.variables, name: value})


class Folders(NamedTuple):
    """The project's top, the session's current folder, the person's home; all absolute."""

    project: str
    cwd: str
    home: str


class ShellJudge:
    """Judges texts for a shell; `RefusedCallError` where something in one is protected."""

    def __init__(
        self,
        paths: ProtectedPaths,
        beginnings: Beginnings,
        denied: Sequence[DeniedCommand],
        folders: Folders,
        environ: Mapping[str, str],
    ) -> None:
        self._paths, self._beginnings, self._denied = paths, beginnings, denied
        self._project, self._home = folders.project, folders.home
        self._place = _Place((folders.cwd,), known_variables(environ, folders.home))
        self._checked: set[tuple[str, str, Use]] = set()
        self._calls = 0

    def judge(self, text: str) -> None:
        """Every command of the text."""
        self._text(text, 0, is_inner=False)

    def path(self, field: str, use: Use, shown: str = "") -> None:
        """One field that may name files."""
        for base in self._place.bases:
            key = (field, base, use)
            if key not in self._checked:
                self._checked.add(key)
                glob = self._paths.hit(field, base, use)
                if glob:
                    refuse_path(glob, plain(shown or field))

    def _text(self, text: str, depth: int, *, is_inner: bool = True) -> None:
        script = read_script(text, is_inner=is_inner) if depth <= _DEEPEST else Script(())
        self._script(script, depth)
        problem = script.problem or ("it is nested too deeply" if depth > _DEEPEST else "")
        if not problem and self._calls > _MOST_CALLS:
            problem = "it holds too many commands"
        if problem:
            self._unreadable(text, problem)

    def _unreadable(self, text: str, why: str) -> None:
        """What cannot be read is refused where it holds a protected beginning, or names a path, as words."""
        bare = text.translate({ord(sign): " " for sign in "\n\t`;|&(){}<>$"})
        words = bare.translate({ord(sign): None for sign in "'\"\\\0"}).split()
        names = {rule.program for rule in self._beginnings.all}
        names |= {one.words[0] for one in self._denied}
        for at, word in enumerate(words):
            if fold(word.rpartition("/")[2]) in names:
                try:
                    self._check_command(words[at : at + 12])
                except RefusedCallError as refused:
                    refuse_unread(refused.refusal, why)
        for word in words[:_MOST_WORDS]:
            for piece in pieces(word):
                self.path(piece, Use.WRITE, word)

    # --- the walk ---

    def _script(self, script: Script, depth: int) -> None:
        """Commands in their order; what a group or a pipe changes of the place ends with it."""
        outer: list[_Place] = []
        items = ("", *script.items, "")
        fed = ""
        for number, item in enumerate(items[1:-1], 1):
            if not isinstance(item, str):
                around = items[number - 1], items[number + 1]
                fed = self._one_of_script(item, around, depth, fed)
                continue
            if item == "(":
                outer.append(self._place)
            elif item == ")" and outer:
                self._place = outer.pop()
            fed = fed if item in _PIPES else ""

    def _one_of_script(
        self, command: Command, around: tuple[object, object], depth: int, fed: str
    ) -> str:
        kept = self._place
        output = self._command(command, depth, fed)
        if not {*around}.isdisjoint(_PIPES):
            self._place = kept._replace(variables=self._place.variables)
        elif "||" in around or around[1] == "&":
            self._place = self._place._replace(bases=_merge(self._place.bases, kept.bases))
        return output

    def _command(self, command: Command, depth: int, fed: str) -> str:
        """Judges one command; returns what is known of its output."""
        self._calls += 1
        if self._calls > _MOST_CALLS:
            return ""
        for one in command.redirections:
            fed = self._redirected(one, depth, fed)
        words = list(command.words)
        while words and bare_text(words[0]) in _KEYWORDS:
            del words[: 2 if bare_text(words[0]) == "function" else 1]
        self._inner_scripts(words, depth)
        if words and bare_text(words[0]) in ("for", "select"):
            self._loop(self._fields(words))
            return ""
        fields = self._fields(words)
        while fields and (pair := assigned(fields[0])) is not None:
            del fields[0]
            self._assign(*pair, is_for_command=bool(fields))
        return self._call(fields, depth, fed) if fields else ""

    def _inner_scripts(self, words: Iterable[Word], depth: int) -> None:
        for script in (one for word in words for part in word for one in _scripts_of(part)):
            kept = self._place
            self._script(script, depth + 1)
            self._place = kept

    def _fields(self, words: Iterable[Word]) -> list[str]:
        bases, variables = self._place
        return [one for word in words for one in fields_of(word, variables, bases[0], self._home)]

    def _assign(self, name: str, value: str, *, is_for_command: bool) -> None:
        """A variable is set; what a command gets in its environment may be a file that it reads."""
        self._place = self._place.setting(name, _known(value))
        if is_for_command and not name.startswith("GIT_"):
            for piece in pieces(value):
                self.path(piece, Use.READ, value)

    def _loop(self, fields: list[str]) -> None:
        """`for NAME in WORDS`: each word may be a file; a single one is what the variable holds."""
        values = fields[3:]
        for one in values:
            self.path(one, Use.READ)
        if len(fields) > 1:
            is_one = len(values) == 1 and not has_pattern(values[0])
            value = _known(values[0]) if is_one else UNKNOWN
            self._place = self._place.setting(plain(fields[1]), value)

    def _redirected(self, one: Redirection, depth: int, fed: str) -> str:
        """Judges a redirection; returns what is known of the input then."""
        self._inner_scripts([one.target, one.document], depth)
        bases, variables = self._place
        if one.operator.startswith("<<"):
            return text_of(one.document, variables, bases[0], self._home)
        for field in fields_of(one.target, variables, bases[0], self._home):
            if not (one.operator.endswith("&") and plain(field).rstrip("-").isdigit()):
                self.path(field, Use.READ if one.operator in ("<", "<&") else Use.WRITE)
        return "" if one.operator == "<" else fed

    # --- one call ---

    def _call(self, argv: list[str], depth: int, fed: str) -> str:
        """Judges a call and what it runs; returns what is known of its output."""
        self._calls += 1
        if depth > _DEEPEST or self._calls > _MOST_CALLS:
            return ""
        self._check_command(argv)
        name, kept = name_of(argv), self._place
        self.path(argv[0], Use.READ)
        within = inside(argv, fed)
        self._move_by_option(within.own)
        for field, use in paths_of(name, within.own):
            self.path(field, use)
        self._place = kept
        if name in ("patch", "git") and "+++ " in fed:
            self._patch(fed)
        for call in within.calls:
            self._call(call, depth + 1, fed)
        for text in within.scripts:
            self._text(text, depth + 1)
            self._place = self._place if name in ("eval", "trap") else kept
        for code in within.codes:
            self._code(code, depth)
        if name in ("cd", "pushd", "chdir"):
            self._move(argv[1:])
        elif name in _ASSIGNING:
            for pair in filter(None, map(assigned, argv[1:])):
                self._place = self._place.setting(pair[0], _known(pair[1]))
        return _output(name, argv[1:], fed)

    def _check_command(self, argv: list[str]) -> None:
        rule = self._beginnings.hit(argv, self._is_file)
        if rule is not None:
            refuse_command(rule.text, " ".join(map(plain, argv[:8])), "is a protected command")
        if self._denied:
            from tui.model.permissions.denied_commands import denied_command  # of runs only

            entry = denied_command([self._shortened(word) for word in argv], self._denied)
            if entry is not None:
                whose = f"is not permitted in this run ({entry.kind.words})"
                refuse_command(entry.text, " ".join(map(plain, argv[:8])), whose)

    def _shortened(self, field: str) -> str:
        """A word as the table of denied commands has it: `~` for the home, `/` for what holds the project."""
        word = plain(field)
        is_of_project = own_paths.lies_in(word, self._project) and word != self._home
        if own_paths.lies_in(word, self._home) and not is_of_project:
            return "~" + word[len(self._home) :]
        if word[:1] not in (".", "/"):
            return word
        whole = os.path.normpath(os.path.join(self._place.bases[0], word))
        return "/" if own_paths.lies_in(self._project, whole) else word

    def _is_file(self, word: str, named: str) -> bool:
        """Whether a word is the file that a rule names from the project's top."""
        named = self._home + named[1:] if named.startswith("~/") else named
        wanted = real_path(os.path.join(self._paths.project, named))
        return any(real_path(os.path.join(base, word)) == wanted for base in self._place.bases)

    def _move(self, args: list[str]) -> None:
        """`cd`: the folder that it goes to, as far as that is known; else the old one counts too."""
        words = [word for word in args if word[:1] != "-"]
        if not words and args:
            return
        target, old = words[0] if words else self._home, self._place.bases
        if UNKNOWN in target or has_pattern(target):
            known = plain(target).strip("/")
            top = self._paths.project
            bases = _merge((os.path.join(top, known), top), old)
        else:
            bases = tuple(os.path.normpath(os.path.join(one, target)) for one in old)
            if not any(map(_is_folder, bases)):
                bases = _merge(bases, old)
        self._place = _Place(bases, self._place.variables).setting("OLDPWD", old[0])

    def _move_by_option(self, args: list[str]) -> None:
        """`-C FOLDER` of git, make, tar: names may stand for files below it."""
        for word, after in pairwise(args):
            if word in _FOLDER_OPTIONS:
                bases = self._place.bases
                below = tuple(os.path.normpath(os.path.join(one, plain(after))) for one in bases)
                self._place = self._place._replace(bases=_merge(below, bases))

    def _patch(self, text: str) -> None:
        """The files that a patch given as input changes."""
        for line in text.splitlines():
            if line.startswith(("+++ ", "--- ", "rename to ", "rename from ")):
                path = line.split("\t")[0].split(" ")[-1]
                self.path(path, Use.WRITE)
                self.path(path.partition("/")[2], Use.WRITE, path)

    def _code(self, code: str, depth: int) -> None:
        """Code in another language: files that its texts name, and commands where it runs some."""
        code = code[:_MOST_CODE]
        use = Use.WRITE if _WRITES.search(code) else Use.READ
        for text in _strings(code):
            for word in _BETWEEN_PATHS.split(text)[:50]:
                if word.strip("./"):
                    self.path(word, use)
        if _RUNS.search(code):
            for text in _strings(_JOINED.sub(" ", code)):
                self._text(text, depth + 1)


def _scripts_of(part: Part) -> Iterator[Script]:
    yield from part.inner
    for other in part.otherwise:
        if other.inner and not part.inner:
            yield from other.inner


def _output(name: str, args: list[str], fed: str) -> str:
    if name in ("echo", "printf"):
        return printed(name, [plain(one) for one in args])
    return fed if name in ("cat", "tee", "head", "tail", "grep", "sort") else found_by(name, args)


def _strings(code: str) -> Iterator[str]:
    for found in _STRING.finditer(code):
        text = found[1] or found[2] or found[3]
        if text:
            yield text


def _known(field: str) -> str:
    """A field as the value of a variable, with what is unknown in it."""
    return UNKNOWN.join(map(plain, field.split(UNKNOWN)))


def _merge(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))[:_MOST_BASES]


def _is_folder(path: str) -> bool:
    try:
        return os.path.isdir(path)
    except ValueError:
        return False
