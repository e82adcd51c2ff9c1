"""Deeds on a project, each with its entry in the run's journal where there is a run of ours."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tui.control import capture, inbox, rewind_plan
from tui.control import restore as restoring
from tui.control.checkpoint_refs import Checkpoint, find
from tui.control.inbox import Verb
from tui.control.journal import Journal
from tui.control.restore import Receipt
from tui.control.rewind_plan import RewindPlan
from tui.control.work_tree import Limits
from tui.errors import OvernightError, RefusedError
from tui.records import JournalEntry
from tui.settings import Settings

Progress = Callable[[str, int, int], None]
_LOOK = 0.03


class Deeds:
    """What a person can do to the project's session; `run_dir` is that of our run, or empty.

    `adopt` is called before the runner is asked for something, so that a run that lost its
    supervisor has one again.
    """

    def __init__(
        self,
        project: Path,
        settings: Settings,
        run_dir: str = "",
        session: str = "",
        adopt: Callable[[], object] | None = None,
    ) -> None:
        self.project = project
        self.run_dir = run_dir
        self._session = session
        self._adopt = adopt or (lambda: None)
        self.step_back_template = settings.stalls.step_back
        kept = settings.checkpoints
        self._limits = Limits(
            file_bytes=int(kept.max_file_mib) << 20,
            untracked_bytes=int(kept.max_untracked_mib) << 20,
            seconds=float(kept.time_budget_seconds),
        )

    # --- work tree -----------------------------------------------------------------------------

    def checkpoint(
        self, label: str = "", why: str = "key", facts: Mapping[str, Any] | None = None
    ) -> Checkpoint:
        """Takes a checkpoint of the work tree; CheckpointError says why there is none."""
        try:
            taken = capture.take(
                self.project, label=label, session=self._session, facts=facts, limits=self._limits
            )
        except OvernightError as error:
            self._tell("checkpoint_failed", {"reason": str(error)})
            raise
        self._tell(
            "checkpoint",
            {
                "checkpoint": taken.id,
                "label": taken.label,
                "commit": taken.commit,
                "files": taken.files,
                "not_captured": taken.not_captured_count,
                "why": why,
            },
        )
        return taken

    def plan_rewind(self, wanted: str | Checkpoint) -> RewindPlan:
        """What going back would change; writes nothing."""
        target = find(self.project, wanted) if isinstance(wanted, str) else wanted
        return rewind_plan.plan(self.project, target, limits=self._limits)

    def plan_undo(self) -> RewindPlan:
        """What taking back the last rewind would change."""
        return restoring.undo_plan(self.project, limits=self._limits)

    def rewind(
        self, plan: RewindPlan, *, confirmed: bool = False, progress: Progress | None = None
    ) -> Receipt:
        """Carries out a plan; the safety checkpoint in the receipt undoes it."""
        receipt = restoring.execute(
            plan,
            confirmed=confirmed,
            progress=progress,
            session=self._session,
            limits=self._limits,
        )
        self._tell(
            "undo" if plan.undoes else "rewind",
            {
                "checkpoint": plan.checkpoint.id,
                "mode": "code",
                "written": receipt.written,
                "deleted": receipt.deleted,
                "kept": len(receipt.kept),
                "safety": receipt.safety.id if receipt.safety else "",
            },
        )
        return receipt

    def run_goes_on(self) -> bool:
        """Whether a run of ours is at work, so that files may only be changed through its runner."""
        if not self.run_dir:
            return False
        return not _entries(os.path.join(self.run_dir, "journal.jsonl"), "run_ended")

    # --- the runner ----------------------------------------------------------------------------

    def ask(self, verb: Verb, arguments: Mapping[str, object], wait: float = 30.0) -> str:
        """Asks the runner of our run and waits for its answer; RefusedError when it says no."""
        if not self.run_dir:
            raise RefusedError("this session was not started by overnight-tui run")
        journal = os.path.join(self.run_dir, "journal.jsonl")
        offset = os.path.getsize(journal) if os.path.exists(journal) else 0
        made = inbox.send(Path(self.run_dir) / "inbox", verb, arguments)
        self._adopt()
        until = time.monotonic() + wait
        while time.monotonic() < until:
            answer = _answer(journal, offset, made.id)
            if answer is not None:
                if not answer.get("ok"):
                    raise RefusedError(str(answer.get("text") or "the runner refused"))
                return str(answer.get("text") or "done")
            time.sleep(_LOOK)
        return f"no answer within {wait:g} s; the request stands"

    def _tell(self, kind: str, data: Mapping[str, object]) -> None:
        if not self.run_dir:
            return
        try:
            Journal(os.path.join(self.run_dir, "journal.jsonl")).write(kind, data)
        except OSError:
            # the deed is done; a full disk must not make it look undone
            return


def _answer(journal: str, offset: int, wanted: str) -> dict[str, Any] | None:
    from tui.feeds.journal import JournalDecoder

    try:
        with open(journal, "rb") as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return None
    data = data[: data.rfind(b"\n") + 1]
    for entry in JournalDecoder(journal).decode(data, offset):
        if entry.kind == "answer" and entry.id == wanted:
            return entry.data
    return None


def _entries(journal: str, kind: str) -> list[JournalEntry]:
    from tui.feeds.journal import JournalDecoder

    try:
        with open(journal, "rb") as file:
            data = file.read()
    except OSError:
        return []
    entries = JournalDecoder(journal).decode(data[: data.rfind(b"\n") + 1], 0)
    return [entry for entry in entries if entry.kind == kind]


def plan_words(plan: RewindPlan) -> list[str]:
    """The plan in plain sentences, as dialogs and the command line show it."""
    if plan.empty:
        return [f"Nothing differs from {plan.checkpoint.id}; nothing would change."]
    added, removed = plan.total_lines()
    captured = " (all captured first)" if plan.deletes else ""
    words = [
        f"{_many(len(plan.writes), 'file')} will be written, "
        f"{len(plan.deletes)} deleted{captured}, {plan.unchanged:,} stay as they are "
        f"(+{added:,} −{removed:,} lines).",
        "A safety checkpoint is taken first; undo brings everything back. HEAD stays where it is.",
    ]
    words += list(plan.notes)
    if plan.keeps:
        words.append(
            f"{_many(len(plan.keeps), 'path')} not captured by either side stay untouched."
        )
    return words


def _many(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
