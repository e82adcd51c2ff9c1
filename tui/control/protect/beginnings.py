"""Whether a command begins as a rule says: by words, wherever options stand and however they are joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from tui.control.protect.expansion import TO_MARKS, has_pattern, plain
from tui.control.protect.globs import fold, name_matches

_LONG: Final[Mapping[str, Mapping[str, str]]] = {
    "rm": {"r": "recursive", "f": "force", "d": "dir"},
    "cp": {"r": "recursive", "f": "force"},
    "chmod": {"R": "recursive"},
    "chown": {"R": "recursive"},
    "git push": {"f": "force", "d": "delete"},
    "git clean": {"f": "force"},
    "git branch": {"D": "delete", "d": "delete", "f": "force", "m": "move"},
    "git checkout": {"f": "force"},
    "git switch": {"f": "force"},
    "git commit": {"n": "no-verify", "a": "all"},
    "git add": {"A": "all", "f": "force"},
}
"""What letters of options are called in full."""
_BOTH_CASES: Final = frozenset({("rm", "r"), ("cp", "r")})
_WHOLE_OPTIONS: Final = frozenset(
    "find java javac go terraform tofu openssl ffmpeg gcc g++ clang cc ld xcodebuild convert gradle mvn"
    " powershell pwsh dotnet".split()
)
"""Programs whose options of several letters begin with one dash."""
_TAKING: Final[Mapping[str, frozenset[str]]] = {
    "git": frozenset(
        "-C -c --git-dir --work-tree --namespace --exec-path --config-env --attr-source".split()
    ),
    "rm": frozenset(),
}
"""The options that take the next word, of programs where all of them are known."""
_ANY_ORDER: Final = frozenset("make gmake just rake gradle gradlew ninja task nox ant mvn".split())
"""Each word of them is something to be done."""


class Beginning(NamedTuple):
    """A rule: as it was written, and its words."""

    text: str
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        return fold(self.words[0].rpartition("/")[2])


class Beginnings:
    """The rules of a project for commands."""

    def __init__(self, commands: Sequence[str]) -> None:
        self.all = tuple(Beginning(text, tuple(text.split())) for text in commands if text.split())

    def hit(
        self, argv: Sequence[str], is_file: Callable[[str, str], bool] = lambda word, named: False
    ) -> Beginning | None:
        """The rule that a command meets; `is_file` says whether a word of it is the file that a rule names."""
        if not argv or not self.all:
            return None
        program = plain(argv[0])
        # A word of which nothing is known is taken for an option.
        words = [text for text in map(plain, argv[1:]) if text]
        for rule in self._named(program, is_file):
            if _follows(rule, words):
                return rule
        return None

    def _named(self, word: str, is_file: Callable[[str, str], bool]) -> Iterator[Beginning]:
        name = fold(word).lstrip("=").rpartition("/")[2].removesuffix(".exe")
        for rule in self.all:
            if "/" in rule.words[0]:
                if is_file(word, rule.words[0]):
                    yield rule
            elif name_matches(rule.program.translate(TO_MARKS), name):
                yield rule


def _follows(rule: Beginning, words: Sequence[str]) -> bool:
    """Whether the words after a program's name are what a rule goes on with."""
    options = [word for word in _before_end(words) if _is_option(word)]
    named = [word for word in rule.words[1:] if not _is_option(word)]
    verb = " ".join([rule.program, *named[:1]])
    for wanted in rule.words[1:]:
        if _is_option(wanted) and not _has_option(wanted, options, rule.program, verb):
            return False
    if rule.program in _ANY_ORDER:
        return all(any(_same(one, word) for word in words) for one in named)
    return _in_order(rule.program, named, words)


def _is_option(word: str) -> bool:
    return word[:1] == "-" and len(word) > 1


def _before_end(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words


def _in_order(program: str, named: Sequence[str], words: Sequence[str]) -> bool:
    """Whether plain words stand at the beginning in this order; options and their values are passed over."""
    taking = _TAKING.get(program)
    left = list(named)
    may_be_value = False
    rest = iter(words)
    for word in rest:
        if not left:
            break
        if _is_option(word):
            if taking is not None and word in taking:
                next(rest, "")
            # The word after an option may belong to it, or not: either way it must not hide the rule.
            may_be_value = taking is None and "=" not in word and word != "--"
        elif _same(left[0], word):
            del left[0]
            may_be_value = False
        elif may_be_value or word[:1] == "+":
            may_be_value = False  # `+`: `cargo +nightly publish`
        else:
            return False
    return not left


def _same(wanted: str, word: str) -> bool:
    if wanted == word:
        return True
    marked = wanted.translate(TO_MARKS)
    return has_pattern(marked) and name_matches(marked, word)


def _has_option(wanted: str, options: Sequence[str], program: str, verb: str) -> bool:
    if wanted in options:
        return True
    names = {**_LONG.get(program, {}), **_LONG.get(verb, {})}
    if wanted.startswith("--"):
        name = wanted[2:]
        letters = {letter for letter, full in names.items() if full == name}
        return any(_is_long(name, one) or _letters(one) & letters for one in options)
    if program in _WHOLE_OPTIONS or not wanted[1:].isalpha():
        return False
    return all(_has_letter(letter, options, program, names) for letter in wanted[1:])


def _has_letter(
    letter: str, options: Sequence[str], program: str, names: Mapping[str, str]
) -> bool:
    letters = {letter, letter.swapcase()} if (program, letter.lower()) in _BOTH_CASES else {letter}
    full = {names[one] for one in letters if one in names}
    return any(
        _letters(one) & letters or any(_is_long(name, one) for name in full) for one in options
    )


def _letters(option: str) -> set[str]:
    return set() if option.startswith("--") else set(option[1:])


def _is_long(name: str, option: str) -> bool:
    """Whether an option in full is this one, which may be shortened."""
    given = option[2:].partition("=")[0] if option.startswith("--") else ""
    return bool(given) and name.startswith(given)
