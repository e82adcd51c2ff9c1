"""Characters that move a cursor, hide a letter or break a width, made visible.

Dangerous characters are shown, not dropped: controls as their pictures (`␛`), invisible and
direction-changing ones as `‹U+202E›`. The few exceptions are dropped because nothing is lost and
terminals disagree on their width: an emoji's variation selector, joiner and skin tone, and the
join controls between letters of scripts that use them.
"""

from __future__ import annotations

import re

from tui.system.lazy_pattern import lazy

LINE_LIMIT = 8192
"""No line shown is longer than this many characters; the rest of it is counted, not drawn."""

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f"
_HIGH_SELECTORS = "\U000e0100-\U000e01ef"
_FLAGS = "\U0001f1e6-\U0001f1ff"
_SKIN = "\U0001f3fb-\U0001f3ff"
_SINGLES = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
)
_HIGH_SINGLES = (
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
# One class that never misses: the engine scans it ten times faster than the exact tokens, which are then
# applied only to what it found. Beyond the basic plane it matches everything.
_SUSPECT = lazy(f"[{_SINGLES}{_SELECTORS}{_MARKS}\U00010000-\U0010ffff]+")
_BASIC_SUSPECT = lazy(f"[{_SINGLES}{_SELECTORS}{_MARKS}]+")
_TOKEN = lazy(
    f"[{_SINGLES}{_HIGH_SINGLES}{_SKIN}]|(?P<selectors>[{_SELECTORS}{_HIGH_SELECTORS}]+)"
    f"|(?P<marks>[{_MARKS}]+)|(?P<flags>[{_FLAGS}]+)"
)
_JOINERS = "\u200c\u200d"
_EMOJI = lazy(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\ufe0f]"
)
_JOINING_SCRIPTS = lazy("[\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af]")
_KEYCAP = lazy("[#*0-9]")
_IDEOGRAPH = lazy("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PRINTABLE = bytes(range(0x20, 0x7F))
_HARMLESS = _PRINTABLE + b"\n\t"
_MOST_MARKS = 4


def is_plain(text: str) -> bool:
    """Whether the text is printable ASCII, which needs no cleaning.

    Removing what is printable takes a tenth of the time of testing each character.
    """
    return text.isascii() and not text.encode().translate(None, _PRINTABLE)


def clean(text: str, *, limit: int | None = None, whole: bool = False) -> str:
    """`text` as harmless lines: newlines and tabs stay, everything else odd becomes visible.

    At most `limit` characters are read. A line beyond `LINE_LIMIT` is cut and says by how much;
    with `whole` it is folded into several lines instead, so that nothing is left out.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit] + "…"
    if len(text) > LINE_LIMIT:
        text = fold_lines(text) if whole else cut_lines(text)
    if text.isascii() and not text.encode().translate(None, _HARMLESS):
        return text
    # A string with characters beyond the basic plane takes four bytes for each of its characters.
    suspect = _SUSPECT if text.__sizeof__() >= 4 * len(text) else _BASIC_SUSPECT
    return suspect.sub(_visible_run, text)


def clean_line(text: str, limit: int = LINE_LIMIT, *, newline: str = "⏎") -> str:
    """`text` as one harmless line of at most `limit` characters; line breaks become `newline`."""
    cut = len(text) > limit
    if cut:
        text = text[:limit]
    text = text.strip("\r\n\t ")
    if not is_plain(text):
        text = clean(text)
        if "\n" in text:
            text = _BREAKS.sub(f" {newline} " if newline.strip() else " ", text)
        text = text.replace("\t", " ")
    if cut or len(text) > limit:
        return text[: max(limit - 1, 0)] + "…"
    return text


def clean_bytes(data: bytes, *, limit: int | None = None) -> str:
    """`data` read as UTF-8, with what is not UTF-8 shown as `\ufffd`, then cleaned."""
    if limit is not None and len(data) > 4 * limit:
        data = data[: 4 * limit]
    return clean(data.decode("utf-8", "replace"), limit=limit)


def cut_middle(text: str, limit: int) -> str:
    """`text` with its middle left out, and said so, when it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    head, tail = limit * 3 // 4, limit - limit * 3 // 4
    return f"{text[:head]}\n… ({len(text) - limit:,} characters left out) …\n{text[-tail:]}"


_BREAKS = lazy(r"[ \t]*\n\s*")


def cut_lines(text: str) -> str:
    """`text` with every line cut at `LINE_LIMIT`, so that patterns over it stay fast."""
    kept = LINE_LIMIT - 40
    return "\n".join(
        line if len(line) <= LINE_LIMIT else f"{line[:kept]}… (+{len(line) - kept:,} characters)"
        for line in text.split("\n")
    )


def fold_lines(text: str) -> str:
    """`text` with every line beyond `LINE_LIMIT` broken into several."""
    pieces: list[str] = []
    for line in text.split("\n"):
        if len(line) <= LINE_LIMIT:
            pieces.append(line)
        else:
            pieces.extend(line[i : i + LINE_LIMIT] for i in range(0, len(line), LINE_LIMIT))
    return "\n".join(pieces)


_UNSAFE = lazy(f"[{_SINGLES}{_SELECTORS}{_HIGH_SINGLES}{_HIGH_SELECTORS}]")


def json_text(value: object) -> str:
    """`value` as JSON on one line, fit for a terminal: what `escape_json` escapes is not in it."""
    import msgspec  # late: the screen's first lines need no JSON

    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a path that is no text
        import json

        text = json.dumps(msgspec.to_builtins(value))
    return escape_json(text)


def escape_json(text: str) -> str:
    r"""A JSON text with every character that moves, hides or reorders others written as `\\uXXXX`.

    The values stay what they are. Such a character can only stand within a string.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNSAFE.sub(_as_escape, text)


_JOINING = frozenset("\u200c\u200d\ufe0e\ufe0f\u180b\u180c\u180d\u180f")


def has_controls(text: str) -> bool:
    """Whether a text holds what a terminal could obey, or what hides or reorders other characters."""
    return not is_plain(text) and not _JOINING.issuperset(_UNSAFE.findall(text))


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


class _VisibleForms(dict[str, str]):
    """The visible form of each odd character, made once."""

    def __missing__(self, char: str) -> str:
        code = ord(char)
        if code < 0x20:
            shown = chr(0x2400 + code)
        elif code == 0x7F:
            shown = "␡"
        elif 0x80 <= code < 0xA0:  # an 8-bit control is its 7-bit twin: ESC and a letter
            shown = "␛" + chr(code - 0x40)
        else:
            shown = f"‹U+{code:04X}›"
        self[char] = shown
        return shown


_SHOWN = _VisibleForms()


def _visible_run(match: re.Match[str]) -> str:
    """The visible form of a run of suspects; their neighbours are in `match.string`."""
    start, end, text = *match.span(), match.string
    if end - start == 1:
        char = text[start]
        if "\r" != char < "\u0300":
            return _SHOWN[char]
        if char in _KNOWN_PLAIN:
            return char
        if _TOKEN.match(char) is None:
            _KNOWN_PLAIN.add(char)  # at most as many as there are characters
            return char
    parts: list[str] = []
    for token in _TOKEN.finditer(text, start, end):
        parts.append(text[start : token.start()])
        parts.append(_visible_token(token))
        start = token.end()
    parts.append(text[start:end])
    return "".join(parts)


_KNOWN_PLAIN: set[str] = set()
"""Characters beyond the basic plane that turned out to be plain, such as most emoji."""


def _visible_token(match: re.Match[str]) -> str:
    found = match.group()
    first = found[0]
    if first < "\u0300":
        if first == "\r" and match.string[match.end() : match.end() + 1] == "\n":
            return ""
        return _SHOWN[first]
    if first in _JOINERS:
        return "" if _joins(match) else _SHOWN[first]
    if match.lastgroup == "selectors":
        return _visible_selectors(match)
    if match.lastgroup == "marks":
        return _visible_marks(match)
    if match.lastgroup == "flags":
        return found if len(found) % 2 == 0 else found[:-1] + _SHOWN[found[-1]]
    if _SKINS.match(first) and _EMOJI.match(_before(match)):
        return ""
    return _SHOWN[first]


_SKINS = lazy(f"[{_SKIN}]")


def _before(match: re.Match[str]) -> str:
    start = match.start()
    return match.string[start - 1] if start else ""


def _joins(match: re.Match[str]) -> bool:
    """Whether a joiner is where writing needs it: inside an emoji, or between letters that join."""
    before, after = _before(match), match.string[match.end() : match.end() + 1]
    if match.group() == "\u200d" and _EMOJI.match(after):
        return bool(_EMOJI.match(before) or _SKINS.match(before))
    return bool(_JOINING_SCRIPTS.match(before) and _JOINING_SCRIPTS.match(after))


def _visible_selectors(match: re.Match[str]) -> str:
    """A single selector after what it may select is dropped: terminals draw it differently."""
    found = match.group()
    before = _before(match)
    if len(found) == 1:
        if found in "\ufe0e\ufe0f" and (_EMOJI.match(before) or _KEYCAP.match(before)):
            return ""
        if found >= "\U000e0100" and _IDEOGRAPH.match(before):
            return ""
    return "".join(map(_SHOWN.__getitem__, found))


def _visible_marks(match: re.Match[str]) -> str:
    """Combining marks get a base if they have none; beyond four they are counted, not drawn."""
    found = match.group()
    base = "" if _before(match) not in ("", "\n", "\t", "\r") else "◌"
    if len(found) <= _MOST_MARKS:
        return base + found
    return f"{base}{found[:_MOST_MARKS]}‹+{len(found) - _MOST_MARKS} marks›"
