"""The agent of the tests: what the shipped stories never need, and more of the real program's ways."""

from __future__ import annotations

import os
import select
import stat
from pathlib import Path
from typing import Any

from tests.agent import hooks
from tests.agent.controls import MoreControlRequests, ask_permission
from tui.demo.agent import SimulatedAgent
from tui.demo.simulator.flags import AgentFlags, FlagError
from tui.demo.simulator.responses import SimulatedSubagent
from tui.demo.simulator.session import SimulatedSession
from tui.demo.simulator.shapes import fresh, short
from tui.demo.simulator.spending import TokenCounts
from tui.demo.simulator.tools import ScriptedCall, ToolRun
from tui.demo.simulator.transcript import slug
from tui.demo.simulator.turns import TurnEnded
from tui.demo.simulator.wire import InputMessage, complain
from tui.demo.story.stage import StoryStage

Json = dict[str, Any]
STOP_HOOK_CAP = 8


class AskedCall(ScriptedCall):
    """A tool call that wants a person's leave first."""


class BackgroundCall(ScriptedCall):
    """A call of a subagent that the response does not wait for."""

    def __init__(self, name: str, agent_script: Any, **given: Any) -> None:
        super().__init__(name, **given)
        self.later_script = agent_script


class BackgroundSubagent(SimulatedSubagent):
    """A subagent that goes on after the turn; its end brings a turn of its own."""

    background = True

    def start(self) -> None:
        self._tasks_changed(present=True)
        super().start()

    def finish(self) -> None:
        super().finish()
        self._tasks_changed(present=False)

    def _tasks_changed(self, present: bool) -> None:
        task = {
            "task_id": self.id,
            "run_id": self.run,
            "task_type": "local_agent",
            "subagent_type": self.kind,
            "description": self.description,
        }
        self.session.system("background_tasks_changed", tasks=[task] if present else [])

    def launched(self) -> ToolRun:
        """What the main conversation gets at once."""
        detail = {
            "isAsync": True,
            "status": "async_launched",
            "agentId": self.id,
            "description": self.description,
            "resolvedModel": self.session.model,
            "prompt": self.call.input["prompt"],
            "outputFile": str(self.transcript.path),
            "canReadOutputFile": True,
            "canContinueAgent": True,
        }
        words = f"Async agent launched successfully.\nagentId: {self.id}"
        return ToolRun([{"type": "text", "text": words}], detail)


class Report(InputMessage):
    """The message by which a subagent in the background says that it has ended."""

    def __init__(self, agent: BackgroundSubagent) -> None:
        text = f"<task-notification>\n<task-id>{agent.id}</task-id>\n</task-notification>"
        super().__init__({"message": {"content": text}}, agent.session.timing.stamp())
        self.words = f"The subagent has reported back: {agent.report}"
        self.origin = {"kind": "task-notification", "producer": "session-task", "runId": agent.run}


class StageOfTests(StoryStage):
    """A stage with hooks, questions for leave and subagents in the background."""

    def __init__(self, session: SimulatedSession) -> None:
        super().__init__(session)
        self.background: list[BackgroundSubagent] = []
        self.more_output = 0

    def account(self, said: int) -> TokenCounts:
        more, self.more_output = self.more_output, 0
        return super().account(said + more)

    def carry_out(self, calls: list[ScriptedCall]) -> list[ToolRun]:
        outcomes = super().carry_out(calls)
        if calls:
            for context in hooks.after_tools(self.session, calls, outcomes):
                self.hear(context)
        return outcomes

    def run(self, call: ScriptedCall) -> ToolRun:
        if isinstance(call, BackgroundCall):
            call.agent_script = call.later_script
            agent = BackgroundSubagent(self.session, call)
            agent.start()
            self.background.append(agent)
            return agent.launched()
        denied = ask_permission(self.session, call) if isinstance(call, AskedCall) else None
        return denied or super().run(call)


class AgentOfTests(SimulatedAgent):
    """An agent that hears Stop hooks, waits for its subagents and reads what a pipe adds to a prompt."""

    stage = StageOfTests
    controls = MoreControlRequests

    def prompt(self) -> str:
        return (super().prompt() + _piped()).strip()

    def answer(self, stage: StoryStage, message: InputMessage) -> None:
        self._background = stage.background if isinstance(stage, StageOfTests) else []
        if isinstance(message, Report):
            stage.respond(message.words)
            raise TurnEnded("success", "completed", origin=message.origin)
        super().answer(stage, message)
        session = self.session
        for blocked in range(STOP_HOOK_CAP):
            reason = hooks.at_stop(session, session.turn.last_text, blocked > 0)
            if not reason:
                return
            session.write_user(f"Stop hook feedback:\n{reason}", synthetic=True, isMeta=True)
            self.play(stage, reason)

    def play_turn(self, message: InputMessage) -> None:
        super().play_turn(message)
        for agent in self._background:
            self.session.state("running")
            for step in agent.script:
                agent.step(*step)
            agent.finish()
            report = Report(agent)
            self.session.transcript.queue("enqueue", report.text)
            self.play_turn(report)


def checked(words: list[str]) -> list[str]:
    """The command line without `--continue`; raises FlagError where the real program refuses to start."""
    options = AgentFlags(words)
    if options.version:
        return words
    if not options.print:
        raise FlagError("Error: the scripted agent plays print mode only; start it with -p.")
    if options.output_format == "stream-json" and not options.verbose:
        raise FlagError("Error: When using --print, --output-format=stream-json requires --verbose")
    if options.streams_in and options.output_format != "stream-json":
        raise FlagError("Error: --input-format=stream-json requires output-format=stream-json.")
    if options.resume is not None and not options.resume:
        raise FlagError("Error: --resume requires a valid session ID when used with --print")
    if "--continue" not in words:
        return words
    config = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude")
    files = (config / "projects" / slug(str(Path.cwd()))).glob("*.jsonl")
    newest = max(files, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        raise FlagError("No conversation found to continue")
    return ["--resume", newest.stem, *words]


def _piped() -> str:
    """What a pipe or file on stdin adds to a prompt; silence for three seconds ends the wait."""
    try:
        kind = os.fstat(0).st_mode
    except OSError:
        return ""
    if not (stat.S_ISFIFO(kind) or stat.S_ISREG(kind) or stat.S_ISSOCK(kind)):
        return ""
    if not select.select([0], [], [], 3)[0]:
        complain("Warning: no stdin data received in 3s, proceeding without it.")
        return ""
    data = b""
    while piece := os.read(0, 1 << 16):
        data += piece
    text = data.decode("utf-8", "replace").strip()
    return f"\n{text}" if text else ""


def api_failure(
    session: SimulatedSession, text: str, error: str, status: int, kind: str
) -> TurnEnded:
    """The CLI gives up on the API: an assistant line says so; returns the turn's end."""
    uuid, stamp = fresh(), session.timing.stamp()
    body = _failure_message(text)
    line = session.shape("assistant", uuid=uuid, stamp=stamp, message=body, request=short("req"))
    line.update(
        error=error, is_api_error_message=True, api_error_status=status, api_error_type=kind
    )
    turn = session.turn
    if not turn.spoke:
        session.replay(turn.message)
    turn.spoke = True
    turn.stop_reason = "stop_sequence"
    turn.requests += 1
    session.emit(line)
    record = {
        "message": body,
        "type": "assistant",
        "isApiErrorMessage": True,
        "error": error,
        "apiErrorStatus": status,
    }
    session.transcript.link(record, uuid, stamp)
    return TurnEnded(
        "success",
        "api_error",
        text=text,
        is_error=True,
        api_error_status=status,
        api_error_type=kind,
    )


def _failure_message(text: str) -> Json:
    """The assistant message by which the CLI reports a failed API call."""
    return {
        "diagnostics": None,
        "id": fresh(),
        "container": None,
        "model": "<synthetic>",
        "role": "assistant",
        "stop_details": None,
        "stop_reason": "stop_sequence",
        "stop_sequence": "",
        "type": "message",
        "usage": {
            "output_tokens_details": None,
            "input_tokens": 0,
            "output_tokens": 0,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
            "service_tier": None,
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
            "inference_geo": None,
            "iterations": None,
            "speed": None,
            "fallback_credit": None,
        },
        "content": [{"type": "text", "text": text}],
        "context_management": None,
    }
