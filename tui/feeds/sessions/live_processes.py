"""The agent processes alive in a project, and what Claude's own files (sessions/<pid>.json) say of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tui.model.session import AgentProcess, AgentProcesses
from tui.store.repository_identity import is_in_other_work_tree
from tui.system import paths, processes
from tui.system.clock import Clock, SystemClock
from tui.system.errors import RefusedError
from tui.system.files import regular_file
from tui.system.format import format_local
from tui.system.processes import ProcessFacts, ProcessIdentity
from tui.system.sanitize import clean_line

MOST_FILES = 500
MOST_BYTES = 64 * 1024


class ClaudeSessionFile(Struct, frozen=True):
    """What a session wrote about itself, cleaned; fields that it left out are empty."""

    pid: int
    session: str = ""
    cwd: str = ""
    proc_start: str = ""
    started_at: float | None = None
    status: str = ""
    waiting_for: str = ""
    kind: str = ""
    version: str = ""
    tmux: str = ""
    socket: str = ""


class ClaudeSessionRegistry:
    """Reads the folder again on each call, a file only when it changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cache: dict[str, tuple[tuple[int, int, int], ClaudeSessionFile | None]] = {}

    def read_all(self) -> list[ClaudeSessionFile]:
        """Every readable session file of this user; links and overlarge files are left out."""
        try:
            listed = os.listdir(self.folder)
        except OSError:
            return []
        names = [name for name in listed if name[:-5].isdecimal() and name.endswith(".json")]
        kept: dict[str, tuple[tuple[int, int, int], ClaudeSessionFile | None]] = {}
        for name in sorted(names, key=lambda name: (len(name), name), reverse=True)[:MOST_FILES]:
            seen = self._read_file(name)
            if seen is not None:
                kept[name] = seen
        self._cache = kept
        return [file for _, file in kept.values() if file is not None]

    def _read_file(self, name: str) -> tuple[tuple[int, int, int], ClaudeSessionFile | None] | None:
        try:
            with regular_file(self.folder / name) as (descriptor, facts):
                stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
                known = self._cache.get(name)
                if known is not None and known[0] == stamp:
                    return known
                if facts.st_uid != os.geteuid() or facts.st_size > MOST_BYTES:
                    return None
                return stamp, _parse(os.read(descriptor, MOST_BYTES), int(name[:-5]))
        except OSError:
            return None


def _parse(data: bytes, pid: int) -> ClaudeSessionFile | None:
    try:
        record = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("pid", pid) != pid:
        return None
    started = record.get("startedAt")
    if isinstance(started, bool) or not isinstance(started, (int, float)) or not 0 < started < 1e14:
        started = None
    return ClaudeSessionFile(
        pid=pid,
        session=_text(record, "sessionId"),
        cwd=_text(record, "cwd", 4_096),
        proc_start=_text(record, "procStart"),
        started_at=started / 1000 if started is not None else None,
        status=_text(record, "status"),
        waiting_for=_text(record, "waitingFor"),
        kind=_text(record, "kind"),
        version=_text(record, "version"),
        tmux=_text(record, "tmux"),
        socket=_text(record, "messagingSocketPath", 4_096),
    )


def _text(record: dict[str, Any], key: str, limit: int = 200) -> str:
    value = record.get(key)
    if isinstance(value, dict):
        value = " ".join(str(part) for part in value.values() if isinstance(part, (str, int)))
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return clean_line(value, limit) if isinstance(value, str) else ""


READ_AFTER_S = 2.0
# The whole process table costs most; while agents are known by their files it is read even less often.
SCAN_AFTER_S = 6.0
SCAN_WHILE_KNOWN_S = 15.0
# The kernel's start times move with the clock of the machine, those in session files do not.
START_TOLERANCE_S = 10.0
# Names of processes that may run Claude's script; the main thread of node can be called "MainThread".
_INTERPRETERS = frozenset(("node", "bun", "deno", "MainThread"))


class AgentProcessReader:
    """The agents alive in a project.

    `read` checks session files and known pids at most every 2 seconds and the whole process table at
    most every 6; in between it answers with its last result. `own_agent` is the process of our own run:
    its pid and the start time from /proc (clock ticks; 0 where unknown). `also` are further folders.
    """

    def __init__(
        self,
        project: Path,
        clock: Clock,
        *,
        environ: Mapping[str, str] = os.environ,
        also: Iterable[str] = (),
    ) -> None:
        self.project = os.path.realpath(project)
        self.also = tuple(also)
        self.own_agent: tuple[int, int] | None = None
        self._clock = clock
        self._registry = ClaudeSessionRegistry(paths.claude_dir(environ) / "sessions")
        self._scanned: dict[int, str] = {}
        self._next_read = float("-inf")
        self._next_scan = float("-inf")
        self._last = AgentProcesses(clock.wall(), ())

    def read(self) -> AgentProcesses:
        """The agents as they are now, or were less than 2 seconds ago; the oldest first."""
        now = self._clock.monotonic()
        if now < self._next_read:
            return self._last
        self._next_read = now + READ_AFTER_S
        agents = self._read_registered()
        self._add_own_agent(agents)
        if now >= self._next_scan:
            self._scanned = self._scan_processes(agents)
            self._next_scan = now + (SCAN_WHILE_KNOWN_S if agents else SCAN_AFTER_S)
        self._add_scanned(agents)
        found = tuple(sorted(agents.values(), key=lambda agent: (agent.created, agent.pid)))
        self._last = AgentProcesses(self._clock.wall(), found)
        return self._last

    def _read_registered(self) -> dict[int, AgentProcess]:
        agents: dict[int, AgentProcess] = {}
        for file in self._registry.read_all():
            if not self._is_here(file.cwd):
                continue
            facts = processes.read_facts(file.pid)
            if facts is not None and _wrote_file(file, facts):
                agents[file.pid] = _agent_process(facts, file)
        return agents

    def _add_own_agent(self, agents: dict[int, AgentProcess]) -> None:
        if self.own_agent is None or self.own_agent[0] in agents:
            return
        pid, start = self.own_agent
        facts = processes.read_facts(pid)
        if facts and (not start or not processes.has_proc() or facts.start == str(start)):
            agents[pid] = _agent_without_file(facts)

    def _scan_processes(self, known: dict[int, AgentProcess]) -> dict[int, str]:
        """Pids of processes that look like Claude and work in the project, each with its start."""
        found: dict[int, str] = {}
        for pid in processes.list_pids():
            if pid in known or pid == os.getpid():
                continue
            if _looks_like_claude(pid) and self._is_here(processes.working_folder(pid)):
                facts = processes.read_facts(pid)
                if facts is not None:
                    found[pid] = facts.start
        return found

    def _add_scanned(self, agents: dict[int, AgentProcess]) -> None:
        alive = []
        for pid, start in self._scanned.items():
            facts = processes.read_facts(pid)
            if pid not in agents and facts is not None and facts.start == start:
                alive.append(facts)
        ours = set(agents) | {facts.pid for facts in alive}
        for facts in alive:
            if facts.parent not in ours:
                agents[facts.pid] = _agent_without_file(facts)

    def _is_here(self, cwd: str) -> bool:
        places = (cwd, os.path.realpath(cwd)) if cwd.startswith("/") else ()
        return any(
            paths.lies_in(place, folder)
            for place in places
            for folder in (self.project, *self.also)
        )


def _wrote_file(file: ClaudeSessionFile, facts: ProcessFacts) -> bool:
    """Whether the process is the one that wrote the file, not a later one with its pid."""
    if file.proc_start.isdecimal() and processes.has_proc():
        return file.proc_start == facts.start
    return file.started_at is None or facts.created <= file.started_at + START_TOLERANCE_S


def _looks_like_claude(pid: int) -> bool:
    """By its name, or by the script that its command line starts."""
    name = processes.process_name(pid)
    if name == "claude":
        return True
    if name not in _INTERPRETERS and name[:6] != "claude":
        return False
    words = processes.command_line(pid)
    if words and os.path.basename(words[0]) in ("claude", "claude.exe"):
        return True
    script = next((word for word in words[1:] if not word.startswith("-")), "")
    inside = "/claude-code/" in script and os.path.basename(script) in ("cli.js", "cli.mjs")
    return inside or os.path.basename(script) == "claude"


def _agent_without_file(facts: ProcessFacts) -> AgentProcess:
    cwd = clean_line(processes.working_folder(facts.pid), 4_096)
    return _agent_process(facts, ClaudeSessionFile(facts.pid, cwd=cwd))


def _agent_process(facts: ProcessFacts, file: ClaudeSessionFile) -> AgentProcess:
    children = processes.count_descendants(facts.pid)
    return AgentProcess(
        pid=facts.pid,
        created=facts.created,
        session=file.session,
        cwd=file.cwd,
        status="stopped" if facts.is_stopped else file.status,
        waiting_for=file.waiting_for,
        kind=file.kind,
        version=file.version,
        tmux=file.tmux,
        socket=file.socket,
        cpu_s=facts.cpu_s,
        rss=facts.rss,
        children=children,
        newest_child=processes.newest_child(facts.pid) if children else 0.0,
        registered_at=file.started_at or 0.0,
    )


_SAME_START_S = 1.5


def live_agents(folder: Path) -> tuple[AgentProcess, ...]:
    """The agents alive in a folder and below, oldest first. Reads the whole process table."""
    return AgentProcessReader(folder, SystemClock()).read().agents


def agents_in_work_tree(top: Path) -> tuple[AgentProcess, ...]:
    """Those that work on the files of the work tree with that top, not of another one of its repository."""
    found = live_agents(top)
    return tuple(one for one in found if not (one.cwd and is_in_other_work_tree(one.cwd, top)))


def works_exactly_in(folder: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a living session says that it works in this very folder; reads Claude's files of them only."""
    for file in ClaudeSessionRegistry(paths.claude_dir(environ) / "sessions").read_all():
        if file.cwd and folder in (file.cwd, os.path.realpath(file.cwd)):
            facts = processes.read_facts(file.pid)
            if facts is not None and _wrote_file(file, facts):
                return True
    return False


def agent_for_session(agents: Sequence[AgentProcess], session: str) -> AgentProcess | None:
    """The agent of `session`: the agent that names it, else the only agent that names none."""
    named = [agent for agent in agents if session and agent.session == session]
    if named:
        return named[-1]
    nameless = [agent for agent in agents if not agent.session or not session]
    return nameless[0] if len(nameless) == 1 else None


def agent_identity(agent: AgentProcess) -> ProcessIdentity:
    """Pid and start of that very process; RefusedError when it has ended."""
    facts = processes.read_facts(agent.pid)
    if facts is None or abs(facts.created - agent.created) > _SAME_START_S:
        raise RefusedError(f"the session's process ({agent.pid}) has ended; nothing was done")
    return facts.identity


def describe_agents(agents: Iterable[AgentProcess], watched: str = "") -> tuple[str, ...]:
    """Each agent as a refusal names it; `watched` is the session that the person watches."""
    return tuple(
        f"the session that is watched here (pid {agent.pid})"
        if watched and agent.session == watched
        else f"another session (pid {agent.pid}, since {format_local(agent.created)})"
        for agent in agents
    )
