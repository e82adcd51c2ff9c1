"""A whole night in four minutes: the real CLI under the runner, against a scripted model on loopback.

    python -m benchmarks.night --claude PATH [--keep] [--program PATH]

An overload, a usage limit with a reset, an agent that is killed, a conversation that is refused for good, a
supervisor that is killed, a full context, a request that is not answered and a loop come one after the
other. The night is right if every task is done and nobody was called. Prints what the journal tells.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.night_model import Answer, ScriptedModel

TASKS = 7
_LONGEST_SECONDS = 600.0
_SETTINGS: dict[str, dict[str, object]] = {
    "session": {
        "max_runtime_hours": 0.25,
        "max_idle_minutes": 2,
        "handover_share": 0.1,
        "stop_grace_seconds": 2,
        "inhibit_sleep": False,
        "baseline_tests": ["make", "test"],
    },
    "recovery": {
        "backoff_base_seconds": 2,
        "backoff_min_seconds": 1,
        "backoff_max_seconds": 8,
        "reset_after_minutes": 0.5,
    },
    "stalls": {"loop_action": "nudge", "api_silence_seconds": 6},
    "watchdog": {"check_interval_seconds": 1},
    "notifications": {"tmux": False, "bell": False},
    # Two retries only, so that the supervisor's own waits come before long; a person's values win.
    "agent": {
        "env": {
            "CLAUDE_CODE_MAX_RETRIES": "2",
            "CLAUDE_CODE_RETRY_WATCHDOG": "0",
            "API_TIMEOUT_MS": "12000",
        },
    },
}


def bash(name: str, command: str, context: int = 8_000) -> Answer:
    given = {"command": command, "description": name}
    return Answer(name, tool="Bash", given=given, context=context)


def work(project: Path, number: int) -> Iterator[Answer]:
    """One task: read, tick off, commit."""
    file, name = str(project / "claude-progress.txt"), f"task {number}"
    before, after = f"- [ ] task {number}", f"- [x] task {number}"
    yield Answer(name, tool="Read", given={"file_path": file})
    edit = {"file_path": file, "old_string": before, "new_string": after}
    yield Answer(name, tool="Edit", given=edit)
    yield bash(name, f"git commit -q -a -m 'task {number}'")


def story(project: Path) -> list[Answer]:
    """The night, one answer after the other."""
    refused = "messages.3.content.0: Input should be a valid dictionary"
    return [
        bash("begins", "git log --oneline"),
        *work(project, 1),
        *[Answer("storm", status=529)] * 7,
        *work(project, 2),
        Answer("limit", limit_seconds=20),
        *work(project, 3),
        bash("crash", "make test WAIT=60"),
        *work(project, 4),
        Answer("poison", refused, status=400, sticks=True),
        *work(project, 5),
        bash("unwatched", "make test WAIT=14"),
        bash("full", "make test WAIT=3", context=130_000),
        bash("hand-over", "git status --short", context=130_000),
        Answer("hand-over", "The notes are written; the next session can go on.", context=130_000),
        *work(project, 6),
        Answer("silent", silent_seconds=20),
        *[bash("loop", "make test WAIT=never")] * 6,
        *work(project, 7),
        Answer("end", "Every task is done."),
    ]


@dataclass
class Night:
    """A place of its own with a project, a home and a run in it."""

    base: Path
    claude: Path
    program: str

    @property
    def project(self) -> Path:
        return self.base / "project"

    def environ(self, port: int) -> dict[str, str]:
        names = ("home", "state", "run", "config", "tmp", "bin")
        for name in names:
            (self.base / name).mkdir(mode=0o700, exist_ok=True)
        link = self.base / "bin" / "claude"
        if not link.is_symlink():
            link.symlink_to(self.claude)
        return {
            "PATH": f"{self.base}/bin:{os.environ['PATH']}",
            "HOME": f"{self.base}/home",
            "XDG_STATE_HOME": f"{self.base}/state",
            "XDG_RUNTIME_DIR": f"{self.base}/run",
            "XDG_CONFIG_HOME": f"{self.base}/config",
            "TMPDIR": f"{self.base}/tmp",
            "CLAUDE_CODE_TMPDIR": f"{self.base}/tmp",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "GIT_CONFIG_NOSYSTEM": "1",
            # A login by token has usage limits; a key has none.
            "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-dummy",
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "IS_SANDBOX": "1",
        }

    def prepare(self, settings: Mapping[str, Mapping[str, object]]) -> None:
        """The project, and the person's own settings file."""
        folder = self.base / "config" / "overnight-tui"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(json.dumps(settings))
        self.project.mkdir()
        tasks = "".join(f"- [ ] task {number}\n" for number in range(1, TASKS + 1))
        (self.project / "claude-progress.txt").write_text(f"# Tasks\n{tasks}")
        (self.project / "Makefile").write_text("WAIT = 0\ntest:\n\t@sleep 0.7; sleep $(WAIT)\n")
        identity = ("-c", "user.name=Night", "-c", "user.email=night@example.org")
        for words in (
            ("init", "-q", "-b", "main"),
            ("config", "user.name", "Night"),
            ("config", "user.email", "night@example.org"),
            ("add", "-A"),
            (*identity, "commit", "-q", "-m", "Begin"),
        ):
            subprocess.run(["git", *words], cwd=self.project, check=True)

    def command(self, environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *words],
            cwd=self.project,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def journal(self) -> list[dict[str, Any]]:
        found = sorted((self.base / "state").rglob("journal.jsonl"))
        rows = found[0].read_text().splitlines() if found else []
        return [json.loads(row) for row in rows if row.startswith("{") and row.endswith("}")]

    def newest(self, kind: str) -> dict[str, Any] | None:
        return next((row for row in reversed(self.journal()) if row["kind"] == kind), None)


class Disturber:
    """Kills the agent and the supervisor where the story wants it, each once."""

    def __init__(self, night: Night, model: ScriptedModel) -> None:
        self._night, self._model = night, model
        self._victims = {"crash": "segment_started", "unwatched": "supervisor_started"}
        self._seen_at: dict[str, float] = {}

    def step(self) -> None:
        name = self._model.name
        if name not in self._victims:
            return
        # The command runs by then.
        if time.monotonic() - self._seen_at.setdefault(name, time.monotonic()) < 2.0:
            return
        entry = self._night.newest(self._victims.pop(name))
        if entry is not None:
            os.kill(int(entry["pid"]), signal.SIGKILL)


def play(night: Night, say: Any = print) -> list[str]:
    """Plays the night; what was not right with it."""
    model = ScriptedModel(story(night.project))
    server, port = model.serve()
    environ = night.environ(port)
    night.prepare(_SETTINGS)
    begun = time.time()
    try:
        started = night.command(environ, "run", "Do the tasks.", "--detach", "--continuous")
        if started.returncode:
            return [f"run failed: {started.stderr.strip()}"]
        disturber, until = Disturber(night, model), time.monotonic() + _LONGEST_SECONDS
        while night.newest("run_ended") is None and time.monotonic() < until:
            disturber.step()
            time.sleep(0.2)
        status = json.loads(night.command(environ, "status", "--json").stdout)
    finally:
        night.command(environ, "kill", "--yes")
        server.shutdown()
        server.server_close()
    tell(night.journal(), model, begun, say)
    return list(faults(night, status, model))


_SHOWN = {
    "run_started": ("goal",),
    "baseline": ("text",),
    "segment_started": ("attempt", "why"),
    "segment_ended": ("reason",),
    "restart_scheduled": ("class", "delay_s", "reason"),
    "restart_cancelled": ("reason",),
    "fresh_conversation": ("text",),
    "supervisor_started": ("adopted", "gap_s", "by"),
    "handover": ("share",),
    "limit_warning": ("limit", "value"),
    "limit_hit": ("limit", "value"),
    "continuation": ("text",),
    "stall": ("stall", "level", "evidence"),
    "stall_over": ("stall",),
    "inject": ("mode", "text"),
    "stall_step": ("step", "reason"),
    "model": ("text",),
    "unwatched": ("reason",),
    "run_ended": ("reason", "end"),
}


def tell(
    journal: list[dict[str, Any]], model: ScriptedModel, begun: float, say: Any = print
) -> None:
    """The journal's story, between what the model was asked."""
    rows = [
        (row["at"], row["kind"], "; ".join(_short(row[key]) for key in keys if row.get(key)))
        for row in journal
        if (keys := _SHOWN.get(row["kind"])) is not None
    ]
    last = ""
    for asked in model.asked:
        if asked["name"] != last:
            rows.append((asked["at"], "· model", asked["name"]))
        last = asked["name"]
    for at, kind, text in sorted(rows):
        say(f"{at - begun:7.1f} s  {kind:18} {text}")


def _short(value: object) -> str:
    return " ".join(str(value).split())[:110]


def faults(night: Night, status: Mapping[str, Any], model: ScriptedModel) -> Iterator[str]:
    """What a right night would not have."""
    journal, run = night.journal(), status["run"]
    if status["progress"]["done"] != TASKS:
        yield f"{status['progress']['done']} of {TASKS} tasks are done"
    if (run.get("exit") or {}).get("kind") != "completed":
        yield f"it ended as {run['state']}: {run['reason']}"
    if status["restarts"] != 1:
        yield f"{status['restarts']} restarts are counted, where one agent was killed"
    called = [row for row in journal if row["kind"] == "notified" and row["event"] == "needs_you"]
    if called:
        yield f"a person was called: {called[0]}"
    wanted = {
        "an overload waited for": ("restart_scheduled", "class", "overload"),
        "a usage limit waited for": ("restart_scheduled", "class", "limit"),
        "a crash resumed": ("restart_scheduled", "class", "crash"),
        "a fresh conversation": ("segment_started", "why", "fresh"),
        "a hand-over": ("segment_started", "why", "handover"),
        "a supervisor again": ("supervisor_started", "adopted", True),
        "a step back": ("inject", "mode", "step-back"),
        "tests before the agent": ("baseline", "state", "passed"),
    }
    for what, (kind, key, value) in wanted.items():
        if not any(row["kind"] == kind and row.get(key) == value for row in journal):
            yield f"{what} is missing in the journal"
    left = len(model.story) - model.at
    if left > 0:
        yield f"{left} answers of the story were not asked for"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--claude", type=Path, required=True, help="a `claude` program")
    beside = str(Path(sys.executable).with_name("overnight-tui"))
    parser.add_argument("--program", default=beside, help="the overnight-tui to be tried")
    parser.add_argument("--keep", action="store_true", help="keep the folder and name it")
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="overnight-night-"))
    found = play(Night(base, given.claude.resolve(), given.program))
    for fault in found:
        print("WRONG:", fault)
    print("right" if not found else f"{len(found)} faults")
    if given.keep:
        print(base)
    else:
        shutil.rmtree(base, ignore_errors=True)
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
