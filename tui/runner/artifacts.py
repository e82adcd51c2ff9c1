"""The files of a run for people: progress file, notes, histories, copies of transcripts."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tui.feeds.repo.commits import read_log
from tui.feeds.sessions.where.transcript_folders import safe_transcript
from tui.model.events import AgentEvent, Compaction
from tui.model.snapshot import NightSnapshot
from tui.runner.run_context import RunContext, file_size
from tui.settings.settings import Settings
from tui.store.ledgers.histories import compaction_line, session_line
from tui.store.project_files import ProjectFileRefusedError, ProjectFiles
from tui.system import paths
from tui.system.errors import OvernightError
from tui.system.files import make_folder, open_private, regular_file
from tui.system.git import Git

_COPY_BYTES = 4 << 20
_PROGRESS = """\
# Session: {run}
# Started: {started}
# Goal: {goal}

## Completed
(none yet)

## In Progress

## Next Steps
(the session writes its plan here, one line with a check box for each task)

## Blockers
None

## Notes
Session started at {started}
"""
_NOTES = """\
# Session Notes

## Current Goal
{goal}

## Task Status
### Completed This Session
_None yet_

### In Progress
_None yet_

### Pending
_None yet_

## Key Decisions Made
_None yet_

## Important Discoveries
_None yet_

## Blockers & Solutions
_None yet_

## Files Modified
_None yet_

## Next Steps
_None yet_

## Technical Notes
_None yet_

---
**Last Updated**: {started}
**Session ID**: {run}
"""


def initialise_files(
    project: Path, settings: Settings, run: str, goal: str, at: float
) -> list[ProjectFileRefusedError]:
    """Writes the progress file and the session notes where there are none; those that it may not write.

    Raises OSError.
    """
    files, refused = ProjectFiles(project), list[ProjectFileRefusedError]()
    started = datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")
    # The goal last: what it has in braces stays as it is.
    values = {"run": run, "started": started, "goal": " ".join(goal.split())[:500]}
    names = settings.paths
    for name, text in ((names.progress_file, _PROGRESS), (names.session_notes, _NOTES)):
        for key, value in values.items():
            text = text.replace("{" + key + "}", value)
        try:
            files.create(name, text.encode("utf-8", "replace"))
        except ProjectFileRefusedError as error:
            refused.append(error)
    return refused


@dataclass
class RunArtifacts:
    """Writes the histories and the copies of transcripts; drops what cannot be written."""

    _context: RunContext

    def on_session_end(self, snapshot: NightSnapshot) -> None:
        """Appends a line to the session history for the attempt that ended."""
        context, head = self._context, self._context.state.attempt_head
        try:
            commits = read_log(Git(context.project), range=f"{head}..HEAD" if head else "HEAD")
        except (OvernightError, OSError):
            commits = []
        seconds = max(0.0, context.state.elapsed - context.state.attempt_elapsed)
        line = session_line(context.clock.wall(), commits, snapshot.tests, seconds)
        context.append_to_file(context.settings.paths.session_history, line)

    def on_compaction(self, event: AgentEvent, body: Compaction) -> None:
        """Appends a line to the compaction history."""
        context = self._context
        session = event.session or context.state.session
        self.copy_transcripts()
        copy = context.folder.kept_transcript(session)
        size = file_size(self._transcript_folder() / f"{session}.jsonl")
        kept = str(copy) if file_size(copy) else None
        at, trigger = context.clock.wall(), body.trigger or "auto"
        line = compaction_line(at, session, trigger, size, kept, has_checkpoint=True)
        context.append_to_file(context.settings.paths.compaction_history, line)

    # --- transcripts ---

    def _transcript_folder(self) -> Path:
        slug = re.sub(r"[^A-Za-z0-9]", "-", str(self._context.project))
        return self._projects_folder() / slug

    def _projects_folder(self) -> Path:
        return paths.claude_dir(os.environ | self._context.facts.env) / "projects"

    def copy_transcripts(self) -> None:
        """Brings the copies of all transcripts of the run up to date, subagents included."""
        state, folder = self._context.state, self._transcript_folder()
        for name in (state.session, state.resumable_session):
            if name and "/" not in name:
                state.transcripts.setdefault(name, 0)
        for session in state.transcripts:
            self._copy(folder / f"{session}.jsonl", f"{session}.jsonl")
            subagents, names = folder / session / "subagents", list[str]()
            with suppress(OSError):  # the agent chose the session's name: it may fit no file
                names = os.listdir(subagents)
            for name in names:
                if name.endswith(".jsonl"):
                    self._copy(subagents / name, f"{session}/subagents/{name}")

    def _copy(self, source: Path, name: str) -> None:
        # A transcript only grows. Of one that was replaced, the old copy stays under another name.
        target = self._context.folder.transcripts / name
        found = safe_transcript(str(source), self._projects_folder())
        if found is None:  # none, or nothing of Claude's: a link out of its folder, a pipe
            return
        source = Path(found)
        size, copied = file_size(source), file_size(target)
        if size < copied:
            os.replace(target, target.with_name(f"{target.name}.{int(time.time())}"))
            copied = 0
        if size == copied:
            return
        with suppress(OSError):
            make_folder(target.parent)
            with (
                regular_file(source) as (descriptor, _),
                open(open_private(target, os.O_WRONLY | os.O_APPEND), "wb") as out,
            ):
                os.lseek(descriptor, copied, os.SEEK_SET)
                while piece := os.read(descriptor, _COPY_BYTES):
                    out.write(piece)

    def publish_transcripts(self) -> None:
        """Copies the finished copies to where the original system keeps transcripts.

        A link to our copy would let whoever writes into the project change it.
        """
        context = self._context
        files, folder = ProjectFiles(context.project), context.settings.paths.transcripts
        for name in context.state.transcripts:
            source = context.folder.kept_transcript(name)
            if not file_size(source):
                continue
            try:
                with (
                    regular_file(source) as (descriptor, _),
                    files.replacing(f"{folder}/transcript-{name}.jsonl") as copy,
                ):
                    while piece := os.read(descriptor, _COPY_BYTES):
                        copy.write(piece)
            except ProjectFileRefusedError as error:
                context.note_refused(error)
            except OSError:
                continue


def current_head(project: Path) -> str:
    """The commit of HEAD; empty where there is none."""
    try:
        return Git(project).head() or ""
    except (OvernightError, OSError):
        return ""
