"""When a notification is tried again, when it must wait, and when it is given up."""

from __future__ import annotations

import time
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from tui.runner.notify.message_text import URGENT

State = Literal["pending", "sending", "sent", "unsure", "failed", "skipped"]
Result = Literal["sent", "busy", "unreached", "unsure", "refused", "nobody"]
MAX_TRIES: Final = 6
GIVE_UP_SECONDS: Final = 3600.0
MAX_WAIT_SECONDS: Final = 600.0
COALESCE_SECONDS: Final = 60.0
STALE_SECONDS: Final = 12 * 3600.0
_FIRST_WAIT_SECONDS: Final = 10.0
_RESERVED: Final = 3


class SendOutcome(Struct, frozen=True):
    """How one attempt went; `why` names no address, `wait` are the seconds the service asked for.

    "busy": not accepted, may be tried again; "unreached": nothing was sent; "unsure": it may or
    may not have arrived; "refused": trying again is no use; "nobody": no one is there to read it.
    """

    result: Result
    why: str = ""
    wait: float | None = None


class Delivery(Struct, frozen=True):
    """How an event stands with one channel; `leader` is the event whose message carries it.

    `first` is when it was first tried, `due` when it may be tried next. `repeat` says that an
    earlier attempt may have arrived.
    """

    state: State = "pending"
    tries: int = 0
    first: float = 0.0
    due: float = 0.0
    leader: str = ""
    repeat: bool = False
    why: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in ("pending", "sending")


def begin_attempt(delivery: Delivery, leader: str, now: float) -> Delivery:
    """The delivery as it is saved before the attempt, so that a killed sender leaves a trace."""
    first = delivery.first if delivery.tries else now
    return replace(
        delivery, state="sending", tries=delivery.tries + 1, first=first, leader=leader, why=""
    )


def apply_outcome(delivery: Delivery, outcome: SendOutcome, now: float, random: float) -> Delivery:
    """The delivery after an attempt; `random`, from 0 to 1, spreads the waits."""
    why, result = outcome.why, outcome.result
    if result == "sent":
        return replace(delivery, state="sent", why=why)
    if result == "nobody":
        return replace(delivery, state="skipped", why=why)
    lost: State = "unsure" if delivery.repeat else "failed"
    if result == "refused" or (result == "unsure" and delivery.repeat):
        return replace(delivery, state=lost, why=why)
    due = now + retry_delay(outcome.wait, delivery.tries, random)
    repeat = delivery.repeat or result == "unsure"
    if delivery.tries >= MAX_TRIES or due - delivery.first > GIVE_UP_SECONDS:
        return replace(delivery, state="unsure" if repeat else "failed", why=why)
    return replace(delivery, state="pending", due=due, repeat=repeat, why=why)


def retry_delay(asked: float | None, tries: int, random: float) -> float:
    """Seconds to the next attempt: never less than the service asked for."""
    if asked is None:
        wait = min(MAX_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 4.0 ** (tries - 1))
        return wait * (0.75 + 0.5 * random)
    return asked * (1 + 0.25 * random)


def in_quiet_hours(span: str | None, wall: float) -> bool:
    """Whether local time lies in `HH:MM-HH:MM`, which may go past midnight."""
    if not span:
        return False
    local = time.localtime(wall)
    now = f"{local.tm_hour:02d}:{local.tm_min:02d}"
    start, _, end = span.partition("-")
    return start <= now < end if start <= end else now >= start or now < end


def message_allowance(kind: str, most: int) -> int:
    """How many messages may have been begun before one of this kind.

    A few are reserved for urgent kinds, so that a chatty night does not use up the call for help.
    """
    return most if kind in URGENT else most - min(_RESERVED, most // 4)
