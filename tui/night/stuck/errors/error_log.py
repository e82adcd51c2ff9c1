"""Counts the errors of a whole night by their cause, whatever came between them."""

from __future__ import annotations

from msgspec import Struct, structs

from tui.model.review import Cause
from tui.night.stuck.errors.causes import Cause as ErrorCause
from tui.night.stuck.errors.causes import cause_of
from tui.night.stuck.step import Step, shown_text

_MOST_CAUSES = 64
_OFTEN = 3
_LONGEST = 160


def cause_of_step(step: Step) -> ErrorCause | None:
    """Why a call failed; None if it did not, was not let run, or was a run of tests that tells its result."""
    run = step.run
    is_tested = run is not None and run.verdict == "red" and bool(run.passed or run.failed)
    if not step.is_error or is_tested or step.denial is not None:
        return None
    page = step.target if step.tool == "WebFetch" else ""
    return cause_of(step.tool, step.excerpt, step.path or page)


class ErrorLog(Struct):
    """The causes of a night's errors; of too many, the rarest is forgotten."""

    causes: dict[int, Cause] = {}

    def on_error(self, cause: ErrorCause, step: Step) -> None:
        """A call failed for that cause."""
        known = self.causes.get(cause.key)
        if known is not None:
            self.causes[cause.key] = structs.replace(known, count=known.count + 1, last=step.ref)
            return
        if len(self.causes) >= _MOST_CAUSES:
            del self.causes[min(self.causes, key=lambda key: self.causes[key].count)]
        words = cause.words[:_LONGEST]
        self.causes[cause.key] = Cause(words, 1, step.ref, step.ref, step.at, True)

    def often(self) -> tuple[Cause, ...]:
        """Causes behind several calls, in words that are safe to show, the most frequent first."""
        found = [one for one in self.causes.values() if one.count >= _OFTEN]
        found.sort(key=lambda one: -one.count)
        return tuple(structs.replace(one, what=shown_text(one.what, _LONGEST)) for one in found)
