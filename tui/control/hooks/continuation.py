"""Whether a session that is about to stop is to go on, as its Stop hook decides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from tui.control.completion import is_complete, is_stuck, open_titles
from tui.control.hooks.session_record import SessionRecord
from tui.control.hooks.work_state import WorkState
from tui.feeds.sessions.transcript_news import TranscriptNews
from tui.model.records import ProgressFile
from tui.model.snapshot import NightSnapshot
from tui.model.state import StallLevel
from tui.settings.settings import Settings
from tui.system.format import format_count, format_money, shorten_line

MOST_BLOCKS: Final = 8
"""The CLI's own cap for blocks in a row; it overrules a hook that goes on."""
_CAP_VARIABLE: Final = "CLAUDE_CODE_STOP_HOOK_BLOCK_CAP"
_MOST_SAME: Final = 3
_MOST_CALLS: Final = 8
_MOST_TITLES: Final = 5
_TITLE: Final = 160


class LetGo(Enum):
    """Why a session may stop, as the end of a sentence."""

    SWITCHED_OFF = "enforcement.continuous_mode is off"
    PLAN = "in plan mode nothing is carried out"
    NO_TASKS = "no file here counts tasks"
    COMPLETE = "enough tasks are done"
    BLOCKED = "all open tasks are blocked"
    CAP = "it was kept going as often as allowed without a task done"
    SAME = "it says the same again, and nothing has changed"
    STUCK = "it is stuck"
    REFUSED = "its calls are refused"
    BUDGET = "the cost limit is reached"
    API_ERROR = "the API failed"
    UNKNOWN = "what it did could not be read in time"


class StopDecision(Struct, frozen=True):
    """`block` is the word to go on; empty where the session may stop, for `why` with `detail`."""

    block: str = ""
    why: LetGo | None = None
    detail: str = ""

    @property
    def sentence(self) -> str:
        """Why it may stop."""
        words = self.why.value if self.why is not None else ""
        return f"{words} ({self.detail})" if self.detail else words


def may_continue(progress: ProgressFile | None, settings: Settings) -> StopDecision | None:
    """Why nothing is to be done, as far as progress and settings tell; None where a task is to be done."""
    if not settings.enforcement.continuous_mode:
        return StopDecision(why=LetGo.SWITCHED_OFF)
    if progress is None or not progress.counts_tasks or not progress.total:
        return StopDecision(why=LetGo.NO_TASKS)
    if is_complete(progress, settings.enforcement):
        return StopDecision(why=LetGo.COMPLETE, detail=f"{progress.done} of {progress.total}")
    if is_stuck(progress):
        return StopDecision(why=LetGo.BLOCKED, detail=format_count(progress.open, "task"))
    return None


def note_news(record: SessionRecord, news: TranscriptNews) -> None:
    """Takes over what the transcript tells: a person's words begin everything anew."""
    if news.prompt and news.prompt != record.prompt:
        if record.prompt:
            record.blocks = record.same = 0
        record.prompt, record.denials = news.prompt, ""
    record.denials += "".join("0" if one is None else "1" for one in news.denials)
    record.denials = record.denials[-_MOST_CALLS:]
    record.read_to = news.read_to


def judge_record(
    record: SessionRecord,
    progress: ProgressFile,
    answer: str,
    work: WorkState | None,
    environ: Mapping[str, str] = os.environ,
) -> StopDecision | None:
    """Counts this stop, of the last message `answer` and files in the state `work`; why it is the last one.

    Without an answer or a state nothing is like it.
    """
    if progress.done > record.best_done:
        if record.best_done >= 0:
            record.blocks = record.same = 0
        record.best_done = progress.done
    is_same = bool(answer and work is not None) and (answer, work) == (record.answer, record.work)
    record.same = record.same + 1 if is_same else 0
    record.answer, record.work = answer, work
    allowed = most_blocks(environ)
    if record.blocks >= allowed:
        return StopDecision(why=LetGo.CAP, detail=format_count(record.blocks, "time"))
    if record.same >= _MOST_SAME:
        return StopDecision(why=LetGo.SAME, detail=format_count(record.same + 1, "time"))
    if record.denials.endswith("1") and record.denials.count("1") > 1:
        count = record.denials.count("1")
        return StopDecision(why=LetGo.REFUSED, detail=f"{count} of the last {len(record.denials)}")
    return None


def judge_night(night: NightSnapshot, settings: Settings) -> StopDecision | None:
    """Why a session is not to go on, as far as its records tell."""
    for stall in (night.stall, *night.circling):
        if stall is not None and stall.level.rank >= StallLevel.SUSPECTED.rank:
            detail = shorten_line(stall.pattern or next(iter(stall.evidence), ""), _TITLE)
            return StopDecision(why=LetGo.STUCK, detail=detail)
    most, usd = settings.budget.max_cost_usd, night.cost.usd
    if most is not None and usd is not None and usd >= most:
        return StopDecision(why=LetGo.BUDGET, detail=f"{format_money(usd)} of {format_money(most)}")
    return None


def most_blocks(environ: Mapping[str, str] = os.environ) -> int:
    """How often in a row a stop may be blocked: as the CLI itself allows, and never more than eight times."""
    cap = environ.get(_CAP_VARIABLE, "")
    return min(int(cap), MOST_BLOCKS) if cap.isascii() and cap.isdecimal() else MOST_BLOCKS


def task_named_next(progress: ProgressFile) -> str:
    """In a line, what is open and what comes next."""
    count = f"{progress.open} of {format_count(progress.total, 'task')} open"
    titles = open_titles(progress)
    return f"{count}; next: {shorten_line(titles[0], _TITLE)}" if titles else count


def continuation_text(progress: ProgressFile, name: str, number: int, allowed: int) -> str:
    """The message to a session that is to go on; `name` is that of its progress file."""
    titles = [shorten_line(title, _TITLE) for title in open_titles(progress)]
    count = f"{progress.open} of {format_count(progress.total, 'task')}"
    verb = "is" if progress.open == 1 else "are"
    lines = [f"overnight-tui: {count} in {name} {verb} still open."]
    if titles:
        lines.append(f"Next: {titles[0]}")
    lines += [f"Then: {title}" for title in titles[1:_MOST_TITLES]]
    if progress.open > _MOST_TITLES:
        lines.append(f"… and {progress.open - _MOST_TITLES} more")
    lines.append(
        "Go on with the next one. Tick a task off only when it is done and checked. If one cannot be done, "
        f"say why under Blockers in that file and take the next. ({number} of {allowed} without a task done.)"
    )
    return "\n".join(lines)
