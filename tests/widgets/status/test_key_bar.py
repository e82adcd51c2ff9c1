from __future__ import annotations

from tests.widgets.host import Host, heard, screen_rows, until
from widgets.ink import text_of
from widgets.status.key_bar import KeyBar, KeyBarItem, key_bar_parts

ITEMS = (
    KeyBarItem("c", "checkpoint", "checkpoint"),
    KeyBarItem("s", "step back", "step_back", enabled=False, rank=2),
    KeyBarItem("/", "search", "search", gap=True, rank=2),
    KeyBarItem("?", "help", "help", right=True, gap=True, rank=0),
)


def test_the_key_bar_says_what_can_be_done() -> None:
    parts = list(key_bar_parts(ITEMS, 60))
    assert drawn(60) == " c checkpoint  s step back │ / search              │ ? help"
    of_items = [(item, text_of(spans)) for spans, item in parts if item is not None]
    assert of_items == [(item, f"{item.key} {item.label}") for item in ITEMS]
    roles = {text.strip(): role for spans, _ in parts for text, role in spans}
    assert (roles["c"], roles["s"]) == ("accent", "faint")


def drawn(width: int) -> str:
    return "".join(text_of(spans) for spans, _ in key_bar_parts(ITEMS, width)).rstrip()


def test_a_narrow_key_bar_keeps_help() -> None:
    assert drawn(26) == " c checkpoint    │ ? help"
    assert drawn(8).strip() == "? help"


async def test_the_key_bar_can_be_clicked() -> None:
    pressed, hook = heard(KeyBar.Pressed)

    footer = KeyBar([KeyBarItem("c", "checkpoint", "c"), KeyBarItem("r", "rewind", "r", False)])
    app = Host(footer)
    async with app.run_test(size=(60, 3), message_hook=hook) as pilot:
        await until(pilot, lambda: "rewind" in screen_rows(app)[2])
        await pilot.click(footer, offset=(3, 0))
        await pilot.click(footer, offset=(17, 0))
        await pilot.click(footer, offset=(50, 0))
        await pilot.pause()
        assert [getattr(m, "item", None) for m in pressed] == list(footer.items)
