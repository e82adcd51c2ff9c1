"""What a careful human reader says of each recorded progress file; each is known by its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.shared_data import shared
from tui.feeds.progress.reader import read_progress
from tui.model.records import ProgressFile


class Reading(NamedTuple):
    """A person's answer, written down from reading the file before the program's was looked at."""

    what: str
    basis: str
    done: int
    open: int
    in_progress: int = 0
    blockers: int = 0
    goal: str = ""
    session: str = ""
    sections: int = 0


READINGS = {
    "d1f9b5424ebf": Reading("one feature report in Chinese, heading (36/36)", "counts", 36, 0, sections=1),
    "1ad3feb1786d": Reading("fresh template with rulers; [BLOCK] explains a format", "unknown", 0, 0),
    "f49a9d96e573": Reading("bare titles and lists, three points of current focus", "unknown", 0, 0, 3),
    "de7e98395eb7": Reading("time-stamped log; every n/m is criteria, tests, frames", "unknown", 0, 0),
    "25a8910abfdc": Reading("verification runs: tests only", "unknown", 0, 0),
    "8e9a96491afe": Reading("ten features, all ticked; six boxes are proofs", "checkboxes", 10, 0, sections=1),
    "352e4d6d0c08": Reading(
        "log of sessions, no count", "unknown", 0, 0, session="Session 29: fix-cli-runtime-test-failures"
    ),
    "076d83522174": Reading("newest on top, then newest at the bottom: 152/152", "counts", 152, 0),
    "6b9c80baddf4": Reading(
        "statistics say 0 of 210, four sessions later not a word", "unknown", 0, 0, goal="World-class"
    ),
    "472cfbee30f4": Reading("sessions 30 to 14 downwards, then upwards to 204/204", "counts", 204, 0),
    "7270c2523982": Reading("one active feature; blockers 'None - …'", "unknown", 0, 0, 1),
    "3cd0fb57b867": Reading("total 18/18, six modules with their own n/n; CRLF", "counts", 18, 0, sections=6),
    "b51715da404a": Reading("ended at 104/109; the tests line says the same", "counts", 104, 5),
    "321883647b9c": Reading("day log in Chinese, four entries done, no count", "unknown", 0, 0),
    "03c94053aadb": Reading("Korean log; every n/m is checks, cases, stages", "unknown", 0, 0),
    "ea4c2adbcd70": Reading("34 'A1: DONE' lines, and a person is awaited", "states", 34, 0, 0, 1, sections=2),
    "3c14f260ed0a": Reading("Chinese log; last said 7/9 features", "counts", 7, 2),
    "7f8629ef36aa": Reading("two phases complete, 6/6 and 5/5", "counts", 11, 0, sections=2),
    "08d146140586": Reading(
        "first half of the original's night", "checkboxes", 51, 30,
        goal="Execute comprehensive 6-phase", session="REFACTOR-001", sections=17,
    ),
    "4f02127ecc52": Reading(
        "a plan of five phases later", "checkboxes", 75, 24,
        goal="Execute comprehensive 6-phase", session="REFACTOR-001", sections=22,
    ),
    "dfb4073964f5": Reading(
        "one compaction note fewer", "checkboxes", 75, 24,
        goal="Execute comprehensive 6-phase", session="REFACTOR-001", sections=22,
    ),
    "d347cf9d7d0a": Reading(
        "an outside agent's report appended", "checkboxes", 75, 24,
        goal="Execute comprehensive 6-phase", session="REFACTOR-001", sections=22,
    ),
    "904ceecbd3c0": Reading(
        "two agent sessions appended", "checkboxes", 75, 24,
        goal="Execute comprehensive 6-phase", session="REFACTOR-001", sections=22,
    ),
    "d1715d16ace5": Reading(
        "the last version", "checkboxes", 75, 24,
        goal="Execute comprehensive 6-phase", session="REFACTOR-001", sections=22,
    ),
    "eac07c9d7cf6": Reading("a template: 33 open boxes", "checkboxes", 0, 33, 1, sections=9),
}  # fmt: skip


def files() -> Iterator[Path]:
    yield from shared("data", "real", "progress").iterdir()
    yield from shared("data", "real", "seed", "history").glob("*progress*")
    yield shared("data", "real", "seed", "ric-progress.md")


def recorded(digest: str) -> ProgressFile:
    for path in files():
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest().startswith(digest):
            return read_progress(data.decode("utf-8", "replace"), "real", None)
    pytest.skip("this recording is not among the shared material")


@pytest.mark.parametrize("digest", READINGS, ids=[reading.what for reading in READINGS.values()])
def test_the_program_reads_what_a_person_reads(digest: str) -> None:
    expected = READINGS[digest]
    progress = recorded(digest)

    assert (progress.basis, progress.done, progress.open) == (
        expected.basis,
        expected.done,
        expected.open,
    )
    assert len(progress.in_progress) == expected.in_progress
    assert len(progress.blockers) == expected.blockers
    assert len(progress.sections) == expected.sections
    assert progress.goal.startswith(expected.goal)
    assert bool(progress.goal) == bool(expected.goal)
    assert not expected.session or progress.session == expected.session


def test_every_recording_has_a_reading() -> None:
    digests = {hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files()}

    assert digests <= set(READINGS)


def test_the_phases_of_the_original_night() -> None:
    progress = recorded("d1715d16ace5")

    counted = [(section.done, section.open, section.priority) for section in progress.sections]
    assert counted == [
        (8, 0, "P0"), (5, 0, "P1"), (4, 0, ""), (4, 0, ""), (4, 0, ""), (4, 0, ""), (4, 0, ""), (7, 0, ""),
        (5, 0, "P0"), (5, 0, "P0"), (6, 0, "P1"), (4, 0, "P0"), (4, 0, "P1"),
        (5, 0, "P0"), (3, 0, "P0"), (3, 0, "P1"), (0, 5, "P2"), (0, 2, "P2"),
        (0, 4, "P0"), (0, 5, "P0"), (0, 4, "P1"), (0, 4, "P2"),
    ]  # fmt: skip
    assert progress.tasks[0].title.startswith("1.1 Fix")
    assert not [task for task in progress.tasks if "**" in task.title]
