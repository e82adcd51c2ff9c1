"""What failed, by name, so that the same failure is known again in another night."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tui.night.evidence import TestRun
from tui.night.tools import SHELLS
from tui.patterns import lazy
from tui.records import ToolResult, ToolCall
from tui.system.format import shorten

MOST = 300
_OFTEN = 3
_LONGEST = 160
_NAMES = (
    lazy(r"^(?:FAILED|ERROR) (\S+::[^\n]*?)(?: - |$)", 8),  # pytest
    lazy(r"^(?:FAIL|ERROR): (\w+ \([\w.]+\))", 8),  # unittest
    lazy(r"^\s*--- FAIL: (\S+)", 8),  # go test
    lazy(r"^test (\S+) \.\.\. FAILED", 8),  # cargo test
    lazy(r"^\s*(?:●|✕|×) (\S[^\n]*?)(?: \(?\d+ ?m?s\)?)?$", 8),  # jest, vitest
    lazy(r"^\s{2,}\d+\) (\S[^\n]*?):?$", 8),  # mocha
    lazy(r"^rspec (\./\S+:\d+)", 8),
    lazy(r"^\d+\) (\S+::\S+)", 8),  # phpunit
    lazy(r"^\s*\d+ - (\S+) \((?:Failed|Timeout|Not Run)", 8),  # ctest
)
_VARYING = lazy(r"\b(?:0x[0-9a-f]+|\d[\d.:_-]*|[0-9a-f]{7,40})\b|/tmp/\S+", 2)
_SPACE = lazy(r"\s+")


class FailureLog(Struct):
    """Names of failed tests and of commands that failed, with how often each did."""

    tests: dict[str, int] = {}
    commands: dict[str, int] = {}

    def answered(self, use: ToolCall, result: ToolResult, run: TestRun | None) -> None:
        """A tool call was answered; `run` is the test run that it was, if it was one."""
        if run is not None and run.verdict == "red":
            named = set(failed_names(result.excerpt))
            for name in named:
                _count(self.tests, name)
            if not named:
                _count(self.commands, signature(run.command))
        elif run is None and result.is_error and use.name in SHELLS:
            _count(self.commands, signature(use.target))

    def signatures(self) -> tuple[str, ...]:
        """Tests that failed, and commands that failed at least three times; the most frequent first."""
        often = {name: times for name, times in self.commands.items() if times >= _OFTEN}
        both = [*self.tests.items(), *often.items()]
        return tuple(name for name, _ in sorted(both, key=lambda one: -one[1]))


def failed_names(text: str) -> Iterator[str]:
    """Names of the tests that a runner's output says failed."""
    for pattern in _NAMES:
        for match in pattern.finditer(text):
            yield shorten(match.group(1).strip(), _LONGEST)


def signature(command: str) -> str:
    """A command without what differs from one time to the next."""
    return shorten(_SPACE.sub(" ", _VARYING.sub("#", command)).strip(), _LONGEST)


def _count(counts: dict[str, int], name: str) -> None:
    if not name:
        return
    if name in counts:
        counts[name] += 1
    elif len(counts) < MOST:
        counts[name] = 1
