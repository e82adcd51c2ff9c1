"""The lines of a progress file that count: outside code fences and comments, without markup."""

from __future__ import annotations

import re

from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean_line
from tui.system.sgr import strip_ansi

# Bounds for the patterns, so that a hostile file cannot keep them busy.
PARSED_CHARACTERS = 2_000_000
LINE_CHARACTERS = 2_000
_FENCE = lazy(r"\s*(?:>\s*)*(?:[-*+]\s+)?(`{3,}|~{3,})(.*)")
_CODE = lazy(r"`+([^`]*)`+")
_BOLD = lazy(r"\*\*(?=\S)([^*]+)\*\*")
_UNDERLINE = lazy(r"(?<!\w)__(?=\S)([^_]*[ ,.:;!?][^_]*)__(?!\w)")
_ITALIC = lazy(r"(?<![\w*])\*(?=[^\s*])([^*]+)\*(?![\w*])|(?<!\w)_(?=[^\s_])([^_]+)_(?!\w)")
_LINK = lazy(r"!?\[([^\[\]]{1,300})\]\([^()\s]{0,500}\)")
_TAG = lazy(
    r"</?(?:b|i|u|s|em|strong|code|kbd|del|ins|sub|sup|span|br|p|a|details|summary)\b[^<>]{0,200}>",
    re.IGNORECASE,
)
NumberedLine = tuple[int, str]


def without_markup(text: str, limit: int = 300) -> str:
    """One clean line without Markdown markup, at most `limit` characters."""
    text = text[:LINE_CHARACTERS]
    if "<" in text:
        text = _TAG.sub("", text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "`" in text:
        text = _CODE.sub(r"\1", text)
    if "*" in text:
        text = _BOLD.sub(r"\1", text).replace("**", "")
    if "__" in text:
        text = _UNDERLINE.sub(r"\1", text)
    if "~~" in text:
        text = text.replace("~~", "")
    if "*" in text or "_" in text:
        text = _ITALIC.sub(lambda found: found[1] or found[2], text)
    return clean_line(text.strip(), limit).strip()


def visible_lines(text: str) -> list[NumberedLine]:
    """Numbered lines (from 1) outside code fences and HTML comments, each cut to 2,000 characters.

    A fence or comment that is never closed hides nothing: the file may be read while it is written, and
    its tasks must not disappear. Of more than two million characters the first and last million are read.
    """
    if "\x1b" in text:
        text = strip_ansi(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    half = PARSED_CHARACTERS // 2
    if len(text) <= 2 * half:
        numbered = _numbered(text, 1)
    else:
        numbered = _numbered(text[:half], 1)
        numbered += _numbered(text[-half:], 1 + text.count("\n", 0, len(text) - half))
    if "```" in text or "~~~" in text:
        numbered = _outside_fences(numbered)
    if "<!--" in text:
        numbered = _outside_comments(numbered)
    return numbered


def _numbered(text: str, first: int) -> list[NumberedLine]:
    lines = text.split("\n")
    return [(number, line[:LINE_CHARACTERS]) for number, line in enumerate(lines, first)]


def _outside_fences(lines: list[NumberedLine]) -> list[NumberedLine]:
    marks = [_fence_mark(line) for _, line in lines]
    closers = _longest_closer_below(marks)
    kept: list[NumberedLine] = []
    fence = ("", 0)
    for index, (line, mark) in enumerate(zip(lines, marks, strict=True)):
        if fence[1]:
            if mark and mark[2] and mark[0] == fence[0] and mark[1] >= fence[1]:
                fence = ("", 0)
        elif mark and closers[index].get(mark[0], 0) >= mark[1]:
            fence = (mark[0], mark[1])
        else:
            kept.append(line)
    return kept


def _fence_mark(line: str) -> tuple[str, int, bool] | None:
    """Character, length and "may close" of a fence line."""
    if "```" not in line and "~~~" not in line:
        return None
    found = _FENCE.match(line)
    if found is None or (found[1][0] == "`" and "`" in found[2]):
        return None
    return found[1][0], len(found[1]), not found[2].strip()


def _longest_closer_below(marks: list[tuple[str, int, bool] | None]) -> list[dict[str, int]]:
    """For each line, the longest closing fence of each character that follows it."""
    below: list[dict[str, int]] = []
    longest: dict[str, int] = {}
    for mark in reversed(marks):
        below.append(longest)
        if mark and mark[2] and mark[1] > longest.get(mark[0], 0):
            longest = {**longest, mark[0]: mark[1]}
    below.reverse()
    return below


def _outside_comments(lines: list[NumberedLine]) -> list[NumberedLine]:
    last_end = max((index for index, (_, line) in enumerate(lines) if "-->" in line), default=-1)
    kept: list[NumberedLine] = []
    inside = False
    for index, (number, line) in enumerate(lines):
        if inside:
            end = line.find("-->")
            if end < 0:
                continue
            line, inside = line[end + 3 :], False
            if not line.strip():
                continue
        if "<!--" in line:
            line, inside = _without_comments(line, closes_below=index < last_end)
        kept.append((number, line))
    return kept


def _without_comments(line: str, *, closes_below: bool) -> tuple[str, bool]:
    """The line without the comments in it, and whether one of them goes on below."""
    kept, at = "", 0
    while (start := line.find("<!--", at)) >= 0:
        end = line.find("-->", start + 4)
        if end < 0 and not closes_below:
            break
        kept += line[at:start]
        if end < 0:
            return kept, True
        at = end + 3
    return kept + line[at:], False
