"""Steps that every story takes over and over, done so that doing one twice does no harm.

A story may be played again from the middle: after a crash, or after files were taken back. An edit
that stands already is left alone, a ticked task stays ticked, a clean tree is not committed.
"""

from __future__ import annotations

import json
import re
import shlex
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tui.demo.simulator.tools import ScriptedCall, ToolRun
from tui.demo.simulator.wire import replace_file
from tui.demo.story.stage import StoryStage

AUTHOR = "Night Shift"
EMAIL = "night-shift@example.invalid"
GIT = f"git -c user.name={shlex.quote(AUTHOR)} -c user.email={EMAIL} -c commit.gpgsign=false"
PROGRESS = "claude-progress.txt"
NOTES = "claude-session-notes.md"
_TASK = re.compile(r"^\s*- \[(?P<mark>.)\] (?:\*\*(?P<id>[\d.]+)\*\* )?(?P<title>.+)$")


class TaskItem(NamedTuple):
    """A task line of the progress file; `key` is its number, or its title without one."""

    line: str
    key: str
    title: str
    done: bool


class StoryMemory:
    """Counts by name in one small file: which incidents of a project's story have happened.

    A conversation may be rewound, forked or lost; a crash that was played must not be played again
    because of it. A missing or damaged file is an empty memory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def _counts(self) -> dict[str, int]:
        try:
            loaded = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def count(self, name: str) -> int:
        return self._counts().get(name, 0)

    def bump(self, name: str) -> int:
        """Counts one more and writes it down before it returns."""
        counts = self._counts()
        counts[name] = counts.get(name, 0) + 1
        replace_file(self._path, json.dumps(counts))
        return counts[name]

    def once(self, name: str) -> bool:
        """True the first time it is asked for `name` in this project, false ever after."""
        return self.bump(name) == 1


class StorySteps:
    """Single steps of work: each is one API response with one call, really carried out."""

    def __init__(self, stage: StoryStage) -> None:
        self.stage = stage
        self.cwd = stage.session.cwd
        self.memory = StoryMemory(stage.session.folder / "scripted-agent.json")

    def bash(self, command: str, text: str = "", what: str = "", **options: Any) -> ToolRun:
        think = float(options.pop("think", 1.2))
        what = what or "Run a command"
        call = ScriptedCall("Bash", command=command, description=what, **options)
        return self.stage.respond(text, [call], think=think)[0]

    def write(self, name: str, content: str, text: str = "", think: float = 1.8) -> ToolRun:
        call = ScriptedCall("Write", file_path=str(self.cwd / name), content=content)
        return self.stage.respond(text, [call], think=think)[0]

    def edit(self, name: str, old: str, new: str, text: str = "", think: float = 1.4) -> bool:
        """Replaces `old`; False if it was done before or cannot be done, with nothing said then."""
        if old not in self.content(name):
            return False
        path = str(self.cwd / name)
        call = ScriptedCall(
            "Edit", replace_all=False, file_path=path, old_string=old, new_string=new
        )
        self.stage.respond(text, [call], think=think)
        return True

    def content(self, name: str) -> str:
        """The text of a file, read off the stream; empty when there is none."""
        try:
            return (self.cwd / name).read_text("utf-8", "replace")
        except OSError:
            return ""

    def read(self, name: str, text: str = "", think: float = 1.0) -> ToolRun:
        call = ScriptedCall("Read", file_path=str(self.cwd / name))
        return self.stage.respond(text, [call], think=think)[0]

    def final(self, text: str) -> None:
        """The last words of a turn."""
        self.stage.respond(text, think=1.0)

    # --- git ---

    def quiet(self, command: str) -> str:
        """The output of a command that the agent runs for itself, off the stream."""
        running = self.stage.session.start_command(command)
        self.stage.session.reader.wait(30, until=lambda: running.done)
        return running.output()

    def commit(self, subject: str, text: str = "", flags: str = "") -> bool:
        """Commits everything; False on a clean tree. Identity is given by flags, never configured."""
        if not self.quiet("git status --porcelain"):
            return False
        extra = f" {flags}" if flags else ""
        command = f"git add -A && {GIT} commit -q{extra} -m {shlex.quote(subject)} && "
        command += "git log --oneline -1"
        return not self.bash(command, text, "Commit").failed

    # --- progress and notes ---

    def tasks(self) -> list[TaskItem]:
        """All tasks of the progress file in its order; none when there is no file."""
        matches = [(line, _TASK.match(line)) for line in self.content(PROGRESS).splitlines()]
        return [
            TaskItem(line, match["id"] or title, title, match["mark"] != " ")
            for line, match in matches
            if match is not None and (title := match["title"].strip())
        ]

    def open_tasks(self) -> list[TaskItem]:
        return [item for item in self.tasks() if not item.done]

    def in_progress_line(self) -> str:
        """The line under `## In Progress`, empty if the file has no such section."""
        lines = self.content(PROGRESS).splitlines()
        for line, following in pairwise(lines):
            if line.strip() == "## In Progress":
                return following
        return ""

    def begin(self, item: TaskItem, text: str = "") -> None:
        """Names the task as the one in progress."""
        old = self.in_progress_line()
        new = f"- {item.key} {item.title}" if item.key != item.title else f"- {item.title}"
        if old and old != new:
            self.edit(PROGRESS, f"## In Progress\n{old}", f"## In Progress\n{new}", text)
        elif text:
            self.bash("git status --short", text, "See what has changed")

    def tick(self, item: TaskItem, text: str = "") -> bool:
        """False when the line is gone, changed or ticked."""
        end = "\n" if item.line + "\n" in self.content(PROGRESS) else ""
        ticked = item.line.replace("- [ ]", "- [x]", 1)
        return self.edit(PROGRESS, item.line + end, ticked + end, text)

    def note(self, title: str, body: str, text: str = "") -> None:
        """Appends a dated section to the session notes."""
        before = self.content(NOTES) or "# Session notes\n"
        clock = time.strftime("%Y-%m-%d %H:%M", time.gmtime(self.stage.session.timing.now()))
        after = f"{before.rstrip()}\n\n## {title} ({clock} UTC)\n{body.rstrip()}\n"
        self.write(NOTES, after, text, think=1.5)

    def hand_over(self) -> None:
        """Writes down where things stand, for whoever takes over, and ends the turn."""
        tree = self.bash(
            "git status --short && git log --oneline -5", what="See where things stand"
        )
        items = self.tasks()
        done = [f"- [x] {item.key} {item.title}" for item in items if item.done]
        rest = [f"- [ ] {item.key} {item.title}" for item in items if not item.done]
        lines = ["### Done", *(done or ["- nothing yet"])]
        lines += ["### Next", *(rest or ["- nothing left"])]
        lines += ["### The tree", "```", tree.text[:1500], "```"]
        self.note("Hand-over", "\n".join(lines), "Writing the hand-over into the notes.")
        self.commit("Write the hand-over notes")
        ahead = f"Next is {rest[0][6:]}." if rest else "Nothing is open."
        self.final(f"The hand-over stands in {NOTES}: {len(done)} done, {len(rest)} open. {ahead}")


def last_lines(outcome: ToolRun, count: int = 1) -> str:
    return "\n".join(outcome.text.strip().splitlines()[-count:])


def file_name(key: str) -> str:
    """A task's key as part of a file name."""
    return "".join(c if c.isalnum() else "-" for c in key.lower()).strip("-")[:40] or "task"
