"""The channels to a session that we did not start, the best one, and what each can promise.

The order: the hook mailbox, Claude's inbox, a paste into its terminal. A mailbox is emptied only
when the session does something, so for an idle session it comes last. Claude's inbox, a socket that
never answers, is used only where the person has opted in (`crossSessionInbound: "accept"`): another
session may hold a message back without saying so.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

from tui.control.channels import tmux_paste
from tui.control.channels.mailbox import Mailbox, check_text
from tui.control.channels.tmux_paste import PasteUncertainError
from tui.control.hooks import status
from tui.feeds.sessions.live_processes import ClaudeSessionFile, ClaudeSessionRegistry
from tui.model.session import AgentProcess
from tui.system import paths, processes
from tui.system.errors import RefusedError
from tui.system.files import regular_file
from tui.system.tmux import pane_of

ChannelName = Literal["mailbox", "inbox", "tmux", "none"]
DeliveryState = Literal["queued", "delivered", "failed", "unsure", "withdrawn"]
# A start time that is read twice may differ by rounding; a pid is not used again that soon.
_SAME_START_S = 1.5
_INBOX_TIMEOUT_S = 3.0
_MOST_BYTES = 1 << 20
_OPT_IN = "crossSessionInbound"
_LABELS: dict[ChannelName, str] = {
    "mailbox": "hook mailbox",
    "inbox": "Claude's inbox",
    "tmux": "paste into its terminal",
    "none": "",
}


@dataclass(frozen=True)
class ChannelFacts:
    """What decides how a session can be reached; a reason is empty where the channel is open.

    `last_hook_call` is when a hook of this session last called us; `is_deaf` that it may never, as
    it is older than the project's `.claude`; `hooks_missing` that installing ours opens the mailbox.
    """

    session: str = ""
    status: str = ""
    mailbox: str = ""
    last_hook_call: float | None = None
    is_deaf: bool = False
    inbox: str = ""
    tmux: str = ""
    hooks_missing: bool = False


@dataclass(frozen=True)
class Channel:
    """A channel and, in one sentence, what it can promise; for "none" the reason and what to do."""

    name: ChannelName
    promise: str

    @property
    def label(self) -> str:
        """Its name for a person."""
        return _LABELS[self.name]


@dataclass(frozen=True)
class DeliveryReceipt:
    """What became of a message; `refresh_receipt` brings it up to date, `detail` is a sentence."""

    id: str
    channel: ChannelName
    state: DeliveryState
    promise: str
    detail: str
    session: str = ""

    @property
    def label(self) -> str:
        """The channel's name for a person."""
        return _LABELS[self.channel]


def inspect_channels(project: Path, process: AgentProcess) -> ChannelFacts:
    """Inspects every channel and changes nothing. Takes some 50 ms: not for a screen's thread."""
    last_call = Mailbox(project).last_hook_call(process.session)
    mailbox, folder_made_at, hooks_missing = _mailbox_obstacle(project, process)
    return ChannelFacts(
        process.session,
        process.status,
        mailbox,
        last_call,
        last_call is None and folder_made_at is not None and process.created < folder_made_at,
        inbox_obstacle(project, process),
        _tmux_obstacle(process),
        hooks_missing,
    )


def open_channels(facts: ChannelFacts, now: float | None = None) -> list[Channel]:
    """The open channels, best first; empty if there is none."""
    inbox = "Claude's inbox takes it and shows it as words of another session; it sends no receipt"
    tmux = "it is typed into the session's input box, and watched until the box has taken it"
    channels = []
    if not facts.mailbox:
        channels.append(Channel("mailbox", _mailbox_promise(facts, now)))
    if not facts.inbox:
        channels.append(Channel("inbox", inbox))
    if not facts.tmux:
        channels.append(Channel("tmux", tmux))
    if facts.status == "idle" or facts.is_deaf:
        channels.sort(key=lambda channel: channel.name == "mailbox")
    return channels


def best_channel(facts: ChannelFacts, now: float | None = None) -> Channel:
    """The best channel, or the reason why there is none."""
    reasons = f"hooks: {facts.mailbox}; inbox: {facts.inbox}; tmux: {facts.tmux}"
    closed = Channel("none", f"no way to this session ({reasons})")
    return next(iter(open_channels(facts, now)), closed)


def send_message(
    project: Path,
    process: AgentProcess,
    text: str,
    *,
    by: ChannelName | None = None,
) -> DeliveryReceipt:
    """Sends a message to a session that is not ours, by the channel `by` or the best that takes it.

    RefusedError says why none did, and then nothing was sent. It may take some seconds.
    """
    check_text(text)
    alive = processes.read_facts(process.pid)
    if alive is None or abs(alive.created - process.created) > _SAME_START_S:
        raise RefusedError(f"the session's process ({process.pid}) has ended; nothing was sent")
    facts = inspect_channels(project, process)
    usable = [channel for channel in open_channels(facts) if by in (None, channel.name)]
    if not usable:
        best = best_channel(facts)
        closed = f"the way by {by} is closed by now; nothing was sent"
        raise RefusedError(best.promise if best.name == "none" else closed)
    reasons = []
    for channel in usable:
        try:
            return _send(channel, project, process, text)
        except PasteUncertainError as error:
            # It may stand in the input box, so no other channel is tried.
            return DeliveryReceipt(
                "", "tmux", "failed", channel.promise, str(error), process.session
            )
        except RefusedError as error:
            reasons.append(f"{channel.name}: {error}")
    raise RefusedError("; ".join(reasons))


def refresh_receipt(project: Path, receipt: DeliveryReceipt) -> DeliveryReceipt:
    """The receipt as things stand now; only the mailbox's changes after it was given."""
    if receipt.channel != "mailbox" or receipt.state not in ("queued", "unsure"):
        return receipt
    message = Mailbox(project).read_state(receipt.session, receipt.id)
    if message is None:
        return replace(receipt, state="unsure", detail="the message is no longer in the mailbox")
    details = {
        "queued": "waits in the mailbox",
        "delivered": f"handed to the session by its {message.event} hook",
        "unsure": "a hook took it and ended before it could say that it handed it over",
        "withdrawn": "taken back before anybody read it",
    }
    return replace(receipt, state=message.state, detail=details[message.state])


def _send(channel: Channel, project: Path, process: AgentProcess, text: str) -> DeliveryReceipt:
    name = ""
    state: DeliveryState = "queued"
    if channel.name == "mailbox":
        name = Mailbox(project).send(process.session, text).id
        detail = "waits in the mailbox"
    elif channel.name == "inbox":
        send_to_inbox(process, text)
        detail = "written to Claude's inbox; what it does with it is not told"
    else:
        tmux_paste.paste(pane_of(process.pid), text, lambda: _open_question(process))
        state, detail = "delivered", "its input box took it"
    return DeliveryReceipt(name, channel.name, state, channel.promise, detail, process.session)


def _mailbox_obstacle(project: Path, process: AgentProcess) -> tuple[str, float | None, bool]:
    """Why the mailbox is closed, when we made `.claude`, and whether only hooks are missing."""
    if not process.session:
        return "the session's id is not known", None, False
    try:
        hooks = status.mailbox_status(project)
    except RefusedError as error:
        return str(error), None, False
    if hooks.off:
        return hooks.off, None, False
    if not hooks.delivers:
        reason = "not installed; 'overnight-tui hooks install' does it, also for running sessions"
        return reason, None, True
    return "", hooks.folder_made_at, False


def _mailbox_promise(facts: ChannelFacts, now: float | None) -> str:
    if facts.status == "idle":
        return "it waits until somebody prompts the session, which is idle, and is read then"
    if facts.is_deaf:
        return (
            "it waits in the mailbox; the session is older than the project's .claude folder, and "
            "Claude may notice its hooks only when it is started anew"
        )
    promise = "it is read after the next tool call or before the turn ends, once, with a receipt"
    if facts.last_hook_call is None:
        return (
            f"{promise}; no hook of this session has called yet, so it may have hooks switched off"
        )
    seconds = max(0.0, (time.time() if now is None else now) - facts.last_hook_call)
    return f"{promise}; its hooks last called {seconds:,.0f} s ago"


def _tmux_obstacle(process: AgentProcess) -> str:
    try:
        return _open_question(process) or tmux_paste.unavailable_reason(pane_of(process.pid))
    except RefusedError as error:
        return str(error)


def _open_question(process: AgentProcess) -> str:
    """The session's own word, read anew: whether it waits for a person's answer."""
    file = find_session_file(process)
    if file is None or file.status != "waiting":
        return ""
    question = f" ({file.waiting_for})" if file.waiting_for else ""
    return f"the session waits for an answer{question}; Enter would give one"


def find_session_file(process: AgentProcess) -> ClaudeSessionFile | None:
    """What Claude has written of that process by now."""
    files = ClaudeSessionRegistry(paths.claude_dir() / "sessions").read_all()
    return next((file for file in files if file.pid == process.pid), None)


# --- Claude's inbox ----------------------------------------------------------------------------


def inbox_obstacle(project: Path, process: AgentProcess) -> str:
    """Why the session's inbox is closed; empty where its owner lets others write to it."""
    if not process.socket:
        return "the session has no inbox socket"
    reason = _socket_obstacle(process.socket)
    if reason:
        return reason
    user = _text_in(_read_own_json(paths.claude_dir() / "settings.json"), _OPT_IN)
    if "accept" not in (user, _command_line_opt_in(process)):
        return f"its owner has not set {_OPT_IN} to accept"
    for name in ("settings.json", "settings.local.json"):
        file = project / ".claude" / name
        if _text_in(_read_own_json(file), _OPT_IN) not in ("", "accept"):
            return f"{_OPT_IN} in {file} forbids it"
    return ""


def send_to_inbox(process: AgentProcess, text: str) -> None:
    """Writes one message to the session's inbox; RefusedError when that very session is not there."""
    check_text(text)
    reason = _socket_obstacle(process.socket)
    if reason:
        raise RefusedError(reason)
    lines: list[object] = [{"type": "user", "message": {"role": "user", "content": text}}]
    keys = (paths.claude_dir() / "sessions").glob(f"{int(process.pid)}.*.key")
    tokens = (_text_in(_read_own_json(key), "peerToken") for key in keys)
    if token := next(filter(None, tokens), ""):
        lines.insert(0, {"type": "auth", "token": token})
    data = "".join(json.dumps(line) + "\n" for line in lines).encode("ascii")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_INBOX_TIMEOUT_S)
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


def _command_line_opt_in(process: AgentProcess) -> str:
    """What `--settings`, as JSON or as a file, says for that process."""
    for argument, following in pairwise([*processes.command_line(process.pid), ""]):
        if argument.startswith("--settings="):
            following = argument.partition("=")[2]
        elif argument != "--settings":
            continue
        if not following.lstrip().startswith("{"):
            return _text_in(_read_own_json(Path(process.cwd) / following), _OPT_IN)
        with suppress(ValueError, RecursionError):
            return _text_in(json.loads(following), _OPT_IN)
    return ""


def _text_in(settings: object, key: str) -> str:
    value = settings.get(key) if isinstance(settings, dict) else None
    return value if isinstance(value, str) else ""


def _read_own_json(file: Path) -> object:
    """What is in a regular file of ours; None for anything else."""
    try:
        with regular_file(file) as (descriptor, status):
            if status.st_uid != os.geteuid():
                return None
            return json.loads(os.read(descriptor, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
