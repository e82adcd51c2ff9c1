from __future__ import annotations

from tui.model.records import LogEntry
from widgets.ink import Line, text_of
from widgets.text.sidecar_views import log_line

AT = 8047.0


def drawn(line: Line) -> str:
    return text_of(line).rstrip()


def test_a_log_entry() -> None:
    entry = LogEntry(
        "w", 0, AT, "error", "Session exited with code 1\nTraceback\nKeyError", tag="dog"
    )
    assert drawn(log_line(entry, 70)) == "02:14:07 ✗ dog Session exited with code 1 +2 lines"
    assert drawn(log_line(entry, 30)) == "02:14 ✗ Session exit… +2 lines"
    untimed = LogEntry("w", 0, None, "", "plain", clock="01:02:03")
    assert drawn(log_line(untimed, 70)) == "01:02:03   plain"
