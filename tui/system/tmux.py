"""Runs tmux without a shell; finds the pane in which an interactive session reads its keyboard."""

from __future__ import annotations

import os
import stat
from typing import Final, NamedTuple

from tui.system.children.programs import find_program
from tui.system.errors import RefusedError
from tui.system.processes import TerminalUse, command_line, environment_variable, read_terminal

_TIMEOUT_S: Final = 3.0
_PANE_FORMAT: Final = (
    "#{pane_id} #{pane_tty} #{pane_dead} #{pane_in_mode} #{pane_synchronized} #{pane_input_off}"
)


class TmuxPane(NamedTuple):
    """A pane by its id, which never names another, on the server behind `socket`."""

    socket: str
    id: str
    tty: str


def pane_of(pid: int) -> TmuxPane:
    """The pane whose terminal that process reads in the foreground; RefusedError says why none is."""
    terminal = _terminal(pid)
    _check_interactive(pid, terminal)
    for server in _servers(pid):
        panes = run_tmux(server, "list-panes", "-a", "-F", "#{pane_id} #{pane_tty}")
        for line in panes.split("\n"):
            pane, _, its_tty = line.partition(" ")
            if its_tty == terminal.path:
                return TmuxPane(server, pane, its_tty)
    raise RefusedError("the session does not run in a tmux pane of yours")


def check_ready(pane: TmuxPane) -> None:
    """RefusedError while keys would go elsewhere than into the pane's program, or to others too."""
    shown = run_tmux(pane.socket, "display-message", "-p", "-t", pane.id, _PANE_FORMAT).split()
    if len(shown) != 6 or shown[0] != pane.id or shown[1] != pane.tty:
        raise RefusedError("the session's tmux pane is gone")
    dead, in_mode, synchronized, off = shown[2:]
    if dead != "0" or off == "1":
        raise RefusedError("the session's tmux pane takes no input")
    if in_mode != "0":
        raise RefusedError("the session's tmux pane is being scrolled; leave that mode first")
    if synchronized == "1":
        raise RefusedError("its tmux window sends keys to all panes (synchronize-panes)")


def run_tmux(socket: str, *words: str, data: bytes = b"") -> str:
    """One tmux command on that server, `data` on its stdin; RefusedError unless it succeeds."""
    import subprocess

    environment = {key: value for key, value in os.environ.items() if key != "TMUX"}
    program = find_program("tmux")
    if program is None:
        raise RefusedError("tmux was not found on PATH")
    try:
        done = subprocess.run(
            [program, "-S", socket, *words],
            input=data,
            capture_output=True,
            timeout=_TIMEOUT_S,
            env=environment,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise RefusedError(f"tmux cannot be asked: {type(error).__name__}") from error
    if done.returncode:
        raise RefusedError(f"tmux refused {words[0]}")
    return done.stdout.decode("utf-8", "replace").removesuffix("\n")


def _terminal(pid: int) -> TerminalUse:
    """The terminal that the process has for its own; RefusedError if it has none to read from."""
    use = read_terminal(pid)
    if use is None:
        raise RefusedError("the session's process has ended")
    if not use.has_terminal:
        raise RefusedError("the session has no terminal")
    if not use.path:
        raise RefusedError("the session does not read from its terminal")
    return use


def _check_interactive(pid: int, terminal: TerminalUse) -> None:
    """A `claude -p` in a terminal reads no keys: its shell would, and would run them."""
    words = command_line(pid)
    if len(words) == 1:  # a program that writes its own title leaves one word
        words = words[0].split(" ")
    if not any(words) or {"-p", "--print"} & set(words):
        raise RefusedError("the session takes no keyboard (it runs with -p)")
    if not terminal.is_foreground:
        raise RefusedError("the session is in the background of its terminal")
    if _reads_lines(terminal.path):
        raise RefusedError("the session's terminal waits for whole lines: no input box is there")


def _reads_lines(tty: str) -> bool:
    import termios

    try:
        descriptor = os.open(tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise RefusedError(f"{tty} cannot be looked at: {error.strerror}") from error
    try:
        return bool(termios.tcgetattr(descriptor)[3] & termios.ICANON)
    except termios.error as error:
        raise RefusedError(f"{tty} is no terminal") from error
    finally:
        os.close(descriptor)


def _servers(pid: int) -> list[str]:
    """Sockets of tmux servers that may hold the pane: the one it was started in, then the usual."""
    named = environment_variable(pid, "TMUX").split(",")[0]
    folder = f"{os.environ.get('TMUX_TMPDIR') or '/tmp'}/tmux-{os.geteuid()}"
    mine = os.environ.get("TMUX", "").split(",")[0]
    sockets = dict.fromkeys((named, mine, f"{folder}/default"))
    return [path for path in sockets if path and _is_ours(path)]


def _is_ours(path: str) -> bool:
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISSOCK(facts.st_mode) and facts.st_uid == os.geteuid()
