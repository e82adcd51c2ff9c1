"""What persons called no stall: from when it counts, and which findings are excused by it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from msgspec import Struct, structs

from tui.model.journal import JournalEntry
from tui.model.stall import DetectorName, NotStuck, Stall
from tui.night.stuck.detector import Detector

_MOST = 200


def read_not_stuck(entry: JournalEntry) -> NotStuck | None:
    """What a person said of a finding; None for other entries, and where no detector has that name."""
    name, pattern, session = (entry.data.get(key) for key in ("detector", "pattern", "session"))
    if entry.kind != "not_stuck" or name not in tuple(DetectorName):
        return None
    return NotStuck(entry.at, DetectorName(name), str(pattern or ""), str(session or ""))


class Watched(Protocol):
    """A conversation, as far as it matters here."""

    episode: Stall | None

    @property
    def detectors(self) -> Sequence[Detector]: ...


class CalledWrong(Struct):
    """`pending` are those that the records have not come to yet; `excused` has counts by trouble.

    Words count from their time on, in whichever order the files were read.
    """

    pending: list[NotStuck] = []
    excused: dict[str, int] = {}

    def add(self, correction: NotStuck) -> None:
        """A person said so; the same words once more change nothing."""
        if correction not in self.pending:
            self.pending.append(correction)
            self.pending.sort(key=lambda one: one.at)
            del self.pending[:-_MOST]

    def take_back(
        self, at: float | None, conversations: Collection[Watched], ended: list[Stall]
    ) -> Iterator[DetectorName]:
        """Apply what was said until `at`; gives each detector that has to be less ready.

        What a detector never found cannot be wrong.
        """
        while at is not None and self.pending and self.pending[0].at <= at:
            correction = self.pending.pop(0)
            found = [self._take_back(correction, one, ended) for one in conversations]
            if not any(found):
                over = call_newest_wrong(ended, correction.detector, correction.at)
                if over is None:
                    continue
                self._excuse(over)
            yield correction.detector

    def _take_back(self, correction: NotStuck, conversation: Watched, ended: list[Stall]) -> bool:
        """Take back what that detector has found in one conversation; False where that is nothing."""
        finders = [one for one in conversation.detectors if one.name == correction.detector]
        findings = [one.finding for one in finders if one.finding is not None]
        for detector in finders:
            detector.finding = None
        for finding in findings:
            self._excuse(finding)
        episode = conversation.episode
        if episode is not None and episode.detector == correction.detector:
            ended.append(structs.replace(episode, called_wrong_at=correction.at))
            conversation.episode = None
        return bool(findings)

    def by(self, now: float | None) -> dict[DetectorName, float]:
        """The detectors that were called wrong by `now`, and when, where no record came since."""
        if not self.pending or now is None:
            return {}
        return {one.detector: one.at for one in self.pending if one.at <= now}

    def _excuse(self, finding: Stall) -> None:
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
