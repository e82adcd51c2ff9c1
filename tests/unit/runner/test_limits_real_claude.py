"""The cost limit with the real CLI: what it costs at the end, and what its own budget counts.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import until
from tests.unit.runner.test_runner_real_claude import CLAUDE, RealScene, bash, scripted_model

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]
COSTLY = {"input_tokens": 200_000}
ANSWERS = 30


def spending(seconds: float) -> list[dict[str, object]]:
    """Answers that cost a dollar or so each, with a command after each."""
    return [
        {"text": f"Step {n}.", "tools": bash(f"echo pay {n}; sleep {seconds}"), "usage": COSTLY}
        for n in range(ANSWERS)
    ]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RealScene]:
    if not CLAUDE:
        pytest.skip("OVERNIGHT_TEST_CLAUDE names no claude")
    scene = RealScene(tmp_path)
    with scripted_model(scene, {"slow": spending(1), "quick": spending(0)}):
        yield scene


def totals(scene: RealScene) -> list[float]:
    return [one["total_cost_usd"] for one in scene.stream() if one.get("type") == "result"]


def dearest(scene: RealScene) -> float:
    """What one answer cost: all that were begun cost the same."""
    begun = {one["message"]["id"] for one in scene.stream() if one.get("type") == "assistant"}
    return max(totals(scene)) / len(begun)


def budgets(scene: RealScene) -> list[float]:
    found = []
    for order in sorted(scene.folder.attempts.glob("*/order.json")):
        words = json.loads(order.read_bytes())["argv"]
        found.append(float(words[words.index("--max-budget-usd") + 1]))
    return found


@pytest.mark.parametrize("story", ["slow", "quick"])
def test_a_cost_limit_is_passed_by_one_answer_at_most(scene: RealScene, story: str) -> None:
    scene.begin(f"[[scn:{story}]] go", budget__max_cost_usd=2.5, enforcement__continuous_mode=True)
    assert scene.ended(60).startswith("limit: ")
    assert scene.entry("run_ended")["limit"] == "cost"
    assert scene.entry("limit_hit")["limit"] == "cost"
    assert max(totals(scene)) <= 2.5 + dearest(scene)


def test_a_process_that_resumes_is_given_what_is_left(scene: RealScene) -> None:
    scene.begin("[[scn:slow]] go", budget__max_cost_usd=4, enforcement__continuous_mode=True)
    until(lambda: len(scene.said("pay 1")) > 1, "two answers")
    os.kill(scene.agent().pid, signal.SIGKILL)
    scene.entry("segment_started", attempt=2)
    assert scene.ended(60).startswith("limit: ")
    first, second = budgets(scene)
    assert first == 4.0
    assert 0 < second < 4.0 - 1.0
    hit = scene.journal("limit_hit")[-1]
    assert hit["used"] <= 4.0 + dearest(scene) + 0.02
