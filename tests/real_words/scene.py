"""A project with a HOME of its own, the scripted model, the real CLI in it, and who watches it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.real_words.stories import STORIES
from tests.unit.repositories import make

REPOSITORY = Path(__file__).resolve().parents[2]
_ANSWERS_WITHIN = 60.0


class Word(Struct, frozen=True):
    """What the watcher said of some moment from `since` to `at`; `by` is "watch" or "status"."""

    since: float
    at: float
    by: str
    state: str
    reason: str
    session: str


class Phase(Struct, frozen=True):
    """From `at` on these words are right, of this session ("" where it is not known or free)."""

    at: float
    name: str
    allowed: frozenset[str]
    session: str = ""


class RealScene:
    """One scene: `phase` says what is right from now on, `words` is what was said."""

    def __init__(self, base: Path, claude: str, fake_api: Path) -> None:
        self.base, self.claude = base, claude
        base.mkdir(parents=True, exist_ok=True)
        self.project = make(base / "project", {"README.md": "# harbour\n", "a.txt": "hello\n"})
        self.home = base / "home"
        self.config = self.home / ".claude"
        self.phases: list[Phase] = []
        self.words: list[Word] = []
        self.notes: list[str] = []
        self._tmux = f"words-{os.getpid()}-{base.name}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._watcher: subprocess.Popen[str] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self._prepare_home()
        self._start_model(fake_api)

    # --- what is around the CLI ----------------------------------------------------------------

    @property
    def environ(self) -> dict[str, str]:
        """The environment of everything in the scene; nothing but loopback is reached."""
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.base / "tmp"),
            "LANG": "C.UTF-8", "TERM": "xterm-256color", "TZ": "UTC",
            "XDG_STATE_HOME": str(self.base / "state"), "XDG_CONFIG_HOME": str(self.base / "config"),
            "XDG_CACHE_HOME": str(self.base / "cache"), "XDG_RUNTIME_DIR": str(self.base / "run"),
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self._port}", "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1", "IS_SANDBOX": "1",
            "CLAUDE_CODE_MAX_RETRIES": "3",
        }  # fmt: skip

    def _prepare_home(self) -> None:
        for name in ("home", "tmp", "state", "config", "cache", "run"):
            (self.base / name).mkdir(mode=0o700)
        self.config.mkdir()
        seen = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "bypassPermissionsModeAccepted": True,
            "customApiKeyResponses": {"approved": ["dummy"], "rejected": []},
            "projects": {str(self.project): {"hasTrustDialogAccepted": True}},
        }
        (self.home / ".claude.json").write_text(json.dumps(seen))
        (self.config / "settings.json").write_text('{"skipDangerousModePermissionPrompt": true}')

    def _start_model(self, fake_api: Path) -> None:
        stories = self.base / "stories.json"
        stories.write_text(json.dumps(STORIES))
        words = ["--port", str(self._port), "--cwd", str(self.project)]
        words += ["--scenarios", str(stories), "--log", str(self.base / "api.jsonl")]
        self._processes.append(
            subprocess.Popen(
                [sys.executable, str(fake_api), *words],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        self.until(self._model_answers, "the scripted model")

    def _model_answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def watch(self, events: Path | None = None) -> None:
        """Begins to record the word each second."""
        words = [sys.executable, "-m", "tests.real_words.watcher", str(self.project)]
        words += ["--events", str(events)] if events else []
        environ = {**self.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
        with open(self.base / "watcher.err", "w") as errors:
            self._watcher = subprocess.Popen(
                words, env=environ, cwd=self.base, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        threading.Thread(target=self._collect, daemon=True).start()
        self.until(lambda: bool(self.words), "the first word")

    def _collect(self) -> None:
        assert self._watcher is not None
        assert self._watcher.stdout is not None
        for line in self._watcher.stdout:
            self.words.append(msgspec.json.decode(line, type=Word))

    def phase(self, name: str, *allowed: str, session: str = "") -> None:
        """From now on these words are right."""
        self.phases.append(Phase(time.time(), name, frozenset(allowed), session))

    def note(self, text: str) -> None:
        """Something that the report should tell."""
        self.notes.append(text)

    def rest(self, seconds: float) -> None:
        """Lets the watcher record for so long."""
        time.sleep(seconds)

    def until(
        self, holds: Callable[[], object], what: str, within: float = _ANSWERS_WITHIN
    ) -> None:
        """Waits for a condition; AssertionError names it when it does not come."""
        end = time.monotonic() + within
        while not holds():
            if time.monotonic() > end:
                screen = self.screen() if self._has_window() else ""
                raise AssertionError(f"did not come: {what}\n{screen}")
            time.sleep(0.1)

    # --- the CLI -------------------------------------------------------------------------------

    def start(
        self, *words: str, out: Path | None = None, **environ: str
    ) -> subprocess.Popen[bytes]:
        """Starts `claude` with these words, without a terminal."""
        with open(out or os.devnull, "wb") as file, open(self.base / "claude.err", "ab") as errors:
            process = subprocess.Popen(
                [self.claude, *words],
                cwd=self.project,
                env={**self.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=errors,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def ended(self, process: subprocess.Popen[bytes], within: float = 120.0) -> int:
        """Waits for its end; the exit code."""
        return process.wait(within)

    def window(self, *words: str) -> None:
        """Starts `claude` in a window of tmux and waits for its prompt."""
        environ = [f"{key}={value}" for key, value in self.environ.items()]
        size = ["-x", "160", "-y", "50"]
        self._in_tmux(
            "new-session", "-d", "-s", "w", *size, "-c", str(self.project),
            "env", "-i", *environ, self.claude, *words,
        )  # fmt: skip
        self._in_tmux("set-option", "-g", "remain-on-exit", "off")
        self.until(lambda: "❯" in self.screen(), "the prompt of the CLI")

    def _in_tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._tmux, "-f", os.devnull, *words],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        return done.stdout

    def _has_window(self) -> bool:
        return bool(self._in_tmux("list-sessions").strip())

    def screen(self) -> str:
        """What the window shows."""
        return self._in_tmux("capture-pane", "-p", "-t", "w")

    def type(self, text: str) -> None:
        """Types a line and sends it."""
        self.keys("-l", text)
        time.sleep(0.5)
        self.keys("Enter")

    def keys(self, *keys: str) -> None:
        """Sends keys as tmux names them."""
        self._in_tmux("send-keys", "-t", "w", *keys)

    def window_ended(self) -> None:
        """Waits until the window is gone."""
        self.until(lambda: not self._has_window(), "the end of the window")

    # --- what the CLI wrote --------------------------------------------------------------------

    def transcripts(self) -> list[Path]:
        """All main transcripts, the newest last."""
        found = self.config.glob("projects/*/*.jsonl")
        return sorted(found, key=lambda path: path.stat().st_mtime)

    def newest_session(self) -> str:
        """The session of the newest transcript."""
        return self.transcripts()[-1].stem if self.transcripts() else ""

    def said(self, text: str, within: float = 90.0) -> None:
        """Waits until a transcript holds this text."""

        def is_there() -> bool:
            return any(text in path.read_text(errors="replace") for path in self.transcripts())

        self.until(is_there, f"{text!r} in a transcript", within)

    def registry(self) -> list[dict[str, object]]:
        """What the CLI's register of living sessions holds."""
        entries = []
        for path in self.config.glob("sessions/*.json"):
            try:
                entries.append(json.loads(path.read_text()))
            except (OSError, ValueError):
                continue
        return entries

    def status_is(self, *words: str, within: float = 60.0) -> None:
        """Waits until the register gives a session one of these."""
        self.until(
            lambda: any(entry.get("status") in words for entry in self.registry()),
            f"{words} in the register",
            within,
        )

    # --- the end -------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends everything that the scene started."""
        self._in_tmux("kill-server")
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.wait()
        for process in reversed(self._processes):
            try:
                os.killpg(process.pid, signal.SIGKILL) if process.pid != os.getpgid(0) else None
            except OSError:
                process.kill()
            process.wait()

    def remove(self) -> None:
        """Deletes its folder."""
        shutil.rmtree(self.base, ignore_errors=True)
