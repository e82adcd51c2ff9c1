"""All nights of a project from saved summaries; what a person wrote down; what fails again."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.talks import Talk
from tests.unit.project_files import run, slug, stream_records, transcript, write
from tui.commands.observe.text_views import review_lines
from tui.feeds.sessions.night_files import find_night_file
from tui.model.session import NamedSources
from tui.monitor.history.night_list import (
    cost_trend,
    list_nights,
    repeated_failures,
    set_note,
    set_reviewed,
)
from tui.monitor.history.review_loader import load_review
from tui.settings.settings import Settings
from tui.store.layout import runs_folder
from tui.system.clock import SystemClock
from tui.system.errors import NoSessionError

SETTINGS = Settings()
RED = "FAILED tests/test_a.py::test_b - boom\n===== 1 failed, 3 passed in 0.1s ====="


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def review(project: Path, night: str | None = None) -> None:
    load_review(project, SETTINGS, NamedSources(), SystemClock(), night)


def red_run(project: Path, name: str, started: float) -> Path:
    """A run in which a test failed."""
    folder = run(project, name, started=started, sessions=(f"session-{name}",), over=True)
    call = {
        "type": "tool_use",
        "id": f"t-{name}",
        "name": "Bash",
        "input": {"command": "pytest -q"},
    }
    answer = {"type": "tool_result", "tool_use_id": f"t-{name}", "content": RED, "is_error": True}
    with (folder / "stream.jsonl").open("a") as stream:
        for number, (kind, block) in enumerate((("assistant", call), ("user", answer))):
            message = {"id": f"m-{name}", "role": kind, "model": "m", "content": [block]}
            record = {"type": kind, "session_id": f"session-{name}", "message": message}
            stream.write(json.dumps({**record, "uuid": f"{name}-{number}"}) + "\n")
    long_ago = time.time() - 3600
    os.utime(folder / "stream.jsonl", (long_ago, long_ago))
    return folder


def ids(project: Path) -> list[str]:
    return [one.id for one in list_nights(project, SETTINGS)]


def test_no_night(project: Path) -> None:
    assert list_nights(project, SETTINGS) == []


def test_runs_streams_and_transcripts_are_nights_newest_first(project: Path) -> None:
    run(project, "r1", started=1_700_000_000.0, sessions=("in-the-run-1",))
    records = stream_records("in-stream-1", started="2026-01-01T00:00:00Z", over=True)
    write(project / "logs" / "night.jsonl", records)
    projects = Path(os.environ["CLAUDE_CONFIG_DIR"]) / "projects"
    transcript(projects, project, "alone-12345")
    transcript(projects, project, "in-the-run-1")
    transcript(projects, project, "in-stream-1")
    transcript(projects, Path("/somewhere/else"), "other-12345", folder=slug(project))
    found = list_nights(project, SETTINGS)
    assert [(one.kind, one.id) for one in found] == [
        ("transcript", "alone-12345"), ("stream", "logs/night.jsonl"), ("run", "r1"),
    ]  # fmt: skip
    assert found[2].goal == "g"
    assert found[0].goal == "x"
    assert all(one.verdict is None and one.made_at is None for one in found)


def test_what_the_events_do_not_tell_the_run_does(project: Path) -> None:
    folder = run(project, "r1", started=1_700_000_000.0, sessions=("session-r1",), over=True)
    (folder / "journal.jsonl").write_bytes(b"")
    review(project)
    (night,) = list_nights(project, SETTINGS)
    assert night.made_at is not None
    assert (night.at, night.goal) == (1_700_000_000.0, "g")


def test_a_review_leaves_a_summary_until_the_night_goes_on(project: Path) -> None:
    folder = red_run(project, "r1", 1_700_000_000.0)
    review(project)
    (night,) = list_nights(project, SETTINGS)
    assert (night.verdict, night.ending, night.tests) == ("look", "tasks_done", "red") or (
        night.verdict == "discard"
    )
    assert night.failures == ("tests/test_a.py::test_b",)
    assert (folder / "review.json").stat().st_mode & 0o777 == 0o600
    with (folder / "stream.jsonl").open("a") as stream:
        stream.write("{}\n")
    (night,) = list_nights(project, SETTINGS)
    assert night.verdict is None
    assert night.goal == "g"


@pytest.mark.parametrize("garbage", [b"", b"{", b'{"id": 3}', b"\xff" * 40])
def test_a_damaged_summary_is_none(project: Path, garbage: bytes) -> None:
    folder = red_run(project, "r1", 1_700_000_000.0)
    review(project)
    (folder / "review.json").write_bytes(garbage)
    assert list_nights(project, SETTINGS)[0].verdict is None


def test_a_session_that_is_not_ours_keeps_its_summary_in_the_cache(project: Path) -> None:
    records = stream_records("in-stream-1", started="2026-01-01T00:00:00Z", over=True)
    path = write(project / "logs" / "night.jsonl", records)
    review(project, "logs/night.jsonl")
    assert list_nights(project, SETTINGS)[0].verdict is not None
    assert not list(runs_folder(project).glob("*"))
    write(path, [*records, *records])
    assert list_nights(project, SETTINGS)[0].verdict is None


def test_a_session_that_a_run_tells_of_is_no_night_of_its_own(project: Path) -> None:
    projects = Path(os.environ["CLAUDE_CONFIG_DIR"]) / "projects"
    transcript(projects, project, "session-1234")
    review(project, "session-1234")
    assert ids(project) == ["session-1234"]
    run(project, "r1", started=1_700_000_000.0, sessions=("session-1234",))
    assert ids(project) == ["r1"]


def test_a_file_named_by_hand_leaves_nothing(project: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", stream_records("abcdefgh", over=True))
    load_review(project, SETTINGS, NamedSources(events=str(path)), SystemClock())
    assert list_nights(project, SETTINGS) == []
    assert not (tmp_path / "cache").exists()


def test_marks_and_notes_stay_when_the_night_is_reviewed_again(project: Path) -> None:
    red_run(project, "r1", 1_700_000_000.0)
    set_reviewed(project, SETTINGS, "r1", decision="kept")
    set_note(project, SETTINGS, "r1", "look at the cache")
    review(project)
    (night,) = list_nights(project, SETTINGS)
    assert night.remarks.reviewed
    assert (night.remarks.decision, night.remarks.note) == ("kept", "look at the cache")
    set_reviewed(project, SETTINGS, "r1", reviewed=False)
    assert list_nights(project, SETTINGS)[0].remarks.note == "look at the cache"
    assert not list_nights(project, SETTINGS)[0].remarks.reviewed
    with pytest.raises(NoSessionError):
        set_note(project, SETTINGS, "nothing", "x")


def test_a_night_is_found_by_a_part_of_its_name(project: Path) -> None:
    red_run(project, "20260101-000000", 1_700_000_000.0)
    red_run(project, "20260102-000000", 1_700_086_400.0)
    review(project, "20260102")
    with pytest.raises(NoSessionError, match="2 nights"):
        review(project, "2026")
    with pytest.raises(NoSessionError, match="no night"):
        review(project, "1999")


def test_what_fails_in_two_nights_is_known_again(project: Path) -> None:
    for day in range(3):
        red_run(project, f"r{day}", 1_700_000_000.0 + 86_400 * day)
        review(project, f"r{day}")
    (again,) = repeated_failures(list_nights(project, SETTINGS))
    assert (again.name, again.nights) == ("tests/test_a.py::test_b", ("r2", "r1", "r0"))
    assert repeated_failures(list_nights(project, SETTINGS)[:1]) == ()
    assert cost_trend(list_nights(project, SETTINGS), "r2") == (None, None, None)


def test_fifty_nights_are_listed_in_no_time(project: Path) -> None:
    for number in range(50):
        red_run(project, f"r{number:02}", 1_700_000_000.0 + 3_600 * number)
        review(project, f"r{number:02}")
    took = []
    for _ in range(3):
        began = time.process_time()
        found = list_nights(project, SETTINGS)
        took.append(time.process_time() - began)
    assert len(found) == 50
    assert all(one.made_at is not None for one in found)
    assert min(took) < 0.2


# --- lineages ------------------------------------------------------------------------------------


def placed(project: Path, *talks: Talk) -> None:
    folder = Path(os.environ["CLAUDE_CONFIG_DIR"]) / "projects" / slug(project)
    for talk in talks:
        talk.write(folder)


def evenings(project: Path) -> Talk:
    """One session that was taken up again on two later days."""
    talk = Talk(str(project), time.time() - 80 * 3600).ask("Evening.").work(2).say("Night.")
    talk.ask("Second evening.", 30 * 3600).work(2).say("Night.")
    return talk.ask("Third evening.", 30 * 3600).work(2).say("Night.")


def test_each_evening_of_a_session_is_a_night_with_its_own_id(project: Path) -> None:
    talk = evenings(project)
    placed(project, talk)
    newest, second, first = list_nights(project, SETTINGS)
    assert newest.id == talk.session
    assert [one.goal for one in (first, second, newest)] == [
        "Evening.", "Second evening.", "Third evening.",
    ]  # fmt: skip
    assert first.continues is None
    assert newest.continues is not None
    assert newest.continues.id == second.id
    assert second.id.startswith(f"{talk.session}@")
    for night in (first, second, newest):
        review(project, night.id)
    listed = list_nights(project, SETTINGS)
    assert [night.id for night in listed] == [newest.id, second.id, first.id]
    assert [round(night.total_s) for night in listed] == [25, 25, 25]
    assert all(night.verdict is not None for night in listed)


def test_a_review_says_what_it_goes_on_from(project: Path) -> None:
    talk = evenings(project)
    placed(project, talk)
    second = list_nights(project, SETTINGS)[1]
    whole = load_review(project, SETTINGS, NamedSources(), SystemClock())
    assert whole.continues is not None
    assert (whole.continues.id, whole.continues.session) == (second.id, talk.session)
    assert (whole.run_id, whole.night.run.session_id) == (talk.session, talk.session)
    earlier = load_review(project, SETTINGS, NamedSources(), SystemClock(), second.id)
    assert earlier.run_id == second.id
    assert any(talk.session in line and second.id in line for line in review_lines(whole))


def test_a_part_of_an_id_finds_the_newest_night_of_a_session(project: Path) -> None:
    talk = evenings(project)
    first = Talk(str(project), time.time() - 9 * 3600).ask("One.").say("Done.")
    second = first.cleared(first.at + 60).ask("Two.").say("Done.")
    placed(project, talk, first, second)
    assert find_night_file(project, SETTINGS, talk.session[:8]).id == talk.session
    assert find_night_file(project, SETTINGS, first.session[:8]).id == second.session
    with pytest.raises(NoSessionError, match="no night"):
        find_night_file(project, SETTINGS, "ffffffff-0000")


def test_a_remark_stays_with_the_evening_that_it_was_about(project: Path) -> None:
    talk = Talk(str(project), time.time() - 50 * 3600).ask("Evening.").say("Night.")
    placed(project, talk)
    set_reviewed(project, SETTINGS, talk.session, decision="kept", at=talk.at + 3600)
    talk.ask("Next evening.", 30 * 3600).say("Night.")
    placed(project, talk)
    newest, first = list_nights(project, SETTINGS)
    assert (newest.remarks.reviewed, newest.remarks.decision) == (False, "")
    assert (first.remarks.reviewed, first.remarks.decision) == (True, "kept")


def test_no_night_is_called_after_a_command_of_the_cli(project: Path) -> None:
    first = Talk(str(project), time.time() - 20 * 3600).ask("One.").say("Done.")
    second = first.cleared(time.time() - 3600).ask("Two.").say("Done.")
    only = Talk(str(project), time.time() - 1800)
    only.ask("<command-name>/exit</command-name>")
    placed(project, first, second, only)
    assert [night.goal for night in list_nights(project, SETTINGS)] == ["Two.", "One."]
    assert load_review(project, SETTINGS, NamedSources(), SystemClock()).night.run.first_prompt
