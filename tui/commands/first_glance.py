"""The newest lines on the screen while the rest of the program is still being loaded.

Written with the same decoder and the same words as the real screen, straight to the terminal's
alternate screen; the real screen takes its place a moment later.
"""

from __future__ import annotations

import os
import shutil
import sys

from tui.system.format import format_clock

_TAIL = 192 << 10
_NARROW = 100


def show_first_screen(path: str, project: str) -> None:
    """Paints the newest events of a file; does nothing when that is not possible at once."""
    from tui.system.sanitize import clean_line

    lines = newest(path)
    if not lines:
        return
    width, height = shutil.get_terminal_size()
    left = 0 if width < _NARROW else min(52, max(30, width * 34 // 100))
    top = 3 if left else 4
    room = height - top - 2
    if room < 3:
        return
    name = clean_line(project, 60)
    out = ["\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l\x1b[?7l", f" overnight   {name}   opening"]
    shown = lines[-room:]
    for place, text in enumerate(shown):
        out.append(f"\x1b[{top + 1 + place};{left + 3}H{text[: width - left - 4]}")
    out.append("\x1b[?7h")
    sys.stdout.write("".join(out))
    sys.stdout.flush()


def newest(path: str) -> list[str]:
    """The newest visible events of a file, one line each, oldest first; empty when there are none."""
    from tui.feeds.event_rows import row, visibility
    from tui.feeds.events import ClaudeDecoder

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            start = max(0, size - _TAIL)
            data = os.pread(descriptor, size - start, start)
        finally:
            os.close(descriptor)
    except OSError:
        return []
    if start:
        data = data[data.find(b"\n") + 1 :]
    events = ClaudeDecoder(path).decode(data[: data.rfind(b"\n") + 1], start).events
    texts = []
    for event in [event for event in events if visibility(event) == 1][-200:]:
        drawn = row(event, None, None)
        at = "" if drawn.at is None else format_clock(drawn.at)
        sign = {"error": "✗", "ok": "✓", "warning": "!"}.get(drawn.mark, " ")
        texts.append(f"{at:8} {sign} {drawn.label:<10} {drawn.text}  {drawn.outcome}")
    return texts
