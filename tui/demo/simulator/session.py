"""The session: who it is, what it has said and costs, its turns, and the requests to control it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui.demo.simulator.flags import AgentFlags
from tui.demo.simulator.shapes import fresh, shape
from tui.demo.simulator.spending import TokenCounts, TokenLedger, price_of, resolve
from tui.demo.simulator.timing import StoryTiming, parse_moment
from tui.demo.simulator.tools import BashCommand, command_environment
from tui.demo.simulator.transcript import (
    TranscriptHistory,
    TranscriptWriter,
    context_of,
    fork,
    slug,
)
from tui.demo.simulator.turns import TurnCounters, TurnEnded
from tui.demo.simulator.wire import InputMessage, LineReader, LineWriter, replace_file

Json = dict[str, Any]

BASE_CONTEXT = 12_500


class StartRefused(Exception):
    """The process cannot start: `result` is its only line, or `words` go to stderr."""

    def __init__(self, words: str, result: Json | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.result = result


def _no_resume(session: str, words: str) -> StartRefused:
    usage = TokenCounts().final()
    return StartRefused(words, shape("refused resume", session=session, text=words, usage=usage))


def start_ticks(pid: int) -> str:
    """The kernel's start time of a process, which guards against a reused pid; empty if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


class RegistryFile:
    """`sessions/<pid>.json`: how other programs find a living session and see whether it is busy.

    Removed at a clean end, left behind by SIGKILL.
    """

    def __init__(self, session: SimulatedSession) -> None:
        self._path = session.config / "sessions" / f"{os.getpid()}.json"
        self._timing = session.timing
        self._entry = shape(
            "session entry",
            pid=os.getpid(),
            session=session.id,
            cwd=str(session.cwd),
            started=self._now(),
            now=0,
            ticks=start_ticks(os.getpid()),
            socket=session.socket,
            name=session.cwd.name,
            status="",
        )
        self.write("idle")

    def _now(self) -> int:
        return round(self._timing.now() * 1000)

    def write(self, status: str, **more: str) -> None:
        """Status is busy, idle or waiting; `waitingFor` says for what."""
        now = self._now()
        changed = {"status": status, "updatedAt": now, "statusUpdatedAt": now, **more}
        with suppress(OSError):  # a session runs on where it cannot be announced
            replace_file(self._path, json.dumps({**self._entry, **changed}))

    def remove(self) -> None:
        with suppress(OSError):
            self._path.unlink()


class SimulatedSession:
    """Everything a story and the control requests share."""

    def __init__(self, options: AgentFlags, timing: StoryTiming, reader: LineReader) -> None:
        self.options = options
        self.environment = environment = dict(os.environ)
        self.timing = timing
        self.reader = reader
        self.writer = LineWriter()
        self.cwd = Path.cwd()
        self.model = resolve(options.model)
        self.mode = options.mode
        self.ledger = TokenLedger()
        self.context = 0
        self.turn: TurnCounters  # from the first prompt on
        self.result_index = 0
        self.began = time.time()
        self.failed = False
        self.emits_states = environment.get("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS") == "1"
        home = environment.get("CLAUDE_CONFIG_DIR")
        self.config = Path(home) if home else Path.home() / ".claude"
        self.folder = self.config / "projects" / slug(str(self.cwd))
        self.resumed = False
        self._seen: set[str] = set()
        if options.resume is None:
            self._open(self._new_id())
        else:
            self._continue(options.resume)
        run = environment.get("XDG_RUNTIME_DIR") or environment.get("TMPDIR") or "/tmp"
        self.socket = f"{run}/cc-socks/{os.getpid()}.sock"
        self.registry = RegistryFile(self)

    # --- identity ---

    def _open(self, session: str) -> None:
        self.id = session
        self.transcript = TranscriptWriter(
            self.folder / f"{session}.jsonl", session, self.cwd, self.timing
        )

    def _new_id(self) -> str:
        new = self.options.session_id or fresh()
        if (self.folder / f"{new}.jsonl").exists():
            raise StartRefused(f"Error: Session ID {new} is already in use.")
        return new

    def _continue(self, old: str) -> None:
        path = self.folder / f"{old}.jsonl"
        if not path.is_file():
            raise _no_resume(old, f"No conversation found with session ID: {old}")
        history = TranscriptHistory(path)
        chain = history.chain(history.leaf)
        at = self.options.resume_session_at
        if at is not None:
            cut = history.chain(at)
            # What lies before a compaction hangs from another root, out of the CLI's reach.
            if not cut or cut[0]["uuid"] != chain[0]["uuid"]:
                raise _no_resume(old, f"No message found with message.uuid of: {at}")
            chain = cut
        session = self._new_id() if self.options.fork_session else old
        self._open(session)
        if session != old:
            fork(history, chain, self.transcript.path, session)
        self.resumed = True
        self.transcript.leaf = str(chain[-1]["uuid"]) if chain else None
        self.transcript.prompts = [
            str(line["uuid"])
            for line in chain
            if line.get("type") == "user" and "turnOrigin" in line
        ]
        self.transcript.tail = [str(line["uuid"]) for line in chain[-3:]]
        self.context = context_of(chain)
        if history.cost_state is not None:
            self.ledger.carry(history.cost_state)
        if history.last_moment:
            self.timing.not_before(parse_moment(history.last_moment))

    # --- saying ---

    def emit(self, record: Json) -> None:
        self.writer.emit(record)

    def shape(self, name: str, /, **values: Any) -> Json:
        return shape(name, session=self.id, model=self.model, **values)

    def system(self, subtype: str, **fields: Any) -> None:
        self.emit(self.shape("system", subtype=subtype, fields=fields))

    def state(self, state: str) -> None:
        """running or idle, reported where that was asked for."""
        self.registry.write("busy" if state == "running" else state)
        if self.emits_states:
            self.system("session_state_changed", state=state)

    def lifecycle(self, message: InputMessage, state: str) -> None:
        if message.tracked:
            self.emit(self.shape("lifecycle", command=message.uuid, state=state))

    def pause(self, seconds: float) -> None:
        """A pause of the story: shortened or drawn out by the pace."""
        self.reader.wait(seconds * self.timing.pace)

    def start_command(self, command: str) -> BashCommand:
        """Starts a command in the work tree; its commits get the agent's own date."""
        date = f"{int(self.timing.now())} +0000" if self.timing.moved else ""
        return BashCommand(command, self.cwd, command_environment(self.environment, self.id, date))

    def kept_output(self, name: str) -> Path:
        """Where output that is too long for the stream is kept."""
        return self.folder / self.id / "tool-results" / f"{name}.txt"

    def write_user(self, text: str, uuid: str = "", synthetic: bool = False, **record: Any) -> None:
        """Writes a user message that no person wrote; `record` goes to the transcript only."""
        content = [{"type": "text", "text": text}]
        uuid, stamp = uuid or fresh(), self.timing.stamp()
        line = self.shape("user", uuid=uuid, stamp=stamp, content=content)
        self.emit({**line, "isSynthetic": True} if synthetic else line)
        message = {"role": "user", "content": content}
        self.transcript.link({"type": "user", "message": message, **record}, uuid, stamp)

    @property
    def window(self) -> int:
        return 1_000_000 if self.model.endswith("[1m]") else price_of(self.model).window

    # --- messages and turns ---

    def receive(self, record: Json) -> None:
        """A user message arrived on stdin; one that was seen before is dropped."""
        message = InputMessage(record, self.timing.stamp())
        if message.uuid in self._seen:
            return
        self._seen.add(message.uuid)
        self.lifecycle(message, "queued")
        self.transcript.queue("enqueue", message.text)
        self.reader.queue.append(message)

    def begin_turn(self, message: InputMessage) -> None:
        turn = self.turn = TurnCounters(message)
        self.reader.clear_interrupts()
        self.reader.busy = True
        self.transcript.queue("dequeue")
        self.lifecycle(message, "started")
        self.state("running")
        line = self.shape(
            "init",
            cwd=str(self.cwd),
            mode=self.mode,
            memory=f"{self.folder}/memory/",
            socket=self.socket,
        )
        if message.tracked:
            line["user_message_uuids"] = [message.uuid]
        self.emit(line)
        index = len(self.transcript.prompts) + 1
        record = self.shape(
            "prompt", prompt=turn.prompt_id, text=message.text, mode=self.mode, index=index
        )
        if message.tracked:
            record["turnAttributionKey"] = message.uuid
        first = self.transcript.leaf is None
        self.transcript.prompts.append(self.transcript.link(record, message.uuid))
        if first:
            self.context = self.context or BASE_CONTEXT
            identity = {"modelId": self.model, "marketingName": self.model}
            self.transcript.attachment(
                {"type": "model", "identity": identity, "text": f"Scripted, as {self.model}."},
                renderedRole="system",
            )
            day = self.timing.stamp()[:10]
            self.transcript.attachment({"type": "date", "date": day}, renderedRole="system")

    def replay(self, message: InputMessage) -> None:
        """Echoes a message when the model takes it in, if that was asked for."""
        if self.options.replay_user_messages:
            line = self.shape("user", uuid=message.uuid, stamp=message.stamp, content=message.text)
            self.emit({**line, "isReplay": True})

    def end_turn(self, end: TurnEnded) -> None:
        """Writes the result and all that follows a turn."""
        turn = self.turn
        fate = "cancelled" if end.was_interrupted and end.is_error else "completed"
        for message in turn.messages[1:]:
            self.lifecycle(message, fate)
        self.transcript.last_prompt(turn.message.text)
        scale = self.timing.scale
        queued = len(self.reader.queue)
        self.emit(turn.result(end, self.id, self.ledger, self.result_index, queued, scale))
        self.result_index += 1
        self.failed = end.is_error
        self.lifecycle(turn.message, fate)
        self.save_cost()
        self.reader.busy = False
        if not self.reader.queue:
            self.state("idle")

    def save_cost(self) -> None:
        lasted = time.time() - self.began
        self.transcript.write(self.ledger.state(self.id, self.began, lasted))


class ControlRequests:
    """The control requests that a supervisor sends; each is answered at once, also in mid-tool."""

    def __init__(self, session: SimulatedSession) -> None:
        self.session = session
        self.verbs: dict[str, Callable[[Json], Json | None]] = {
            "interrupt": self.interrupt,
            "end_session": lambda request: None,
            "cancel_async_message": self._cancel,
        }

    def receive(self, record: Json) -> None:
        """Answers a request."""
        request = record.get("request")
        request = request if isinstance(request, dict) else {}
        subtype = str(request.get("subtype", ""))
        reply: Json = {"subtype": "success", "request_id": record.get("request_id")}
        if subtype not in self.verbs:
            words = f"Unsupported control request subtype: {subtype}"
            reply.update(subtype="error", error=words, error_code="unsupported_request")
        elif (body := self.verbs[subtype](request)) is not None:
            reply["response"] = body
        self.finish(subtype, reply)

    def finish(self, subtype: str, reply: Json) -> None:
        """Sends the answer, then does what must come after it."""
        self.session.emit({"type": "control_response", "response": reply})
        if subtype == "interrupt" and self.session.reader.busy:
            self.session.reader.interrupt()
        elif subtype == "end_session":
            self.session.reader.end()

    def interrupt(self, request: Json) -> Json:
        queue = self.session.reader.queue
        return {"still_queued": [message.uuid for message in queue if message.tracked]}

    def withdraw(self, message: InputMessage, reason: str) -> None:
        self.session.reader.queue.remove(message)
        self.session.lifecycle(message, "cancelled")
        self.session.transcript.queue(
            "remove", message.text, reason=reason, commandUuid=message.uuid
        )

    def _cancel(self, request: Json) -> Json:
        identity = request.get("message_uuid")
        found = [one for one in self.session.reader.queue if one.uuid == identity]
        for message in found:
            self.withdraw(message, "cancelled")
        return {"cancelled": bool(found), "message_uuid": identity}
