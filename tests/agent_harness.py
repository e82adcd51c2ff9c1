"""Runs the scripted agent as a process of its own and talks to it over its pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = dict[str, Any]
STREAMS = ("--input-format", "stream-json")
REPOSITORY = Path(__file__).resolve().parent.parent
AGENT = (sys.executable, str(REPOSITORY / "tests/agent/__main__.py"))
DEADLINE = 30.0


class AgentProcess:
    """One process of the agent; `lines` fills as it speaks."""

    def __init__(
        self, cwd: Path, config: Path, *flags: str, streams: bool = True, **environment: str
    ) -> None:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(config.parent),
            "PYTHONPATH": str(REPOSITORY),
            "CLAUDE_CONFIG_DIR": str(config),
            "OVERNIGHT_DEMO_PACE": "0",
            "TMPDIR": str(config.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **environment,
        }
        words = [*AGENT, "-p", "--verbose"]
        words += ["--output-format", "stream-json", *(STREAMS if streams else ()), *flags]
        self.cwd = cwd
        self.config = config
        self.lines: list[Json] = []
        self._changed = threading.Condition()
        self._over = False
        self.process = subprocess.Popen(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE if streams else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            if not raw.endswith(b"\n"):
                break  # a line cut short by the end of the process, or of the pipe
            line = json.loads(raw)
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def send(self, record: Json) -> None:
        self.send_raw(json.dumps(record).encode() + b"\n")

    def send_raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def say(self, text: str, **more: Any) -> str:
        """Sends a user message; returns its uuid."""
        identity = str(uuid.uuid4())
        message = {"role": "user", "content": text}
        self.send({"type": "user", "message": message, "uuid": identity, **more})
        return identity

    def control(self, subtype: str, **arguments: Any) -> Json:
        """Sends a control request and returns the answer's inner part."""
        identity = f"req_{uuid.uuid4().hex[:8]}"
        request = {"subtype": subtype, **arguments}
        self.send({"type": "control_request", "request_id": identity, "request": request})
        line = self.wait_for(
            lambda one: (
                one["type"] == "control_response" and one["response"]["request_id"] == identity
            )
        )
        return dict(line["response"])

    def wait_for(self, wanted: Callable[[Json], bool], after: int = 0) -> Json:
        """The first line at or after index `after` that is wanted; fails after a deadline."""
        deadline = time.monotonic() + DEADLINE
        with self._changed:
            while True:
                for line in self.lines[after:]:
                    if wanted(line):
                        return line
                left = deadline - time.monotonic()
                if left <= 0 or self._over:
                    raise AssertionError(f"no such line among {self.kinds()[-12:]}")
                self._changed.wait(left)

    def result(self, number: int = 0) -> Json:
        """The result of that number, once it is there."""
        return self.wait_for(lambda one: one["type"] == "result" and one["result_index"] == number)

    def running_tool(self) -> None:
        """Waits until a command of the agent runs."""
        self.wait_for(lambda one: "tool_use" in blocks(one))
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            if not children.exists() or children.read_text():
                return
            time.sleep(0.01)
        raise AssertionError("no command runs")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def close(self) -> int:
        """Closes stdin and returns the exit code."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        return self.exit_code()

    def exit_code(self) -> int:
        code = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return code

    def stderr(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def kinds(self) -> list[str]:
        return [":".join([one["type"], str(one.get("subtype", ""))]) for one in self.lines]

    @property
    def session(self) -> str:
        return str(next(one["session_id"] for one in self.lines if "session_id" in one))

    def transcript(self) -> list[Json]:
        (path,) = self.config.glob(f"projects/*/{self.session}.jsonl")
        return [json.loads(raw) for raw in path.read_text("utf-8").splitlines()]

    def texts(self) -> list[str]:
        return [
            block["text"]
            for one in self.lines
            if one["type"] == "assistant"
            for block in one["message"]["content"]
            if block["type"] == "text"
        ]

    def tidy(self) -> None:
        """Ends what is left of the process."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass


def blocks(line: Json) -> list[str]:
    """The types of a line's content blocks."""
    content = (
        line.get("message", {}).get("content") if isinstance(line.get("message"), dict) else None
    )
    return [block["type"] for block in content] if isinstance(content, list) else []


class Workplace:
    """A repository and a configuration folder, and the agents started there."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config"
        self.repository = folder / "repository"
        self._agents: list[AgentProcess] = []

    def start(self, *flags: str, streams: bool = True, **environment: str) -> AgentProcess:
        agent = AgentProcess(self.repository, self.config, *flags, streams=streams, **environment)
        self._agents.append(agent)
        return agent

    def play(self, prompt: str, *flags: str, **environment: str) -> AgentProcess:
        """Runs one prompt given on the command line to the end of the process."""
        agent = self.start(*flags, prompt, streams=False, **environment)
        agent.exit_code()
        return agent

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.repository, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def tidy(self) -> None:
        """Ends the agents, and the tools that outlive them: a waiting shell costs every later test."""
        for agent in self._agents:
            agent.tidy()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                pid, stands = int(process.name), (process / "cwd").readlink()
                if pid != os.getpid() and stands.is_relative_to(self.repository):
                    os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
