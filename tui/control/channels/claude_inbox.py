"""Claude's own message socket.

It is used only where the person has opted in (`crossSessionInbound: "accept"`): another session
may hold a message back without saying so. The socket never answers.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tui.control.channels.mailbox import check_text
from tui.model.session import AgentProcess
from tui.system import paths
from tui.system.errors import RefusedError
from tui.system.files import regular_file
from tui.system.processes import command_line

_TIMEOUT_S = 3.0
_MOST_BYTES = 1 << 20
_KEY = "crossSessionInbound"


def unavailable_reason(
    project: Path, process: AgentProcess, environ: Mapping[str, str] = os.environ
) -> str:
    """Empty when the session has an inbox and its owner lets others write to it."""
    if not process.socket:
        return "the session has no inbox socket"
    reason = _socket_obstacle(process.socket)
    if reason:
        return reason
    user = _setting(paths.claude_dir(environ) / "settings.json")
    if "accept" not in (user, _command_line_setting(process.pid, process.cwd)):
        return f"its owner has not set {_KEY} to accept"
    folder = project / ".claude"
    for file in (folder / "settings.json", folder / "settings.local.json"):
        if _setting(file) not in ("", "accept"):
            return f"{_KEY} in {file} forbids it"
    return ""


def send(process: AgentProcess, text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Writes one message to the session's inbox; RefusedError when that very session is not there."""
    check_text(text)
    reason = _socket_obstacle(process.socket)
    if reason:
        raise RefusedError(reason)
    message = {"type": "user", "message": {"role": "user", "content": text}}
    lines = [message]
    token = _token(paths.claude_dir(environ) / "sessions", process.pid)
    if token:
        lines.insert(0, {"type": "auth", "token": token})
    data = "".join(json.dumps(line) + "\n" for line in lines).encode("ascii")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT_S)
        try:
            connection.connect(process.socket)
            _check_peer(connection, process.pid)
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise RefusedError(f"the session's inbox did not take it: {error}") from error


def _socket_obstacle(path: str) -> str:
    if not os.path.isabs(path) or "\0" in path:
        return "the session's inbox socket has no usable path"
    try:
        facts, folder = os.lstat(path), os.lstat(os.path.dirname(path))
    except OSError:
        return "the session's inbox socket is gone"
    if not stat.S_ISSOCK(facts.st_mode) or facts.st_uid != os.geteuid():
        return f"{path} is no socket of yours"
    if folder.st_uid != os.geteuid() or folder.st_mode & 0o022:
        return f"others can write to {os.path.dirname(path)}"
    return ""


def _check_peer(connection: socket.socket, pid: int) -> None:
    """The listener must be the very process that the session's file names."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return
    peer, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, 12))
    if user != os.geteuid() or peer != pid:
        raise RefusedError(f"another process ({peer}) listens on the session's inbox socket")


def _setting(file: Path) -> str:
    return _text_value(_json_file(file) or {})


def _text_value(settings: dict[str, Any]) -> str:
    value = settings.get(_KEY)
    return value if isinstance(value, str) else ""


def _command_line_setting(pid: int, cwd: str) -> str:
    """What `--settings`, as JSON or as a file, says for that process."""
    for value in _settings_arguments(command_line(pid)):
        if not value.lstrip().startswith("{"):
            return _setting(Path(cwd) / value)
        try:
            return _text_value(json.loads(value))
        except (ValueError, RecursionError):
            continue
    return ""


def _settings_arguments(arguments: list[str]) -> Iterable[str]:
    for number, argument in enumerate(arguments):
        if argument == "--settings" and number + 1 < len(arguments):
            yield arguments[number + 1]
        elif argument.startswith("--settings="):
            yield argument.partition("=")[2]


def _token(folder: Path, pid: int) -> str:
    for file in folder.glob(f"{int(pid)}.*.key"):
        key = _json_file(file)
        token = key.get("peerToken") if key else None
        if isinstance(token, str):
            return token
    return ""


def _json_file(file: Path) -> dict[str, Any] | None:
    """An object from a regular file of ours; None for anything else."""
    try:
        with regular_file(file) as (descriptor, status):
            if status.st_uid != os.geteuid():
                return None
            value = json.loads(os.read(descriptor, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
