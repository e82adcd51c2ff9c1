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
    STUCK = auto()


class Transition(NamedTuple):
    """From any of `phases`, `event` may lead to `next`."""

    phases: tuple[RunPhase, ...]
    event: RunEvent
    next: RunPhase


_P, _E, _T = RunPhase, RunEvent, Transition
_AT_WORK = (_P.LAUNCHING, _P.WORKING, _P.HELD, _P.BASELINE)
_ACTIVE = (*_AT_WORK, _P.WAITING)
_STORED = (*_ACTIVE, _P.STOPPING, _P.REWINDING)
_TURN = (_P.WORKING, _P.BASELINE)
_BEFORE = (_P.LAUNCHING, _P.BASELINE)

# fmt: off
TRANSITIONS: Final = (
    # from             event                 to              when, and what happens
    _T((_P.LAUNCHING,), _E.STARTED,          _P.LAUNCHING),  # the first attempt
    _T(_BEFORE,         _E.STARTED,          _P.BASELINE),   # no agent before they pass
    _T((_P.BASELINE,),  _E.TESTS_ENDED,      _P.LAUNCHING),  # they pass: the first attempt
    _T((_P.BASELINE,),  _E.TESTS_ENDED,      _P.ENDED),      # they fail, and no agent runs
    _T(_STORED,         _E.ADOPTED,          _P.LAUNCHING),  # the ordered attempt never started
    _T((_P.LAUNCHING,), _E.AGENT_RUNS,       _P.WORKING),    # journal: segment_started
    _T((_P.LAUNCHING,), _E.START_FAILED,     _P.WAITING),    # the machine is short of something
    _T(_TURN,           _E.TURN_ENDED,       _P.BASELINE),   # the plan is made, tests configured
    _T((_P.BASELINE,),  _E.TESTS_ENDED,      _P.STOPPING),   # handoff if they pass, else an end
    _T(_TURN,           _E.TURN_ENDED,       _P.STOPPING),   # an end, or a handoff
    _T(_TURN,           _E.TURN_ENDED,       _P.WORKING),    # tasks are open: continuation prompt
    _T(_TURN,           _E.TURN_ENDED,       _P.HELD),       # interrupted: wait for a message
    _T(_TURN,           _E.TURN_ENDED,       _P.WAITING),    # a limit, an overload or a crash
    _T((_P.HELD,),      _E.MESSAGE_QUEUED,   _P.WORKING),    # deliver it
    _T((_P.WAITING,),   _E.WAIT_OVER,        _P.WORKING),    # the agent lives: after-wait prompt
    _T((_P.WAITING,),   _E.TURN_OPENED,      _P.WORKING),    # the agent went on by itself
    _T((_P.WAITING,),   _E.WAIT_OVER,        _P.LAUNCHING),  # no agent: resume, or start fresh
    _T(_ACTIVE,         _E.PROCESS_ENDED,    _P.BASELINE),   # as after a turn, without an agent:
    _T(_ACTIVE,         _E.PROCESS_ENDED,    _P.LAUNCHING),  # a prompt becomes a launch,
    _T(_ACTIVE,         _E.PROCESS_ENDED,    _P.WAITING),    # a wait has an attempt behind it,
    _T(_ACTIVE,         _E.PROCESS_ENDED,    _P.ENDED),      # and an end needs no escalation
    _T(_ACTIVE,         _E.LIMIT_REACHED,    _P.STOPPING),   # with an agent: checkpoint, note
    _T(_ACTIVE,         _E.LIMIT_REACHED,    _P.ENDED),      # without one
    _T(_STORED,         _E.STOP_REQUESTED,   _P.STOPPING),   # a stronger request replaces a weaker
    _T(_STORED,         _E.STOP_REQUESTED,   _P.ENDED),      # no agent
    _T(_ACTIVE,         _E.REWIND_REQUESTED, _P.STOPPING),   # checkpoint first
    _T((_P.STOPPING,),  _E.PROCESS_ENDED,    _P.REWINDING),  # files and conversation
    _T((_P.REWINDING,), _E.PROCESS_ENDED,    _P.REWINDING),  # a killed supervisor left it half-way
    _T((_P.REWINDING,), _E.REWIND_DONE,      _P.LAUNCHING),  # done or refused
    _T((_P.STOPPING,),  _E.PROCESS_ENDED,    _P.LAUNCHING),  # handoff: a fresh session
    _T((_P.STOPPING,),  _E.PROCESS_ENDED,    _P.ENDED),      # the end that was decided
    _T(_AT_WORK,        _E.HANDOFF_OVERDUE,  _P.STOPPING),   # no handoff note in time
    _T((_P.WORKING,),   _E.STUCK,            _P.STOPPING),   # nothing helped: checkpoint, note
)
# fmt: on
_ALLOWED: Final = {(phase, row.event, row.next) for row in TRANSITIONS for phase in row.phases}


class TransitionError(Exception):
    """A transition that the table does not have: a fault of this program."""


def check_transition(phase: RunPhase, event: RunEvent, following: RunPhase) -> None:
    """Raises TransitionError unless the table lets `event` lead from `phase` to `following`."""
    if (phase, event, following) not in _ALLOWED:
        raise TransitionError(f"{phase} does not become {following} when {event}")
