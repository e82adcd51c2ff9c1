"""The ways to reach a session, the best one, its promise.

The order: the pipe of a run of ours, the hook mailbox, Claude's inbox, a paste into its terminal.
A mailbox is emptied only when the session does something, so for an idle one it comes last.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tui.control.channels import claude_inbox, tmux_paste
from tui.control.channels.mailbox import Mailbox, check_text
from tui.control.channels.tmux_paste import PasteUncertainError
from tui.control.hooks import installer
from tui.feeds.sessions.claude_registry import ClaudeSessionRegistry
from tui.model.session import AgentProcess
from tui.store.layout import RUN_DIR
from tui.system import paths, processes
from tui.system.errors import RefusedError
from tui.system.tmux import TmuxPane, pane_of

ChannelName = Literal["runner", "mailbox", "inbox", "tmux", "none"]
DeliveryState = Literal["queued", "delivered", "failed", "unsure", "withdrawn"]
_SAME_START_S = 1.5
_LABELS: dict[ChannelName, str] = {
    "runner": "its runner",
    "mailbox": "hook mailbox",
    "inbox": "Claude's inbox",
    "tmux": "paste into its terminal",
    "none": "",
}


@dataclass(frozen=True)
class ChannelFacts:
    """What decides how a session can be reached; a reason is empty where the way is open.

    `heard` is when a hook of this session last called us; `is_deaf` that it may never, as it is
    older than the project's `.claude`; `hooks_missing` that installing our hooks opens the mailbox.
    """

    is_ours: bool = False
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
    """A way, and in one sentence what it can promise; for "none" the reason and what to do."""

    name: ChannelName
    promise: str

    @property
    def label(self) -> str:
        """Its name for a person."""
        return _LABELS[self.name]


@dataclass(frozen=True)
class DeliveryReceipt:
    """What became of a message; `follow` brings it up to date, `detail` is a sentence."""

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
    project: Path,
    process: AgentProcess | None,
    *,
    is_ours: bool = False,
    run_dir: str = RUN_DIR,
    environ: Mapping[str, str] = os.environ,
) -> ChannelFacts:
    """Looks at every way to a session; changes nothing. Takes some 50 ms: not for a screen's thread."""
    if process is None:
        gone = "no living session is known here"
        return ChannelFacts(is_ours, mailbox=gone, inbox=gone, tmux=gone)
    heard = Mailbox.of(project, run_dir).last_hook_call(process.session)
    mailbox, made_at, hooks_missing = _mailbox_obstacle(project, process, run_dir)
    return ChannelFacts(
        is_ours,
        process.session,
        process.status,
        mailbox,
        heard,
        heard is None and made_at is not None and process.created < made_at,
        claude_inbox.unavailable_reason(project, process, environ),
        _tmux_obstacle(process, environ),
        hooks_missing,
    )


def open_channels(facts: ChannelFacts, now: float | None = None) -> list[Channel]:
    """The open ways, best first; empty if there is none."""
    if facts.is_ours:
        return [
            Channel("runner", "it is read after the tool that runs now, and its receipt says when")
        ]
    found = []
    if not facts.mailbox:
        found.append(Channel("mailbox", _mailbox_promise(facts, now)))
    if not facts.inbox:
        words = (
            "Claude's inbox takes it and shows it as words of another session; it sends no receipt"
        )
        found.append(Channel("inbox", words))
    if not facts.tmux:
        words = "it is typed into the session's input box, and watched until the box has taken it"
        found.append(Channel("tmux", words))
    if facts.status == "idle" or facts.is_deaf:
        found.sort(key=lambda way: way.name == "mailbox")
    return found


def best_channel(facts: ChannelFacts, now: float | None = None) -> Channel:
    """The best way, or the reason why there is none."""
    open_ways = open_channels(facts, now)
    if open_ways:
        return open_ways[0]
    reasons = f"hooks: {facts.mailbox}; inbox: {facts.inbox}; tmux: {facts.tmux}"
    return Channel("none", f"no way to this session ({reasons})")


def send_message(
    project: Path,
    process: AgentProcess,
    text: str,
    *,
    run_dir: str = RUN_DIR,
    environ: Mapping[str, str] = os.environ,
    by: ChannelName | None = None,
) -> DeliveryReceipt:
    """Sends words to a session that is not ours, by the way named `by` or by the best way that takes them.

    RefusedError says why none did, and then nothing was sent. It may take some seconds.
    """
    check_text(text)
    _check_alive(process)
    facts = inspect_channels(project, process, run_dir=run_dir, environ=environ)
    ways = [one for one in open_channels(facts) if by in (None, one.name)]
    if not ways and open_channels(facts):
        raise RefusedError(f"the way by {by} is closed by now; nothing was sent")
    if not ways:
        raise RefusedError(best_channel(facts).promise)
    reasons = []
    for way in ways:
        try:
            return _send(way, project, process, text, run_dir, environ)
        except PasteUncertainError as error:
            return DeliveryReceipt("", "tmux", "failed", way.promise, str(error), process.session)
        except RefusedError as error:
            reasons.append(f"{way.name}: {error}")
    raise RefusedError("; ".join(reasons))


def refresh_receipt(
    project: Path, receipt: DeliveryReceipt, run_dir: str = RUN_DIR
) -> DeliveryReceipt:
    """The receipt as things stand now; only the mailbox's changes after it was given."""
    if receipt.channel != "mailbox" or receipt.state not in ("queued", "unsure"):
        return receipt
    letter = Mailbox.of(project, run_dir).read_state(receipt.session, receipt.id)
    if letter is None:
        return replace(receipt, state="unsure", detail="the message is no longer in the mailbox")
    details = {
        "queued": "waits in the mailbox",
        "delivered": f"handed to the session by its {letter.event} hook",
        "unsure": "a hook took it and ended before it could say that it handed it over",
        "withdrawn": "taken back before anybody read it",
    }
    at = letter.moved_at or receipt.at
    return replace(receipt, state=letter.state, detail=details[letter.state], at=at)


def withdraw(project: Path, receipt: DeliveryReceipt, run_dir: str = RUN_DIR) -> DeliveryReceipt:
    """Takes a queued message back; RefusedError when it is too late or the way knows no return."""
    if receipt.channel != "mailbox":
        raise RefusedError(f"what went by {receipt.channel} cannot be taken back")
    if not Mailbox.of(project, run_dir).withdraw(receipt.session, receipt.id):
        raise RefusedError("too late: the session has it")
    return refresh_receipt(project, receipt, run_dir)


def _send(
    way: Channel,
    project: Path,
    process: AgentProcess,
    text: str,
    run_dir: str,
    environ: Mapping[str, str],
) -> DeliveryReceipt:
    if way.name == "mailbox":
        letter = Mailbox.of(project, run_dir).send(process.session, text)
        words = "waits in the mailbox"
        return DeliveryReceipt(
            letter.id, way.name, "queued", way.promise, words, process.session, letter.at
        )
    if way.name == "inbox":
        claude_inbox.send(process, text, environ)
        words = "written to Claude's inbox; what it does with it is not told"
        return DeliveryReceipt(
            "", way.name, "queued", way.promise, words, process.session, time.time()
        )
    tmux_paste.paste(pane_of(process.pid), text, lambda: _open_question(process, environ))
    words = "its input box took it"
    return DeliveryReceipt(
        "", way.name, "delivered", way.promise, words, process.session, time.time()
    )


def _mailbox_obstacle(
    project: Path, process: AgentProcess, run_dir: str
) -> tuple[str, float | None, bool]:
    """Why the mailbox is no way, since when its folder is there, and whether only hooks are missing."""
    if not process.session:
        return "the session's id is not known", None, False
    try:
        hooks = installer.hook_status(project, run_dir)
    except RefusedError as error:
        return str(error), None, False
    if hooks.off:
        return hooks.off, None, False
    if not hooks.events or hooks.stale:
        words = "not installed; 'overnight-tui hooks install' does it, also for running sessions"
        return words, None, True
    return "", hooks.folder_made_at, False


def _mailbox_promise(facts: ChannelFacts, now: float | None) -> str:
    if facts.status == "idle":
        return "it waits until somebody prompts the session, which is idle, and is read then"
    if facts.is_deaf:
        return (
            "it waits in the mailbox; the session is older than the project's .claude folder, and "
            "Claude may notice its hooks only when it is started anew"
        )
    read = "it is read after the next tool call or before the turn ends, once, with a receipt"
    if facts.last_hook_call is None:
        return f"{read}; no hook of this session has called yet, so it may have hooks switched off"
    ago = max(0.0, (time.time() if now is None else now) - facts.last_hook_call)
    return f"{read}; its hooks last called {ago:,.0f} s ago"


def _tmux_obstacle(process: AgentProcess, environ: Mapping[str, str]) -> str:
    reason = _open_question(process, environ)
    if reason:
        return reason
    try:
        pane: TmuxPane = pane_of(process.pid)
    except RefusedError as error:
        return str(error)
    return tmux_paste.unavailable_reason(pane)


def _open_question(process: AgentProcess, environ: Mapping[str, str]) -> str:
    """The session's own word, read anew: whether it waits for a person's answer."""
    for file in ClaudeSessionRegistry(paths.claude_dir(environ) / "sessions").read_all():
        if file.pid == process.pid and file.status == "waiting":
            what = f" ({file.waiting_for})" if file.waiting_for else ""
            return f"the session waits for an answer{what}; Enter would give one"
    return ""


def _check_alive(process: AgentProcess) -> None:
    """The process that was looked at, and none that has its pid since."""
    facts = processes.read_facts(process.pid)
    if facts is None or abs(facts.created - process.created) > _SAME_START_S:
        raise RefusedError(f"the session's process ({process.pid}) has ended; nothing was sent")
