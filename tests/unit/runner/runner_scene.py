"""A run with the scripted agent in a repository of its own, and everything to look at it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.agent_harness import AGENT, REPOSITORY
from tests.unit.repositories import demonstration
from tui.control.supervisor_request import send_request
from tui.model.journal import Requester
from tui.runner import start
from tui.runner.agent.attempt import MARK
from tui.settings.load import load
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_end
from tui.system.errors import RefusedError
from tui.system.process_tree import ProcessTree, kill_tree
from tui.system.processes import ProcessIdentity, is_alive, read_process

Json = dict[str, Any]
DEADLINE = 40.0
QUIET = {
    "session.inhibit_sleep": False,
    "session.stop_grace_seconds": 2,
    "session.checkpoint_interval_minutes": None,
    "recovery.backoff_base_seconds": 0.1,
    "recovery.backoff_min_seconds": 0.1,
    "recovery.backoff_max_seconds": 0.2,
    "enforcement.continuous_mode": False,
    "notifications.tmux": False,
    "watchdog.restarts_per_hour": 0,
}


def until(what: Callable[[], Any], about: str = "", seconds: float = DEADLINE) -> Any:
    """The first truthy answer; fails after a deadline."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s: {about or what}")


class Answer(NamedTuple):
    """What the runner said to a request; `result` depends on the verb."""

    ok: bool
    text: str
    result: Any


class Scene:
    """One project and its runs."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.repository = demonstration(base / "repository")
        self.config = base / "config"
        self.folder = RunDirectory(base)
        self._runs: list[RunDirectory] = []
        self.environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("OVERNIGHT_")},
            "HOME": str(base),
            "DISCORD_WEBHOOK_URL": "",
            "SLACK_WEBHOOK_URL": "",
            "CLAUDE_CONFIG_DIR": str(self.config),
            "TMPDIR": str(base),
            "PYTHONPATH": str(REPOSITORY),
        }

    def settings(self, **changes: object) -> Settings:
        flags = {**QUIET, **{key.replace("__", "."): value for key, value in changes.items()}}
        return load(self.repository, flags=flags, environ={}).settings

    def start(
        self,
        goal: str,
        *,
        env: dict[str, str] | None = None,
        agent: tuple[str, ...] = AGENT,
        extra: tuple[str, ...] = (),
        allow_dirty: bool = True,
        **changes: object,
    ) -> RunDirectory:
        """Starts a run with quick settings, some of them changed (`session__x=…`)."""
        variables = {"CLAUDE_CONFIG_DIR": str(self.config), "OVERNIGHT_DEMO_PACE": "0"}
        options = start.StartOptions(
            env={**variables, **(env or {})}, extra=extra, allow_dirty=allow_dirty
        )
        self.folder = start.start_run(
            self.repository,
            goal,
            self.settings(**changes),
            agent_command=agent,
            options=options,
            environ=self.environ,
        )
        self._runs.append(self.folder)
        return self.folder

    def request(self, verb: Any, wait: float = 20.0, **arguments: object) -> Answer:
        """Asks the runner; its answer as the person hears it, with what the journal says beside."""

        def adopt() -> bool:
            return start.adopt_run(self.repository, environ=self.environ)

        before = len(self.journal("answer"))
        try:
            run, by = str(self.folder.path), Requester.COMMAND
            ok, text = True, send_request(run, adopt, verb, arguments, wait, by=by)
        except RefusedError as refused:
            ok, text = False, str(refused)
        told = self.journal("answer")[before:]
        return Answer(ok, text, told[-1]["result"] if told else None)

    # --- looking ---

    def journal(self, kind: str = "") -> list[Json]:
        entries = []
        for line in self.folder.journal.read_bytes().split(b"\n"):
            if line:
                entries.append(json.loads(line))
        return [one for one in entries if not kind or one["kind"] == kind]

    def entry(self, kind: str, **wanted: object) -> Json:
        """The first entry of that kind with these values, once it is there."""

        def found() -> Json | None:
            fits = (
                one
                for one in self.journal(kind)
                if all(one.get(key) == value for key, value in wanted.items())
            )
            return next(fits, None)

        entry: Json = until(found, f"{kind} {wanted} among {[o['kind'] for o in self.journal()]}")
        return entry

    def ended(self, seconds: float = DEADLINE) -> str:
        """The reason of the run's end, once it is over."""
        until(
            lambda: read_run_end(self.folder),
            f"the end of the run: {[o['kind'] for o in self.journal()]}",
            seconds,
        )
        self.entry("run_ended")
        end = read_run_end(self.folder)
        assert end is not None
        return end.reason

    def stream(self) -> list[Json]:
        lines = self.folder.stream.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines if line]

    def said(self, words: str) -> list[Json]:
        """Lines of the stream in which these words stand."""
        return [one for one in self.stream() if words in json.dumps(one)]

    def wait_said(self, words: str) -> None:
        until(lambda: words.encode() in self.folder.stream.read_bytes(), f"{words!r} in the stream")

    def supervisor(self) -> ProcessIdentity:
        pid = int(self.journal("supervisor_started")[-1]["pid"])
        process = read_process(pid)
        assert process is not None
        return process.identity

    def agent(self) -> ProcessIdentity:
        started = self.journal("segment_started")[-1]
        return ProcessIdentity(int(started["pid"]), int(started["proc_start"]))

    def restarter(self) -> ProcessIdentity | None:
        """What starts the supervisor again, while it lives."""
        return _restarter_of(self.folder)

    def kill_supervisor(self) -> ProcessIdentity:
        who = self.supervisor()
        os.kill(who.pid, signal.SIGKILL)
        until(lambda: not is_alive(who), "the death of the supervisor")
        return who

    def log(self) -> str:
        return (self.repository / "logs" / "watchdog.log").read_text("utf-8")

    # --- tidying ---

    def tidy(self) -> None:
        """Leaves no process behind, whatever the test did."""
        for run in self._runs:
            restarter = _restarter_of(run)
            if restarter is not None:
                os.kill(restarter.pid, signal.SIGKILL)
            for entry in json_lines(run.journal):
                if entry.get("kind") == "supervisor_started":
                    process = read_process(int(entry["pid"]))
                    if process is not None and process.name.startswith("python"):
                        _kill_ours(process.pid, str(run.path))
            for segment in sorted(run.attempts.iterdir()):
                kill_tree(ProcessTree(marker=f"{MARK}={segment}".encode()), 0.0, limit=3.0)


def _restarter_of(run: RunDirectory) -> ProcessIdentity | None:
    try:
        pid, start = map(int, run.restarter_lock.read_text().split())
    except (OSError, ValueError):
        return None
    found = ProcessIdentity(pid, start)
    return found if is_alive(found) else None


def _kill_ours(pid: int, words: str) -> None:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
        if words in line:
            os.kill(pid, signal.SIGKILL)
    except OSError:
        return


def json_lines(path: Path) -> Iterator[Json]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
