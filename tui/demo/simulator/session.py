"""The session: who it is, what it has said, what it costs, and the turns it goes through."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from . import shapes
from .flags import AgentFlags
from .spending import TokenCounts, TokenLedger, price_of, resolve
from .timing import StoryTiming, parse_moment
from .tools import BashCommand, command_environment
from .transcript import TranscriptHistory, TranscriptWriter, context_of, fork, slug
from .turns import TurnCounters, TurnEnded
from .wire import InputMessage, LineReader, LineWriter, replace_file

Json = dict[str, Any]

BASE_CONTEXT = 12_500


class StartRefused(Exception):
    """The process cannot start: `result` is its only line, or `words` go to stderr."""

    def __init__(self, words: str, result: Json | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.result = result


def _no_resume(session: str, words: str) -> StartRefused:
    return StartRefused(words, shapes.refusal(session, words, TokenCounts().final()))


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

    def __init__(
        self, folder: Path, session: str, cwd: Path, socket: str, timing: StoryTiming
    ) -> None:
        self._path = folder / f"{os.getpid()}.json"
        self._timing = timing
        now = round(timing.now() * 1000)
        self._entry: dict[str, Any] = {
            "pid": os.getpid(),
            "sessionId": session,
            "cwd": str(cwd),
            "startedAt": now,
            "procStart": start_ticks(os.getpid()),
            "version": shapes.VERSION,
            "kind": "interactive",
            "entrypoint": "sdk-cli",
            "messagingSocketPath": socket,
            "name": cwd.name,
            "status": "idle",
            "updatedAt": now,
            "statusUpdatedAt": now,
        }
        self._write()

    def status(self, status: str, waiting_for: str = "") -> None:
        """Status is busy, idle or waiting; `waiting_for` says for what."""
        now = round(self._timing.now() * 1000)
        self._entry.update(status=status, updatedAt=now, statusUpdatedAt=now)
        self._entry.pop("waitingFor", None)
        if waiting_for:
            self._entry["waitingFor"] = waiting_for
        self._write()

    def _write(self) -> None:
        try:
            replace_file(self._path, json.dumps(self._entry))
        except OSError:
            pass  # a session runs on where it cannot be announced

    def remove(self) -> None:
        try:
            self._path.unlink()
        except OSError:
            pass


class SimulatedSession:
    """Everything a story and the control requests share."""

    def __init__(self, options: AgentFlags, timing: StoryTiming, reader: LineReader) -> None:
        self.options = options
        environment = self.environment = dict(os.environ)
        self.timing = timing
        self.reader = reader
        self.writer = LineWriter(options.output_format)
        self.cwd = Path.cwd()
        self.model = resolve(options.model)
        self.mode = options.mode
        self.ledger = TokenLedger()
        self.context = 0
        self.turn: TurnCounters | None = None
        self.result_index = 0
        self.began = time.time()
        self.failed = False
        self.emits_states = environment.get("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS") == "1"
        home = environment.get("CLAUDE_CONFIG_DIR") or str(Path.home() / ".claude")
        self.config = Path(home)
        self.folder = self.config / "projects" / slug(str(self.cwd))
        self.resumed = False
        self._seen: set[str] = set()
        self.id = self._identify()
        run = environment.get("XDG_RUNTIME_DIR") or environment.get("TMPDIR") or "/tmp"
        self.socket = f"{run}/cc-socks/{os.getpid()}.sock"
        self.registry = RegistryFile(
            self.config / "sessions", self.id, self.cwd, self.socket, timing
        )

    # --- identity ---

    def _file(self, session: str) -> Path:
        return self.folder / f"{session}.jsonl"

    def _identify(self) -> str:
        if self.options.resume is None and not self.options.continue_last:
            new = self._new_id()
            self._open(new)
            return new
        return self._continue(self._session_to_continue())

    def _new_id(self) -> str:
        new = self.options.session_id or shapes.fresh()
        if self._file(new).exists():
            raise StartRefused(f"Error: Session ID {new} is already in use.")
        return new

    def _session_to_continue(self) -> str:
        if self.options.resume is not None:
            return self.options.resume
        files = sorted(self.folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        if not files:
            raise StartRefused("No conversation found to continue")
        return files[-1].stem

    def _continue(self, old: str) -> str:
        path = self._file(old)
        if not path.is_file():
            raise _no_resume(old, f"No conversation found with session ID: {old}")
        history = TranscriptHistory(path)
        chain = history.chain(history.leaf)
        at = self.options.resume_at
        if at is not None:
            cut = history.chain(at)
            # What lies before a compaction hangs from another root, out of the CLI's reach.
            if not cut or cut[0]["uuid"] != chain[0]["uuid"]:
                raise _no_resume(old, f"No message found with message.uuid of: {at}")
            chain = cut
        session = old
        if self.options.fork:
            session = self._new_id()
            fork(history, chain, self._file(session), session)
        self._open(session)
        self._restore(history, chain)
        return session

    def _restore(self, history: TranscriptHistory, chain: list[Json]) -> None:
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

    def _open(self, session: str) -> None:
        path = None if self.options.no_persistence else self._file(session)
        self.transcript = TranscriptWriter(path, session, self.cwd, self.timing)

    # --- saying ---

    def emit(self, record: Json) -> None:
        self.writer.emit(record)

    def system(self, subtype: str, **fields: Any) -> None:
        self.emit(shapes.system(self.id, subtype, **fields))

    def state(self, state: str) -> None:
        """running, idle or requires_action, reported where that was asked for."""
        names = {"running": "busy", "idle": "idle", "requires_action": "waiting"}
        waiting = "permission prompt" if state == "requires_action" else ""
        self.registry.status(names[state], waiting)
        if self.emits_states:
            self.system("session_state_changed", state=state)

    def lifecycle(self, message: InputMessage, state: str) -> None:
        if message.tracked:
            self.emit(shapes.lifecycle(self.id, message.uuid, state))

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
        uuid, stamp = uuid or shapes.fresh(), self.timing.stamp()
        line = shapes.user(self.id, uuid, stamp, content)
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

    def begin_turn(self, message: InputMessage, origin: Json | None = None) -> TurnCounters:
        turn = self.turn = TurnCounters(message, origin)
        self.reader.clear_interrupts()
        self.reader.busy = True
        self.transcript.queue("dequeue")
        self.lifecycle(message, "started")
        self.state("running")
        memory = f"{self.folder}/memory/"
        line = shapes.init(self.id, str(self.cwd), self.model, self.mode, memory, self.socket)
        if message.tracked:
            line["user_message_uuids"] = [message.uuid]
        self.emit(line)
        self._write_prompt(turn, message)
        return turn

    def _write_prompt(self, turn: TurnCounters, message: InputMessage) -> None:
        record: Json = {
            "promptId": turn.prompt_id,
            "type": "user",
            "message": {"role": "user", "content": message.text},
            "permissionMode": self.mode,
            "promptSource": "sdk",
            "turnOrigin": "sdk",
            "turnPosition": {"promptIndex": 0, "turnIndex": len(self.transcript.prompts) + 1},
        }
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
        if self.options.replay:
            line = shapes.user(self.id, message.uuid, message.stamp, message.text)
            self.emit({**line, "isReplay": True})

    def end_turn(self, end: TurnEnded) -> None:
        """Writes the result and all that follows a turn."""
        turn = self.turn
        if turn is None:
            return
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
        self.turn = None
        self.reader.busy = False
        if not self.reader.queue:
            self.state("idle")

    def rewind_to(self, prompt: str) -> tuple[str, str | None] | None:
        """Cuts the conversation before one of its prompts; None if there is no such prompt."""
        path = self.transcript.path
        if path is None or prompt not in self.transcript.prompts:
            return None
        history = TranscriptHistory(path)
        line = history.by_uuid[prompt]
        self.transcript.prompts = self.transcript.prompts[: self.transcript.prompts.index(prompt)]
        parent = line.get("parentUuid")
        self.transcript.leaf = parent if isinstance(parent, str) else None
        self.context = context_of(history.chain(self.transcript.leaf)) or BASE_CONTEXT
        text = line["message"]["content"]
        self.transcript.last_prompt(str(text))
        return str(text), self.transcript.leaf

    def save_cost(self) -> None:
        lasted = time.time() - self.began
        self.transcript.write(self.ledger.state(self.id, self.began, lasted))

    def close(self) -> None:
        self.writer.finish()
        self.registry.remove()
