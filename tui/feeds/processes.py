"""Which Claude processes run in a project: by their own session files, by name, and our own run's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tui import paths
from tui.clock import Clock
from tui.feeds.session_files import ClaudeSessionFile, ClaudeSessionRegistry
from tui.records import AgentProcess, AgentProcesses
from tui.system import processes as table
from tui.system.processes import ProcessFacts
from tui.system.sanitize import clean_line

AGAIN_AFTER_S = 2.0
SCAN_AFTER_S = 6.0
SCAN_WHILE_KNOWN_S = 15.0
START_TOLERANCE_S = 10.0

_INTERPRETERS = frozenset(("node", "bun", "deno", "MainThread"))


class AgentProcessReader:
    """The agents alive in a project.

    `read` looks at session files and known pids at most every 2 seconds and walks the whole process
    table at most every 6; in between it answers with what it saw. `own` names the process of our own
    run: its pid and the start time from /proc (clock ticks; 0 where unknown).
    """

    def __init__(
        self, project: Path, clock: Clock, *, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.project = os.path.realpath(project)
        self.own: tuple[int, int] | None = None
        self._clock = clock
        self._files = ClaudeSessionRegistry(paths.claude_dir(environ) / "sessions")
        self._by_name: dict[int, str] = {}
        self._next_read = float("-inf")
        self._next_scan = float("-inf")
        self._last = AgentProcesses(clock.wall(), ())

    def read(self) -> AgentProcesses:
        """The agents as seen now, or less than 2 seconds ago; ordered by the time they began."""
        now = self._clock.monotonic()
        if now < self._next_read:
            return self._last
        self._next_read = now + AGAIN_AFTER_S
        agents = self._by_session_file()
        self._add_own(agents)
        if now >= self._next_scan:
            self._by_name = self._scan(agents)
            self._next_scan = now + (SCAN_WHILE_KNOWN_S if agents else SCAN_AFTER_S)
        self._add_by_name(agents)
        found = tuple(sorted(agents.values(), key=lambda agent: (agent.created, agent.pid)))
        self._last = AgentProcesses(self._clock.wall(), found)
        return self._last

    def _by_session_file(self) -> dict[int, AgentProcess]:
        agents: dict[int, AgentProcess] = {}
        for file in self._files.all():
            if not self._is_here(file.cwd):
                continue
            facts = table.read_facts(file.pid)
            if facts is not None and _is_same(file, facts):
                agents[file.pid] = _agent(facts, file)
        return agents

    def _add_own(self, agents: dict[int, AgentProcess]) -> None:
        if self.own is None or self.own[0] in agents:
            return
        pid, start = self.own
        facts = table.read_facts(pid)
        if facts is not None and (not start or not table.has_proc() or facts.start == str(start)):
            agents[pid] = _agent(facts, cwd=table.working_folder(pid))

    def _scan(self, known: dict[int, AgentProcess]) -> dict[int, str]:
        """Pids that look like Claude and stand in the project, each with its start."""
        found: dict[int, str] = {}
        for pid in table.list_pids():
            if pid in known or pid == os.getpid():
                continue
            if _looks_like_claude(pid) and self._is_here(table.working_folder(pid)):
                facts = table.read_facts(pid)
                if facts is not None:
                    found[pid] = facts.start
        return found

    def _add_by_name(self, agents: dict[int, AgentProcess]) -> None:
        alive = []
        for pid, start in self._by_name.items():
            facts = table.read_facts(pid)
            if pid not in agents and facts is not None and facts.start == start:
                alive.append(facts)
        ours = set(agents) | {facts.pid for facts in alive}
        for facts in alive:
            if facts.parent not in ours:
                agents[facts.pid] = _agent(facts, cwd=table.working_folder(facts.pid))

    def _is_here(self, cwd: str) -> bool:
        if not cwd.startswith("/"):
            return False
        if cwd == self.project or cwd.startswith(self.project.rstrip("/") + "/"):
            return True
        real = os.path.realpath(cwd)
        return real == self.project or real.startswith(self.project.rstrip("/") + "/")


def _is_same(file: ClaudeSessionFile, facts: ProcessFacts) -> bool:
    """Whether the process is the one that wrote the file, and no later one with its pid."""
    if file.proc_start.isdecimal() and table.has_proc():
        return file.proc_start == facts.start
    return file.started_at is None or facts.created <= file.started_at + START_TOLERANCE_S


def _looks_like_claude(pid: int) -> bool:
    """By its name, or by what its command line starts."""
    name = table.process_name(pid)
    if name == "claude":
        return True
    if name not in _INTERPRETERS and name[:6] != "claude":
        return False
    words = table.command_line(pid)
    if words and os.path.basename(words[0]) in ("claude", "claude.exe"):
        return True
    script = next((word for word in words[1:] if not word.startswith("-")), "")
    inside = "/claude-code/" in script and os.path.basename(script) in ("cli.js", "cli.mjs")
    return inside or os.path.basename(script) == "claude"


def _agent(facts: ProcessFacts, file: ClaudeSessionFile | None = None, cwd: str = "") -> AgentProcess:
    return AgentProcess(
        pid=facts.pid,
        created=facts.created,
        session=file.session if file else "",
        cwd=file.cwd if file else clean_line(cwd, 4_096),
        status=file.status if file else "",
        waiting_for=file.waiting_for if file else "",
        kind=file.kind if file else "",
        version=file.version if file else "",
        tmux=file.tmux if file else "",
        socket=file.socket if file else "",
        cpu_s=facts.cpu_s,
        rss=facts.rss,
        children=table.count_descendants(facts.pid),
    )
