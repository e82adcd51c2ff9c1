"""What the run of a command proves and prints: its colour, why it has none, which tests failed; its lines.

Green takes more than exit code 0: tests must have run, by what the runner printed. What is shown and kept of
an output is safe to show, and without credentials.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import Verdict
from tui.model.review import ProofEnd
from tui.night.evidence.evidence_log import failed_names
from tui.night.evidence.test_commands import recognise
from tui.night.evidence.test_output import ending, never_started, plain
from tui.runner.copies.commands import StepOutcome
from tui.runner.proof.night_commands import ProofCommand
from tui.system.credentials.hide import hide_credentials
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean_line

_EXCERPT: Final = 2_000
_MOST_NAMES: Final = 200
_NOWHERE: Final = SourceRef("proof", 0)
_NOT_FOUND: Final = (126, 127)
_OF_PYTEST: Final[dict[int, ProofEnd]] = {4: "not started", 5: "no tests"}
_MORE_NAMES = (
    lazy(r"^ERROR ([^\s:]+\.py)(?: - |$)", re.M),  # a file that pytest could not even read
    lazy(r"^\s*not ok \d+ - ([^\n#]+)", re.M),
    lazy(r"^\s*✖ ([^\n]+?) \(\d[\d.]*m?s\)$", re.M),  # node
)
_ECHOED: Final = ("> ", "$ ")
_COPY: Final = "(copy)"
_LINE: Final = 400
_MOST_LINES: Final = 2_000
_MOST_PENDING: Final = 64 << 10
_KEPT_LINES: Final = 60
_KEPT: Final = 6_000


def judge_run(command: ProofCommand, done: StepOutcome) -> tuple[Verdict, ProofEnd]:
    """The colour of a run and how it ended; "unknown" is no proof."""
    if done.stopped:
        return "unknown", "stopped"
    if done.timed_out:
        return "unknown", "timed out"
    if done.missing or done.code in _NOT_FOUND or (done.code and never_started(done.output)):
        return "unknown", "not started"
    if command.kind != "tests":
        return ("red" if done.code else "green"), "ended"
    return _judge_tests(command, done)


def _judge_tests(command: ProofCommand, done: StepOutcome) -> tuple[Verdict, ProofEnd]:
    """The same of a run of tests that was started and came to its end."""
    if command.framework == "pytest" and done.code in _OF_PYTEST:
        return "unknown", _OF_PYTEST[done.code]
    if done.code:
        none_ran = ending(done.output, True) == "unknown" and not failed_tests(done.output)
        return ("unknown", "no tests") if none_ran else ("red", "ended")
    is_green = command.counts_by_exit or _tests_passed(command, done.output)
    return ("green", "ended") if is_green else ("unknown", "no tests")


def _tests_passed(command: ProofCommand, output: str) -> bool:
    """Whether an output of a command that ended well shows that tests ran and passed."""
    lines = [line for line in output.splitlines() if line.strip()]
    if not [line for line in lines if not line.startswith(_ECHOED)]:
        return False  # a script that prints nothing may have done nothing
    text = shlex.join(command.words)
    call = ToolCall("proof", "Bash", text, 0, "", text)
    excerpt = output[-_EXCERPT:]
    run = recognise(call, ToolResult("proof", False, excerpt, len(output)), None, _NOWHERE)
    return run is not None and run.verdict == "green"


def failed_tests(output: str) -> tuple[str, ...]:
    """The names of the tests that an output says failed, each once."""
    more = (match[1].strip() for names in _MORE_NAMES for match in names.finditer(output))
    return tuple(dict.fromkeys((*failed_names(output), *more)))[:_MOST_NAMES]


# --- what it prints ---


class OutputLines:
    """Hands the lines of an output on as they come, up to a number of them."""

    def __init__(self, say: Callable[[str], None], folder: Path) -> None:
        self._say = say
        self._folder = str(folder)
        self._pending = b""
        self._left = _MOST_LINES

    def add(self, data: bytes) -> None:
        """Takes a piece of the output."""
        if not self._left:
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        self._pending = self._pending[-_MOST_PENDING:]
        for line in lines:
            self._show(line)

    def end(self) -> None:
        """Shows what stands in a last line without its end."""
        if self._pending:
            self._show(self._pending)

    def _show(self, line: bytes) -> None:
        if not self._left:
            return
        self._left -= 1
        # Of a line that was drawn over and over, the last state.
        text = line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
        self._say(f"  {_safe(text, self._folder)}")
        if not self._left:
            self._say("  … more of it is not shown")


def kept_output(text: str, folder: Path) -> str:
    """The end of an output as it is kept with a proof."""
    lines = [line.rpartition("\r")[2] for line in text.rstrip().split("\n")[-_KEPT_LINES:]]
    return "\n".join(_safe(line, str(folder)) for line in lines)[-_KEPT:]


def _safe(line: str, folder: str) -> str:
    return clean_line(hide_credentials(plain(line[: 4 * _LINE]).replace(folder, _COPY)), _LINE)
