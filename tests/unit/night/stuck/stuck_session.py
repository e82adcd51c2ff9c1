"""Writes a session call by call, as the CLI's input and answers have them, and folds it."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, json

from tests.unit.night.night_script import Script, fold
from tui.feeds.claude.denials import denial_of
from tui.feeds.claude.tool_inputs import read_tool_call
from tui.model.events import ToolCall, ToolResult, UserMessage
from tui.model.stall import DetectorName, Stall
from tui.model.state import StallLevel
from tui.night.fold import NightFold
from tui.night.stuck.progress import ProgressTracker

ROOT = "/home/dev/project"


class Session(Script):
    """A script whose calls are read from real inputs."""

    @staticmethod
    def reads(tool: str, given: dict[str, Any], id: str = "") -> ToolCall:
        """The call with this input, as the stream has it."""
        return read_tool_call(id, tool, Raw(json.encode(given)))

    def do(
        self, tool: str, given: dict[str, Any], answer: str = "", error: bool = False
    ) -> Session:
        self.calls += 1
        use = self.reads(tool, given, f"{self.source}-{self.session}-call-{self.calls}")
        self.say("", tools=(use,))
        self.answers(use.id, answer, error)
        return self

    def answers(self, call: str, answer: str, error: bool) -> None:
        """The answer to a call, as the decoder reads it."""
        denial = denial_of(answer) if error else None
        result = ToolResult(call, error, answer[-2000:], len(answer), denial=denial)
        self.add(UserMessage("results", results=(result,)), 4.0)

    def do_at_once(self, *calls: tuple[str, dict[str, Any], str]) -> Session:
        """Calls that one message makes, all of which fail."""
        made = []
        for tool, given, answer in calls:
            self.calls += 1
            use = self.reads(tool, given, f"{self.source}-{self.session}-call-{self.calls}")
            made.append((use, answer))
        self.say("", tools=tuple(use for use, _ in made))
        for use, answer in made:
            self.answers(use.id, answer, True)
        return self

    def bash(self, command: str, answer: str = "", error: bool = False) -> Session:
        return self.do("Bash", {"command": command}, answer, error)

    def fails(self, command: str, answer: str) -> Session:
        return self.bash(command, f"Exit code 1\n{answer}", error=True)

    def edit(self, path: str, old: str, new: str) -> Session:
        given = {"file_path": f"{ROOT}/{path}", "old_string": old, "new_string": new}
        return self.do("Edit", given, "updated")

    def write(self, path: str, content: str) -> Session:
        return self.do("Write", {"file_path": f"{ROOT}/{path}", "content": content}, "created")

    def read(self, path: str, answer: str = "1\ttext") -> Session:
        return self.do("Read", {"file_path": f"{ROOT}/{path}"}, answer)

    def folded(self) -> NightFold:
        return fold(self.events)

    def found(self, name: DetectorName) -> list[Stall]:
        """What a detector found, each finding as it stood last."""
        made = NightFold()
        seen: dict[float, Stall] = {}
        for event in self.events:
            made.apply([event])
            seen.update({one.since: one for one in made.findings() if one.detector == name})
        return list(seen.values())

    def level(self, name: DetectorName) -> StallLevel:
        """The level of what a detector sees now."""
        found = [one.level for one in self.folded().findings() if one.detector == name]
        return found[0] if found else StallLevel.NONE


def progress_of(made: NightFold) -> ProgressTracker:
    """What a fold keeps of progress."""
    return made._state.detectors.progress
