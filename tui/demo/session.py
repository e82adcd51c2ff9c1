"""The session: who it is, what it has said, what it costs, and the turns it goes through."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import shapes
from .flags import Options
from .memory import Memory
from .presence import Presence
from .spending import Ledger, price_of, resolve
from .timing import Timing
from .transcript import History, Transcript, context_of, fork, slug
from .turns import Turn, TurnOver
from .wire import Inbox, Message, Outlet

Json = dict[str, Any]

BASE_CONTEXT = 12_500


class Refused(Exception):
    """The process cannot start: `result` is its only line, or `words` go to stderr."""

    def __init__(self, words: str, result: Json | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.result = result


class Session:
    """Everything a story and the control requests share."""

    def __init__(
        self, options: Options, environment: Mapping[str, str], timing: Timing, inbox: Inbox
    ) -> None:
        self.options = options
        self.environment = dict(environment)
        self.timing = timing
        self.inbox = inbox
        self.outlet = Outlet(options.output_format)
        self.cwd = Path.cwd()
        self.model = resolve(options.model)
        self.mode = options.mode
        self.ledger = Ledger()
        self.context = 0
        self.turn: Turn | None = None
        self.result_index = 0
        self.began = time.time()
        self.failed = False
        self.last_stop = ""
        self.emits_states = environment.get("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS") == "1"
        home = environment.get("CLAUDE_CONFIG_DIR") or str(Path.home() / ".claude")
        self.config = Path(home)
        self.folder = self.config / "projects" / slug(str(self.cwd))
        self.memory = Memory(self.folder / "scripted-agent.json")
        self.resumed = False
        self._seen: set[str] = set()
        self.id = self._identify()
        run = environment.get("XDG_RUNTIME_DIR") or environment.get("TMPDIR") or "/tmp"
        self.socket = f"{run}/cc-socks/{os.getpid()}.sock"
        self.presence = Presence(self.config / "sessions", self.id, self.cwd, self.socket, timing)

    # --- identity ---

    def _file(self, session: str) -> Path:
        return self.folder / f"{session}.jsonl"

    def _identify(self) -> str:
        options = self.options
        if options.resume is None and not options.continue_last:
            fresh = options.session_id or shapes.fresh()
            if self._file(fresh).exists():
                raise Refused(f"Error: Session ID {fresh} is already in use.")
            self._open(fresh)
            return fresh
        return self._take_up(self._wanted())

    def _wanted(self) -> str:
        if self.options.resume is not None:
            return self.options.resume
        files = sorted(self.folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        if not files:
            raise Refused("No conversation found to continue")
        return files[-1].stem

    def _take_up(self, old: str) -> str:
        path = self._file(old)
        zeros = Turn(Message({}, "")).usage.final()
        if not path.is_file():
            words = f"No conversation found with session ID: {old}"
            raise Refused(words, shapes.refusal(old, words, zeros))
        history = History(path)
        chain = history.chain(history.leaf)
        at = self.options.resume_at
        if at is not None:
            cut = history.chain(at)
            # What lies before a compaction hangs from another root, out of the CLI's reach.
            if not cut or cut[0]["uuid"] != chain[0]["uuid"]:
                words = f"No message found with message.uuid of: {at}"
                raise Refused(words, shapes.refusal(old, words, zeros))
            chain = cut
        session = old
        if self.options.fork:
            session = self.options.session_id or shapes.fresh()
            if self._file(session).exists():
                raise Refused(f"Error: Session ID {session} is already in use.")
            fork(history, chain, self._file(session), session)
        self._open(session)
        self._restore(history, chain)
        return session

    def _restore(self, history: History, chain: list[Json]) -> None:
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
            from .timing import parse_moment

            self.timing.not_before(parse_moment(history.last_moment))

    def _open(self, session: str) -> None:
        path = None if self.options.no_persistence else self._file(session)
        self.transcript = Transcript(path, session, self.cwd, self.timing)

    # --- saying ---

    def emit(self, record: Json) -> None:
        self.outlet.emit(record)

    def system(self, subtype: str, **fields: Any) -> None:
        self.emit(shapes.system(self.id, subtype, **fields))

    def state(self, state: str) -> None:
        """running, idle or requires_action, told to whoever asked for it."""
        names = {"running": "busy", "idle": "idle", "requires_action": "waiting"}
        waiting = "permission prompt" if state == "requires_action" else ""
        self.presence.status(names[state], waiting)
        if self.emits_states:
            self.system("session_state_changed", state=state)

    def lifecycle(self, message: Message, state: str) -> None:
        if message.tracked:
            self.emit(shapes.lifecycle(self.id, message.uuid, state))

    @property
    def window(self) -> int:
        return 1_000_000 if self.model.endswith("[1m]") else price_of(self.model).window

    # --- messages and turns ---

    def receive(self, record: Json) -> None:
        """A user message arrived on stdin; one that was seen before is dropped."""
        message = Message(record, self.timing.stamp())
        if message.uuid in self._seen:
            return
        self._seen.add(message.uuid)
        self.lifecycle(message, "queued")
        self.transcript.queue("enqueue", message.text)
        self.inbox.queue.append(message)

    def begin_turn(self, message: Message, origin: Json | None = None) -> Turn:
        turn = self.turn = Turn(message, origin)
        self.inbox.clear_interrupts()
        self.inbox.busy = True
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

    def _write_prompt(self, turn: Turn, message: Message) -> None:
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

    def replay(self, message: Message) -> None:
        """Echoes a message when the model takes it in, if that was asked for."""
        if self.options.replay:
            line = shapes.user(self.id, message.uuid, message.stamp, message.text)
            self.emit({**line, "isReplay": True})

    def end_turn(self, over: TurnOver) -> None:
        """Writes the result and all that follows a turn."""
        turn = self.turn
        if turn is None:
            return
        settled = (
            "cancelled" if over.reason.startswith("aborted") and over.is_error else "completed"
        )
        for message in turn.messages[1:]:
            self.lifecycle(message, settled)
        self.transcript.last_prompt(turn.message.text)
        scale = self.timing.scale
        queued = len(self.inbox.queue)
        self.emit(turn.result(over, self.id, self.ledger, self.result_index, queued, scale))
        self.result_index += 1
        self.failed = over.is_error
        self.lifecycle(turn.message, settled)
        self.save_cost()
        self.turn = None
        self.inbox.busy = False
        if not self.inbox.queue:
            self.state("idle")

    def rewind_to(self, prompt: str) -> tuple[str, str | None] | None:
        """Cuts the conversation before one of its prompts; None if there is no such prompt."""
        path = self.transcript.path
        if path is None or prompt not in self.transcript.prompts:
            return None
        history = History(path)
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
        self.outlet.finish()
        self.presence.remove()
