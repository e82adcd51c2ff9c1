"""Requests from the inbox: each executed once, each answered in the journal."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import structs

from tui.control.wording import step_back_text
from tui.model.journal import Requester
from tui.model.state import StopKind
from tui.runner.agent.messages import MessageSender, Withdrawals
from tui.runner.checkpoints import CheckpointSchedule
from tui.runner.conversation_place import prove
from tui.runner.decisions import end_for_intent, first_attempt
from tui.runner.machine import RunMachine
from tui.runner.policy import prompts
from tui.runner.rewinds import RewindOutcome, RunRewinder
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import NextAttempt, StopIntent, UnprovenRewind
from tui.runner.transitions import RunEvent
from tui.store import inbox
from tui.store.crash_log import report_crash
from tui.store.inbox import RunnerRequest
from tui.store.journal import read_entries
from tui.system.errors import OvernightError
from tui.system.files import modified_at
from tui.system.sanitize import clean_line

_MESSAGE_NAMESPACE = uuid.UUID("6f1de8a2-6a52-4a35-9c2e-8f3a0f0e77d1")
_MAX_TEXT = 4 << 20
_PEOPLE = (Requester.KEY, Requester.COMMAND, Requester.PHONE)
_CHANGES_COURSE = ("inject", "interrupt", "rewind", "undo")
# The kernel stamps files with a clock that may be behind `time.time`.
_CLOCK_TICK_S = 1.0


@dataclass
class RequestHandler:
    """Executes what the inbox asks for."""

    _context: RunContext
    _reader: RunReader
    _messages: MessageSender
    _machine: RunMachine
    _checkpoints: CheckpointSchedule
    _rewinder: RunRewinder

    def __post_init__(self) -> None:
        self._shown_at = math.inf
        self._withdrawals = Withdrawals(self._context, self._messages, lambda: self._reader.turns)

    # --- claiming and answering ---

    def resume_claimed(self) -> None:
        """Goes on with what an earlier supervisor had claimed and not answered."""
        claimed = self._read(inbox.list_claimed)
        if not claimed:
            return
        entries = read_entries(self._context.folder.journal)
        known = {entry.id for entry in entries if entry.kind == "request"}
        answered = {entry.id for entry in entries if entry.kind == "answer"}
        injected = {entry.id for entry in entries if entry.kind == "inject"}
        taken = {e.data.get("request"): e.data for e in entries if e.kind == "checkpoint"}
        intent, claim = self._context.state.intent, self._context.state.unproven_rewind
        for request, path in claimed:
            if claim is not None and claim.request == request.id:
                continue
            if request.id in answered:
                inbox.remove_request(path)
            elif request.verb == "inject" and _message_id(request) in injected:
                self.answer(request.id, True, "queued", _message_id(request))
            elif request.id in taken:
                found = taken[request.id]
                self.answer(request.id, True, f"checkpoint {found.get('checkpoint')}", found)
            elif intent is None or intent.request != request.id:
                self._execute(request, resumed=True, journalled=request.id in known)

    def handle_new(self) -> None:
        """Executes what arrived since the last round."""
        for request, _ in self._read(inbox.claim_requests):
            self._execute(request)

    def _read(
        self, read: Callable[..., list[tuple[RunnerRequest, Path]]]
    ) -> list[tuple[RunnerRequest, Path]]:
        """The requests that count; what is none is noted and gone."""
        folder = self._context.folder
        # A run cannot be asked before it is made; where the clock was set back, no time tells.
        made_at = modified_at(folder.facts)
        since = made_at - _CLOCK_TICK_S if made_at <= time.time() else 0.0
        try:
            return read(folder.inbox, since, self._note_refused)
        except (OvernightError, OSError) as error:
            self._context.log_line(f"Inbox: {error}", "ERROR")
            return []

    def _note_refused(self, name: str, reason: str) -> None:
        text = f"{clean_line(name, 80)} in the inbox was not executed: {reason}"
        self._context.journal_entry("note", {"text": text})
        self._context.log_line(text, "WARNING")

    def _execute(
        self, request: RunnerRequest, *, resumed: bool = False, journalled: bool = False
    ) -> None:
        if not journalled:
            data = {"verb": request.verb, "arguments": request.arguments, "by": request.by}
            self._context.journal_entry("request", data, id=request.id)
            if request.by in _PEOPLE:
                self._note_person(request)
        try:
            text = self._perform(request, resumed)
        except (OvernightError, ValueError, TypeError) as error:
            self.answer(request.id, False, str(error) or "the request makes no sense")
            return
        if text is not None:
            result = _message_id(request) if request.verb == "inject" else None
            self.answer(request.id, True, text, result)

    def _note_person(self, request: RunnerRequest) -> None:
        """While a person acts, nothing is done about a stall by itself; what they change begins it anew."""
        state = self._context.state
        state.person_acted = state.elapsed
        if request.verb in _CHANGES_COURSE:
            state.troubles = []
        self._context.save()

    def answer(self, id: str, ok: bool, text: str, result: object = None) -> None:
        """Answers a request and removes it from the inbox; an empty id is no request."""
        if id:
            data = {"ok": ok, "text": text, "result": result}
            self._context.journal_entry("answer", data, id=id)
            inbox.remove_request(self._context.folder.inbox / f"{id}.json.claimed")

    def refuse_remaining(self, reason: str) -> None:
        """Answers whatever still waits with the reason why nothing is executed any more."""
        # In this order: a request that was claimed just now would be among those reclaimed.
        for read in (inbox.claim_requests, inbox.list_claimed):
            for request, _ in self._read(read):
                self.answer(request.id, False, reason)

    # --- executing ---

    def _perform(self, request: RunnerRequest, resumed: bool) -> str | None:
        """Does what is asked; the text of the answer, or None when that comes later."""
        arguments = request.arguments
        match request.verb:
            case "checkpoint":
                label, why = str(arguments.get("label") or ""), str(arguments.get("why") or "key")
                order = self._checkpoints.request
                order(label[:200], why[:40], request.id, request.by, resumed=resumed)
                return None
            case "inject":
                return self._inject(request)
            case "withdraw":
                return self._withdrawals.begin(request.id, str(arguments.get("id") or ""))
            case "interrupt":
                return self._interrupt(request)
            case "stop":
                return self._end_agent(request, StopKind.STOP, bool(arguments.get("note", True)))
            case "kill":
                return self._end_agent(request, StopKind.KILL, note=False)
            case "pause_limits":
                return self._pause_limits(arguments, request.by)
            case "rewind" | "undo":
                self._rewind(request)
                return None
            case _:
                raise ValueError(f"the runner knows no {request.verb!r}")

    def _inject(self, request: RunnerRequest) -> str:
        text, mode = request.arguments.get("text"), str(request.arguments.get("mode") or "soft")
        if mode not in ("soft", "hard", "step-back"):
            raise ValueError(f"a message is soft, hard or step-back, not {mode!r}")
        if mode == "step-back" and not text:
            template = self._context.settings.stalls.step_back
            text = step_back_text(template, self._reader.snapshot())
        if not isinstance(text, str) or not text.strip():
            raise ValueError("there is nothing to say in that message")
        if len(text) > _MAX_TEXT:
            raise ValueError("the message is longer than 4 million characters")
        if self._machine.phase.is_ending:
            raise ValueError("the session is being ended; the message was not sent")
        hard = mode == "hard" or bool(request.arguments.get("now"))
        name, by = _message_id(request), request.by
        self._messages.queue(text, hard=hard, inject=True, id=name, mode=mode, by=by)
        return "queued"

    def _interrupt(self, request: RunnerRequest) -> str:
        if not self._reader.turns.open:
            raise ValueError("no turn is open; there is nothing to interrupt")
        if self._context.state.handoff_message:
            self._messages.withdraw(self._context.state.handoff_message)
        if not self._messages.control("interrupt", f"interrupt-{request.id}"):
            raise ValueError("the agent does not listen")
        self._context.journal_entry("interrupt", {"by": "person", "reason": _reason(request)})
        self._context.log_line("Turn interrupted by a person")
        return "interrupted"

    def _end_agent(self, request: RunnerRequest, kind: StopKind, note: bool) -> str | None:
        context, machine, before = self._context, self._machine, self._context.state.intent
        if before is not None and before.kind == StopKind.KILL:
            return "it is being killed already"
        if machine.end is not None:
            raise ValueError(f"the run is over: {machine.end.reason}")
        if before is not None and before.request:
            self.answer(before.request, True, "a stronger request took its place")
        arguments, reason = dict(request.arguments), _reason(request)
        intent = StopIntent(kind, reason, "person", note, request.id, arguments)
        context.journal_entry(kind, {"by": "person", "reason": reason})
        context.log_line(f"{kind.title()} asked for by a person: {reason}", "WARNING")
        if machine.attempt is None or context.state.waits_for_launch:
            context.state.intent = intent
            end = end_for_intent(intent)
            machine.end_run(end, None, RunEvent.STOP_REQUESTED)
            return f"{end.reason}; no agent was running"
        machine.stop_agent(intent, RunEvent.STOP_REQUESTED, "ended by a person")
        return None

    def _pause_limits(self, arguments: Mapping[str, Any], by: Requester) -> str:
        state, now = self._context.state, self._context.clock.wall()
        minutes, until = arguments.get("minutes"), arguments.get("until")
        if arguments.get("off"):
            state.limits_paused_until = None
            self._context.journal_entry("limits_resumed", {"until": None, "by": by})
            return "limits are in force again"
        if isinstance(minutes, int | float) and minutes > 0:
            until = now + 60 * minutes
        if not isinstance(until, int | float) or until <= now:
            raise ValueError("say for how many minutes the limits are to be paused")
        state.limits_paused_until = float(until)
        self._context.save()
        data = {"until": state.limits_paused_until, "by": by}
        self._context.journal_entry("limits_paused", data)
        return "limits are paused"

    def _rewind(self, request: RunnerRequest) -> None:
        if self._machine.phase.is_ending:
            raise ValueError("the session is being ended; nothing was rewound")
        if self._machine.attempt is None:
            raise ValueError("no agent was started yet; there is nothing to rewind")
        self._rewinder.check(request.verb, request.arguments)
        arguments = {**request.arguments, "verb": request.verb, "by": request.by}
        intent = StopIntent(StopKind.REWIND, request.verb, "person", False, request.id, arguments)
        self._machine.stop_agent(intent, RunEvent.REWIND_REQUESTED, "a rewind was asked for")

    def execute_rewind(self, intent: StopIntent) -> None:
        """Rewinds, now that the agent is gone, and launches the attempt that goes on from there."""
        self._machine.begin_rewind()
        verb, state = str(intent.arguments.get("verb")), self._context.state
        resume = state.resumable_session
        try:
            done = self._rewinder.execute(verb, intent.arguments, state.session_before_rewind)
        except Exception as error:
            # A fault of ours too: raised on, it would end each supervisor that takes the run over.
            why = str(error) if isinstance(error, OvernightError) else report_crash(error)
            self.answer(intent.request, False, why)
            why = f"a {verb} was refused: {why}"
            prompt = prompts.resume_prompt(self._context.settings, why)
            step = NextAttempt("rewind", prompt, resume=resume)
        else:
            by = intent.arguments.get("by")  # none in a request that an older supervisor took
            self._context.journal_entry(verb, {**done.entry, **({"by": by} if by else {})})
            state.session_before_rewind = resume if done.moves and verb == "rewind" else ""
            if done.entry.get("mode") != "conversation":
                state.best_done = state.continuations = 0  # tasks that were done may be open again
            step = self._step_after(done, resume)
            if intent.arguments.get("text"):
                step = structs.replace(step, asked_by=Requester(str(by or Requester.COMMAND)))
            self._claim(intent.request, done, step)
        self._machine.launch(step, RunEvent.REWIND_DONE)

    def _step_after(self, done: RewindOutcome, resume: str) -> NextAttempt:
        """The attempt that goes on from where a rewind led."""
        context, state = self._context, self._context.state
        if not done.fresh:
            # A fork leaves the old conversation whole, so that the rewind can itself be undone.
            fork = bool(done.resume_at)
            new = str(uuid.uuid4()) if fork else ""
            goes_on = done.resume or resume
            return NextAttempt("rewind", done.prompt, goes_on, done.resume_at, fork, session=new)
        state.resumable_session = ""
        goal = context.facts.goal
        step = first_attempt(goal, context.settings)
        if not done.first or done.entry.get("mode") == "conversation":
            why = "a person has gone back to where this one begins"
            step = NextAttempt("rewind", prompts.fresh_session_prompt(goal, context.settings, why))
        prompt = f"{step.prompt}\n\n{done.prompt}".strip()
        return structs.replace(step, why="rewind", prompt=prompt, session=str(uuid.uuid4()))

    def _claim(self, request: str, done: RewindOutcome, step: NextAttempt) -> None:
        """Answers a rewind of files at once, one of the conversation when the agent has shown it."""
        state = self._context.state
        if not done.moves:
            self.answer(request, True, done.text, done.entry)
            return
        state.unproven_rewind = UnprovenRewind(
            request,
            done.text,
            step.session or step.resume,
            step.resume,
            step.resume_at,
            state.elapsed,
            done.entry,
        )

    def follow_up(self) -> None:
        """Answers requests whose outcome the agent has shown since."""
        self._withdrawals.follow(self.answer)
        self._confirm_rewind()

    def _confirm_rewind(self) -> None:
        """Answers a rewind of the conversation once the agent has shown that it was done, or was not."""
        claim, turns = self._context.state.unproven_rewind, self._reader.turns
        if claim is None:
            return
        now = time.monotonic()
        self._shown_at = min(self._shown_at, now) if turns.started else math.inf
        proof = prove(self._context, turns, claim, max(0.0, now - self._shown_at))
        if proof is None:
            return
        self._context.state.unproven_rewind = None
        text = f"{claim.text}; {proof.text}"
        if not proof.ok:
            what = "the conversation was not rewound"
            files = "; the files were" if claim.entry.get("mode") == "both" else ""
            text = f"{what}: {proof.text}{files}"
            self._context.journal_entry("note", {"text": text})
        self.answer(claim.request, proof.ok, text, claim.entry)
        self._context.save()


def _message_id(request: RunnerRequest) -> str:
    # The same request is always the same message, however often a supervisor executes it.
    return str(uuid.uuid5(_MESSAGE_NAMESPACE, request.id))


def _reason(request: RunnerRequest) -> str:
    return str(request.arguments.get("reason") or "asked for")[:300]
