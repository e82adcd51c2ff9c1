"""The phases of a run: which event may lead from which phase to which."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Final, NamedTuple

from tui.model.state import RunPhase


class RunEvent(StrEnum):
    """What can change the phase of a run."""

    STARTED = auto()
    ADOPTED = auto()
    AGENT_RUNS = auto()
    START_FAILED = auto()
    TURN_ENDED = auto()
    TURN_OPENED = auto()
    TESTS_ENDED = auto()
    MESSAGE_QUEUED = auto()
    WAIT_OVER = auto()
    PROCESS_ENDED = auto()
    LIMIT_REACHED = auto()
    STOP_REQUESTED = auto()
    REWIND_REQUESTED = auto()
    REWIND_DONE = auto()
    HANDOFF_OVERDUE = auto()


class Transition(NamedTuple):
    """From any of `phases`, `event` may lead to any of `next`; the decision says to which."""

    phases: tuple[RunPhase, ...]
    event: RunEvent
    next: tuple[RunPhase, ...]


_P, _E = RunPhase, RunEvent
_AGENT_AT_WORK = (_P.LAUNCHING, _P.WORKING, _P.HELD, _P.BASELINE)
_ACTIVE = (*_AGENT_AT_WORK, _P.WAITING)

TRANSITIONS: Final = (
    Transition((_P.LAUNCHING,), _E.STARTED, (_P.LAUNCHING,)),
    Transition((*_ACTIVE, _P.STOPPING, _P.REWINDING), _E.ADOPTED, (_P.LAUNCHING,)),
    Transition((_P.LAUNCHING,), _E.AGENT_RUNS, (_P.WORKING,)),
    Transition((_P.LAUNCHING,), _E.START_FAILED, (_P.WAITING,)),
    # A turn that went well: to the tests of the plan, on with the work, or to an end.
    # Another one: held for a person, waiting for a limit or a restart, or to an end.
    Transition(
        (_P.WORKING, _P.BASELINE),
        _E.TURN_ENDED,
        (_P.BASELINE, _P.WORKING, _P.STOPPING, _P.HELD, _P.WAITING),
    ),
    Transition((_P.BASELINE,), _E.TESTS_ENDED, (_P.STOPPING,)),
    Transition((_P.HELD,), _E.MESSAGE_QUEUED, (_P.WORKING,)),
    Transition((_P.WAITING,), _E.WAIT_OVER, (_P.WORKING, _P.LAUNCHING)),
    Transition((_P.WAITING,), _E.TURN_OPENED, (_P.WORKING,)),
    # The same decisions without an agent: a prompt becomes a launch, an end is there at once.
    Transition(_ACTIVE, _E.PROCESS_ENDED, (_P.BASELINE, _P.LAUNCHING, _P.WAITING, _P.ENDED)),
    Transition((_P.STOPPING,), _E.PROCESS_ENDED, (_P.REWINDING, _P.LAUNCHING, _P.ENDED)),
    # A supervisor that was killed in the middle of a rewind leaves this phase behind.
    Transition((_P.REWINDING,), _E.PROCESS_ENDED, (_P.REWINDING,)),
    Transition((_P.REWINDING,), _E.REWIND_DONE, (_P.LAUNCHING,)),
    Transition(_ACTIVE, _E.LIMIT_REACHED, (_P.STOPPING, _P.ENDED)),
    Transition((*_ACTIVE, _P.STOPPING, _P.REWINDING), _E.STOP_REQUESTED, (_P.STOPPING, _P.ENDED)),
    Transition(_ACTIVE, _E.REWIND_REQUESTED, (_P.STOPPING,)),
    Transition(_AGENT_AT_WORK, _E.HANDOFF_OVERDUE, (_P.STOPPING,)),
)
_ALLOWED: Final = {
    (phase, row.event): frozenset(row.next) for row in TRANSITIONS for phase in row.phases
}


class TransitionError(Exception):
    """A transition that the table does not have: a fault of this program."""


def check_transition(phase: RunPhase, event: RunEvent, following: RunPhase) -> None:
    """Raises TransitionError unless the table lets `event` lead from `phase` to `following`."""
    if following not in _ALLOWED.get((phase, event), ()):
        raise TransitionError(f"{phase} does not become {following} when {event}")
