"""Requests from the inbox: each carried out once, each answered in the journal."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from tui.model.state import StopKind
from tui.runner.agent.messages import MessageSender
from tui.runner.checkpoints import CheckpointSchedule
from tui.runner.decisions import end_for_intent
from tui.runner.machine import RunMachine
from tui.runner.policy import prompts
from tui.runner.rewinds import Rewinder
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import NextAttempt, StopIntent
from tui.runner.transitions import RunEvent
from tui.store import inbox
from tui.store.inbox import RunnerRequest
from tui.store.journal import read_entries
from tui.system.errors import OvernightError

_NAMES = uuid.UUID("6f1de8a2-6a52-4a35-9c2e-8f3a0f0e77d1")
_LONGEST_TEXT = 4 << 20


class RequestHandler:
    """Carries out what stands in the inbox."""

    def __init__(
        self,
        context: RunContext,
        reader: RunReader,
        messages: MessageSender,
        machine: RunMachine,
        checkpoints: CheckpointSchedule,
        rewinder: Rewinder | None = None,
    ) -> None:
        self._context = context
        self._reader = reader
        self._messages = messages
        self._machine = machine
        self._checkpoints = checkpoints
        self._rewinder = rewinder
        self._handlers: dict[str, Callable[[RunnerRequest], str | None]] = {
            "checkpoint": self._checkpoint,
            "inject": self._inject,
            "withdraw": self._withdraw,
            "interrupt": self._interrupt,
            "stop": self._stop,
            "kill": self._kill,
            "pause_limits": self._pause_limits,
            "rewind": self._rewind,
            "undo": self._rewind,
        }

    # --- taking them in ---

    def resume_claimed(self) -> None:
        """Goes on with what an earlier supervisor had claimed and not answered."""
        waiting = inbox.reclaimed(self._context.folder.inbox)
        if not waiting:
            return
        entries = read_entries(self._context.folder.journal)
        answered = {entry.id for entry in entries if entry.kind == "answer"}
        injected = {entry.id for entry in entries if entry.kind == "inject"}
        for request, path in waiting:
            if request.id in answered:
                inbox.done(path)
            elif request.verb == "inject" and _message_id(request) in injected:
                self.answer(request.id, True, "queued", _message_id(request))
            elif not self._is_under_way(request.id):
                self._execute(request, told=True)

    def _is_under_way(self, name: str) -> bool:
        intent = self._context.state.intent
        return intent is not None and intent.request == name

    def handle_new(self) -> None:
        """Carries out what arrived since the last round."""
        try:
            waiting = inbox.claim(self._context.folder.inbox)
        except OvernightError as error:
            self._context.log_line(f"Inbox: {error}", "ERROR")
            return
        for request, _ in waiting:
            self._execute(request)

    def _execute(self, request: RunnerRequest, told: bool = False) -> None:
        if not told:
            facts = {"verb": request.verb, "arguments": request.arguments}
            self._context.journal_entry("request", facts, id=request.id)
        verb = self._handlers.get(request.verb)
        try:
            if verb is None:
                self.answer(request.id, False, f"the runner knows no {request.verb!r}")
                return
            said = verb(request)
        except (OvernightError, ValueError, TypeError) as error:
            self.answer(request.id, False, str(error) or "the request makes no sense")
            return
        if said is not None:
            self.answer(request.id, True, said, self._result(request))

    def _result(self, request: RunnerRequest) -> object:
        return _message_id(request) if request.verb == "inject" else None

    def answer(self, name: str, ok: bool, text: str, result: object = None) -> None:
        """Answers a request and forgets it; an empty name is no request."""
        if not name:
            return
        self._context.journal_entry("answer", {"ok": ok, "text": text, "result": result}, id=name)
        inbox.done(self._context.folder.inbox / f"{name}.json.claimed")

    def refuse_remaining(self, reason: str) -> None:
        """The run is over: whatever still waits is answered with the reason."""
        self.refuse(reason, inbox.claim(self._context.folder.inbox))
        self.refuse(reason, inbox.reclaimed(self._context.folder.inbox))

    def refuse(self, reason: str, waiting: list[tuple[RunnerRequest, Any]]) -> None:
        """Answers these requests with a refusal."""
        for request, _ in waiting:
            self.answer(request.id, False, reason)

    # --- the verbs: the answer's words, or None when it comes later ---

    def _checkpoint(self, request: RunnerRequest) -> str | None:
        label = str(request.arguments.get("label") or "")[:200]
        why = str(request.arguments.get("why") or "key")[:40]
        self._checkpoints.request(label, why, request.id)
        return None

    def _inject(self, request: RunnerRequest) -> str | None:
        text = request.arguments.get("text")
        mode = str(request.arguments.get("mode") or "soft")
        if mode not in ("soft", "hard", "step-back"):
            raise ValueError(f"a message is soft, hard or step-back, not {mode!r}")
        if mode == "step-back" and not text:
            stall = self._reader.snapshot().stall
            evidence = stall.evidence if stall is not None else ()
            text = prompts.step_back_prompt(self._context.settings, evidence, "a while")
        if not isinstance(text, str) or not text.strip():
            raise ValueError("there is nothing to say in that message")
        if len(text) > _LONGEST_TEXT:
            raise ValueError("the message is longer than 4 million characters")
        if self._machine.phase.is_ending:
            raise ValueError("the session is being ended; the message was not sent")
        hard = mode == "hard" or bool(request.arguments.get("now"))
        name = _message_id(request)
        self._messages.queue(text, hard=hard, inject=True, id=name, mode=mode)
        return "queued"

    def _withdraw(self, request: RunnerRequest) -> str | None:
        why = self._messages.withdraw(str(request.arguments.get("id") or ""))
        if why:
            raise ValueError(why)
        return "asked to take it back"

    def _interrupt(self, request: RunnerRequest) -> str | None:
        if not self._reader.turns.open:
            raise ValueError("no turn is open; there is nothing to interrupt")
        if not self._messages.control("interrupt", f"interrupt-{request.id}"):
            raise ValueError("the agent does not listen")
        self._context.journal_entry("interrupt", {"by": "person", "reason": _reason(request)})
        self._context.log_line("Turn interrupted by a person")
        return "interrupted"

    def _stop(self, request: RunnerRequest) -> str | None:
        note = bool(request.arguments.get("note", True))
        wish = dict(request.arguments)
        return self._end_agent(
            request, StopIntent(StopKind.STOP, _reason(request), "person", note, request.id, wish)
        )

    def _kill(self, request: RunnerRequest) -> str | None:
        wish = dict(request.arguments)
        return self._end_agent(
            request, StopIntent(StopKind.KILL, _reason(request), "person", False, request.id, wish)
        )

    def _end_agent(self, request: RunnerRequest, intent: StopIntent) -> str | None:
        before = self._context.state.intent
        if before is not None and before.kind == StopKind.KILL:
            return "it is being killed already"
        if self._machine.end is not None:
            raise ValueError(f"the run is over: {self._machine.end.reason}")
        if before is not None and before.request:
            self.answer(before.request, True, "a stronger request took its place")
        self._context.journal_entry(intent.kind, {"by": "person", "reason": intent.reason})
        self._context.log_line(
            f"{intent.kind.title()} asked for by a person: {intent.reason}", "WARNING"
        )
        waiting = self._context.state.wait
        if self._machine.attempt is None or (waiting is not None and waiting.next is not None):
            self._context.state.intent = intent
            end = end_for_intent(intent)
            self._machine.end_run(end, None, RunEvent.STOP_REQUESTED)
            return f"{end.reason}; no agent was running"
        self._machine.stop_agent(intent, RunEvent.STOP_REQUESTED, "ended by a person")
        return None

    def _pause_limits(self, request: RunnerRequest) -> str | None:
        state, now = self._context.state, self._context.clock.wall()
        minutes = request.arguments.get("minutes")
        until = request.arguments.get("until")
        if request.arguments.get("off"):
            state.limits_paused_until = None
            self._context.journal_entry("limits_resumed", {"until": None})
            return "limits are in force again"
        if isinstance(minutes, int | float) and minutes > 0:
            until = now + 60 * minutes
        if not isinstance(until, int | float) or until <= now:
            raise ValueError("say for how many minutes the limits are to be paused")
        state.limits_paused_until = float(until)
        self._context.save()
        self._context.journal_entry("limits_paused", {"until": state.limits_paused_until})
        return "limits are paused"

    def _rewind(self, request: RunnerRequest) -> str | None:
        if self._rewinder is None:
            raise ValueError("this runner cannot rewind")
        if self._machine.phase.is_ending:
            raise ValueError("the session is being ended; nothing was rewound")
        self._rewinder.check(request.verb, request.arguments)
        arguments = {**request.arguments, "verb": request.verb}
        intent = StopIntent(StopKind.REWIND, request.verb, "person", False, request.id, arguments)
        self._machine.stop_agent(intent, RunEvent.REWIND_REQUESTED, "a rewind was asked for")
        return None

    def execute_rewind(self, intent: StopIntent) -> None:
        """The agent is gone: rewinds, and takes the run up again where that leads."""
        self._machine.begin_rewind()
        verb, state = str(intent.arguments.get("verb")), self._context.state
        try:
            if self._rewinder is None:
                raise OvernightError("this runner cannot rewind")
            done = self._rewinder.execute(verb, intent.arguments, state.session_before_rewind)
        except OvernightError as error:
            self.answer(intent.request, False, str(error))
            words = prompts.resume_prompt(self._context.settings, f"a {verb} was refused: {error}")
            step = NextAttempt("rewind", words, resume=state.resumable_session)
        else:
            self._context.journal_entry(verb, done.entry)
            self.answer(intent.request, True, done.text, done.entry)
            resume = done.resume or state.resumable_session
            state.session_before_rewind = (
                state.resumable_session if done.resume and verb == "rewind" else ""
            )
            # A fork leaves the old conversation whole, so that the rewind can itself be undone.
            fork = bool(done.resume_at)
            step = NextAttempt("rewind", done.prompt, resume, done.resume_at, fork)
        self._machine.launch(step, RunEvent.REWIND_DONE)


def _message_id(request: RunnerRequest) -> str:
    """The same request is always the same message, however often it is taken up."""
    return str(uuid.uuid5(_NAMES, request.id))


def _reason(request: RunnerRequest) -> str:
    return str(request.arguments.get("reason") or "asked for")[:300]
