"""Where a story acts: responses with tool calls, and what may come in between."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import hooks, incidents, permissions, shapes, tools
from .session import Session
from .speech import Reply, call_api, estimate
from .spending import Tokens
from .steering import WrapUp, acknowledgement, kind_of
from .subagents import Agent, run_agent, run_together
from .tools import Outcome
from .turns import TurnOver, aborted
from .wire import Interrupted, Signalled

Json = dict[str, Any]


class Call:
    """A tool call to be made. The options are the script's, they never reach the stream.

    `silent` leaves out heartbeats, `crash_after` kills the agent that long into the call (by
    SIGKILL, or by exit code `crash_code`), `ask` wants a person's leave first.
    """

    def __init__(self, name: str, silent: bool = False, ask: bool = False, **given: Any) -> None:
        self.name = name
        self.silent = silent
        self.ask = ask
        self.crash_after: float | None = given.pop("crash_after", None)
        self.crash_code: int | None = given.pop("crash_code", None)
        self.agent_script: Any = given.pop("agent_script", None)
        self.input: Json = given
        self.id = shapes.short("toolu")
        self.uuid = ""
        self.task = ""
        self.command: tools.Command | None = None


class Stage:
    """A story's hands and ears within one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.growth = 0
        self.nudges: list[str] = []
        self.last_tool = ""
        self.wrapping = False
        self.cost_boost = Tokens()
        self.background: list[Agent] = []
        self._unanswered: list[str] = []
        self._fresh = 0
        self._running: list[Call] = []

    # --- pauses ---

    def pause(self, seconds: float) -> None:
        """A pause of the story: shortened or drawn out by the pace."""
        self.session.inbox.wait(seconds * self.session.timing.pace)

    def silence(self, seconds: float) -> None:
        """An API call that gives nothing for so many seconds of the wall clock, whatever the pace."""
        call_api(self.session, seconds)

    # --- responses ---

    def respond(
        self, text: str = "", calls: Sequence[Call] = (), thinking: str = "", think: float = 1.2
    ) -> list[Outcome]:
        """One API response, the calls in it carried out, messages taken in afterwards."""
        session, turn = self.session, self.session.turn
        if turn is None:
            raise RuntimeError("a response outside a turn")
        self._guard()
        if self._unanswered:
            text = "\n\n".join([*self._unanswered, text]).strip()
            self._unanswered.clear()
        call_api(session, think * session.timing.pace)
        blocks = self._blocks(text, calls, thinking)
        said = sum(estimate(str(block.get("input") or block.get("text"))) for block in blocks)
        turn.stop_reason = "tool_use" if calls else "end_turn"
        tokens = self._account(said)
        reply = Reply(session, tokens, turn.stop_reason)
        if thinking:
            guess = estimate(thinking)
            session.system("thinking_tokens", estimated_tokens=guess, estimated_tokens_delta=guess)
        turn.count(tokens)
        session.ledger.add(session.model, tokens)
        reply.say(blocks, min(2.0, said / 100) * session.timing.pace)
        for call in calls:
            call.uuid = reply.uuids[call.id]
        outcomes = self._carry_out(list(calls))
        if calls:
            self.fold()
        return outcomes

    def _blocks(self, text: str, calls: Sequence[Call], thinking: str) -> list[Json]:
        blocks: list[Json] = []
        if thinking:
            blocks.append({"type": "thinking", "thinking": thinking, "signature": "c2NyaXB0ZWQ="})
        if text:
            blocks.append({"type": "text", "text": text})
        for call in calls:
            tool = {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}
            blocks.append(tool)
        return blocks or [{"type": "text", "text": "Done."}]

    def _account(self, said: int) -> Tokens:
        session = self.session
        fresh, self._fresh = self._fresh + self.growth, 0
        tokens = Tokens(4, said, fresh, 0, session.context).plus(self.cost_boost)
        self.cost_boost = Tokens()
        session.context = tokens.context + tokens.output
        return tokens

    def _guard(self) -> None:
        session, turn = self.session, self.session.turn
        limit, budget = session.options.max_turns, session.options.max_budget
        if turn is not None and limit is not None and turn.requests >= limit:
            words = f"Reached maximum number of turns ({limit})"
            raise TurnOver("error_max_turns", "max_turns", words)
        if budget is not None and session.ledger.total >= budget:
            words = f"Reached maximum budget (${budget:g})"
            raise TurnOver("error_max_budget_usd", "budget_exhausted", words)
        if session.context >= session.window * 0.967:
            incidents.compact(self, "auto")

    def grow(self, tokens: int) -> None:
        """Adds tokens that the next response finds in its context."""
        self._fresh += tokens

    # --- tool calls ---

    def _carry_out(self, calls: list[Call]) -> list[Outcome]:
        self._running = list(calls)
        outcomes: list[Outcome] = []
        together = run_together(self, calls)
        for call in calls:
            started = time.monotonic()
            outcome = together.get(call.id) or self._run(call)
            self.session.ledger.tool_s += time.monotonic() - started
            self._running.remove(call)
            self._report(call, outcome)
            outcomes.append(outcome)
        if calls:
            self._heed_hooks(calls, outcomes)
        return outcomes

    def _run(self, call: Call) -> Outcome:
        denied = permissions.ask(self.session, call) if call.ask else None
        if denied is not None:
            return denied
        given = call.input
        if call.name == "Bash":
            return self._bash(call)
        if call.name == "Agent":
            return run_agent(self, call)
        path = self.session.cwd / str(given["file_path"])
        if call.name == "Write":
            return tools.write(path, given["content"])
        if call.name == "Edit":
            return tools.edit(path, given["old_string"], given["new_string"])
        return tools.read(path)

    def start(self, command: str) -> tools.Command:
        session = self.session
        date = f"{int(session.timing.now())} +0000" if session.timing.moved else ""
        environment = tools.command_environment(session.environment, session.id, date)
        return tools.Command(command, session.cwd, environment)

    def _bash(self, call: Call) -> Outcome:
        session, timing = self.session, self.session.timing
        command = call.command = self.start(str(call.input["command"]))
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
            if session.inbox.wait(ahead, until=lambda: command.done):
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
        keep = session.folder / session.id / "tool-results" / f"{call.id}.txt"
        return tools.command_outcome(command.code, command.output(), keep)

    def _task_started(self, call: Call) -> None:
        call.task = "b" + call.id[-8:]
        self.session.system(
            "task_started",
            task_id=call.task,
            run_id=call.id[-12:],
            tool_use_id=call.id,
            description=call.input.get("description", "run a command"),
            is_backgrounded=False,
            task_type="local_bash",
        )

    def _task_ended(self, call: Call, status: str) -> None:
        self.session.system(
            "task_notification",
            task_id=call.task,
            run_id=call.id[-12:],
            tool_use_id=call.id,
            status=status,
            output_file="",
            summary=call.input.get("description", "run a command"),
        )

    def _report(self, call: Call, outcome: Outcome, meta: Json | None = None) -> None:
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
            "promptId": session.turn.prompt_id if session.turn else shapes.fresh(),
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

    def fold(self) -> None:
        """Takes in what was said meanwhile, between a tool's result and the next response."""
        session, inbox = self.session, self.session.inbox
        inbox.poll()
        if any(message.priority == "now" for message in inbox.queue):
            raise TurnOver("success", "aborted_tools")
        for message in [one for one in inbox.queue if one.priority != "later"]:
            inbox.queue.remove(message)
            session.replay(message)
            session.lifecycle(message, "started")
            if session.turn is not None:
                session.turn.messages.append(message)
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
            self.nudges.append(text)
        elif kind in ("hand-over", "stop") and not self.wrapping:
            self.wrapping = True
            raise WrapUp(text)

    def nudged(self) -> bool:
        """Whether somebody asked for another approach since this was last asked."""
        heard, self.nudges = bool(self.nudges), []
        return heard

    def _heed_hooks(self, calls: list[Call], outcomes: list[Outcome]) -> None:
        for context in hooks.after_tools(self.session, calls, outcomes):
            self.hear(context)

    # --- endings ---

    def interrupted(self, stop: Interrupted | Signalled) -> TurnOver:
        """Settles what an interrupt left open; the turn's end is the answer."""
        session, turn = self.session, self.session.turn
        in_tool = bool(self._running)
        for call in list(self._running):
            if call.command is not None and not call.command.done:
                call.command.kill()
            if call.task:
                self._task_ended(call, "stopped")
            rejected = Outcome(shapes.REJECTED, "User rejected tool use", failed=True)
            self._report(call, rejected, {"non_execution_kind": "user-rejected"})
        self._running = []
        words = "[Request interrupted by user" + (" for tool use]" if in_tool else "]")
        content = [{"type": "text", "text": words}]
        uuid, stamp = shapes.fresh(), session.timing.stamp()
        session.emit(shapes.user(session.id, uuid, stamp, content))
        record = {"type": "user", "message": {"role": "user", "content": content}}
        session.transcript.link(record, uuid, stamp)
        reason = "aborted_tools" if in_tool else "aborted_streaming"
        return aborted(reason, turn.stop_reason if turn else None)

    def terminated(self) -> None:
        """What SIGTERM and SIGHUP leave behind: killed commands say so, no result follows."""
        for call in list(self._running):
            if call.command is not None and not call.command.done:
                call.command.kill()
                self._report(call, tools.failure("Exit code 137", 137))
        self._running = []

    def path(self, name: str) -> Path:
        return self.session.cwd / name


def die(code: int | None) -> None:
    """Ends the process at once: nothing is written, nothing is cleaned up."""
    if code is not None:
        os._exit(code)
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
