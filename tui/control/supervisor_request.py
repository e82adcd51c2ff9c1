"""Asks the supervisor of a run, and waits for its answer in the journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tui.model.journal import Requester
from tui.store import inbox
from tui.store.inbox import Verb
from tui.store.journal import JournalFollower
from tui.store.layout import RunDirectory
from tui.system.errors import OvernightError, RefusedError

_POLL_S = 0.03


def send_request(
    run_dir: str,
    adopt: Callable[[], object],
    verb: Verb,
    arguments: Mapping[str, object],
    wait: float,
    *,
    by: Requester,
) -> str:
    """What the supervisor of a run answers; RefusedError when it says no, OvernightError when nobody did.

    `adopt` is called after the request is left, and gives a run that lost its supervisor a new one.
    Blocks for up to `wait` seconds; after that the request still stands, and the error says so.
    """
    run = RunDirectory(Path(run_dir))
    journal = JournalFollower(run.journal)
    request = inbox.send_request(run.inbox, verb, arguments, by=by)
    adopt()
    until = time.monotonic() + wait
    while time.monotonic() < until:
        for entry in journal.read_new():
            if entry.kind == "answer" and entry.id == request.id:
                if not entry.data.get("ok"):
                    raise RefusedError(str(entry.data.get("text") or "the runner refused"))
                return str(entry.data.get("text") or "done")
        time.sleep(_POLL_S)
    raise OvernightError(
        f"nobody answered within {wait:g} s; the request stands, and `status` tells what becomes of it"
    )
