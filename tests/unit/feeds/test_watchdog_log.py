"""Watchdog logs of every family."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tui.feeds.watchdog_log import WatchdogLogDecoder, folded
from tui.model.records import LogEntry

HOME = timezone(timedelta(hours=2))


def read(data: bytes) -> list[LogEntry]:
    decoder = WatchdogLogDecoder("log", HOME)
    return decoder.decode(data, 0) + decoder.flush()


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("line", "when", "local", "level", "tag", "text"),
    [
        (
            "2025-12-06 03:27:40,782 - INFO - Watchdog started",
            "2025-12-06T01:27:40.782",
            True,
            "info",
            "",
            "Watchdog started",
        ),
        (
            "2025-12-06 03:27:40,782 - WARNING - Idle Time check failed: 0:30:02.1 > 0:30:00",
            "2025-12-06T01:27:40.782",
            True,
            "warning",
            "",
            "Idle Time check failed: 0:30:02.1 > 0:30:00",
        ),
        (
            "2026-03-13 22:17:17,708 [WATCHDOG] Health check: fine",
            "2026-03-13T20:17:17.708",
            True,
            "",
            "WATCHDOG",
            "Health check: fine",
        ),
        (
            "2026-01-05 21:37:52 - watchdog - INFO - up - and on",
            "2026-01-05T19:37:52",
            True,
            "info",
            "watchdog",
            "up - and on",
        ),
        (
            "2026-02-08 07:25:19 - Activity detected (CPU: 0%)",
            "2026-02-08T05:25:19",
            True,
            "",
            "",
            "Activity detected (CPU: 0%)",
        ),
        (
            "[2026-01-16 12:51:47] [SUCCESS] 🚀 Loop starting",
            "2026-01-16T10:51:47",
            True,
            "ok",
            "",
            "🚀 Loop starting",
        ),
        (
            "[2026-01-16 12:51:47] [INFO]   - Total loops: 3",
            "2026-01-16T10:51:47",
            True,
            "info",
            "",
            "- Total loops: 3",
        ),
        (
            "[2026-01-16 12:51:47 EST] HEALED 2 daemon(s)",
            "2026-01-16T17:51:47",
            False,
            "",
            "",
            "HEALED 2 daemon(s)",
        ),
        (
            "[2026-01-16 12:51:47 EST] DOWN: the second",
            "2026-01-16T17:51:47",
            False,
            "error",
            "DOWN",
            "DOWN: the second",
        ),
        (
            "[2026-01-01T21:14:47+00:00] [ERROR] no [x] y",
            "2026-01-01T21:14:47",
            False,
            "error",
            "",
            "no [x] y",
        ),
        (
            "2026-01-01T21:14:47-05:00 [\x1b[0;34mINFO\x1b[0m] Auto-resume started",
            "2026-01-02T02:14:47",
            False,
            "info",
            "",
            "Auto-resume started",
        ),
        (
            "2026-02-14T23:04:11Z CIRCUIT_BREAKER: open",
            "2026-02-14T23:04:11",
            False,
            "error",
            "CIRCUIT_BREAKER",
            "CIRCUIT_BREAKER: open",
        ),
        (
            "2026-06-23 01:39:13 | WATCHDOG | INFO  | hello | there",
            "2026-06-22T23:39:13",
            True,
            "info",
            "WATCHDOG",
            "hello | there",
        ),
        ("2026-06-23 01:39:13 ERROR: bad", "2026-06-22T23:39:13", True, "error", "", "bad"),
        ("2026-06-23 01:39:13 INFO good", "2026-06-22T23:39:13", True, "info", "", "good"),
        (
            "2026-06-23 01:39:13 Information desk",
            "2026-06-22T23:39:13",
            True,
            "",
            "",
            "Information desk",
        ),
        (
            "[Agents] 2026-01-04T17:45:31.266Z [WARN] [agent-1] locked",
            "2026-01-04T17:45:31.266",
            False,
            "warning",
            "Agents",
            "[agent-1] locked",
        ),
        (
            "=== Overnight run started Tue Jun  2 01:54:44 EDT 2026 ===",
            "2026-06-02T05:54:44",
            False,
            "",
            "",
            "Overnight run started Tue Jun  2 01:54:44 EDT 2026",
        ),
        (
            '{"timestamp":"2026-01-01T00:00:00Z","loop":3,"response":"fine"}',
            "2026-01-01T00:00:00",
            False,
            "",
            "",
            "loop 3: fine",
        ),
        (
            '{"time":1767225600000,"level":"warn","logger":"w","msg":"careful"}',
            "2026-01-01T00:00:00",
            False,
            "warning",
            "w",
            "careful",
        ),
    ],
)
def test_families(line: str, when: str, local: bool, level: str, tag: str, text: str) -> None:
    (entry,) = read(line.encode() + b"\n")

    assert entry.at == pytest.approx(utc(when))
    assert (entry.local, entry.level, entry.tag, entry.text) == (local, level, tag, text)


@pytest.mark.parametrize(
    ("line", "clock", "level", "tag", "text"),
    [
        ("[Watchdog] 14:16:18 up", "14:16:18", "", "Watchdog", "up"),
        ("\x1b[1;32m[08:23:02]\x1b[0m 🔄 again", "08:23:02", "", "", "🔄 again"),
        (
            "✅ stop_check.log is 43s old — alive",
            "",
            "ok",
            "",
            "✅ stop_check.log is 43s old — alive",
        ),
        ("❌ dead", "", "error", "", "❌ dead"),
        ("[WARN] no time", "", "warning", "WARN", "no time"),
        ("[Memory] Context injected", "", "", "Memory", "Context injected"),
        (
            "Session 1 — next: a — 37 remaining — 01:54",
            "",
            "",
            "",
            "Session 1 — next: a — 37 remaining — 01:54",
        ),
        ("2025-13-46 99:99:99 bad", "", "", "", "2025-13-46 99:99:99 bad"),
        ('{"torn": ', "", "", "", '{"torn": '),
    ],
)
def test_lines_without_a_date(line: str, clock: str, level: str, tag: str, text: str) -> None:
    (entry,) = read(line.encode() + b"\n")

    assert entry.at is None
    assert (entry.clock, entry.level, entry.text) == (clock, level, text.strip())
    assert entry.tag == ("" if level and tag else tag)


STAMPED = b"""\
2026-01-01 10:00:00 - first
  Model: opus
{
  "a": 1
}
plain words

2026-01-01 10:00:05 - second
"""


def test_continuation_lines_belong_to_the_entry_above() -> None:
    first, second = read(STAMPED)

    assert first.text == 'first\n  Model: opus\n{\n  "a": 1\n}\nplain words'
    assert second.text == "second"
    assert (first.offset, second.offset) == (0, STAMPED.index(b"2026-01-01 10:00:05"))


def test_an_unstamped_line_of_trouble_is_an_entry_with_the_time_of_the_one_above() -> None:
    data = (
        "[2026-02-14 23:02:00] ✓ timer active\nplain\n/bin/sh: x: not found: No such file\n  at x\n"
    )
    timer, trouble = read(data.encode())

    assert (timer.level, timer.text) == ("ok", "✓ timer active\nplain")
    assert (trouble.level, trouble.at) == ("error", timer.at)
    assert trouble.text == "/bin/sh: x: not found: No such file\n  at x"


def test_what_an_error_goes_on_to_say_stays_with_it() -> None:
    data = b"2026-01-01 10:00:00 - ERROR - it broke\nTraceback (most recent call last):\nValueError: x\n"

    assert [entry.text.count("\n") for entry in read(data)] == [2]


def test_another_failure_below_an_error_is_not_hidden_in_it() -> None:
    data = b"2026-01-01 10:00:00 - exited with code 1\n/bin/sh: x: No such file or directory\n"

    assert [entry.level for entry in read(data)] == ["error", "error"]


def test_a_repeated_entry_is_counted() -> None:
    one, two, other = read(
        b"[2026-01-01 10:00:00] exited with code 1\n[2026-01-01 10:01:00] exited with code 1\n"
        b"[2026-01-01 10:02:00] exited with code 2\n"
    )
    both = folded(one, two)

    assert both is not None
    assert (both.count, both.at, both.last_at, both.level) == (2, one.at, two.at, "error")
    assert folded(both, other) is None


def test_a_log_without_stamps_has_an_entry_for_each_line_that_is_not_indented() -> None:
    data = "✅ all checks pass\n   fresh: yes\n⚠ slow\nthird\n".encode()

    assert [entry.text for entry in read(data)] == [
        "✅ all checks pass\n   fresh: yes",
        "⚠ slow",
        "third",
    ]


def test_the_newest_entry_is_held_until_it_cannot_grow() -> None:
    decoder = WatchdogLogDecoder("log", HOME)

    assert decoder.decode(b"2026-01-01 10:00:00 - first\n", 0) == []
    assert decoder.pending is not None
    assert decoder.pending.text == "first"
    assert decoder.decode(b"  more\n", 28) == []
    (first,) = decoder.decode(b"2026-01-01 10:00:05 - second\n", 35)
    assert first.text == "first\n  more"
    (second,) = decoder.flush()
    assert (second.text, second.offset) == ("second", 35)
    assert decoder.flush() == []
    (late,) = decoder.decode(b"late\n", 64) + decoder.flush()
    assert (late.text, late.at) == ("late", None)


@settings(deadline=None)
@given(st.lists(st.integers(0, len(STAMPED)), max_size=6))
def test_batches_make_no_difference(cuts: list[int]) -> None:
    ends = sorted({STAMPED.rfind(b"\n", 0, cut) + 1 for cut in cuts} | {len(STAMPED)})
    decoder, entries, at = WatchdogLogDecoder("log", HOME), [], 0
    for end in ends:
        entries += decoder.decode(STAMPED[at:end], at)
        at = end

    assert entries + decoder.flush() == read(STAMPED)


@settings(deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_give_clean_entries(one: bytes, other: bytes) -> None:
    decoder = WatchdogLogDecoder("log")
    entries = decoder.decode(one + b"\n", 0) + decoder.decode(other, len(one) + 1) + decoder.flush()

    shown = "".join(entry.text + entry.tag + entry.clock for entry in entries)
    assert not set(shown) & set("\x00\x07\x1b\r\x7f\x9b\u202e")
    assert all(0 <= entry.offset <= len(one) + len(other) + 1 for entry in entries)


def test_an_entry_is_bounded() -> None:
    (entry,) = read(b"2026-01-01 10:00:00 - x\n" + b" line\n" * 50_000 + b" " + b"y" * 3_000_000)

    assert len(entry.text) < 25_000
    assert entry.text.endswith("lines left out …]")


@pytest.mark.parametrize(
    "piece", ["[" * 500, "2026-01-01 ", "=== Mon ", "- INFO ", "{" * 300, " \t", "\x1b["]
)
def test_hostile_lines_take_linear_time(piece: str) -> None:
    data = (piece * 4000)[:4000].encode() + b"\n"
    began = time.process_time()

    read(data * 500)

    assert time.process_time() - began < 5


RECORDED = {
    "d9aaa5728784": ("brackets with EST, 20 daemons down", 55, {"": 35, "error": 20}, 0),
    "61db0cd128d4": ("a drawn box, then eight rate limits", 13, {"": 5, "warning": 8}, 0),
    "69342ff47490": ("bars, four of them warn inside an INFO", 379, {"info": 371, "warning": 8}, 4),
    "3a49383cbf04": (
        "a loop that ended, its debug lines stamped INFO",
        64,
        {"info": 34, "ok": 6, "debug": 23, "warning": 1},
        4,
    ),
    "fe5962230304": (
        "a loop with one error",
        147,
        {"info": 80, "ok": 12, "debug": 54, "error": 1},
        4,
    ),
    "718e2e487079": (
        "agents on one terminal, 18 refusals by a usage limit; 4 lines of prompts look like trouble",
        157,
        {"": 102, "info": 32, "warning": 3, "error": 20},
        17,
    ),
    "6f1d1ec902de": ("no times at all", 684, {"ok": 684}, 649),
    "a6ce1c02dbf9": ("date, dash, words", 365, {"": 365}, 1),
}


@pytest.mark.parametrize("digest", RECORDED, ids=[recorded[0] for recorded in RECORDED.values()])
def test_recorded_logs(digest: str) -> None:
    """Counted by hand: lines with a head of their own, their levels, entries of several lines."""
    for path in shared("data", "real", "watchdog").iterdir():
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest()[:12] == digest:
            break
    else:
        pytest.skip("this recording is not among the shared material")

    entries = read(data)

    _, count, levels, joined = RECORDED[digest]
    assert len(entries) == count
    assert Counter(entry.level for entry in entries) == levels
    assert sum("\n" in entry.text for entry in entries) == joined
    assert not [entry for entry in entries if "\x1b" in entry.text]


def test_of_a_bar_drawn_over_itself_the_last_state_counts() -> None:
    decoder = WatchdogLogDecoder("log")
    bar = b"\r".join(b"%d%%" % share for share in range(9_000)) + b"\rcopied\r\n"

    entries = decoder.decode(bar, 0) + decoder.flush()

    assert [entry.text for entry in entries] == ["copied"]
