"""The operation keys on the whole app: real sessions of the scripted agent, real git, real processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import TextArea

from tests.pilot.stage import Stage, stage
from tests.unit.control.foreign_scene import Elsewhere, elsewhere
from tests.unit.control.test_interrupted_rewind import cut_short
from tests.unit.repositories import write
from tests.unit.runner.runner_scene import Scene
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.refs import checkpoints_of
from tui.control.rewind.rewind_journal import RewindJournal
from tui.screens.operations.background import Report
from tui.system.clock import SystemClock

SIZES = [(80, 24), (120, 40)]
WAYLESS = "hooks: not installed"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path) as scene:
        yield scene


async def reachable(s: Stage, name: str = "inject") -> None:
    await s.until(
        lambda: s.watch.night is not None and not s.main.controller.unavailable_reason(name)
    )


def footer_of(s: Stage) -> dict[str, bool]:
    return {item.action: item.enabled for item in s.main.footer_items()}


@pytest.mark.parametrize("size", SIZES)
async def test_where_no_way_is_one_is_offered_and_then_words_have_receipts(
    scene: Elsewhere, size: tuple[int, int]
) -> None:
    scene.begin()
    async with stage(scene.project, size, clock=SystemClock()) as s:
        await s.until(lambda: WAYLESS in s.main.controller.unavailable_reason("inject"))
        assert not footer_of(s)["operation('inject')"]
        await s.press("i")
        await s.see("No way to this session", "settings.local.json", "▸ Cancel")
        await s.press("right", "enter")
        await s.see("the hooks are installed")
        assert (scene.project / ".claude/settings.local.json").exists()
        await reachable(s)
        assert footer_of(s)["operation('inject')"]
        await s.press("i")
        await s.see("By hook mailbox", "Now: ", "Send")
        await s.type("Keep it short")
        await s.press("ctrl+s")
        await s.see("1 queued", "message    “Keep it short”")
        scene.open_gate()
        await s.see("was read by", "Before:", "Now:")  # this goes by itself, the rows stay
        await s.see("“Keep it short”", " read")
        await s.lose("1 queued")
    assert scene.states() == ["queued", "delivered", "seen"]


async def test_cancelling_the_offer_changes_nothing(scene: Elsewhere) -> None:
    scene.begin()
    async with stage(scene.project, (80, 24), clock=SystemClock()) as s:
        await s.until(lambda: WAYLESS in s.main.controller.unavailable_reason("inject"))
        await s.press("s")
        await s.see("1 ( ) Short message", "2 ( ) Step back", "not now", "(•) Stop")
        await s.press("2")
        await s.see("Not now: no way to this session", "Install the hooks")
        await s.press("ctrl+s")
        await s.see("Install the hooks", "settings.local.json", "▸ Cancel")
        await s.press("enter")
        await s.lose("No way to this session")
    assert not (scene.project / ".claude/settings.local.json").exists()


async def test_words_that_wait_can_be_taken_back(scene: Elsewhere) -> None:
    from tui.control.hooks import installer

    scene.begin()
    installer.install(scene.project)
    async with stage(scene.project, (80, 24), clock=SystemClock()) as s:
        await reachable(s)
        await s.press("w")
        await s.see("no words of yours wait to be read")
        await s.press("s")
        await s.see("Step back", "By hook mailbox")
        await s.press("ctrl+s")
        await reachable(s, "withdraw")
        await s.press("w")
        await s.see("Take words back", "Please stop for a moment", "▸ Cancel")
        await s.press("k", "enter")
        await s.see("taken back")
    assert scene.states() == ["queued", "withdrawn"]


@pytest.mark.parametrize("size", SIZES)
async def test_a_session_that_is_not_ours_is_ended_from_the_ladder(
    scene: Elsewhere, size: tuple[int, int]
) -> None:
    who = scene.begin()
    async with stage(scene.project, size, clock=SystemClock()) as s:
        await reachable(s, "kill")
        await s.until(lambda: s.main.controller.reachability.newest is not None)
        await s.press("K")
        await s.see(f"pid {who.pid}", "not now: only its end", "▸ Cancel", "take a checkpoint")
        await s.press("k", "c", "enter")
        await s.see("cannot be known", "killed")
    assert scene.agent.exit_code() != 0
    assert not checkpoints_of(scene.project)


async def test_a_rewind_beside_a_living_session_asks_twice(scene: Elsewhere) -> None:
    scene.begin()
    async with stage(scene.project, (120, 40), clock=SystemClock()) as s:
        await s.until(lambda: not s.main.controller.unavailable_reason("checkpoint"))
        await s.press("c")
        await s.see("checkpoint c1")
        write(scene.project, {"README.md": "mine\n", "new.txt": "n\n"})
        await s.press("r")
        await s.see("2 files +", "Against it: the session that is watched here", "delete   new.txt")
        await s.press("d")
        await s.see("c1, file by file", "-mine")
        await s.press("j", "j")
        await s.see("-n")
        await s.press("escape")
        await s.lose("file by file")
        await s.press("enter", "right", "enter")
        await s.see("Something speaks against c1", "▸ Cancel")
        await s.press("enter")
        await s.lose("Something speaks against c1")
        assert (scene.project / "new.txt").exists()
        await s.press("r")
        await s.see("Against it")
        await s.press("enter", "right", "enter")
        await s.see("Something speaks against c1")
        await s.press("right", "enter")
        await s.see(
            "files as in c1: 1 written, 1 deleted",
            "1 intervention",
        )
        assert not (scene.project / "new.txt").exists()
        await s.press("u")
        await s.see("Undo the last rewind", "write    new.txt", "▸ Cancel")
        await s.press("right", "enter")
        await s.until(lambda: (scene.project / "new.txt").exists())


async def test_the_palette_reaches_an_operation(scene: Elsewhere) -> None:
    scene.begin()
    async with stage(scene.project, (80, 24), clock=SystemClock()) as s:
        await reachable(s, "kill")
        await s.until(lambda: s.main.controller.reachability.newest is not None)
        await s.press("ctrl+p")
        await s.pilot.pause()
        await s.type("kill")
        await s.see("interrupt, stop or kill the session")
        await s.press("enter")
        await s.see("Interrupt or end the session")


async def test_long_work_says_what_it_is_at_and_short_work_does_not(project: Path) -> None:
    async with stage(project, (80, 24)) as s:
        go = threading.Event()
        background = s.main.controller.background

        def slow(report: Report) -> str:
            report("placing files", 0.5)
            go.wait(20)
            return "all is done"

        background.run_operation("nobody sees this", lambda report: "quick as that")
        await s.see("quick as that")
        assert not s.sees("nobody sees this")
        background.run_operation("a long operation", slow)
        await s.see("placing files", "50%")
        go.set()
        await s.see("all is done")
        await s.lose("placing files")


async def test_the_header_counts_what_people_did(tmp_path: Path) -> None:
    """A run of ours: words, then a kill without a checkpoint."""
    scene = Scene(tmp_path)
    monkey = pytest.MonkeyPatch()
    monkey.setenv("CLAUDE_CONFIG_DIR", str(scene.config))
    try:
        scene.start("[[story:long_tool gate=go]]")
        scene.wait_said('"tool_use"')
        before = len(scene.journal("checkpoint"))
        async with stage(scene.repository, (120, 40), clock=SystemClock()) as s:
            await reachable(s)
            await s.press("i")
            await s.see("By its runner", "Interrupt and send")
            await s.type("Mind the gap. ")
            area = s.app.screen.query_one(TextArea)
            area.insert("[[story:long_tool gate=other]]")
            await s.press("tab", "right", "enter")
            await s.see("“Mind the gap", "1 intervention", " read")
            await s.press("K")
            await s.see("Interrupt the turn", "[✓] c take a checkpoint first")
            await s.press("c")
            await s.see("[ ] c take a checkpoint first")
            await s.press("k", "enter")
            await s.see("killed", "2 interventions")
        assert scene.ended() == "killed by person"
        taken = [one["why"] for one in scene.journal("checkpoint")[before:]]
        assert "before kill" not in taken
        assert scene.journal("inject")[0]["doing"].startswith("Bash")
    finally:
        monkey.undo()
        scene.tidy()


async def test_an_interrupted_rewind_is_said_and_ended_only_when_asked(scene: Elsewhere) -> None:
    project = scene.project
    first = take_checkpoint(project)
    write(project, {"extra.txt": "two\n"})
    cut_short(project, first, "deleting")
    record = RewindJournal(project).path.read_bytes()
    scene.begin()
    async with stage(project, (120, 40), clock=SystemClock()) as s:
        await s.see("an interrupted rewind to c1")
        assert RewindJournal(project).path.read_bytes() == record
        assert (project / "extra.txt").exists()
        await reachable(s, "undo")
        await s.press("u")
        await s.see("A rewind was interrupted", "▸ Cancel")
        await s.press("escape")
        assert RewindJournal(project).path.read_bytes() == record
        await s.press("u")
        await s.see("A rewind was interrupted", "▸ Cancel")
        await s.press("right", "enter")
        await s.see("was finished")
        assert not RewindJournal(project).is_open()
        assert not (project / "extra.txt").exists()
