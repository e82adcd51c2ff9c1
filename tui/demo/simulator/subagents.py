"""Subagents: lines with a parent, progress of a task, a transcript of their own."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from . import shapes, tools
from .session import SimulatedSession
from .spending import TokenCounts
from .tools import ScriptedCall, ToolRun
from .transcript import TranscriptWriter

Json = dict[str, Any]
BASE = 9_000


class SimulatedSubagent:
    """One subagent at work. `script` is (text, tool name, tool input) in order, then its report."""

    def __init__(self, session: SimulatedSession, call: ScriptedCall, background: bool) -> None:
        self.session = session
        self.call = call
        self.background = background
        self.id = "a" + shapes.fresh().replace("-", "")[:16]
        self.run = call.id[-12:]
        self.script, self.report = call.agent_script
        self.kind = str(call.input.get("subagent_type", "general-purpose"))
        self.description = str(call.input["description"])
        self.used: list[str] = []
        self.tokens = BASE
        self.last = TokenCounts()
        self.began = time.monotonic()
        folder = self.session.folder / self.session.id / "subagents"
        self.output_file = str(folder / f"agent-{self.id}.jsonl")
        path = None if self.session.options.no_persistence else folder / f"agent-{self.id}.jsonl"
        self.transcript = TranscriptWriter(
            path, self.session.id, self.session.cwd, self.session.timing, self.id
        )
        if path is not None:
            folder.mkdir(parents=True, exist_ok=True)
            meta = {"agentType": self.kind, "description": self.description, "toolUseId": call.id}
            path.with_suffix(".meta.json").write_text(json.dumps(meta), "utf-8")

    @property
    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.began) * 1000 * self.session.timing.scale)

    def facts(self) -> Json:
        return {"task_id": self.id, "run_id": self.run, "tool_use_id": self.call.id}

    def usage(self) -> Json:
        return {
            "total_tokens": self.tokens,
            "tool_uses": len(self.used),
            "duration_ms": self.elapsed_ms,
        }

    def start(self) -> None:
        prompt = str(self.call.input["prompt"])
        if self.session.turn is not None:
            self.session.turn.subagents += 1
        if self.background:
            self._tasks_changed(present=True)
        self.session.system(
            "task_started",
            **self.facts(),
            description=self.description,
            subagent_type=self.kind,
            is_backgrounded=self.background,
            spawn_depth=1,
            task_type="local_agent",
            prompt=prompt,
        )
        self.transcript.link({"type": "user", "message": {"role": "user", "content": prompt}})
        if not self.background:
            self._user([{"type": "text", "text": prompt}], write=False)

    def _tasks_changed(self, present: bool) -> None:
        task = {
            "task_id": self.id,
            "run_id": self.run,
            "task_type": "local_agent",
            "subagent_type": self.kind,
            "description": self.description,
        }
        self.session.system("background_tasks_changed", tasks=[task] if present else [])

    def step(self, text: str, name: str, given: Json) -> None:
        """One response of the subagent with one call, really carried out."""
        self.session.pause(0.8)
        tool = shapes.short("toolu")
        blocks: list[Json] = []
        if text and self.background:
            blocks.append({"type": "text", "text": text})
        blocks.append({"type": "tool_use", "id": tool, "name": name, "input": given})
        self.used.append(name)
        self.session.system(
            "task_progress",
            **self.facts(),
            description=f"{'Reading' if name == 'Read' else 'Running'} "
            + str(given.get("description") or given.get("file_path") or name),
            subagent_type=self.kind,
            usage=self.usage(),
            last_tool_name=name,
        )
        self._say(blocks, "tool_use")
        outcome = self._act(name, given)
        self.tokens += len(outcome.text) // 4
        block = shapes.result_block(tool, outcome.content, outcome.failed, name == "Bash")
        self._user([block], tool=tool)

    def _act(self, name: str, given: Json) -> ToolRun:
        if name == "Read":
            return tools.read(self.session.cwd / str(given["file_path"]))
        command = self.session.start_command(str(given["command"]))
        self.call.command = command
        self.session.reader.wait(None, until=lambda: command.done)
        return tools.command_outcome(
            command.code, command.output(), self.session.kept_output(self.id)
        )

    def _say(self, blocks: list[Json], stop: str) -> None:
        session = self.session
        identity, request = shapes.short("msg"), shapes.short("req")
        said = sum(len(str(block)) for block in blocks) // 4
        self.last = TokenCounts(4, said, 400, 0, self.tokens)
        self.tokens += 400 + said
        session.ledger.add(session.model, self.last)
        for block in blocks:
            uuid, stamp = shapes.fresh(), session.timing.stamp()
            body = shapes.message(identity, session.model, block, self.last.preliminary())
            if self.background or block["type"] == "tool_use":
                line = shapes.assistant(session.id, uuid, stamp, body, request, self.call.id)
                session.emit({**line, **self._marks()})
            kept = {**body, "usage": self.last.final(), "stop_reason": stop}
            kept.pop("context_management")
            self.transcript.link(
                {"message": kept, "requestId": request, "type": "assistant"}, uuid, stamp
            )

    def _user(self, content: list[Json], tool: str = "", write: bool = True) -> None:
        session = self.session
        uuid, stamp = shapes.fresh(), session.timing.stamp()
        line = shapes.user(session.id, uuid, stamp, content, self.call.id)
        if tool:
            accepted = {"permission_decision": shapes.ACCEPTED}
            line["tool_result_meta"] = [{"id": tool, **accepted}]
        session.emit({**line, **self._marks()})
        if write:
            record = {"type": "user", "message": {"role": "user", "content": content}}
            self.transcript.link(record, uuid, stamp)

    def _marks(self) -> Json:
        return {
            "agent_id": self.id,
            "subagent_type": self.kind,
            "task_description": self.description,
        }

    def finish(self) -> None:
        self.session.pause(0.6)
        self._say([{"type": "text", "text": self.report}], "end_turn")
        ended = round(self.session.timing.now() * 1000)
        patch = {"status": "completed", "end_time": ended}
        self.session.system("task_updated", task_id=self.id, run_id=self.run, patch=patch)
        more: Json = {"summary_is_report": True} if self.background else {}
        self.session.system(
            "task_notification",
            **self.facts(),
            status="completed",
            output_file=self.output_file,
            summary=self.report,
            **more,
            usage=self.usage(),
        )
        if self.background:
            self._tasks_changed(present=False)

    def outcome(self) -> ToolRun:
        """What the main conversation gets back from a subagent it waited for."""
        usage = self.usage()
        facts = f"subagent_tokens: {usage['total_tokens']}\ntool_uses: {usage['tool_uses']}"
        words = f"[Subagent hand-back]\n  {self.report}\nagentId: {self.id}\n<usage>{facts}</usage>"
        counts = {name: self.used.count(name) for name in ("Read", "Bash")}
        detail = {
            "status": "completed",
            "prompt": self.call.input["prompt"],
            "agentId": self.id,
            "agentType": self.kind,
            "toolsUsed": sorted(set(self.used)),
            "harnessNoteCount": 0,
            "harnessTailCount": 0,
            "harnessSectionHash": self.run,
            "content": [{"type": "text", "text": self.report}],
            "resolvedModel": self.session.model,
            "totalDurationMs": usage["duration_ms"],
            "totalTokens": usage["total_tokens"],
            "totalToolUseCount": usage["tool_uses"],
            "usage": self.last.final(),
            "toolStats": {
                "readCount": counts["Read"],
                "searchCount": 0,
                "bashCount": counts["Bash"],
                "editFileCount": 0,
                "linesAdded": 0,
                "linesRemoved": 0,
                "otherToolCount": 0,
            },
            "canContinueAgent": True,
        }
        return ToolRun([{"type": "text", "text": words}], detail)

    def launched(self) -> ToolRun:
        """What the main conversation gets at once for a subagent in the background."""
        detail = {
            "isAsync": True,
            "status": "async_launched",
            "agentId": self.id,
            "description": self.description,
            "resolvedModel": self.session.model,
            "prompt": self.call.input["prompt"],
            "outputFile": self.output_file,
            "canReadOutputFile": True,
            "canContinueAgent": True,
        }
        words = f"Async agent launched successfully.\nagentId: {self.id}"
        return ToolRun([{"type": "text", "text": words}], detail)


def run_agent(
    session: SimulatedSession, call: ScriptedCall, background: list[SimulatedSubagent]
) -> ToolRun:
    """Carries out an `Agent` call; one to be run in the background is started and listed there."""
    if call.input.get("run_in_background"):
        agent = SimulatedSubagent(session, call, background=True)
        agent.start()
        background.append(agent)
        return agent.launched()
    return _side_by_side(session, [call])[call.id]


def run_together(session: SimulatedSession, calls: Sequence[ScriptedCall]) -> dict[str, ToolRun]:
    """Runs a response of nothing but subagents step by step beside each other; else does nothing."""
    waited_for = [
        call for call in calls if call.name == "Agent" and not call.input.get("run_in_background")
    ]
    if len(waited_for) < 2 or len(waited_for) < len(calls):
        return {}
    return _side_by_side(session, waited_for)


def _side_by_side(session: SimulatedSession, calls: Sequence[ScriptedCall]) -> dict[str, ToolRun]:
    agents = [SimulatedSubagent(session, call, background=False) for call in calls]
    for agent in agents:
        agent.start()
    for number in range(max(len(agent.script) for agent in agents)):
        for agent in agents:
            if number < len(agent.script):
                agent.step(*agent.script[number])
    for agent in agents:
        agent.finish()
    return {agent.call.id: agent.outcome() for agent in agents}
