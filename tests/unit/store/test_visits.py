"""When a person last had the screen open."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tui.store.layout import project_state
from tui.store.ledgers.visits import SAME_VISIT, SEEN, last_visit, record_visit

NOW = time.time() - 10_000.0


def test_nobody_ever_looked(tmp_path: Path) -> None:
    assert last_visit(tmp_path, NOW) is None
    assert not project_state(tmp_path).exists()


def test_the_visit_that_goes_on_is_not_the_last_one(tmp_path: Path) -> None:
    assert record_visit(tmp_path, NOW)
    assert last_visit(tmp_path, NOW) is None
    assert last_visit(tmp_path, NOW + SAME_VISIT - 1) is None
    assert last_visit(tmp_path, NOW + SAME_VISIT + 1) == NOW
    for minute in range(30):
        record_visit(tmp_path, NOW + 3_600 + 60.0 * minute)
    during = NOW + 3_600 + 60.0 * 29
    assert last_visit(tmp_path, during) == NOW
    assert last_visit(tmp_path, during + 600) == during


def test_a_dropped_line_does_not_begin_another_visit(tmp_path: Path) -> None:
    record_visit(tmp_path, NOW)
    record_visit(tmp_path, NOW + 7_200)
    record_visit(tmp_path, NOW + 7_200 + SAME_VISIT - 1)
    assert last_visit(tmp_path, NOW + 7_200 + SAME_VISIT - 1) == NOW


def test_it_lies_outside_the_project_and_is_private(tmp_path: Path) -> None:
    record_visit(tmp_path, NOW)
    assert (project_state(tmp_path) / SEEN).stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"[]", b'{"visits": 3}', b'{"visits": [{"since": 9e99, "until": 9e99}]}',
     b'{"visits": [{"since": -5, "until": -4}]}', b"\xff\xfe", b'{"visits": [{"since": 5}]}'],
)  # fmt: skip
def test_garbage_is_no_look_and_is_replaced(tmp_path: Path, garbage: bytes) -> None:
    record_visit(tmp_path, NOW)
    (project_state(tmp_path) / SEEN).write_bytes(garbage)
    assert last_visit(tmp_path, NOW + 9_000) is None
    assert record_visit(tmp_path, NOW + 5)
    assert last_visit(tmp_path, NOW + 9_000) == NOW + 5


def test_a_clock_that_ran_ahead_hides_nothing_for_long(tmp_path: Path) -> None:
    record_visit(tmp_path, NOW + 5_000)
    assert record_visit(tmp_path, NOW)
    assert last_visit(tmp_path, NOW + 1_000) == NOW
    assert last_visit(tmp_path, NOW + 9_000) == NOW


def test_where_nothing_can_be_written_nothing_happens(tmp_path: Path) -> None:
    place = project_state(tmp_path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file")
    assert not record_visit(tmp_path, NOW)


def test_what_a_project_holds_is_no_visit_and_is_not_changed(tmp_path: Path) -> None:
    """A clone can hold any file, also one that looks like our record of visits."""
    planted = tmp_path / ".overnight" / SEEN
    planted.parent.mkdir()
    planted.write_text(f'{{"visits": [{{"since": {NOW}, "until": {NOW}}}]}}')
    before = planted.read_bytes()
    assert last_visit(tmp_path, NOW + 9_000) is None
    assert record_visit(tmp_path, NOW + 20_000)
    assert planted.read_bytes() == before
