"""Usage limits and API errors: which word, until when, and what the time counts as."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.night.night_script import MODEL, START, Script, fold, night
from tui.model.events import ApiRetry, AssistantMessage, RateLimit, TurnResult
from tui.model.failures import SYNTHETIC, ApiFailure, FailureKind, LimitNotice
from tui.model.journal import JournalEntry
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import NightSnapshot
from tui.night.rules.limit_rules import describe_failure, limit_name, moment
from tui.system.format import format_clock, format_local

HOUR = 3600.0
RESETS = START + 2 * HOUR


def failed(kind: FailureKind, text: str, limit: LimitNotice | None = None) -> AssistantMessage:
    failure = ApiFailure(kind, text, 0, limit)
    return AssistantMessage("e", "", SYNTHETIC, None, True, text, error=kind, failure=failure)


def limited(notice: LimitNotice | None = None) -> Script:
    """A session that the CLI gave up, as a transcript has it: the limit stands where an answer should."""
    script = Script()
    script.prompt()
    script.say("let me look")
    notice = notice or LimitNotice("five_hour", RESETS, "resets 3pm")
    script.add(failed(FailureKind.USAGE_LIMIT, "You've hit your limit · resets 3pm", notice))
    return script


def seen(script: Script, now: float, alive: bool | None = True) -> NightSnapshot:
    agents = (AgentProcess(7, START, "s1", status="idle"),) if alive else ()
    looked = [] if alive is None else [AgentProcesses(now, agents)]
    return night(script, now - (script.at or 0.0), looked)


def word(shown: NightSnapshot) -> tuple[str, str | None]:
    return shown.activity.state, None if shown.stall is None else shown.stall.kind


def test_the_words_say_which_limit_and_when_it_is_lifted() -> None:
    shown = seen(limited(), RESETS - 72 * 60.0)
    assert word(shown) == ("rate_limited", "limit_wait")
    at = format_clock(RESETS, seconds=False)
    assert shown.activity.reason == f"usage limit (5 h): lifted in 1 h 12 min, at {at}"
    assert shown.activity.until == RESETS
    assert shown.stall is not None and shown.stall.waiting


def test_a_process_that_is_gone_is_not_limited() -> None:
    shown = seen(limited(), RESETS - HOUR, alive=False)
    assert word(shown) == ("failed", None)
    assert shown.activity.reason.startswith("usage limit (5 h): lifted in 1 h, at ")
    assert shown.activity.reason.endswith("; no agent lives here to wait for it")


@pytest.mark.parametrize("alive", [True, False, None])
def test_a_limit_that_was_lifted_hours_ago_holds_nobody(alive: bool | None) -> None:
    shown = seen(limited(), RESETS + 3 * HOUR, alive)
    assert word(shown) == ("failed", None)
    at = format_clock(RESETS, seconds=False)
    words = (
        f"usage limit (5 h) ended it; the limit was over at {at}, 3 h ago, and nobody took it up"
    )
    assert shown.activity.reason == words + (
        "; the process waits for the next message" if alive else ""
    )


def test_where_nobody_looked_the_limit_is_believed_until_its_reset() -> None:
    assert word(seen(limited(), RESETS - HOUR, alive=None)) == ("rate_limited", "limit_wait")


def test_what_cannot_be_dated_keeps_its_words() -> None:
    notice = LimitNotice("weekly", None, "resets Dec 4", START + 90 * HOUR)
    shown = seen(limited(notice), START + 30 * HOUR)
    assert word(shown) == ("rate_limited", "limit_wait")
    assert shown.activity.reason == "usage limit (weekly): it says: resets Dec 4"
    assert word(seen(limited(notice), START + 91 * HOUR)) == ("failed", None)
    unsaid = seen(limited(LimitNotice()), START + HOUR)
    assert unsaid.activity.reason == "usage limit: nobody said until when"


def test_an_event_and_the_words_after_it_tell_of_one_limit() -> None:
    script = Script()
    script.prompt()
    script.add(RateLimit("rejected", RESETS, "Opus weekly"))
    script.add(failed(FailureKind.USAGE_LIMIT, "You've hit your limit", LimitNotice()))
    shown = seen(script, RESETS - HOUR)
    assert shown.activity.reason.startswith("usage limit (Opus weekly): lifted in 1 h, at ")


def test_the_event_is_more_exact_than_the_words_after_it() -> None:
    script = Script()
    script.prompt()
    script.add(RateLimit("rejected", RESETS, "five_hour"))
    told = LimitNotice("five_hour", RESETS - 2 * HOUR, "resets 2pm")
    script.add(failed(FailureKind.USAGE_LIMIT, "You've hit your session limit · resets 2pm", told))
    shown = seen(script, RESETS - HOUR)
    assert shown.activity.reason.startswith("usage limit (5 h): lifted in 1 h, at ")
    other = LimitNotice("weekly", RESETS + 50 * HOUR, "resets Mon 2pm")
    script.add(failed(FailureKind.USAGE_LIMIT, "You've hit your weekly limit", other))
    shown = seen(script, RESETS - HOUR)
    assert shown.activity.reason.startswith("usage limit (weekly): lifted in 2 days 3 h, at ")


def test_extra_usage_that_pays_is_no_limit() -> None:
    script = Script()
    script.prompt()
    script.add(RateLimit("overage", RESETS, "five_hour", 1.0))
    assert word(seen(script, START + 10.0))[0] != "rate_limited"


@pytest.mark.parametrize("status", ["allowed", "allowed_warning"])
def test_an_event_that_allows_ends_the_limit(status: str) -> None:
    script = Script()
    script.prompt()
    script.add(RateLimit("rejected", RESETS, "five_hour"))
    script.add(RateLimit(status, RESETS, "five_hour"))
    assert word(seen(script, START + 10.0))[0] == "working"


def test_a_new_turn_after_the_reset_forgets_the_limit() -> None:
    script = limited()
    script.prompt("go on", 3 * HOUR)
    assert word(seen(script, (script.at or 0.0) + 5.0))[0] == "working"
    early = limited()
    early.prompt("go on", HOUR)
    assert word(seen(early, (early.at or 0.0) + 5.0))[0] == "rate_limited"


def test_what_the_cli_adds_does_not_lift_the_limit() -> None:
    script = limited()
    script.say("No response requested.", model=SYNTHETIC)
    assert word(seen(script, RESETS - HOUR)) == ("rate_limited", "limit_wait")


def test_the_cli_that_waits_longer_than_the_reset_is_not_overdue() -> None:
    script = Script()
    script.prompt()
    script.add(RateLimit("rejected", RESETS, "five_hour"))
    script.add(ApiRetry(1, 10, 3 * HOUR, 429, "rate_limit"), 0.0)
    assert word(seen(script, RESETS + 0.5 * HOUR)) == ("rate_limited", "limit_wait")
    assert word(seen(script, RESETS + 1.5 * HOUR)) == ("stalled", "limit_wait")


@pytest.mark.parametrize("alive", [True, False])
@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind != FailureKind.USAGE_LIMIT])
def test_an_error_that_ends_a_turn_is_named_with_what_a_person_can_do(
    kind: FailureKind, alive: bool
) -> None:
    script = Script()
    script.prompt()
    script.add(failed(kind, "the words of it"))
    shown = seen(script, (script.at or 0.0) + 60.0, alive)
    assert word(shown) == ("failed", None)
    assert shown.activity.reason.startswith(f"{kind.words}: the words of it")
    assert (f"to do: {kind.remedy}" in shown.activity.reason) == bool(kind.remedy)


QUOTED = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded, \\"sorry\\""}}'


@pytest.mark.parametrize("answer", [QUOTED, QUOTED[:-3], f"{QUOTED} (request r1)"])
def test_of_the_answer_that_an_error_quotes_its_message_is_told(answer: str) -> None:
    said = describe_failure(ApiFailure(FailureKind.OVERLOADED, f"API Error: 529 {answer}", 529))
    assert said == 'API overloaded: API Error: 529 Overloaded, \\"sorry\\"'
    plain = "API Error: the set {1, 2} has no message"
    assert describe_failure(ApiFailure(FailureKind.UNKNOWN, plain)) == f"API error: {plain}"


@pytest.mark.parametrize(
    ("kind", "alive", "told"),
    [
        (FailureKind.CONNECTION, False, True),
        (FailureKind.CONNECTION, None, False),
        (FailureKind.LOGIN, False, False),
    ],
)
def test_what_a_later_try_may_cure_can_be_taken_up_again(
    kind: FailureKind, alive: bool | None, told: bool
) -> None:
    script = Script()
    script.prompt()
    script.add(failed(kind, "the words of it"))
    shown = seen(script, (script.at or 0.0) + 60.0, alive)
    assert ("--resume takes it up again" in shown.activity.reason) == told


def test_an_error_after_which_the_work_went_on_is_past() -> None:
    script = Script()
    script.prompt()
    script.add(failed(FailureKind.OUTPUT_LIMIT, "longer than allowed"))
    script.call("Edit", "a.py")
    assert word(seen(script, (script.at or 0.0) + 5.0))[0] == "tool"


def test_a_result_that_calls_the_limit_a_success() -> None:
    script = limited()
    script.result(text="You've hit your limit · resets 3pm")
    assert word(seen(script, RESETS - HOUR)) == ("rate_limited", "limit_wait")
    well = limited()
    well.result(text="all done")
    assert word(seen(well, RESETS - HOUR))[0] != "rate_limited"


def test_a_result_is_enough_to_tell_of_a_limit() -> None:
    script = Script()
    script.prompt()
    limit = LimitNotice("", RESETS)
    failure = ApiFailure(FailureKind.USAGE_LIMIT, "usage limit reached", 0, limit)
    script.add(TurnResult("success", True, 1, 5, 0.0, text="usage limit reached", failure=failure))
    assert word(seen(script, RESETS - HOUR)) == ("rate_limited", "limit_wait")
    assert word(seen(script, RESETS - HOUR, alive=None)) == ("failed", None)


# --- the end of the night and our supervisor ---


def journal(*rest: tuple[float, str, dict[str, Any]], hours: float = 8.0) -> list[JournalEntry]:
    settings = {"max_runtime_hours": hours, "max_idle_minutes": None, "max_cost_usd": None}
    entries: list[tuple[float, str, dict[str, Any]]] = [
        (START, "run_started", {"run": "r1", "settings": settings}),
        (START, "segment_started", {"attempt": 1, "why": "start", "pid": 7}),
        *rest,
    ]
    return [JournalEntry(at, kind, "", data) for at, kind, data in entries]


def test_a_reset_after_the_end_of_the_night_is_said_at_once() -> None:
    script = limited()
    now = (script.at or 0.0) + 60.0
    agents = [AgentProcesses(now, (AgentProcess(7, START, "s1"),))]
    shown = fold(journal(hours=1.0), script.events, agents).snapshot(now)
    lifted, end = (format_clock(at, seconds=False) for at in (RESETS, START + HOUR))
    assert f"at {lifted}, after the run's end at {end}" in shown.activity.reason


def test_our_supervisor_that_waits_for_a_limit() -> None:
    script = limited()
    at = script.at or 0.0
    waits = journal(
        (at + 1, "segment_ended", {"code": 1}),
        (at + 2, "restart_scheduled", {"attempt": 2, "due": RESETS + 2, "class": "limit"}),
    )
    shown = fold(waits, script.events).snapshot(RESETS - HOUR)
    assert word(shown) == ("rate_limited", "limit_wait")
    assert shown.activity.reason.startswith("usage limit (5 h): lifted in 1 h, at ")
    assert shown.activity.reason.endswith("; then the run goes on by itself")
    assert shown.time.rate_limited == pytest.approx(RESETS - HOUR - at)


# --- time ---


def test_live_and_review_count_the_same_wait() -> None:
    script = limited()
    began = script.at or 0.0
    live = seen(script, RESETS)
    assert live.time.rate_limited == pytest.approx(RESETS - began)
    later = seen(script, RESETS + HOUR)
    assert later.time.rate_limited == pytest.approx(RESETS - began)
    assert later.time.idle == pytest.approx(HOUR)
    script.prompt("go on", RESETS + 3 * HOUR - began)
    script.say("on we go")
    past = night(script, 0.0)
    assert past.time.rate_limited == pytest.approx(RESETS - began)
    assert past.time.idle == pytest.approx(3 * HOUR)
    assert past.time.stalled == past.time.dead == 0.0


def test_a_restart_for_a_limit_is_no_dead_time() -> None:
    script = limited()
    at = script.at or 0.0
    script.at = RESETS
    script.init(after=3.0)
    script.say("on we go", model=MODEL)
    waits = journal(
        (at, "segment_ended", {"code": 1}),
        (at, "restart_scheduled", {"attempt": 2, "due": RESETS + 2, "class": "limit"}),
        (RESETS + 2, "segment_started", {"attempt": 2, "why": "limit"}),
    )
    time = fold(waits, script.events).snapshot(script.at).time
    assert time.rate_limited == pytest.approx(RESETS + 2 - at, abs=2.0)
    assert time.dead == 0.0


# --- words ---


@pytest.mark.parametrize(
    ("window", "name"),
    [
        ("five_hour", "usage limit (5 h)"),
        ("Opus weekly", "usage limit (Opus weekly)"),
        ("seven_moon", "usage limit (seven moon)"),
        ("", "usage limit"),
    ],
)
def test_the_names_of_limits(window: str, name: str) -> None:
    assert limit_name(window) == name


def test_a_moment_has_its_day_where_that_is_not_today() -> None:
    assert moment(START, START) == format_local(START, "%H:%M")
    assert moment(START + 40 * HOUR, START) == format_local(START + 40 * HOUR, "%a %H:%M")
    far = START + 400 * HOUR
    assert moment(far, START) == format_local(far, "%Y-%m-%d %H:%M")
