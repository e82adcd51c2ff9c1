"""The result of one check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from tui.system.errors import OvernightError

State = Literal["ok", "warn", "fail"]


class CheckResult(Struct, frozen=True):
    """One line of the doctor: what was checked, its state, and what to do where it is not ok."""

    name: str
    state: State
    text: str
    advice: str = ""


def run_check(name: str, check: Callable[[], str], state: State = "fail") -> CheckResult:
    """The text that `check` returns, or in `state` its refusal, split into text and advice."""
    try:
        return CheckResult(name, "ok", check())
    except OvernightError as error:
        text, _, advice = str(error).partition("; ")
        return CheckResult(name, state, text, advice)
    except OSError as error:
        return CheckResult(name, state, f"{error.filename or name}: {error.strerror}")
