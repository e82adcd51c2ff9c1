"""The text of a changed file at the night's base and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tui.model.evidence.claims import PathState
from tui.model.records import FileChange, Hunk
from tui.night.review.risks.diff_view import DiffLine, diff_lines

_JS_NAMES = tuple(
    f"{{stem}}{kind}.{end}" for kind in (".test", ".spec") for end in ("js", "ts", "tsx")
)
_TEST_NAMES: dict[str, tuple[str, ...]] = {
    "py": ("test_{stem}.py", "{stem}_test.py"),
    **dict.fromkeys(("js", "ts", "jsx", "tsx", "mjs", "cjs"), _JS_NAMES),
    "go": ("{stem}_test.go",),
    "java": ("{stem}Test.java", "{stem}Tests.java"),
    "kt": ("{stem}Test.kt",),
    "rb": ("{stem}_spec.rb", "{stem}_test.rb", "test_{stem}.rb"),
    "php": ("{stem}Test.php",),
    "cs": ("{stem}Tests.cs", "{stem}Test.cs"),
    "swift": ("{stem}Tests.swift",),
    "ex": ("{stem}_test.exs",),
    "rs": ("{stem}.rs",),
    "sh": ("{stem}.bats",),
}
_MOST_FILES = 100
_MOST_CHARACTERS = 3_000_000


class FileTexts(Protocol):
    """Where whole files can be had; None for what is not there, or is no text."""

    def text(self, path: str) -> str | None:
        """The file's text at the end."""

    def base_text(self, path: str) -> str | None:
        """The same at the beginning."""

    def path(self, name: str) -> PathState:
        """A path of which only the end may be known."""


class ChangedTexts:
    """Both texts of changed files, whole as far as a bound allows; else what the hunks show of them.

    What hunks show stands in its own lines, so numbers of lines are right in both.
    """

    def __init__(self, whole: FileTexts | None = None) -> None:
        self._whole = whole
        self._files = 0
        self._characters = 0

    def both(self, change: FileChange) -> tuple[str, str]:
        """Text before and after; "" for a file that was not there."""
        whole = self._read(change)
        if whole is not None:
            return whole
        return _shown(change.hunks, "-"), _shown(change.hunks, "+")

    def tests_of(self, path: str) -> Iterator[tuple[str, str]]:
        """Path and text of the test files that are named after a source, as they are at the end."""
        if self._whole is None:
            return
        name = path.rpartition("/")[2]
        stem, _, ending = name.partition(".")
        ending = ending.rpartition(".")[2]
        for pattern in _TEST_NAMES.get(ending, ()):
            found = self._whole.path(pattern.format(stem=stem))
            text = self._whole.text(found.path) if found.exists else None
            if text is not None:
                yield found.path, text

    def _read(self, change: FileChange) -> tuple[str, str] | None:
        is_spent = self._files >= _MOST_FILES or self._characters >= _MOST_CHARACTERS
        if self._whole is None or is_spent:
            return None
        before: str | None = ""
        after: str | None = ""
        if change.kind != "added":
            before = self._whole.base_text(change.old_path or change.path)
        if change.kind != "deleted":
            after = self._whole.text(change.path)
        if before is None or after is None:
            return None
        self._files += 1
        self._characters += len(before) + len(after)
        return before, after


def _shown(hunks: tuple[Hunk, ...], sign: str) -> str:
    """The lines of one side, each in its place; before a hunk stands what git names it by."""
    lines: list[str] = []
    for hunk in hunks:
        start = hunk.old_start if sign == "-" else hunk.new_start
        lines += [""] * (start - 1 - len(lines))
        if lines:
            # Without a name it is at least no part of what stood before.
            lines[-1] = hunk.heading or "0"
        lines += [line[1:] for line in hunk.lines if line[:1] in (" ", sign)]
    return "\n".join(lines) + "\n" if lines else ""


def find_line(change: FileChange, number: int, sign: str) -> DiffLine | None:
    """The line of the diff that shows a line of the new file ("+"), or of the old one ("-").

    Where that very line did not change, the nearest one that did.
    """
    changed = [line for line in diff_lines(change) if line.sign in "+-"]
    own = [line for line in changed if line.sign == sign] or changed
    return min(
        own, key=lambda line: (abs(line.number - number), line.number < number), default=None
    )
