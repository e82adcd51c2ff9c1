"""A run with its viewer, of which any processes are killed at a moment; and what must hold afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.terminal import Terminal
from tests.unit.runner.runner_scene import Json, Scene, json_lines, until
from tui.control.checkpoints.refs import checkpoints_of
from tui.model.journal import Requester
from tui.runner import start
from tui.runner.agent.attempt import AttemptProcess
from tui.store import inbox
from tui.store.runs import is_supervised, newest_agent, read_run_end
from tui.system.processes import ProcessIdentity, is_alive

KINDS = ("agent", "shim", "supervisor", "screen")
HEAD_ROWS = 5
NEW_SUPERVISOR_SECONDS = 20.0
WORDS = "remember the tide tables"
_OVER = ("crashed", "discard")


@dataclass(frozen=True)
class Moment:
    """A moment of a run: what the agent plays, and when it is reached.

    `message` says that words for the agent are on their way when the kill comes. `ends` are the
    ends that the run may come to. `dead` are those that do not live then; `is_short`: it passes soon.
    """

    goal: str
    reached: Callable[[Night], bool]
    settings: dict[str, Any] = field(default_factory=dict)
    message: bool = False
    ends: tuple[str, ...] = ("the turn ended", "all tasks done")
    at_start: bool = False
    is_short: bool = False
    dead: tuple[str, ...] = ()


class Night:
    """One run, one viewer, one kill."""

    def __init__(self, base: Path, moment: Moment) -> None:
        self.scene = Scene(base)
        self.moment = moment
        self.seconds: float | None = None
        self._screens: list[Terminal] = []

    # --- up to the kill ---

    def begin(self, kinds: tuple[str, ...]) -> None:
        """Starts run and viewer, and returns at the moment, with those alive that are killed at the start."""
        wait, scene = start._wait_for_agent, self.scene
        if self.moment.at_start:
            start._wait_for_agent = lambda folder: None
        try:
            scene.start(
                self.moment.goal,
                env={"OVERNIGHT_AGENT_STORY": "work tasks=1"},
                **{"watchdog__restarts_per_hour": 30, **self.moment.settings},
            )
        finally:
            start._wait_for_agent = wait
        if not self.moment.at_start or "screen" in kinds:
            self.open_screen()
        if not (self.moment.at_start or self.moment.is_short):
            self.screen.until(lambda: "overnight" in self.screen.text)
        if self.moment.message:
            self.ask("inject", text=WORDS)
            until(lambda: scene.journal("inject"), "the words")
        until(lambda: self.moment.reached(self), "the moment")
        if self.moment.at_start:
            wanted = {*kinds} - {"screen"}
            until(lambda: wanted <= self.pids().keys(), f"{wanted} to live")

    def ask(self, verb: inbox.Verb, **arguments: object) -> None:
        """Leaves a request, and waits for nothing."""
        inbox.send_request(self.scene.folder.inbox, verb, arguments, by=Requester.COMMAND)

    def open_screen(self) -> None:
        environ = {"CLAUDE_CONFIG_DIR": str(self.scene.config), "OVERNIGHT_SCREEN_POLL_MS": "50"}
        made = Terminal(home=self.scene.base, cwd=self.scene.repository, env=environ)
        self._screens.append(made)

    @property
    def screen(self) -> Terminal:
        return self._screens[-1]

    # --- the kill ---

    def pids(self) -> dict[str, int]:
        """The processes that live now, by kind."""
        found: dict[str, int] = {}
        numbers = self.scene.folder.attempt_numbers()
        if numbers:
            facts = _facts(AttemptProcess(self.scene.folder, numbers[-1]))
            for kind, pid, ticks in (
                ("agent", "pid", "proc_start"),
                ("shim", "shim", "shim_start"),
            ):
                if facts and is_alive(ProcessIdentity(facts[pid], facts[ticks])):
                    found[kind] = facts[pid]
        if is_supervised(self.scene.folder):
            found["supervisor"] = int(self.scene.folder.lock.read_text().split()[0])
        if self._screens and self.screen.process.poll() is None:
            found["screen"] = self.screen.process.pid
        return found

    def kill(self, kinds: tuple[str, ...]) -> set[str]:
        """Kills those that live, all at once; which."""
        living = self.pids()
        killed = {kind: pid for kind, pid in living.items() if kind in kinds}
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        if "screen" in killed:
            self.screen.process.wait()
        if self._screens and "screen" in killed:
            self._screens.pop().close()
        if not self._screens:
            self.open_screen()
        if "supervisor" in killed:
            self._await_supervisor(killed["supervisor"])
        return set(killed)

    def _await_supervisor(self, old: int) -> None:
        begun = time.monotonic()

        def another() -> bool:
            self.look()
            if read_run_end(self.scene.folder) is not None:
                return True
            words = self.scene.folder.lock.read_text().split()
            return bool(words) and int(words[0]) != old and is_supervised(self.scene.folder)

        until(another, "a new supervisor", NEW_SUPERVISOR_SECONDS)
        self.seconds = time.monotonic() - begun

    # --- afterwards ---

    def look(self) -> None:
        """Reads the screen; over a living agent it never says that the night is dead."""
        before = self._living_agent()
        self.screen.read()
        head = "\n".join(self.screen.rows[:HEAD_ROWS]).lower()
        after = self._living_agent()
        if before is not None and before == after:
            said = [word for word in _OVER if word in head]
            assert not said, f"{said} over a living agent:\n{self.screen.text}"

    def _living_agent(self) -> tuple[int, int] | None:
        found = newest_agent(self.scene.folder)
        return found if found is not None and is_alive(ProcessIdentity(*found)) else None

    def finish(self) -> str:
        """Lets the agent end; the reason of the run's end, once it is over and everybody is gone."""

        def over() -> bool:
            (self.scene.repository / "gate").touch()  # a rewind takes it away
            self.look()
            return read_run_end(self.scene.folder) is not None

        try:
            until(over, "the end", 60.0)
        except AssertionError as error:
            kinds = [one["kind"] for one in self.scene.journal()]
            raise AssertionError(f"{error}: {kinds}\n{self.screen.text}") from None
        reason = self.scene.ended()
        until(lambda: not self._left(), "the end of its processes")
        self.screen.until(lambda: "review" in self.screen.text or reason[:12] in self.screen.text)
        return reason

    def _left(self) -> set[str]:
        restarter = {"restarter"} if self.scene.restarter() is not None else set()
        return {*self.pids(), *restarter} - {"screen"}

    def faults(self, killed: set[str]) -> list[str]:
        """What was lost, doubled or left behind."""
        return [
            *self._faults_of_stream(killed),
            *self._faults_of_journal(),
            *self._faults_of_checkpoints(),
        ]

    def _faults_of_stream(self, killed: set[str]) -> list[str]:
        lines, torn = [], 0
        for line in filter(None, self.scene.folder.stream.read_bytes().split(b"\n")):
            try:
                lines.append(json.loads(line))
            except ValueError:
                torn += 1
        found = [f"{torn} lines of the stream are torn"] if torn > ("agent" in killed) else []
        twice = [
            key for key, n in Counter(one.get("uuid") for one in lines).items() if n > 1 and key
        ]
        found += [f"a record of the stream is there twice: {key}" for key in twice]
        said = [one for one in lines if one.get("isReplay") and WORDS in json.dumps(one)]
        if self.moment.message and len(said) != 1:
            found.append(f"the words reached the agent {len(said)} times")
        told = {one["message"]["id"] for one in lines if one.get("type") == "assistant"}
        written = self._answers() - told
        if len(written) > ("agent" in killed):
            found.append(f"{len(written)} answers of the transcripts are not in the stream")
        return found

    def _answers(self) -> set[str]:
        """The answers that the agent itself wrote down."""
        return {
            one["message"]["id"]
            for file in self.scene.config.glob("projects/*/*.jsonl")
            for one in json_lines(file)
            if one.get("type") == "assistant"
        }

    def _faults_of_journal(self) -> list[str]:
        entries: list[Json] = self.scene.journal()  # raises where a line is no entry
        found = []
        for kind, key in (
            ("segment_started", "attempt"),
            ("segment_ended", "attempt"),
            ("inject", "id"),
            ("request", "id"),
            ("answer", "id"),
            ("run_ended", "kind"),
            ("run_started", "kind"),
        ):
            counted = Counter(one[key] for one in entries if one["kind"] == kind)
            found += [f"{kind} {key} {name}: {n} times" for name, n in counted.items() if n > 1]
        asked, answered = (
            {one["id"] for one in entries if one["kind"] == kind} for kind in ("request", "answer")
        )
        found += [f"a request was not answered: {one}" for one in asked - answered]
        return found

    def _faults_of_checkpoints(self) -> list[str]:
        repository = self.scene.repository
        fsck = ["git", "-C", str(repository), "fsck", "--no-dangling", "--no-progress"]
        done = subprocess.run(fsck, capture_output=True, text=True, check=False)
        found = [f"git fsck: {done.stdout}{done.stderr}"] if done.returncode else []
        known = {one.id for one in checkpoints_of(repository)}
        foreign = [one for one in checkpoints_of(repository, foreign=True) if one.id not in known]
        found += [f"a checkpoint that nobody knows: {one.ref}" for one in foreign]
        journalled = Counter(
            one["checkpoint"] for one in self.scene.journal("checkpoint") if one.get("checkpoint")
        )
        found += [
            f"checkpoint {one} journalled {n} times" for one, n in journalled.items() if n > 1
        ]
        found += [f"checkpoint {one} is lost" for one in journalled if one not in known]
        return found

    def story(self) -> str:
        """The journal, and what the supervisors said of themselves: for a person who looks for a fault."""
        entries = "\n".join(map(json.dumps, self.scene.journal()))
        return f"{entries}\n{self.scene.folder.supervisor_log.read_text()}"

    def close(self) -> None:
        for screen in self._screens:
            screen.close()
        self.scene.tidy()


def _facts(attempt: AttemptProcess) -> dict[str, int]:
    try:
        found: dict[str, int] = json.loads(attempt.files.agent.read_text())
    except (OSError, ValueError):
        return {}
    return found
