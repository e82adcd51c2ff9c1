"""Goldens of drawn rows: what stands where, at the widths that matter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.widgets.host import words
from tests.widgets.hostile import HOSTILE
from tui.model.records import LogEntry, ProgressFile, ProgressSection, ProgressTask, SourceStatus
from tui.model.rows import EventRow
from widgets import glyphs
from widgets.ink import Line, text_of, width_of
from widgets.lists.event_view import SearchHighlight, clip_around, event_line
from widgets.lists.log_view import log_line
from widgets.lists.pane import frame_bottom, frame_top, new_rows_badge
from widgets.lists.sources_panel import source_rows
from widgets.status.activity_row import progress_line, reading_text
from widgets.status.key_bar import KeyBarItem, key_bar_line
from widgets.status.progress_view import progress_bar, progress_rows
from widgets.status.session_header import HeaderFacts, header_line
from widgets.text_cells import visible

AT = 8047.0
FAILED = EventRow("tool", AT, "Bash", "pytest -q", "3 failed, 41 passed", "error", 18.24)


def drawn(line: Line) -> str:
    return text_of(line).rstrip()


def test_an_event_in_80_columns() -> None:
    row = drawn(event_line(FAILED, 80))
    assert row == (
        "02:14:07 ✗ Bash       pytest -q                      3 failed, 41 passed   18.2s"
    )
    assert len(row) == 80
    roles = {text.strip(): role for text, role in event_line(FAILED, 80)}
    assert roles["✗"] == roles["Bash"] == roles["3 failed, 41 passed"] == "error"
    assert roles["pytest -q"] == "text"


def test_an_event_in_50_columns_gives_up_seconds_first() -> None:
    assert drawn(event_line(FAILED, 50)) == "02:14 ✗ Bash    pytest -q  3 failed, 41 pa…  18.2s"


def test_a_row_without_outcome_has_the_whole_width() -> None:
    row = EventRow("text", AT, "text", "x" * 100)
    assert drawn(event_line(row, 80)) == "02:14:07   text       " + "x" * 57 + "…"


def test_subagents_are_indented_and_running_tools_count() -> None:
    row = EventRow("tool", AT, "Read", "a.py", "", "running", depth=1)
    assert drawn(event_line(row, 60, now=AT + 47.9)).split() == [
        "02:14",
        "│",
        "▸",
        "Read",
        "a.py",
        "47s",
    ]
    assert event_line(row, 60, now=AT + 47.9)[-1] == ("    47s", "running")


def test_an_event_with_the_plain_signs() -> None:
    glyphs.set_glyphs(glyphs.ASCII)
    assert drawn(event_line(FAILED, 50)).isascii()
    assert " x Bash" in drawn(event_line(FAILED, 50))


def test_matches_are_marked_and_brought_into_sight() -> None:
    row = EventRow("text", AT, "text", "a" * 90 + " Needle " + "b" * 50)
    line = event_line(row, 70, search=SearchHighlight("needle"))
    assert ("Needle", "match") in line
    assert width_of(line) <= 70
    hidden = EventRow("tool", AT, "Bash", "make", "ok")
    assert ("needle", "match") in event_line(
        hidden, 70, search=SearchHighlight("needle", "…the needle lies…")
    )
    assert drawn(event_line(hidden, 70, search=SearchHighlight("needle"))).split()[2:] == [
        "make",
        "ok",
    ]


def test_around_keeps_the_beginning_when_it_can() -> None:
    assert clip_around("needle at the start " + "x" * 50, "needle", 20) == "needle at the start…"
    assert "needle" in clip_around("x" * 500 + "needle" + "y" * 500, "needle", 12)
    assert clip_around("short", "nothing", 20) == "short"


ROWS = st.builds(
    EventRow,
    st.sampled_from(["text", "tool", "user", "deed", "retry", "malformed", "partial", "commit"]),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20) | st.sampled_from(HOSTILE),
    st.text(max_size=200) | st.sampled_from(HOSTILE),
    st.text(max_size=80) | st.sampled_from(HOSTILE),
    st.sampled_from(["", "ok", "error", "warning", "running", "quiet"]),
    st.none() | st.floats(min_value=0, max_value=1e9),
    st.integers(min_value=0, max_value=9),
)


@given(ROWS, st.integers(min_value=20, max_value=220), st.text(max_size=4))
@settings(deadline=None)
def test_any_event_fits_its_row(row: EventRow, width: int, needle: str) -> None:
    line = event_line(row, width, 0.0, SearchHighlight(needle, row.text))
    text = text_of(line)
    assert visible(text) == text
    if width >= 40:
        assert width_of(line) <= width


def test_a_log_entry() -> None:
    entry = LogEntry(
        "w", 0, AT, "error", "Session exited with code 1\nTraceback\nKeyError", tag="dog"
    )
    assert drawn(log_line(entry, 70)) == "02:14:07 ✗ dog Session exited with code 1 +2 lines"
    assert drawn(log_line(entry, 30)) == "02:14 ✗ Session exit… +2 lines"
    untimed = LogEntry("w", 0, None, "", "plain", clock="01:02:03")
    assert drawn(log_line(untimed, 70)) == "01:02:03   plain"


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


ITEMS = (
    KeyBarItem("c", "checkpoint", "checkpoint"),
    KeyBarItem("s", "step back", "step_back", enabled=False, reason="nothing repeats", rank=2),
    KeyBarItem("/", "search", "search", gap=True, rank=2),
    KeyBarItem("?", "help", "help", right=True, gap=True, rank=0),
)


def test_the_footer_says_what_can_be_done() -> None:
    line, places = key_bar_line(ITEMS, 60)
    text = text_of(line)
    assert text.rstrip() == " c checkpoint  s step back │ / search              │ ? help"
    for item, (start, end) in zip(ITEMS, places, strict=True):
        assert text[start:end] == f"{item.key} {item.label}"
    roles = {text.strip(): role for text, role in line}
    assert (roles["c"], roles["s"]) == ("accent", "faint")


def test_a_narrow_footer_keeps_help() -> None:
    line, places = key_bar_line(ITEMS, 26)
    assert drawn(line) == " c checkpoint    │ ? help"
    assert places[1] == (-1, -1)
    assert drawn(key_bar_line(ITEMS, 8)[0]).strip() == "? help"


FRAME = glyphs.UNICODE.frame


def test_frames() -> None:
    assert (
        drawn(frame_top(FRAME, 2, "Events", "", "follow", 30, False, False))
        == "╭ 2 Events ───────── follow ─╮"
    )
    assert (
        drawn(frame_top(FRAME, 1, "Progress", "12/19", "", 30, False, False))
        == "╭ 1 Progress 12/19 ──────────╮"
    )
    assert (
        drawn(frame_bottom(FRAME, "", new_rows_badge(128), 30, False))
        == "╰───────────── +128 new ↓ f ─╯"
    )
    assert drawn(frame_bottom(glyphs.UNICODE.stale, "", [], 10, False)) == "╰╌╌╌╌╌╌╌╌╯"
    focused = frame_top(FRAME, 2, "Events", "", "", 30, True, False)
    assert (" 2 ", "badge") in focused


@given(
    st.text(max_size=40),
    st.text(max_size=20),
    st.text(max_size=40),
    st.integers(8, 120),
    st.booleans(),
)
@settings(deadline=None)
def test_frames_are_as_wide_as_they_should_be(
    title: str, note: str, status: str, width: int, focused: bool
) -> None:
    assert width_of(frame_top(FRAME, 2, title, note, status, width, focused, False)) == width
    assert width_of(
        frame_bottom(FRAME, status, new_rows_badge(12), max(20, width), focused)
    ) == max(20, width)


def test_folding_says_how_far_it_is() -> None:
    assert reading_text(412_000_000, 1_000_000_000) == "reading 412 of 1,000 MB"
    assert reading_text(4_100, 812_000) == "reading 4.1 kB of 812 kB"
    assert drawn(progress_line("reading", 0.5, 30)) == " reading ━━━━━━━━──────── 50%"
    assert width_of(progress_line("x" * 200, 2.0, 40)) <= 40


TASKS = (
    ProgressTask("audit", "done", "One"),
    ProgressTask("balance", "done", "One"),
    ProgressTask("optimise", "in_progress", "Two", "P0"),
    ProgressTask("keys", "blocked", "Two"),
    ProgressTask("filter", "open", "Two", depth=1),
)
PROGRESS = ProgressFile(
    "claude-progress.txt",
    None,
    "checkboxes",
    2,
    3,
    TASKS,
    (ProgressSection("One", 2, 0), ProgressSection("Two", 0, 3)),
    blockers=("no keys",),
    goal="make it fast",
)


def test_progress_in_full() -> None:
    assert words(progress_rows(PROGRESS, 30)) == [
        "✗ no keys",
        "━━━━━━━━───────────── 2/5  40%",
        "make it fast",
        "",
        "One                        2/2",
        " ✓ audit",
        " ✓ balance",
        "Two                        0/3",
        " ▸ optimise P0",
        " ✗ keys",
        "   ○ filter",
    ]


def test_progress_with_little_room_puts_done_tasks_together() -> None:
    assert words(progress_rows(PROGRESS, 30, height=8)) == [
        "✗ no keys",
        "━━━━━━━━───────────── 2/5  40%",
        "✓ One (2)",
        "Two                        0/3",
        " ▸ optimise P0",
        " ✗ keys",
        "   ○ filter",
    ]


def test_a_bar_is_only_full_when_all_is_done() -> None:
    assert text_of(progress_bar(999, 1000, 10)) == "━━━━━━━━━─"
    assert text_of(progress_bar(1, 1000, 10)) == "━─────────"
    assert text_of(progress_bar(10, 10, 10)) == "━━━━━━━━━━"
    assert text_of(progress_bar(0, 0, 10)) == "──────────"


def test_an_unknown_progress_file_is_never_a_percentage() -> None:
    unknown = ProgressFile("p", None, "unknown", 0, 0, text="just some words")
    text = "\n".join(words(progress_rows(unknown, 60)))
    assert "%" not in text
    assert "just some words" in text


def test_a_source_says_how_it_is() -> None:
    feed = SourceStatus("watchdog", "logs/watchdog.log", "missing", "set paths.watchdog_log")
    assert words(source_rows(feed, 70, AT)) == [
        "watchdog      ○ missing",
        "  logs/watchdog.log",
        "  set paths.watchdog_log",
    ]
    events = SourceStatus(
        "events", "s.jsonl", "folding", "", "our run", 48_000_000, AT - 540, 81_234, 2, 0.41
    )
    assert words(source_rows(events, 90, AT))[0] == (
        "events        ▸ folding 41%  81.2k lines  48 MB  changed 9m ago  ! 2 malformed"
    )


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


def test_an_overdue_checkpoint_stands_out() -> None:
    facts = HeaderFacts("p", checkpoints=4, checkpoint_age_s=1_200.0, checkpoint_due_s=1_500.0)
    assert "ckpt 4 (20m ago)" in drawn(header_line(facts, 80))
    assert "ago)!" not in drawn(header_line(facts, 80))
    assert "(20m ago)!" in drawn(header_line(replace(facts, checkpoint_due_s=900.0), 80))
