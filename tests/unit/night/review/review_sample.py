"""Reviews made by hand, for whoever draws one: rich, hostile, and of a night without anything."""

from __future__ import annotations

from typing import Final

from tests.unit.night.review.review_sample_night import BASE, PROGRESS, at, night, ref
from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim
from tui.model.records import Hunk
from tui.model.review import (
    AttentionItem,
    Ending,
    InterventionEffect,
    Reason,
    RestorePoint,
    Review,
    Risk,
    TaskChanges,
    TimelineMoment,
    WasteItem,
)
from tui.model.stall import Stall
from tui.model.state import EndKind, StallKind
from tui.night.review.export.blocks import with_texts

HOSTILE: Final = (
    "</td><script>alert(1)</script>--></style><img src=x onerror=alert(1)>&lt;b&gt; \"'`"
    " [x](http://evil.example/a) ![p](https://evil.example/b.png) https://evil.example/c"
    " @everyone @octocat #12 GH-3 org/repo#4 ``` |cell| **bold** __b__ ~~s~~ <!-- c -->"
    " javascript:alert(1) :smile: $x^2$ \\| \\` [x]: http://e.example \u202egnp.exe\u2066"
    " name@evil.example www.evil.example 0123456789abcdef0123456789abcdef01234567\n"
    "# heading\n- item\n> quote\n---\n```\n\t1. one\r\n* * *\n=====\x1b[31mred\x07"
)
"""What an agent could write to be more than text on a page: markup of every kind we know."""


def sample() -> Review:
    """A night of eight hours with something of everything, its verdict "look"."""
    seen = night()
    return Review(
        night=seen,
        verdict="look",
        reasons=(
            Reason("2 of 9 claims have nothing that supports them."),
            Reason("Tests were weakened in 2 places while they turned green."),
            Reason("The last test run is green, and 3 edits came after it."),
        ),
        ending=Ending(EndKind.LIMIT, "The cost limit of $20.00 was reached at 06:04.", ref(9_900)),
        attention=_attention(),
        tasks=TaskChanges(
            done=("Parse the order book", "Position balance", "Size rounding", "IV filter"),
            open=("Parameter optimisation", "Backtest report"),
            added=("Retry on a closed socket",),
            before=5,
            removed=("Rewrite the README",),
            basis="git",
        ),
        commits=seen.commits,
        tests=seen.tests,
        claims=_claims(),
        risks=_risks(),
        time=seen.time,
        cost=seen.cost,
        cost_per_task=4.79,
        wasted=(
            WasteItem("retries", "31 calls to the API were retried after 529", 1_260.0, 0.42),
            WasteItem("loop", "the same edit and test 7 times", 1_500.0, 1.9, ref(5_200)),
            WasteItem("redone", "files read again after a compaction", 300.0, 0.31, ref(6_100)),
            WasteItem("killed_turn", "a turn that a crash cut off", 420.0, None),
        ),
        wasted_usd=2.63,
        interventions=(
            InterventionEffect(
                at(161),
                "step-back",
                "Stop and look at the failing test again",
                "seen",
                "yes",
                "the loop ended 2 minutes later",
                ref(5_300),
            ),
            InterventionEffect(
                at(250), "inject", "Keep the public API", "delivered", "unclear", "nothing followed"
            ),
            InterventionEffect(
                at(300), "restart", "after a crash", "done", "no", "it crashed again"
            ),
        ),
        stalls=(
            *seen.circling,
            Stall(
                StallKind.SILENT_API,
                at(240),
                ("nothing for 12 minutes",),
                (ref(6_500),),
                waiting=False,
            ),
        ),
        timeline=seen.timeline,
        moments=_moments(),
        points=_points(),
        looked_at=at(180),
        files_changed=14,
        base=BASE,
        project="/home/robin/work/trading-bot",
        run_id="2026-03-10_2200-7f3a",
    )


def _attention() -> tuple[AttentionItem, ...]:
    return (
        AttentionItem("high", "A test was deleted: tests/test_sizing.py", ref(4_100), "risks"),
        AttentionItem("high", "“All tests pass” is not supported by any run", ref(9_800), "claims"),
        AttentionItem("medium", "3 edits came after the last green run", ref(9_700), "tests"),
        AttentionItem("medium", "A loop cost 25 minutes", ref(5_200), "time"),
        AttentionItem("low", "2 tasks of the goal are still open", SourceRef(PROGRESS, 0), "tasks"),
    )


def _claims() -> tuple[Claim, ...]:
    return (
        Claim(
            "All 212 tests pass",
            "unverified",
            "no run with 212 tests was seen",
            "final message",
            ref(9_800),
            (),
            at(484),
        ),
        Claim(
            "Size rounding fixed, tests green",
            "verified",
            "pytest -q: 41 passed, nothing edited since",
            "commit",
            SourceRef("git", 0),
            (ref(5_900),),
            at(200),
        ),
        Claim(
            "Position balance done",
            "partial",
            "the run is older than 3 edits",
            "progress",
            SourceRef(PROGRESS, 210),
            (ref(3_300), ref(3_900)),
            at(120),
        ),
        Claim("IV filter works for all strikes", "unverified", "no test names it", "notes"),
    )


def _risks() -> tuple[Risk, ...]:
    gone = Hunk(
        12,
        12,
        (
            " def test_rounds_down():",
            "-    assert size(10.7) == 10",
            "-    assert size(0.2) == 0",
            "+    assert size(10.7)",
        ),
        "def test_rounds_down()",
    )
    key = Hunk(0, 1, ('+API_KEY = "sk-ant-REDACTED"', "+DEBUG = True"))
    return (
        Risk(
            "test_weakened",
            "tests/test_sizing.py",
            "2 assertions fewer",
            ref(4_100),
            "high",
            gone,
            "c0ffee" + "0" * 34,
        ),
        Risk("test_deleted", "tests/test_old.py", "a test file was deleted", ref(4_150), "high"),
        Risk("secret", "config/dev.py", "looks like an API key", ref(4_400), "high", key),
        Risk("dependency", "pyproject.toml", "adds numba", ref(4_500), "medium"),
        Risk("no_verify", "", "git commit --no-verify", ref(4_600), "medium"),
        Risk("big_file", "data/ticks.csv", "12 MB", None, "low"),
    )


def _moments() -> tuple[TimelineMoment, ...]:
    return (
        TimelineMoment(at(42), "checkpoint", "checkpoint 1: before the parser", None, ref(900)),
        TimelineMoment(at(80), "commit", "3f2a1b0 Parse the order book", None, SourceRef("git", 0)),
        TimelineMoment(at(90), "tests", "red: 3 failed, 38 passed", 18.2, ref(2_000)),
        TimelineMoment(at(140), "loop", "the same edit and test 7 times", 1_500.0, ref(5_200)),
        TimelineMoment(at(161), "injection", "step back", None, ref(5_300)),
        TimelineMoment(at(196), "tests", "green: 41 passed", 17.9, ref(5_900)),
        TimelineMoment(at(220), "compaction", "182k → 31k tokens", 48.0, ref(6_100)),
        TimelineMoment(at(240), "stall", "silent API", 720.0, ref(6_500)),
        TimelineMoment(at(300), "restart", "after a crash", 65.0),
        TimelineMoment(at(330), "limit", "rate limited until 04:10", 2_400.0),
        TimelineMoment(at(430), "rewind", "to checkpoint 2, code only"),
        TimelineMoment(at(470), "error", "the tool server went away"),
        TimelineMoment(at(484), "end", "cost limit", None, ref(9_900)),
    )


def _points() -> tuple[RestorePoint, ...]:
    return (
        RestorePoint("checkpoint", "1", at(42), "before the parser", 3, "none", "", 0, 0, ref(900)),
        RestorePoint(
            "commit",
            "3f2a1b0" + "4" * 33,
            at(80),
            "Parse the order book",
            4,
            "red",
            "tests at 23:30: 3 failed",
            180,
            12,
            SourceRef("git", 0),
        ),
        RestorePoint(
            "commit", "c0ffee" + "0" * 34, at(200), "Size rounding", 2, "green", "", 24, 31
        ),
        RestorePoint("checkpoint", "2", at(215), "green", 6, "green", "tests at 05:50: 1 failed"),
    )


def hostile() -> Review:
    """The rich night with `HOSTILE` in the middle of every text that came from outside."""
    return with_texts(sample(), lambda text: text and f"{text[:12]}{HOSTILE}{text[12:]}")


def empty() -> Review:
    """A night of which nothing is known but that somebody asked."""
    blank = night(bare=True)
    return Review(
        night=blank,
        verdict="look",
        reasons=(Reason("Nothing was recorded."),),
        ending=Ending(EndKind.OPEN, "Nothing says that it ended."),
        attention=(),
        tasks=TaskChanges(),
        commits=(),
        tests=blank.tests,
        claims=(),
        risks=(),
        time=blank.time,
        cost=blank.cost,
        cost_per_task=None,
        wasted=(),
        wasted_usd=None,
        interventions=(),
        stalls=(),
        timeline=blank.timeline,
        moments=(),
        points=(),
    )
