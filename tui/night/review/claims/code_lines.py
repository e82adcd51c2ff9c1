"""Which lines of a change are code: no comments, no docstrings, no bodies that do nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from tui.night.evidence.definitions import strip_comments
from tui.system.lazy_pattern import lazy

_ENDS = {"/*": "*/", "<!--": "-->", "{-": "-}"}
_MAY_COMMENT = lazy(r"#|//|/\*|--|\{-|=begin")
_LONGEST = 500
_LONGEST_STUB = 60
_MOST_BODIES = 5
_MARKUP = lazy(r"<!--.*?-->")
_STRING = lazy(r"""(['"`])((?:\\.|(?!\1)[^\\])*)\1""")
_TRIPLE = lazy(r'"""|' + "'''")
_NAME = lazy(r"[\w./:<>{}@-]{1,60}")
_DEFINES = lazy(
    r"^\s*(?:export\s+|default\s+|pub(?:\([^)]*\))?\s+|public\s+|private\s+|protected\s+|static\s+|async\s+)*"
    r"(?:def|class|function\*?|func|fn|fun|sub|interface|trait)\s+(?:\([^)]*\)\s*)?(?P<name>[\w$.]+)"
)
_SUBCLASS = lazy(r"\s*(?:\w+\s+)*class\s+\w+(?:\s*\((?!\s*(?:object)?\s*\))|\s+(?:extends|:)|\s*<)")
"""A class that is another one by a new name needs no body."""
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
_INLINE_BODY = lazy(r"\{[^{}]*\w.*\}\s*;?\s*\Z|(?:=>|\)[^={}]*=)\s*[^\s{=>]")
"""A definition whose body stands in its own line."""


class ChangedLine(Struct, frozen=True):
    """A line of a change that is code; `text` is without comments and sentences in quotes."""

    sign: str
    text: str


def code_lines(path: str, lines: Sequence[str]) -> Iterator[ChangedLine]:
    """The changed lines of a hunk (each begins with " ", "+" or "-") that are code."""
    bare = list(_bare_lines(path, lines))
    hollow = _hollow_lines(bare)
    for number, (sign, text) in enumerate(bare):
        if sign in "+-" and number not in hollow and any(c.isalnum() for c in text):
            yield ChangedLine(sign, _STRING.sub(_key_only, text))


def defined_names(lines: Sequence[str], sign: str) -> Iterator[str]:
    """Names that the lines of a hunk with that sign define."""
    for line in lines:
        match = _DEFINES.match(line[1:_LONGEST]) if line[:1] == sign else None
        if match is not None:
            yield str(match["name"])


def surrounding_names(lines: Sequence[str]) -> Iterator[str]:
    """Names of unchanged definitions of a hunk in which something changed, as indents tell."""
    open_ones: dict[int, str] = {}
    for line in lines:
        text = line[1:_LONGEST]
        if not text.strip():
            continue
        indent = len(text) - len(text.lstrip())
        match = _DEFINES.match(text)
        if line[:1] != " ":
            yield from (name for depth, name in open_ones.items() if depth < indent)
        elif match is not None:
            open_ones = {depth: name for depth, name in open_ones.items() if depth < indent}
            open_ones[indent] = str(match["name"])


def is_hollow(text: str, name: str, path: str) -> bool:
    """Whether every definition of `name` in a text has a body that does nothing."""
    lines = [" " + line for line in text.split("\n")]
    word = re.compile(rf"\b{re.escape(name)}\b")
    named = (number for number, line in enumerate(lines) if name in line)
    defined = [n for n in named if _DEFINES.match(lines[n][1:]) and word.search(lines[n])]
    bodies = (list(_bare_lines(path, lines[n : n + _LONGEST_STUB])) for n in defined[:_MOST_BODIES])
    return bool(defined) and all(0 in _hollow_lines(body) for body in bodies)


def _bare_lines(path: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Sign and text of each line, the text without comments and docstrings."""
    if path.endswith((".py", ".pyi")):
        lines = list(_without_docstrings(lines))
    is_inside = ""
    for line in lines:
        text, is_inside = _outside_block(line[1:_LONGEST], is_inside)
        if _MAY_COMMENT.search(text):
            text = strip_comments(text, path, keeps_strings=True).rstrip()
        yield line[:1], text


def _outside_block(text: str, is_inside: str) -> tuple[str, str]:
    """The line without what belongs to a comment of several lines, as far as a hunk shows it."""
    if "<!--" in text and not is_inside:
        text = _MARKUP.sub("", text)
    head = text.lstrip()
    if is_inside:
        _, end, after = text.partition(_ENDS[is_inside])
        return (after, "") if end else ("", is_inside)
    for opening, end in _ENDS.items():
        if head.startswith(opening) and end not in head[len(opening) :]:
            return "", opening
    if head.startswith(("* ", "*/")) or head == "*":
        return "", ""
    return text, ""


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
        if "class" in text and _SUBCLASS.match(text):
            continue
        if not _DEFINES.match(text):
            if _STUB.match(text):
                hollow.add(number)
            continue
        if _INLINE_STUB.search(text):
            hollow.add(number)
            continue
        if _INLINE_BODY.search(text):
            continue
        indent = len(text) - len(text.lstrip())
        body = list(_body(islice(lines, number + 1, number + _LONGEST_STUB), indent))
        if body and all(_STUB.match(line) for line in body):
            hollow.add(number)
    return hollow


def _body(lines: Iterable[tuple[str, str]], indent: int) -> Iterator[str]:
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
