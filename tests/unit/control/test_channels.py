"""Which way words go, and two of the ways themselves: a real tmux, a real socket."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.transport_payloads import TWELVE
from tui.control.channels import channels, tmux_paste
from tui.control.channels.channels import ChannelFacts
from tui.control.channels.tmux_paste import PasteUncertainError, parse_terminal
from tui.model.session import AgentProcess
from tui.system import processes
from tui.system.errors import RefusedError
from tui.system.tmux import TmuxPane, pane_of, run_tmux

REPOSITORY = Path(__file__).resolve().parents[3]
COMPOSER = REPOSITORY / "tests" / "tmux_composer.py"
DEADLINE = 20.0
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


# --- which way ---


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (ChannelFacts(status="busy"), "mailbox"),
        (ChannelFacts(status="busy", mailbox="no"), "inbox"),
        (ChannelFacts(status="busy", mailbox="no", inbox="no"), "tmux"),
        (ChannelFacts(status="idle"), "inbox"),
        (ChannelFacts(status="idle", inbox="no"), "tmux"),
        (ChannelFacts(status="idle", inbox="no", tmux="no"), "mailbox"),
        (ChannelFacts(is_deaf=True, inbox="no"), "tmux"),
        (ChannelFacts(mailbox="no", inbox="no", tmux="no"), "none"),
    ],
)
def test_the_best_open_way_is_taken(facts: ChannelFacts, name: str) -> None:
    assert channels.best_channel(facts).name == name


def test_the_promise_tells_what_is_known() -> None:
    facts = ChannelFacts(status="busy", last_hook_call=100.0)
    assert "last called 20 s ago" in channels.best_channel(facts, now=120.0).promise
    assert "switched off" in channels.best_channel(ChannelFacts(status="busy")).promise
    closed = ChannelFacts(mailbox="none there", inbox="not set", tmux="no pane")
    for reason in ("none there", "not set", "no pane"):
        assert reason in channels.best_channel(closed).promise


# --- what a screen shows ---

RULE = "─" * 40


def screen(*inside: str, below: str = "  ? for shortcuts") -> str:
    return "\n".join(["● done", RULE, *inside, RULE, below])


def test_an_empty_box_a_draft_and_a_suggestion_are_told_apart() -> None:
    assert parse_terminal(screen("❯\xa0"), 2).typed == ""
    assert parse_terminal(screen("❯\xa0half a draft"), 2).typed == "half a draft"
    assert parse_terminal(screen("❯ two", "  lines"), 3).typed == "two\nlines"
    assert parse_terminal(screen("❯ \x1b[7mT\x1b[0;2mry \x1b[0m\x1b[2mthis\x1b[0m"), 2).typed == ""
    assert parse_terminal(screen("❯ \x1b[7mT\x1b[0m\x1b[38;2;2;2;2mry\x1b[0m"), 2).typed == "Try"


def test_a_box_that_an_agent_printed_is_none() -> None:
    shown = screen("❯ ") + "\n" + RULE + "\n Do you want to proceed?\n ❯ 1. Yes\n Esc to cancel"
    seen = parse_terminal(shown, 7)
    assert seen.typed is None
    assert seen.has_question
    assert not parse_terminal(screen("❯ ").replace("done", "Do you want to know?"), 2).has_question


# --- tmux ---


class Terminal:
    """A private tmux server with a program in its one pane."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = str(folder / "s")
        self.record = folder / "record"

    def start(self, *words: str) -> None:
        begin = ["tmux", "-S", self.socket, "-f", os.devnull, "new-session", "-d", "-x", "90"]
        subprocess.run([*begin, "-y", "30", *words], check=True, cwd=self.folder, timeout=20)

    def composer(self, mode: str) -> TmuxPane:
        self.start(sys.executable, str(COMPOSER), str(self.record), mode)
        pid = int(run_tmux(self.socket, "display-message", "-p", "#{pane_pid}"))
        self.until(lambda: "❯" in run_tmux(self.socket, "capture-pane", "-p"))
        return pane_of(pid)

    def until(self, wanted: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not wanted():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def noted(self) -> list[dict[str, Any]]:
        if not self.record.exists():
            return []
        return [json.loads(line) for line in self.record.read_text().splitlines()]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.delenv("TMUX", raising=False)
    folder = Path(tempfile.mkdtemp(prefix="tmux-"))  # a socket's path must be short
    made = Terminal(folder)
    yield made
    subprocess.run(["tmux", "-S", made.socket, "kill-server"], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


@needs_tmux
@pytest.mark.parametrize("name", TWELVE)
def test_a_paste_arrives_literally_or_is_refused(terminal: Terminal, name: str) -> None:
    pane = terminal.composer("box")
    refused = {"64 KiB", "escape", "end of bracketed paste", "NUL", "CRLF"}
    if name in refused:
        with pytest.raises(RefusedError):
            tmux_paste.paste(pane, TWELVE[name])
        assert terminal.noted() == []
    else:
        tmux_paste.paste(pane, TWELVE[name])
        assert terminal.noted() == [{"submitted": TWELVE[name]}]
    assert not (terminal.folder / "pwned").exists()
    assert run_tmux(terminal.socket, "list-buffers") == ""


@needs_tmux
def test_a_long_paste_that_is_folded_up_is_recognised(terminal: Terminal) -> None:
    text = "\n".join(f"line {number}" for number in range(40))
    tmux_paste.paste(terminal.composer("box"), text)
    assert terminal.noted() == [{"submitted": text}]


@needs_tmux
@pytest.mark.parametrize("text", ["/clear", "!rm -rf x", "# remember", "  /compact", "ends so \\"])
def test_what_claude_would_act_on_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        tmux_paste.check_paste(text)


@needs_tmux
@pytest.mark.parametrize(("mode", "words"), [("dialog", "question"), ("draft", "draft")])
def test_nothing_is_typed_into_a_question_or_a_draft(
    terminal: Terminal, mode: str, words: str
) -> None:
    pane = terminal.composer(mode)
    with pytest.raises(RefusedError, match=words):
        tmux_paste.paste(pane, "yes")
    assert terminal.noted() == []


@needs_tmux
def test_a_question_that_opens_meanwhile_gets_no_answer(terminal: Terminal) -> None:
    pane = terminal.composer("opens")
    with pytest.raises(PasteUncertainError):
        tmux_paste.paste(pane, "hello")
    assert terminal.noted() == []


@needs_tmux
def test_no_enter_where_the_words_did_not_show(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tmux_paste, "_DRAWN_WITHIN_S", 0.5)
    pane = terminal.composer("deaf")
    with pytest.raises(PasteUncertainError, match="Enter was not pressed"):
        tmux_paste.paste(pane, "hello")
    assert terminal.noted() == []


@needs_tmux
def test_the_sessions_own_word_stops_it_too(terminal: Terminal) -> None:
    pane = terminal.composer("box")
    with pytest.raises(RefusedError, match="permission"):
        tmux_paste.paste(pane, "hello", lambda: "waits for a permission")
    said = iter(["", "a permission came up"])
    with pytest.raises(PasteUncertainError, match="permission"):
        tmux_paste.paste(pane, "hello", lambda: next(said))
    assert terminal.noted() == []


@needs_tmux
def test_a_pane_that_is_scrolled_or_synchronized_is_left_alone(terminal: Terminal) -> None:
    pane = terminal.composer("box")
    run_tmux(terminal.socket, "copy-mode", "-t", pane.id)
    with pytest.raises(RefusedError, match="scrolled"):
        tmux_paste.paste(pane, "hello")
    run_tmux(terminal.socket, "send-keys", "-t", pane.id, "-X", "cancel")
    run_tmux(terminal.socket, "split-window", "-d", "-t", pane.id, "sleep 100")
    run_tmux(terminal.socket, "set-option", "-w", "-t", pane.id, "synchronize-panes", "on")
    with pytest.raises(RefusedError, match="all panes"):
        tmux_paste.paste(pane, "hello")
    assert terminal.noted() == []


@needs_tmux
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["sh", "-c", "exec sleep 100 > out"], "does not read from its terminal"),
        (["sleep", "100"], "whole lines"),
        ([sys.executable, "-c", "import time; time.sleep(100)", "-p"], "runs with -p"),
    ],
)
def test_a_session_that_reads_no_keys_has_no_pane(
    terminal: Terminal, words: list[str], reason: str
) -> None:
    terminal.start(*words)
    pid = int(run_tmux(terminal.socket, "display-message", "-p", "#{pane_pid}"))
    terminal.until(lambda: processes.process_name(pid) != "sh")

    def why() -> str:
        try:
            return str(pane_of(pid))
        except RefusedError as error:
            return str(error)

    terminal.until(lambda: reason in why())


@needs_tmux
def test_a_whole_delivery_by_tmux(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.composer("box")
    pid = int(run_tmux(terminal.socket, "display-message", "-p", "#{pane_pid}"))
    facts = processes.read_facts(pid)
    assert facts is not None
    sessions = tmp_path / "claude" / "sessions"
    sessions.mkdir(parents=True)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    who = AgentProcess(pid, facts.created, session="s" * 12, cwd=str(tmp_path), status="idle")
    entry = {"pid": pid, "status": "waiting", "waitingFor": "permission prompt"}
    (sessions / f"{pid}.json").write_text(json.dumps(entry))
    with pytest.raises(RefusedError, match="permission prompt"):
        channels.send_message(tmp_path, who, "hello")
    (sessions / f"{pid}.json").write_text(json.dumps({**entry, "status": "idle"}))
    receipt = channels.send_message(tmp_path, who, "hello")
    assert (receipt.channel, receipt.state) == ("tmux", "delivered")
    assert terminal.noted() == [{"submitted": "hello"}]


# --- Claude's inbox ---


class Inbox:
    """A listener as a session is one; what it is sent ends up in `lines`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "cc-socks" / "1.sock"
        self.path.parent.mkdir(mode=0o700)
        self.claude = folder / "claude"
        (self.claude / "sessions").mkdir(parents=True)
        self.project = folder / "project"
        (self.project / ".claude").mkdir(parents=True)
        self.lines: list[dict[str, Any]] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as file:
            self.lines += [json.loads(line) for line in file]

    def process(self, pid: int = 0) -> AgentProcess:
        return AgentProcess(pid or os.getpid(), 0.0, socket=str(self.path), cwd=str(self.project))

    def opt_in(self, value: str = "accept") -> None:
        (self.claude / "settings.json").write_text(json.dumps({"crossSessionInbound": value}))

    def why_not(self) -> str:
        return channels.inbox_obstacle(self.project, self.process())

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(self.path))
        self._thread.join(DEADLINE)
        self._listener.close()


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    folder = Path(tempfile.mkdtemp(prefix="inbox-"))
    made = Inbox(folder)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(made.claude))
    yield made
    made.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_an_inbox_is_used_only_where_its_owner_opted_in(inbox: Inbox) -> None:
    assert "has not set" in inbox.why_not()
    inbox.opt_in("hold")
    assert "has not set" in inbox.why_not()
    inbox.opt_in()
    assert inbox.why_not() == ""
    (inbox.project / ".claude" / "settings.json").write_text('{"crossSessionInbound": "reject"}')
    assert "forbids" in inbox.why_not()


def test_an_inbox_in_a_place_others_can_write_to_is_not_used(inbox: Inbox) -> None:
    inbox.opt_in()
    inbox.path.parent.chmod(0o777)
    assert "others can write" in inbox.why_not()
    inbox.path.parent.chmod(0o700)


def test_an_opting_in_on_the_command_line_counts(inbox: Inbox) -> None:
    given = json.dumps({"crossSessionInbound": "accept"})
    words = [
        sys.executable,
        "-c",
        "import time; print(1, flush=True); time.sleep(60)",
        "--settings",
        given,
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.read(1)
        process = inbox.process(other.pid)
        assert channels.inbox_obstacle(inbox.project, process) == ""
        other.kill()


@pytest.mark.parametrize("name", [name for name in TWELVE if name not in ("64 KiB", "NUL")])
def test_an_inbox_gets_the_text_literally(inbox: Inbox, name: str) -> None:
    inbox.opt_in()
    key = inbox.claude / "sessions" / f"{os.getpid()}.abc.key"
    key.write_text('{"peerToken": "t0ken"}')
    channels.send_to_inbox(inbox.process(), TWELVE[name])
    inbox._thread.join(DEADLINE)
    message = {"type": "user", "message": {"role": "user", "content": TWELVE[name]}}
    assert inbox.lines == [{"type": "auth", "token": "t0ken"}, message]


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system tells no peer's pid")
def test_another_listener_on_its_socket_is_told_nothing(inbox: Inbox) -> None:
    with pytest.raises(RefusedError, match="another process"):
        channels.send_to_inbox(inbox.process(1), "secret")
    inbox._thread.join(DEADLINE)
    assert inbox.lines == []
