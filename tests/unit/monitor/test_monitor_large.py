"""Large files: the newest at once, the rest by a child, all of it in the end."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.session_files import delta, lines, speech, write_project
from tests.unit.monitor.scene import Heard, Watching, append, texts
from tui.monitor import monitor


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Three thousand rows among sixty thousand deltas, about 30 MB."""
    project = write_project(tmp_path / "p", [])
    pieces = lines(delta(100_000, "w" * 330) for _ in range(20))
    with (project / "logs/session.jsonl").open("ab") as file:
        for n in range(1, 3_001):
            file.write(lines([speech(n, f"row {n}", float(n))]) + pieces)
    assert (project / "logs/session.jsonl").stat().st_size > 26 << 20
    return project


def test_the_newest_rows_of_a_large_file_come_at_once_and_all_of_them_later(
    large: Path, watching: Watching, heard: Heard
) -> None:
    watch = watching(large)
    heard.until(lambda: len(watch.events) > 0)
    assert texts(watch)[-1].startswith("row 3000")
    heard.until(lambda: len(watch.events) == 3_000 and not watch.partial)
    heard.until(lambda: watch.night is not None and watch.night.counts.total == 60_000 + 3_001)
    assert any("folding" in names for names in heard.names)
    append(large / "logs/session.jsonl", speech(40_000, "news", 40_000))
    heard.until(lambda: texts(watch)[-1] == "news")


def test_what_is_appended_while_it_folds_is_not_lost(
    large: Path, watching: Watching, heard: Heard
) -> None:
    watch = watching(large)
    heard.until(lambda: len(watch.events) > 0)
    number = 40_000
    while watch.partial or number < 40_005:
        number += 1
        append(large / "logs/session.jsonl", speech(number, f"row {number}", float(number)))
        seen = len(heard.names)
        heard.until(lambda seen=seen: len(heard.names) > seen)  # type: ignore[misc]
    heard.until(lambda: len(watch.events) == 3_000 + number - 40_000)


def test_when_the_child_dies_all_is_read_all_the_same(
    large: Path, watching: Watching, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setattr(monitor, "_BUSY_EVERY", 0.0)
    watch = watching(large)
    heard.until(lambda: not watch.partial and len(watch.events) == 3_000, 40)
    assert watch.fault is None


def test_a_large_file_is_saved_and_taken_up_again(
    large: Path, watching: Watching, heard: Heard
) -> None:
    first = watching(large)
    heard.until(lambda: not first.partial and len(first.events) == 3_000)
    first.close()
    append(large / "logs/session.jsonl", speech(40_000, "news", 40_000))
    second = watching(large)
    heard.until(lambda: not second.partial and len(second.events) == 3_001)
    assert second.reader is not None
    followed = second.reader._sources[0].follower
    assert followed.counters.bytes < 5 << 20, "what was folded once is not read again"


def folds(process: psutil.Process) -> bool:
    """Whether it is a folding child that still runs; one that only waits to be reaped does not."""
    try:
        return "tui.monitor.loading" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie, too
        return False


def test_closing_while_it_folds_is_quick_and_leaves_no_process(
    large: Path, watching: Watching, heard: Heard
) -> None:
    watch = watching(large)
    heard.until(lambda: len(watch.events) > 0)
    watch.close()
    assert not [one for one in psutil.Process().children(recursive=True) if folds(one)]
