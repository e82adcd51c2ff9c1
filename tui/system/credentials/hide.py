"""Hiding credentials in what leaves the machine, or is kept.

A secret is looked for in the text as it stands, and in the text as a reader would decode it: without
control sequences, invisible characters and their visible forms, with the escapes of HTML, Markdown, JSON
and addresses undone. What is found there is hidden in the text itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from tui.system.credentials.rules import named
from tui.system.credentials.shapes import AWS_ID, AWS_SECRET, PATTERNS, CredentialPattern
from tui.system.credentials.values import HIDDEN, looks_random
from tui.system.lazy_pattern import lazy

_SHORTEST: Final = 6
Span = tuple[int, int]
# They split a key for the patterns, but not for a reader.
_UNSEEN: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE: Final = lazy(f"[{_UNSEEN}]")
# Escape: as itself, as its picture, and as programs and formats write it.
_ESC: Final = r"(?:\x1b|␛|\\x1[bB]|\\u001[bB]|\\033|\\e(?=[\[\]])|\^\[|%1[bB]|&#(?:27|[xX]1[bB]);)"
_UNIT: Final = lazy(
    rf"{_ESC}(?:(?:\[|%5[bB])[0-9:;<=>?]{{0,64}}[ -/]{{0,4}}[@-~]|\][^\x07\x1b␇␛\n]{{0,300}}(?:\x07|␇|{_ESC}\\\\?)|[()][A-Z0-9]|[c78=>\\])?"
    f"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2400-\u2408\u240b\u240c\u240e-\u241f␡{_UNSEEN}]"
    r"|</?(?:b|i|em|strong|span|wbr|u|s|code|br|font|mark|sub|sup)(?:\s[^<>]{0,100})?/?>|<!--[^<>]{0,100}-->"
    r"|(?<=[\w-])(?:\*\*|`{1,3})(?=[\w-])|‹U\+[0-9A-F]{4,6}›|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp|shy|zwj|zwnj);"
    r"|%[eE]2%8(?:0%[8aA]|1%[aA])[0-9a-fA-F]|%[cC]2%[aA][dD]|%[eE][fF]%[bB][bB]%[bB][fF]|%(?:[2-7][0-9a-fA-F]|0[09aAdD])|\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]{1,6}\})|\\x[0-9a-fA-F]{2}|\\[\"'`*_~/.:=+@#|<>\[\](){}!$&;,?\\-]"
)
_MAY_HAVE_UNITS: Final = lazy(
    f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2400-\u2421‹{_UNSEEN}]|[&%\\\\^`*]|<[/!bieswucfm]"
)
_ESCAPE: Final = lazy(r"\\[ux]\{?([0-9a-fA-F]{2,6})\}?")
_NAMED_SIGNS: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_FOLD: Final = lazy(r"(?<=[A-Za-z0-9_./+=-])(?:\r?\n| ⏎ )(?=[A-Za-z0-9_./+=-])")
_NARROWEST: Final = 38
_Row = tuple[tuple[str, ...], re.Pattern[str], Callable[[re.Match[str]], Iterator[Span]]]


def _rows(patterns: Iterable[CredentialPattern]) -> tuple[_Row, ...]:
    return tuple((one.hints, lazy(one.hidden), one.rule) for one in patterns)


# Those that are one word are looked for in long words only, the others everywhere.
_WORDS: Final = _rows(one for one in PATTERNS if one.is_one_word)
_OTHERS: Final = _rows(one for one in PATTERNS if not one.is_one_word)
_FOLDED: Final = _rows(one for one in PATTERNS if one.is_one_word and one.kind != "telegram")
_LONG_WORD: Final = lazy(r"\S{13,}")
_IN_PIECES: Final = 4_000
_LINES_AFTER: Final = lazy(r"[^\n]*(?:\n\s{0,40}[^\n]*){0,2}")


def drop_invisible(text: str) -> str:
    """`text` without invisible characters."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def hide_credentials(text: str, known: Iterable[str] = ()) -> str:
    """`text` with credentials as `[hidden]`; `known` are found literally, longest first.

    Called with its own result it changes nothing. The work is in proportion to the text.
    """
    for secret in known:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    spans = sorted(_all_spans(text))
    if not spans:
        return text
    parts: list[str] = []
    at = 0
    for start, end in _merged(spans):
        parts += (text[at:start], HIDDEN)
        at = end
    return "".join((*parts, text[at:]))


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans in order, those that touch as one."""
    first, last = -1, -1
    for start, end in spans:
        if start <= last:
            last = max(last, end)
        else:
            if last > first:
                yield first, last
            first, last = start, end
    if last > first:
        yield first, last


def _all_spans(text: str) -> Iterator[Span]:
    lower = _lower(text)
    has_aws = ("akia" in lower or "asia" in lower) and AWS_ID.search(text) is not None
    yield from _spans(text, has_aws)
    if _MAY_HAVE_UNITS.search(text) is not None:
        units = list(_UNIT.finditer(text))
        for start, end, inside in _pieces(text, lower, units):
            piece = text[start:end]
            decoded = _Decoded(
                piece, ((one.start() - start, one.end() - start, _sign(one[0])) for one in inside)
            )
            for first, last in decoded.back(_spans(decoded.text, has_aws)):
                yield start + first, start + last
    folds = list(_folds(text))
    if folds:
        unfolded = _Decoded(text, folds)
        words = (one for one in _LONG_WORD.finditer(unfolded.text) if unfolded.has_piece(one))
        for start, end in unfolded.back(_spans_of_words(unfolded.text, words, _FOLDED, has_aws)):
            yield start, _end_of_folded(text, start, end)


def _lower(text: str) -> str:
    """In lower case as patterns that ignore case understand it."""
    return text.lower() if text.isascii() else text.lower().replace("\u017f", "s")


def _pieces(
    text: str, lower: str, units: list[re.Match[str]]
) -> Iterator[tuple[int, int, list[re.Match[str]]]]:
    """The parts of a text that a decoding changes, with the lines around them, and what it changes there."""
    if units and (len(text) < _IN_PIECES or "private key" in lower):
        yield 0, len(text), units
        return
    start = end = 0
    inside: list[re.Match[str]] = []
    for unit in units:
        if unit.end() > end or not inside:
            before = text.rfind("\n", 0, unit.start())
            for _ in range(2):
                before = text.rfind("\n", 0, max(0, before))
            if inside and before + 1 > end:
                yield start, end, inside
                inside = []
            if not inside:
                start = before + 1
            end = _end_of_lines(text, unit.end())
        inside.append(unit)
    if inside:
        yield start, end, inside


def _end_of_lines(text: str, at: int) -> int:
    """Where the second line after this one ends; blank lines do not count."""
    found = _LINES_AFTER.match(text, at)
    return len(text) if found is None else found.end()


def _spans(text: str, has_aws: bool) -> Iterator[Span]:
    lower = _lower(text)
    for hints, pattern, rule in _OTHERS:
        if _has_hint(hints, lower) and (rule is not named or _MAY_NAME.search(lower) is not None):
            for start, end in _parts(text, lower, hints):
                yield from _matches(text, pattern, rule, start, end)
    yield from _spans_of_words(text, _LONG_WORD.finditer(text), _WORDS, has_aws)


# What the names of secrets have in common; to try each of them at each character takes ten times as long.
_MAY_NAME: Final = lazy(
    r"passw|passphrase|passcode|secret|token|credential|key|signature|cookie|session"
    r"|(?<![a-z])(?:pwd|auth|pass|pw|sid|jwt|pat|psk|salt|seed|dsn|otp)(?![a-z])"
)


def _has_hint(hints: tuple[str, ...], lower: str) -> bool:
    for hint in hints:  # noqa: SIM110 - a generator takes three times as long
        if hint in lower:
            return True
    return False


def _parts(text: str, lower: str, hints: tuple[str, ...]) -> Iterable[Span]:
    """Where a match can be: in a long text the lines with a hint, and those next to them."""
    if len(text) < _IN_PIECES or len(text) != len(lower) or "private key" in hints:
        return ((0, len(text)),)
    lines: set[int] = set()
    for hint in hints:
        at = lower.find(hint)
        while at >= 0:
            lines.add(lower.rfind("\n", 0, at) + 1)
            line_end = lower.find("\n", at)
            at = lower.find(hint, line_end) if line_end >= 0 else -1
    return _merged((_line_before(text, line), _end_of_lines(text, line)) for line in sorted(lines))


def _line_before(text: str, line: int) -> int:
    return text.rfind("\n", 0, max(0, line - 1)) + 1


def _matches(
    text: str,
    pattern: re.Pattern[str],
    rule: Callable[[re.Match[str]], Iterator[Span]],
    start: int,
    end: int,
) -> Iterator[Span]:
    last = 0
    for match in pattern.finditer(text, start, end):
        if match.start() >= last:
            for first, stop in rule(match):
                yield first, stop
                last = stop


def _spans_of_words(
    text: str, words: Iterable[re.Match[str]], table: Iterable[_Row], has_aws: bool
) -> Iterator[Span]:
    """The same in these words of the text alone, for patterns that match no blanks."""
    starts, parts, places, length = [], [], [], 0
    for word in words:
        starts.append(length)
        places.append(word.start())
        parts.append(word.group())
        length += len(parts[-1]) + 1
    joined = "\n".join(parts)
    lower = _lower(joined)
    for hints, pattern, rule in table if parts else ():
        if _has_hint(hints, lower):
            for start, end in _matches(joined, pattern, rule, 0, length):
                moved = places[number := bisect_right(starts, start) - 1] - starts[number]
                yield start + moved, end + moved
    # Forty characters beside an AWS id are its secret, unless they are a commit's id.
    has_id = ("akia" in lower or "asia" in lower) and AWS_ID.search(joined) is not None
    if has_aws or has_id:
        for match in AWS_SECRET.finditer(joined):
            moved = places[number := bisect_right(starts, match.start()) - 1] - starts[number]
            yield match.start() + moved, match.end() + moved


class _Decoded:
    """A text with pieces of it replaced; `back` finds places of the result in what was given."""

    def __init__(self, text: str, pieces: Iterable[tuple[int, int, str]]) -> None:
        parts: list[str] = []
        # Where each piece ends: in the result, and in the text.
        self._ends, self._sources = [0], [0]
        length = at = 0
        for start, end, sign in pieces:
            parts += (text[at:start], sign)
            length += start - at + len(sign)
            at = end
            self._ends.append(length)
            self._sources.append(end)
        self.text = "".join((*parts, text[at:]))

    def has_piece(self, match: re.Match[str]) -> bool:
        """Whether something was replaced within the match."""
        number = bisect_right(self._ends, match.start(), 1)
        return number < len(self._ends) and self._ends[number] < match.end()

    def back(self, spans: Iterable[Span]) -> Iterator[Span]:
        ends, sources = self._ends, self._sources
        for start, end in spans:
            if start >= end:
                continue
            before = bisect_right(ends, start) - 1
            last = bisect_right(ends, end - 1) - 1
            # The last character may itself stand for a longer piece.
            is_piece = last + 1 < len(ends) and ends[last + 1] == end
            stop = sources[last + 1] if is_piece else sources[last] + end - ends[last]
            yield sources[before] + start - ends[before], stop


def _sign(unit: str) -> str:
    """What a reader sees for an escape, an entity or a control sequence."""
    first = unit[0]
    if first == "&" and unit[-1] == ";":
        body = unit[1:-1]
        if body[0] != "#":
            return _NAMED_SIGNS.get(body, " " if body == "nbsp" else "")
        return _plain(int(body[2:], 16) if body[1] in "xX" else int(body[1:]))
    if first == "%" and len(unit) == 3:
        return _plain(int(unit[1:], 16))
    if first == "\\" and len(unit) == 2:
        return unit[1]
    if first == "\\" and (digits := _ESCAPE.fullmatch(unit)) is not None:
        return _plain(int(digits[1], 16))
    return ""


def _plain(code: int) -> str:
    """A character that can be part of a credential, or ends one; what is invisible is nothing."""
    return chr(code) if 0x20 <= code < 0x7F or code in (9, 10, 13) else ""


def _folds(text: str) -> Iterator[tuple[int, int, str]]:
    """Breaks that a narrow terminal may have put into a long word: after a long line, inside a word."""
    for match in _FOLD.finditer(text):
        start = match.start()
        if "\n" in text[max(0, start - _NARROWEST) : start] or start < _NARROWEST:
            continue
        yield start, match.end(), ""


def _end_of_folded(text: str, start: int, end: int) -> int:
    """Where a word that was found across breaks ends: what goes on must not be a word of its own."""
    stop = end
    for match in _FOLD.finditer(text, start, end):
        piece = _WORD_PIECE.match(text, match.end(), end)
        if (
            piece is not None
            and not any(map(str.isdigit, piece.group()))
            and not looks_random(piece.group())
        ):
            if stop == end:
                stop = match.start()
        elif piece is not None:
            stop = end
    return stop


_WORD_PIECE: Final = lazy(r"[A-Za-z0-9_+/=-]+")


def spellings_of(secrets: Iterable[str]) -> tuple[str, ...]:
    """Every spelling in which these secrets may appear in messages, longest first.

    Error messages quote a URL's path, its user part, or its last segment alone.
    """
    from urllib.parse import quote  # late: the journal imports this module at every start

    found: set[str] = set()
    for secret in secrets:
        found.update((secret, quote(secret, safe="")))
        if "://" in secret:
            found.update(_url_parts(secret))
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))


def _url_parts(url: str) -> Iterable[str]:
    from urllib.parse import urlsplit

    front, _, rest = url.partition("://")
    yield rest
    try:
        parts = urlsplit(url)
        user, password = parts.username, parts.password
    except ValueError:
        return
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # A short path, such as a topic of three letters, would hide words of every text.
    yield from (one for one in (path, path.lstrip("/")) if len(one) >= 12)
    yield from (one for one in parts.path.split("/") if len(one) >= 12)
    yield from (one for one in (user, password) if one)
    if front.lower() not in ("http", "https", "ntfy", "ntfys") and parts.hostname:
        host = parts.netloc.rpartition("@")[2]  # for many services the host is a token
        yield from (host for _ in range(1) if "." not in host and len(host) >= 12)


def secret_variables(environ: Mapping[str, str]) -> list[str]:
    """Values of environment variables whose names are those of credentials."""
    named_secret = re.compile(r"(?i)(key|token|secret|passw(or)?d|credential|webhook)(_[a-z]+)?$")
    return [
        value
        for name, value in environ.items()
        if len(value) >= 8 and named_secret.search(name) and not value.startswith("/")
    ]
