"""One place from key to operation; availability; receipts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.control.operations import Operations
from tui.model.snapshot import NightSnapshot
from tui.screens.operations.background import DeedWork, Tell
from tui.screens.operations.message_flow import MessageFlow
from tui.screens.operations.rewind_flow import RewindFlow
from tui.screens.operations.stop_flow import StopFlow
from tui.system.errors import OvernightError
from tui.system.format import shorten_line
from widgets.output_guard import toast

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.foreign_session import Reachability
    from tui.model.interventions import Injection
    from tui.model.session import AgentProcess


EVERY_S = 3.0


class ReachabilityWatcher:
    """`now` is the newest look at the session's ways; None while nobody has looked yet."""

    def __init__(self, app: App[Any], deeds: Callable[[], Operations]) -> None:
        self._app = app
        self._deeds = deeds
        self._who: tuple[int, float] | None = None
        self._next = 0.0
        self._looking = False
        self.now: Reachability | None = None

    def look(self, agent: AgentProcess) -> Reachability | None:
        """What is known of this agent's ways; looks again in a thread when that is due."""
        who = (agent.pid, agent.created)
        if who != self._who:
            self._who, self.now, self._next = who, None, 0.0
        if not self._looking and time.monotonic() >= self._next:
            self._looking = True
            self._app.run_worker(lambda: self._find(agent, who), thread=True, group="reach")
        return self.now

    def forget(self) -> None:
        """Something changed: looks again at the next occasion."""
        self._next = 0.0

    def _find(self, agent: AgentProcess, who: tuple[int, float]) -> None:
        from tui.control.foreign_session import Reachability, find_reachability

        deeds = self._deeds()
        try:
            found = find_reachability(deeds.project, agent, deeds.settings_run_dir)
        except (OvernightError, OSError) as error:
            found = Reachability(agent.session, why_not=str(error))
        if who == self._who:
            self.now = found
        self._next = time.monotonic() + EVERY_S
        self._looking = False


_NEWEST = 50
_LONG_S = 10.0


class _KnownInjection(NamedTuple):
    state: str
    before: str


class DeliveryToasts:
    """Looks at the injections of each snapshot; news of one becomes a toast.

    `seen` is called with an injection and what the session was at, once for each that the model
    has answered.
    """

    def __init__(self, app: App[Any], seen: Callable[[Injection, str], None]) -> None:
        self._app = app
        self._seen = seen
        self._known: dict[str, _KnownInjection] = {}
        self._begun = False

    def look(self, night: NightSnapshot) -> None:
        """Tells what is new since the last look; what was there at the first is no news."""
        now = night.activity_text if night else ""
        for one in night.interventions.injections[-_NEWEST:]:
            known = self._known.get(one.id)
            before = known.before if known is not None else now
            if self._begun and (known is None or known.state != one.state):
                self._tell(one, before, now)
            self._known[one.id] = _KnownInjection(one.state, before)
        self._begun = True

    def _tell(self, one: Injection, before: str, now: str) -> None:
        words = f"“{shorten_line(one.text, 50)}”"
        if one.state == "seen":
            self._seen(one, now)
            self._say(f"{words} was read by the model.\nBefore: {before}\nNow: {now}")
        elif one.state == "failed":
            reason = f": {one.detail}" if one.detail else ""
            self._say(f"{words} was not read{reason}")

    def _say(self, words: str) -> None:
        toast(self._app, words, "", "information", _LONG_S)


class OperationController:
    """Carries out the deed keys of one screen; `why_not` says why a key cannot work now.

    `told` is called after each deed, so that its journal is looked at soon.
    """

    def __init__(
        self,
        app: App[Any],
        deeds: Callable[[], Operations],
        night: Callable[[], NightSnapshot | None],
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._app = app
        self._deeds = deeds
        self._night = night
        self._work = DeedWork(app, self._done)
        self._told = told
        self._reach = ReachabilityWatcher(app, deeds)
        self._receipts = DeliveryToasts(app, self._note_seen)
        self._going_back = RewindFlow(app, deeds, self._work)
        self._words = MessageFlow(app, deeds, night, self._work)
        self._end = StopFlow(app, deeds, night, self._facts, self._work)

    # --- what can be done ----------------------------------------------------------------------

    def unavailable_reason(self, name: str) -> str:
        """Empty when the action can work now; otherwise a sentence."""
        return self._deeds().availability(name, self._night(), self._reach.look).reason

    def start(self, name: str) -> None:
        """What the key does: the deed, or why not, and where that helps an offer to change it."""
        self._app.clear_notifications()  # they would lie over the dialog's choices
        reason = self.unavailable_reason(name)
        if not reason:
            getattr(self, name)()
            return
        reach = self._reach.now
        if name in ("inject", "step_back") and reach is not None and reach.hooks_missing:
            self._words.offer_hooks(reach, self._reach.forget)
        else:
            toast(self._app, reason, severity="warning")

    def update(self, night: NightSnapshot) -> None:
        """Takes in a new snapshot: how far words came."""
        self._receipts.look(night)

    def close(self) -> None:
        """The viewer closes; what only waits stops waiting, and nothing is ended by that."""
        self._work.leave()

    def _other(self) -> Reachability | None:
        """How to reach the session; None for a run of ours."""
        return None if self._deeds().has_run else self._reach.now

    # --- the keys ------------------------------------------------------------------------------

    def checkpoint(self) -> None:
        """Takes one at once; nothing is asked, as nothing is changed."""
        facts = self._facts()

        def work(tell: Tell) -> str:
            return f"{self._deeds().checkpoint(facts).words}; r goes back to it"

        self._work.run("taking a checkpoint", work)

    def rewind(self, chosen: str = "", why: str = "") -> None:
        """Offers the checkpoints, with the cursor on `chosen` for the reason in `why`."""
        self._going_back.rewind(chosen, why)

    def undo(self) -> None:
        """Shows what taking the last rewind back would change."""
        self._going_back.undo()

    def inject(self) -> None:
        """Lets the person write to the agent."""
        self._words.inject(self._other())

    def step_back(self) -> None:
        """Offers a step-back message made from the evidence; it may be edited before it goes."""
        self._words.step_back(self._other())

    def withdraw(self) -> None:
        """Offers to take back words that nobody has read yet."""
        self._words.withdraw()

    def kill(self) -> None:
        """The ladder: interrupt, stop, kill."""
        reach = self._other()
        if reach is None and not self._deeds().has_run:
            toast(self._app, "looking at that session; try again in a moment")
            return
        self._end.kill(reach)

    # --- afterwards ----------------------------------------------------------------------------

    def _done(self) -> None:
        self._reach.forget()
        self._told()

    def _note_seen(self, one: Injection, now: str) -> None:
        deeds = self._deeds()
        self._app.run_worker(lambda: deeds.record_seen(one, now), thread=True, group="receipts")

    def _facts(self) -> dict[str, Any]:
        night = self._night()
        return night.checkpoint_facts if night else {}
