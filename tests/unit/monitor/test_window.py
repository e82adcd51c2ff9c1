"""Rows round one place of a file that is not indexed yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session_files import bash, lines, speech
from tui.monitor import loading
from tui.monitor.loading import rows_around


def test_the_rows_round_a_place_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(speech(n, f"row {n} " + "w" * 400, float(n)) for n in range(3_000)))
    place = path.read_bytes().index(b"row 1500")
    log = rows_around(str(path), place, 1)
    assert log is not None
    assert 300 < len(log) < 3_000
    row = log.row_of(str(path), place)
    assert row is not None
    assert log.row(row).text.startswith("row 1500")
    assert "row 1500" in log.detail(row).parts[0].text
    assert log.row(row - 1).text.startswith("row 1499")
    assert log.row(row + 1).text.startswith("row 1501")


@settings(deadline=None, max_examples=150)
@given(
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=20),
    around=st.integers(1, 400),
    data=st.data(),
)
def test_any_byte_of_any_file_is_in_its_window(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], around: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("window") / "s.jsonl"
    path.write_bytes(lines(speech(n, "w" * (size + 1), float(n)) for n, size in enumerate(sizes)))
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "_AROUND", around)
        log = rows_around(str(path), place, 1)
    assert log is not None
    line_number = whole[:place].count(b"\n")
    row = log.row_of(str(path), place)
    if whole[place : place + 1] != b"\n":
        assert row is not None
        assert log.ref(row).offset == len(b"\n".join(whole.split(b"\n")[:line_number])) + (
            1 if line_number else 0
        )


def test_a_place_inside_a_huge_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    huge = bash(2, "needle" + "x" * 3_000_000)
    path.write_bytes(lines([speech(1, "before", 0), huge, speech(3, "after", 2)]))
    place = path.read_bytes().index(b"needle") + 1_000_000
    log = rows_around(str(path), place, 1)
    assert log is not None
    row = log.row_of(str(path), place)
    assert row is not None
    assert log.row(row).label == "Bash"


def test_calls_and_results_are_paired_in_a_window_too(tmp_path: Path) -> None:
    from tests.session_files import evening

    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    log = rows_around(str(path), 0, 1)
    assert log is not None
    assert "3 failed" in log.row(2).outcome


def test_no_file_no_window(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "fifo")
    for name in ("missing", "fifo", "."):
        assert rows_around(str(tmp_path / name), 0, 1) is None
