"""Counts: every record and every deed of the agent once."""

from __future__ import annotations

from msgspec import Struct

from tui.night.model import EventCounts

_MOST_NAMES = 512
_MOST_AGENTS = 4_096
_MOST_RETRIES = 256
_SAME_RETRY = 60.0


class Counters(Struct):
    """The counts as they grow."""

    total: int = 0
    malformed: int = 0
    unknown: int = 0
    turns: int = 0
    tool_calls: dict[str, int] = {}
    tool_errors: int = 0
    api_retries: int = 0
    rate_limits: int = 0
    api_errors: int = 0
    compactions: int = 0
    denials: int = 0
    edits: int = 0
    unknown_types: dict[str, int] = {}
    agents: dict[str, str] = {}
    linked: int = 0
    retries: list[tuple[int, float | None, int]] = []

    def retry(self, attempt: int, at: float | None, source: int) -> None:
        """A retry was announced; stream and transcript tell of the same one under other ids."""
        for place, (number, moment, teller) in enumerate(self.retries):
            near = at is None or moment is None or abs(at - moment) <= _SAME_RETRY
            if number == attempt and teller != source and near:
                del self.retries[place]
                return
        self.retries.append((attempt, at, source))
        del self.retries[:-_MOST_RETRIES]
        self.api_retries += 1

    def call(self, name: str) -> None:
        """A tool was called."""
        calls = self.tool_calls
        if name in calls:
            calls[name] += 1
        elif len(calls) < _MOST_NAMES:
            calls[name] = 1

    def unknown_record(self, kind: str, subtype: str) -> None:
        """A record of a type or subtype that this program does not know."""
        self.unknown += 1
        name = f"{kind}/{subtype}" if subtype else kind
        if name in self.unknown_types or len(self.unknown_types) < _MOST_NAMES:
            self.unknown_types[name] = self.unknown_types.get(name, 0) + 1

    def subagent(self, *names: str) -> None:
        """These names (call id, task id, agent id) are all one subagent."""
        known = [self.agents[name] for name in names if name in self.agents]
        chosen = known[0] if known else next(filter(None, names), "")
        if not chosen or (not known and len(self.agents) >= _MOST_AGENTS):
            return
        self.linked += 1
        for name in names:
            if name:
                self.agents[name] = chosen
        merged = set(known) - {chosen}
        if merged:
            for name, leader in self.agents.items():
                if leader in merged:
                    self.agents[name] = chosen

    def subagents(self) -> int:
        """How many subagents there were, by whatever names."""
        return len(set(self.agents.values()))

    def counts(self, subagents: int) -> EventCounts:
        """The counts as they stand."""
        return EventCounts(
            self.total,
            self.malformed,
            self.unknown,
            self.turns,
            tuple(self.tool_calls.items()),
            self.tool_errors,
            self.api_retries,
            self.rate_limits,
            self.api_errors,
            self.compactions,
            subagents,
            self.denials,
            self.edits,
            tuple(self.unknown_types.items()),
        )
