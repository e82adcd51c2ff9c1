"""What bought nothing: retries, loops, what was done again, turns cut off; with its estimate."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import START, Script, fold
from tui.model.events import ApiRetry, Compaction, TokenUsage
from tui.model.journal import JournalEntry
from tui.model.review import WasteItem
from tui.night.fold import NightFold
from tui.night.review.build import total_waste
from tui.night.review.trouble import LostTime, find_stalls, find_waste, priced_stalls
from tui.night.usage.bill import spending

USAGE = TokenUsage(1_000, 1_000, 0, 0, 0)


def found(made: NightFold, script: Script, cut_off: bool = False) -> list[WasteItem]:
    night = made.snapshot((script.at or 0.0) + 1)
    spent, lost = spending(made.accounts, night.cost.usd), LostTime()
    stalls = priced_stalls(find_stalls(night), spent, lost)
    return list(find_waste(stalls, made.wasted_work(), spent, lost, cut_off))


def one(made: NightFold, script: Script, kind: str, cut_off: bool = False) -> WasteItem:
    (waste,) = [waste for waste in found(made, script, cut_off) if waste.kind == kind]
    return waste


def began() -> Script:
    script = Script()
    script.init()
    script.prompt()
    return script


def test_retries_cost_the_time_until_the_answer() -> None:
    script = began()
    for attempt in (1, 2, 3):
        script.add(ApiRetry(attempt, 10, 20.0, 529, "overloaded"), after=20.0)
    script.say("at last", after=5.0, usage=USAGE)
    waste = one(fold(script.events), script, "retries")
    assert waste.seconds == pytest.approx(45.0)
    assert waste.usd == 0.0
    assert "3 calls" in waste.what
    assert "529" in waste.what


def test_a_retry_that_two_files_tell_of_counts_once() -> None:
    script = began()
    for _ in range(2):
        script.add(ApiRetry(1, 10, 20.0, 529, "overloaded"), after=0.1)
    assert "1 call of" in one(fold(script.events), script, "retries").what


def test_a_loop_costs_its_rounds_after_the_first() -> None:
    script = began()
    for _ in range(8):
        use = script.use("Bash", "make check", key="same")
        script.say("", 5.0, tools=(use,), usage=USAGE)
        script.answer(use.id, "boom", 5.0, error=True)
    made = fold(script.events)
    waste = one(made, script, "loop")
    night = made.snapshot((script.at or 0.0) + 1)
    assert night.cost.usd is not None
    assert waste.usd is not None
    assert 0 < waste.usd < night.cost.usd
    assert waste.seconds == pytest.approx(70.0)
    assert waste.usd == pytest.approx(night.cost.usd * 7 / 8)
    assert "estimate" in waste.what


def test_the_same_write_after_a_compaction_was_done_again() -> None:
    script = began()
    for text in ("plan", "other"):
        script.step("Write", f"/w/{text}.md", "ok", path=f"/w/{text}.md")
    script.add(Compaction("auto", 100_000, 3_000))
    use = script.use("Write", "/w/plan.md", path="/w/plan.md")
    script.say("", tools=(use,), usage=USAGE)
    script.answer(use.id, "ok", 7.0)
    script.step("Write", "/w/new.md", "ok", path="/w/new.md")
    waste = one(fold(script.events), script, "redone")
    assert waste.seconds == 7.0
    assert "/w/plan.md" in waste.what
    assert waste.usd is not None
    assert waste.usd > 0


def test_the_same_write_without_a_compaction_is_no_waste() -> None:
    script = began()
    for _ in range(2):
        script.step("Write", "/w/plan.md", "ok", path="/w/plan.md")
    assert found(fold(script.events), script) == []


def test_of_a_turn_cut_off_only_what_left_nothing_is_lost() -> None:
    script = began()
    script.say("thinking", 100.0, usage=USAGE)
    script.step("Edit", "/w/a.py", "ok", path="/w/a.py")
    script.say("and on", 60.0, usage=USAGE)
    ended = JournalEntry(script.at or 0.0, "segment_ended", data={"code": 137})
    started = JournalEntry(START, "segment_started", data={"attempt": 1})
    made = fold([started], script.events, [ended])
    waste = one(made, script, "killed_turn")
    assert waste.seconds == 60.0
    assert waste.usd == pytest.approx((made.snapshot(START + 900).cost.usd or 0.0) / 2)


def test_a_new_turn_before_the_end_of_the_old_one_says_that_the_process_ended() -> None:
    script = began()
    script.say("on it", 30.0, usage=USAGE)
    script.init()
    script.say("again", 30.0, usage=USAGE)
    script.result(0.1)
    waste = one(fold(script.events), script, "killed_turn")
    assert waste.seconds == 31.0


def test_a_turn_that_is_open_is_only_lost_when_it_will_not_end() -> None:
    script = began()
    script.say("on it", 30.0, usage=USAGE)
    made = fold(script.events)
    assert found(made, script) == []
    assert one(made, script, "killed_turn", cut_off=True).seconds == 31.0


def test_the_sum_never_exceeds_the_bill_and_unknown_stays_unknown() -> None:
    assert total_waste([WasteItem("loop", "", 1, 3.0), WasteItem("redone", "", 1, 2.0)], 4.0) == 4.0
    assert total_waste([WasteItem("loop", "", 1, None)], 4.0) is None
    assert total_waste([], 4.0) == 0.0
    assert total_waste([], None) is None


def test_losses_survive_being_saved() -> None:
    script = began()
    script.add(ApiRetry(1, 10, 20.0, 529, "overloaded"))
    made = fold(script.events)
    assert NightFold.load(made.save()).wasted_work() == made.wasted_work()
