"""Real commits of the work tree at intervals, where a person asked for them (`commits.every_minutes`)."""

from __future__ import annotations

import queue
import threading

from tui.control.work_commit import WorkCommit, commit_work, recover_commit
from tui.model.state import RunPhase
from tui.runner.preflight import own_files
from tui.runner.run_context import RunContext
from tui.system.errors import OvernightError
from tui.system.git import Git

_NAMED = 20


class AutoCommits:
    """Commits in a thread, one at a time, and journals what came of each."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._outcomes: queue.SimpleQueue[WorkCommit | str | None] = queue.SimpleQueue()
        self._is_busy = False
        self._at = context.state.elapsed
        self._last_reason = ""
        self._recovered = context.settings.commits.every_minutes is None

    def commit_if_due(self) -> None:
        """Begins one if the last is older than the interval; records what came of the one before."""
        context, minutes = self._context, self._context.settings.commits.every_minutes
        while not self._outcomes.empty():
            self._record(self._outcomes.get())
        if minutes is None or self._is_busy:
            return
        is_due = context.state.elapsed - self._at >= minutes * 60
        if (is_due and context.state.phase == RunPhase.WORKING) or not self._recovered:
            self._is_busy, self._at = True, context.state.elapsed
            work = self._commit if is_due else self._recover
            self._recovered = True
            threading.Thread(target=work, name="commit", daemon=True).start()

    def _record(self, outcome: WorkCommit | str | None) -> None:
        context = self._context
        self._is_busy = False
        if outcome is None:
            return
        if isinstance(outcome, str):
            if outcome != self._last_reason:  # the same one again says nothing new
                context.journal_entry("note", {"text": outcome})
            self._last_reason = outcome
            return
        self._last_reason = ""
        left_out = [f"{path}: {reason}" for path, reason in outcome.left_out[:_NAMED]]
        data = {"commit": outcome.commit, "subject": outcome.subject, "files": outcome.files}
        context.journal_entry("commit", {**data, "left_out": left_out, "by": "supervisor"})
        context.log_line(f"Committed {outcome.commit[:10]}: {outcome.subject}")

    # --- in the thread ---

    def _recover(self) -> None:
        try:
            recover_commit(Git(self._context.project))
        except (OvernightError, OSError) as error:
            self._outcomes.put(str(error))
            return
        self._outcomes.put(None)

    def _commit(self) -> None:
        context, settings = self._context, self._context.settings
        try:
            work_tree = Git(context.project).work_tree
            own = own_files(work_tree, context.project, settings)
            made = commit_work(
                context.project,
                prefix=settings.commits.prefix,
                run=context.facts.run,
                now=context.clock.wall(),
                most_bytes=int(settings.checkpoints.max_file_mib * (1 << 20)),
                is_own=lambda path: path.startswith(own),
            )
            self._outcomes.put(made)
        except (OvernightError, OSError) as error:
            self._outcomes.put(str(error))
        except Exception as error:  # a thread that died would leave all later commits undone
            self._outcomes.put(f"no commit was made: {type(error).__name__}: {error}")
