"""Recorded sessions, each read by a person: what was claimed in them, and what supports it."""

from __future__ import annotations

import pytest

from tests.shared_data import shared
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.evidence.claims import Claim
from tui.night.fold import NightFold
from tui.night.review.claims.judge import judge_claims

READ_BY_HAND = [
    ("streams", "georgeLochner.1770791247", "All 119 tests pass", "verified", "119 passed"),
    ("streams", "georgeLochner.1770542429", "All 16 frontend tests pass", "verified", "16 passed"),
    ("streams", "georgeLochner.1770792370", "All 21 frontend tests pass", "verified", "21 passed"),
    ("streams", "georgeLochner.1770897487", "205 total tests pass", "verified", "205 passed"),
    ("streams", "georgeLochner.1770896238", "Created 13 unit tests", "verified", "passed"),
    ("streams", "marquex.mp9ya53q", "573 tests pass (0 fail)", "verified", "573 passed"),
    ("streams", "marquex.mpa014m2", "All 573 tests pass", "verified", "573 passed"),
    ("streams", "georgeLochner.1770542209", "w-a4r.6 is complete", "partial", "no run of tests"),
    ("streams", "Eiai", "All 8/8 tasks complete", "partial", "no progress file"),
    ("transcripts", "d-kimuson", "CLAUDE.md", "verified", "CLAUDE.md changed"),
    ("transcripts", "M-Thisness", "28 Swift source files", "partial", "no output"),
    ("transcripts", "entireio", "Added TestShouldSkipJSONLObject", "verified", "redact_test.go"),
]
WITHOUT_CLAIMS = ["lrafasouza", "raven2cz", "swarnasn29", "thejamesnick"]


def claims(folder: str, name: str) -> tuple[Claim, ...]:
    (file,) = shared("data", "real", folder).glob(f"{name}*.jsonl")
    made = NightFold()
    made.apply(ClaudeDecoder(str(file)).decode(file.read_bytes(), 0).events)
    return judge_claims(made.snapshot(2e9), made.evidence_log(), None, "", (), None).claims


@pytest.mark.parametrize(("folder", "name", "text", "verdict", "why"), READ_BY_HAND)
def test_claims_of_recorded_sessions(
    folder: str, name: str, text: str, verdict: str, why: str
) -> None:
    found = [claim for claim in claims(folder, name) if text in claim.text]
    assert [claim.verdict for claim in found] == [verdict]
    assert why in found[0].why
    assert found[0].source == "final message"


@pytest.mark.parametrize("name", WITHOUT_CLAIMS)
def test_sessions_in_which_nobody_claims_anything(name: str) -> None:
    assert claims("transcripts", name) == ()


@pytest.mark.parametrize("folder", ["streams", "transcripts"])
def test_no_recorded_session_is_told_that_it_has_nothing_to_show(folder: str) -> None:
    """Every claim in the recordings was true, so none may come out as unverified."""
    for file in sorted(shared("data", "real", folder).glob("*.jsonl")):
        weak = [c.text for c in claims(folder, file.stem) if c.verdict == "unverified"]
        assert weak == [], file.name
