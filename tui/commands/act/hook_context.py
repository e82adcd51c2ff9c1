"""The hooks of `hooks install --continuous` that tell a session where work stands, and save what it loses."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from tui.commands.act import hook_project
from tui.commands.act.hooks import print_answer
from tui.control.hooks.called_project import CalledProject, is_in_own_run
from tui.control.hooks.hook_records import record_hook
from tui.control.hooks.payload import read_call
from tui.control.hooks.relay_note import RECOVERY, relay_note
from tui.control.hooks.session_record import load_session
from tui.store.ledgers.histories import compaction_line
from tui.store.project_files import ProjectFiles
from tui.system.errors import OvernightError
from tui.system.files import regular_file

_PIECE = 4 << 20
_AFTER_COMPACTION = "compact"


def answer_compaction(mailbox: str, payload: bytes, words: Sequence[str]) -> None:
    """Saves what a compaction forgets; it is never blocked, and nothing is said."""
    call = read_call("PreCompact", payload)
    project = (
        None if call is None or not call.is_main else hook_project.project_of_call(call, mailbox)
    )
    if project is None:
        return
    saved: dict[str, object] = {}
    checkpoint = ""
    if not is_in_own_run():  # there the supervisor does all of this
        checkpoint = hook_project.take_checkpoint(project, "before a compaction", {})
        saved = {"checkpoint": checkpoint, **_save_transcript(project, bool(checkpoint))}
    _save_note(project, checkpoint)
    kept = [name for name in ("checkpoint", "transcript") if saved.get(name)]
    text = f"before a compaction: {', '.join([*kept, 'recovery note'])}"
    record_hook(project.mailbox, project.call.session, "PreCompact", "saved", text, **saved)


def _save_transcript(project: CalledProject, has_checkpoint: bool) -> dict[str, object]:
    """Copies the transcript to where the original system keeps them, with a line in its history."""
    call, paths = project.call, project.settings.paths
    files = ProjectFiles(project.folder)
    trigger = "manual" if call.text("trigger") == "manual" else "auto"
    name, size, trouble = "", 0, ""
    if project.transcript:
        try:
            name, size = _copy(project.transcript, files, paths.transcripts, call.session)
        except (OSError, OvernightError) as error:
            trouble = f"the transcript was not copied: {error}"
    line = compaction_line(
        time.time(), call.session, trigger, size, name or None, has_checkpoint=has_checkpoint
    )
    try:
        files.append(paths.compaction_history, line)
    except (OSError, OvernightError) as error:
        trouble = trouble or f"the compaction history was not written: {error}"
    if trouble:
        record_hook(project.mailbox, call.session, "PreCompact", "failed", trouble)
    return {"transcript": name, "bytes": size, "trigger": trigger}


def _copy(source: str, files: ProjectFiles, folder: str, session: str) -> tuple[str, int]:
    """The name of the copy and its size. An older copy that is longer is of another transcript, and stays."""
    name = f"{folder}/transcript-{session}.jsonl"
    with regular_file(source) as (descriptor, facts):
        if _size_of(files.path(name)) > facts.st_size:
            name = f"{folder}/transcript-{session}-{int(time.time())}.jsonl"
        size = 0
        with files.replacing(name) as copy:
            while piece := os.read(descriptor, _PIECE):
                copy.write(piece)
                size += len(piece)
    return name, size


def _size_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _save_note(project: CalledProject, checkpoint: str) -> None:
    record = load_session(project.mailbox, project.call.session)
    record.note = relay_note(project, RECOVERY, checkpoint)
    hook_project.save(project, record)


def answer_start(mailbox: str, payload: bytes, words: Sequence[str]) -> None:
    """Tells a session that begins, or was compacted, where the work stands."""
    call = read_call("SessionStart", payload)
    if call is None or not call.is_main:
        return
    source = call.text("source")
    is_own = is_in_own_run()
    if is_own and source != _AFTER_COMPACTION:
        return  # its first prompt says it
    project = hook_project.project_of_call(call, mailbox)
    if project is None:
        return
    record = load_session(project.mailbox, call.session)
    note = record.note if source == _AFTER_COMPACTION else ""
    note = note or relay_note(project)
    if note:
        context = {"hookEventName": "SessionStart", "additionalContext": note}
        print_answer({"hookSpecificOutput": context})
        text = f"{len(note.encode()):,} bytes on where the work stands ({source or 'startup'})"
        record_hook(project.mailbox, call.session, "SessionStart", "handed over", text)
    if not is_own and not record.begun_at:
        record.begun_at, record.begun_work = time.time(), hook_project.work_of(project)
        hook_project.save(project, record)
