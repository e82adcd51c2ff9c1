"""What persons called no stall: from when it counts, and which findings are excused by it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, structs

from tui.model.journal import JournalEntry
from tui.model.stall import DetectorName, NotStuck, Stall

_MOST = 200


def read_not_stuck(entry: JournalEntry) -> NotStuck | None:
    """What a person said of a finding; None where no detector has that name."""
    name, pattern, session = (entry.data.get(key) for key in ("detector", "pattern", "session"))
    if name not in tuple(DetectorName):
        return None
    return NotStuck(entry.at, DetectorName(name), str(pattern or ""), str(session or ""))


class CalledWrong(Struct):
    """`said` are the words that the records have not come to yet; `excused` has counts by trouble.

    Words count from their time on, in whichever order the files were read.
    """

    said: list[NotStuck] = []
    excused: dict[str, int] = {}

    def add(self, said: NotStuck) -> None:
        """A person said so; the same words once more change nothing."""
        if said not in self.said:
            self.said.append(said)
            self.said.sort(key=lambda one: one.at)
            del self.said[:-_MOST]

    def pop_until(self, at: float | None) -> Iterator[NotStuck]:
        """The words of a time that the records have come to."""
        while at is not None and self.said and self.said[0].at <= at:
            yield self.said.pop(0)

    def by(self, now: float | None) -> dict[DetectorName, float]:
        """The detectors that were called wrong by `now`, and when, where no record came since."""
        if not self.said or now is None:
            return {}
        return {one.detector: one.at for one in self.said if one.at <= now}

    def excuse(self, finding: Stall) -> None:
        """That trouble is none until it has come twice as often."""
        key = _trouble_of(finding)
        self.excused[key] = max(finding.count, self.excused.get(key, 0))
        if len(self.excused) > _MOST:
            del self.excused[next(iter(self.excused))]

    def is_excused(self, finding: Stall) -> bool:
        """Whether a person called it wrong, and it has not come twice as often since."""
        return bool(self.excused) and finding.count < 2 * self.excused.get(_trouble_of(finding), 0)


def _trouble_of(finding: Stall) -> str:
    """What is the same whenever the same trouble comes again."""
    return f"{finding.detector} {finding.pattern}"


def call_newest_wrong(ended: list[Stall], name: DetectorName, at: float) -> Stall | None:
    """Mark the newest of that detector's findings that are over, and give it as it was.

    None when there is none, or when it is marked already.
    """
    places = (place for place in range(len(ended) - 1, -1, -1) if ended[place].detector == name)
    place = next(places, None)
    if place is None or ended[place].called_wrong_at is not None:
        return None
    stall = ended[place]
    ended[place] = structs.replace(stall, called_wrong_at=at)
    return stall
