"""Where a story acts: responses with tool calls, and what may come in between."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import Any

from tui.demo.simulator import incidents, tools
from tui.demo.simulator.responses import StreamedResponse, call_api, estimate, run_subagents
from tui.demo.simulator.session import SimulatedSession
from tui.demo.simulator.shapes import ACCEPTED, REJECTED, fresh, result_block
from tui.demo.simulator.spending import TokenCounts
from tui.demo.simulator.tools import ScriptedCall, ToolRun
from tui.demo.simulator.turns import TurnEnded
from tui.demo.story.instructions import WrapUpRequested, acknowledgement, kind_of

Json = dict[str, Any]


class StoryStage:
    """What a story can do and hear within one turn of a session."""

    def __init__(self, session: SimulatedSession) -> None:
        self.session = session
        self.growth = 0
        self._nudged = False
        self.last_tool = ""
        self.wrapping = False
        self._unanswered: list[str] = []
        self._fresh = 0
        self._running: list[ScriptedCall] = []

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
        session, turn = self.session, self.session.turn
        self._guard()
        if self._unanswered:
            text = "\n\n".join([*self._unanswered, text]).strip()
            self._unanswered.clear()
        call_api(session, think * session.timing.pace)
        blocks = self._blocks(text, calls, thinking)
        said = sum(estimate(str(block.get("input") or block.get("text"))) for block in blocks)
        turn.stop_reason = "tool_use" if calls else "end_turn"
        tokens = self.account(said)
        response = StreamedResponse(session, tokens, turn.stop_reason)
        if thinking:
            guess = estimate(thinking)
            session.system("thinking_tokens", estimated_tokens=guess, estimated_tokens_delta=guess)
        turn.count(tokens)
        session.ledger.add(session.model, tokens)
        response.say(blocks, min(2.0, said / 100) * session.timing.pace)
        for call in calls:
            call.uuid = response.uuids[call.id]
        outcomes = self.carry_out(list(calls))
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

    def account(self, said: int) -> TokenCounts:
        """What a response that says so many tokens costs; its context is the next one's start."""
        session = self.session
        fresh, self._fresh = self._fresh + self.growth, 0
        tokens = TokenCounts(4, said, fresh, 0, session.context)
        session.context = tokens.context + tokens.output
        return tokens

    def _guard(self) -> None:
        session = self.session
        limit, budget = session.options.max_turns, session.options.max_budget_usd
        if limit is not None and session.turn.requests >= limit:
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

    def carry_out(self, calls: list[ScriptedCall]) -> list[ToolRun]:
        """Runs the calls of a response and reports them; its subagents run beside each other."""
        self._running = list(calls)
        outcomes: list[ToolRun] = []
        agents = run_subagents(self.session, [call for call in calls if call.agent_script])
        for call in calls:
            started = time.monotonic()
            outcome = agents.get(call.id) or self.run(call)
            self.session.ledger.tool_s += time.monotonic() - started
            self._running.remove(call)
            self._report(call, outcome)
            outcomes.append(outcome)
        return outcomes

    def run(self, call: ScriptedCall) -> ToolRun:
        given = call.input
        if call.name == "Bash":
            return self._bash(call)
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
            dues = [(beat + 1) * timing.heartbeat]
            if not call.task:
                dues.append(task_due)
            if call.crash_after is not None:
                dues.append(call.crash_after)
            ahead = max(0.0, min(dues) - elapsed)
            if session.reader.wait(ahead, until=lambda: command.done):
                break
            elapsed = time.monotonic() - began
            if call.crash_after is not None and elapsed >= call.crash_after:
                os.kill(os.getpid(), signal.SIGKILL)  # nothing is written, nothing is cleaned up
            if not call.task and elapsed >= task_due:
                call.task = "b" + call.id[-8:]
                facts = {"is_backgrounded": False, "task_type": "local_bash"}
                what = call.input.get("description", "run a command")
                self._tell_task(call, "task_started", description=what, **facts)
            elif elapsed >= (beat + 1) * timing.heartbeat:
                line = session.shape(
                    "heartbeat",
                    beat=f"{call.id}-heartbeat-{beat}",
                    name=call.name,
                    tool=call.id,
                    elapsed=round(elapsed * timing.scale),
                )
                session.emit(line)
                beat += 1
        if call.task:
            self._end_task(call, "completed")
        return tools.command_outcome(command.code, command.output(), session.kept_output(call.id))

    def _tell_task(self, call: ScriptedCall, subtype: str, **fields: Any) -> None:
        task = {"task_id": call.task, "run_id": call.id[-12:], "tool_use_id": call.id}
        self.session.system(subtype, **task, **fields)

    def _end_task(self, call: ScriptedCall, status: str) -> None:
        what = call.input.get("description", "run a command")
        self._tell_task(call, "task_notification", status=status, output_file="", summary=what)

    def _report(self, call: ScriptedCall, outcome: ToolRun) -> None:
        """Writes a tool's result to stream and transcript."""
        session = self.session
        block = result_block(call.id, outcome.content, outcome.failed, call.name == "Bash")
        uuid, stamp = fresh(), session.timing.stamp()
        line = session.shape("user", uuid=uuid, stamp=stamp, content=[block])
        facts = outcome.meta or {"permission_decision": ACCEPTED}
        line["tool_use_result"] = outcome.detail
        line["tool_result_meta"] = [{"id": call.id, **facts}]
        session.emit(line)
        self.last_tool = call.id
        session.transcript.leaf = call.uuid or session.transcript.leaf
        record: Json = {
            "promptId": session.turn.prompt_id,
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
        reader.wait(0)
        if any(message.priority == "now" for message in reader.queue):
            raise TurnEnded("success", "aborted_tools")
        for message in [one for one in reader.queue if one.priority != "later"]:
            reader.queue.remove(message)
            session.replay(message)
            session.lifecycle(message, "started")
            session.turn.messages.append(message)
            delivery = fresh()
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
        reason, more = "aborted_streaming", "]"
        for call in self._running:
            reason, more = "aborted_tools", " for tool use]"
            _kill(call)
            if call.task:
                self._end_task(call, "stopped")
            meta = {"non_execution_kind": "user-rejected"}
            self._report(call, ToolRun(REJECTED, "User rejected tool use", failed=True, meta=meta))
        self._running = []
        self.session.write_user("[Request interrupted by user" + more)
        stop = self.session.turn.stop_reason or "null"
        words = f"[ede_diagnostic] result_type=user last_content_type=n/a stop_reason={stop}"
        return TurnEnded("error_during_execution", reason, words)

    def terminated(self) -> None:
        """What SIGTERM and SIGHUP leave behind: killed commands say so, no result follows."""
        for call in self._running:
            if _kill(call):
                self._report(call, tools.failure("Exit code 137"))
        self._running = []


def _kill(call: ScriptedCall) -> bool:
    """Kills the command of a call; False if none runs."""
    if call.command is None or call.command.done:
        return False
    call.command.kill()
    return True
