"""The difference of two versions of a file, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

_CONTEXT = 3
_MOST_BYTES = 1 << 20
_MOST_COMPARISONS = 4_000_000


def counts(before: bytes, after: bytes) -> tuple[int, int] | None:
    """Lines added and removed; None where that means nothing (binary, or too large to compare)."""
    if not comparable(before, after):
        return None
    added = removed = 0
    for _, a, b, c, d in _differences(_lines(before), _lines(after)):
        removed += b - a
        added += d - c
    return added, removed


def comparable(before: bytes, after: bytes) -> bool:
    """Whether both are text of a size worth comparing."""
    return all(len(data) <= _MOST_BYTES and b"\0" not in data[:8000] for data in (before, after))


def unified(before: bytes, after: bytes, old: str, new: str) -> str:
    """A unified diff; one sentence instead where there is no text to compare."""
    if not comparable(before, after):
        kind = "binary" if b"\0" in before[:8000] + after[:8000] else "large"
        return f"{kind} file: {len(before):,} bytes become {len(after):,}\n"
    a, b = _lines(before), _lines(after)
    text = [f"--- {old}", f"+++ {new}"]
    for group in _hunks(_differences(a, b), len(a), len(b)):
        first, last = group[0], group[-1]
        text.append(f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@")
        for equal, i1, i2, j1, j2 in group:
            if equal:
                text += [" " + line for line in a[i1:i2]]
            else:
                text += ["-" + line for line in a[i1:i2]]
                text += ["+" + line for line in b[j1:j2]]
    return "\n".join(text) + "\n"


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines[-1] += "\n\\ No newline at end of file"
    return lines


Span = tuple[bool, int, int, int, int]


def _differences(a: list[str], b: list[str]) -> list[Span]:
    """What differs, as (False, from, to) in both; equal ends are cut off before comparing."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    left, right = a[start : len(a) - end], b[start : len(b) - end]
    if not left and not right:
        return []
    if len(left) * len(right) > _MOST_COMPARISONS:
        return [(False, start, start + len(left), start, start + len(right))]
    matcher = SequenceMatcher(None, left, right, autojunk=len(left) > 2000)
    return [
        (False, start + i1, start + i2, start + j1, start + j2)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def _hunks(spans: list[Span], rows: int, columns: int) -> Iterator[list[Span]]:
    """Differences with the lines around them, near ones together."""
    hunk: list[Span] = []
    for span in spans:
        _, i1, _, j1, _ = span
        if hunk and i1 - hunk[-1][2] <= 2 * _CONTEXT:
            hunk.append((True, hunk[-1][2], i1, hunk[-1][4], j1))
        else:
            if hunk:
                yield _closed(hunk, rows, columns)
            lead = min(_CONTEXT, i1, j1)
            hunk = [(True, i1 - lead, i1, j1 - lead, j1)]
        hunk.append(span)
    if hunk:
        yield _closed(hunk, rows, columns)


def _closed(hunk: list[Span], rows: int, columns: int) -> list[Span]:
    _, _, i2, _, j2 = hunk[-1]
    tail = min(_CONTEXT, rows - i2, columns - j2)
    return [*hunk, (True, i2, i2 + tail, j2, j2 + tail)]


def _span(start: int, end: int) -> str:
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"
