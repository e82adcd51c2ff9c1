"""Nothing that comes from outside reaches the terminal as a command: a real pty, every byte looked at.

Every payload stands in every place that shows text, many of them at a time; the app is led past all
of these places, and no payload's sequence may be among the bytes that it wrote.
"""

from __future__ import annotations

import os
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.hostile_project import hostile_project
from tests.payloads import MARKUP_STRINGS, PAYLOADS

TEXTS = [payload.text[:4_000] for payload in PAYLOADS] + [f"m {text} m" for text in MARKUP_STRINGS]
FORBIDDEN = [(payload.name, payload.forbidden) for payload in PAYLOADS]
HOME = b"\x1b[1;1H"
SHARED = (b"\x1b[2J", b"\x1b[2K", b"\x1b[c", b"\x1b[?1049h", b"\x1b[?1000h", b"\x1b[6n")
COPY = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]{8,})\x07")
OWN = re.compile(
    rb"\x1b\[[0-9;]*m"  # colours
    rb"|\x1b\[\d*;?\d*H|\x1b\[\d*[ABCDGJK]|\x1b\[\d+ q"  # moving, erasing, cursor shape
    rb"|\x1b\[\?(?:\d+;?)+(?:\$p|[hlu])|\x1b\[[<>=]\d*;?\d*u"  # modes it sets and takes back
    rb"|\x1b\[[>=]?c|\x1b\[\?u"  # questions about the keyboard
    rb"|\x1b\]22;default\x07"  # the pointer's shape
    rb"|\x1b[=>]|\x1b\[!p"
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal.close()


def check(output: bytes, copies: int = 0) -> None:
    """No payload's sequence, and no control sequence at all but those that the screen is made of.

    `copies` is how often the person copied a line: what went to the clipboard is that line.
    """
    copied = COPY.findall(output)
    assert len(copied) == copies
    assert not {b64decode(data) for data in copied} & {b"rm -rf ~", b"x"}
    output = COPY.sub(b"", output)
    for name, forbidden in FORBIDDEN:
        if forbidden in SHARED or forbidden == HOME:
            continue  # the screen's own; that none comes of a payload is counted
        assert forbidden not in output, name
    rest = OWN.sub(b"", output)
    left = {
        rest[at : at + 12] for at in (m.start() for m in re.finditer(rb"[\x1b\x07\x0e\x0f]", rest))
    }
    assert not left, f"sequences that are not the screen's own: {sorted(left)[:5]}"
    controls = {byte for byte in rest if byte < 0x20 and byte not in (0x08, 0x0A, 0x0D)}
    assert not controls
    text = output.decode("utf-8", "strict")
    for sign in set(text):
        code = ord(sign)
        assert not 0x80 <= code < 0xA0, f"a C1 control: {code:#x}"
        assert code not in range(0x202A, 0x202F), "a bidi override"
        assert code not in range(0x2066, 0x206A), "a bidi isolate"
        assert code not in (0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0x2060, 0xFEFF, 0x61C)
        assert code not in range(0xE0000, 0xE0080), "a tag character"


def press(terminal: Terminal, keys: str) -> None:
    """Keys that only move: the answer is read, whatever it is."""
    for key in re.findall(r"\x1b\[\d~|.", keys, re.DOTALL):
        terminal.press(key)
        terminal.read(0.05)
        while terminal.read(0.01):
            pass
    assert terminal.process.poll() is None, f"it ended after {keys!r}\n{terminal.text}"


def visit(terminal: Terminal, key: str, words: str, inside: str = "") -> None:
    """Opens what lies over the screen, moves about in it, and comes back."""
    terminal.press(key)
    terminal.see(words)
    press(terminal, inside)
    terminal.press("\x1b")
    terminal.until(lambda: words not in terminal.text)


def bar_is_open(terminal: Terminal) -> bool:
    return any(row.startswith(" / ") for row in terminal.rows[-3:])


def look_for(terminal: Terminal, typed: bytes, then: str = "") -> None:
    """A search from the first key to escape."""
    terminal.press("/")
    terminal.see("search the whole night")
    os.write(terminal._ours, typed)
    press(terminal, "\r" + then)
    terminal.press("\x1b")
    terminal.until(lambda: not bar_is_open(terminal))


def tour(terminal: Terminal) -> None:
    """Past every place that shows text from outside."""
    detail = "j k scroll"
    terminal.see("Events", "q quit" if terminal.screen.columns > 100 else "? help")
    terminal.settle()
    press(terminal, "vvg" + "\x1b[6~" * 10 + "Gv1z  Gz3z    Gz4zg  ")
    visit(terminal, "\r", "┏ Watchdog", "  ")
    press(terminal, "z2")
    for _ in range(5):
        press(terminal, "E")
        visit(terminal, "\r", detail, "  ")
    press(terminal, "Gkk")
    visit(terminal, "\r", detail, "  G")
    visit(terminal, "x", "last sign of life", "  ")
    visit(terminal, "o", "newest event stream in", "  G")
    visit(terminal, "?", "go to the progress pane")
    for text in ("before", "[/]", "[@click=app.quit]"):
        look_for(terminal, text.encode(), "nn")
    press(terminal, "[[[[]yttt")
    visit(terminal, "\x10", "Search for commands", "sou")
    terminal.settle()


def tour_of_the_review(terminal: Terminal) -> None:
    """Past every list of the review and the table of nights."""
    terminal.press("m")
    terminal.see("Look here first")
    press(terminal, "jjj Gg")
    for key, words in (
        ("C", " C "),
        ("D", " D "),
        ("L", " L "),
        ("B", " B "),
        ("W", " W "),
        ("T", " T "),
    ):
        press(terminal, key)
        terminal.see(words)
        press(terminal, "jj  g")
    press(terminal, "P[[]]++--")
    terminal.press("R")
    terminal.see("not reviewed")
    press(terminal, "jkssS")
    visit(terminal, "x", "What fails", "  ")
    terminal.press("R")
    terminal.see("Look here first")
    terminal.press("m")
    terminal.see("Events")


def quit_app(terminal: Terminal) -> None:
    for _ in range(4):
        terminal.press("\x1b")
        terminal.settle()
    terminal.press("\x11")
    assert terminal.end() == 0, terminal.text


HALF = len(TEXTS) // 2
GROUPS = {"calm": ["ordinary words"] * 3, "first": TEXTS[:HALF], "second": TEXTS[HALF:]}


def own_signs(output: bytes) -> dict[bytes, int]:
    """How often the screen itself erased, homed, asked or set a mode."""
    return {each: output.count(each) for each in SHARED}


@pytest.fixture(scope="module")
def quiet_signs(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, int]:
    return own_signs(toured(tmp_path_factory.mktemp("quiet"), "calm"))


def toured(folder: Path, group: str) -> bytes:
    """All bytes that the app writes on the tour through a project full of these texts."""
    project = hostile_project(folder, GROUPS[group])
    terminal = Terminal("watch", home=folder, cwd=project)
    try:
        tour(terminal)
        quit_app(terminal)
    finally:
        terminal.close()
    crash = folder / ".local/state/overnight-tui/crash.log"
    assert not crash.exists(), crash.read_text()
    assert b"Traceback" not in terminal.output
    return bytes(terminal.output)


@pytest.mark.parametrize("group", ["first", "second"])
def test_no_payload_reaches_the_terminal(
    tmp_path: Path, quiet_signs: dict[bytes, int], group: str
) -> None:
    """Erasing, homing and modes are the screen's own too: hostile text adds none to them."""
    output = toured(tmp_path, group)
    check(output, copies=1)
    assert own_signs(output) == quiet_signs


@pytest.mark.parametrize("group", ["first", "second"])
def test_no_payload_passes_the_review(tmp_path: Path, opened: list[Terminal], group: str) -> None:
    terminal = Terminal("watch", home=tmp_path, cwd=hostile_project(tmp_path, GROUPS[group]))
    opened.append(terminal)
    terminal.see("Events", "q quit")
    terminal.settle()
    tour_of_the_review(terminal)
    quit_app(terminal)
    check(bytes(terminal.output))
    assert b"Traceback" not in terminal.output


def is_typed(data: bytes) -> bool:
    """What a terminal may hand on: one line of text; a lone eight-bit byte is none."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\n" not in data and len(data) < 1_000


def test_words_typed_into_the_search_bar_are_words(tmp_path: Path, opened: list[Terminal]) -> None:
    project = hostile_project(tmp_path, GROUPS["calm"])
    terminal = Terminal("watch", home=tmp_path, cwd=project, size=(80, 24))
    opened.append(terminal)
    terminal.see("Events")
    half = len(MARKUP_STRINGS) // 2
    for texts in (MARKUP_STRINGS[:half], MARKUP_STRINGS[half:]):
        look_for(terminal, " ".join(texts).encode(), "n")
    short = [each.data for each in PAYLOADS if is_typed(each.data)]
    for start in range(0, len(short), 9):
        # a paste, as a terminal hands it on: the escape bytes arrive as they are
        look_for(terminal, b"\x1b[200~" + b" ".join(short[start : start + 9]) + b"\x1b[201~")
    terminal.settle()
    assert terminal.process.poll() is None
    quit_app(terminal)
    check(bytes(terminal.output))


def test_the_check_can_fail() -> None:
    for payload in PAYLOADS:
        if payload.forbidden in SHARED or payload.forbidden == HOME:
            continue
        with pytest.raises((AssertionError, UnicodeDecodeError)):
            check(b"\x1b[1m ordinary " + payload.data)
    check(b"\x1b[1m ordinary \x1b[0m\r\n")
