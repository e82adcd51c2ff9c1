"""Subagents: lines with a parent, progress of a task, a transcript of their own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from . import shapes, tools
from .spending import Tokens
from .tools import Outcome
from .transcript import Transcript

if TYPE_CHECKING:
    from .stage import Call, Stage

Json = dict[str, Any]
BASE = 9_000


class Agent:
    """One subagent at work. `script` is (text, tool name, tool input) in order, then its report."""

    def __init__(self, stage: Stage, call: Call, background: bool) -> None:
        self.stage = stage
        self.session = stage.session
        self.call = call
        self.background = background
        self.id = "a" + shapes.fresh().replace("-", "")[:16]
        self.run = call.id[-12:]
        self.script, self.report = call.agent_script
        self.kind = str(call.input.get("subagent_type", "general-purpose"))
        self.description = str(call.input["description"])
        self.used: list[str] = []
        self.tokens = BASE
        self.last = Tokens()
        self.began = time.monotonic()
        folder = self.session.folder / self.session.id / "subagents"
        self.output_file = str(folder / f"agent-{self.id}.jsonl")
        path = None if self.session.options.no_persistence else folder / f"agent-{self.id}.jsonl"
        self.transcript = Transcript(
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
        return {
            "task_id": self.id,
            "run_id": self.run,
            "tool_use_id": self.call.id,
        }

    def usage(self) -> Json:
        return {
            "total_tokens": self.tokens,
            "tool_uses": len(self.used),
            "duration_ms": self.elapsed_ms,
        }

    def start(self) -> None:
        prompt = str(self.call.input["prompt"])
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
        self.stage.pause(0.8)
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

    def _act(self, name: str, given: Json) -> Outcome:
        if name == "Read":
            return tools.read(self.session.cwd / str(given["file_path"]))
        command = self.stage.start(str(given["command"]))
        self.call.command = command
        self.session.inbox.wait(None, until=lambda: command.done)
        keep = self.session.folder / self.session.id / "tool-results" / f"{self.id}.txt"
        return tools.command_outcome(command.code, command.output(), keep)

    def _say(self, blocks: list[Json], stop: str) -> None:
        session = self.session
        identity, request = shapes.short("msg"), shapes.short("req")
        said = sum(len(str(block)) for block in blocks) // 4
        self.last = Tokens(4, said, 400, 0, self.tokens)
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
        self.stage.pause(0.6)
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

    def outcome(self) -> Outcome:
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
        return Outcome([{"type": "text", "text": words}], detail)

    def launched(self) -> Outcome:
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
        return Outcome([{"type": "text", "text": words}], detail)


def run_agent(stage: Stage, call: Call) -> Outcome:
    """Carries out an `Agent` call; one in the background is left to `stage.background`."""
    background = bool(call.input.get("run_in_background"))
    agent = Agent(stage, call, background)
    if stage.session.turn is not None:
        stage.session.turn.subagents += 1
    agent.start()
    if background:
        stage.background.append(agent)
        return agent.launched()
    for text, name, given in agent.script:
        agent.step(text, name, given)
    agent.finish()
    return agent.outcome()


def run_together(stage: Stage, calls: list[Call]) -> dict[str, Outcome]:
    """Runs several subagents of one response step by step beside each other; else does nothing."""
    waited = [
        call for call in calls if call.name == "Agent" and not call.input.get("run_in_background")
    ]
    if len(waited) < 2 or len(waited) < len(calls):
        return {}
    if stage.session.turn is not None:
        stage.session.turn.subagents += len(waited)
    agents = [Agent(stage, call, background=False) for call in waited]
    for agent in agents:
        agent.start()
    for number in range(max(len(agent.script) for agent in agents)):
        for agent in agents:
            if number < len(agent.script):
                agent.step(*agent.script[number])
    for agent in agents:
        agent.finish()
    return {agent.call.id: agent.outcome() for agent in agents}
