"""Requests to a supervisor: one file each, written in one step, executed once, answered in the journal."""

from __future__ import annotations

import os
import re
import stat
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tui.model.journal import Requester
from tui.system.errors import RefusedError, describe_os_error
from tui.system.files import atomic_write, regular_file

Verb = Literal[
    "checkpoint",
    "rewind",
    "undo",
    "inject",
    "withdraw",
    "interrupt",
    "stop",
    "kill",
    "pause_limits",
]
_MOST_BYTES = 32 << 20
_CLAIMED = ".claimed"
_NAME = re.compile(r"(\d{13}-[0-9a-f]{8})\.json\.claimed", re.ASCII)


class RunnerRequest(Struct, frozen=True):
    """A request to a supervisor; `id` is unique, and its answer has the same. `by` says who asks."""

    id: str
    verb: Verb
    arguments: dict[str, Any]
    at: float
    by: Requester


Refuse = Callable[[str, str], None]


def send_request(
    folder: Path, verb: Verb, arguments: Mapping[str, object] | None = None, *, by: Requester
) -> RunnerRequest:
    """Writes a request, which stays until a supervisor has answered it; RefusedError if it cannot."""
    check_owner(folder)
    now = time.time()
    name = f"{int(now * 1000):013d}-{uuid.uuid4().hex[:8]}"
    request = RunnerRequest(name, verb, dict(arguments or {}), now, by)
    data = msgspec.json.encode(request)
    if len(data) > _MOST_BYTES:
        raise RefusedError(f"the request is larger than {_MOST_BYTES >> 20} MiB; nothing was sent")
    try:
        atomic_write(folder / f"{request.id}.json", data)
    except OSError as error:
        raise RefusedError(describe_os_error(error, folder, "cannot take the request")) from error
    return request


def claim_requests(
    folder: Path, since: float = 0.0, refuse: Refuse = lambda name, reason: None
) -> list[tuple[RunnerRequest, Path]]:
    """The waiting requests, oldest first, each now claimed; call `remove_request` after the answer is written.

    Requests that a killed supervisor had claimed come back through `list_claimed`. What is no request
    of ours, or was made before `since`, is removed and given to `refuse` with its name and the reason.
    """
    check_owner(folder)
    claimed = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with suppress(OSError):
                os.rename(folder / name, folder / (name + _CLAIMED))
                claimed.append(folder / (name + _CLAIMED))
    return _read_all(claimed, since, refuse)


def list_claimed(
    folder: Path, since: float = 0.0, refuse: Refuse = lambda name, reason: None
) -> list[tuple[RunnerRequest, Path]]:
    """Requests that were claimed and not finished; their answer may be in the journal already."""
    check_owner(folder)
    names = [name for name in sorted(os.listdir(folder)) if name.endswith(_CLAIMED)]
    return _read_all([folder / name for name in names], since, refuse)


def _read_all(paths: list[Path], since: float, refuse: Refuse) -> list[tuple[RunnerRequest, Path]]:
    """The requests in these files; what is none is removed."""
    found = []
    for path in paths:
        try:
            found.append((_read(path, since), path))
        except (OSError, ValueError) as error:
            with suppress(OSError):  # a folder: those that are requests must not be lost for it
                path.unlink()
                reason = error.strerror if isinstance(error, OSError) else None
                refuse(path.name.removesuffix(_CLAIMED), reason or str(error))
    return found


def remove_request(path: Path) -> None:
    """Removes a claimed request that has been answered."""
    path.unlink(missing_ok=True)


def check_owner(folder: Path) -> None:
    """RefusedError unless `folder` is a directory of this user that nobody else can write to."""
    try:
        facts = os.lstat(folder)
    except OSError as error:
        raise RefusedError(f"there is no inbox at {folder}: {error.strerror}") from error
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        raise RefusedError(f"{folder} is not a directory of yours; nothing was sent")
    if facts.st_mode & 0o022:
        raise RefusedError(f"others can write to {folder}; run 'chmod 700 {folder}' first")


def _read(path: Path, since: float) -> RunnerRequest:
    """The request in a file that only this user can have written; OSError or ValueError for all else."""
    name = _NAME.fullmatch(path.name)
    if name is None:
        raise ValueError("its name is not that of a request")
    with regular_file(path) as (descriptor, status):
        if status.st_uid != os.getuid() or status.st_mode & 0o022 or status.st_nlink != 1:
            raise ValueError("others can write to it")
        if status.st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        try:
            request = msgspec.json.decode(os.read(descriptor, _MOST_BYTES), type=RunnerRequest)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError("it is no request") from error
    if request.id != name[1]:
        raise ValueError("its name is not its id")
    if not request.at >= since:  # a time that is no number is none
        raise ValueError("it is older than the run")
    return request
