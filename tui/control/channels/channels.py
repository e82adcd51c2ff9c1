"""The channels to a session that we did not start, the best one, and what each can promise.

The order: the hook mailbox, Claude's inbox, a paste into its terminal. A mailbox is emptied only
when the session does something, so for an idle session it comes last.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tui.control.channels import claude_inbox, tmux_paste
from tui.control.channels.mailbox import Mailbox, check_text
from tui.control.channels.tmux_paste import PasteUncertainError
from tui.control.hooks import installer
from tui.feeds.sessions.live_processes import ClaudeSessionRegistry
from tui.model.session import AgentProcess
from tui.store.layout import RUN_DIR
from tui.system import paths, processes
from tui.system.errors import RefusedError
from tui.system.tmux import pane_of

ChannelName = Literal["mailbox", "inbox", "tmux", "none"]
DeliveryState = Literal["queued", "delivered", "failed", "unsure", "withdrawn"]
# A start time that is read twice may differ by rounding; a pid is not used again that soon.
_SAME_START_S = 1.5
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
    at: float = 0.0

    @property
    def label(self) -> str:
        """The channel's name for a person."""
        return _LABELS[self.channel]


def inspect_channels(
    project: Path, process: AgentProcess, *, run_dir: str = RUN_DIR
) -> ChannelFacts:
    """Inspects every channel and changes nothing. Takes some 50 ms: not for a screen's thread."""
    last_call = Mailbox.of(project, run_dir).last_hook_call(process.session)
    mailbox, folder_made_at, hooks_missing = _mailbox_obstacle(project, process, run_dir)
    return ChannelFacts(
        process.session,
        process.status,
        mailbox,
        last_call,
        last_call is None and folder_made_at is not None and process.created < folder_made_at,
        claude_inbox.unavailable_reason(project, process),
        _tmux_obstacle(process),
        hooks_missing,
    )


def open_channels(facts: ChannelFacts, now: float | None = None) -> list[Channel]:
    """The open channels, best first; empty if there is none."""
    channels = []
    if not facts.mailbox:
        channels.append(Channel("mailbox", _mailbox_promise(facts, now)))
    if not facts.inbox:
        promise = (
            "Claude's inbox takes it and shows it as words of another session; it sends no receipt"
        )
        channels.append(Channel("inbox", promise))
    if not facts.tmux:
        promise = "it is typed into the session's input box, and watched until the box has taken it"
        channels.append(Channel("tmux", promise))
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
    run_dir: str = RUN_DIR,
    by: ChannelName | None = None,
) -> DeliveryReceipt:
    """Sends a message to a session that is not ours, by the channel `by` or the best that takes it.

    RefusedError says why none did, and then nothing was sent. It may take some seconds.
    """
    check_text(text)
    _check_alive(process)
    facts = inspect_channels(project, process, run_dir=run_dir)
    all_open = open_channels(facts)
    if not all_open:
        raise RefusedError(best_channel(facts).promise)
    usable = [channel for channel in all_open if by in (None, channel.name)]
    if not usable:
        raise RefusedError(f"the way by {by} is closed by now; nothing was sent")
    reasons = []
    for channel in usable:
        try:
            return _send(channel, project, process, text, run_dir)
        except PasteUncertainError as error:
            # It may stand in the input box, so no other channel is tried.
            return DeliveryReceipt(
                "", "tmux", "failed", channel.promise, str(error), process.session
            )
        except RefusedError as error:
            reasons.append(f"{channel.name}: {error}")
    raise RefusedError("; ".join(reasons))


def refresh_receipt(
    project: Path, receipt: DeliveryReceipt, run_dir: str = RUN_DIR
) -> DeliveryReceipt:
    """The receipt as things stand now; only the mailbox's changes after it was given."""
    if receipt.channel != "mailbox" or receipt.state not in ("queued", "unsure"):
        return receipt
    message = Mailbox.of(project, run_dir).read_state(receipt.session, receipt.id)
    if message is None:
        return replace(receipt, state="unsure", detail="the message is no longer in the mailbox")
    details = {
        "queued": "waits in the mailbox",
        "delivered": f"handed to the session by its {message.event} hook",
        "unsure": "a hook took it and ended before it could say that it handed it over",
        "withdrawn": "taken back before anybody read it",
    }
    at = message.moved_at or receipt.at
    return replace(receipt, state=message.state, detail=details[message.state], at=at)


def _send(
    channel: Channel, project: Path, process: AgentProcess, text: str, run_dir: str
) -> DeliveryReceipt:
    name, at = "", time.time()
    state: DeliveryState = "queued"
    if channel.name == "mailbox":
        message = Mailbox.of(project, run_dir).send(process.session, text)
        name, at, detail = message.id, message.at, "waits in the mailbox"
    elif channel.name == "inbox":
        claude_inbox.send(process, text)
        detail = "written to Claude's inbox; what it does with it is not told"
    else:
        tmux_paste.paste(pane_of(process.pid), text, lambda: _open_question(process))
        state, detail = "delivered", "its input box took it"
    return DeliveryReceipt(name, channel.name, state, channel.promise, detail, process.session, at)


def _mailbox_obstacle(
    project: Path, process: AgentProcess, run_dir: str
) -> tuple[str, float | None, bool]:
    """Why the mailbox is closed, when we made `.claude`, and whether only hooks are missing."""
    if not process.session:
        return "the session's id is not known", None, False
    try:
        hooks = installer.hook_status(project, run_dir)
    except RefusedError as error:
        return str(error), None, False
    if hooks.off:
        return hooks.off, None, False
    if not hooks.events or hooks.stale:
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
    question = _open_question(process)
    if question:
        return question
    try:
        return tmux_paste.unavailable_reason(pane_of(process.pid))
    except RefusedError as error:
        return str(error)


def _open_question(process: AgentProcess) -> str:
    """The session's own word, read anew: whether it waits for a person's answer."""
    for file in ClaudeSessionRegistry(paths.claude_dir() / "sessions").read_all():
        if file.pid == process.pid and file.status == "waiting":
            question = f" ({file.waiting_for})" if file.waiting_for else ""
            return f"the session waits for an answer{question}; Enter would give one"
    return ""


def _check_alive(process: AgentProcess) -> None:
    """RefusedError unless it is the process that was inspected, not a later one with its pid."""
    facts = processes.read_facts(process.pid)
    if facts is None or abs(facts.created - process.created) > _SAME_START_S:
        raise RefusedError(f"the session's process ({process.pid}) has ended; nothing was sent")
