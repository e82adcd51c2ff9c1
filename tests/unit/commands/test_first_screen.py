"""The newest lines that are shown while the screen loads."""

from __future__ import annotations

from pathlib import Path

from tests.session_files import lines, prompt, speech
from tui.commands.watch import newest_lines
from tui.model.session import EventFile


def test_only_lines_of_the_night_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    parts = [
        lines([prompt(n, f"task {n}", 10.0 * n), speech(n + 5, f"answer {n}")]) for n in (1, 2, 3)
    ]
    path.write_bytes(b"".join(parts))
    since = len(parts[0])

    def shown(since: int = 0, until: int = 0) -> str:
        return "\n".join(newest_lines(EventFile("stream", str(path), "", since=since, until=until)))

    assert "task 1" in shown() and "task 3" in shown()
    rest = shown(since=since)
    assert "task 1" not in rest and "answer 1" not in rest
    assert "task 2" in rest and "task 3" in rest
    middle = shown(since=since, until=since + len(parts[1]))
    assert "answer 2" in middle
    assert "task 1" not in middle and "task 3" not in middle
