"""The CLI's totals: cumulative within a process, carried over by resume and fork, else independent."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import MODEL, Script, fold, night
from tui.model.events import ModelUsage, RunningCost, TokenUsage
from tui.model.journal import JournalEntry
from tui.model.snapshot import Cost
from tui.night.fold import NightFold
from tui.night.usage.prices import Price, PriceTable


def uses(prompt: int, usd: float, model: str = MODEL) -> tuple[ModelUsage, ...]:
    return (ModelUsage(model, TokenUsage(input=prompt), usd, 1_000_000),)


def turn(
    script: Script, prompt: int, total: float | None = None, tokens: int | None = None
) -> None:
    """One answer of `prompt` tokens, and a result with the running total, if any."""
    script.say("x", usage=TokenUsage(input=prompt, output=1))
    if total is not None:
        script.result(total, models=uses(tokens if tokens is not None else prompt, total))


def cost(*scripts: Script) -> Cost:
    return fold(*(script.events for script in scripts)).snapshot(scripts[-1].at or 0.0).cost


def test_results_of_one_process_are_cumulative() -> None:
    script = Script()
    script.init()
    turn(script, 1000, 0.5)
    script.init()
    turn(script, 1000, 0.8, 2000)
    assert cost(script).usd == pytest.approx(0.8)
    assert cost(script).source == "result"


def test_two_results_for_two_beginnings_at_once() -> None:
    script = Script()
    script.init()
    script.say("x", usage=TokenUsage(1000))
    script.init()
    script.say("y", usage=TokenUsage(1000))
    script.result(0.9, models=uses(2000, 0.9))
    script.result(0.9, models=uses(2000, 0.9))
    assert cost(script) == cost(script)
    assert cost(script).usd == pytest.approx(0.9)
    assert cost(script).source == "result"


def test_a_total_without_tokens_is_matched_by_its_dollars() -> None:
    """A message that is read within a turn begins one; the total covers the answers before it too."""
    script = Script()
    script.init()
    for _ in range(3):
        script.say("x", usage=TokenUsage(1_000_000))
    before = cost(script).usd
    script.init()
    script.say("y", usage=TokenUsage(1_000_000))
    whole = cost(script).usd
    assert before is not None
    assert whole is not None
    script.result(whole, models=uses(0, whole))
    assert cost(script).usd == pytest.approx(whole)
    assert cost(script).source == "result"


def test_independent_runs_in_one_file_add_up() -> None:
    first, second = Script(), Script(session="s2", start=2e9)
    first.init()
    turn(first, 1000, 0.5)
    second.init()
    turn(second, 5000, 0.9)
    assert cost(first, second).usd == pytest.approx(1.4)


def test_a_resumed_session_carries_its_total_over() -> None:
    first, second = Script("a.jsonl"), Script("b.jsonl", start=2e9)
    first.init()
    turn(first, 1000, 0.5)
    second.init()
    turn(second, 300, 0.7, 1300)
    assert cost(first, second).usd == pytest.approx(0.7)
    assert cost(first, second).source == "result"


def test_a_fork_carries_its_parents_total_over_and_the_parent_goes_on() -> None:
    parent, fork = Script("a.jsonl"), Script("b.jsonl", "s2", start=1.9e9)
    later = Script("c.jsonl", "s1", start=2e9)
    parent.init()
    turn(parent, 1000, 0.5)
    fork.init()
    turn(fork, 300, 0.7, 1300)
    later.init()
    turn(later, 200, 0.6, 1200)
    assert cost(parent, fork, later).usd == pytest.approx(0.5 + 0.2 + 0.1)


def test_a_fork_of_an_earlier_point_is_found_too() -> None:
    parent, fork = Script("a.jsonl"), Script("b.jsonl", "s2", start=2e9)
    parent.init()
    turn(parent, 1000, 0.5)
    turn(parent, 1000, 1.5, 2000)
    fork.init()
    turn(fork, 300, 0.7, 1300)
    assert cost(parent, fork).usd == pytest.approx(1.5 + 0.2)


def test_clear_begins_anew_within_the_process() -> None:
    script = Script()
    script.init()
    turn(script, 1000, 0.5)
    script.session = "s2"
    script.init()
    turn(script, 700, 0.3)
    assert cost(script).usd == pytest.approx(0.8)


def test_a_total_that_starts_over_in_the_same_session_adds_up() -> None:
    first, second = Script("a.jsonl"), Script("b.jsonl", start=2e9)
    first.init()
    turn(first, 1000, 0.5)
    second.init()
    turn(second, 5000, 0.9)
    assert cost(first, second).usd == pytest.approx(1.4)


def test_what_a_killed_process_spent_is_not_in_the_next_total() -> None:
    script = Script()
    script.init()
    turn(script, 1_000_000)
    script.init(after=300)
    turn(script, 500, 0.3)
    found = cost(script)
    assert found.usd == pytest.approx(0.3 + (1_000_000 * 4 + 20) / 1e6)
    assert found.source == "partial"


def test_a_refused_resume_changes_nothing() -> None:
    script = Script()
    script.init()
    turn(script, 1000, 0.5)
    script.result(0.0, subtype="error_during_execution", is_error=True)
    turn(script, 1000, 0.8, 2000)
    assert cost(script).usd == pytest.approx(0.8)


def test_a_total_of_zero_is_a_total() -> None:
    script = Script()
    script.result(0.0, subtype="error_during_execution", is_error=True)
    assert (cost(script).usd, cost(script).source) == (0.0, "result")


def test_work_after_the_last_result_is_added_and_said() -> None:
    script = Script()
    script.init()
    turn(script, 1000, 0.5)
    script.say("more", usage=TokenUsage(input=500_000, output=100), final=True)
    after = cost(script)
    assert after.usd == pytest.approx(0.5 + 2.0 + 0.002)
    assert after.source == "estimate"
    assert "after it" in after.reason
    script.say("more", usage=TokenUsage(input=500_000, output=1))
    assert cost(script).source == "partial"


def test_a_transcripts_own_total_counts() -> None:
    script = Script("t.jsonl")
    script.say("x", usage=TokenUsage(input=1000, output=9), final=True)
    script.add(RunningCost(0.25), timed=False)
    assert cost(script).usd == pytest.approx(0.25)
    assert cost(script).source == "result"


@pytest.mark.parametrize("transcript_first", [False, True])
def test_stream_and_transcript_tell_one_total(transcript_first: bool) -> None:
    stream, transcript = Script("s.jsonl"), Script("t.jsonl")
    stream.init()
    for number in range(3):
        usage = TokenUsage(input=1000, output=1)
        event = stream.say(f"x{number}", usage=usage, message=f"m{number}")
        transcript.at = event.at
        body = event.body
        transcript.add(body, 0.0, uuid=event.uuid)
        transcript.add(RunningCost(0.5 * (number + 1)), timed=False)
        stream.result(0.5 * (number + 1), models=uses(1000 * (number + 1), 0.5 * (number + 1)))
    order = (transcript, stream) if transcript_first else (stream, transcript)
    assert cost(*order).usd == pytest.approx(1.5)
    assert cost(*order).source == "result"


def test_unseen_helpers_do_not_make_a_new_start() -> None:
    script = Script()
    script.init()
    turn(script, 1000, 0.5, 1400)
    turn(script, 1000, 0.9, 3000)
    assert cost(script).usd == pytest.approx(0.9)


def test_no_price_is_said_and_never_zero() -> None:
    script = Script()
    script.say("x", usage=TokenUsage(100, 5), model="glm-5.1")
    found = cost(script)
    assert found.usd is None
    assert found.source == "partial"
    assert "no price for glm-5.1" in found.reason
    script.say("y", usage=TokenUsage(100, 5), final=True)
    mixed = cost(script)
    assert mixed.usd == pytest.approx(0.0005)
    assert mixed.source == "partial"
    assert "no price for glm-5.1" in mixed.reason


def test_a_result_prices_an_unknown_model() -> None:
    script = Script()
    script.say("x", usage=TokenUsage(100, 5), model="glm-5.1")
    script.result(0.12, models=uses(100, 0.12, "glm-5.1"))
    found = cost(script)
    assert found.usd == pytest.approx(0.12)
    assert found.source == "result"
    assert found.by_model[0].usd == pytest.approx(0.12)
    assert sum(hour.usd for hour in found.by_hour) == pytest.approx(0.12)


def test_nothing_is_known_of_nothing() -> None:
    assert NightFold().snapshot(0.0).cost.usd is None


def test_by_model_and_by_hour_add_up_to_the_whole() -> None:
    script = Script()
    script.init()
    for number in range(5):
        script.say("x", 1800.0, usage=TokenUsage(input=1000 * number, output=50), final=True)
    both = (*uses(10_000, 0.6), *uses(4_000, 0.1, "claude-haiku-4-5-20251001"))
    script.result(0.7, models=both)
    script.say("x", usage=TokenUsage(input=100_000, output=50), final=True)
    found = cost(script)
    assert found.usd is not None
    assert found.usd > 0.7
    assert sum(hour.usd for hour in found.by_hour) == pytest.approx(found.usd)
    assert sum(part.usd or 0.0 for part in found.by_model) == pytest.approx(found.usd)
    assert len(found.by_hour) >= 3
    assert found.per_hour is not None
    assert found.per_hour > 0


def test_the_journal_names_the_parent_of_a_fork() -> None:
    made = NightFold()
    parent, fork = Script("a.jsonl"), Script("b.jsonl", "s2", start=2e9)
    made.apply([JournalEntry(1.0, "segment_started", "", {"session": "s1", "why": "start"})])
    turn(parent, 1000)
    parent.result(0.5)
    made.apply(parent.events)
    resumed = {"session": "s2", "resume_of": "s1", "why": "rewind"}
    made.apply([JournalEntry(2e9, "segment_started", "", resumed)])
    turn(fork, 300)
    fork.result(0.7)
    made.apply(fork.events)
    assert made.snapshot(2e9).cost.usd == pytest.approx(0.7)


def test_a_handover_begins_at_zero_even_when_figures_would_fit() -> None:
    made = NightFold()
    made.apply([JournalEntry(1.0, "segment_started", "", {"session": "s1", "why": "start"})])
    first, second = Script("a.jsonl"), Script("b.jsonl", "s2", start=2e9)
    turn(first, 1000, 0.5)
    turn(second, 300, 0.7, 1300)
    made.apply(first.events)
    made.apply([JournalEntry(2e9, "segment_started", "", {"session": "s2", "why": "handover"})])
    made.apply(second.events)
    assert made.snapshot(2e9).cost.usd == pytest.approx(1.2)


def test_other_prices_after_loading_price_everything_anew() -> None:
    script = Script()
    script.say("x", usage=TokenUsage(input=1_000_000), final=True)
    saved = fold(script.events).save()
    assert NightFold.load(saved).snapshot(0.0).cost.usd == pytest.approx(4.0)
    dearer = PriceTable({MODEL: Price(8, 1, 1, 1, 1)})
    again = NightFold.load(saved, dearer).snapshot(0.0)
    assert again.cost.usd == pytest.approx(8.0)
    assert again.tokens == TokenUsage(1_000_000)


def test_context_follows_the_main_conversation() -> None:
    script = Script()
    script.init()
    script.say("x", usage=TokenUsage(10, 5, 20, 30, 40))
    script.say("y", usage=TokenUsage(9_000_000), thread="call-1")
    context = night(script).context
    assert (context.used, context.window, context.basis) == (100, 1_000_000, "model")
    assert context.percent == 0.0
    script.result(0.5, models=(ModelUsage(MODEL, TokenUsage(), 0.5, 400),))
    told = night(script).context
    assert (told.window, told.basis, told.percent) == (400, "result", 25.0)


def test_more_context_than_the_window_proves_a_larger_one() -> None:
    script = Script()
    script.say("x", usage=TokenUsage(250_000), model="claude-opus-4-6")
    assert night(script).context.window == 1_000_000
    assert night(script).context.basis == "seen"
