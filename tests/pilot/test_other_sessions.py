"""Other sessions of the project: the header counts them, `o` lists them, enter watches one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.pilot.stage import stage
from tests.session_files import iso, lines
from tui.feeds.sessions.registry import SessionRegistry
from tui.model.session import AgentProcess
from tui.monitor import monitor as monitor_module
from tui.system.paths import claude_dir

Living = Callable[..., str]
FIRST, SECOND = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb"


@pytest.fixture
def agents(monkeypatch: pytest.MonkeyPatch) -> list[AgentProcess]:
    """The processes that the registry finds."""
    found: list[AgentProcess] = []
    monkeypatch.setattr(
        monitor_module, "SessionRegistry", partial(SessionRegistry, agents=lambda: tuple(found))
    )
    return found


@pytest.fixture
def transcript(project: Path, agents: list[AgentProcess]) -> Living:
    """Writes a transcript of the project, and its living process."""
    (project / "logs/session.jsonl").unlink()

    def write(session: str, prompt: str) -> str:
        slug = "".join(sign if sign.isalnum() else "-" for sign in str(project))
        path = claude_dir(os.environ) / "projects" / slug / f"{session}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        at = time.time() - 300
        common = {"sessionId": session, "cwd": str(project), "version": "2.1.329"}
        use = {"type": "tool_use", "id": "c", "name": "Bash", "input": {"command": "make"}}
        records = [
            {"type": "user", "message": {"role": "user", "content": prompt}},
            {
                "type": "assistant",
                "message": {"id": "m", "role": "assistant", "content": [use], "model": "x"},
            },
            {
                "type": "user",
                "message": {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "c", "content": "ok"}],
                },
            },
            {
                "type": "assistant",
                "message": {
                    "id": "n",
                    "role": "assistant",
                    "stop_reason": "end_turn",
                    "content": [{"type": "text", "text": f"{prompt} is done"}],
                },
            },
        ]
        path.write_bytes(
            lines(
                {**common, **one, "uuid": f"{session[:-2]}{n:02}", "timestamp": iso(at + n)}
                for n, one in enumerate(records)
            )
        )
        os.utime(path, (at + 5, at + 5))
        agents.append(AgentProcess(70_000 + len(agents), at, session, str(project), "idle"))
        return str(path)

    return write


async def test_a_session_alone_has_no_list(project: Path, agents: list[AgentProcess]) -> None:
    async with stage(project) as s:
        await s.see("All green")
        assert "other session" not in s.text
        await s.press("o")
        await s.see("Sources", "session.jsonl")
        assert "Sessions" not in s.text


@pytest.mark.parametrize("width", [200, 120, 80, 60])
async def test_the_header_counts_what_lives(project: Path, transcript: Living, width: int) -> None:
    transcript(FIRST, "First job")
    async with stage(project, (width, 24)) as s:
        await s.see("First job")
        assert "other session" not in s.rows[0]
    transcript(SECOND, "Second job")
    async with stage(project, (width, 24)) as s:
        await s.until(lambda: "+1" in s.rows[0] or "1 other session lives here" in s.rows[0])
        assert len(s.rows[0]) <= width


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 15)])
async def test_another_session_is_watched_until_changed_back(
    project: Path, transcript: Living, size: tuple[int, int]
) -> None:
    transcript(FIRST, "First job")
    other = transcript(SECOND, "Second job")
    async with stage(project, size) as s:
        await s.until(lambda: s.watch.night is not None and s.watch.sources is not None)
        before = s.watch.sources.events[0].path if s.watch.sources else ""
        chosen = FIRST if before == other else SECOND
        await s.press("o")
        await s.see("Sessions 1 other")
        await s.press("j", "enter")
        await s.until(lambda: s.app.screen is s.main)
        await s.until(lambda: s.watch.night is not None and s.watch.night.run.session_id == chosen)
        assert s.watch.is_chosen
        assert s.main.reviews.named.session == s.watch.named.session
        s.watch.rediscover()
        await s.press("o")
        await s.see("watch what was")
        await s.press("G", "enter")
        await s.until(lambda: not s.watch.is_chosen)
        await s.until(
            lambda: s.watch.sources is not None and s.watch.sources.events[0].path == before
        )


async def test_the_watched_row_and_escape_change_nothing(project: Path, transcript: Living) -> None:
    transcript(FIRST, "First job")
    transcript(SECOND, "Second job")
    async with stage(project) as s:
        await s.until(lambda: s.watch.sources is not None and bool(s.watch.sources.others))
        for keys in (("o", "enter"), ("o", "j", "escape"), ("o", "tab", "enter")):
            await s.press(*keys)
            await s.until(lambda: s.app.screen is s.main)
            assert not s.watch.is_chosen


async def test_a_process_that_wrote_nothing_cannot_be_watched_yet(
    project: Path, agents: list[AgentProcess]
) -> None:
    agents.append(AgentProcess(70_000, time.time(), FIRST, str(project), "idle"))
    async with stage(project) as s:
        await s.until(lambda: s.watch.sources is not None and bool(s.watch.sources.others))
        await s.press("o")
        await s.see("Sessions 1 other", FIRST[:8])
        await s.press("j", "enter")
        await s.see("nothing yet")
        assert not s.watch.is_chosen
