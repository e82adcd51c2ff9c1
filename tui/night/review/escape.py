"""Makes text harmless in Markdown, HTML and XML: what was words stays words."""

from __future__ import annotations

import re
from typing import Final

JOINER: Final = "\u2060"
"""A word joiner: no width, no break; it parts what a site would otherwise turn into a link."""

_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SPECIAL: Final = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_QUOTES: Final = {**_ENTITIES, ord('"'): "&quot;", ord("'"): "&#39;"}
_FIRST: Final = re.compile(r"^(\d{1,9}|)([#+=.)-])")
# What GitHub finds in finished text, where a backslash no longer counts: people, issues, addresses,
# pictures by name. Each is parted after its first sign.
_FOUND_LATER: Final = (
    (re.compile(r"@(?=\S)"), f"{JOINER}@{JOINER}"),
    (re.compile(r"#(?=\d)"), f"#{JOINER}"),
    (re.compile(r"(?i)\b(gh|jira)-(?=\d)"), rf"\1-{JOINER}"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*):(?=//|[a-z])"), rf"\1:{JOINER}"),
    (re.compile(r"(?i)\b(www)\.(?=\S)"), rf"\1{JOINER}."),
    (re.compile(r"(?i):(?=[0-9_]*[a-z+-][a-z0-9_+-]*:)"), f":{JOINER}"),
)


def one_line(text: str) -> str:
    """`text` on one line, without control characters and what no reader sees."""
    return " ".join(_NO_XML.sub(" ", _UNSEEN.sub("", text)).split())


def markdown_text(text: str, first: bool = True) -> str:
    """`text` as plain words of one line: no markup, link, picture, mention or reference.

    Rules of GitHub Flavored Markdown, and of what GitHub links by itself afterwards. `first` says
    that the words may begin a line, where a sign or a number could make a heading or a list.
    """
    text = one_line(text).translate(_ENTITIES)
    text = _SPECIAL.sub(r"\\\g<0>", text)
    for pattern, parted in _FOUND_LATER:
        text = pattern.sub(parted, text)
    return _FIRST.sub(r"\1\\\2", text) if first else text


def markdown_code(text: str, in_table: bool = False) -> str:
    """`text` as a code span of one line; a table's cells need their bars escaped even there."""
    text = one_line(text)
    if not text:
        return ""
    if in_table:
        text = text.replace("|", r"\|")
    ticks = "`" * (_longest(text) + 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def fenced(lines: tuple[str, ...], language: str) -> list[str]:
    """`lines` in a fence that none of them can close."""
    clean = [_NO_XML.sub("\ufffd", _UNSEEN.sub("\ufffd", row)) for row in lines]
    clean = [re.sub("[\r\n\u2028\u2029]", "\ufffd", row) for row in clean]
    fence = "`" * max(3, *(_longest(row) + 1 for row in clean)) if clean else "```"
    return [f"{fence}{language}", *clean, fence]


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def html_text(text: str) -> str:
    """`text` as words of one line, fit for the inside of an element or a quoted attribute."""
    return one_line(text).translate(_QUOTES)


def html_row(text: str) -> str:
    """A line of code as it stands, its blanks kept."""
    seen = _NO_XML.sub("\ufffd", _UNSEEN.sub("\ufffd", text))
    return re.sub("[\r\n\u2028\u2029]", "\ufffd", seen).translate(_QUOTES)
