"""Requests to a supervisor: one file each, written in one step, executed once, answered in the journal."""

from __future__ import annotations

import os
import stat
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tui.system.errors import RefusedError
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


class RunnerRequest(Struct, frozen=True):
    """A request to a supervisor; `id` is unique, and its answer has the same."""

    id: str
    verb: Verb
    arguments: dict[str, Any]
    at: float


def send_request(
    folder: Path, verb: Verb, arguments: Mapping[str, object] | None = None
) -> RunnerRequest:
    """Writes a request, which stays until a supervisor has answered it; RefusedError if it cannot."""
    check_owner(folder)
    now = time.time()
    name = f"{int(now * 1000):013d}-{uuid.uuid4().hex[:8]}"
    request = RunnerRequest(name, verb, dict(arguments or {}), now)
    data = msgspec.json.encode(request)
    if len(data) > _MOST_BYTES:
        raise RefusedError(f"the request is larger than {_MOST_BYTES >> 20} MiB; nothing was sent")
    try:
        atomic_write(folder / f"{request.id}.json", data)
    except OSError as error:
        raise RefusedError(f"the request could not be left: {error.strerror}") from error
    return request


def claim_requests(folder: Path) -> list[tuple[RunnerRequest, Path]]:
    """The waiting requests, oldest first, each now claimed; call `remove_request` after the answer is written.

    Requests that a killed supervisor had claimed come back through `list_claimed`.
    """
    check_owner(folder)
    claimed = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with suppress(OSError):
                os.rename(folder / name, folder / (name + _CLAIMED))
                claimed.append(folder / (name + _CLAIMED))
    return _read_all(claimed)


def list_claimed(folder: Path) -> list[tuple[RunnerRequest, Path]]:
    """Requests that were claimed and not finished; their answer may be in the journal already."""
    return _read_all(
        [folder / name for name in sorted(os.listdir(folder)) if name.endswith(_CLAIMED)]
    )


def _read_all(paths: list[Path]) -> list[tuple[RunnerRequest, Path]]:
    """The requests in these files; what is none is removed."""
    found = []
    for path in paths:
        request = _read(path)
        if request is None:
            with suppress(OSError):  # a folder: those that are requests must not be lost for it
                path.unlink()
        else:
            found.append((request, path))
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


def _read(path: Path) -> RunnerRequest | None:
    """The request in a file of this user; None for anything else."""
    try:
        with regular_file(path) as (descriptor, status):
            if status.st_uid != os.getuid() or status.st_size > _MOST_BYTES:
                return None
            return msgspec.json.decode(os.read(descriptor, _MOST_BYTES), type=RunnerRequest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
