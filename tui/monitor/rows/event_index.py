"""A compact index of rows, read back on demand."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from tui.model.cli_commands import SUBAGENTS
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    SourceRef,
    ToolResult,
    TurnResult,
    UnknownRecord,
    UserMessage,
)
from tui.model.evidence.log import AbandonedBranch, is_abandoned
from tui.model.journal import JournalEntry
from tui.model.rows import DetailPart, EventDetail, EventRow
from tui.model.snapshot import NightSnapshot
from tui.monitor.rows import event_rows, journal_rows, row_source, tool_outcomes
from tui.monitor.rows.row_source import LEVEL, WHOLE_LINE, Reader, RecordReader, SavedIndex

ERROR, SUBAGENT = 4, 8
_CACHED_ROWS = 3_000
_REMEMBERED_WHEN_LOST = 2_000
_OPEN_CALLS = 5_000
_UNDATED = 5_000
_MOST_CHANGED = 20_000


class EventIndex:
    """Where each event stands in its file; draws the rows that are visible.

    One thread adds; any thread may read: columns only grow, and a row becomes visible last.
    `level` is the verbosity, 1 to 3. `generation` changes when row numbers lose their meaning.
    """

    def __init__(self, level: int = 1) -> None:
        self.generation = 0
        self._live = False
        self.root = ""
        self.changed: deque[int] = deque(maxlen=_MOST_CHANGED)
        self._level = level
        self._files = RecordReader()
        self._sources = array("H")
        self._offsets = array("Q")
        self._lengths = array("I")
        self._parts = array("I")
        self._flags = bytearray()
        self._times = array("d")
        self._pairs = array("I")
        self._visible = (array("I"), array("I"))
        self._by_source: dict[int, array[int]] = {}
        self._open_calls: dict[str, int] = {}
        self._undated: OrderedDict[str, int] = OrderedDict()
        self._cache: OrderedDict[int, EventRow] = OrderedDict()
        self._kept: dict[int, EventRow] = {}
        self._abandoned: tuple[AbandonedBranch, ...] = ()
        self._outcomes: dict[str, journal_rows.RowOutcome] = {}

    @property
    def is_live(self) -> bool:
        """Whether calls without an answer may still run; `changed` gets their rows when it turns."""
        return self._live

    @is_live.setter
    def is_live(self, live: bool) -> None:
        if live != self._live:
            self._live = live
            self.changed.extend(self._open_calls.values())

    # --- growing -------------------------------------------------------------------------------

    def open_source(self, name: str, reader: Reader) -> int:
        """Registers one generation of a file and returns its number."""
        return self._files.add(name, reader)

    def close_source(self, number: int) -> None:
        """Keeps the newest rows of a generation whose bytes are about to go."""
        rows = self._by_source.get(number, array("I"))
        for index in rows[-_REMEMBERED_WHEN_LOST:]:
            if self._flags[index] & LEVEL < 3:
                self._kept[index] = self._cache.get(index) or self._draw(index)

    # complexity: runs once for each event of the night, where a call for each step would cost time
    def add(self, number: int, record: AgentEvent | JournalEntry, at: float = math.nan) -> None:
        """Adds one record that happened at `at`; tool results also complete the row of their call."""
        index = len(self._flags)
        if isinstance(record, AgentEvent):
            body = record.body
            flags = event_rows.visibility(record)
            # A damaged line is no error: a person looks for where the work went wrong.
            if isinstance(body, AssistantMessage):
                for tool in body.tools:
                    if tool.on_server:  # its result is in the same message
                        continue
                    flags |= SUBAGENT if tool.name in SUBAGENTS else 0
                    self._open_calls[tool.id] = index
                    if len(self._open_calls) > _OPEN_CALLS:
                        del self._open_calls[next(iter(self._open_calls))]
                if body.error:
                    flags |= ERROR
            elif isinstance(body, UserMessage):
                for result in body.results:
                    self._complete(result.tool_use_id, index, result)
                sent = () if body.role == "results" else (record.uuid, body.command_uuid)
                if any(journal_rows.message_row(one) in self._open_calls for one in sent):
                    flags |= LEVEL  # the row of the message says it
            elif isinstance(body, TurnResult) and body.is_error:
                flags |= ERROR
            if record.at is None and record.uuid:
                self._undated[record.uuid] = index
                if len(self._undated) > _UNDATED:
                    self._undated.popitem(last=False)  # a dict would look for its first each time
            self._lengths.append(record.length)
            self._parts.append(record.index_in_line)
        else:
            flags = journal_rows.journal_level(record)
            if record.kind == "segment_ended":
                self._lose_calls(record.at or at)
            if record.kind in ("stall", "inject"):
                self._open_calls[journal_rows.row_key(record)] = index
            else:
                self._complete(journal_rows.row_key(record), index)
            self._lengths.append(WHOLE_LINE)
            self._parts.append(0)
        self._offsets.append(record.offset)
        self._times.append(at)
        self._pairs.append(0)
        self._sources.append(number)
        rows = self._by_source.get(number)
        if rows is None:
            rows = self._by_source[number] = array("I")
        rows.append(index)
        self._flags.append(flags)
        level = flags & LEVEL
        if level <= 2:
            self._visible[1].append(index)
            if level == 1:
                self._visible[0].append(index)

    def set_time(self, uuid: str, at: float) -> None:
        """Dates a row whose own record has no time; another file has it."""
        index = self._undated.pop(uuid, None)
        if index is not None:
            self._times[index] = at
            self._redraw(index)

    def set_abandoned(self, branches: Sequence[AbandonedBranch]) -> None:
        """From now on the rows in these branches say that they are abandoned."""
        if len(branches) != len(self._abandoned):
            self._abandoned = tuple(branches)
            self._cache.clear()
            self.generation += 1

    def add_notice(self, number: int, at: float, text: str) -> None:
        """Adds a row of our own about the file itself."""
        self._kept[len(self._flags)] = EventRow("notice", at, "file", text, mark="warning")
        offset = self._offsets[-1] if self._offsets else 0
        notice = AgentEvent(self._files.names[number], offset, 0, UnknownRecord("file", text))
        self.add(number, notice, at)

    def _lose_calls(self, at: float) -> None:
        """The process ended at `at`: calls that it did not answer run no more."""
        for call, index in list(self._open_calls.items()):
            if "/" not in call and not self._times[index] > at:
                del self._open_calls[call]
                self.changed.append(index)

    def set_outcomes(self, night: NightSnapshot) -> None:
        """Rows of messages and of the stall that goes on show what is known of them now."""
        old, self._outcomes = self._outcomes, journal_rows.outcomes_of(night)
        for key, _ in old.items() ^ self._outcomes.items():
            if key in self._open_calls:
                self._redraw(self._open_calls[key])

    def _redraw(self, index: int) -> None:
        self._cache.pop(index, None)
        self.changed.append(index)

    def _complete(self, key: str, index: int, result: ToolResult | None = None) -> None:
        """A call was answered; a stall is over; a message, which stays open, came further."""
        call = self._open_calls.get(key)
        if call is None:
            return
        self._pairs[call] = index + 1
        if result is not None:
            del self._open_calls[key]
            failed = self._flags[call] & SUBAGENT and tool_outcomes.agent_failed(result)
            if result.is_error or failed:
                self._flags[call] |= ERROR
        self._redraw(call)

    # --- reading -------------------------------------------------------------------------------

    @property
    def level(self) -> int:
        return self._level

    @level.setter
    def level(self, level: int) -> None:
        if level != self._level:
            self._level = level
            self.generation += 1

    def __len__(self) -> int:
        return len(self._flags) if self._level >= 3 else len(self._visible[self._level - 1])

    def _index(self, row: int) -> int:
        return row if self._level >= 3 else self._visible[self._level - 1][row]

    def _row_at_or_before(self, index: int) -> int:
        return (
            index if self._level >= 3 else bisect_right(self._visible[self._level - 1], index) - 1
        )

    def pop_changed(self) -> list[int]:
        """Visible rows that were completed since the last call."""
        changed: set[int] = set()
        while self.changed:
            changed.add(self.changed.popleft())
        for index in changed:
            self._cache.pop(index, None)  # a reader may have drawn it just before it was completed
        return [row for row in map(self._visible_row, sorted(changed)) if row is not None]

    def _visible_row(self, index: int) -> int | None:
        row = self._row_at_or_before(index)
        return row if row >= 0 and self._index(row) == index else None

    def row(self, row: int) -> EventRow:
        """The visible row by its number, 0 the oldest."""
        index = self._index(row)
        kept = self._kept.get(index)
        if kept is not None:
            return kept
        found = self._cache.get(index)
        if found is None:
            found = self._draw(index)
            self._cache[index] = found
            if len(self._cache) > _CACHED_ROWS:
                self._cache.popitem(last=False)
        return found

    def time(self, row: int) -> float | None:
        """When the row happened; the nearest earlier time when it has none."""
        index = self._index(row)
        earlier = (self._times[place] for place in range(index, max(-1, index - 500), -1))
        return next((at for at in earlier if not math.isnan(at)), None)

    def row_at_time(self, at: float) -> int | None:
        """The first visible row not before `at`; times are taken as rising."""

        def when(row: int) -> float:
            found = self.time(row)
            return -math.inf if found is None else found

        row = bisect_left(range(len(self)), at, key=when)
        return min(row, len(self) - 1) if len(self) else None

    def record(self, row: int) -> AgentEvent | JournalEntry | None:
        """The record of a row, read again from its file."""
        return self._event(self._index(row))

    def ref(self, row: int) -> SourceRef:
        index = self._index(row)
        return SourceRef(self._files.names[self._sources[index]], self._offsets[index])

    def row_of(self, source: str, offset: int) -> int | None:
        """The visible row that holds this byte of this file; a hidden result leads to its call."""
        index = self._index_at(source, offset)
        return None if index is None else self._shown_for(index)

    def holds(self, source: str, offset: int) -> bool:
        """Whether this byte of this file belongs to a row, shown or not, and to no copy of one."""
        return self._index_at(source, offset) is not None

    def _index_at(self, source: str, offset: int) -> int | None:
        for number in reversed(range(len(self._files.names))):  # the newest generation first
            rows = self._by_source.get(number)
            if rows is None or self._files.names[number] != source:
                continue
            place = bisect_right(rows, offset, key=lambda index: self._offsets[index]) - 1
            index = rows[max(0, place)]
            if place >= 0 and offset < self._offsets[index] + self._lengths[index]:
                return index
        return None

    def _shown_for(self, index: int) -> int | None:
        row = self._visible_row(index)
        if row is not None:
            return row
        event = self._event(index)
        if isinstance(event, AgentEvent) and isinstance(event.body, UserMessage):
            for back in range(index, max(-1, index - 2_000), -1):
                if self._pairs[back] == index + 1:
                    return self._visible_row(back)
        before = self._row_at_or_before(index)
        return before if before >= 0 else None

    def next_error(self, row: int, step: int) -> int | None:
        """The next (`step` 1) or previous (-1) visible row that went wrong."""
        places = range(row + step, len(self) if step > 0 else -1, step)
        return next((one for one in places if self._flags[self._index(one)] & ERROR), None)

    def detail(self, row: int) -> EventDetail:
        """Everything about the row: its call, its result, its raw record."""
        from tui.monitor.rows.event_detail import detail as event_detail

        index, ref = self._index(row), self.ref(row)
        record, line = self._event(index), self._line(index)
        if isinstance(record, JournalEntry):
            return journal_rows.journal_detail(record, ref)
        if line is None or record is None:
            gone = DetailPart("gone", "The file was rewritten; this line is no longer in it.")
            return EventDetail("gone", (gone,), ref)
        result = self._line(self._pairs[index] - 1) if self._pairs[index] else None
        return event_detail(line, self._parts[index], ref, result)

    # --- from the files ------------------------------------------------------------------------

    def _line(self, index: int) -> bytes | None:
        return self._files.line(self._sources[index], self._offsets[index], self._lengths[index])

    def _event(self, index: int) -> AgentEvent | JournalEntry | None:
        number, offset = self._sources[index], self._offsets[index]
        return self._files.record(number, offset, self._lengths[index], self._parts[index])

    def _draw(self, index: int) -> EventRow:
        at = self._times[index]
        event = self._event(index)
        if event is None:
            return EventRow("notice", None if math.isnan(at) else at, "gone", "", mark="quiet")
        if isinstance(event, JournalEntry):
            key = journal_rows.row_key(event)
            known = self._outcomes.get(key) if self._open_calls.get(key) == index else None
            return journal_rows.journal_row(event, self._answer(index), known)
        result, seconds = self._result_of(index, event, at)
        drawn = event_rows.row(event, result, seconds)
        if self.root and self.root in drawn.text:
            text, file = drawn.text.replace(self.root, ""), drawn.file.replace(self.root, "")
            drawn = replace(drawn, text=text, file=file)
        if drawn.at is None and not math.isnan(at):
            drawn = replace(drawn, at=at)
        if is_abandoned(self._abandoned, event.ref):
            drawn = event_rows.with_note(drawn, "abandoned")
        calls = event.body.tools if isinstance(event.body, AssistantMessage) else ()
        if self._live and not self._pairs[index] and calls and calls[0].id in self._open_calls:
            return replace(drawn, mark="running", seconds=None)
        return drawn

    def _answer(self, index: int) -> AgentEvent | JournalEntry | None:
        """The record that completed a row last."""
        return self._event(self._pairs[index] - 1) if self._pairs[index] else None

    def _result_of(
        self, index: int, event: AgentEvent, at: float
    ) -> tuple[ToolResult | None, float | None]:
        answer, made = self._answer(index), event.body
        if not isinstance(answer, AgentEvent) or not isinstance(answer.body, UserMessage):
            return None, None
        calls = {tool.id for tool in made.tools} if isinstance(made, AssistantMessage) else set()
        result = next((r for r in answer.body.results if r.tool_use_id in calls), None)
        seconds = self._times[self._pairs[index] - 1] - at
        return result, seconds if seconds >= 0 else None  # also None where a time is missing

    # --- saving --------------------------------------------------------------------------------

    @property
    def columns(self) -> tuple[array[Any] | bytearray, ...]:
        """What is saved of the rows, column by column, as it lies in memory."""
        ours = (self._offsets, self._times, self._lengths, self._parts, self._pairs)
        return (*ours, self._sources, self._flags)

    def save(self) -> SavedIndex:
        """The index without its columns."""
        return SavedIndex(len(self._flags), dict(self._open_calls), dict(self._undated))

    def load(self, saved: SavedIndex, fill: Callable[[array[Any] | bytearray, int], None]) -> None:
        """Restores a saved index; the sources must have been opened in the same order.

        `fill` puts that many items into a column, and is called for each in the order of `columns`.
        """
        for column in self.columns:
            fill(column, saved.rows)
        self._open_calls = dict(saved.open_calls)
        self._undated = OrderedDict(saved.undated)
        self._visible = row_source.shown_rows(self._flags)
        self._by_source = row_source.rows_by_source(self._sources)
        self.generation += 1
