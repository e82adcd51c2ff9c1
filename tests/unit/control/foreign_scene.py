"""A session of the scripted agent that nobody here started, with our operations on it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.agent_harness import AgentProcess, Workplace
from tests.unit.repositories import demonstration
from tui.control.foreign_session import ForeignSession
from tui.control.operations import Operations
from tui.feeds.sessions.live_processes import live_agents
from tui.feeds.sessions.select import select_session
from tui.model.session import AgentProcess as SessionProcess
from tui.settings.load import load
from tui.store.layout import project_state

GATED = "[[story:long_tool gate=go]]"
DEADLINE = 30.0


def until(what: Callable[[], Any], about: str = "") -> Any:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {about or what}")


class Elsewhere:
    """The agent's folder and process, and what our journal says of them."""

    def __init__(self, folder: Path) -> None:
        self.workplace = Workplace(folder)
        demonstration(self.workplace.repository)
        self.project = self.workplace.repository
        (self.project / ".claude").mkdir(exist_ok=True)
        self.agent: AgentProcess

    def begin(self, story: str = GATED, **environment: str) -> SessionProcess:
        """Starts it and waits until its tool runs."""
        self.agent = self.workplace.start(story, streams=False, **environment)
        self.agent.running_tool()
        return until(self.found, "its session file")  # type: ignore[no-any-return]

    def found(self) -> SessionProcess | None:
        pid = self.agent.process.pid
        return next((one for one in live_agents(self.project) if one.pid == pid), None)

    def other(self, who: SessionProcess, **times: float) -> ForeignSession:
        session = ForeignSession(self.project, who, load(self.project, environ={}).settings)
        for name, seconds in times.items():
            setattr(session, name, seconds)
        return session

    def operations(self) -> Operations:
        settings = load(self.project, environ={}).settings
        sources = select_session(self.project, settings)
        session = self.agent.session
        events = sources.events[0].path if sources.events else ""
        agents = live_agents(self.project)
        return Operations(self.project, settings, "", session, agents=agents, events=events)

    def journal(self, kind: str = "") -> list[dict[str, Any]]:
        (file,) = (project_state(self.project) / "deeds").glob("*.journal.jsonl")
        entries = [json.loads(line) for line in file.read_bytes().splitlines() if line]
        return [one for one in entries if kind in ("", one["kind"])]

    def states(self, name: str = "") -> list[str]:
        return [one["state"] for one in self.journal("injection") if name in ("", one["id"])]

    def open_gate(self) -> None:
        (self.project / "go").touch()


@contextmanager
def elsewhere(folder: Path) -> Iterator[Elsewhere]:
    """The scene with Claude's folder in its own place, tidied up afterwards."""
    before = os.environ.get("CLAUDE_CONFIG_DIR")
    scene = Elsewhere(folder)
    os.environ["CLAUDE_CONFIG_DIR"] = str(scene.workplace.config)
    try:
        yield scene
    finally:
        if before is None:
            os.environ.pop("CLAUDE_CONFIG_DIR", None)
        else:
            os.environ["CLAUDE_CONFIG_DIR"] = before
        scene.workplace.tidy()
