from __future__ import annotations

from tests.widgets.host import Host, heard, screen_rows, until
from widgets.ink import Line, text_of
from widgets.status.key_bar import KeyBar, KeyBarItem, key_bar_line

ITEMS = (
    KeyBarItem("c", "checkpoint", "checkpoint"),
    KeyBarItem("s", "step back", "step_back", enabled=False, reason="nothing repeats", rank=2),
    KeyBarItem("/", "search", "search", gap=True, rank=2),
    KeyBarItem("?", "help", "help", right=True, gap=True, rank=0),
)


def test_the_key_bar_says_what_can_be_done() -> None:
    line, places = key_bar_line(ITEMS, 60)
    text = text_of(line)
    assert text.rstrip() == " c checkpoint  s step back │ / search              │ ? help"
    for item, (start, end) in zip(ITEMS, places, strict=True):
        assert text[start:end] == f"{item.key} {item.label}"
    roles = {text.strip(): role for text, role in line}
    assert (roles["c"], roles["s"]) == ("accent", "faint")


def drawn(line: Line) -> str:
    return text_of(line).rstrip()


def test_a_narrow_key_bar_keeps_help() -> None:
    line, places = key_bar_line(ITEMS, 26)
    assert drawn(line) == " c checkpoint    │ ? help"
    assert places[1] == (-1, -1)
    assert drawn(key_bar_line(ITEMS, 8)[0]).strip() == "? help"


async def test_the_key_bar_can_be_clicked() -> None:
    pressed, hook = heard(KeyBar.Pressed)

    footer = KeyBar(
        [KeyBarItem("c", "checkpoint", "c"), KeyBarItem("r", "rewind", "r", False, "why")]
    )
    app = Host(footer)
    async with app.run_test(size=(60, 3), message_hook=hook) as pilot:
        await until(pilot, lambda: "rewind" in screen_rows(app)[2])
        await pilot.click(footer, offset=(3, 0))
        await pilot.click(footer, offset=(17, 0))
        await pilot.click(footer, offset=(50, 0))
        await pilot.pause()
        assert [getattr(m, "item", None) for m in pressed] == list(footer.items)
