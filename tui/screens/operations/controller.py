"""One place from key to operation; availability; receipts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from tui.control.operations import Operations
from tui.model.snapshot import NightSnapshot
from tui.screens.operations.background import BackgroundTasks, Report, error_text
from tui.system.errors import OvernightError
from tui.system.format import shorten_line
from widgets.output_guard import show_toast

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.foreign_session import Reachability
    from tui.model.interventions import Injection
    from tui.model.session import AgentProcess
    from tui.monitor.monitor import SessionMonitor
    from tui.screens.operations.session_flow import SessionFlow

_LOOK_EVERY_S = 3.0
_NEWEST = 50
_TOAST_S = 10.0


class OperationStarter(Protocol):
    """What a page with operation keys starts them with."""

    def unavailable_reason(self, name: str) -> str:
        """Empty when the operation can run now; otherwise a sentence."""

    def start(self, name: str) -> None:
        """Runs the operation, or says why it cannot run now."""


class OperationKeys:
    """The Textual action behind every operation key; mixed into the pages that have such keys."""

    @property
    def controller(self) -> OperationStarter:
        raise NotImplementedError

    def unavailable_reason(self, operation: str) -> str:
        return self.controller.unavailable_reason(operation)

    def action_operation(self, name: str) -> None:
        self.controller.start(name)


@dataclass(eq=False)
class ReachabilityWatcher:
    """Knows by which channels a foreign session can be reached, and looks again in a thread.

    `newest` is None before the first look.
    """

    operations: Callable[[], Operations]
    background: BackgroundTasks
    newest: Reachability | None = None
    _process: tuple[int, float] | None = None
    _next_look: float = 0.0
    _is_looking: bool = False

    def update(self, agent: AgentProcess) -> Reachability | None:
        """What is known of this agent; looks again when that is due."""
        process = (agent.pid, agent.created)
        if process != self._process:
            self._process, self.newest, self._next_look = process, None, 0.0
        if not self._is_looking and time.monotonic() >= self._next_look:
            self._is_looking = True
            self._look(agent, process)
        return self.newest

    def expire(self) -> None:
        """Something changed: looks again at the next occasion."""
        self._next_look = 0.0

    def _look(self, agent: AgentProcess, process: tuple[int, float]) -> None:
        operations = self.operations()

        def look() -> Reachability:
            from tui.control.foreign_session import Reachability, find_reachability

            try:
                return find_reachability(operations.project, agent)
            except Exception as error:
                return Reachability(agent.session, why_not=error_text(error))

        def found(reachability: Reachability) -> None:
            if process == self._process:  # another session may be watched meanwhile
                self.newest = reachability
            self._next_look = time.monotonic() + _LOOK_EVERY_S
            self._is_looking = False

        self.background.run("reachability", look, found)


@dataclass(eq=False)
class DeliveryToasts:
    """Compares the injections of each snapshot with the one before; what is new becomes a toast.

    `on_seen` is called once for each injection that the model has answered, with what the session
    is at.
    """

    app: App[Any]
    on_seen: Callable[[Injection, str], None]
    _reported: dict[str, tuple[str, str]] | None = None
    """The state of each by its id, and what the session was at when it came."""

    def update(self, snapshot: NightSnapshot) -> None:
        """Shows what is new; what the first snapshot holds is no news."""
        activity = snapshot.activity_text
        is_first = self._reported is None
        reported = self._reported = self._reported or {}
        for injection in snapshot.interventions.injections[-_NEWEST:]:
            state, before = reported.get(injection.id, ("", activity))
            if not is_first and state != injection.state:
                self._show(injection, before, activity)
            reported[injection.id] = injection.state, before

    def _show(self, injection: Injection, activity_before: str, activity: str) -> None:
        quoted = f"“{shorten_line(injection.text, 50)}”"
        if injection.state == "seen":
            self.on_seen(injection, activity)
            news = f"{quoted} was read by the model.\nBefore: {activity_before}\nNow: {activity}"
        elif injection.state == "failed":
            news = f"{quoted} was not read" + (f": {injection.detail}" if injection.detail else "")
        else:
            return
        show_toast(self.app, news, "", "information", _TOAST_S)


class OperationController:
    """Starts the operations of the main screen, or says why one cannot run now.

    `operations` gives what can be done at the moment of a key, `monitor` what is known then. It looks
    for news after each operation, so that its journal entry is read soon.
    """

    def __init__(
        self, app: App[Any], operations: Callable[[], Operations], monitor: SessionMonitor
    ) -> None:
        self.background = BackgroundTasks(app, self._operation_ended)
        self.reachability = ReachabilityWatcher(operations, self.background)
        self._app = app
        self._operations = operations
        self._monitor = monitor
        self._toasts = DeliveryToasts(app, self._record_seen)
        self._has_looked = False

    def _snapshot(self) -> NightSnapshot | None:
        return self._monitor.night

    @cached_property
    def _session(self) -> SessionFlow:
        # The flows are imported with the first operation: the start needs none of their dialogs.
        from tui.screens.operations.session_flow import SessionFlow

        return SessionFlow(self._app, self._operations, self._snapshot, self.background)

    @cached_property
    def _flows(self) -> dict[str, Callable[[], None]]:
        from tui.screens.operations.rewind_flow import RewindFlow

        rewind, session = RewindFlow(self._app, self._operations, self.background), self._session
        return {
            "rewind": rewind.rewind,
            "undo": rewind.undo,
            "inject": lambda: session.inject(self._channels()),
            "step_back": self._help,
            "withdraw": session.withdraw,
            "kill": lambda: session.kill(self._channels()),
        }

    def unavailable_reason(self, name: str) -> str:
        """Empty when the operation can run now; otherwise a sentence."""
        operations = self._operations()
        return operations.availability(name, self._snapshot(), self.reachability.update).reason

    def start(self, name: str) -> None:
        """Starts the operation, says why it cannot run, or offers what would make it possible."""
        self._app.clear_notifications()  # they would lie over the dialog's choices
        reason = self.unavailable_reason(name)
        channels = self.reachability.newest
        if not reason:
            self._checkpoint() if name == "checkpoint" else self._flows[name]()
        elif name == "inject" and channels is not None and channels.hooks_missing:
            self._session.offer_hooks(channels, self.reachability.expire)
        else:
            show_toast(self._app, reason, severity="warning")

    def update(self, snapshot: NightSnapshot) -> None:
        """Shows how far messages came, from each new snapshot; at first also a rewind that waits."""
        self._toasts.update(snapshot)
        if not self._has_looked:
            self._has_looked = True
            self.background.run("interrupted rewind", self._find_interrupted, self._warn)

    def _find_interrupted(self) -> str:
        """What is to be said of an interrupted rewind; it is left as it is until somebody asks."""
        from tui.control.rewind.execute import recover_rewind

        try:
            waiting = recover_rewind(self._operations().work_tree, may_act=False)
        except OvernightError as error:
            return str(error)
        return f"{waiting.sentence}: r or u does it" if waiting is not None else ""

    def _warn(self, text: str) -> None:
        if text:
            show_toast(self._app, text, severity="warning")

    def _checkpoint(self) -> None:
        """Takes one at once; nothing is asked, as nothing is changed."""
        snapshot = self._snapshot()
        facts = snapshot.checkpoint_facts if snapshot is not None else {}

        def work(report: Report) -> str:
            from tui.control.rewind.execute import recover_rewind

            operations = self._operations()
            ended = recover_rewind(operations.work_tree, may_act=True)
            first = f"{ended.sentence}; " if ended is not None else ""
            return f"{first}{operations.checkpoint(facts).words}; r goes back to it"

        self.background.run_operation("taking a checkpoint", work)

    def _help(self) -> None:
        from tui.screens.operations.help_evidence import last_failures
        from tui.screens.operations.help_flow import HelpFlow

        flow = HelpFlow(
            self._app,
            self._operations,
            self._snapshot,
            self.background,
            self._session,
            self.reachability.update,
            lambda: last_failures(self._monitor.events),
        )
        flow.open(self.reachability.expire)

    def _channels(self) -> Reachability | None:
        """How to reach a foreign session; None for a run of ours."""
        return None if self._operations().has_run else self.reachability.newest

    def _operation_ended(self) -> None:
        self.reachability.expire()
        self._monitor.rediscover()

    def _record_seen(self, injection: Injection, activity: str) -> None:
        operations = self._operations()
        self.background.run(
            "seen", lambda: operations.record_seen(injection, activity), lambda _: None
        )
