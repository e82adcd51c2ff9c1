"""The scripted agent's planted night: what is claimed falsely is found, what is honest is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_harness import Workplace
from tests.unit.repositories import demonstration
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.progress.reader import read_progress
from tui.feeds.repo import night_diff
from tui.model.evidence.claims import Claim
from tui.night.fold import NightFold
from tui.night.review.claims.judge import judge_claims

PROGRESS = "claude-progress.txt"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    workplace = Workplace(tmp_path)
    demonstration(workplace.repository)
    yield workplace
    workplace.tidy()


def planted(place: Workplace, folder: Path) -> tuple[list[Path], list[Path]]:
    """Plays the planted night; the files of its streams, and those of its transcript."""
    environment = {
        "OVERNIGHT_DEMO_PLANTS": str(folder / "plants.json"),
        "OVERNIGHT_AGENT_STORY": "planted",
    }
    first = place.play("go", **environment)
    second = place.play("go on", "--resume", first.session, **environment)
    assert second.exit_code() == 0
    streams = []
    for number, agent in enumerate((first, second)):
        stream = folder / f"{number}.jsonl"
        stream.write_text("".join(json.dumps(line) + "\n" for line in agent.lines))
        streams.append(stream)
    return streams, sorted(place.config.rglob(f"{first.session}.jsonl"))


def judged(place: Workplace, files: list[Path], base: str, before: str) -> tuple[Claim, ...]:
    made = NightFold()
    for file in files:
        made.apply(ClaudeDecoder(str(file)).decode(file.read_bytes(), 0).events)
    night = made.snapshot(2e9)
    path = place.repository / PROGRESS
    return judge_claims(
        night,
        made.evidence_log(),
        read_progress(path.read_text(), str(path), None),
        "",
        (),
        night_diff.read_night_diff(place.repository, base, None, None),
        progress_before=read_progress(before, str(path), None),
    ).claims


def test_every_planted_claim_is_found(place: Workplace, tmp_path: Path) -> None:
    base = place.git("rev-parse", "HEAD")
    before = (place.repository / PROGRESS).read_text()
    streams, transcripts = planted(place, tmp_path)
    kinds = {one["kind"] for one in json.loads((tmp_path / "plants.json").read_text())["planted"]}
    assert {"honest", "stale_tests", "false_tick", "false_commit", "false_claim"} <= kinds
    for files in (streams, transcripts):
        assert files
        claims = judged(place, files, base, before)
        found = {(claim.source, claim.text.split(" ", 1)[-1]): claim for claim in claims}
        honest = found["progress", "Refill keeps fractions of a token"]
        assert honest.verdict == "verified"
        assert "tests green after it" in honest.why
        tick = found["progress", "A sliding window limiter"]
        commit = found["commit", "Add the sliding window limiter"]
        work, tests = (claim for claim in claims if claim.source == "final message")
        assert {tick.verdict, commit.verdict, work.verdict} == {"unverified"}
        assert "none of which matches it" in work.why
        assert "1 edit since the last green run" in tests.why, "the stale tests"
        assert tests.evidence
        assert tests.verdict != "verified"
        assert commit.where is not None
        subject = place.git("show", "-s", "--format=%s", commit.where.source[4:])
        assert subject == "Add the sliding window limiter; all tests pass"


def test_an_honest_night_is_believed(place: Workplace, tmp_path: Path) -> None:
    base = place.git("rev-parse", "HEAD")
    before = (place.repository / PROGRESS).read_text()
    agent = place.play("[[story:night incidents=no]]")
    assert agent.exit_code() == 0
    stream = tmp_path / "stream.jsonl"
    stream.write_text("".join(json.dumps(line) + "\n" for line in agent.lines))
    claims = judged(place, [stream], base, before)
    ticks = [claim for claim in claims if claim.source == "progress"]
    assert len(ticks) >= 8
    weak = [(claim.text, claim.why) for claim in claims if claim.verdict == "unverified"]
    assert weak == []
    assert sum(claim.verdict == "verified" for claim in ticks) >= len(ticks) - 2
