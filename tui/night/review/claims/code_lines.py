"""Which lines of a change are code: no comments, no docstrings, no bodies that do nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from tui.system.lazy_pattern import lazy

_HASH = frozenset(
    "py pyi rb sh bash zsh yaml yml toml r jl pl ex exs tf mk cfg ini nix ps1".split()
)
_DASHES = frozenset("sql lua hs elm ada".split())
_SLASHES = frozenset(
    "js jsx mjs cjs ts tsx mts cts go rs java kt kts c h cc cpp cxx hpp cs fs swift dart scala php"
    " css scss sass less proto groovy gradle sol zig vue svelte m mm".split()
)
_MARKUP = frozenset("html htm xml svg vue svelte".split())
_HASH_NAMES = ("makefile", "dockerfile", "gemfile", "rakefile", "cmakelists.txt")
_HASH_COMMENT = lazy(r"(?:^|(?<=\s))#(?!\[|!\[).*")
_SLASH_COMMENT = lazy(r"(?:^|(?<=[\s;{}),]))//.*|/\*.*?(?:\*/|$)")
_DASH_COMMENT = lazy(r"(?:^|(?<=\s))--.*")
_MARKUP_COMMENT = lazy(r"<!--.*?(?:-->|$)")
_STRING = lazy(r"""(['"`])((?:\\.|(?!\1)[^\\])*)\1""")
_TRIPLE = lazy(r'"""|' + "'''")
_NAME = lazy(r"[\w./:<>{}@-]{1,60}")
_DEFINES = lazy(
    r"^\s*(?:export\s+|default\s+|pub(?:\([^)]*\))?\s+|public\s+|private\s+|protected\s+|static\s+|async\s+)*"
    r"(?:def|class|function\*?|func|fn|fun|sub|interface|trait)\s+\(?[\w$.]*"
)
_STUB = lazy(
    r"\s*(?:pass|\.\.\.|[{}\[\]();,]+|end|raise\s+NotImplementedError\b.*|raise\s+NotImplemented\b.*"
    r"|throw\s+new\s+\w*Error\(\s*['\"`]?(?:not\s+(?:yet\s+)?implemented|todo|unimplemented).*"
    r"|(?:todo|unimplemented)!\(.*\);?|panic!?\(\s*\"(?:not implemented|todo|unimplemented).*)\s*\Z",
    re.IGNORECASE,
)
_INLINE_STUB = lazy(
    r"(?:\)|\w)(?:\s*->[^:]*)?\s*:\s*(?:pass|\.\.\.|raise\s+NotImplementedError\b.*)\s*\Z"
    r"|\)[^{};]*\{\s*\}\s*;?\s*\Z|=>\s*\{\s*\}\s*;?\s*\Z"
)


class ChangedLine(Struct, frozen=True):
    """A line of a change that is code; `text` is without comments and sentences in quotes."""

    sign: str
    text: str


def code_lines(path: str, lines: Sequence[str]) -> Iterator[ChangedLine]:
    """The changed lines of a hunk (each begins with " ", "+" or "-") that are code."""
    ending = _ending(path)
    plain = list(_without_docstrings(lines) if ending in ("py", "pyi") else lines)
    bare = [(line[:1], _without_comment(line[1:], ending)) for line in plain]
    hollow = _hollow_lines(bare)
    block = False
    for number, (sign, text) in enumerate(bare):
        if ending in _SLASHES:
            text, block = _outside_block(text, block)
        if sign in "+-" and number not in hollow and any(c.isalnum() for c in text):
            yield ChangedLine(sign, _STRING.sub(_key_only, text))


def is_hollow(text: str, name: str, path: str) -> bool:
    """Whether every definition of `name` in a text has a body that does nothing."""
    ending = _ending(path)
    lines = [" " + line for line in text.split("\n")]
    plain = list(_without_docstrings(lines) if ending in ("py", "pyi") else lines)
    bare = [(line[:1], _without_comment(line[1:], ending)) for line in plain]
    word = re.compile(rf"\b{re.escape(name)}\b")
    defined = [n for n, (_, t) in enumerate(bare) if _DEFINES.match(t) and word.search(t)]
    hollow = _hollow_lines(bare)
    return bool(defined) and all(number in hollow for number in defined)


def _ending(path: str) -> str:
    name = path.rsplit("/", 1)[-1].lower()
    return "mk" if name in _HASH_NAMES else name.rpartition(".")[2]


def _without_comment(text: str, ending: str) -> str:
    text = text[:500]
    if ending in _HASH and "#" in text:
        text = _HASH_COMMENT.sub("", text)
    if ending in _SLASHES and "/" in text:
        text = _SLASH_COMMENT.sub("", text)
    if ending in _DASHES and "--" in text:
        text = _DASH_COMMENT.sub("", text)
    if ending in _MARKUP and "<!--" in text:
        text = _MARKUP_COMMENT.sub("", text)
    return text


def _outside_block(text: str, is_inside: bool) -> tuple[str, bool]:
    """The line without what belongs to a /* comment over several lines, as far as a hunk shows it."""
    head = text.lstrip()
    if is_inside:
        _, end, after = text.partition("*/")
        return (after, False) if end else ("", True)
    if head.startswith("* ") or head == "*" or head.startswith("*/"):
        return "", False
    return text, False


def _without_docstrings(lines: Sequence[str]) -> Iterator[str]:
    """The lines of a hunk of Python, those of docstrings blanked."""
    marks = [(line, len(_TRIPLE.findall(line))) for line in lines]
    is_inside = _begins_inside(marks)
    for line, count in marks:
        text = line[1:].strip()
        if count == 0:
            yield line[:1] if is_inside else line
            continue
        is_doc = is_inside or text.lstrip("rRbBuUfF").startswith(('"""', "'''"))
        if count % 2:
            is_inside = not is_inside
        yield line[:1] if is_doc else line


def _begins_inside(marks: Iterable[tuple[str, int]]) -> bool:
    """Whether a hunk seems to begin in the middle of a docstring."""
    marked = [(line[1:].strip(), count) for line, count in marks if count]
    if sum(count for _, count in marked) % 2 == 0 or not marked:
        return False
    first = marked[0][0]
    return first in ('"""', "'''") or not first.lstrip("rRbBuUfF").startswith(('"""', "'''"))


def _hollow_lines(lines: Sequence[tuple[str, str]]) -> set[int]:
    """Numbers of the lines of definitions whose body does nothing."""
    hollow: set[int] = set()
    for number, (_, text) in enumerate(lines):
        if not _DEFINES.match(text):
            if _STUB.match(text):
                hollow.add(number)
            continue
        if _INLINE_STUB.search(text):
            hollow.add(number)
            continue
        indent = len(text) - len(text.lstrip())
        body = list(_body(lines[number + 1 :], indent))
        if body and all(_STUB.match(line) for line in body):
            hollow.add(number)
    return hollow


def _body(lines: Sequence[tuple[str, str]], indent: int) -> Iterator[str]:
    """Lines that stand deeper than a definition, and brackets that close it."""
    for _, text in lines:
        if not text.strip():
            continue
        deeper = len(text) - len(text.lstrip()) > indent
        if not deeper and text.strip() not in ("}", "};", "{", "end", ")", "):"):
            return
        yield text
        if not deeper:
            return


def _key_only(match: re.Match[str]) -> str:
    """A string that is a key, an option or a route stays; a sentence does not."""
    text = match.group(2)
    return f" {text} " if _NAME.fullmatch(text) else "''"
