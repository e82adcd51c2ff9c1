"""The names that stand in a clause of any language, and the clause with its paths and code blanked."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tui.night.review.claims.grammar.names import subject_of
from tui.night.review.claims.statement import Subject
from tui.system.lazy_pattern import lazy

_REF = lazy(
    r"(?<![A-Za-z0-9_/.-])(?:origin|upstream)/[A-Za-z0-9_./-]*[A-Za-z0-9_]"
    r"|(?<![A-Za-z0-9_/.-])(?:main|master|develop)(?![A-Za-z0-9_/.-])"
)
_TASK_ID = lazy(r"(?<![A-Za-z0-9_.#])(?:[A-Z]{2,8}-\d+|#\d+|\d+(?:\.\d+)+)(?![A-Za-z0-9_]|\.\d)")
_TEST_COMMAND = lazy(
    r"\b(?:pytest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|unittest)\b"
    r"|\b(?:npm|pnpm|yarn|bun|deno|go|cargo|make|just|mix|dotnet|mvn|gradlew?|rake|swift)"
    r"\s+(?:run\s+)?tests?\b"
)


class Names:
    """The names of one stretch of text.

    `masked` is as long as the stretch, each path a run of ◆, each other name of code one of ◇.
    """

    def __init__(self, masked: str, text: str) -> None:
        subject = subject_of(text, masked)
        out = masked
        for path in subject.paths:
            out = _blanked(out, text, path, "◆")
        for symbol in subject.symbols:
            out = _blanked(out, text, symbol, "◇")
        self.masked = out
        ref = _REF.search(out) or _REF.search(text)
        self.subject: Subject = replace(
            subject,
            symbols=tuple(name for name in subject.symbols if not _REF.fullmatch(name)),
            task_ids=tuple(_TASK_ID.findall(out)),
            ref=subject.ref or (ref.group(0) if ref is not None else ""),
        )

    @property
    def is_test_command(self) -> bool:
        """Whether the command that is named runs tests."""
        return _TEST_COMMAND.search(self.subject.command) is not None

    @property
    def is_checkable(self) -> bool:
        """Whether there is anything that can be looked up."""
        subject = self.subject
        return bool(subject.paths or subject.symbols or subject.task_ids)


def _blanked(masked: str, text: str, name: str, sign: str) -> str:
    """The text with each place where a name stands as a run of a sign."""
    out = list(masked)
    for match in re.finditer(re.escape(name), text):
        out[match.start() : match.end()] = sign * len(name)
    return "".join(out)
