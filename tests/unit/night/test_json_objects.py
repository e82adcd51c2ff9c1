"""What is printed as JSON is what `tui.model.json` declares, whatever a night holds."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.commands.contract import fits
from tests.unit.night.night_script import MODEL, START, Script, fold
from tui.model.events import ModelUsage, RateLimit, RunningCost, TokenUsage
from tui.model.journal import JournalEntry
from tui.model.json.lists import RowObject
from tui.model.json.status import StatusObject
from tui.model.records import ProgressFile
from tui.model.rows import EventRow
from tui.model.session import AgentProcess, AgentProcesses, KnownSession
from tui.model.stall import Stall
from tui.model.state import LimitKind, SessionState, StallKind, StallLevel
from tui.night.status_json import stall_level, status

TEXTS = st.text(max_size=12)
STEPS = st.sampled_from(
    (
        "init",
        "prompt",
        "say",
        "call",
        "error",
        "result",
        "limit",
        "total",
        "gone",
        "alive",
        "progress",
    )
)
ENTRIES = st.sampled_from(
    (
        ("run_started", {"run": "r", "goal": "g", "settings": {"max_cost_usd": 5}, "host": "h"}),
        ("run_started", {"run": "r", "settings": {"max_cost_usd": "x", "max_runtime_hours": None}}),
        ("segment_started", {"attempt": 2, "pid": 4, "session": "s1"}),
        ("segment_ended", {"attempt": 2, "code": 1}),
        ("checkpoint", {"checkpoint": "c1", "files": 1}),
        ("inject", {"text": "go on"}),
        ("injection", {"state": "withdrawn"}),
        ("continuation", {"open": ["a"], "attempt": 2}),
        ("limit_hit", {"limit": "cost", "used": 5.5, "bound": 5.0}),
        ("run_ended", {"end": "limit", "reason": "limit: cost", "code": 0, "limit": "cost"}),
        ("run_ended", {"end": "crash", "reason": "crashed"}),
    )
)


def play(steps: list[str], entries: list[tuple[str, dict[str, Any]]], words: str) -> Any:
    """A night of these steps; its journal comes first."""
    script = Script()
    records: list[Any] = [
        JournalEntry(START + n, kind, "i1", data) for n, (kind, data) in enumerate(entries)
    ]
    for step in steps:
        match step:
            case "init":
                script.init()
            case "prompt":
                script.prompt(words)
            case "say":
                script.say(words, usage=TokenUsage(10, 5, 20, 30, 400), final=True)
            case "call":
                script.call("Bash", words)
            case "error":
                script.step("Bash", "pytest", "1 failed in 0.1s", error=True)
            case "result":
                models = (ModelUsage(MODEL, TokenUsage(900), 0.5, 1000),)
                script.result(0.5, models=models)
            case "limit":
                script.add(RateLimit("rejected", START + 900.0, "five_hour"))
            case "total":
                script.add(RunningCost(1.5, (ModelUsage("glm", TokenUsage(5), 1.0, 0),), True))
            case "gone" | "alive":
                agents = (AgentProcess(7, START),) if step == "alive" else ()
                records.append(AgentProcesses(START + 50.0, agents))
            case "progress":
                records.append(ProgressFile("p", START, "unknown", 0, 0, in_progress=(words,)))
    return fold(script.events, records).snapshot((script.at or START) + 500.0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=12), st.lists(ENTRIES, max_size=6), TEXTS)
def test_every_night_fits_the_status(
    steps: list[str], entries: list[tuple[str, dict[str, Any]]], words: str
) -> None:
    others = [KnownSession("", "run", "p", "/f", 0.0, 1.0, SessionState.WORKING)]
    shown = status(play(steps, entries, words), "/p", "here", others)
    fits(json.loads(msgspec.json.encode(shown)), StatusObject)


def test_a_limit_and_an_end_are_told_in_the_words_of_the_contract() -> None:
    entries: list[tuple[str, dict[str, Any]]] = [
        ("run_started", {"run": "r", "settings": {"max_cost_usd": 5.0}}),
        ("limit_hit", {"limit": LimitKind.COST, "used": 5.5, "bound": 5.0}),
        ("run_ended", {"end": "limit", "reason": "limit: cost", "code": 0, "limit": "cost"}),
    ]
    told = status(play(["init"], entries, ""), "/p", "here")
    assert told["run"]["exit"] == {"kind": "limit", "reason": "limit: cost", "code": 0}
    limit = told["run"]["limit"]
    assert (limit["kind"], limit["value"], limit["allowed"]) == ("cost", 5.5, 5.0)
    assert told["cost"]["budget_usd"] == 5.0


def test_a_session_of_others_ends_in_the_word_of_its_state() -> None:
    told = status(play(["init", "say", "result", "gone"], [], "done"), "/p", "here")
    assert told["run"]["state"] == "finished"
    assert told["run"]["exit"]["kind"] == "completed"
    assert told["cost"]["budget_usd"] is None


def test_progress_that_nobody_can_count_is_null_and_not_zero() -> None:
    told = status(play(["progress"], [], "sizing"), "/p", "here")["progress"]
    assert (told["done"], told["open"], told["in_progress"]) == (None, None, ["sizing"])


def test_levels_of_stalls() -> None:
    def level(kind: StallKind, at: StallLevel = StallLevel.NONE, waiting: bool = False) -> str:
        return stall_level(Stall(kind, START, (), level=at, waiting=waiting))

    assert level(StallKind.SILENT_TOOL) == "suspected"
    assert level(StallKind.PROCESS_GONE) == "stuck"
    assert level(StallKind.LIMIT_WAIT) == "notice"
    assert level(StallKind.SILENT_API, waiting=True) == "notice"
    words = [
        level(StallKind.LOOP, at)
        for at in (StallLevel.NOTICE, StallLevel.SUSPECTED, StallLevel.STUCK)
    ]
    assert words == ["notice", "suspected", "stuck"]


def test_a_row_is_declared_as_it_is_printed() -> None:
    assert RowObject.__struct_fields__ == EventRow.__struct_fields__
