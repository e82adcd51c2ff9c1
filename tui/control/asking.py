"""Asking the runner of our run: a request into its inbox, its answer out of the journal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tui.control import inbox
from tui.control.inbox import Verb
from tui.errors import RefusedError
from tui.records import JournalEntry
from tui.store.layout import RunDirectory

_LOOK_S = 0.03


def ask(
    run_dir: str,
    adopt: Callable[[], object],
    verb: Verb,
    arguments: Mapping[str, object],
    wait: float = 30.0,
) -> str:
    """What the runner answers; RefusedError when it says no. `adopt` gives it a supervisor again."""
    if not run_dir:
        raise RefusedError("this session was not started by overnight-tui run")
    run = RunDirectory(Path(run_dir))
    journal = str(run.journal)
    offset = os.path.getsize(journal) if os.path.exists(journal) else 0
    made = inbox.send(run.inbox, verb, arguments)
    adopt()
    until = time.monotonic() + wait
    while time.monotonic() < until:
        answer = _answer(journal, offset, made.id)
        if answer is not None:
            if not answer.get("ok"):
                raise RefusedError(str(answer.get("text") or "the runner refused"))
            return str(answer.get("text") or "done")
        time.sleep(_LOOK_S)
    return f"no answer within {wait:g} s; the request stands"


def goes_on(run_dir: str) -> bool:
    """Whether the run in that folder has not ended."""
    return not any(
        entry.kind == "run_ended" for entry in entries(str(RunDirectory(Path(run_dir)).journal))
    )


def entries(journal: str, offset: int = 0) -> list[JournalEntry]:
    """The whole entries of a journal from a byte on; none where it cannot be read."""
    from tui.feeds.journal import JournalDecoder

    try:
        with open(journal, "rb") as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return []
    return JournalDecoder(journal).decode(data[: data.rfind(b"\n") + 1], offset)


def _answer(journal: str, offset: int, wanted: str) -> dict[str, Any] | None:
    for entry in entries(journal, offset):
        if entry.kind == "answer" and entry.id == wanted:
            return entry.data
    return None
