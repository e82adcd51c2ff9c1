from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.widgets.host import Host, screen_rows, until
from tests.widgets.hostile import HOSTILE
from widgets.ink import Line, text_of, width_of
from widgets.status.session_header import HeaderFacts, SessionHeader, header_line
from widgets.text_cells import visible


def drawn(line: Line) -> str:
    return text_of(line).rstrip()


FACTS = HeaderFacts(
    "trading-bot",
    "run 11-20 22:00",
    "working",
    11520,
    12.4,
    "result",
    50,
    None,
    43.2,
    4,
    None,
    4,
    540,
)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            140,
            " overnight   trading-bot   run 11-20 22:00   ● working  3h12m   $12.40 of $50   ctx 43%"
            "   idle 0:04   ckpt 4 (9m ago)",
        ),
        (80, " trading-bot  ● working  3h12m  $12.40 of $50  ctx 43%  idle 0:04  ckpt 4"),
        (60, " trading-bot  ● working  3h12m  $12.40  ctx 43%  idle 0:04"),
        (40, " trading…  ● working  $12.40  idle 0:04"),
        (24, " trading…  ● working"),
    ],
)
def test_the_header_drops_what_matters_least(width: int, expected: str) -> None:
    assert drawn(header_line(FACTS, width)) == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (75, " p  ◔ rate limited until 15:00  3h12m  ≈$12.40  ctx 43%  idle 14:00"),
        (50, " p  ◔ rate limited until 15:00  ≈$12.40"),
        (34, " p  ◔ rate limited until 15:00"),
        (20, " p  ◔ rate limited"),
        (16, " p  ◔ limited"),
    ],
)
def test_until_when_a_limit_lasts_gives_way_late(width: int, expected: str) -> None:
    limited = HeaderFacts(
        *("p", "", "rate_limited", 11520, 12.4, "estimate", None, None, 43.2, 840),
        state_until="15:00",
    )
    assert drawn(header_line(limited, width)) == expected


def test_the_limit_that_was_reached_is_named() -> None:
    winding = HeaderFacts("p", state="winding_down", cost_usd=1.85, budget_usd=2.0, limit="cost")
    assert "winding down: cost" in drawn(header_line(winding, 60))
    assert "winding down" in drawn(header_line(winding, 20))
    working = HeaderFacts("p", state="working", limit="cost")
    assert "cost" not in drawn(header_line(working, 60))


def test_the_header_never_says_more_than_is_known() -> None:
    estimate = HeaderFacts("p", cost_usd=3.0, cost_source="estimate")
    partial = HeaderFacts("p", cost_usd=3.0, cost_source="partial", budget_usd=3.5)
    unpriced = HeaderFacts("p", tokens=1_200_000)
    assert "≈$3.00" in drawn(header_line(estimate, 80))
    assert "≥$3.00 of $3.50!" in drawn(header_line(partial, 80))
    assert "1.2M tokens, no price" in drawn(header_line(unpriced, 80))
    assert "$" not in drawn(header_line(unpriced, 80))
    assert drawn(header_line(HeaderFacts("p"), 80)).split() == [
        "overnight",
        "p",
        "○",
        "no",
        "session",
    ]


AT = 8047.0


def test_alarms_stand_out_without_colour() -> None:
    facts = HeaderFacts(
        "p",
        state="stalled",
        viewed_at=AT,
        paused=True,
        alert="budget 82% used",
        context_percent=93,
    )
    line = header_line(facts, 100)
    text = drawn(line)
    assert (" ▲ stalled ", "alarm") in line
    assert "ctx 93%!" in text
    assert text.endswith("budget 82% used   looking at 02:14:07   ‖ paused")


@given(
    st.builds(
        HeaderFacts,
        st.text(max_size=60) | st.sampled_from(HOSTILE),
        st.text(max_size=30),
        st.sampled_from(["working", "stalled", "waiting_permission", "none", "anything else"]),
        st.none() | st.floats(min_value=0, max_value=1e7),
        st.none() | st.floats(min_value=0, max_value=1e5),
        st.sampled_from(["result", "estimate", "partial"]),
        st.none() | st.floats(min_value=0, max_value=1e4),
        alert=st.text(max_size=80),
        paused=st.booleans(),
    ),
    st.integers(min_value=10, max_value=240),
)
@settings(deadline=None)
def test_the_header_is_one_row_of_any_width(facts: HeaderFacts, width: int) -> None:
    line = header_line(facts, width)
    assert visible(text_of(line)) == text_of(line)
    if width >= 60:
        assert width_of(line) <= width


def test_the_budget_warns_from_the_shares_that_settings_name() -> None:
    facts = HeaderFacts("p", cost_usd=3.0, budget_usd=10.0)
    assert "$3.00 of $10 " in drawn(header_line(facts, 80)) + " "
    early = replace(facts, budget_warning=0.25, budget_critical=0.9)
    assert "$3.00 of $10!" in drawn(header_line(early, 80))
    late = replace(early, budget_critical=0.3)
    roles = [
        {role for text, role in header_line(one, 80) if "$3.00" in text}
        for one in (facts, early, late)
    ]
    assert roles == [{"text"}, {"warning"}, {"error"}]
    swapped = replace(facts, cost_usd=6.0, budget_warning=0.9, budget_critical=0.5)
    unlimited = HeaderFacts("p", cost_usd=1.0, budget_warning=0.0)
    for one in (swapped, unlimited):
        assert "!" not in drawn(header_line(one, 80))


def test_an_overdue_checkpoint_stands_out() -> None:
    facts = HeaderFacts("p", checkpoints=4, checkpoint_age_s=1_200.0, checkpoint_due_s=1_500.0)
    assert "ckpt 4 (20m ago)" in drawn(header_line(facts, 80))
    assert "ago)!" not in drawn(header_line(facts, 80))
    assert "(20m ago)!" in drawn(header_line(replace(facts, checkpoint_due_s=900.0), 80))


async def test_the_header_is_painted_only_when_it_reads_differently() -> None:
    header = SessionHeader(HeaderFacts("bot", state="working", idle_s=4.2))
    app = Host(header)
    async with app.run_test(size=(60, 3)) as pilot:
        await pilot.pause(0.05)
        painted: list[int] = []
        original = header.render_line

        def watched(y: int) -> object:
            painted.append(y)
            return original(y)

        header.render_line = watched  # type: ignore[assignment, method-assign]
        header.show(msgspec.structs.replace(header.facts, idle_s=4.4))
        await pilot.pause(0.05)
        assert painted == []
        header.show(msgspec.structs.replace(header.facts, idle_s=5.4))
        await until(pilot, lambda: "idle 0:05" in screen_rows(app)[0])
