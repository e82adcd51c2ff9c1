"""The Stop hook of `hooks install --continuous`: a session goes on while tasks are open, or stops in order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.commands.act import hook_project
from tui.commands.act.hooks import hand_over
from tui.control.hooks.called_project import CalledProject, is_in_own_run
from tui.control.hooks.continuation import (
    LetGo,
    StopDecision,
    continuation_text,
    judge_night,
    judge_record,
    may_continue,
    most_blocks,
    note_news,
    task_named_next,
)
from tui.control.hooks.hook_records import record_hook
from tui.control.hooks.payload import read_call
from tui.control.hooks.session_record import load_session
from tui.control.hooks.work_state import WorkState
from tui.feeds.sessions.transcript_news import TranscriptNews, read_news
from tui.model.records import Commit, ProgressFile
from tui.store.state_names import short_digest
from tui.system.errors import OvernightError

if TYPE_CHECKING:
    from tui.model.journal import HookEffect
    from tui.model.snapshot import NightSnapshot

_EVENT = "Stop"
_PLAN_MODE = "plan"


def answer(mailbox: str, payload: bytes, words: Sequence[str]) -> None:
    """Hands over what waits for the session, and says whether it is to go on: both in one answer."""
    call = read_call(_EVENT, payload)
    if call is None or not call.is_main:
        return
    project = None if is_in_own_run() else hook_project.project_of_call(call, mailbox)
    if project is None:
        hand_over(_EVENT, mailbox, payload)
        return
    stop = _Stop(project)
    messages = hand_over(_EVENT, project.mailbox, payload, stop.decide())
    stop.finish(has_messages=bool(messages))


class _Stop:
    """One stop of a session in a project."""

    def __init__(self, project: CalledProject) -> None:
        self._project = project
        self._record = load_session(project.mailbox, project.call.session)
        self._decision = StopDecision(why=LetGo.NO_TASKS)
        self._work: WorkState | None = None
        self._night: NightSnapshot | None = None

    def decide(self) -> str:
        """The answer to the session; empty where it may stop."""
        progress = self._project.progress
        found = may_continue(progress, self._project.settings)
        if found is None and self._project.call.text("permission_mode") == _PLAN_MODE:
            found = StopDecision(why=LetGo.PLAN)
        self._decision = found or self._decision
        self._work = hook_project.work_of(self._project)
        if found is None and progress is not None:
            self._decision = self._judge(progress)
        if self._decision.block:
            self._record.blocks += 1
            # Without the count it would never end.
            if not hook_project.save(self._project, self._record):
                self._decision = StopDecision(why=LetGo.UNKNOWN)
        return self._decision.block

    def _judge(self, progress: ProgressFile) -> StopDecision:
        project, record = self._project, self._record
        news = self._read_news()
        note_news(record, news)
        answer = project.call.text("last_assistant_message").encode("utf-8", "replace")
        found = judge_record(record, progress, short_digest(answer) if answer else "", self._work)
        if found is None and news.failure is not None:
            found = StopDecision(why=LetGo.API_ERROR, detail=news.failure.text[:120])
        found = found or self._judge_night()
        if found is not None:
            return found
        name, number = project.shown(progress.source), record.blocks + 1
        return StopDecision(continuation_text(progress, name, number, most_blocks()))

    def _read_news(self) -> TranscriptNews:
        path = self._project.transcript
        try:
            return read_news(path, self._record.read_to) if path else TranscriptNews()
        except OSError:
            return TranscriptNews()

    def _judge_night(self) -> StopDecision | None:
        try:
            self._night = hook_project.read_night(self._project)
        except hook_project.TookTooLongError:
            return StopDecision(why=LetGo.UNKNOWN)
        return None if self._night is None else judge_night(self._night, self._project.settings)

    def finish(self, *, has_messages: bool) -> None:
        """Records what was decided; a session that is let go leaves a line in the history and a checkpoint."""
        record, progress = self._record, self._project.progress
        if has_messages:  # a person's words: everything begins anew
            record.blocks, record.same = int(bool(self._decision.block)), 0
        if self._decision.block and progress is not None:
            facts = {"number": record.blocks, "open": progress.open, "done": progress.done}
            self._journal("blocked", task_named_next(progress), **facts)
        elif not has_messages and self._has_news():
            self._let_go()
        elif not has_messages:
            return
        hook_project.save(self._project, record)

    def _has_news(self) -> bool:
        """Whether there is anything that no earlier end has reported."""
        return self._work is None or self._work != self._record.saved_work

    def _let_go(self) -> None:
        project, record = self._project, self._record
        if self._night is None and self._decision.why is not LetGo.UNKNOWN:
            self._night = hook_project.night_if_in_time(project)
        facts = self._write_history()
        before = record.saved_work or record.begun_work
        if self._work != before if before else self._work is None or self._work.changes:
            held = {} if self._night is None else self._night.checkpoint_facts
            facts["checkpoint"] = hook_project.take_checkpoint(project, "session end", held)
        record.saved_work = self._work
        self._journal("let go", self._decision.sentence, **facts)

    def _write_history(self) -> dict[str, object]:
        """Appends the session's line to the history; its figures."""
        from tui.model.evidence.log import TestSummary
        from tui.store.ledgers.histories import session_line
        from tui.store.project_files import ProjectFiles

        project, now = self._project, time.time()
        begun = self._record.begun_at or (self._night.run.started_at if self._night else None)
        seconds = max(0.0, now - begun) if begun else None
        commits = self._commits(begun)
        tests = TestSummary() if self._night is None else self._night.tests
        line = session_line(now, commits, tests, seconds)
        try:
            ProjectFiles(project.folder).append(project.settings.paths.session_history, line)
        except (OSError, OvernightError) as error:
            self._journal("failed", f"the session history was not written: {error}")
        return {
            "commits": len(commits),
            "files": sum(one.files for one in commits),
            "seconds": seconds,
        }

    def _commits(self, begun: float | None) -> list[Commit]:
        from tui.feeds.repo.commits import read_log
        from tui.system.git import Git

        begun_work = self._record.begun_work
        head = begun_work.head if begun_work is not None else ""
        if not head and begun is None:
            return []
        try:
            git = Git(self._project.folder)
            return read_log(git, range=f"{head}..HEAD") if head else read_log(git, since=begun)
        except (OvernightError, OSError):
            return []

    def _journal(self, effect: HookEffect, text: str, **data: object) -> None:
        record_hook(self._project.mailbox, self._project.call.session, _EVENT, effect, text, **data)
