"""Nights of a lineage, folded: nothing is counted in two of them, and nothing is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.talks import USAGE, Talk, dice
from tui.feeds.sessions.lineage import TranscriptNight, transcript_nights
from tui.feeds.sessions.select import EventFile
from tui.model.snapshot import NightSnapshot
from tui.monitor.session_reader import SessionReader
from tui.night.fold import NightFold

HOUR = 3600.0
ABSENCE = 6 * HOUR
START = 1_780_000_000.0
CWD = "/home/dev/harbour"


def folded(night: TranscriptNight) -> NightSnapshot:
    first = night.stretches[0]
    files = [
        EventFile(
            "transcript", one.path, "", since=one.since, until=one.until, goes_on=one == first
        )
        for one in reversed(night.stretches)
    ]
    reader = SessionReader(files, NightFold())
    reader.read_all()
    reader.read_last_lines()
    reader.close()
    return reader.fold.snapshot(START + 1_000 * HOUR)


def all_nights(folder: Path, talks: Iterable[Talk]) -> list[TranscriptNight]:
    return transcript_nights([str(one.write(folder)) for one in talks], ABSENCE)


Step = tuple[str, int, int, bool]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("work", "work", "clear", "fork", "resume", "limit")),
        st.integers(0, 5),
        st.integers(1, 40),
        st.booleans(),
    ),
    max_size=12,
)


def lineage(steps: list[Step]) -> list[Talk]:
    """Sessions that continue, copy and clear each other, one step after the other."""
    talks = [Talk(CWD, START).ask("Begin.").work(2).say("Done.")]
    at = talks[0].at
    for kind, which, wait, mark in steps:
        at += wait * 900.0
        one = talks[which % len(talks)]
        if kind == "clear":
            one = one.cleared(at, **({"session_id": one.session} if mark else {}))
            talks.append(one)
        elif kind == "fork":
            one = one.fork(at, marked=mark)
            talks.append(one)
        elif kind == "limit":
            one.at = max(one.at, at)
            one.limited("You've hit your session limit")
        one.at = max(one.at, at)
        one.ask(f"Step {len(talks)}.").work(wait % 4).say("Done.")
        at = one.at
    return talks


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.integers(0, 9))
def test_the_nights_of_any_lineage_add_up_to_the_union(steps: list[Step], seed: int) -> None:
    dice.seed(seed)
    talks = lineage(steps)
    answers: set[str] = set()
    calls: set[str] = set()
    for record in (record for one in talks for record in one.records):
        message = record.get("message", {})
        content = message.get("content", "")
        if record["type"] == "assistant" and message["model"] != "<synthetic>":
            answers.add(message["id"])
            calls.update(block["id"] for block in content if block["type"] == "tool_use")
    with tempfile.TemporaryDirectory() as folder:
        found = all_nights(Path(folder), talks)
        known = [folded(night) for night in found]
    assert len({night.id for night in found}) == len(found)
    assert sum(sum(count for _, count in one.counts.tool_calls) for one in known) == len(calls)
    used = sum(one.tokens.output for one in known)
    assert used == len(answers) * USAGE["output_tokens"]
    assert sum(one.tokens.context for one in known) == len(answers) * (sum(USAGE.values()) - 50)
    single = 10 * 5e-6 + 50 * 25e-6 + 5_000 * 0.5e-6 + 200 * 6.25e-6
    assert abs(sum(one.cost.usd or 0.0 for one in known) - single * len(answers)) < 1e-6


def test_a_part_goes_on_with_the_context_of_what_stands_before_it() -> None:
    one = Talk(CWD, START).ask("Evening.").work(3).say("Done.")
    one.ask("Morning.", 20 * HOUR)
    with tempfile.TemporaryDirectory() as folder:
        earlier, later = all_nights(Path(folder), [one])
        night = folded(later)
        assert folded(earlier).context.used == 5_210
    assert night.context.used == 5_210
    assert night.counts.total == 1
    assert night.tokens.total == 0
    assert night.run.first_prompt == "Morning."
    assert night.run.earlier is not None
    assert night.run.earlier.records == len(one.records) - 1
    assert night.run.earlier.session == one.session


def test_a_total_that_was_told_before_the_part_is_not_spent_in_it() -> None:
    one = Talk(CWD, START).ask("Evening.").work(3).say("Done.")
    one.raw(type="cost-state", sessionId=one.session, totalCostUSD=3.0)
    one.ask("Morning.", 20 * HOUR).say("Done.")
    one.raw(type="cost-state", sessionId=one.session, totalCostUSD=3.5)
    with tempfile.TemporaryDirectory() as folder:
        costs = [folded(night).cost.usd for night in all_nights(Path(folder), [one])]
    assert costs == [3.0, 0.5]


def test_the_total_of_a_fork_is_without_what_it_copied() -> None:
    one = Talk(CWD, START).ask("Evening.").work(20).say("Done.")
    fork = one.fork(one.at + 60).ask("Beside.").work(4).say("Done.")
    one.ask("Going on.").say("Done.", HOUR)
    single = 10 * 5e-6 + 50 * 25e-6 + 5_000 * 0.5e-6 + 200 * 6.25e-6
    fork.raw(type="cost-state", sessionId=fork.session, totalCostUSD=26 * single)
    with tempfile.TemporaryDirectory() as folder:
        first, second = (folded(night).cost.usd for night in all_nights(Path(folder), [one, fork]))
    assert first is not None
    assert second is not None
    assert abs(first - 22 * single) < 1e-6
    assert abs(second - 5 * single) < 1e-6
