"""A real headless browser on this machine, spoken to over its debugging pipe; no library needed."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def found() -> str | None:
    """The browser that is installed here, if one is."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page of one browser; what it asked for, said and failed at is kept."""

    def __init__(self, program: str, profile: Path, patience: float = 40.0) -> None:
        self.requests: list[str] = []
        self.said: list[str] = []
        self.scripts: list[str] = []
        self._until = time.monotonic() + patience
        self._next = 0
        self._rest = b""
        self._process, self._send, self._receive = _start(program, profile)
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            opened = self.call("Target.attachToTarget", targetId=target, flatten=True)
            self._session: str | None = opened["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log", "Debugger"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    _session: str | None = None

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        for number in (self._send, self._receive):
            try:
                os.close(number)
            except OSError:
                pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(10)

    def look(self, width: int, height: int, *, dark: bool = False, scale: float = 1.0) -> None:
        """The size of the window and the reader's preference from now on."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path: Path) -> None:
        """Load a file, and wait until it is there."""
        self._loaded = False
        self.call("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._event(self._message())

    _loaded = False

    def ask(self, expression: str) -> Any:
        """What an expression is, seen from outside the page's own policy."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def picture(self, path: Path, whole: bool = True) -> None:
        """What a reader sees, as PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._next += 1
        number = self._next
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session and not method.startswith("Target."):
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._event(answer)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = self._until - time.monotonic()
            if left <= 0 or not select.select([self._receive], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self._receive, 1 << 20)
            if not data:
                raise AssertionError("the browser went away")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _event(self, message: dict[str, Any]) -> None:
        told = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Log.entryAdded":
                self.said.append(told["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.said.append(json.dumps(told)[:500])
            case "Debugger.scriptParsed":
                self.scripts.append(told.get("url", ""))


_LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4);"
    "os.execvp(sys.argv[3], sys.argv[3:])"
)


def _start(program: str, profile: Path) -> tuple[subprocess.Popen[bytes], int, int]:
    """The browser reads what we ask on descriptor 3 and answers on 4."""
    # High numbers, or giving one its place could take the other's away.
    low = [*os.pipe(), *os.pipe()]
    ask_end, send, receive, answer_end = (fcntl.fcntl(n, fcntl.F_DUPFD_CLOEXEC, 20) for n in low)
    for number in low:
        os.close(number)
    words = [program, *FLAGS, f"--user-data-dir={profile}"]
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, str(ask_end), str(answer_end), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(ask_end, answer_end),
            start_new_session=True,
            env={**os.environ, "HOME": str(profile)},
        )
    finally:
        os.close(ask_end)
        os.close(answer_end)
    return process, send, receive
