"""The journal: the run, its processes, and what runner and people did."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.night.night_script import START, Script, fold
from tui.model.events import MessageLifecycle, UserMessage
from tui.model.evidence.log import EvidenceLog
from tui.model.journal import JournalEntry
from tui.model.records import Commit
from tui.model.snapshot import LimitReached, NightSnapshot, RunLimits
from tui.night.fold import NightFold
from tui.night.review.moments import intervention_effects


def entries(*told: tuple[str, dict[str, Any]]) -> list[JournalEntry]:
    return [
        JournalEntry(START + 10.0 * number, kind, data.get("id", ""), data)
        for number, (kind, data) in enumerate(told)
    ]


STARTED = (
    ("run_started", {"run": "11-20-2200", "goal": "finish it", "model": "claude-opus-5-5"}),
    ("segment_started", {"attempt": 1, "pid": 42, "session": "s1", "why": "start"}),
)


def seen(*told: tuple[str, dict[str, Any]], later: float = 100.0) -> NightSnapshot:
    journal = entries(*STARTED, *told)
    return fold(journal).snapshot(journal[-1].at + later)


def test_the_run_and_its_process() -> None:
    run = seen().run
    assert (run.id, run.owned, run.goal, run.pid) == ("11-20-2200", True, "finish it", 42)
    assert (run.session_id, run.attempt, run.started_at) == ("s1", 1, START)
    assert seen().activity.state == "starting"


def test_limits_in_force_and_the_one_that_was_reached() -> None:
    settings = {"max_runtime_hours": 8.0, "max_idle_minutes": None, "max_cost_usd": 5, "x": 1}
    told: list[tuple[str, dict[str, Any]]]
    told = [("run_started", {"run": "r", "settings": settings}), *STARTED[1:]]
    night = fold(entries(*told)).snapshot(START + 20.0)
    assert night.run.limits == RunLimits(8.0, None, 5.0)
    assert night.run.limit is None
    hit = {"limit": "cost", "value": "$5.10", "allowed": "$5.00", "used": 5.1, "bound": 5.0}
    told.append(("limit_hit", hit))
    night = fold(entries(*told)).snapshot(START + 30.0)
    assert night.run.limit == LimitReached("cost", START + 20.0, 5.1, 5.0)
    told.append(("limit_hit", {**hit, "used": 5.3}))
    assert fold(entries(*told)).snapshot(START + 40.0).run.limit == LimitReached(
        "cost", START + 20.0, 5.3, 5.0
    )
    told.append(("segment_started", {"attempt": 2, "why": "continue"}))
    assert fold(entries(*told)).snapshot(START + 40.0).run.limit is None


def test_a_limit_of_an_old_journal_has_no_figures() -> None:
    night = seen(("limit_hit", {"limit": "cost", "value": "$5.10", "allowed": "$5.00"}))
    assert night.run.limit == LimitReached("cost", START + 20.0)
    night = seen(("run_ended", {"reason": "limit: x", "end": "limit", "limit": "agent budget"}))
    assert night.run.limit == LimitReached("agent budget", START + 20.0)


def test_whether_a_supervisor_watches() -> None:
    assert seen().run.supervised is None
    assert seen(("supervisor_started", {})).run.supervised is True
    stopped: tuple[tuple[str, dict[str, Any]], ...]
    stopped = (("supervisor_started", {}), ("supervisor_stopped", {}))
    assert seen(*stopped).run.supervised is False
    assert seen(("supervisor_started", {}), ("run_ended", {"reason": "x"})).run.supervised is False
    assert fold([]).snapshot(START).run.supervised is False


def test_continuations_are_counted() -> None:
    assert seen(("continuation", {"open": []}), ("continuation", {})).run.continuations == 2


def test_what_a_hook_refused_is_kept_and_what_it_let_pass_is_not() -> None:
    told = [
        {"event": "PreToolUse", "effect": "denied", "text": ".env is protected"},
        {"event": "Stop", "effect": "let go", "text": "all tasks are done"},
        {"event": "Stop", "effect": "blocked", "text": "2 tasks are open"},
    ]
    others = seen(*(("hook", one) for one in told)).interventions.others
    kept = [(one.kind, one.text, one.by) for one in others]
    assert kept == [
        ("hook", "PreToolUse: .env is protected", "hook"),
        ("hook", "Stop: 2 tasks are open", "hook"),
    ]


@pytest.mark.parametrize(
    ("reason", "code", "state"),
    [
        ("all tasks done", 0, "finished"),
        ("limit: cost", 143, "killed"),
        ("crashed", 1, "crashed"),
        ("killed by person", 143, "killed"),
        ("stopped by person", 0, "killed"),
        ("gave up", 1, "gave_up"),
        ("needs you", 1, "failed"),
        ("", 0, "finished"),
        ("", 3, "crashed"),
    ],
)
def test_how_a_run_ends(reason: str, code: int, state: str) -> None:
    night = seen(("run_ended", {"reason": reason, "code": code}))
    assert night.activity.state == state
    assert night.run.ended_at == START + 20.0
    assert night.run.exit is not None
    assert night.run.exit.code == code


def test_a_restart_is_waited_for_and_then_counted() -> None:
    crash = ("segment_ended", {"code": None, "signal": 9, "reason": "killed by signal"})
    due = START + 200.0
    plan = ("restart_scheduled", {"attempt": 2, "delay_s": 160, "due": due, "class": "crash"})
    crashed = seen(crash)
    assert crashed.activity.state == "crashed"
    assert "signal 9" in crashed.activity.reason
    waits = seen(crash, plan)
    assert waits.activity.state == "restarting"
    assert waits.activity.reason == "restart 2 is due in 1 min 10 s (crash)"
    assert waits.activity.until == due
    assert waits.interventions.pending is not None
    again = seen(crash, plan, ("segment_started", {"attempt": 2, "pid": 43, "why": "crash"}))
    assert (again.run.attempt, again.run.pid, again.interventions.restarts) == (2, 43, 1)
    assert again.interventions.pending is None
    cancelled = seen(crash, plan, ("restart_cancelled", {}))
    assert cancelled.activity.state == "crashed"


def test_what_is_no_restart() -> None:
    for why in ("handover", "rewind", "continue", "fresh", "initializer"):
        night = seen(
            ("segment_ended", {"code": 0}), ("segment_started", {"attempt": 2, "why": why})
        )
        assert night.interventions.restarts == 0


def test_while_the_baseline_tests_run_it_is_starting_and_says_so() -> None:
    runs = ("baseline", {"state": "running", "text": "the baseline tests run: make test"})
    over = ("baseline", {"state": "passed", "text": "the baseline tests pass"})
    begun = entries(STARTED[0], runs)
    night = fold(begun).snapshot(begun[-1].at + 400.0)
    assert (night.activity.state, night.activity.reason) == ("starting", runs[1]["text"])
    assert night.activity.since == begun[-1].at
    after_plan = seen(("segment_ended", {"code": 0}), runs, later=400.0)
    assert (after_plan.activity.state, after_plan.activity.reason) == ("starting", runs[1]["text"])
    for later in (over, STARTED[1], ("run_ended", {"end": "needs_you", "reason": "needs you: x"})):
        told = entries(STARTED[0], runs, later)
        assert fold(told).snapshot(told[-1].at).activity.reason != runs[1]["text"]


def test_ended_by_a_person_is_no_crash() -> None:
    night = seen(("kill", {"by": "person"}), ("segment_ended", {"code": 143}))
    assert (night.activity.state, night.activity.reason) == ("killed", "ended by a person")


def busy() -> NightSnapshot:
    return seen(
        (
            "checkpoint",
            {
                "checkpoint": "c1",
                "label": "before",
                "commit": "abc",
                "files": 12,
                "why": "key",
                "not_captured": ["big.bin"],
            },
        ),
        ("rewind", {"checkpoint": "c1", "mode": "both", "written": 3, "deleted": ["x"]}),
        ("undo", {"checkpoint": "c2", "mode": "code"}),
        ("limit_warning", {"limit": "cost", "value": 40, "allowed": 50}),
        ("limit_hit", {"limit": "cost", "value": 51, "allowed": 50}),
        ("stall", {"stall": "silent_api"}),
        ("stall_over", {"stall": "silent_api"}),
        ("handover", {"from_session": "s1", "to_session": "s2"}),
        ("supervisor_stopped", {}),
        ("supervisor_started", {"adopted": True, "gap_s": 75.0}),
        ("limits_paused", {"until": START + 999.0}),
        ("note", {"text": "hello"}),
        ("something_new", {"x": 1}),
    )


def test_checkpoints_rewinds_and_the_rest() -> None:
    night = busy()
    found = night.interventions
    assert [(c.id, c.files, c.not_captured) for c in found.checkpoints] == [("c1", 12, 1)]
    assert [(r.checkpoint, r.undo, r.written, r.deleted) for r in found.rewinds] == [
        ("c1", False, 3, 1),
        ("c2", True, 0, 0),
    ]
    assert [one.kind for one in found.others] == [
        "limit_warning",
        "limit_hit",
        "stall",
        "stall_over",
        "handover",
        "supervisor_started",
        "limits_paused",
        "note",
    ]
    assert found.others[1].text == "cost: 51 of 50"
    assert (found.handoffs, found.unwatched_seconds) == (1, 75.0)
    assert found.limits_paused_until == START + 999.0
    assert [mark.kind for mark in night.timeline.marks] == [
        "checkpoint",
        "rewind",
        "rewind",
        "limit",
        "stall",
        "restart",
    ]


def states(made: NightFold) -> list[str]:
    return [injection.state for injection in made.snapshot(START).interventions.injections]


def test_words_on_their_way() -> None:
    made = fold(entries(*STARTED, ("inject", {"id": "u1", "text": "step back", "mode": "soft"})))
    assert states(made) == ["queued"]
    script = Script(start=START + 100.0)
    script.add(MessageLifecycle("u1", "queued"))
    script.add(MessageLifecycle("u1", "started"))
    made.apply(script.events)
    made.apply([JournalEntry(START + 150.0, "injection", "u1", {"state": "queued"})])
    assert states(made) == ["delivered"]
    script.say("I step back")
    made.apply(script.events[2:])
    assert states(made) == ["seen"]
    made.apply([JournalEntry(START + 300.0, "injection", "u1", {"state": "failed"})])
    made.apply([JournalEntry(START + 300.0, "injection", "u1", {"state": "queued"})])
    assert states(made) == ["failed"]


def test_a_message_taken_in_is_its_receipt() -> None:
    made = fold(entries(*STARTED, ("inject", {"id": "u1", "text": "step back"})))
    script = Script(start=START + 100.0)
    script.add(UserMessage("replay", "step back", command_uuid="u1"))
    made.apply(script.events)
    assert states(made) == ["delivered"]


def test_the_journal_says_what_became_of_words() -> None:
    inject = ("inject", {"id": "u1", "text": "x"})
    for state in ("delivered", "seen", "failed", "withdrawn"):
        made = fold(entries(*STARTED, inject, ("injection", {"id": "u1", "state": state})))
        assert states(made) == [state]


def test_strange_values_do_no_harm() -> None:
    odd: dict[str, Any] = {"attempt": "two", "pid": None, "code": "x", "files": {}, "gap_s": True}
    kinds = [
        "run_started",
        "segment_started",
        "checkpoint",
        "segment_ended",
        "inject",
        "supervisor_started",
        "rewind",
        "limit_hit",
        "restart_scheduled",
        "suspended",
        "run_ended",
    ]
    made = fold([JournalEntry(START + n, kind, "", odd) for n, kind in enumerate(kinds)])
    assert made.snapshot(START + 60.0).activity.state == "finished"
    assert NightFold.load(made.save()).snapshot(5.0) == made.snapshot(5.0)


def test_a_person_s_interventions_are_counted_once_each() -> None:
    night = seen(
        ("inject", {"id": "i1", "text": "hello"}),
        ("injection", {"id": "i1", "state": "delivered"}),
        ("injection", {"id": "i1", "state": "seen"}),
        ("inject", {"id": "i2", "text": "step back", "by": "supervisor"}),
        ("rewind", {"checkpoint": "c1"}),
        ("undo", {"checkpoint": "c2"}),
        ("interrupt", {"by": "person", "reason": "asked for"}),
        ("interrupt", {"by": "watchdog", "reason": "loop"}),
        ("kill", {"by": "person", "reason": "asked for"}),
        ("kill", {"by": "person", "reason": "asked for", "survivors": []}),
        ("stop", {"by": "limit", "reason": "cost"}),
    )
    assert night.interventions.times_stepped_in == 5


@pytest.mark.parametrize(
    ("survivors", "said"),
    [
        ([], ""),
        (["vim (7)", "sleep (8)"], "these survived: vim (7), sleep (8)"),
        (None, "what else it had started cannot be known"),
        ("junk", ""),
    ],
)
def test_an_end_says_what_survived_or_that_nobody_knows(survivors: object, said: str) -> None:
    for kind in ("kill", "stop"):
        data = {"by": "person", "reason": "asked for", "survivors": survivors}
        night = seen((kind, {"by": "person", "reason": "asked for"}), (kind, data))
        assert [one.outcome for one in night.interventions.others] == ["", said]
        (effect,) = intervention_effects(night, EvidenceLog())
        assert effect.text == "; ".join(filter(None, (f"{kind}: asked for", said)))
        assert night.interventions.times_stepped_in == 1


@pytest.mark.parametrize(
    ("states", "last"),
    [
        (("queued", "delivered", "seen", "withdrawn"), "seen"),
        (("queued", "delivered", "withdrawn"), "delivered"),
        (("queued", "withdrawn", "delivered"), "withdrawn"),
    ],
)
def test_what_was_read_was_not_taken_back(states: tuple[str, ...], last: str) -> None:
    told = [("injection", {"id": "i1", "state": state}) for state in states]
    night = seen(("inject", {"id": "i1", "text": "hello"}), *told)
    assert night.interventions.injections[0].state == last


def test_what_a_hook_handed_over_is_seen_when_the_model_answers() -> None:
    journal = entries(
        ("inject", {"id": "i1", "text": "hello"}), ("injection", {"id": "i1", "state": "delivered"})
    )
    script = Script()
    script.at = journal[-1].at + 5.0
    night = fold([*journal, script.say("I will.")]).snapshot(script.at + 5.0)
    assert night.interventions.injections[0].state == "seen"


def test_commits_that_the_journal_names_are_marked_as_ours() -> None:
    theirs, ours = (Commit(sha * 40, START + 21, "s", 1, 1, 0) for sha in "ab")
    made = fold(entries(*STARTED, ("commit", {"commit": ours.sha, "subject": "[AUTO] s"})))
    made.apply([theirs, ours])
    night = made.snapshot(START + 40.0)
    assert [one.ours for one in night.commits] == [False, True]
    assert any("committed [AUTO] s" in one.text for one in night.interventions.others)
