"""The parts of a text in which somebody may claim something, and which are new in this night."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence.log import EvidenceLog
from tui.model.records import ProgressFile, RepositoryChanges
from tui.night.review.claims.languages.headings import is_plan
from tui.system.lazy_pattern import lazy

IsNew = Callable[[str], bool]
_FENCE = lazy(r"\s*(```|~~~)")
_HEADING = lazy(r"\s*(#{1,6})\s+(.*?)\s*#*\s*\Z")
_LABEL = lazy(
    r"\s*(?:[-*+]\s+)?(?:\*\*|__)?([^\W\d_][\w /'’(),&-]{1,50}?|`[^`\n]{2,80}`)"
    r"(?:\*\*|__)?[:：](?:\*\*|__)?\s*\Z"
)
_BOLD = lazy(r"\s*(?:\*\*|__)([^*_\n]{2,60})(?:\*\*|__)\s*\Z")
_UNDERLINE = lazy(r"\s*(?:[=_-]\s*){3,}\Z")
_BULLET = lazy(r"\s*(?:(?:[-*+•●▪◦‣]|\d{1,3}[.)])\s+|・\s*|\d{1,3}[、．）]\s*)")
_BOX = lazy(r"\s*\[(.)\]\s+")
_NOT_YET = lazy(r"\s*(?:⏳|🔄|⬜|☐|🚧|🔲|⚠)")
_SIGN = lazy(r"\s*(?P<sign>✅|✓|✔|☑|❌|✗|✘|🎉|→|➜|👍|🎯|🚀|✨)\ufe0f?\s*")
_MEANING = {**dict.fromkeys("✅✓✔☑", "✅"), **dict.fromkeys("❌✗✘", "❌")}
_RULE = lazy(r"\s*\|?[\s:|-]+\|?\s*\Z")
_CODE = lazy(r"`([^`\n]+)`")
_CODE_PATH = lazy(r"`((?:[\w@.-]+/)*[\w-][\w.-]*\.[a-z]\w{0,5})`")
_QUOTED = lazy(
    r"""["“”„]([^"“”„\n]{2,200})["“”]|[«»][^«»\n]{2,200}[«»]|「[^「」\n]{2,200}」|『[^『』\n]{2,200}』|(?<!\w)‘[^‘’\n]{2,200}’(?!\w)|(?<!\w)'[^'\n]{4,200}'(?!\w)"""
)
_LINK = lazy(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_STRUCK = lazy(r"~~[^~\n]+~~")
_STARS = lazy(r"\*\*|(?<![\w*])\*(?=\w)|(?<=\w)\*(?![\w*])")
_PLANS = lazy(
    r"(?:(?:\W|\d)*(?:the|our|my|some|any|possible|suggested|recommended|proposed|immediate|optional"
    r"|remaining|what|what's)\s+)*"
    r"(?:next(?!\.)|to-?do|plan(?:s|ned)?|remaining|open|block(?:ed|ers?)|known (?:issues|problems"
    r"|limitations?)|how to"
    r"|usage|goals?|requirements?|acceptance|criteria|definition of done|instructions?|future|to "
    r"(?:run|test|verify|use|try|do|start|check|deploy|finish)"
    r"|in[ -]progress|not started|pending|limitations?|options?|questions?|risks?|action items?|if "
    r"you|for you|your turn|you (?:can|need|should|may|might)"
    r"|backlog|test plan|checklist|prerequisites|conventions|rules|guidelines|previous(?:ly)?"
    r"|(?:should|would|could|will|must)"
    r"|last session|earlier sessions?|background|context|ideas?|suggestions?|recommend\w*|before "
    r"(?:you|merging)|(?:root )?cause|the problem|problem|why"
    r"|follow[- ]?ups?|what'?s (?:left|next)|left(?: to do)?|verification steps|steps(?: to)?"
    r"|expected|example|reminder|note for|notes? to|manual (?:steps|testing))\b"
    r"|.*\b(?:(?:previous|last|earlier) sessions?|next steps?|to-?do|remaining (?:work|tasks?|items?"
    r"|steps?)|in progress|follow[- ]?ups?"
    r"|how to (?:run|test|use|verify)|test plan|(?:not|n't) in scope|out of scope)\W*\Z",
    re.IGNORECASE,
)
_ACHIEVED = lazy(
    r"\b(?:done|completed?|achieved|met|fixed|implemented|finished|passed|resolved|satisfied|verified"
    r"|addressed|added|changed)\b|✅",
    re.IGNORECASE,
)
_LONGEST_LINE = 2_000


class TextLine(Struct, frozen=True):
    """A line that may hold claims; its quotes and code are blanked in `masked`.

    `ticked` says it was a checked box; `about` is the path that the line, or the label above it,
    names first. `label` is the title of the heading or the label that the line stands under, `sign`
    the sign that it begins with: "✅" for done, "❌" for not done; `is_item` tells a
    point of a list and a row of a table.
    """

    number: int
    offset: int
    text: str
    masked: str
    ticked: bool = False
    about: str = ""
    label: str = ""
    sign: str = ""
    is_item: bool = False


def claim_lines(text: str) -> Iterator[TextLine]:
    """The lines that may hold claims; numbers count from 1, offsets are bytes of UTF-8."""
    about = label = title = ""
    is_plan = is_label_plan = False
    level = 9
    for number, offset, raw in _own_lines(text):
        heading = _HEADING.match(raw) if "#" in raw[:12] else None
        if heading is not None:
            depth, title = len(heading.group(1)), heading.group(2)
            # A heading below a plan belongs to the plan.
            if not is_plan or depth <= level:
                is_plan, level = _is_plan(title), depth
            is_label_plan, about, label = False, _first_path(title), ""
            if not is_plan:
                yield from _parse_line(title, number, offset, about, "")
            continue
        found = _label_of(raw)
        if found:
            label = found
            is_label_plan, about = _is_plan(label), _first_path(label)
            continue
        if _BULLET.match(raw) is None and not raw.startswith((" ", "\t", "|")):
            is_label_plan, about, label = False, "", ""
        if is_plan or is_label_plan or _UNDERLINE.match(raw):
            continue
        yield from _parse_line(raw, number, offset, about, label or title)


def _label_of(raw: str) -> str:
    """The title that a line is, of what stands below it: one with a colon, or a plan's in bold."""
    if raw.rstrip(" *_").endswith((":", "：")):
        match = _LABEL.match(raw)
        return str(match.group(1)) if match is not None else ""
    bold = _BOLD.match(raw) if raw.lstrip()[:2] in ("**", "__") else None
    return str(bold.group(1)) if bold is not None and _is_plan(bold.group(1)) else ""


def _is_plan(title: str) -> bool:
    """Whether what stands below is what shall be done, or what others did."""
    title = title.strip("*_:： ")
    if is_plan(title):
        return True
    return _PLANS.match(title) is not None and _ACHIEVED.search(title) is None


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


def _parse_line(raw: str, number: int, offset: int, about: str, label: str) -> Iterator[TextLine]:
    """The line without bullet, box and signs; none for what is not done yet."""
    bullet, text = _behind(_BULLET, raw)
    box, text = _behind(_BOX, text)
    if box is not None and box.group(1) not in "xX✓✔☑":
        return
    if _NOT_YET.match(text):
        return
    found, text = _behind(_SIGN, text)
    sign = found.group("sign") if found is not None else ""
    is_row = text.lstrip().startswith("|")
    if is_row:
        if _RULE.match(text):
            return
        text = _cells(text)
    text = _without_markup(text).strip()
    yield TextLine(
        number,
        offset,
        text.replace("`", ""),
        mask_names(text),
        box is not None,
        _first_path(text) or about,
        label,
        _MEANING.get(sign, ""),
        bullet is not None or is_row,
    )


def _behind(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str] | None, str]:
    """What a line begins with, and what stands behind it."""
    match = pattern.match(text)
    return match, text[match.end() :] if match is not None else text


def _without_markup(text: str) -> str:
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "~~" in text or "*" in text:
        text = _STARS.sub("", _STRUCK.sub("", text))
    return text


def _cells(row: str) -> str:
    """A table's row as one line: the first cell is said to be what the others tell."""
    cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
    first, rest = cells[0], [cell for cell in cells[1:] if cell]
    return f"{first}: {', '.join(rest)}" if rest else first


def _first_path(text: str) -> str:
    """The first path in backticks."""
    match = _CODE_PATH.search(text) if "`" in text else None
    return str(match.group(1)) if match is not None else ""


def mask_names(text: str) -> str:
    """As long as `text` without backticks, with every name in backticks and every quote blanked.

    What stands in backticks is a name; what stands in quotation marks is somebody else's.
    """
    if "`" in text:
        text = _CODE.sub(lambda m: "◇" * len(m.group(1)), text).replace("`", "")
    if text.isascii() and '"' not in text and "'" not in text:
        return text
    return _QUOTED.sub(lambda m: " " * len(m.group(0)), text)


# --- what is new in this night ---


def new_lines(
    text: str, before: str, path: str, changes: RepositoryChanges | None, evidence: EvidenceLog
) -> IsNew:
    """Tells of a line whether it is new in this night; without any knowledge none is.

    The file as it was decides, else the repository's difference, else that a tool wrote the whole
    file in this night.
    """
    if before and before != text:
        old = {squeezed(line) for line in before.split("\n")}
        return lambda line: squeezed(line) not in old
    added = _added_lines(path, changes)
    if added is not None:
        return lambda line: squeezed(line) in added
    name = path.rsplit("/", 1)[-1]
    writes = (edit for edit in evidence.edits if edit.tool == "Write")
    is_written = bool(name) and any(edit.path.endswith(name) for edit in writes)
    return lambda line: is_written


def _added_lines(path: str, changes: RepositoryChanges | None) -> set[str] | None:
    """The lines that the night added to the file; None where nothing is known of it."""
    if changes is None or not path:
        return None
    for file in changes.files:
        if path == file.path or path.endswith("/" + file.path):
            return {squeezed(line) for hunk in file.hunks for line in hunk.added}
    return set() if changes.base else None


def newly_done_tasks(
    evidence: EvidenceLog,
    progress: ProgressFile | None,
    before: ProgressFile | None,
    is_new: IsNew,
) -> dict[str, tuple[float | None, SourceRef]]:
    """Tasks that this night ticked and that still are: title to time and place."""
    if progress is None:
        return {}
    # A file as it was that is unknown, or just as it is now, tells nothing.
    known = before if before is not None and before.text != progress.text else None
    done_before = {task.title for task in known.tasks if task.state == "done"} if known else set()
    ticks = {tick.title: tick for tick in evidence.done_tasks}
    lines = progress.text.split("\n")
    ticked: dict[str, tuple[float | None, SourceRef]] = {}
    for task in progress.tasks:
        if task.state != "done" or task.title in ticked:
            continue
        tick = ticks.get(task.title)
        line = "".join(lines[max(0, task.line - 1) : max(0, task.line)])
        new = is_new(line) if known is None else task.title not in done_before
        if tick is None and not (new and line):
            continue
        at = tick.at if tick is not None else progress.at
        ticked[task.title] = (at, line_ref(progress.source, lines, task.line))
    return ticked


def line_ref(source: str, lines: list[str], number: int) -> SourceRef:
    """Where a line stands: the file and the line's byte offset."""
    offset = sum(len(line.encode("utf-8", "replace")) + 1 for line in lines[: max(0, number - 1)])
    return SourceRef(source, offset)


def squeezed(line: str) -> str:
    """The line with its blanks made one each."""
    return " ".join(line.split())
