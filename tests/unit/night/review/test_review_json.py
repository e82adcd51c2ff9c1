"""`review --json`: every key of the contract, and figures that add up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from tests.unit.night.review.review_sample import empty, sample
from tui.model.events import SourceRef
from tui.model.timeline import TimeTotals
from tui.night.review.review_json import encode_ref, encode_review, encode_time

NUMBER = (int, float)
NONE = type(None)
REF: dict[str, Any] = {"source": str, "offset": int, "uuid": (str, NONE)}
CONTRACT: dict[str, Any] = {
    "schema": int,
    "run": {"id": (str, NONE), "owned": bool, "state": str, "exit": (dict, NONE)},
    "verdict": str,
    "attention": [{"severity": str, "what": str, "where": REF}],
    "time": {
        "total_s": NUMBER, "working_s": NUMBER, "tool_s": NUMBER, "waiting_api_s": NUMBER,
        "rate_limited_s": NUMBER, "stalled_s": NUMBER, "dead_s": NUMBER,
    },
    "tasks": {"done": [str], "open": [str], "added": [str]},
    "commits": [
        {"sha": str, "at": "iso", "subject": str, "files": int, "insertions": int, "deletions": int}
    ],
    "tests": {
        "last": str,
        "runs": [
            {"at": "iso", "command": str, "passed": (int, NONE), "failed": (int, NONE),
             "verdict": str, "ref": REF}
        ],
        "edits_since_last_green": int,
    },
    "claims": [{"text": str, "verdict": str, "why": str, "evidence": [REF]}],
    "stalls": [dict],
    "interventions": [dict],
    "restarts": [dict],
    "compactions": [dict],
    "checkpoints": [{"id": str, "at": "iso", "label": str, "files": int, "tests": str}],
    "cost": {
        "usd": (*NUMBER, NONE), "source": str, "by_model": dict, "by_hour": list,
        "wasted_usd": (*NUMBER, NONE),
    },
    "risks": [{"kind": str, "path": str, "what": str, "ref": (dict, NONE)}],
}  # fmt: skip


def check(value: Any, wanted: Any, where: str = "") -> None:
    if isinstance(wanted, dict):
        assert isinstance(value, dict), where
        for key, kind in wanted.items():
            assert key in value, f"{where}.{key}"
            check(value[key], kind, f"{where}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(value, list), where
        for number, one in enumerate(value):
            check(one, wanted[0], f"{where}[{number}]")
    elif wanted == "iso":
        assert value is None or datetime.fromisoformat(value).tzinfo is not None, where
    else:
        assert isinstance(value, wanted), f"{where}: {value!r}"
        assert not (isinstance(value, bool) and wanted in (int, NUMBER)), where


@pytest.mark.parametrize("made", [sample(), empty()], ids=["rich", "empty"])
def test_every_key_of_the_contract_is_there(made: Any) -> None:
    data = msgspec.json.decode(msgspec.json.encode(encode_review(made)))
    check(data, CONTRACT)
    assert data["verdict"] in ("keep", "look", "discard")


def test_the_rich_night_fills_every_list() -> None:
    data = encode_review(sample())
    for key in ("attention", "commits", "claims", "stalls", "interventions", "restarts",
                "compactions", "checkpoints", "risks", "points", "moments"):  # fmt: skip
        assert data[key], key
    assert data["restarts"][0]["dead_s"] == 600.0
    assert data["checkpoints"][0]["tests"] in ("green", "red", "none")
    assert data["cost"]["by_model"]["claude-opus-5-5"] == 18.7


@pytest.mark.parametrize(
    ("sums", "dead", "total"),
    [
        (TimeTotals(10.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0), 0.0, 10.0),
        (TimeTotals(10.0, 1.0, 0.0, 0.0, 0.0, 0.0, 4.0, 5.0), 9.0, 10.0),
        (TimeTotals(0.3, 0.1, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0), 0.0, 0.3),
        (TimeTotals(), 0.0, 0.0),
    ],
)
def test_time_adds_up_and_idle_is_time_without_an_agent(
    sums: TimeTotals, dead: float, total: float
) -> None:
    told = encode_time(sums)
    assert told["dead_s"] == dead
    assert told["total_s"] == pytest.approx(total)
    assert sum(told.values()) == pytest.approx(2 * told["total_s"])


def test_how_much_was_idle_is_told_beside() -> None:
    data = encode_review(sample())
    assert data["idle_s"] == 480.0
    assert data["time"]["dead_s"] == 1_080.0


def test_a_place_is_file_offset_and_uuid() -> None:
    assert encode_ref(SourceRef("a", 3, "u")) == {"source": "a", "offset": 3, "uuid": "u"}
    assert encode_ref(None) is None
