"""kill -9 of agent, shim, supervisor and screen, in every combination, at every moment of a run.

By default eight cells are tried; the whole table is asked for with `-m "soak or not soak"`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kills.night import KINDS, Moment, Night

pytestmark = pytest.mark.timeout(240)

COMBINATIONS = [kinds for size in range(1, 5) for kinds in itertools.combinations(KINDS, size)]


def _phase(night: Night) -> str:
    try:
        state = night.scene.folder.state.read_bytes()
    except OSError:
        return ""
    return next((word for word in PHASES if f'"phase":"{word}"'.encode() in state), "")


PHASES = ("launching", "working", "held", "waiting", "baseline", "stopping", "rewinding", "ended")
MOMENTS = {
    "starting": Moment(
        "[[story:hello]]",
        lambda night: bool(night.scene.folder.attempt_numbers()),
        at_start=True,
    ),
    "in a tool": Moment(
        "[[story:long_tool gate=gate]]",
        lambda night: bool(night.scene.said('"tool_use"') or night.scene.said("tool_use")),
        message=True,
    ),
    "in an answer": Moment(
        "[[story:flood rate=50 seconds=6]]",
        lambda night: len(night.scene.said("text_delta")) > 20,
        is_short=True,
    ),
    "waiting for a restart": Moment(
        "[[story:crash]]",
        lambda night: _phase(night) == "waiting",
        {
            "recovery__backoff_base_seconds": 3,
            "recovery__backoff_min_seconds": 3,
            "recovery__backoff_max_seconds": 3,
        },
        dead=("agent", "shim"),
    ),
    "winding down": Moment(
        "[[story:ignores_sigterm seconds=30]]",
        lambda night: _phase(night) == "stopping",
        {"session__max_idle_minutes": 0.02, "session__stop_grace_seconds": 3},
        ends=("limit: ",),
    ),
    "in a checkpoint": Moment(
        "[[story:long_tool gate=gate]]",
        lambda night: bool(night.scene.said("tool_use")) and _ask_checkpoint(night),
    ),
    "in a rewind": Moment(
        "[[story:long_tool gate=gate]]",
        lambda night: bool(night.scene.said("tool_use")) and _ask_rewind(night),
    ),
}


def _ask_checkpoint(night: Night) -> bool:
    for number in range(40):
        (night.scene.repository / f"new {number}").write_text(f"{number}\n" * 500)
    night.ask("checkpoint", label="in the middle")
    while not night.scene.journal("request"):
        pass
    return True


def _ask_rewind(night: Night) -> bool:
    taken = night.scene.entry("checkpoint")
    (night.scene.repository / "unwanted").write_text("x\n" * 5_000)
    night.ask("rewind", checkpoint=taken["checkpoint"], mode="both")
    while _phase(night) not in ("stopping", "rewinding"):
        assert not night.scene.journal("answer"), night.scene.journal("answer")
    return True


_SAMPLE = {
    ("starting", ("supervisor",)),
    ("in a tool", ("agent", "shim", "supervisor", "screen")),
    ("in a tool", ("shim", "supervisor")),
    ("in an answer", ("supervisor", "screen")),
    ("in an answer", ("agent", "supervisor")),
    ("waiting for a restart", ("supervisor",)),
    ("winding down", ("agent", "supervisor")),
    ("in a checkpoint", ("supervisor",)),
}
CELLS = [
    pytest.param(
        moment,
        kinds,
        id=f"{moment}: {' '.join(kinds)}",
        marks=() if (moment, kinds) in _SAMPLE else pytest.mark.soak,
    )
    for moment in MOMENTS
    for kinds in COMBINATIONS
]


@pytest.fixture
def night(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Night]:
    made = Night(tmp_path, MOMENTS[request.node.callspec.params["moment"]])
    yield made
    made.close()


@pytest.mark.parametrize(("moment", "kinds"), CELLS)
def test_nothing_is_lost_or_doubled(night: Night, moment: str, kinds: tuple[str, ...]) -> None:
    night.begin(kinds)
    killed = night.kill(kinds)
    assert killed == {*kinds} - {*night.moment.dead}
    reason = night.finish()
    assert reason.startswith(night.moment.ends), reason
    assert night.faults(killed) == [], night.story()
    if "supervisor" in killed and night.seconds is not None:
        assert night.seconds < 10.0
    table = os.environ.get("OVERNIGHT_KILLS")
    if table:
        with open(table, "a", encoding="utf-8") as file:
            took = "" if night.seconds is None else f"{night.seconds:.1f}"
            file.write(
                f"{moment}\t{' '.join(kinds)}\t{' '.join(sorted(killed))}\t{took}\t{reason}\n"
            )
