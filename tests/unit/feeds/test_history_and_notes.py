"""The history files of the original system, and session notes."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from tui.feeds.sidecar_files import SHOWN_BYTES, read_compactions, read_history, read_notes

SESSIONS = b"""\
{"end_time": "2025-12-06T12:00:00+00:00", "commits_made": 3, "files_changed": 7,\
 "tests_passed": null, "runtime_hours": 1.5}
{"end_time": "2025-12-07T12:00:00+00:00", "commits_made": 1, "files_changed": 2,\
 "tests_passed": {"passed": 40, "failed": 2, "total": 42, "exit_code": 1}, "runtime_hours": null}

no json
[1, 2]
{"end_time": 17, "commits_made": "many", "files_changed": -1, "tests_passed": [], "runtime_hours": true}
{"end_time": "2025-12-08T12:00:"""


def test_sessions() -> None:
    first, second, third = read_history(SESSIONS, "s")

    assert (first.commits, first.files_changed, first.runtime_hours) == (3, 7, 1.5)
    assert first.ended_at == datetime.fromisoformat("2025-12-06T12:00:00+00:00").timestamp()
    assert (first.tests_passed, first.tests_failed) == (None, None)
    assert (second.tests_passed, second.tests_failed, second.runtime_hours) == (40, 2, None)
    assert (third.ended_at, third.commits, third.files_changed, third.tests_passed) == (
        17.0,
        0,
        0,
        None,
    )
    assert (first.offset, third.offset) == (0, SESSIONS.index(b'{"end_time": 17'))


def test_compactions_old_and_new() -> None:
    data = b"""\
{"timestamp": "2025-12-06T03:27:40.782104", "estimated_tokens": 170000, \
 "compaction_reason": "approaching_limit", "transcript_size_kb": 680,\
 "backup_path": "logs/transcripts/t.jsonl",\
 "checkpoint_created": true, "transcript_backed_up": true}
{"timestamp": "2025-12-06T03:46:18", "estimated_tokens": "unknown", "compaction_reason": "\x1b[1m",\
 "backup_path": null,\
 "checkpoint_created": false}
"""
    data = data.replace(b"\x1b", b"\\u001b")
    first, second = read_compactions(data, "c")

    assert first.at == datetime(2025, 12, 6, 3, 27, 40, 782104).timestamp()  # noqa: DTZ001
    assert (first.estimated_tokens, first.reason, first.checkpoint) == (
        170000,
        "approaching_limit",
        True,
    )
    assert (second.estimated_tokens, second.checkpoint) == (None, False)
    assert "\x1b" not in second.reason


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    read_history(data, "s")
    read_compactions(data, "c")
    assert not set(read_notes(data, "n", None).text) & set("\x00\x1b\r\x9b\u202e")


def test_notes_are_clean_and_capped() -> None:
    notes = read_notes(b"\xef\xbb\xbf# Notes\r\n- a \x1b]0;title\x07 b\r\n", "n.md", 3.0)

    assert notes.text.startswith("# Notes\n- a ")
    assert "\x1b" not in notes.text
    assert (notes.source, notes.at) == ("n.md", 3.0)
    long = read_notes("ä".encode() * SHOWN_BYTES, "n.md", None)
    assert "\ufffd" not in long.text
    assert long.text.startswith(f"[… {SHOWN_BYTES:,} bytes of older notes left out …]\n")


def test_long_notes_lose_their_oldest_part_in_whole_lines() -> None:
    lines = [f"- step {number} of the work" for number in range(20_000)]
    notes = read_notes("\n".join(lines).encode(), "n.md", None)
    notice, empty, first, *rest = notes.text.split("\n")

    left_out = len(lines) - 1 - len(rest)
    assert rest[-1] == lines[-1]
    assert first == lines[left_out]
    octets = sum(len(line) + 1 for line in lines[:left_out])
    assert (notice, empty) == (f"[… {octets:,} bytes of older notes left out …]", "")
    assert not notes.newest_first


def test_notes_with_the_newest_on_top_lose_their_end() -> None:
    text = "".join(
        f"## Session {number} (2026-01-{1 + number // 60:02d})\n- words of it\n" * 4
        for number in range(1600, 0, -1)
    )
    notes = read_notes((text * 2)[: 3 * SHOWN_BYTES].encode(), "n.md", None)

    assert notes.newest_first
    assert notes.text.startswith("## Session 1600 ")
    assert notes.text.endswith(" bytes of older notes left out …]\n")
