"""Tells a person how far their words came: what it was doing before, and what it did after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.night.doing import activity_text
from tui.night.model import NightSnapshot
from tui.system.format import shorten_line
from widgets.guard import toast

if TYPE_CHECKING:
    from textual.app import App

    from tui.night.deeds import Injection

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
        now = activity_text(night)
        for one in night.deeds.injections[-_NEWEST:]:
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
