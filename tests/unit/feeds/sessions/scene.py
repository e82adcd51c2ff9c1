"""A home with transcripts and a project, small and written by hand; clock and processes are handed in."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.unit.project_files import EDIT, NOW, said, slug
from tui.feeds.sessions.registry import SessionRegistry
from tui.feeds.sessions.select import SessionSources, select_session
from tui.model.session import AgentProcess, KnownSession, NamedSources
from tui.settings.settings import Settings

HOUR = 3600.0
Record = dict[str, Any]


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Scene:
    """What lies in one home; `look` asks which session is meant, at NOW."""

    def __init__(self, top: Path) -> None:
        self.home, self.project = top / "home", top / "project"
        self.projects = self.home / ".claude" / "projects"
        self.projects.mkdir(parents=True)
        self.project.mkdir()
        self.agents: list[AgentProcess] = []
        self.environ = {"HOME": str(self.home), "XDG_STATE_HOME": str(top / "state"), "PATH": ""}
        self.now = NOW

    # --- what lies there ---

    def write(
        self,
        name: str,
        records: Sequence[Record],
        *,
        age: float = HOUR,
        took: float = 600.0,
        cwd: Path | str | None = None,
        folder: str = "",
        **envelope: Any,
    ) -> Path:
        """A transcript whose last record is `age` old; its records are spread over `took` seconds."""
        where = str(cwd or self.project)
        path = self.projects / (folder or slug(Path(where))) / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        step = took / max(1, len(records) - 1)
        lines = []
        for number, record in enumerate(records):
            at = NOW - age - took + step * number
            known = {
                "sessionId": name,
                "cwd": where,
                "uuid": f"{name}-{number}",
                "isSidechain": False,
            }
            lines.append(json.dumps({**known, "timestamp": iso(at), **envelope, **record}))
        path.write_text("".join(line + "\n" for line in lines))
        os.utime(path, (NOW - age, NOW - age))
        return path

    def night(self, name: str, *, at_work: bool = False, **more: Any) -> Path:
        """A session that changed something."""
        return self.write(name, work(at_work=at_work), **more)

    def agent(self, session: str = "", **facts: Any) -> AgentProcess:
        """A living process in the project."""
        known = {"cwd": str(self.project), "created": NOW - 2 * HOUR, **facts}
        found = AgentProcess(pid=1000 + len(self.agents), session=session, **known)
        self.agents.append(found)
        return found

    # --- what is found ---

    def registry(self, project: Path | None = None) -> SessionRegistry:
        return SessionRegistry(
            project or self.project, self.environ, agents=lambda: self.agents, now=lambda: self.now
        )

    def known(self, *, whole: bool = False) -> dict[str, KnownSession]:
        return {one.session_id: one for one in self.registry().sessions(whole=whole)}

    def look(
        self, project: Path | None = None, named: NamedSources | None = None
    ) -> SessionSources:
        registry = self.registry(project)
        return select_session(
            registry.project, Settings(), named, environ=self.environ, registry=registry
        )

    def meant(self, project: Path | None = None) -> str:
        """The session that is meant, by its file's name; empty for none."""
        events = self.look(project).events
        return Path(events[0].path).stem if events else ""


def prompt(text: str = "Bring it to 1.0", **more: Any) -> Record:
    return {"type": "user", "message": {"role": "user", "content": text}, **more}


def answer(text: str = "Like so.", number: int = 1, **more: Any) -> Record:
    message = said({"type": "text", "text": text}, stop="end_turn", number=number)
    return {"type": "assistant", "message": message, **more}


def called(name: str = "Bash", number: int = 1, **more: Any) -> Record:
    block = {**EDIT, "name": name, "id": f"toolu_{number}", "input": {}}
    message = said(block, stop="tool_use", number=number)
    return {"type": "assistant", "message": message, **more}


def result(number: int = 1, **more: Any) -> Record:
    block = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "ok"}
    return {"type": "user", "message": {"role": "user", "content": [block]}, **more}


def work(*, at_work: bool = False) -> list[Record]:
    done = [called("Edit", 1), result(1), called("Bash", 2), result(2), answer("Done.", 3)]
    return [prompt(), *done[: 3 if at_work else 5]]


def question(**more: Any) -> list[Record]:
    return [prompt("What is awk?", **more), answer(**more)]
