"""What one look found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from tui.system.errors import OvernightError

State = Literal["ok", "warn", "fail"]


class CheckResult(Struct, frozen=True):
    """One line of the check: what was looked at, how it stands, and what to do where it is not ok."""

    name: str
    state: State
    text: str
    advice: str = ""


def run_check(name: str, look: Callable[[], str], state: State = "fail") -> CheckResult:
    """What `look` says, or in that state why it refuses; its sentence is fact and advice."""
    try:
        return CheckResult(name, "ok", look())
    except OvernightError as error:
        text, _, advice = str(error).partition("; ")
        return CheckResult(name, state, text, advice)
    except OSError as error:
        return CheckResult(name, state, f"{error.filename or name}: {error.strerror}")
