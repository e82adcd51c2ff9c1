"""Operations on a session that we did not start.

Every deed has its entries in the journal of that session, as a run of ours has them in its own. A
hook writes the receipt of what it handed over by itself, so nobody has to be watching.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.control.channels import channels
from tui.control.channels.channels import Channel, DeliveryReceipt, ChannelName
from tui.control.channels.mailbox import Mailbox
from tui.feeds.sessions.live_processes import agent_identity
from tui.model.session import AgentProcess
from tui.store.journal import JournalWriter
from tui.system.errors import RefusedError
from tui.system.locks import lock_file
from tui.system.process_tree import KillResult, ProcessTree, kill_tree
from tui.system.processes import is_alive, send_signal

_POLL_S = 0.05
_INTERRUPT_SHOWN_S = 6.0


@dataclass(frozen=True)
class Reachability:
    """How a session can be reached now: the open ways, best first, and why there is none.

    `hooks_missing` says that installing our hooks would open one; `no_interrupt` why its turn
    cannot be interrupted without ending it, empty where it can.
    """

    session: str
    channels: tuple[Channel, ...] = ()
    why_not: str = ""
    hooks_missing: bool = False
    no_interrupt: str = ""


def find_reachability(project: Path, agent: AgentProcess, run_dir: str) -> Reachability:
    """Looks at every way to a session; takes some 50 ms, changes nothing."""
    facts = channels.inspect_channels(project, agent, run_dir=run_dir)
    ways = tuple(channels.open_channels(facts))
    why_not = "" if ways else channels.best_channel(facts).promise
    return Reachability(agent.session, ways, why_not, facts.hooks_missing, _interrupt_obstacle(agent))


class ForeignSession:
    """One session of which we hold nothing but its process and the ways others may use.

    `grace_s` is how long it may take to leave by itself, `note_s` how long to write a hand-over.
    """

    def __init__(
        self,
        project: Path,
        agent: AgentProcess,
        journal: JournalWriter,
        run_dir: str,
        *,
        grace_s: float = 10.0,
        note_s: float = 300.0,
    ) -> None:
        self.agent = agent
        self._project, self._run_dir, self._journal = project, run_dir, journal
        self._grace_s, self._note_s = grace_s, note_s

    # --- words ---------------------------------------------------------------------------------

    def send(
        self, text: str, mode: str = "soft", way: ChannelName | None = None, doing: str = ""
    ) -> DeliveryReceipt:
        """Sends words by `way`, or by the best that takes them; RefusedError when none does.

        `doing` is what the session was at, for the record.
        """
        receipt = channels.send_message(
            self._project, self.agent, text, run_dir=self._run_dir, by=way
        )
        name = receipt.id or f"{receipt.channel}-{time.time_ns()}"
        facts: dict[str, object] = {"text": text, "mode": mode, "transport": receipt.channel}
        facts.update({"promise": receipt.promise, "doing": doing})
        self._record("inject", facts, id=name)
        self._record("injection", {"state": receipt.state, "detail": receipt.detail}, id=name)
        now = channels.refresh_receipt(self._project, receipt, self._run_dir)
        if receipt.state == "queued" and now.state == "delivered":
            # the hook was faster than the journal, and found none to write to
            self._record("injection", {"state": now.state, "detail": now.detail}, id=name)
        return now

    def withdraw(self, name: str) -> str:
        """Takes a message back that no hook has claimed; RefusedError when it is too late."""
        box = Mailbox.of(self._project, self._run_dir)
        if box.read_state(self.agent.session, name) is None:
            raise RefusedError("what was not left in the mailbox cannot be taken back")
        if not box.withdraw(self.agent.session, name):
            raise RefusedError("too late: the session has it")
        self._record("injection", {"state": "withdrawn", "detail": "taken back unread"}, id=name)
        return "taken back; nobody has read it"

    # --- its end -------------------------------------------------------------------------------

    def interrupt(self, reason: str = "asked for") -> str:
        """Ends the turn, not the session; RefusedError where nothing short of its end does that."""
        from tui.system.tmux import pane_of, run_tmux

        why = _interrupt_obstacle(self.agent)
        if why:
            raise RefusedError(why)
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

    def stop(self, reason: str, going: Callable[[], bool] = lambda: True) -> KillResult | None:
        """Asks for a hand-over note where words reach it, then ends the turn and the session.

        None when `going` turned false before it was over: then what was asked still stands.
        """
        agent = agent_identity(self.agent)
        self._record("stop", {"by": "person", "reason": reason})
        if self._request_note(reason):
            until = time.monotonic() + self._note_s
            while is_alive(agent) and time.monotonic() < until and not self._is_idle():
                if not going():
                    return None
                time.sleep(_POLL_S)
        # An interrupt lets it record the end of its turn, run its closing hooks and leave with 0.
        send_signal(agent, signal.SIGINT)
        until = time.monotonic() + self._grace_s
        while is_alive(agent) and time.monotonic() < until and going():
            time.sleep(_POLL_S)
        return self._kill_all("stop", reason)

    def kill(self, reason: str) -> KillResult:
        """Ends it with everything it started; `survivors` could not be ended."""
        agent_identity(self.agent)
        self._record("kill", {"by": "person", "reason": reason})
        return self._kill_all("kill", reason)

    def _kill_all(self, kind: str, reason: str) -> KillResult:
        killed = kill_tree(self._tree(), self._grace_s)
        facts = {"by": "person", "reason": reason, "survivors": list(killed.survivors)}
        self._record(kind, facts)
        return killed

    def _tree(self) -> ProcessTree:
        # Claude marks what its tools start; that finds daemons that cut every other tie.
        session = self.agent.session
        marker = f"CLAUDE_CODE_SESSION_ID={session}".encode() if session else b""
        try:
            return ProcessTree(agent_identity(self.agent), None, marker)
        except RefusedError:
            return ProcessTree(None, None, marker)

    def _request_note(self, reason: str) -> bool:
        ways = find_reachability(self._project, self.agent, self._run_dir).channels
        if not ways or self._is_idle():
            return False
        words = (
            f"A person asks you to end this session now ({reason}). Finish what the present step "
            "needs to leave the files whole, write in two or three sentences into the session notes "
            "or the progress file what is done, what is not and what comes next, and then stop. "
            "Begin nothing new."
        )
        try:
            return self.send(words, "stop", ways[0].name).state in ("queued", "delivered")
        except RefusedError:
            return False

    def _is_idle(self) -> bool:
        return _read_status(self.agent) == "idle"

    # --- record --------------------------------------------------------------------------------

    def _record(self, kind: str, data: Mapping[str, object], id: str = "") -> None:
        try:
            self._journal.write(kind, data, id=id)
        except OSError:
            # the deed is done, or is worth more than its record on a full disk
            return


def record_seen(journal: str, name: str, text: str, doing: str) -> None:
    """Journals that the model answered after those words, once, however many look."""
    import os

    from tui.store.journal import read_entries

    try:
        lock = os.open(journal, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        lock_file(lock)
        told = (
            one for one in read_entries(Path(journal)) if one.kind == "injection" and one.id == name
        )
        if not any(one.data.get("state") == "seen" for one in told):
            facts = {"state": "seen", "text": " ".join(text.split())[:60], "doing": doing}
            JournalWriter(journal).write("injection", facts, id=name)
    except OSError:
        return  # a receipt less; the deed stands
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
    from tui.feeds.sessions.claude_registry import ClaudeSessionRegistry
    from tui.system import paths

    for file in ClaudeSessionRegistry(paths.claude_dir() / "sessions").read_all():
        if file.pid == agent.pid:
            return file.status
    return ""
