"""One agent process: its order, its launch under a shim, its status, its process tree."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Struct

from tui.runner.agent.shim import CLAIM, claim
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.system.children import python_child
from tui.system.children.control_group import (
    PREFIX,
    group_folder,
    make_group,
    scope_launchers,
)
from tui.system.children.programs import find_program
from tui.system.files import atomic_write, make_folder, open_private, read_json
from tui.system.git import kill_process_group
from tui.system.locks import is_locked
from tui.system.process_tree import ProcessTree
from tui.system.processes import ProcessIdentity, boot_id, environment_has, is_alive, process_table

# Every process that descends from an agent has this in its environment.
MARK = "OVERNIGHT_RUN_SEGMENT"
_IDENTITIES = ("pid", "proc_start", "shim", "shim_start")
_SHIM = Path(__file__).with_name("shim.py")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")
_SCOPE_SECONDS = 1.8
_POLL_SECONDS = 0.005
_DROPPED_VARIABLES = frozenset(
    (MARK, "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT")
)


class AttemptStatus(Struct, frozen=True):
    """How an attempt stands. "void": its agent was never started; "lost": gone without a record."""

    state: Literal["starting", "running", "ended", "void", "lost"]
    agent: ProcessIdentity | None = None
    shim: ProcessIdentity | None = None
    code: int | None = None
    signal: int = 0
    error: str = ""

    @property
    def is_over(self) -> bool:
        return self.state in ("ended", "void", "lost")


class AttemptProcess:
    """One attempt of a run, launched by this or by an earlier supervisor."""

    _scopes_failed: ClassVar[bool] = False

    def __init__(self, run: RunDirectory, number: int) -> None:
        self.files = run.attempt(number)
        self._run = run.id
        self.path, self.fifo = self.files.path, self.files.stdin
        self._marker = f"{MARK}={self.path}".encode()
        self._shim: subprocess.Popen[bytes] | None = None
        self._facts: dict[str, Any] | None = None

    def write_order(
        self, run: RunDirectory, argv: Sequence[str], cwd: Path, env: Mapping[str, str]
    ) -> None:
        """Makes the FIFO and writes down what the shim is to start. Raises OSError.

        `env` is added to the environment of the shim. Nothing runs yet.
        """
        make_folder(self.path)
        if not self.fifo.exists():
            os.mkfifo(self.fifo, 0o600)
            os.chmod(self.fifo, 0o600)  # whatever the umask is
        order = {
            "argv": [_program_path(argv[0], cwd), *argv[1:]],
            "cwd": str(cwd),
            "env": {**env, MARK: str(self.path)},
            "fifo": str(self.fifo),
            "stream": str(run.stream),
            "stderr": str(run.stderr),
        }
        atomic_write(self.files.order, msgspec.json.encode(order))

    def launch(self, environ: Mapping[str, str], *, own_group: bool = False) -> None:
        """Starts the shim, which starts the agent and outlives this process. Raises OSError.

        With `own_group` it runs in a control group of its own where this machine has one for it;
        finding out takes two seconds at most, and once per process.
        """
        words = python_child.script_command(_SHIM, str(self.path))
        name = f"{PREFIX}{_UNSAFE.sub('-', self._run)}-{self.path.name}-{os.urandom(3).hex()}"
        if own_group and self._launch_in_scope(words, name, environ):
            return
        group = make_group(name) if own_group else None
        self._shim = self._start([*words, str(group)] if group is not None else words, environ)

    def _launch_in_scope(self, words: list[str], name: str, environ: Mapping[str, str]) -> bool:
        """Whether the shim runs in a scope of systemd now."""
        if AttemptProcess._scopes_failed:
            return False
        until = time.monotonic() + _SCOPE_SECONDS
        unit = f"{name}.scope"
        for before in scope_launchers(unit, environ):
            process = self._start([*before, *words, unit], environ)
            while process.poll() is None and time.monotonic() < until:
                if self._is_claimed():
                    self._shim = process
                    return True
                time.sleep(_POLL_SECONDS)
            kill_process_group(process)
            if self._is_claimed():  # it came up at the last moment; its status tells the rest
                return True
            if time.monotonic() >= until:
                break
        AttemptProcess._scopes_failed = True
        return False

    def _is_claimed(self) -> bool:
        return (self.path / CLAIM).exists()

    def _start(self, words: list[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        log = open_private(self.files.log, os.O_WRONLY | os.O_APPEND)
        try:
            return subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environ,
                cwd=python_child.FOLDER,
                start_new_session=True,
            )
        finally:
            os.close(log)

    def read_status(self) -> AttemptStatus:
        shim_runs = self._shim is not None and self._shim.poll() is None  # reaps it once it is done
        agent, shim = None, None
        if self._facts is None:
            self._facts = read_json(self.files.agent)
        if self._facts is not None:
            pid, start, shim_pid, shim_start = (int(self._facts[name]) for name in _IDENTITIES)
            agent, shim = ProcessIdentity(pid, start), ProcessIdentity(shim_pid, shim_start)
        record = read_json(self.files.exit)
        if record is not None:
            code, number = int(record.get("code") or 0), int(record.get("signal") or 0)
            error = str(record.get("error") or "")
            return AttemptStatus("ended", agent, shim, code, number, error)
        if agent is not None:
            lives = self._same_boot() and is_alive(agent)
            # The shim may be about to write the record of this very end.
            if lives or is_locked(self.files.lock):
                return AttemptStatus("running", agent, shim)
            return AttemptStatus("lost", agent, shim)
        if shim_runs or is_locked(self.files.lock):
            return AttemptStatus("starting")
        return self._status_without_start()

    def _status_without_start(self) -> AttemptStatus:
        try:
            # Whoever has the claim may start the agent: with it, no shim can start it later.
            if claim(str(self.path)):
                return AttemptStatus("void")
        except FileNotFoundError:  # a full disk had no room for the folder
            return AttemptStatus("void")
        orphan = self._orphan()
        return AttemptStatus("lost") if orphan is None else AttemptStatus("running", orphan)

    def _orphan(self) -> ProcessIdentity | None:
        """The agent of a shim that was killed before it wrote down which process it started."""
        marked = [one for one in process_table().values() if environment_has(one.pid, self._marker)]
        pids = {row.pid for row in marked}
        roots = [row for row in marked if row.parent not in pids and row.state not in "ZX"]
        return min(roots, key=lambda row: row.start).identity if roots else None

    def _same_boot(self) -> bool:
        return self._facts is None or str(self._facts.get("boot") or "") in ("", boot_id())

    def process_tree(
        self, status: AttemptStatus, known: frozenset[ProcessIdentity] = frozenset()
    ) -> ProcessTree:
        """Everything of this attempt that may live; `known` are members seen before."""
        if not self._same_boot():
            # The machine was restarted: other processes have these pids now.
            return ProcessTree(marker=self._marker)
        facts = self._facts or {}
        group = group_folder(str(facts.get("group") or ""))
        adopts = facts.get("adopts") is True
        return ProcessTree(status.agent, status.shim, self._marker, known, adopts, group)

    def has_left_nothing(self, status: AttemptStatus) -> bool:
        """Whether nothing that the agent started can live, by evidence that does not go with the shim.

        Its agent never ran, the machine was restarted since, or the shim saw the last process end.
        """
        if status.state == "void" or not self._same_boot():
            return True
        return (read_json(self.files.exit) or {}).get("alone") is True


def _program_path(name: str, project: Path) -> str:
    """The agent's program by its path, so that no folder of the project is searched for it."""
    return find_program(name, outside=project) or os.path.join("/usr/bin", name)


def attempt_environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Ours without the marks of another attempt or of an outer Claude session, and the settings'.

    It holds secrets.
    """
    given = {name: secret.reveal() for name, secret in settings.agent.env.items()}
    return {n: text for n, text in {**environ, **given}.items() if n not in _DROPPED_VARIABLES}
