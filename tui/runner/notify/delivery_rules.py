"""Retries, quiet hours, rate."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from tui.runner.notify.message_text import URGENT

State = Literal["pending", "sending", "sent", "unsure", "failed", "skipped"]
Result = Literal["sent", "busy", "unreached", "unsure", "refused", "nobody"]
MOST_TRIES: Final = 6
LONGEST: Final = 3600.0
LONGEST_WAIT: Final = 600.0
COALESCE: Final = 60.0
STALE: Final = 12 * 3600.0
_FIRST_WAIT: Final = 10.0
_RESERVED: Final = 3


class SendOutcome(Struct, frozen=True):
    """How one attempt went; `why` names no address, `wait` is what the service asked for (s).

    "busy": taken by nobody, may be tried again; "unreached": nothing was sent; "unsure": it may or
    may not have arrived; "refused": trying again is no use; "nobody": there is no one to tell.
    """

    result: Result
    why: str = ""
    wait: float | None = None


class Delivery(Struct, frozen=True):
    """How an event stands with one channel. `leader` is the event whose message carries it.

    `first` is when it was first tried, `due` when it may be tried next; `repeat` says that an
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
    def open(self) -> bool:
        return self.state in ("pending", "sending")


def begun(delivery: Delivery, leader: str, now: float) -> Delivery:
    """The delivery as it is recorded before its bytes leave."""
    first = delivery.first if delivery.tries else now
    return replace(
        delivery, state="sending", tries=delivery.tries + 1, first=first, leader=leader, why=""
    )


def judged(delivery: Delivery, outcome: SendOutcome, now: float, draw: float) -> Delivery:
    """The delivery after an attempt; `draw` in 0 … 1 spreads the waits."""
    why, result = outcome.why, outcome.result
    if result == "sent":
        return replace(delivery, state="sent", why=why)
    if result == "nobody":
        return replace(delivery, state="skipped", why=why)
    lost: State = "unsure" if delivery.repeat else "failed"
    if result == "refused":
        return replace(delivery, state=lost, why=why)
    if result == "unsure" and delivery.repeat:
        return replace(delivery, state="unsure", why=why)
    due = now + wait_for(outcome.wait, delivery.tries, draw)
    repeat = delivery.repeat or result == "unsure"
    if delivery.tries >= MOST_TRIES or due - delivery.first > LONGEST:
        return replace(delivery, state="unsure" if repeat else "failed", why=why)
    return replace(delivery, state="pending", due=due, repeat=repeat, why=why)


def wait_for(asked: float | None, tries: int, draw: float) -> float:
    """Seconds to the next attempt: never less than was asked for, up to ten minutes and a quarter."""
    if asked is None:
        wait = min(LONGEST_WAIT, _FIRST_WAIT * 4.0 ** (tries - 1))
        return wait * (0.75 + 0.5 * draw)
    return asked * (1 + 0.25 * draw)


def retry_after(headers: Mapping[str, str], body: Mapping[str, object], now: float) -> float | None:
    """Seconds a service asks to wait, at most ten minutes; None where it says nothing usable.

    Headers are given in lower case. Services disagree on the unit: where header and body differ by
    the factor of a thousand, the smaller is meant.
    """
    asked = headers.get("retry-after", "").strip()
    seconds = _number(asked)
    if asked.lower().endswith("ms"):
        seconds = _thousandth(_number(asked[:-2]))
    elif seconds is None and asked:
        seconds = _until_date(asked, now)
    if "retry-after-ms" in headers:
        seconds = _thousandth(_number(headers["retry-after-ms"]))
    told = body.get("retry_after")
    in_body = float(told) if isinstance(told, int | float) and _usable(told) else None
    reset = _number(headers.get("x-ratelimit-reset-after", ""))
    found = [one for one in (seconds, in_body, reset) if one is not None]
    if not found:
        return None
    most, least = max(found), min(found)
    meant = least if least > 0 and most >= 500 * least else most
    return min(LONGEST_WAIT, meant)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if value == math.inf:
        return LONGEST_WAIT
    return value if _usable(value) else None


def _usable(value: float) -> bool:
    return not isinstance(value, bool) and 0 <= value < math.inf


def _thousandth(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _until_date(text: str, now: float) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def in_quiet_hours(span: str | None, wall: float) -> bool:
    """Whether local time lies in `HH:MM-HH:MM`, which may go past midnight."""
    if not span:
        return False
    local = time.localtime(wall)
    now = f"{local.tm_hour:02d}:{local.tm_min:02d}"
    start, _, end = span.partition("-")
    return start <= now < end if start <= end else now >= start or now < end


def allowance(kind: str, most: int) -> int:
    """How many messages may have been begun before one of this kind.

    A few are kept for what must be known: a chatty night does not use up the call for help.
    """
    return most if kind in URGENT else most - min(_RESERVED, most // 4)
