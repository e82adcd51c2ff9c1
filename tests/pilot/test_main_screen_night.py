"""Along the night, while a large file is folded, and how it ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.pilot.stage import Noon, append, stage
from tests.session_files import (
    START,
    bash,
    evening,
    write_project,
)


async def test_the_cursor_moves_every_pane_and_comes_back(tmp_path: Path) -> None:
    records = [bash(n, f"step {n}", 60.0 * n) for n in range(1, 121)]
    project = write_project(tmp_path / "harbour", records)
    entries = "".join(
        time.strftime("[%Y-%m-%d %H:%M:%S] ", time.gmtime(START + 60 * n)) + f"[INFO] check {n}\n"
        for n in range(1, 121)
    )
    (project / "logs/watchdog.log").write_text(entries)
    async with stage(project, (120, 30), clock=Noon(START + 7_260)) as s:
        await s.see("step 120", "check 120")
        await s.press(*["left_square_bracket"] * 60)
        await s.see("looking at", "as it is now")
        await s.lose("step 120", "check 120")
        shown = s.text
        row = next(row for row in s.rows if "check " in row)
        minute = int(row.split("check ")[1].split()[0])
        assert f"step {minute}" in shown or f"step {minute + 1}" in shown
        await s.press("right_square_bracket")
        await s.press("escape")
        await s.see("step 120", "check 120")
        await s.lose("looking at")


async def test_keys_answer_while_a_large_file_is_folded(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child is held back until the person has looked round in what is not folded yet."""
    import subprocess

    real = subprocess.Popen
    held = large.parent / "go"

    def slow(words: list[str], **more: object) -> object:
        if "tui.monitor.loading" in words:
            wait = f'while [ ! -e "{held}" ]; do sleep 0.02; done; exec "$@"'
            words = ["sh", "-c", wait, "sh", *words]
        return real(words, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("tui.monitor.loading.subprocess.Popen", slow)
    async with stage(large) as s:
        await s.see("row 3000 here", "newest part")
        await s.press("slash")
        await s.type("row 17 here")
        await s.press("enter")
        await s.see("1/1", "row 17 here", "row 18 here", "a place of the past")
        await s.press("enter")
        await s.see("uuid")
        await s.press("escape")
        await s.press("v", "v", "v", "E")
        await s.press("escape")
        await s.see("row 3000 here")
        held.touch()
        await s.lose("newest part")
        await s.until(lambda: len(s.watch.events) == 3_000)
        await s.press("g")
        await s.see("row 1 here")


async def test_a_place_of_the_past_stays_when_the_file_is_folded(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    real = subprocess.Popen
    held = large.parent / "go"

    def slow(words: list[str], **more: object) -> object:
        if "tui.monitor.loading" in words:
            wait = f'while [ ! -e "{held}" ]; do sleep 0.02; done; exec "$@"'
            words = ["sh", "-c", wait, "sh", *words]
        return real(words, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("tui.monitor.loading.subprocess.Popen", slow)
    async with stage(large) as s:
        await s.see("row 3000 here")
        await s.press("slash")
        await s.type("row 17 here")
        await s.press("enter")
        await s.see("a place of the past")
        held.touch()
        await s.lose("a place of the past", "newest part")
        await s.see("row 17 here", "row 18 here")
        assert s.main.panes.events.cursor == 16


async def test_quitting_says_that_the_session_goes_on(project: Path) -> None:
    append(project, bash(50, "make all", 129))
    async with stage(project, events=str(project / "logs/session.jsonl")) as s:
        await s.see("make all")
        await s.until(lambda: s.watch.night is not None and not s.watch.night.is_over)
        await s.press("q")
        await s.until(lambda: not s.app.is_running)
    assert s.app.return_code == 0


async def test_a_fault_of_the_watch_ends_the_app_with_the_fault(project: Path) -> None:
    with pytest.raises(RuntimeError, match="broken on purpose"):
        async with stage(project) as s:
            await s.see("All green")
            s.watch.fault = RuntimeError("broken on purpose")
            s.main.on_monitor_change(frozenset({"fault"}))
            await s.until(lambda: s.app.fault is not None)
    assert "broken on purpose" in str(s.app.fault)


def test_evening_has_what_these_tests_count_on() -> None:
    assert len(evening()) == 10
