"""The way in: whole lines into the FIFO that an agent reads, never half of one.

A pipe takes a line of up to 4,096 bytes in one piece. A longer one is written only once the pipe is
empty and large enough for all of it, so that not even SIGKILL leaves half a line behind, which the
agent would take for the end of the world.
"""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from typing import Any, Literal

import msgspec

from tui.system.locks import try_lock_file

ATOMIC = 4096
LONGEST = 900_000

Sent = Literal["sent", "busy", "gone"]

_SET_SIZE = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_GET_SIZE = getattr(fcntl, "F_GETPIPE_SZ", 1032)
_WAITING = 0x541B  # FIONREAD


def make(path: Path) -> None:
    """A FIFO that only its owner may use. Raises OSError."""
    os.mkfifo(path, 0o600)


def encode(record: dict[str, Any]) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(record) + b"\n"


def send(path: Path, line: bytes) -> Sent:
    """Writes a whole line if that is possible now.

    "busy": the reader has not caught up, try later. "gone": nobody reads there, or it is no FIFO of
    ours. `line` is at most `LONGEST` bytes. Never blocks.
    """
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return "gone"
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISFIFO(facts.st_mode) or facts.st_uid != os.getuid():
            return "gone"
        if not try_lock_file(descriptor):
            return "busy"
        if len(line) > ATOMIC and not _has_room(descriptor, len(line)):
            return "busy"
        return "sent" if os.write(descriptor, line) == len(line) else "gone"
    except BlockingIOError:
        return "busy"
    except OSError:
        return "gone"
    finally:
        os.close(descriptor)


def _has_room(descriptor: int, size: int) -> bool:
    """Whether a line of that size goes in at once; the pipe is made larger if need be."""
    waiting = bytearray(4)
    fcntl.ioctl(descriptor, _WAITING, waiting)
    if any(waiting):
        return False
    needed = size + ATOMIC
    if fcntl.fcntl(descriptor, _GET_SIZE) < needed:
        try:
            fcntl.fcntl(descriptor, _SET_SIZE, needed)
        except OSError:
            return False
    return True


def user_line(text: str, uuid: str, priority: str = "next") -> dict[str, Any]:
    """A message for the agent."""
    return {
        "type": "user",
        "message": {"role": "user", "content": text},
        "parent_tool_use_id": None,
        "session_id": "",
        "uuid": uuid,
        "priority": priority,
    }


def control_line(request_id: str, subtype: str, **arguments: object) -> dict[str, Any]:
    """A control request to the agent."""
    request = {"subtype": subtype, **arguments}
    return {"type": "control_request", "request_id": request_id, "request": request}
