"""The app in a tmux of its own: a private server that reads no configuration and ends with the test."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.command_line import command, environment

DEADLINE_S = 40.0


class Tmux:
    """One window with a shell in which commands are typed."""

    def __init__(
        self, folder: Path, cwd: Path, size: tuple[int, int] = (120, 40), **variables: str
    ) -> None:
        self._socket = folder / "tmux.sock"
        self._environment = environment(folder, TERM="xterm-256color", **variables)
        self._environment.pop("TMUX", None)
        self.tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]),
            "-c", str(cwd), "sh",
        )  # fmt: skip
        try:
            self.tmux("send-keys", "-l", "PS1='ready> '")
            self.press("Enter")
            self.prompt()
        except BaseException:
            self.close()
            raise

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"tmux {words}: {done.stderr}")
        return done.stdout

    @property
    def text(self) -> str:
        return self.tmux("capture-pane", "-p")

    @property
    def styled(self) -> str:
        """The screen with the sequences that give it its colours."""
        return self.tmux("capture-pane", "-p", "-e")

    def format(self, words: str) -> str:
        return self.tmux("display-message", "-p", words).rstrip("\n")

    def start(self, *words: str) -> None:
        """Types the app's command line."""
        line = " ".join(shlex.quote(str(word)) for word in command(*words))
        self.tmux("send-keys", "-l", line)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def until(self, condition: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain; the screen is\n{self.text}"
            time.sleep(0.03)

    def prompt(self) -> None:
        """Waits until the shell asks for the next command."""
        self.until(lambda: self.text.rstrip().split("\n")[-1] in ("ready>", "# ready>", "$ ready>"))

    def see(self, *words: str) -> None:
        self.until(lambda: all(word in self.text for word in words))

    def lose(self, *words: str) -> None:
        self.until(lambda: not any(word in self.text for word in words))

    def close(self) -> None:
        subprocess.run(
            ["tmux", "-S", str(self._socket), "kill-server"], capture_output=True, check=False
        )
