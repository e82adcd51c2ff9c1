"""Whose a commit in a night's time is, by what the night's records say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.repositories import make, sh
from tui.feeds.repo.commit_makers import MadeCommit, find_others
from tui.feeds.repo.night_diff import read_night_diff
from tui.model.events import SourceRef
from tui.model.evidence.log import CallSpans, CommitRecord, EditRecord, Spans
from tui.model.evidence.whose import NO_WORK, NightWork
from tui.model.records import RepositoryChanges

START = 1_780_000_000.7
END = START + 3_600
REF = SourceRef("s", 0)
AGENT, OWNER = "agent@example.org", "owner@example.org"


def night(
    *named: str,
    shells: tuple[float, ...] = (),
    edits: tuple[tuple[str, float], ...] = (),
    is_timed: bool = True,
    beside: float | None = None,
    ours: frozenset[str] = frozenset(),
) -> NightWork:
    """A night in which calls went on now and then; `shells` are pairs of seconds after its start."""
    spans = Spans(tuple(START + at for at in shells))
    busy = Spans((START + 10, START + 20, START + 1000, START + 1100))
    unknown = None if beside is None else START + beside
    calls = CallSpans(spans, busy, is_timed, None, unknown)
    commits = tuple(CommitRecord(n, START + 1050, sha, "", REF) for n, sha in enumerate(named))
    edited = tuple(
        EditRecord(n, START + at, path, "Edit", REF) for n, (path, at) in enumerate(edits)
    )
    return NightWork(commits, edited, calls, START, END, ours)


def commit(sha: str, after: float, who: str = OWNER) -> MadeCommit:
    return MadeCommit(sha * 40, float(int(START + after)), ("0" * 40,), who, who, f"do {sha}")


def others(
    work: NightWork, *made: MadeCommit, paths: tuple[str, ...] = (), is_after_base: bool = False
) -> set[str]:
    def paths_of(shas: object) -> dict[str, set[str]]:
        return {one.sha: set(paths) for one in made}

    found = find_others(made, work, paths_of, is_after_base=is_after_base)
    return {sha[0] for sha in found}


def test_a_commit_in_the_second_of_the_start_was_there_before() -> None:
    assert others(night(), commit("a", -0.2)) == {"a"}
    assert others(night(), commit("a", -0.2), is_after_base=True) == set()
    assert others(night("a" * 7), commit("a", -0.2)) == set()


def test_with_no_call_around_and_no_work_in_it_it_is_somebody_elses() -> None:
    assert others(night(), commit("a", 500)) == {"a"}
    assert others(night("b" * 7), commit("a", 500), commit("b", 1050, AGENT)) == {"a"}
    assert others(night("b" * 7), commit("a", 1055), commit("b", 1050, AGENT)) == {"a"}


@pytest.mark.parametrize(
    "work",
    [
        night("a" * 7),
        night(shells=(490, 505)),
        night(edits=(("/w/src/a.py", 400),)),
        night(is_timed=False),
        night(beside=100),
        night(ours=frozenset({"a" * 40})),
        NO_WORK,
    ],
    ids=[
        "named",
        "in a call",
        "holds its work",
        "no times",
        "in the background",
        "ours",
        "nothing known",
    ],
)
def test_what_may_be_the_nights_stays_the_nights(work: NightWork) -> None:
    assert others(work, commit("a", 500), paths=("src/a.py",)) == set()


def test_the_agents_own_name_counts_near_its_calls_only() -> None:
    named = commit("b", 1050, AGENT)
    work = night("b" * 7)
    assert others(work, commit("a", 1115, AGENT), named) == set()
    assert others(work, commit("a", 2000, AGENT), named) == {"a"}


def test_work_that_the_agent_had_committed_itself_is_not_in_a_later_commit_of_others() -> None:
    work = night("b" * 7, edits=(("src/a.py", 1010),))
    named = commit("b", 1050, AGENT)
    assert others(work, commit("a", 1500), named, paths=("src/a.py",)) == {"a"}


@given(st.lists(st.floats(0, 100), max_size=8), st.floats(-10, 110), st.floats(0, 5))
def test_a_moment_is_in_a_stretch_or_near_one(ends: list[float], at: float, slack: float) -> None:
    ends = sorted(set(ends))[: len(set(ends)) // 2 * 2]
    pairs = list(zip(ends[::2], ends[1::2], strict=True))
    expected = any(start - slack <= at <= end + slack for start, end in pairs)
    on_edge = any(abs(at - end) < 1e-6 or abs(abs(at - end) - slack) < 1e-6 for end in ends)
    assert on_edge or Spans(tuple(ends)).holds(at, slack) == expected


# --- in a repository ---


class Scene:
    def __init__(self, folder: Path) -> None:
        self.top = make(
            folder, {"app.py": "a = 1\n", "tests/test_a.py": "def test_a(): ...\n"}, commit=False
        )
        self.commit("Base", -90_000, OWNER)

    def write(self, name: str, text: str) -> None:
        (self.top / name).write_text(text)

    def commit(self, subject: str, after: float, who: str) -> str:
        date = f"{int(START + after)} +0000"
        names: dict[str, Any] = {"GIT_AUTHOR_EMAIL": who, "GIT_COMMITTER_EMAIL": who}
        sh(self.top, "add", "-A")
        dates: dict[str, Any] = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        sh(self.top, "commit", "-q", "--allow-empty", "-m", subject, **names, **dates)
        return sh(self.top, "rev-parse", "HEAD")

    def read(self, work: NightWork, base: str | None = None) -> RepositoryChanges:
        return read_night_diff(self.top, base, START, END, now=END + 9_000, work=work)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "project")


def test_a_night_does_not_begin_with_a_commit_of_its_own_second(scene: Scene) -> None:
    scene.write("owner.py", "x = 1\n")
    sha = scene.commit("Owner's", -0.2, OWNER)
    changes = scene.read(night())
    assert (changes.base, changes.messages, changes.files) == (sha, (), ())
    assert changes.is_now


def test_what_only_others_changed_is_no_change_of_the_night(scene: Scene) -> None:
    scene.write("app.py", "a = 2\n")
    first = scene.commit("One", 1050, AGENT)
    (scene.top / "tests/test_a.py").unlink()
    scene.write("hotfix.py", "x = 1\n")
    scene.commit("Hotfix", 1500, OWNER)
    scene.write("app.py", "a = 3\n")
    last = scene.commit("Two", 1055, AGENT)
    changes = scene.read(night(first[:7], last[:7]))
    assert [text for _, text in changes.messages] == ["One", "Two"]
    assert [text for _, text in changes.others] == ["Hotfix"]
    assert [one.path for one in changes.files] == ["app.py"]


def test_a_merge_of_others_leaves_the_nights_own_changes(scene: Scene) -> None:
    branch = sh(scene.top, "symbolic-ref", "--short", "HEAD")
    sh(scene.top, "checkout", "-q", "-b", "theirs")
    scene.write("theirs.py", "x = 1\n")
    scene.commit("Theirs", -5_000, OWNER)
    sh(scene.top, "checkout", "-q", branch)
    scene.write("app.py", "a = 2\n")
    own = scene.commit("Own", 1050, AGENT)
    date: dict[str, Any] = {
        "GIT_COMMITTER_DATE": f"{int(START + 1060)} +0000",
        "GIT_COMMITTER_EMAIL": AGENT,
    }
    sh(scene.top, "merge", "-q", "--no-ff", "-m", "Merge theirs", "theirs", **date)
    changes = scene.read(night(own[:7], shells=(1055, 1065)))
    assert {text for _, text in changes.messages} == {"Own", "Merge theirs"}
    assert [one.path for one in changes.files] == ["app.py"]


def test_a_commit_in_another_work_tree_is_the_nights(scene: Scene, tmp_path: Path) -> None:
    sh(scene.top, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    date = f"{int(START + 1050)} +0000"
    dates: dict[str, Any] = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    sh(tmp_path / "side", "commit", "-q", "--allow-empty", "-m", "Aside", **dates)
    sha = sh(scene.top, "rev-parse", "side")
    (aside,) = scene.read(night(sha[:7])).elsewhere
    assert (aside.sha, aside.subject, aside.branch) == (sha, "Aside", "side")
    assert scene.read(night(shells=(2000, 2010))).elsewhere == ()


def test_what_was_reset_away_is_lost_and_what_was_squashed_is_not(scene: Scene) -> None:
    scene.write("app.py", "a = 2\n")
    kept = scene.commit("Kept", 1050, AGENT)
    scene.write("feat.py", "x = 1\n")
    undone = scene.commit("Undone", 1055, AGENT)
    sh(scene.top, "reset", "-q", "--soft", kept)
    again = scene.commit("Said otherwise", 1060, AGENT)
    work = night(kept[:7], undone[:7], again[:7])
    assert scene.read(work).lost == ()
    sh(scene.top, "reset", "-q", "--hard", kept)
    lost = scene.read(work).lost
    assert {one.sha for one in lost} == {undone, again}
    assert [text for _, text in scene.read(work).messages] == ["Kept"]


def test_without_times_the_named_commits_are_the_nights(scene: Scene) -> None:
    base = sh(scene.top, "rev-parse", "HEAD")
    scene.write("app.py", "a = 2\n")
    made = scene.commit("Made", 1050, AGENT)
    work = NightWork(commits=(CommitRecord(1, None, made[:7], "Made", REF),))
    changes = read_night_diff(scene.top, None, None, None, work=work)
    assert (changes.base, [sha for sha, _ in changes.messages]) == (base, [made])
