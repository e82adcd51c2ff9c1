"""Memory, network, clock and sleep of the machine, as the doctor and a rehearsal see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tui.runner.doctor import machine
from tui.runner.doctor.checks import Surroundings
from tui.runner.doctor.machine import Reached
from tui.settings.settings import Settings

NOW = 1_800_000_000.0
GIB = 1 << 30


@pytest.mark.parametrize(("free", "state"), [(GIB // 4, "fail"), (GIB, "warn"), (4 * GIB, "ok")])
def test_little_memory_is_said(free: int, state: str) -> None:
    assert machine.memory_finding(free)[0] == state


def test_a_control_group_bounds_the_memory(tmp_path: Path) -> None:
    group = tmp_path / "a/b"
    group.mkdir(parents=True)
    assert machine.available_memory(tmp_path, "/a/b", 8 * GIB) == 8 * GIB
    (tmp_path / "a/memory.max").write_text(f"{2 * GIB}\n")
    (tmp_path / "a/memory.current").write_text(f"{GIB}\n")
    (group / "memory.max").write_text("max\n")
    assert machine.available_memory(tmp_path, "/a/b", 8 * GIB) == GIB
    assert machine.available_memory(tmp_path, "/a/b", GIB // 2) == GIB // 2
    (tmp_path / "a/memory.current").write_text(f"{3 * GIB}\n")
    assert machine.available_memory(tmp_path, "/a/b", 8 * GIB) == 0


class FileSystem:
    """What the kernel says of a file system."""

    f_flag = f_files = f_favail = 0

    def __init__(self, **facts: int) -> None:
        self.__dict__ |= facts


@pytest.mark.parametrize(
    ("facts", "state", "words"),
    [
        ({"f_flag": 1}, "fail", "read-only"),
        ({"f_files": 100_000, "f_favail": 12}, "fail", "only 12 more files"),
        ({"f_files": 100_000, "f_favail": 90_000}, "ok", "free"),
        ({"f_files": 0}, "ok", "free"),
    ],
)
def test_a_disk_that_takes_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, facts: dict[str, int], state: str, words: str
) -> None:
    monkeypatch.setattr(machine.os, "statvfs", lambda path: FileSystem(**facts))  # type: ignore[attr-defined]
    room = type("Usage", (), {"free": 50 << 30})()
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: room)  # type: ignore[attr-defined]
    place = Surroundings(tmp_path, Settings(), {"HOME": str(tmp_path)}, NOW)
    found = machine.disk_finding(place)
    assert (found[0], words in found[1]) == (state, True)


def test_this_machine_has_memory() -> None:
    assert machine.available_memory() > 0


@pytest.mark.parametrize(
    ("skew", "newest", "state", "words"),
    [
        (2.0, None, "ok", "right"),
        (90.0, None, "warn", "behind"),
        (-90.0, None, "warn", "ahead of"),
        (4000.0, None, "fail", "behind"),
        (None, NOW + 7200, "warn", "newest commit"),
        (None, NOW + 10, "", ""),
        (None, NOW - 10, "", ""),
        (None, None, "", ""),
    ],
)
def test_a_wrong_clock_is_said(
    skew: float | None, newest: float | None, state: str, words: str
) -> None:
    found = machine.clock_finding(skew, newest, NOW)
    assert (found[0] if found else "") == state
    assert words in (found[1] if found else "")


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, "https://api.anthropic.com"),
        ({"ANTHROPIC_BASE_URL": "http://gateway:1"}, "http://gateway:1"),
        ({"CLAUDE_CODE_USE_BEDROCK": "1"}, ""),
        ({"CLAUDE_CODE_USE_BEDROCK": "0"}, "https://api.anthropic.com"),
        ({"CLAUDE_CODE_USE_VERTEX": "true"}, ""),
    ],
)
def test_the_address_is_that_of_the_agent(variables: dict[str, str], address: str) -> None:
    assert machine.api_address(variables) == address


@contextmanager
def answers(status: int, date: float | None = None) -> Iterator[str]:
    class Host(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(status)
            if date is not None:
                self.send_header("Date", formatdate(date, usegmt=True))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Host)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_any_answer_of_the_host_is_a_way_to_it() -> None:
    for status in (200, 401, 404, 500):
        with answers(status, NOW + 120) as address:
            found = machine.reach(address, {}, lambda: NOW)
        assert found == Reached("127.0.0.1", True, 120.0)


def test_a_proxy_that_knows_no_way_is_named() -> None:
    with answers(502) as proxy:
        given = {"http_proxy": proxy}
        found = machine.reach("http://api.example.invalid", given, lambda: NOW)
        assert not found.answered
        state, text, advice = machine.network_finding(found, False) or ("", "", "")
        assert (state, "through the proxy 127.0.0.1: HTTP 502" in text) == ("fail", True)
        assert "https_proxy" in advice
        for spared in ("*", "api.example.invalid", ".example.invalid,x", "x, *.invalid"):
            found = machine.reach("http://api.example.invalid", {**given, "no_proxy": spared})
            assert found.proxy == ""


def test_a_host_that_is_not_there_is_said_unless_a_model_answered() -> None:
    found = machine.reach("http://127.0.0.1:9", {})
    assert (machine.network_finding(found, False) or ("",))[0] == "fail"
    assert (machine.network_finding(found, True) or ("",))[0] == "ok"
    assert machine.network_finding(None, False) is None


def test_what_is_no_address_is_no_way() -> None:
    for address in ("nonsense", "http://[", "ftp://x"):
        assert not machine.reach(address, {}).answered


class Inhibitor:
    """The lock of systemd; `code` is how its holder ended, None while it holds."""

    got, code = True, None

    def acquire(self) -> bool:
        return self.got

    @property
    def holds(self) -> bool:
        return self.code is None

    def close(self) -> None:
        return


def test_a_lock_that_is_refused_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_INHIBITOR_SECONDS", 0.05)
    monkeypatch.setattr(machine, "SleepInhibitor", Inhibitor)
    assert (machine.awake_finding(True) or ("",))[0] == "ok"
    assert machine.awake_finding(False) is None
    monkeypatch.setattr(Inhibitor, "code", 1)
    assert (machine.awake_finding(True) or ("",))[0] == "warn"
    monkeypatch.setattr(Inhibitor, "got", False)
    assert machine.awake_finding(True) is None
