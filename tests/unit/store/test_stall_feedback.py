"""Findings are counted once each, whoever saw them; what is not ours in the file is passed over."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.stall import DetectorName, DetectorRecord, Stall
from tui.model.state import StallKind, StallLevel
from tui.store.layout import make_project_state
from tui.store.ledgers import stall_feedback
from tui.store.ledgers.stall_feedback import FEEDBACK, StallFeedback

CALLS, REFUSED = DetectorName.REPEATED_CALLS, DetectorName.REFUSED_CALLS


def finding(since: float = 100.0, pattern: str = "Bash make", name: DetectorName = CALLS) -> Stall:
    return Stall(
        StallKind.LOOP,
        since,
        ("make: 3 times",),
        level=StallLevel.NOTICE,
        pattern=pattern,
        detector=name,
    )


@pytest.fixture
def feedback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StallFeedback:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return StallFeedback(tmp_path / "project")


def path_of(feedback: StallFeedback) -> Path:
    return make_project_state(feedback._project) / FEEDBACK


def test_nothing_is_known_at_first(feedback: StallFeedback) -> None:
    assert feedback.records() == {}


def test_a_notice_counts_once_whoever_saw_it(feedback: StallFeedback) -> None:
    other = StallFeedback(feedback._project)
    assert feedback.note_shown("s1", finding(100), 120)
    assert not other.note_shown("s1", finding(100), 121)
    assert not other.note_shown("s1", finding(90), 500)  # another look saw its beginning earlier
    assert feedback.records() == {CALLS: DetectorRecord(1, 0)}


@pytest.mark.parametrize(
    "again",
    [
        ("s2", finding(100)),
        ("s1", finding(100, pattern="Bash make test")),
        ("s1", finding(130)),
        ("s1", finding(100, name=REFUSED)),
    ],
)
def test_other_trouble_counts_by_itself(feedback: StallFeedback, again: tuple[str, Stall]) -> None:
    assert feedback.note_shown("s1", finding(100), 120)
    assert feedback.note_shown(*again, 140)
    assert sum(one.noticed for one in feedback.records().values()) == 2


def test_what_is_called_wrong_was_shown_too(feedback: StallFeedback) -> None:
    assert feedback.note_wrong("s1", finding(), 120)
    assert not feedback.note_wrong("s1", finding(), 125)
    assert feedback.note_shown("s2", finding(), 130)
    assert feedback.records() == {CALLS: DetectorRecord(2, 1)}


def test_no_word_of_a_command_is_kept(feedback: StallFeedback) -> None:
    feedback.note_wrong("s1", finding(pattern="curl -H 'Authorization: hunter2'"), 120)
    data = path_of(feedback).read_bytes()
    assert b"hunter2" not in data
    assert b"curl" not in data
    assert path_of(feedback).stat().st_mode & 0o777 == 0o600


def test_silence_is_no_finding_of_a_detector(feedback: StallFeedback) -> None:
    silent = Stall(StallKind.SILENT_API, 100.0, ("no answer",))
    assert not feedback.note_shown("s1", silent, 120)
    assert feedback.records() == {}


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_torn_and_hostile_lines_are_passed_over(lines: list[bytes]) -> None:
    good = msgspec.json.encode(stall_feedback._Line("noticed", CALLS, 1.0, "s", "p", 0.5))
    data = b"\n".join([good, *lines, good[: len(good) // 2], good])
    assert len(stall_feedback._decode(data)) >= 1


@pytest.mark.parametrize(
    "hostile",
    [
        b'{"kind":"noticed","detector":"no such","at":1}',
        b'{"kind":"sum","detector":"monologue","noticed":-5}',
        b'{"kind":"sum","detector":"monologue","noticed":1e300}',
        b'{"kind":"wrong","detector":"monologue","at":1e400}',
        b'{"kind":"boom","detector":"monologue"}',
        b'{"kind":"noticed","detector":"monologue","session":"' + b"x" * 2000 + b'"}',
        b"[" * 900,
        b"\xff\xfe\x00",
        b'{"kind":"noticed","detector":"monologue","at":',
    ],
)
def test_a_hostile_line_counts_nothing_and_hides_nothing(
    feedback: StallFeedback, hostile: bytes
) -> None:
    feedback.note_shown("s1", finding(), 120)
    with path_of(feedback).open("ab") as file:
        file.write(hostile)
    assert feedback.note_shown("s2", finding(), 130)
    assert feedback.records() == {CALLS: DetectorRecord(2, 0)}


def test_a_link_in_its_place_is_not_followed(feedback: StallFeedback, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"")
    path_of(feedback).symlink_to(target)
    feedback.note_shown("s1", finding(), 120)
    assert target.read_bytes() == b""


def test_a_long_file_keeps_its_sums(
    feedback: StallFeedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stall_feedback, "_MOST_BYTES", 3_000)
    monkeypatch.setattr(stall_feedback, "_KEPT", 5)
    for number in range(80):
        assert feedback.note_shown(f"s{number}", finding(), 120.0 + number)
        assert path_of(feedback).stat().st_size <= 3_000
        if number % 4 == 0:
            assert feedback.note_wrong(f"s{number}", finding(), 120.5 + number)
    assert feedback.records() == {CALLS: DetectorRecord(80, 20)}


def test_a_folder_that_cannot_be_written_counts_nothing(
    feedback: StallFeedback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert not feedback.note_shown("s1", finding(), 120)
    assert feedback.records() == {}


def _note(place: tuple[Path, int]) -> int:
    project, number = place
    return sum(
        StallFeedback(project).note_shown(f"s{nth}", finding(), 120.0 + number) for nth in range(20)
    )


def test_several_processes_count_each_once(feedback: StallFeedback) -> None:
    path_of(feedback)
    with ProcessPoolExecutor(4) as pool:
        counted = sum(pool.map(_note, [(feedback._project, number) for number in range(4)]))
    assert counted == 20
    assert feedback.records() == {CALLS: DetectorRecord(20, 0)}
    assert not os.path.exists(feedback._project)
