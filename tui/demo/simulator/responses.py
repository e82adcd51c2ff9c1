"""What the model says: partial events, a line per block, usage that comes right late; subagents."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from typing import Any

from tui.demo.simulator import tools
from tui.demo.simulator.session import SimulatedSession
from tui.demo.simulator.shapes import ACCEPTED, fresh, result_block, short
from tui.demo.simulator.spending import TokenCounts
from tui.demo.simulator.tools import ScriptedCall, ToolRun
from tui.demo.simulator.transcript import TranscriptWriter
from tui.demo.simulator.wire import SignalReceived, TurnInterrupted

Json = dict[str, Any]
SUBAGENT_CONTEXT = 9_000


def estimate(text: str) -> int:
    """About how many tokens a text has."""
    return len(text) // 4 + 1


class StreamedResponse:
    """Says the blocks of one response; `uuids` maps tool_use ids to the lines that hold them."""

    def __init__(self, session: SimulatedSession, tokens: TokenCounts, stop_reason: str) -> None:
        self._session = session
        self._tokens = tokens
        self._stop = stop_reason
        self._id = short("msg")
        self._request = short("req")
        self._said: list[tuple[str, str, Json]] = []
        self._partials = session.options.include_partial_messages
        self.uuids: dict[str, str] = {}

    def say(self, blocks: list[Json], seconds: float) -> None:
        """Streams all blocks within about `seconds`, then writes final usage and transcript."""
        session = self._session
        if self._partials:
            opening = self._message([], self._tokens.preliminary())
            opening.pop("context_management")
            waited = round(session.turn.ttft_s * 1000)
            start = {"type": "message_start", "message": opening}
            self._event(start, ttft_ms=waited, thinking_display="updates")
        share = seconds / max(1, len(blocks))
        for index, block in enumerate(blocks):
            self._block(index, block, share)
        self._finish()

    def _block(self, index: int, block: Json, seconds: float) -> None:
        kind = block["type"]
        if self._partials:
            empty = {**block, "input": {}} if kind == "tool_use" else {"type": kind, kind: ""}
            self._event({"type": "content_block_start", "index": index, "content_block": empty})
        sent: list[str] = []
        try:
            pieces = _pieces(block, 24 if self._partials else 1)
            for piece in pieces:
                self._session.reader.wait(seconds / len(pieces))
                if self._partials:
                    delta = {"type": f"{kind}_delta", kind: piece}
                    if kind == "tool_use":
                        delta = {"type": "input_json_delta", "partial_json": piece}
                    self._event({"type": "content_block_delta", "index": index, "delta": delta})
                sent.append(piece)
        except (TurnInterrupted, SignalReceived) as stop:
            text = "".join(sent) if kind == "text" else ""
            if text and not (isinstance(stop, SignalReceived) and stop.number != signal.SIGINT):
                self._line({"type": "text", "text": text}, aborted=True)
            raise
        self._line(block)
        if self._partials:
            self._event({"type": "content_block_stop", "index": index})

    def _line(self, block: Json, **more: Any) -> None:
        session, turn = self._session, self._session.turn
        uuid, stamp = fresh(), session.timing.stamp()
        message = self._message([block], self._tokens.preliminary())
        line = session.shape(
            "assistant", message=message, uuid=uuid, stamp=stamp, request=self._request
        )
        if block["type"] == "thinking":
            line.update(thinking_duration_ms=1, thinking_display="updates")
        if not turn.spoke:
            turn.spoke = True
            session.replay(turn.message)
            if turn.tracked:
                line["user_message_uuid"] = turn.tracked[0]
                line["user_message_uuids"] = turn.tracked
        line.update(more)
        session.emit(line)
        self._said.append((uuid, stamp, block))
        if block["type"] == "tool_use":
            self.uuids[block["id"]] = uuid
        elif block["type"] == "text":
            turn.last_text = block["text"]

    def _finish(self) -> None:
        session = self._session
        if self._partials:
            ending = {**self._tokens.preliminary(), "output_tokens": self._tokens.output}
            delta = {"stop_reason": self._stop, "stop_sequence": None}
            self._event({"type": "message_delta", "delta": delta, "usage": ending})
            self._event({"type": "message_stop"})
        for index, (uuid, stamp, block) in enumerate(self._said):
            body = self._message([block], self._tokens.final())
            body.pop("context_management")
            body.update(stop_reason=self._stop, stop_details=None)
            record: Json = {"message": body}
            if block["type"] == "tool_use":
                record["toolInputStreamMs"] = 1
            record.update(
                apiBlockIndex=index,
                requestId=self._request,
                requestedModel=session.model,
                type="assistant",
                madeBy="model",
            )
            session.transcript.link(record, uuid, stamp)

    def _message(self, content: list[Json], usage: Json) -> Json:
        return self._session.shape("message", id=self._id, content=content, usage=usage)

    def _event(self, event: Json, **fields: Any) -> None:
        line = self._session.shape("stream event", event=event, fields=fields, id=self._id)
        self._session.emit(line)


def _pieces(block: Json, most: int) -> list[str]:
    """A block cut into at most `most` pieces of at least 40 characters."""
    kind = block["type"]
    text = json.dumps(block["input"]) if kind == "tool_use" else str(block[kind])
    size = max(40, -(-len(text) // most)) if most > 1 else max(1, len(text))
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def call_api(session: SimulatedSession, seconds: float) -> None:
    """The time before the first token; `status requesting` is all that shows of it."""
    if session.options.include_partial_messages:
        session.system("status", status="requesting")
    started = time.monotonic()
    try:
        session.reader.wait(seconds)
    finally:
        waited = time.monotonic() - started
        session.ledger.api_s += waited
        if session.turn.requests == 0:
            session.turn.ttft_s = waited


class SimulatedSubagent:
    """One subagent at work, which the response waits for.

    `script` is (tool name, tool input) in order, and what it says to each; then comes its report.
    """

    background = False

    def __init__(self, session: SimulatedSession, call: ScriptedCall) -> None:
        self.session = session
        self.call = call
        self.id = "a" + fresh().replace("-", "")[:16]
        self.run = call.id[-12:]
        self.script, self.report = call.agent_script
        self.kind = str(call.input.get("subagent_type", "general-purpose"))
        self.description = str(call.input["description"])
        self.used: list[str] = []
        self.tokens = SUBAGENT_CONTEXT
        self.last = TokenCounts()
        self.began = time.monotonic()
        path = session.folder / session.id / "subagents" / f"agent-{self.id}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        meta = {"agentType": self.kind, "description": self.description, "toolUseId": call.id}
        path.with_suffix(".meta.json").write_text(json.dumps(meta), "utf-8")
        self.transcript = TranscriptWriter(path, session.id, session.cwd, session.timing, self.id)

    def facts(self) -> Json:
        return {"task_id": self.id, "run_id": self.run, "tool_use_id": self.call.id}

    def usage(self) -> Json:
        elapsed = round((time.monotonic() - self.began) * 1000 * self.session.timing.scale)
        return {"total_tokens": self.tokens, "tool_uses": len(self.used), "duration_ms": elapsed}

    def start(self) -> None:
        prompt = str(self.call.input["prompt"])
        self.session.turn.subagents += 1
        facts = self.session.shape(
            "subagent start",
            id=self.id,
            run=self.run,
            tool=self.call.id,
            description=self.description,
            kind=self.kind,
            background=self.background,
            prompt=prompt,
        )
        self.session.system("task_started", **facts)
        self.transcript.link({"type": "user", "message": {"role": "user", "content": prompt}})
        if not self.background:
            self._user([{"type": "text", "text": prompt}])

    def step(self, name: str, given: Json, text: str = "") -> None:
        """One response of the subagent with one call, really carried out."""
        self.session.pause(0.8)
        tool = short("toolu")
        blocks: list[Json] = [{"type": "text", "text": text}] if text else []
        blocks.append({"type": "tool_use", "id": tool, "name": name, "input": given})
        self.used.append(name)
        what = str(given.get("description") or given.get("file_path") or name)
        self.session.system(
            "task_progress",
            **self.facts(),
            description=f"{'Reading' if name == 'Read' else 'Running'} {what}",
            subagent_type=self.kind,
            usage=self.usage(),
            last_tool_name=name,
        )
        self._say(blocks, "tool_use")
        outcome = self._act(name, given)
        self.tokens += len(outcome.text) // 4
        content = [result_block(tool, outcome.content, outcome.failed, name == "Bash")]
        uuid, stamp = self._user(
            content, tool_result_meta=[{"id": tool, "permission_decision": ACCEPTED}]
        )
        record = {"type": "user", "message": {"role": "user", "content": content}}
        self.transcript.link(record, uuid, stamp)

    def _act(self, name: str, given: Json) -> ToolRun:
        if name == "Read":
            return tools.read(self.session.cwd / str(given["file_path"]))
        command = self.session.start_command(str(given["command"]))
        self.call.command = command
        self.session.reader.wait(None, until=lambda: command.done)
        kept = self.session.kept_output(self.id)
        return tools.command_outcome(command.code, command.output(), kept)

    def _say(self, blocks: list[Json], stop: str) -> None:
        session = self.session
        identity, request = short("msg"), short("req")
        said = sum(len(str(block)) for block in blocks) // 4
        self.last = TokenCounts(4, said, 400, 0, self.tokens)
        self.tokens += 400 + said
        session.ledger.add(session.model, self.last)
        for block in blocks:
            uuid, stamp = fresh(), session.timing.stamp()
            usage = self.last.preliminary()
            body = session.shape("message", id=identity, content=[block], usage=usage)
            if self.background or block["type"] == "tool_use":
                self._emit("assistant", uuid, stamp, message=body, request=request)
            kept = {**body, "usage": self.last.final(), "stop_reason": stop}
            kept.pop("context_management")
            record = {"message": kept, "requestId": request, "type": "assistant"}
            self.transcript.link(record, uuid, stamp)

    def _user(self, content: list[Json], **more: Any) -> tuple[str, str]:
        uuid, stamp = fresh(), self.session.timing.stamp()
        self._emit("user", uuid, stamp, more, content=content)
        return uuid, stamp

    def _emit(
        self, name: str, uuid: str, stamp: str, more: Json | None = None, **given: Any
    ) -> None:
        """Writes a line of the main stream that says whose it is."""
        line = self.session.shape(name, uuid=uuid, stamp=stamp, parent=self.call.id, **given)
        marks = {"agent_id": self.id, "subagent_type": self.kind}
        self.session.emit({**line, **(more or {}), **marks, "task_description": self.description})

    def finish(self) -> None:
        self.session.pause(0.6)
        self._say([{"type": "text", "text": self.report}], "end_turn")
        ended = round(self.session.timing.now() * 1000)
        patch = {"status": "completed", "end_time": ended}
        self.session.system("task_updated", task_id=self.id, run_id=self.run, patch=patch)
        more = {"summary_is_report": True} if self.background else {}
        self.session.system(
            "task_notification",
            **self.facts(),
            status="completed",
            output_file=str(self.transcript.path),
            summary=self.report,
            **more,
            usage=self.usage(),
        )

    def outcome(self) -> ToolRun:
        """What the main conversation gets back from a subagent it waited for."""
        usage = self.usage()
        facts = f"subagent_tokens: {usage['total_tokens']}\ntool_uses: {usage['tool_uses']}"
        words = f"[Subagent hand-back]\n  {self.report}\nagentId: {self.id}\n<usage>{facts}</usage>"
        detail = self.session.shape(
            "subagent result",
            prompt=self.call.input["prompt"],
            id=self.id,
            kind=self.kind,
            used=sorted(set(self.used)),
            run=self.run,
            report=self.report,
            ms=usage["duration_ms"],
            tokens=usage["total_tokens"],
            calls=usage["tool_uses"],
            usage=self.last.final(),
            reads=self.used.count("Read"),
            commands=self.used.count("Bash"),
        )
        return ToolRun([{"type": "text", "text": words}], detail)


def run_subagents(session: SimulatedSession, calls: Sequence[ScriptedCall]) -> dict[str, ToolRun]:
    """Runs the subagents of one response step by step beside each other."""
    agents = [SimulatedSubagent(session, call) for call in calls]
    for agent in agents:
        agent.start()
    for number in range(max((len(agent.script) for agent in agents), default=0)):
        for agent in agents:
            if number < len(agent.script):
                agent.step(*agent.script[number])
    for agent in agents:
        agent.finish()
    return {agent.call.id: agent.outcome() for agent in agents}
