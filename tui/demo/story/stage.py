"""Where a story acts: responses with tool calls, and what may come in between."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import Any

from tui.demo.simulator import controls, hooks, incidents, shapes, tools
from tui.demo.simulator.responses import StreamedResponse, call_api, estimate
from tui.demo.simulator.session import SimulatedSession
from tui.demo.simulator.spending import TokenCounts
from tui.demo.simulator.subagents import SimulatedSubagent, run_agent, run_together
from tui.demo.simulator.tools import ScriptedCall, ToolRun
from tui.demo.simulator.turns import TurnCounters, TurnEnded, aborted

from .instructions import WrapUpRequested, acknowledgement, kind_of

Json = dict[str, Any]


class StoryStage:
    """What a story can do and hear within one turn of a session."""

    def __init__(self, session: SimulatedSession) -> None:
        self.session = session
        self.growth = 0
        self._nudged = False
        self.last_tool = ""
        self.wrapping = False
        self.cost_boost = TokenCounts()
        self.background: list[SimulatedSubagent] = []
        self._unanswered: list[str] = []
        self._fresh = 0
        self._running: list[ScriptedCall] = []

    @property
    def _turn(self) -> TurnCounters:
        if self.session.turn is None:
            raise RuntimeError("a response outside a turn")
        return self.session.turn

    def silence(self, seconds: float) -> None:
        """An API call that gives nothing for so many seconds of the wall clock, whatever the pace."""
        call_api(self.session, seconds)

    # --- responses ---

    def respond(
        self,
        text: str = "",
        calls: Sequence[ScriptedCall] = (),
        thinking: str = "",
        think: float = 1.2,
    ) -> list[ToolRun]:
        """One API response, the calls in it carried out, messages taken in afterwards."""
        session, turn = self.session, self._turn
        self._guard()
        if self._unanswered:
            text = "\n\n".join([*self._unanswered, text]).strip()
            self._unanswered.clear()
        call_api(session, think * session.timing.pace)
        blocks = self._blocks(text, calls, thinking)
        said = sum(estimate(str(block.get("input") or block.get("text"))) for block in blocks)
        turn.stop_reason = "tool_use" if calls else "end_turn"
        tokens = self._account(said)
        response = StreamedResponse(session, tokens, turn.stop_reason)
        if thinking:
            guess = estimate(thinking)
            session.system("thinking_tokens", estimated_tokens=guess, estimated_tokens_delta=guess)
        turn.count(tokens)
        session.ledger.add(session.model, tokens)
        response.say(blocks, min(2.0, said / 100) * session.timing.pace)
        for call in calls:
            call.uuid = response.uuids[call.id]
        outcomes = self._carry_out(list(calls))
        if calls:
            self.read_messages()
        return outcomes

    def _blocks(self, text: str, calls: Sequence[ScriptedCall], thinking: str) -> list[Json]:
        blocks: list[Json] = []
        if thinking:
            blocks.append({"type": "thinking", "thinking": thinking, "signature": "c2NyaXB0ZWQ="})
        if text:
            blocks.append({"type": "text", "text": text})
        for call in calls:
            tool = {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}
            blocks.append(tool)
        return blocks or [{"type": "text", "text": "Done."}]

    def _account(self, said: int) -> TokenCounts:
        session = self.session
        fresh, self._fresh = self._fresh + self.growth, 0
        tokens = TokenCounts(4, said, fresh, 0, session.context).plus(self.cost_boost)
        self.cost_boost = TokenCounts()
        session.context = tokens.context + tokens.output
        return tokens

    def _guard(self) -> None:
        session = self.session
        limit, budget = session.options.max_turns, session.options.max_budget
        if limit is not None and self._turn.requests >= limit:
            words = f"Reached maximum number of turns ({limit})"
            raise TurnEnded("error_max_turns", "max_turns", words)
        if budget is not None and session.ledger.total >= budget:
            words = f"Reached maximum budget (${budget:g})"
            raise TurnEnded("error_max_budget_usd", "budget_exhausted", words)
        if session.context >= session.window * 0.967:
            incidents.compact(session, "auto")

    def grow(self, tokens: int) -> None:
        """Adds tokens that the next response finds in its context."""
        self._fresh += tokens

    # --- tool calls ---

    def _carry_out(self, calls: list[ScriptedCall]) -> list[ToolRun]:
        self._running = list(calls)
        outcomes: list[ToolRun] = []
        together = run_together(self.session, calls)
        for call in calls:
            started = time.monotonic()
            outcome = together.get(call.id) or self._run(call)
            self.session.ledger.tool_s += time.monotonic() - started
            self._running.remove(call)
            self._report(call, outcome)
            outcomes.append(outcome)
        if calls:
            for context in hooks.after_tools(self.session, calls, outcomes):
                self.hear(context)
        return outcomes

    def _run(self, call: ScriptedCall) -> ToolRun:
        denied = controls.ask_permission(self.session, call) if call.ask else None
        if denied is not None:
            return denied
        given = call.input
        if call.name == "Bash":
            return self._bash(call)
        if call.name == "Agent":
            return run_agent(self.session, call, self.background)
        path = self.session.cwd / str(given["file_path"])
        if call.name == "Write":
            return tools.write(path, given["content"])
        if call.name == "Edit":
            return tools.edit(path, given["old_string"], given["new_string"])
        return tools.read(path)

    def _bash(self, call: ScriptedCall) -> ToolRun:
        session, timing = self.session, self.session.timing
        command = call.command = session.start_command(str(call.input["command"]))
        began = time.monotonic()
        task_due, beat = timing.heartbeat / 10, 0
        while True:
            elapsed = time.monotonic() - began
            dues = [(beat + 1) * timing.heartbeat] if not call.silent else []
            if not call.task and not call.silent:
                dues.append(task_due)
            if call.crash_after is not None:
                dues.append(call.crash_after)
            ahead = max(0.0, min(dues) - elapsed) if dues else None
            if session.reader.wait(ahead, until=lambda: command.done):
                break
            elapsed = time.monotonic() - began
            if call.crash_after is not None and elapsed >= call.crash_after:
                die(call.crash_code)
            if not call.task and elapsed >= task_due:
                self._task_started(call)
            elif elapsed >= (beat + 1) * timing.heartbeat:
                seen = elapsed * timing.scale
                session.emit(shapes.heartbeat(session.id, call.id, call.name, beat, seen))
                beat += 1
        if call.task:
            self._task_ended(call, "completed")
        return tools.command_outcome(command.code, command.output(), session.kept_output(call.id))

    def _task_started(self, call: ScriptedCall) -> None:
        call.task = "b" + call.id[-8:]
        self.session.system(
            "task_started",
            **_task_of(call),
            description=call.input.get("description", "run a command"),
            is_backgrounded=False,
            task_type="local_bash",
        )

    def _task_ended(self, call: ScriptedCall, status: str) -> None:
        self.session.system(
            "task_notification",
            **_task_of(call),
            status=status,
            output_file="",
            summary=call.input.get("description", "run a command"),
        )

    def _report(self, call: ScriptedCall, outcome: ToolRun, meta: Json | None = None) -> None:
        """Writes a tool's result to stream and transcript."""
        session = self.session
        block = shapes.result_block(call.id, outcome.content, outcome.failed, call.name == "Bash")
        uuid, stamp = shapes.fresh(), session.timing.stamp()
        line = shapes.user(session.id, uuid, stamp, [block])
        facts = meta or outcome.meta or {"permission_decision": shapes.ACCEPTED}
        line["tool_use_result"] = outcome.detail
        line["tool_result_meta"] = [{"id": call.id, **facts}]
        session.emit(line)
        self.last_tool = call.id
        session.transcript.leaf = call.uuid or session.transcript.leaf
        record: Json = {
            "promptId": self._turn.prompt_id,
            "type": "user",
            "message": {"role": "user", "content": [block]},
            "toolUseResult": outcome.detail,
            "sourceToolAssistantUUID": call.uuid,
        }
        session.transcript.link(record, uuid, stamp)
        session.ledger.lines_added += outcome.added
        session.ledger.lines_removed += outcome.removed
        self._fresh += estimate(outcome.text)

    # --- what comes from outside ---

    def read_messages(self) -> None:
        """Reads what was said meanwhile, between a tool's result and the next response."""
        session, reader = self.session, self.session.reader
        reader.poll()
        if any(message.priority == "now" for message in reader.queue):
            raise TurnEnded("success", "aborted_tools")
        for message in [one for one in reader.queue if one.priority != "later"]:
            reader.queue.remove(message)
            session.replay(message)
            session.lifecycle(message, "started")
            self._turn.messages.append(message)
            delivery = shapes.fresh()
            session.transcript.queue(
                "remove",
                message.text,
                reason="absorbed_mid_turn",
                commandUuid=message.uuid,
                deliveryId=delivery,
            )
            body = {
                "type": "queued_command",
                "prompt": message.text,
                "source_uuid": message.uuid,
                "delivery_id": delivery,
                "commandMode": "prompt",
                "timestamp": message.stamp,
            }
            session.transcript.attachment(body, renderedRole="system")
            self.hear(message.text)

    def hear(self, text: str) -> None:
        """Understands a message: the next response answers it; a hand-over ends the work at once."""
        kind = kind_of(text)
        self._unanswered.append(acknowledgement(text))
        self._fresh += estimate(text)
        if kind == "step-back":
            self._nudged = True
        elif kind in ("hand-over", "stop") and not self.wrapping:
            self.wrapping = True
            raise WrapUpRequested(text)

    def nudged(self) -> bool:
        """Whether somebody asked for another approach since this was last asked."""
        nudged, self._nudged = self._nudged, False
        return nudged

    # --- endings ---

    def interrupted(self) -> TurnEnded:
        """Reports the calls that an interrupt has cut; returns the end of the turn."""
        in_tool = bool(self._running)
        for call in self._running:
            _kill(call)
            if call.task:
                self._task_ended(call, "stopped")
            rejected = ToolRun(shapes.REJECTED, "User rejected tool use", failed=True)
            self._report(call, rejected, {"non_execution_kind": "user-rejected"})
        self._running = []
        words = "[Request interrupted by user" + (" for tool use]" if in_tool else "]")
        self.session.write_user(words)
        reason = "aborted_tools" if in_tool else "aborted_streaming"
        return aborted(reason, self._turn.stop_reason)

    def terminated(self) -> None:
        """What SIGTERM and SIGHUP leave behind: killed commands say so, no result follows."""
        for call in self._running:
            if _kill(call):
                self._report(call, tools.failure("Exit code 137", 137))
        self._running = []


def _task_of(call: ScriptedCall) -> Json:
    return {"task_id": call.task, "run_id": call.id[-12:], "tool_use_id": call.id}


def _kill(call: ScriptedCall) -> bool:
    """Kills the command of a call; False if none runs."""
    if call.command is None or call.command.done:
        return False
    call.command.kill()
    return True


def die(code: int | None) -> None:
    """Ends the process at once: nothing is written, nothing is cleaned up."""
    if code is not None:
        os._exit(code)
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
