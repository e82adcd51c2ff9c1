"""The sentence that the agent gets for a call that is refused."""

from __future__ import annotations

from typing import NamedTuple, NoReturn


class Refusal(NamedTuple):
    """Why a call is refused: the rule, what of the call meets it, and a sentence for the agent."""

    rule: str
    found: str
    reason: str


class RefusedCallError(Exception):
    """Ends the walk."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def refuse_path(glob: str, found: str) -> NoReturn:
    """Something that `glob` protects is named."""
    shown = found[:200]
    reason = f"{shown!r} is protected ({glob!r}): it may not be touched. Go on without it."
    raise RefusedCallError(Refusal(glob, shown, reason))


def refuse_command(rule: str, found: str, whose: str) -> NoReturn:
    """A command runs that may not, and `whose` says why not."""
    shown = found[:200]
    reason = f"{rule!r} {whose}: {shown!r} was not run. Go on without it."
    raise RefusedCallError(Refusal(rule, shown, reason))


def refuse_unread(refusal: Refusal, why: str) -> NoReturn:
    """The same in a command that cannot be read whole."""
    reason = f"The command cannot be read whole ({why}), and it names what may not be run: {refusal.reason}"
    raise RefusedCallError(refusal._replace(reason=reason))
