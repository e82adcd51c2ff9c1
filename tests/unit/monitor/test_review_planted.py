"""Everything that the scripted agent plants in a night is found in its review, from either record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.monitor.review_planted import PlantedNight
from tui.model.review import Review, Risk
from tui.model.session import NamedSources
from tui.monitor.history.review_loader import load_review
from tui.night.review.review_json import encode_review
from tui.settings.settings import Settings


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlantedNight]:
    played = PlantedNight(tmp_path_factory.mktemp("planted"))
    yield played
    played.place.tidy()


@pytest.fixture(scope="module", params=["stream", "transcript"])
def review(
    night: PlantedNight, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Review:
    named = NamedSources()
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(folder))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("CLAUDE_CONFIG_DIR", str(folder / "none"))
        if request.param == "transcript":
            patch.setenv("CLAUDE_CONFIG_DIR", str(night.place.config))
        else:
            named = NamedSources(events=str(night.stream(folder / "stream.jsonl")))
        return load_review(night.project, Settings(), named, night.clock)


def risk(review: Review, kind: str, path: str = "") -> Risk:
    found = [one for one in review.risks if one.kind == kind and path in one.path]
    assert found, f"no {kind} in {path} among {[(one.kind, one.path) for one in review.risks]}"
    return found[0]


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        ("deleted_test", "test_deleted"),
        ("weakened_assertion", "test_weakened"),
        ("skip_marker", "test_skipped"),
        ("secret", "secret"),
        ("dependency", "dependency"),
        ("ci_change", "ci"),
        ("big_deletion", "big_deletion"),
        ("no_verify", "no_verify"),
        ("fetch_to_shell", "fetch_to_shell"),
        ("permissions", "permissions"),
    ],
)
def test_every_risk_is_found_where_it_is(
    review: Review, night: PlantedNight, plant: str, kind: str
) -> None:
    planted = night.plants[plant]
    found = risk(review, kind, planted["path"])
    assert found.ref is not None
    if plant in ("deleted_test", "weakened_assertion", "skip_marker", "secret", "ci_change"):
        assert found.hunk is not None


def test_the_honest_task_is_believed(review: Review) -> None:
    (tick,) = [one for one in review.claims if one.text.startswith("1.3")]
    assert tick.verdict == "verified"
    assert tick.evidence


def test_false_claims_have_no_support(review: Review) -> None:
    by_source = {
        source: [one for one in review.claims if one.source == source and one.verdict != "verified"]
        for source in ("final message", "progress", "commit")
    }
    assert any("sliding window" in one.text for one in by_source["final message"])
    assert any(one.text.startswith("3.1") for one in by_source["progress"])
    assert any("sliding window" in one.text for one in by_source["commit"])
    assert all(one.where is not None for some in by_source.values() for one in some)


def test_edits_after_the_last_green_run_are_counted(review: Review) -> None:
    assert review.tests.last == "green"
    assert review.tests.edits_since_last_green >= 1
    assert (
        any("last green test run" in one.text for one in review.reasons) or review.verdict == "look"
    )


def test_the_loop_is_told_with_what_it_cost(review: Review, night: PlantedNight) -> None:
    (loop,) = [one for one in review.wasted if one.kind == "loop"]
    assert "tidebell.window" in loop.what
    assert loop.usd is not None
    assert loop.usd > 0
    assert loop.ref is not None
    assert [one for one in review.moments if one.kind == "loop"]


def test_the_gap_is_told_with_its_length(review: Review) -> None:
    (gap,) = [one for one in review.moments if one.kind in ("stall", "gap")]
    assert gap.seconds == pytest.approx(5_400, abs=5)
    assert review.time.total == pytest.approx(
        sum(
            (
                review.time.working,
                review.time.tool,
                review.time.waiting_api,
                review.time.rate_limited,
                review.time.stalled,
                review.time.dead,
                review.time.idle,
            )
        )
    )
    assert review.time.stalled + review.time.dead + review.time.idle >= 5_400
    assert any("1 h 30 min" in one.what for one in review.attention) or len(review.attention) == 7


def test_what_was_done_again_is_waste(review: Review) -> None:
    (again,) = [one for one in review.wasted if one.kind == "redone"]
    assert "docs/plan.md" in again.what
    assert again.usd is not None
    assert review.wasted_usd is not None
    assert 0 < review.wasted_usd <= (review.cost.usd or 0.0)


def test_the_crash_is_told(review: Review) -> None:
    told = [one for one in review.moments if "ended in the middle of a turn" in one.label]
    assert len(told) == 1
    assert told[0].ref is not None
    assert review.ending.kind in ("turn_ended", "tasks_done")


def test_tasks_are_held_against_the_file_in_git(review: Review) -> None:
    assert review.tasks.basis == "git"
    assert {one.split()[0] for one in review.tasks.done} == {"1.3", "3.1"}
    assert review.tasks.before == 2
    assert len(review.tasks.open) == 10


def test_commits_come_with_sizes_and_points(review: Review, night: PlantedNight) -> None:
    count = int(night.place.git("rev-list", "--count", f"{review.base}..HEAD"))
    assert len(review.commits) == count == len(review.points)
    assert all(one.files and one.insertions + one.deletions for one in review.commits[:4])
    assert all(point.tests == "green" for point in review.points)


def test_it_says_look_and_where(review: Review) -> None:
    assert review.verdict == "look"
    assert 2 <= len(review.reasons) <= 3
    assert 0 < len(review.attention) <= 7
    assert all(one.where is not None for one in review.attention)
    assert encode_review(review)["verdict"] == "look"
