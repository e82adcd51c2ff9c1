"""Messages that a person takes back: answered when the agent's CLI has said what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.runner.agent.abilities import learn
from tui.runner.agent.messages import MessageSender
from tui.runner.agent.turns import TurnTracker
from tui.runner.run_context import RunContext

_ANSWER_S = 5.0
_TOO_LATE = "the agent has taken it in already"


@dataclass
class Withdrawals:
    """Asks the agent to give messages back, and answers the requests for it."""

    _context: RunContext
    _messages: MessageSender
    _turns: Callable[[], TurnTracker]
    # By the id of the request: the message, and how long the CLI may take to answer.
    _open: dict[str, tuple[str, float]] = field(default_factory=dict)

    def begin(self, request: str, name: str) -> str | None:
        """The answer where it is clear at once; ValueError says why it cannot be. `follow` gives later ones."""
        outgoing = self._context.state.outgoing
        message = next((one for one in outgoing if name and one.id.startswith(name)), None)
        reason = self._context.state.abilities.no_withdrawal
        if message is not None and message.step != "waiting" and reason:
            raise ValueError(reason)
        if refusal := self._messages.withdraw(name):
            raise ValueError(refusal)
        if message is None or message not in outgoing:
            return "taken back"
        self._open[request] = (message.id, time.monotonic() + _ANSWER_S)
        return None

    def follow(self, answer: Callable[[str, bool, str], None]) -> None:
        """Answers what has become clear since the last call."""
        for request, (name, until) in list(self._open.items()):
            found = self._outcome(name, until)
            if found is not None:
                del self._open[request]
                answer(request, *found)

    def _outcome(self, name: str, until: float) -> tuple[bool, str] | None:
        turns = self._turns()
        if name in turns.cancelled:
            return True, "taken back"
        message = next((one for one in self._context.state.outgoing if one.id == name), None)
        if message is None or message.step == "delivered" or name in turns.kept:
            return False, _TOO_LATE
        if time.monotonic() < until:
            return None
        message.withdrawn = False
        return False, learn(self._context, withdraws=False).no_withdrawal
