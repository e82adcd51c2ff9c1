"""`review --json`: every key of the contract, and figures that add up."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.unit.night.review.review_sample import empty, sample
from tui.model.events import SourceRef
from tui.model.json.review import ReviewObject
from tui.model.timeline import TimeTotals
from tui.night.review.review_json import encode_ref, encode_review, encode_time


@pytest.mark.parametrize("made", [sample(), empty()], ids=["rich", "empty"])
def test_every_key_of_the_contract_is_there(made: Any) -> None:
    data = msgspec.json.decode(msgspec.json.encode(encode_review(made)))
    shape = msgspec.convert(data | {"export": None}, ReviewObject, strict=True)
    assert list(data) == [name for name in shape.__struct_fields__ if name != "export"]
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
