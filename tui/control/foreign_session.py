"""Operations on a session that we did not start.

Each is recorded in a journal of that session, as those on a run of ours are in its own. A hook
records the delivery of a message itself, so nobody has to be watching.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.control.channels import channels
from tui.control.channels.channels import Channel, ChannelName, DeliveryReceipt
from tui.control.channels.mailbox import Mailbox
from tui.feeds.sessions.live_processes import agent_identity
from tui.model.journal import Requester
from tui.model.session import AgentProcess
from tui.settings.settings import Settings
from tui.store.journal import JournalWriter, read_entries
from tui.system.errors import RefusedError
from tui.system.locks import lock_file
from tui.system.process_tree import KillResult, ProcessTree, kill_tree
from tui.system.processes import is_alive, send_signal

_POLL_S = 0.05
# How long Claude may take to record in its session file that the turn ended.
_INTERRUPT_SHOWN_S = 6.0
_NOTE_REQUEST = (
    "A person asks you to end this session now ({reason}). Finish what the present step "
    "needs to leave the files whole, write in two or three sentences into the session notes "
    "or the progress file what is done, what is not and what comes next, and then stop. "
    "Begin nothing new."
)


@dataclass(frozen=True)
class Reachability:
    """How a session can be reached now: the open channels, best first, or why there is none.

    `hooks_missing` says that installing our hooks would open one; `no_interrupt` why its turn
    cannot be interrupted without ending it, empty where it can.
    """

    session: str
    channels: tuple[Channel, ...] = ()
    why_not: str = ""
    hooks_missing: bool = False
    no_interrupt: str = ""


def find_reachability(project: Path, agent: AgentProcess) -> Reachability:
    """Inspects every channel to a session; takes some 50 ms, changes nothing."""
    facts = channels.inspect_channels(project, agent)
    open_channels = tuple(channels.open_channels(facts))
    why_not = "" if open_channels else channels.best_channel(facts).promise
    return Reachability(
        agent.session, open_channels, why_not, facts.hooks_missing, _interrupt_obstacle(agent)
    )


class ForeignSession:
    """One session of which we hold nothing but its process and the channels that others may use.

    `grace_s` is how long it may take to leave by itself, `note_s` how long to write a handoff note.
    """

    def __init__(
        self,
        project: Path,
        agent: AgentProcess,
        settings: Settings,
        by: Requester = Requester.COMMAND,
    ) -> None:
        self.agent = agent
        self._by = by
        self._project = project
        self._journal = JournalWriter.for_session(project, agent.session)
        self.grace_s = float(settings.session.stop_grace_seconds)
        self.note_s = float(settings.session.handover_timeout_minutes) * 60

    # --- messages ------------------------------------------------------------------------------

    def send(
        self,
        text: str,
        mode: str = "soft",
        channel: ChannelName | None = None,
        activity: str = "",
    ) -> DeliveryReceipt:
        """Sends a message by `channel`, or by the best that takes it; RefusedError when none does.

        `activity` is what the session was at, for the record.
        """
        receipt = channels.send_message(self._project, self.agent, text, by=channel)
        name = receipt.id or f"{receipt.channel}-{time.time_ns()}"
        channel_facts = {"transport": receipt.channel, "promise": receipt.promise}
        facts = {"text": text, "mode": mode, **channel_facts, "doing": activity, "by": self._by}
        self._record("inject", facts, id=name)
        self._record("injection", {"state": receipt.state, "detail": receipt.detail}, id=name)
        newest = channels.refresh_receipt(self._project, receipt)
        if receipt.state == "queued" and newest.state == "delivered":
            # The hook was faster than the journal, and found none to write to.
            self._record("injection", {"state": newest.state, "detail": newest.detail}, id=name)
        return newest

    def withdraw(self, name: str) -> str:
        """Takes a message back that no hook has claimed; RefusedError when it is too late."""
        mailbox = Mailbox(self._project)
        if mailbox.read_state(self.agent.session, name) is None:
            raise RefusedError("what was not left in the mailbox cannot be taken back")
        if not mailbox.withdraw(self.agent.session, name):
            raise RefusedError("too late: the session has it")
        self._record("injection", {"state": "withdrawn", "detail": "taken back unread"}, id=name)
        return "taken back; nobody has read it"

    # --- its end -------------------------------------------------------------------------------

    def interrupt(self, reason: str = "asked for") -> str:
        """Ends the turn, not the session; RefusedError where nothing short of its end does that."""
        from tui.system.tmux import pane_of, run_tmux

        obstacle = _interrupt_obstacle(self.agent)
        if obstacle:
            raise RefusedError(obstacle)
        agent_identity(self.agent)
        pane = pane_of(self.agent.pid)
        run_tmux(pane.socket, "send-keys", "-t", pane.id, "Escape")
        self._record("interrupt", {"by": "person", "reason": reason, "transport": "tmux"})
        until = time.monotonic() + _INTERRUPT_SHOWN_S
        while time.monotonic() < until:
            if _read_status(self.agent) != "busy":
                return "the turn is interrupted; the session waits for words"
            time.sleep(_POLL_S)
        return "Escape was pressed in its terminal; it has not said yet that it stopped"

    def stop(self, reason: str, is_waiting: Callable[[], bool] = lambda: True) -> KillResult | None:
        """Asks for a handoff note where a channel is open, then ends the turn and the session.

        None when `is_waiting` turned false before the end: then what was asked still stands.
        """
        process = agent_identity(self.agent)
        self._record("stop", {"by": "person", "reason": reason})
        if self._request_note(reason):
            until = time.monotonic() + self.note_s
            while is_alive(process) and time.monotonic() < until and not self._is_idle():
                if not is_waiting():
                    return None
                time.sleep(_POLL_S)
        # An interrupt lets it record the end of its turn, run its closing hooks and leave with 0.
        send_signal(process, signal.SIGINT)
        until = time.monotonic() + self.grace_s
        while is_alive(process) and time.monotonic() < until and is_waiting():
            time.sleep(_POLL_S)
        return self._kill_all("stop", reason)

    def kill(self, reason: str) -> KillResult:
        """Ends it with everything it started; `survivors` could not be ended."""
        agent_identity(self.agent)
        self._record("kill", {"by": "person", "reason": reason})
        return self._kill_all("kill", reason)

    def _kill_all(self, kind: str, reason: str) -> KillResult:
        killed = kill_tree(self._process_tree(), self.grace_s)
        facts = {"by": "person", "reason": reason, "survivors": killed.survivors_or_unknown}
        self._record(kind, facts)
        return killed

    def _process_tree(self) -> ProcessTree:
        # Claude marks what its tools start; that finds daemons that cut every other tie.
        session = self.agent.session
        marker = f"CLAUDE_CODE_SESSION_ID={session}".encode() if session else b""
        try:
            return ProcessTree(agent_identity(self.agent), None, marker)
        except RefusedError:
            return ProcessTree(None, None, marker)

    def _request_note(self, reason: str) -> bool:
        reachable = find_reachability(self._project, self.agent).channels
        if not reachable or self._is_idle():
            return False
        text = _NOTE_REQUEST.format(reason=reason)
        try:
            return self.send(text, "stop", reachable[0].name).state in ("queued", "delivered")
        except RefusedError:
            return False

    def _is_idle(self) -> bool:
        return _read_status(self.agent) == "idle"

    def _record(self, kind: str, data: Mapping[str, object], id: str = "") -> None:
        try:
            self._journal.write(kind, data, id=id)
        except OSError:
            # What was done stands, and is worth more than its record on a full disk.
            return


def record_seen(journal: str, name: str, text: str, activity: str) -> None:
    """Records that the model answered after a message, once, however many processes watch."""
    try:
        lock = os.open(journal, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        lock_file(lock)
        entries = read_entries(Path(journal))
        states = [e.data.get("state") for e in entries if e.kind == "injection" and e.id == name]
        if "seen" not in states:
            facts = {"state": "seen", "text": " ".join(text.split())[:60], "doing": activity}
            JournalWriter(journal).write("injection", facts, id=name)
    except OSError:
        return  # a receipt less; the message was read all the same
    finally:
        os.close(lock)


def _interrupt_obstacle(agent: AgentProcess) -> str:
    """Why the turn cannot be interrupted from outside; empty where Escape in its terminal does."""
    from tui.control.channels.tmux_paste import read_terminal
    from tui.system.tmux import check_ready, pane_of

    if agent.status == "waiting":
        return "it waits for an answer; Escape would give one"
    try:
        pane = pane_of(agent.pid)
        check_ready(pane)
        if read_terminal(pane).has_question:
            return "a question is open on its screen; Escape would answer it"
    except RefusedError as error:
        return f"only its end would end the turn: {error}"
    return "" if agent.status != "idle" else "no turn is open; there is nothing to interrupt"


def _read_status(agent: AgentProcess) -> str:
    """The session's own word now, read anew."""
    file = channels.find_session_file(agent)
    return "" if file is None else file.status
