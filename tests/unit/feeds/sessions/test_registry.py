"""What the registry joins, what it survives, and how much it reads."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit import project_files
from tests.unit.feeds.sessions.scene import HOUR, Scene, answer, prompt, question, work
from tests.unit.project_files import NOW, slug
from tui.feeds.sessions import event_files, transcripts
from tui.feeds.sessions.registry import SessionRegistry, find_session
from tui.model.state import SessionState
from tui.system.errors import NoSessionError


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    found = Scene(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", found.environ["XDG_STATE_HOME"])
    return found


# --- processes ---


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("busy", SessionState.WORKING),
        ("waiting", SessionState.WAITING_PERMISSION),
        ("idle", SessionState.WAITING_INPUT),
        ("", SessionState.WAITING_INPUT),
        ("another word", SessionState.WAITING_INPUT),
    ],
)
def test_the_state_of_a_living_session(scene: Scene, status: str, state: SessionState) -> None:
    scene.night("lives-00")
    scene.agent("lives-00", status=status)

    assert scene.known()["lives-00"].state is state


@pytest.mark.parametrize("status", ["idle", ""])
def test_a_living_session_whose_last_word_is_an_error_has_failed(scene: Scene, status: str) -> None:
    failed = answer("API Error: 401 OAuth token has expired", 9, isApiErrorMessage=True)
    scene.write("failed-00", [*work(), failed], age=60, took=HOUR)
    scene.agent("failed-00", status=status)

    known = scene.known()["failed-00"]
    assert known.state is SessionState.FAILED
    assert not known.is_over


def test_a_session_that_is_busy_goes_before_a_question_that_began_later(scene: Scene) -> None:
    scene.night("night-00", at_work=True, age=5, took=6 * HOUR)
    scene.write("asked-00", question(), age=118, took=2)
    scene.agent("night-00", status="busy")

    assert scene.meant() == "night-00"


def test_an_old_session_that_was_resumed_goes_before_a_newer_one(scene: Scene) -> None:
    scene.night("old-0000", at_work=True, age=3, took=72 * HOUR)
    scene.night("new-0000", age=240, took=HOUR)
    scene.agent("old-0000", status="busy")

    assert scene.meant() == "old-0000"


def test_a_process_without_a_file_belongs_to_what_was_written_since_it_began(scene: Scene) -> None:
    scene.night("before-0", age=5 * HOUR)
    scene.night("since-00", at_work=True, age=HOUR)
    agent = scene.agent()
    known = scene.known()
    assert (known["since-00"].process, known["before-0"].process) == (agent, None)
    assert known["since-00"].state is SessionState.WORKING

    scene.agent()
    assert all(one.process is None for one in scene.known().values()), "either may be meant"


def test_a_process_in_another_folder_belongs_to_no_session_here(scene: Scene) -> None:
    scene.night("mine-000", at_work=True)
    scene.agent(cwd=str(scene.project / "src"))

    assert scene.known()["mine-000"].process is None


def test_a_living_session_that_has_written_nothing(scene: Scene) -> None:
    scene.agent("fresh-00", status="idle")
    found = scene.look()
    assert found.events == ()
    assert found.why == "session fresh-00 lives here and has recorded nothing yet"
    assert [one.session_id for one in found.others] == ["fresh-00"]

    scene.night("night-00")
    assert scene.meant() == "night-00"


def test_an_open_turn_goes_on_as_long_as_its_file_grows(scene: Scene) -> None:
    scene.night("inside-0", at_work=True, age=120)
    assert scene.known()["inside-0"].state is SessionState.WORKING
    scene.now += event_files.ACTIVE_S
    assert scene.known()["inside-0"].state is SessionState.CRASHED


# --- runs, streams and what is beside ---


def test_a_run_and_its_transcripts_are_one_session(scene: Scene) -> None:
    project_files.run(scene.project, "r1", started=NOW - HOUR, sessions=("first-00", "then-000"))
    scene.night("first-00")
    scene.night("then-000")
    scene.night("other-00", age=5 * HOUR)

    known = scene.registry().sessions()
    assert [(one.kind, one.run_id, one.session_id) for one in known] == [
        ("run", "r1", "then-000"),
        ("transcript", "", "other-00"),
    ]
    assert [one.session_id for one in scene.look().others] == ["other-00"]


def test_a_run_of_ours_is_not_given_away_to_a_question(scene: Scene) -> None:
    project_files.run(
        scene.project, "r1", started=1.0, sessions=("a-000000",), over=True, age=2 * HOUR
    )
    scene.write("asked-00", question(), age=28, took=2)

    assert scene.look().run == "r1"


def test_others_are_those_that_live_and_recent_ones_with_substance(scene: Scene) -> None:
    scene.night("meant-00", at_work=True, age=5)
    scene.night("recent-0", age=5 * HOUR)
    scene.night("ancient0", age=50 * HOUR)
    scene.write("asked-00", question(), age=60)
    scene.write("opened-0", question(), age=70)
    scene.agent("meant-00", status="busy")
    scene.agent("opened-0", status="idle")

    assert scene.meant() == "meant-00"
    assert {one.session_id for one in scene.look().others} == {"opened-0", "recent-0"}


def test_a_session_of_a_run_that_is_over_can_be_taken_up_again(scene: Scene) -> None:
    project_files.run(
        scene.project, "r1", started=1.0, sessions=("a-000000",), over=True, age=2 * HOUR
    )
    scene.night("a-000000", age=2 * HOUR - 30)
    assert [one.kind for one in scene.registry().sessions()] == ["run"]

    scene.night("a-000000", at_work=True, age=10)
    assert scene.meant() == "a-000000"
    scene.night("a-000000", age=2 * HOUR)
    scene.agent("a-000000", status="busy")
    assert scene.meant() == "a-000000"


def test_after_clear_the_process_belongs_to_the_newer_transcript(scene: Scene) -> None:
    scene.night("first-00", age=3 * HOUR)
    scene.night("clear-00", at_work=True, age=20, session_id="first-00")
    agent = scene.agent("first-00", status="busy")
    known = scene.known()
    assert (known["clear-00"].process, known["first-00"].process) == (agent, None)
    assert scene.meant() == "clear-00"

    scene.night("first-00", at_work=True, age=5)
    assert scene.known()["first-00"].process == agent, "it was taken up again"


# --- clocks ---


def test_a_file_from_the_future_does_not_win_for_ever(scene: Scene) -> None:
    future = scene.night("future-0", age=50 * HOUR)
    os.utime(future, (NOW + 1e8, NOW + 1e8))
    scene.night("now-0000", age=HOUR)
    assert scene.meant() == "now-0000"

    stamped = future.read_text().replace("2026-", "2036-")
    future.write_text(stamped)
    os.utime(future, (NOW + 1e8, NOW + 1e8))
    assert scene.known()["future-0"].changed_at <= NOW


def test_copied_files_keep_the_age_of_their_last_records(scene: Scene) -> None:
    for name, age in (("older-00", 9 * HOUR), ("newest-0", HOUR), ("oldest-0", 30 * HOUR)):
        path = scene.night(name, age=age)
        os.utime(path, (NOW, NOW))

    assert scene.meant() == "newest-0"


# --- whatever lies there ---


def test_odd_things_among_the_transcripts(scene: Scene, tmp_path: Path) -> None:
    scene.night("night-00")
    folder = os.fsencode(scene.projects / slug(scene.project))
    os.mkfifo(folder + b"/fifo-000.jsonl")
    os.mkdir(folder + b"/folder-0.jsonl")
    os.symlink("/dev/zero", folder + b"/device-0.jsonl")
    for name in (
        b"new\nline.jsonl",
        b"esc\x1b[31m.jsonl",
        b"bytes\xff\xfe.jsonl",
        b"-rf ..jsonl",
        b".jsonl",
    ):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b'{"type":"user"}\n\xff\xfe\x00[[[[')
    os.mkdir(scene.projects / "locked", 0o000)
    (scene.projects / "a file").touch()
    (scene.projects / "-loop").symlink_to("-loop")

    assert scene.meant() == "night-00"
    assert scene.known(whole=True)
    os.chmod(scene.projects / "locked", 0o700)


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "text", "id", "name", "content", "x"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from(
        ["type", "message", "timestamp", "isMeta", "entrypoint", "sessionId", "customTitle"]
    ),
)
def test_values_of_any_type_are_survived(scene: Scene, value: object, key: str) -> None:
    record = {**prompt(), "sessionId": "odd-0000", "cwd": str(scene.project), key: value}
    inner = {**prompt(), "message": {"role": "user", "content": value, "id": value, "model": value}}
    path = scene.projects / slug(scene.project) / "odd-0000.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({**record, **one}) + "\n" for one in ({}, inner)))

    scene.registry().sessions()


class Reads:
    """How often the ends of files were read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: Counter[str] = Counter()
        self._summarise = event_files._summarise
        monkeypatch.setattr(event_files, "_summarise", self._count)

    def _count(self, descriptor: int, facts: os.stat_result) -> event_files.EventFileSummary:
        self.counts["summaries"] += 1
        return self._summarise(descriptor, facts)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def test_few_of_many_transcripts_are_read_and_none_twice(scene: Scene, reads: Reads) -> None:
    for number in range(2_000):
        scene.night(f"night-{number:04}", age=60.0 * number)
    registry = scene.registry()
    registry.sessions()
    assert 1 <= reads.counts["summaries"] <= transcripts.MOST_READ

    reads.counts.clear()
    registry.sessions()
    assert reads.counts["summaries"] == 0
    scene.night("night-0003", age=1)
    registry.sessions()
    assert reads.counts["summaries"] == 1


def test_a_day_of_helpers_calls_does_not_hide_the_night(scene: Scene, reads: Reads) -> None:
    scene.night("night-00", age=23 * HOUR)
    for number in range(350):
        scene.write(f"help-{number:04}", question(), age=60.0 * number, took=2)

    assert scene.meant() == "night-00"
    assert reads.counts["summaries"] <= transcripts.MOST_SMALL + 1


def test_strangers_cost_a_glance(scene: Scene, tmp_path: Path, reads: Reads) -> None:
    mine, other = tmp_path / "测试", tmp_path / "演示"
    mine.mkdir()
    scene.night("mine-000", cwd=mine, age=90 * HOUR)
    for number in range(300):
        scene.night(f"other-{number:03}", cwd=other, age=number)

    assert scene.meant(mine) == "mine-000"
    assert reads.counts["summaries"] <= 2


# --- named by a person ---


def test_a_session_by_the_start_of_its_id(scene: Scene) -> None:
    scene.night("aaaa-0001")
    scene.night("aaaa-0002")
    scene.night("bbbb-0001", age=400 * HOUR)
    registry = scene.registry()

    assert find_session(registry, "b").session_id == "bbbb-0001"
    assert find_session(registry, "aaaa-0001").session_id == "aaaa-0001"
    with pytest.raises(NoSessionError, match="2 sessions here begin with 'aaaa'"):
        find_session(registry, "aaaa")
    for unknown in ("cccc", "", "../../etc/passwd", "\x1b[31m"):
        with pytest.raises(NoSessionError, match="overnight-tui sessions` lists them"):
            find_session(registry, unknown)


def test_a_session_of_a_run_names_the_run(scene: Scene) -> None:
    project_files.run(scene.project, "20260101-220000", started=1.0, sessions=("aaaa-0001",))
    registry = SessionRegistry(scene.project, scene.environ, agents=lambda: (), now=lambda: NOW)

    assert find_session(registry, "aaaa").run_id == "20260101-220000"
    assert find_session(registry, "20260101").run_id == "20260101-220000"


def test_a_session_of_another_project_is_named_with_its_folder(scene: Scene) -> None:
    scene.write("elsewhere-0001", work(), cwd="/another/place")
    with pytest.raises(NoSessionError, match="it ran in /another/place; give --project"):
        find_session(scene.registry(), "elsewhere-0001")
