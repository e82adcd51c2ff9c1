"""What the supervisor does by itself about a stall: it notifies, and where that is asked for, it steps in.

A session that circles gets at most two step backs, then a checkpoint and an interrupt, then an end with its
state saved; each only where the settings allow it, at the level it needs, and once in a trouble. Between
two steps the agent must have read the last one and gone on as before. All of it is in the run's state,
so that no step is taken twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tui.control.wording import step_back_text
from tui.model.interventions import Injection
from tui.model.labels import DETECTORS, describe_effect
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, Stall
from tui.model.state import (
    EndKind,
    HelpStep,
    NotifyKind,
    RunPhase,
    SessionState,
    StallKind,
    StallLevel,
    StopKind,
)
from tui.night.stuck.similarity import is_infrastructure_error
from tui.runner.agent.messages import MessageSender
from tui.runner.checkpoints import CheckpointSchedule
from tui.runner.machine import RunMachine
from tui.runner.run_context import RunContext
from tui.runner.run_state import StopIntent, TroubleHelp
from tui.runner.transitions import RunEvent
from tui.store.journal import read_entries
from tui.store.ledgers.stall_feedback import StallFeedback

STEPS: Final = (HelpStep.STEP_BACK, HelpStep.STEP_BACK, HelpStep.INTERRUPT, HelpStep.END)
ALLOWED: Final[Mapping[str, int]] = {"notice": 0, "nudge": 2, "interrupt": 3, "end": 4}
"""How many of the steps each word of `stalls.loop_action` allows."""
PERSON_SECONDS: Final = 300.0
"""So long after a request of a person nothing is done by itself."""
_MORE_ROUNDS = 3
"""So many rounds after a step show that it did not help: as many as make a notice."""
_MOST_TROUBLES = 16
_MOST_PATTERNS = 8
_CIRCLING = "circling"
_CHECKPOINT = "before interrupt"
_RECORDED = ("interrupt", "stall_step")
_Ready = Literal["", "asked", "taken", "failed"]


def next_step(action: str, taken: list[HelpStep]) -> HelpStep | None:
    """What follows the steps that were taken in a trouble; None where nothing is left to be done."""
    if taken and taken[-1] in (HelpStep.END, HelpStep.NEEDS_PERSON):
        return None
    return STEPS[len(taken)] if len(taken) < ALLOWED[action] else HelpStep.NEEDS_PERSON


def level_for(step: HelpStep) -> StallLevel:
    """The level at which a step is taken."""
    return StallLevel.SUSPECTED if step == HelpStep.STEP_BACK else StallLevel.STUCK


def _name(stall: Stall | None, before: str, at_rest: bool) -> str:
    """What stays the same as long as a stall lasts, also where another detector sees more of it.

    Between two turns a session does nothing, which ends no circling.
    """
    if stall is None:
        return before if at_rest and before.startswith(_CIRCLING) else ""
    if stall.level:
        return f"{_CIRCLING} {stall.noticed_at or stall.since:.0f}"
    return f"{stall.kind} {stall.since:.0f}"


def can_help(stall: Stall) -> bool:
    """Whether a message to the agent could end a trouble: neither a refusal nor what only time mends."""
    if stall.kind == StallKind.REFUSED or stall.waiting:
        return False
    if stall.kind != StallKind.SAME_ERROR:
        return True
    words = (stall.pattern, *(step.outcome for step in stall.steps))
    return not is_infrastructure_error("\n".join(words))


@dataclass
class StallResponse:
    """Journals when a stall begins and ends, notifies, and answers it as the settings say."""

    _context: RunContext
    _messages: MessageSender
    _machine: RunMachine
    _checkpoints: CheckpointSchedule
    _ready: _Ready = ""
    _checkpoint: str = ""
    _count: int = 0
    _detector: DetectorName | None = None
    _recorded: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        if any(help.planned for help in self._context.state.troubles):
            # A supervisor before this one may have been killed between a step and its entry.
            entries = read_entries(self._context.folder.journal)
            self._recorded = {(one.kind, one.id) for one in entries if one.kind in _RECORDED}
            for one in entries:
                if one.kind == "checkpoint" and one.data.get("why") == _CHECKPOINT:
                    self._checkpoint = str(one.data.get("checkpoint", ""))

    def update(self, snapshot: NightSnapshot) -> None:
        """Compares the stall of this snapshot with that of the last one."""
        stall = None if snapshot.is_over else snapshot.stall
        state = self._context.state
        at_rest = snapshot.activity.state == SessionState.WAITING_INPUT and not snapshot.is_over
        name = _name(stall, state.stall, at_rest)
        if name != state.stall:
            self.end_stall()
            state.stall, state.stall_kind = name, None if stall is None else stall.kind
            self._context.save()
            if stall is not None:
                self._on_stall_began(stall)
        self._count = self._count if stall is None else stall.count
        if stall is not None and stall.detector not in (None, self._detector):
            self._detector = stall.detector
            at, shown = self._context.clock.wall(), StallFeedback(self._context.project)
            shown.note_shown(self._context.folder.id, stall, at)
        circling = stall if stall is not None and stall.level else None
        for help in state.troubles:
            self._follow(help, circling, snapshot)
            if circling is None:
                self._drop_plan(help)
        if circling is not None:
            self._answer(circling, snapshot)

    def end_stall(self) -> None:
        """Journals the end of the current stall, if there is one."""
        state = self._context.state
        if name := state.stall_kind or state.stall:
            counted = {"count": self._count} if self._count else {}
            self._context.journal_entry("stall_over", {"stall": name, **counted})
            state.stall, state.stall_kind, state.stall_level_answered = "", None, 0
            self._count, self._detector = 0, None

    def _on_stall_began(self, stall: Stall) -> None:
        data = {"stall": stall.kind, "since": stall.since, "evidence": list(stall.evidence)}
        if stall.detector is not None:
            data |= {"detector": stall.detector, "level": stall.level, "count": stall.count}
            data["pattern"] = stall.pattern
        self._context.journal_entry("stall", data)
        text = _evidence(stall)
        if stall.waiting:
            self._context.log_line(f"Waiting: {text}")
            return
        self._context.log_line(f"Process Health check failed: {stall.kind}: {text}", "WARNING")
        if not stall.level:
            self._context.notify(NotifyKind.STALL, f"{stall.kind}: {text}")

    # --- what was done before ---

    def _help_for(self, stall: Stall) -> TroubleHelp:
        """What was done about this trouble: the same pattern, or no progress since the last step."""
        troubles, pattern = self._context.state.troubles, f"{stall.detector} {stall.pattern}"[:200]
        known = next((help for help in troubles if pattern in help.patterns), None)
        if known is not None:
            return known
        last = troubles[-1] if troubles else None
        if last is not None and last.steps and _goes_on(last, stall):
            last.patterns = [*last.patterns, pattern][-_MOST_PATTERNS:]
            return last
        help = TroubleHelp(f"{pattern} {stall.since:.0f}", [pattern])
        troubles.append(help)
        del troubles[:-_MOST_TROUBLES]
        return help

    def _follow(self, help: TroubleHelp, stall: Stall | None, snapshot: NightSnapshot) -> None:
        """Ends what an earlier supervisor left half done, and notes when the last message was read."""
        planned, name = help.planned, self._message_of(help, len(help.steps))
        if planned is not None and self._is_done(planned, name, snapshot):
            self._record(help, planned, name, stall, "", snapshot)
        if help.reached or not help.steps:
            return
        message = _injection(snapshot, self._message_of(help, len(help.steps) - 1))
        if message is not None and message.state != "queued":
            help.reached, help.count = True, 0 if stall is None else stall.count
            help.at = snapshot.now if message.moved_at is None else message.moved_at
            self._context.save()

    def _is_done(self, step: HelpStep, name: str, snapshot: NightSnapshot) -> bool:
        """Whether a planned step was taken, though nothing says so yet; its message is journalled then."""
        if step == HelpStep.END:
            intent = self._context.state.intent
            return intent is not None and intent.kind == StopKind.NEEDS_PERSON
        if _injection(snapshot, name) is not None:
            return True
        waiting = [one for one in self._context.state.outgoing if one.id == name]
        for message in waiting:  # queued, and not in the journal yet
            self._messages.queue(message.text, inject=True, id=name, mode="step-back")
        return bool(waiting)

    def _message_of(self, help: TroubleHelp, number: int) -> str:
        """The id of the message of a step: the same in every supervisor, so that it is sent once."""
        name = f"{self._context.folder.path} {help.name} {number}"
        return str(uuid.uuid5(uuid.NAMESPACE_OID, name))

    # --- what is done now ---

    def _answer(self, stall: Stall, snapshot: NightSnapshot) -> None:
        help = self._help_for(stall)
        if stall.waiting or self._is_person_at_it():
            self._drop_plan(help)
            return
        step = self._due_step(help, stall)
        if step is None:
            self._drop_plan(help)
            self._notify_level(help, stall)
        elif step == HelpStep.NEEDS_PERSON:
            self._call_person(help, stall, snapshot)
        elif self._is_free():
            self._take(help, step, stall, snapshot)

    def _due_step(self, help: TroubleHelp, stall: Stall) -> HelpStep | None:
        """The step that is to be taken now, if one is."""
        step = next_step(self._context.settings.stalls.loop_action, help.steps)
        if step is None:
            return None
        if not can_help(stall):
            step, needed = HelpStep.NEEDS_PERSON, StallLevel.SUSPECTED
        else:
            needed = level_for(step)
        if stall.level.rank < needed.rank or not help.reached:
            return None
        went_on = stall.since > help.at or stall.count >= help.count + _MORE_ROUNDS
        return step if went_on or not help.steps else None

    def _is_person_at_it(self) -> bool:
        """Whether a person acts: a request of theirs just now, the turn held, the limits paused."""
        state = self._context.state
        acted = state.person_acted
        lately = acted is not None and state.elapsed - acted < PERSON_SECONDS
        return lately or state.phase == RunPhase.HELD or state.limits_paused_until is not None

    def _is_free(self) -> bool:
        """Whether the agent is at work and nothing else is on its way to it."""
        state = self._context.state
        return state.phase == RunPhase.WORKING and not state.outgoing and not state.handoff_message

    def _take(
        self, help: TroubleHelp, step: HelpStep, stall: Stall, snapshot: NightSnapshot
    ) -> None:
        name = self._message_of(help, len(help.steps))
        self._plan(help, step)
        if step == HelpStep.END:
            reason = f"needs you: it is stuck: {_evidence(stall)}"
            intent = StopIntent(
                StopKind.NEEDS_PERSON, reason[:500], note=True, end=EndKind.NEEDS_PERSON
            )
            self._machine.stop_agent(intent, RunEvent.STUCK)
        elif step == HelpStep.STEP_BACK:
            self._send(name, snapshot)
        elif not self._has_checkpoint():
            if self._ready == "failed":
                self._call_person(help, stall, snapshot, f"no checkpoint: {self._checkpoint}")
            return
        else:
            # The message waits already, so that a turn that was interrupted is followed by another.
            self._send(name, snapshot)
            if self._messages.interrupt(name):
                why = _reason(stall, "")
                self._journal_once("interrupt", {"by": "supervisor", "reason": why}, name)
        self._record(help, step, name, stall, "", snapshot)

    def _has_checkpoint(self) -> bool:
        """Whether the checkpoint before an interrupt was taken and verified; asks for it once."""
        if not self._ready:
            self._ready = "asked"
            self._checkpoints.request(_CHECKPOINT, _CHECKPOINT, then=self._on_checkpoint)
        return self._ready == "taken"

    def _on_checkpoint(self, name: str, reason: str) -> None:
        self._ready, self._checkpoint = ("taken", name) if name else ("failed", reason)

    def _send(self, name: str, snapshot: NightSnapshot) -> None:
        text = step_back_text(self._context.settings.stalls.step_back, snapshot)
        self._messages.queue(text, inject=True, id=name, mode="step-back")

    def _plan(self, help: TroubleHelp, step: HelpStep) -> None:
        """Saves what will be done next, so that a new supervisor knows that it may be done already."""
        if help.planned != step:
            help.planned, self._ready = step, ""
            self._context.save()

    def _drop_plan(self, help: TroubleHelp) -> None:
        """What was decided on and not begun is no longer to be done."""
        if help.planned is not None:
            help.planned, self._ready = None, ""
            self._context.save()

    # --- what is said of it ---

    def _record(
        self,
        help: TroubleHelp,
        step: HelpStep,
        name: str,
        stall: Stall | None,
        why: str,
        snapshot: NightSnapshot,
    ) -> None:
        """A step was taken: journal, log, people, and the state that keeps it from being repeated."""
        context, number = self._context, help.steps.count(step) + 1
        reason = "; ".join(filter(None, (why, _reason(stall, self._last_effect(help, snapshot)))))
        data: dict[str, object] = {"step": step, "number": number, "reason": reason}
        if stall is not None:
            data |= {"detector": stall.detector, "level": stall.level, "count": stall.count}
        if step == HelpStep.INTERRUPT:
            data["checkpoint"] = self._checkpoint
        self._journal_once("stall_step", data, name)
        help.steps.append(step)
        help.at, help.count = snapshot.now, 0 if stall is None else stall.count
        help.planned, self._ready = None, ""
        help.reached = step not in (HelpStep.STEP_BACK, HelpStep.INTERRUPT)
        if stall is not None:
            help.notified = max(help.notified, stall.level.rank)
            context.state.stall_level_answered = stall.level.rank
        context.save()
        context.log_line(f"{_LOGGED[step]}: {reason}", "WARNING")
        needs_person = step == HelpStep.NEEDS_PERSON
        kind = NotifyKind.NEEDS_YOU if needs_person else NotifyKind.STALL
        if step != HelpStep.END:  # the end of the run is notified by itself
            context.notify(kind, f"{_LOGGED[step]}: {reason}; {_keys(stall)}")

    def _journal_once(self, kind: str, data: Mapping[str, object], name: str) -> None:
        if (kind, name) not in self._recorded:
            self._context.journal_entry(kind, data, id=name)

    def _call_person(
        self, help: TroubleHelp, stall: Stall, snapshot: NightSnapshot, why: str = ""
    ) -> None:
        self._plan(help, HelpStep.NEEDS_PERSON)
        name = self._message_of(help, len(help.steps))
        self._record(help, HelpStep.NEEDS_PERSON, name, stall, why, snapshot)

    def _notify_level(self, help: TroubleHelp, stall: Stall) -> None:
        """Notifies once of each level of a trouble."""
        if stall.level.rank > help.notified:
            help.notified = stall.level.rank
            self._context.save()
            text = f"{stall.level}: {_reason(stall, '')}; {_keys(stall)}"
            self._context.notify(NotifyKind.STALL, text)

    def _last_effect(self, help: TroubleHelp, snapshot: NightSnapshot) -> str:
        """What came after the step before, in words."""
        if not help.steps:
            return ""
        message = _injection(snapshot, self._message_of(help, len(help.steps) - 1))
        effect = None if message is None else message.effect
        return "" if effect is None else f"after the last step: {describe_effect(effect)}"


_LOGGED: Final[Mapping[HelpStep, str]] = {
    HelpStep.STEP_BACK: "Step-back sent",
    HelpStep.INTERRUPT: "Turn interrupted by the watchdog",
    HelpStep.END: "Ending it, as nothing helped",
    HelpStep.NEEDS_PERSON: "It needs you",
}


def _goes_on(help: TroubleHelp, stall: Stall) -> bool:
    """Whether a trouble began before the last step, or there was no progress since."""
    waste = stall.waste
    no_progress = waste is not None and (waste.since is None or waste.since <= help.at)
    return stall.since <= help.at or no_progress


def _injection(snapshot: NightSnapshot, name: str) -> Injection | None:
    found = snapshot.interventions.injections
    return next((one for one in reversed(found) if one.id == name), None)


def _evidence(stall: Stall) -> str:
    return "; ".join(stall.evidence[:2])


def _reason(stall: Stall | None, effect: str) -> str:
    """Which detector says so, and on what evidence."""
    if stall is None:
        return effect
    title = DETECTORS[stall.detector].title if stall.detector is not None else str(stall.kind)
    return "; ".join(filter(None, (f"{title}: {_evidence(stall)}", effect)))


def _keys(stall: Stall | None) -> str:
    """What a person can do, and by which key."""
    if stall is not None and stall.kind == StallKind.REFUSED:
        rule = f"allow {stall.rule}" if stall.rule else "allow it"
        return f"{rule} in permissions.allow, or answer it; press x for why"
    return "press s for help, x for why"
