"""Keeps an eye on how a session that is not ours can be reached, off the screen's thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tui.control.deeds import Operations
from tui.errors import OvernightError

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.others import Reachability
    from tui.records import AgentProcess

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
        from tui.control.others import Reachability, find_reachability

        deeds = self._deeds()
        try:
            found = find_reachability(deeds.project, agent, deeds.settings_run_dir)
        except (OvernightError, OSError) as error:
            found = Reachability(agent.session, why_not=str(error))
        if who == self._who:
            self.now = found
        self._next = time.monotonic() + EVERY_S
        self._looking = False
