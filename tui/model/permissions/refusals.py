"""Tool calls of a night that were not let run, and what would have allowed them."""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.failures import DenialKind


class RefusedCall(Struct, frozen=True):
    """Refused calls of one pattern: the newest as it is shown, how many, why, the rules that would allow it.

    `rules` is empty where none would, or none that is narrow enough to be named.
    """

    pattern: str
    shown: str
    count: int
    kind: DenialKind
    rules: tuple[str, ...]
    at: float | None
    first_ref: SourceRef
    ref: SourceRef

    @property
    def rule(self) -> str:
        return ", ".join(self.rules)

    @property
    def why(self) -> str:
        """Who refused, and the rule that lifts it where there is one."""
        return f"allowed by {self.rule}" if self.rules else self.kind.words


class Refusals(Struct, frozen=True):
    """All of a night, the most frequent first; of tests and commits, how many were refused and how many ran."""

    count: int = 0
    calls: tuple[RefusedCall, ...] = ()
    newest: RefusedCall | None = None
    tests_refused: int = 0
    tests_run: int = 0
    commits_refused: int = 0
    commits_made: int = 0

    @property
    def kept_from(self) -> tuple[str, ...]:
        """What it tried and was never let do: tests, commits."""
        tests = ("tests",) if self.tests_refused and not self.tests_run else ()
        commits = ("commits",) if self.commits_refused and not self.commits_made else ()
        return (*tests, *commits)
