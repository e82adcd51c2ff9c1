"""Which trouble the banner shows, and when: what flickers is not shown, what is over is said for a while."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec import Struct

from tui.actions import ACTIONS, keys_of
from tui.control.not_stuck import night_id
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall, Trouble, TroubleKind
from tui.store.ledgers.stall_feedback import ShownFindings, StallFeedback
from tui.system.clock import Clock
from tui.system.format import format_running
from widgets.status.banner import Banner, BannerFacts, BannerKey

APPEARS_AFTER_S = 1.0
LEAVES_AFTER_S = 3.0
OVER_FOR_S = 20.0
_EXPLAIN = "explain"
_HELP: dict[TroubleKind, tuple[str, str]] = {
    TroubleKind.RESTART_PENDING: ("operation('kill')", "do not restart"),
    TroubleKind.ENDED_BADLY: ("review", "review"),
    TroubleKind.LOOPING: ("operation('step_back')", "step back"),
    TroubleKind.NO_PROGRESS: ("operation('step_back')", "step back"),
    TroubleKind.STALLED_IN_TOOL: ("operation('kill')", "interrupt"),
    TroubleKind.STALLED: ("operation('kill')", "kill"),
    TroubleKind.WINDING_DOWN: ("operation('kill')", "end now"),
}
"""The action that helps most, by its name in the table of actions, and its word here."""
_UNTIMED = frozenset(
    (TroubleKind.RATE_LIMITED, TroubleKind.RESTART_PENDING, TroubleKind.ENDED_BADLY)
)
_NEVER_OVER = frozenset((TroubleKind.ENDED_BADLY, TroubleKind.WINDING_DOWN, TroubleKind.LIMIT_NEAR))
_KEYS = {one.name: keys_of(one)[0] for one in ACTIONS if one.place == "main"}


class _Seen(Struct):
    trouble: Trouble
    first: float
    last: float
    has_held: bool = False


class ShownTrouble(Struct, frozen=True):
    """What the banner is about: a trouble, or one that is over after `lasted` seconds."""

    trouble: Trouble
    others: int = 0
    lasted: float | None = None


class TroubleTimer:
    """Chooses the trouble to show; the times that it is given are of a clock that does not jump."""

    def __init__(self) -> None:
        self._seen: dict[TroubleKind, _Seen] = {}
        self._shown: Trouble | None = None
        self._over: ShownTrouble | None = None
        self._over_until = 0.0

    def update(self, night: NightSnapshot, now: float) -> ShownTrouble | None:
        """What to show of the newest snapshot at `now`; None for nothing."""
        for trouble in night.troubles:
            seen = self._seen.get(trouble.kind)
            if seen is None:
                self._seen[trouble.kind] = _Seen(trouble, now, now)
            else:
                seen.trouble, seen.last = trouble, now
        for kind, seen in list(self._seen.items()):
            seen.has_held = seen.has_held or now - seen.first >= APPEARS_AFTER_S
            is_gone = seen.last < now and not seen.has_held
            if is_gone or _was_called_wrong(seen.trouble.stall, night):
                del self._seen[kind]
            elif now - seen.last >= LEAVES_AFTER_S:
                self._forget(self._seen.pop(kind), night, now)
        held = [one for one in self._seen.values() if one.has_held]
        held.sort(key=_urgency)
        if held:
            self._shown, self._over = held[0].trouble, None
            return ShownTrouble(held[0].trouble, len(held) - 1)
        self._shown = None
        if self._over is not None and now < self._over_until and not night.is_over:
            return self._over
        return None

    def _forget(self, seen: _Seen, night: NightSnapshot, now: float) -> None:
        """Remember that what was shown is over, where the session goes on."""
        trouble = seen.trouble
        if self._shown is None or self._shown.kind != trouble.kind or trouble.kind in _NEVER_OVER:
            return
        if night.is_over:
            return
        since = trouble.since
        lasted = None if since is None else max(0.0, night.now - (now - seen.last) - since)
        self._over = ShownTrouble(trouble, lasted=lasted if lasted is not None else -1.0)
        self._over_until = now + OVER_FOR_S - LEAVES_AFTER_S


def _urgency(seen: _Seen) -> tuple[bool, int]:
    return not seen.trouble.is_bad, tuple(TroubleKind).index(seen.trouble.kind)


def _was_called_wrong(stall: Stall | None, night: NightSnapshot) -> bool:
    if stall is None or stall.detector is None:
        return False
    same = [one for one in night.circling if one.detector == stall.detector]
    return bool(same) and same[-1].called_wrong_at is not None


class TroubleBanner(Banner):
    """The banner of the main screen; a click on a key does what the key does."""

    def __init__(self, clock: Clock, project: Path) -> None:
        super().__init__(id="banner")
        self._clock = clock
        self._findings = ShownFindings(StallFeedback(project))
        self.timer = TroubleTimer()

    def update(self, night: NightSnapshot, unavailable: Callable[[str], str]) -> None:
        """Show what is wrong by the newest snapshot."""
        shown = self.timer.update(night, self._clock.monotonic())
        self.show(banner_facts(shown, night.now, unavailable))
        if shown is not None and shown.trouble.stall is not None and shown.lasted is None:
            self._count(night, shown.trouble.stall)

    def _count(self, night: NightSnapshot, stall: Stall) -> None:
        """Count a finding that is shown for the first time, off the screen's thread: it waits for a lock."""
        if self._findings.is_known(night_id(night), stall):
            return
        count = partial(self._findings.update, night_id(night), stall, night.now)
        self.run_worker(count, thread=True, group="count", exclusive=False)

    async def on_banner_pressed(self, event: Banner.Pressed) -> None:
        event.stop()
        await self.app.run_action(event.action, self.screen)


def banner_facts(
    shown: ShownTrouble | None, now: float, unavailable: Callable[[str], str]
) -> BannerFacts | None:
    """The banner's words and keys; `unavailable` says why an operation cannot run, empty where it can."""
    if shown is None:
        return None
    trouble = shown.trouble
    if shown.lasted is not None:
        after = f", after {format_running(shown.lasted)}" if shown.lasted >= 0 else ""
        return BannerFacts(f"over: it goes on{after}", "ok", keys=_keys((), trouble))
    is_timed = trouble.since is not None and trouble.kind not in _UNTIMED
    return BannerFacts(
        trouble.reason,
        "bad" if trouble.is_bad else "warning",
        format_running(now - trouble.since) if is_timed and trouble.since is not None else "",
        trouble.badge,
        _keys(helping_keys(trouble, unavailable), trouble),
        shown.others,
    )


def helping_keys(trouble: Trouble, unavailable: Callable[[str], str]) -> tuple[BannerKey, ...]:
    """The key that helps most, where it can be done now; empty where none does."""
    found = _HELP.get(trouble.kind)
    if found is None:
        return ()
    name, label = found
    operation = next((one.operation for one in ACTIONS if one.name == name), "")
    if operation and unavailable(operation):
        return ()
    return (BannerKey(_KEYS[name], label, name, True),)


def _keys(keys: tuple[BannerKey, ...], trouble: Trouble) -> tuple[BannerKey, ...]:
    has_rule = trouble.stall is not None and trouble.stall.rule
    label = "the rule to add" if has_rule else "why"
    marked = not keys and trouble.kind != TroubleKind.RATE_LIMITED
    return (*keys, BannerKey(_KEYS[_EXPLAIN], label, _EXPLAIN, marked))
