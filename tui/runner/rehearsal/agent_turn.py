"""One turn of the agent in a rehearsal: started as tonight's would be, listened to, and ended.

The agent reads from a pipe of this process, so where this process is killed it hears the end of its input
and stops by itself. What it did is taken from its stream by the decoder of every stream.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import (
    AgentEvent,
    ApiRetry,
    AssistantMessage,
    HookRun,
    PermissionDenied,
    RateLimit,
    ToolCall,
    ToolResult,
    TurnResult,
    TurnStarted,
    UserMessage,
)
from tui.model.failures import ApiFailure, DenialKind, FailureKind
from tui.runner.agent.messages import user_line
from tui.system.files import json_object, open_private
from tui.system.process_tree import ProcessTree, kill_tree
from tui.system.processes import ProcessIdentity, read_process
from tui.system.sanitize import clean_line

_POLL_SECONDS = 0.05
_STDERR_BYTES = 4096
_RETRIES_ENOUGH = 3


class TurnEnding(Enum):
    """Why the listening ended. `SILENT`: the agent did not begin in its time; `UNANSWERED`: no model spoke."""

    ANSWERED = "answered"
    EXITED = "exited"
    SILENT = "silent"
    UNANSWERED = "unanswered"
    OUT_OF_TIME = "out of time"
    HOPELESS = "hopeless"
    NOT_STARTED = "not started"


@dataclass(frozen=True)
class TurnLimits:
    """Seconds: for the whole turn, until it begins and until a model speaks, for calls of the API that fail."""

    seconds: float = 900.0
    first_word: float = 90.0
    first_answer: float = 120.0
    retrying: float = 45.0
    leaving: float = 3.0


@dataclass
class RehearsedCall:
    """One tool call and its answer, with the seconds between them."""

    call: ToolCall
    called: float
    result: ToolResult | None = None
    answered: float = 0.0
    denial: DenialKind | None = None
    why: str = ""

    @property
    def seconds(self) -> float:
        return max(0.0, self.answered - self.called)

    @property
    def command(self) -> str:
        return self.call.command or self.call.target


@dataclass
class TurnReport:
    """What was heard of the turn.

    `servers` are the MCP servers with their states when the turn began, `hooks_open` how many hooks of a
    name were started and did not answer, `failed_hooks` what failed hooks wrote; `failure` is the error that
    the API's last word was.
    """

    ending: TurnEnding = TurnEnding.NOT_STARTED
    seconds: float = 0.0
    started: TurnStarted | None = None
    started_after: float = 0.0
    spoken: bool = False
    servers: dict[str, str] = field(default_factory=dict)
    calls: dict[str, RehearsedCall] = field(default_factory=dict)
    denials: dict[str, PermissionDenied] = field(default_factory=dict)
    hooks_open: Counter[str] = field(default_factory=Counter)
    failed_hooks: dict[str, str] = field(default_factory=dict)
    retries: int = 0
    failure: ApiFailure | None = None
    limits: list[RateLimit] = field(default_factory=list)
    result: TurnResult | None = None
    code: int | None = None
    errors: str = ""

    @property
    def has_model(self) -> bool:
        """Whether a model answered: only then does the turn tell what the agent may do."""
        return bool(self.calls) or (
            self.ending is TurnEnding.ANSWERED
            and self.failure is None
            and self.result is not None
            and not self.result.is_error
        )

    @property
    def cost(self) -> float | None:
        return self.result.cost_usd if self.result is not None else None

    @property
    def hanging_hook(self) -> str:
        return next((name for name, number in self.hooks_open.items() if number > 0), "")


class RehearsedTurn:
    """The agent's process and the reading of its stream."""

    def __init__(
        self,
        words: Sequence[str],
        cwd: Path,
        environ: Mapping[str, str],
        folder: Path,
        marker: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._words, self._cwd, self._environ = list(words), cwd, dict(environ)
        self._stream, self._errors = folder / "said", folder / "errors"
        name, _, value = marker.partition("=")
        self._environ[name], self._marker = value, marker.encode()
        self._clock = clock
        self._decoder = ClaudeDecoder(str(self._stream))
        self._read, self._began = 0, 0.0
        self._failing_since: float | None = None
        self.report = TurnReport()

    def play(self, prompt: str, identity: str, limits: TurnLimits) -> TurnReport:
        """Starts the agent, says `prompt` with that id and returns when the turn is over or out of time."""
        report, began = self.report, self._clock()
        self._began = began
        try:
            process = self._start()
        except OSError as error:
            report.errors = f"{self._words[0]}: {error.strerror}"
            return report
        row = read_process(process.pid)
        agent = ProcessIdentity(process.pid, row.start if row is not None else 0)
        assert process.stdin is not None
        try:
            with suppress(OSError):
                process.stdin.write(user_line(prompt, identity))
                process.stdin.flush()
            report.ending = self._listen(process, began, limits)
            report.seconds = self._clock() - began
            with suppress(OSError):
                process.stdin.close()
            if report.ending is TurnEnding.ANSWERED:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(limits.leaving)
        finally:
            kill_tree(ProcessTree(agent, None, self._marker), limits.leaving)
            with suppress(subprocess.TimeoutExpired):
                report.code = process.wait(limits.leaving)
        if report.ending in (TurnEnding.ANSWERED, TurnEnding.EXITED):
            self._poll()  # else what comes now tells of our own signal
        with suppress(OSError):
            report.errors = self._errors.read_bytes()[-_STDERR_BYTES:].decode("utf-8", "replace")
        return report

    def _start(self) -> subprocess.Popen[bytes]:
        out = open_private(self._stream, os.O_WRONLY)
        err = open_private(self._errors, os.O_WRONLY)
        try:
            return subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                cwd=self._cwd,
                env=self._environ,
                start_new_session=True,
            )
        finally:
            os.close(out)
            os.close(err)

    def _listen(
        self, process: subprocess.Popen[bytes], began: float, limits: TurnLimits
    ) -> TurnEnding:
        while True:
            self._poll()
            report, now = self.report, self._clock()
            if report.result is not None:
                return TurnEnding.ANSWERED
            if self._is_hopeless(now, limits):
                return TurnEnding.HOPELESS
            if process.poll() is not None:
                self._poll()
                return TurnEnding.ANSWERED if report.result is not None else TurnEnding.EXITED
            if report.started is None and now - began > limits.first_word:
                return TurnEnding.SILENT
            begun = began + report.started_after
            is_mute = report.started is not None and not report.spoken
            if is_mute and now - begun > limits.first_answer:
                return TurnEnding.UNANSWERED
            if now - began > limits.seconds:
                return TurnEnding.OUT_OF_TIME
            time.sleep(_POLL_SECONDS)

    def _is_hopeless(self, now: float, limits: TurnLimits) -> bool:
        """Whether the API says no, or has failed for so long that the rest would be waiting."""
        failure = self.report.failure
        if failure is None or self._failing_since is None:
            return False
        if failure.kind.needs_person:
            return self.report.retries > 0
        return (
            self.report.retries >= _RETRIES_ENOUGH and now - self._failing_since > limits.retrying
        )

    def _poll(self) -> None:
        """Takes in the whole lines that were written since."""
        with suppress(OSError), open(self._stream, "rb") as file:
            file.seek(self._read)
            data = file.read()
            data = data[: data.rfind(b"\n") + 1]
            if data:
                now = self._clock()
                for event in self._decoder.decode(data, self._read).events:
                    if isinstance(event.body, TurnStarted) and self.report.started is None:
                        begin = event.offset - self._read
                        self._begun(data[begin : begin + event.length], now)
                    self._apply(event, now)
                self._read += len(data)

    def _begun(self, line: bytes, now: float) -> None:
        self.report.started_after = now - self._began
        servers = (json_object(line) or {}).get("mcp_servers")
        for server in servers if isinstance(servers, list) else ():
            if isinstance(server, dict):
                name, state = server.get("name"), server.get("status")
                self.report.servers[clean_line(str(name), 60)] = clean_line(str(state), 20)

    def _apply(self, event: AgentEvent, now: float) -> None:
        body, report = event.body, self.report
        if isinstance(body, TurnStarted):
            report.started = report.started or body
        elif isinstance(body, AssistantMessage):
            self._assistant(body, now)
        elif isinstance(body, UserMessage):
            for result in body.results:
                self._answered(result, now)
        elif isinstance(body, PermissionDenied):
            report.denials[body.tool_use_id] = body
        elif isinstance(body, ApiRetry):
            self._retry(body, now)
        elif isinstance(body, HookRun):
            self._hook(body)
        elif isinstance(body, RateLimit):
            report.limits.append(body)
        elif isinstance(body, TurnResult):
            report.result = body
            report.failure = body.failure or (report.failure if body.is_error else None)

    def _assistant(self, body: AssistantMessage, now: float) -> None:
        self.report.failure, self.report.spoken = body.failure, True
        self._failing_since = None
        for call in body.tools:
            self.report.calls.setdefault(call.id, RehearsedCall(call, now))

    def _answered(self, result: ToolResult, now: float) -> None:
        known = self.report.calls.get(result.tool_use_id)
        if known is None or known.result is not None:
            return
        known.result, known.answered = result, now
        denied = self.report.denials.get(result.tool_use_id)
        known.denial = result.denial or (denied.kind if denied is not None else None)
        known.why = denied.reason if denied is not None and denied.reason else result.excerpt

    def _retry(self, body: ApiRetry, now: float) -> None:
        self.report.retries = max(self.report.retries + 1, body.attempt)
        kind = _kind_of(body)
        self.report.failure = ApiFailure(kind, body.error, body.status)
        if self._failing_since is None:
            self._failing_since = now

    def _hook(self, body: HookRun) -> None:
        # Several hooks of an event have the same name, and ours is one of them.
        if body.outcome == "started":
            self.report.hooks_open[body.name] += 1
        if body.outcome in ("started", "running"):
            return
        self.report.hooks_open[body.name] -= 1
        if body.outcome not in ("success", "ended"):
            self.report.failed_hooks[body.name] = body.text


def _kind_of(retry: ApiRetry) -> FailureKind:
    """The class of what makes the CLI try again."""
    if not retry.status:
        return FailureKind.CONNECTION
    return FailureKind.of_status(retry.status)
