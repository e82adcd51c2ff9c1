"""The parts of a text in which somebody may claim something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from tui.system.lazy_pattern import lazy

_FENCE = lazy(r"\s*(```|~~~)")
_HEADING = lazy(r"\s*(#{1,6})\s+(.*?)\s*#*\s*\Z")
_LABEL = lazy(
    r"\s*(?:[-*+]\s+)?(?:\*\*|__)?([A-Za-z][\w /'-]{2,40}?|`[^`\n]{2,80}`)(?:\*\*|__)?:(?:\*\*|__)?\s*\Z"
)
_UNDERLINE = lazy(r"\s*(?:[=_-]\s*){3,}\Z")
_BULLET = lazy(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_BOX = lazy(r"\s*\[(.)\]\s+")
_NOT_YET = lazy(r"\s*(?:❌|⏳|🔄|⬜|☐|🚧|✗|✘|🔲|⚠)")
_SIGN = lazy(r"\s*(?:✅|✓|✔️?|☑️?|🎉|→|➜|👍)\s*")
_CODE = lazy(r"`([^`\n]+)`")
_CODE_PATH = lazy(r"`((?:[\w@.-]+/)*[\w-][\w.-]*\.[a-z]\w{0,5})`")
_QUOTED = lazy(r"""["“”]([^"“”\n]{2,200})["“”]""")
_LINK = lazy(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_STARS = lazy(r"\*\*|~~|(?<![\w*])\*(?=\w)|(?<=\w)\*(?![\w*])")
_PLANS = lazy(
    r"\b(?:next|to-?do|plan(?:s|ned)?|remaining|open|block(?:ed|ers?)|known (?:issues|problems)|how to"
    r"|usage|goals?|requirements?|acceptance|criteria|definition of done|instructions?|future"
    r"|in[ -]progress|not (?:done|started|yet)|pending|limitations?|options?|questions?|risks?"
    r"|backlog|test plan|checklist|prerequisites|conventions|rules|guidelines|previous(?:ly)?"
    r"|last session|earlier sessions?|background|context|ideas?|suggestions?|recommend\w*"
    r"|follow[- ]?ups?|what'?s left|verification steps|steps to|expected|example)\b",
    re.IGNORECASE,
)
_LONGEST_LINE = 2_000


class TextLine(Struct, frozen=True):
    """A line that may hold claims; its quotes and code are blanked in `masked`.

    `ticked` says it was a checked box; `about` is the path that the line, or the label above it,
    names first.
    """

    number: int
    offset: int
    text: str
    masked: str
    ticked: bool = False
    about: str = ""


def claim_lines(text: str) -> Iterator[TextLine]:
    """The lines that may hold claims; numbers count from 1, offsets are bytes of UTF-8."""
    about = ""
    is_plan = is_label_plan = False
    level = 9
    for number, offset, raw in _own_lines(text):
        heading = _HEADING.match(raw)
        if heading is not None:
            depth, title = len(heading.group(1)), heading.group(2)
            # A heading below a plan belongs to the plan.
            if not is_plan or depth <= level:
                is_plan, level = _PLANS.search(title) is not None, depth
            is_label_plan, about = False, _first_path(title)
            continue
        label = _LABEL.match(raw)
        if label is not None:
            title = label.group(1)
            is_label_plan, about = _PLANS.search(title) is not None, _first_path(title)
            continue
        if _BULLET.match(raw) is None and not raw.startswith((" ", "\t")):
            is_label_plan, about = False, ""
        if is_plan or is_label_plan or _UNDERLINE.match(raw):
            continue
        line = _parse_line(raw, number, offset, about)
        if line is not None:
            yield line


def _own_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Number, offset and text of the lines without code blocks, quotations, blank and overlong ones."""
    fence = ""
    next_offset = 0
    for number, raw in enumerate(text.split("\n"), 1):
        offset, next_offset = next_offset, next_offset + len(raw.encode("utf-8", "replace")) + 1
        opening = _FENCE.match(raw)
        if opening is not None:
            fence = "" if fence == opening.group(1) else (fence or opening.group(1))
            continue
        is_quoted = raw.lstrip().startswith(">")
        if not fence and raw.strip() and not is_quoted and len(raw) <= _LONGEST_LINE:
            yield number, offset, raw


def _parse_line(raw: str, number: int, offset: int, about: str) -> TextLine | None:
    """The line without bullet, box and signs; None for what is not done yet."""
    bullet = _BULLET.match(raw)
    text = raw[bullet.end() :] if bullet is not None else raw
    box = _BOX.match(text)
    if box is not None:
        if box.group(1) not in "xX✓✔☑":
            return None
        text = text[box.end() :]
    if _NOT_YET.match(text):
        return None
    sign = _SIGN.match(text)
    if sign is not None:
        text = text[sign.end() :]
    text = _STARS.sub("", _LINK.sub(r"\1", text)).replace("|", " ").strip()
    return TextLine(
        number,
        offset,
        text.replace("`", ""),
        mask_names(text),
        box is not None,
        _first_path(text) or about,
    )


def _first_path(text: str) -> str:
    """The first path in backticks."""
    match = _CODE_PATH.search(text)
    return str(match.group(1)) if match is not None else ""


def mask_names(text: str) -> str:
    """As long as `text` without backticks, with every name in backticks and every quote blanked.

    What stands in backticks is a name; what stands in quotation marks is somebody else's.
    """
    text = _CODE.sub(lambda m: "◇" * len(m.group(1)), text).replace("`", "")
    return _QUOTED.sub(lambda m: " " * len(m.group(0)), text)
