from __future__ import annotations

import msgspec
import pytest
from rich.cells import cell_len

from tui.model.state import SessionState
from widgets.glyphs import ASCII, ASCII_TWINS, UNICODE, Glyphs, glyphs_for
from widgets.status.session_header import state_span


@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_sign_takes_one_column(signs: Glyphs) -> None:
    for name, sign in msgspec.structs.asdict(signs).items():
        length = {"bars": 5, "frame": 7, "stale": 7, "heavy": 7}.get(name, 1)
        assert len(sign) == length, name
        assert all(cell_len(char) == 1 for char in sign), name


def test_the_plain_signs_are_ascii_and_every_other_has_a_twin() -> None:
    for name, sign in msgspec.structs.asdict(ASCII).items():
        assert sign.isascii(), name
    for name, sign in msgspec.structs.asdict(UNICODE).items():
        for char in sign:
            twin = ASCII_TWINS.get(ord(char), char)
            assert twin.isascii(), (name, char)
            assert len(twin) == 1, (name, char)


def test_which_signs_suit_a_terminal() -> None:
    assert glyphs_for({"TERM": "xterm-256color"}, "utf-8") is UNICODE
    assert glyphs_for({"TERM": "linux"}, "utf-8") is ASCII
    assert glyphs_for({"TERM": "xterm"}, "ANSI_X3.4-1968") is ASCII
    assert glyphs_for({}, "UTF8") is UNICODE


@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_each_state_has_a_sign_of_its_own(signs: Glyphs) -> None:
    """But for the two that wait for the same: the agent, and its API."""
    shown = {state: state_span(state, signs)[0] for state in SessionState}
    assert shown.pop(SessionState.STARTING) == shown[SessionState.WAITING_API]
    assert len(set(shown.values())) == len(shown)
