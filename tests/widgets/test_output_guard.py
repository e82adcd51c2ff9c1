from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.widgets import Input, Label, Static

from tests.widgets.host import Host, screen_rows, screen_segments
from tests.widgets.hostile import HOSTILE, MARKUP
from widgets.output_guard import OutputGuard, show_toast

BLACK = Color(0, 0, 0)
REPOSITORY = Path(__file__).resolve().parents[2]


def through(text: str, style: Style | None = None, ascii_only: bool = False) -> Segment:
    return OutputGuard(ascii_only).apply([Segment(text, style)], BLACK)[0]


def test_the_attribute_that_install_uses_is_there() -> None:
    app = Host()
    filters = app._filters
    assert isinstance(filters, list)
    assert filters[0] is app.guard
    assert all(isinstance(each, LineFilter) for each in filters)
    assert app.guard in App.get_line_filters(app)


@given(st.text())
@settings(deadline=None)
def test_nothing_unprintable_passes_and_columns_stay(text: str) -> None:
    out = through(text).text
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in out)
    assert not any(0xD800 <= ord(char) < 0xE000 for char in out)
    if not any(0xFE00 <= ord(c) <= 0xFE0F or ord(c) == 0x200D or ord(c) > 0x1F000 for c in text):
        assert cell_len(out) == cell_len(text)


@given(st.text())
@settings(deadline=None)
def test_the_plain_guard_lets_only_ascii_pass(text: str) -> None:
    out = through(text, ascii_only=True).text
    assert out.isascii()
    assert out.isprintable()


def test_hyperlinks_are_taken_away_and_clean_lines_left_alone() -> None:
    style = Style(bold=True, link="http://evil/\x1b]0;x\x07")
    out = through("click", style).style
    assert out is not None
    assert out.link is None
    assert out.bold
    clean = [Segment("clean ✓", Style(bold=True))]
    assert OutputGuard().apply(clean, BLACK) is clean


SHORT = [text for text in HOSTILE if len(text) < 200]


async def test_stock_widgets_are_guarded() -> None:
    raw = [Static(Content(text)) for text in SHORT] + [Label(Content(text)) for text in SHORT]
    app = Host(*raw, lambda: Input(value=SHORT[0]))
    async with app.run_test(size=(60, 3 * len(SHORT))) as pilot:
        for text in SHORT[:12]:
            show_toast(app, text, title=text[:40])
        await pilot.pause(0.05)
        assert "owned" in "".join(screen_rows(app))
        for row in screen_segments(app):
            for segment in row:
                assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in segment.text)
                segment.text.encode("utf-8")


async def test_markup_stays_words() -> None:
    app = Host(*[Static(Content(text)) for text in MARKUP])
    async with app.run_test(size=(60, 2 * len(MARKUP))) as pilot:
        for text in MARKUP[:6]:
            show_toast(app, text)
        await pilot.pause(0.05)
        shown = "\n".join(screen_rows(app))
        for text in MARKUP:
            assert text[:40] in shown, text


SCRIPT = """
import sys
from textual.content import Content
from textual.widgets import Static, Label, Input
from tests.widgets.host import Host
from tests.widgets.hostile import CONTROLS, MARKUP
from widgets.output_guard import show_toast
texts = [t for t in (*CONTROLS, *MARKUP)]
shown = [Static(Content(t)) for t in texts] + [Label(Content(t)) for t in texts]
app = Host(*shown, lambda: Input(value=texts[0]))
def ready():
    for t in texts[:8]: show_toast(app, t, timeout=60)
    app.set_timer(0.6, app.exit)
app.call_later(ready)
app.run(mouse=False)
"""


def test_no_payload_reaches_a_real_terminal() -> None:
    """The whole way: our filter, Textual's compositor and driver, a pseudo-terminal."""
    master, slave = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "LINES": "60", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=REPOSITORY,
        env=environ,
        start_new_session=True,
    )
    os.close(slave)
    out = _read_all(master, process)
    text = out.decode("utf-8", "replace")
    assert "owned" in text, "the payload's words must have been drawn for this to mean anything"
    for sequence in ("\x1b]0;", "\x1b]52;", "\x1b]8;", "\x1b]133", "\x1bc", "\x1b[21t", "\x1bP$qm"):
        assert sequence not in text, repr(sequence)
    for char in ("\x9b", "\x9d", "\x0e", "\u202e", "\u200b", "\u2066", "\U000e0041"):
        assert char not in text, repr(char)


def _read_all(master: int, process: subprocess.Popen[bytes]) -> bytes:
    out = b""
    end = time.monotonic() + 30
    try:
        while time.monotonic() < end:
            ready, _, _ = select.select([master], [], [], 0.1)
            if ready:
                try:
                    chunk = os.read(master, 65536)
                except OSError:
                    break
                if not chunk:
                    break
                out += chunk
            elif process.poll() is not None:
                break
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)
    return out
