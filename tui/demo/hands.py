"""What every story does over and over, done so that doing it twice does no harm.

A story may be played again from the middle: after a crash, or after files were taken back. An edit
that stands already is left alone, a ticked task stays ticked, a clean tree is not committed.
"""

from __future__ import annotations

import shlex
import time
from typing import Any

from . import tasklist, tools
from .stage import Call, Stage
from .tasklist import NOTES, PROGRESS, Item
from .tools import Outcome

AUTHOR = "Night Shift"
EMAIL = "night-shift@example.invalid"
GIT = f"git -c user.name={shlex.quote(AUTHOR)} -c user.email={EMAIL} -c commit.gpgsign=false"


class Hands:
    """Single steps of work: each is one API response with one call, really carried out."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cwd = stage.session.cwd

    def bash(self, command: str, text: str = "", what: str = "", **options: Any) -> Outcome:
        think = float(options.pop("think", 1.2))
        call = Call("Bash", command=command, description=what or "Run a command", **options)
        return self.stage.respond(text, [call], think=think)[0]

    def write(self, name: str, content: str, text: str = "", think: float = 1.8) -> Outcome:
        path = str(self.cwd / name)
        call = Call("Write", file_path=path, content=content)
        return self.stage.respond(text, [call], think=think)[0]

    def edit(self, name: str, old: str, new: str, text: str = "", think: float = 1.4) -> bool:
        """Replaces `old`; False if it was done before or cannot be done, with nothing said then."""
        if not self.in_file(name, old):
            return False
        path = str(self.cwd / name)
        call = Call("Edit", replace_all=False, file_path=path, old_string=old, new_string=new)
        self.stage.respond(text, [call], think=think)
        return True

    def in_file(self, name: str, text: str) -> bool:
        path = self.cwd / name
        return path.is_file() and text in path.read_text("utf-8", "replace")

    def read(self, name: str, text: str = "", think: float = 1.0) -> Outcome:
        call = Call("Read", file_path=str(self.cwd / name))
        return self.stage.respond(text, [call], think=think)[0]

    def final(self, text: str) -> None:
        """The last words of a turn."""
        self.stage.respond(text, think=1.0)

    # --- git ---

    def quiet(self, command: str) -> str:
        """The output of a command that the agent runs for itself, off the stream."""
        running = self.stage.start(command)
        self.stage.session.inbox.wait(30, until=lambda: running.done)
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

    def begin(self, item: Item, text: str = "") -> None:
        """Names the task as the one in progress."""
        old = tasklist.in_progress_line(self.cwd)
        new = f"- {item.key} {item.title}" if item.key != item.title else f"- {item.title}"
        if old and old != new:
            self.edit(PROGRESS, f"## In Progress\n{old}", f"## In Progress\n{new}", text)
        elif text:
            self.bash("git status --short", text, "See what has changed")

    def tick(self, item: Item, text: str = "") -> bool:
        """False when the line is gone, changed or ticked."""
        end = "\n" if self.in_file(PROGRESS, item.line + "\n") else ""
        return self.edit(PROGRESS, item.line + end, tasklist.ticked(item.line) + end, text)

    def note(self, title: str, body: str, text: str = "") -> None:
        """Appends a dated section to the session notes."""
        path = self.cwd / NOTES
        before = path.read_text("utf-8", "replace") if path.is_file() else "# Session notes\n"
        clock = time.strftime("%Y-%m-%d %H:%M", time.gmtime(self.stage.session.timing.now()))
        after = f"{before.rstrip()}\n\n## {title} ({clock} UTC)\n{body.rstrip()}\n"
        call = Call("Write", file_path=str(path), content=after)
        self.stage.respond(text, [call], think=1.5)

    def hand_over(self) -> None:
        """Writes down where things stand, for whoever takes over, and ends the turn."""
        seen = self.bash(
            "git status --short && git log --oneline -5", what="See where things stand"
        )
        items = tasklist.tasks(self.cwd)
        done = [f"- [x] {item.key} {item.title}" for item in items if item.done]
        rest = [f"- [ ] {item.key} {item.title}" for item in items if not item.done]
        lines = [
            "### Done",
            *(done or ["- nothing yet"]),
            "### Next",
            *(rest or ["- nothing left"]),
        ]
        lines += ["### The tree", "```", seen.text[:1500], "```"]
        self.note("Hand-over", "\n".join(lines), "Writing the hand-over into the notes.")
        self.commit("Write the hand-over notes")
        ahead = f"Next is {rest[0][6:]}." if rest else "Nothing is open."
        self.final(f"The hand-over stands in {NOTES}: {len(done)} done, {len(rest)} open. {ahead}")


def last_lines(outcome: Outcome, count: int = 1) -> str:
    return "\n".join(outcome.text.strip().splitlines()[-count:])


def succeeded(outcome: tools.Outcome) -> bool:
    return not outcome.failed
