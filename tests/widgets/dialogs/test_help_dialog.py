"""The steps of help as a dialog: choosing, its parts at every size, what the keys give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.widgets.host import Host, screen_rows, until
from widgets.dialogs.dialog import Choice, DialogAnswer, DialogOption, sentences_document
from widgets.dialogs.help_dialog import HelpDialog, HelpStepChoice, share_rows

SIZES = [(120, 40), (80, 24), (60, 20), (40, 15)]
SEND = (Choice("soft", "Send"), Choice("hard", "Interrupt and send", danger=True))
BOTH = DialogOption("both", "b", "the conversation too")


def steps() -> list[HelpStepChoice]:
    return [
        HelpStepChoice("message", "Short message", "soon", ["By its runner."], SEND, ""),
        HelpStepChoice("step_back", "Step back", "soon", ["By its runner."], SEND, "Think again."),
        HelpStepChoice(
            "interrupt", "Interrupt", "now", ["It stays."], [Choice("interrupt", "Interrupt")]
        ),
        HelpStepChoice(
            "retry",
            "Rewind",
            "",
            ["Back to c1."],
            [Choice("retry", "Rewind and retry", danger=True)],
            "Tried in vain.",
            BOTH,
        ),
        HelpStepChoice("stop", "Stop", "", [], [Choice("stop", "Stop", danger=True)]),
    ]


def dialog(chosen: str = "step_back", evidence: int = 3) -> HelpDialog:
    lines = [f"evidence {n}" for n in range(evidence)]
    return HelpDialog("Step back", sentences_document(lines), steps(), chosen)


async def answered(
    what: HelpDialog, *keys: str, size: tuple[int, int] = (80, 24)
) -> DialogAnswer | str | None:
    given: list[DialogAnswer | None] = []
    app = Host()
    async with app.run_test(size=size) as pilot:
        app.push_screen(what, given.append)
        await pilot.pause(0.05)
        for key in keys:
            await pilot.press(key)
        await pilot.pause(0.05)
    return given[0] if given else "open"


ON = frozenset({"both"})
STEP_BACK = DialogAnswer("soft", ON, "Think again.", "step_back")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("ctrl+s",), STEP_BACK),
        (("escape",), None),
        (("enter", "ctrl+s"), STEP_BACK),
        # From the steps to the text, to the buttons, where sending is chosen already.
        (("tab", "tab", "enter"), STEP_BACK),
        (("tab", "tab", "right", "enter"), replace(STEP_BACK, choice="hard")),
        (("tab", "N", "o", "space", "ctrl+s"), replace(STEP_BACK, text="No Think again.")),
        # Nothing is sent without words, and the words of each step are its own.
        (("1", "ctrl+s"), "open"),
        (("1", "tab", "H", "i", "ctrl+s"), DialogAnswer("soft", ON, "Hi", "message")),
        (("1", "tab", "H", "i", "shift+tab", "2", "ctrl+s"), STEP_BACK),
        (("3", "ctrl+s"), DialogAnswer("interrupt", ON, "", "interrupt")),
        (("j", "tab", "enter"), DialogAnswer("interrupt", ON, "", "interrupt")),
        # What destroys something starts on Cancel, whichever key comes first.
        (("4", "ctrl+s"), "open"),
        (("4", "ctrl+s", "enter"), None),
        (("4", "enter", "enter"), None),
        (("4", "ctrl+s", "right", "enter"), DialogAnswer("retry", ON, "Tried in vain.", "retry")),
        (
            ("4", "b", "enter", "right", "enter"),
            DialogAnswer("retry", frozenset(), "Tried in vain.", "retry"),
        ),
        (("5", "enter", "enter"), None),
        (("5", "enter", "tab", "enter"), DialogAnswer("stop", ON, "", "stop")),
        (("9",), "open"),
    ],
)
async def test_keys(
    keys: tuple[str, ...], expected: DialogAnswer | str | None, size: tuple[int, int]
) -> None:
    assert await answered(dialog(), *keys, size=size) == expected


@pytest.mark.parametrize("size", SIZES)
async def test_every_part_is_in_sight_at_every_size(size: tuple[int, int]) -> None:
    app = Host()
    what = dialog(evidence=30)
    async with app.run_test(size=size) as pilot:
        app.push_screen(what)
        await pilot.pause(0.05)
        text = "\n".join(screen_rows(app))
        for words in ("evidence 0", "1 ( ) Short", "2 (•) Step", "5 ( ) Stop", "By its runner"):
            assert words in text
        assert "Think again." in text
        assert "Cancel" in text
        assert "Send" in text
        await pilot.press("4")
        await until(pilot, lambda: "4 (•) Rewind" in "\n".join(screen_rows(app)))
        text = "\n".join(screen_rows(app))
        assert "[✓] b the conversation too" in text
        assert "Back to c1." in text
        # All of the evidence, and the plan below it, are a key away.
        await pilot.press("ctrl+o", "G")
        await until(pilot, lambda: "evidence 29" in "\n".join(screen_rows(app)))
        await until(pilot, lambda: "Back to c1." in "\n".join(screen_rows(app)))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "4 (•) Rewind" in "\n".join(screen_rows(app)))


async def test_the_chosen_button_is_in_sight_where_not_all_have_room() -> None:
    app = Host()
    async with app.run_test(size=(40, 15)) as pilot:
        app.push_screen(dialog())
        await pilot.pause(0.05)
        await pilot.press("tab", "tab", "right")
        await until(pilot, lambda: "▸ Interrupt and send" in "\n".join(screen_rows(app)))


async def test_a_step_that_cannot_be_done_says_why_and_does_nothing() -> None:
    app = Host()
    given: list[DialogAnswer | None] = []
    no_way = [Choice("send", "Send", enabled=False, reason="no channel is open")]
    parts = steps()
    parts[1] = replace(parts[1], reason="no channel is open", buttons=no_way)
    what = HelpDialog("Step back", sentences_document(["one"]), parts, "step_back")
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(what, given.append)
        await pilot.pause(0.05)
        text = "\n".join(screen_rows(app))
        assert "not now: no channel is open" in text
        assert "Not now: no channel is open." in text
        assert "Think again." not in text
        await pilot.press("ctrl+s", "tab", "right", "enter")
        await pilot.pause(0.05)
        assert not given
        # It can be done now: what is known changes while the dialog is open.
        what.show(sentences_document(["one", "two"]), steps())
        await until(pilot, lambda: "Think again." in "\n".join(screen_rows(app)))
        assert "two" in "\n".join(screen_rows(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: given == [STEP_BACK])


async def test_what_was_written_stays_when_the_facts_change() -> None:
    app = Host()
    what = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(what)
        await pilot.pause(0.05)
        await pilot.press("tab", "O", "h", "space")
        changed = steps()
        changed[1] = replace(changed[1], text="Other words.")
        what.show(sentences_document(["new"]), changed)
        await until(pilot, lambda: "new" in "\n".join(screen_rows(app)))
        assert "Oh Think again." in "\n".join(screen_rows(app))
        await pilot.press("escape")


@pytest.mark.parametrize(
    ("free", "need", "expected"),
    [
        (20, {"evidence": 3, "plan": 2, "text": 8}, {"evidence": 3, "plan": 2, "text": 8}),
        (12, {"evidence": 30, "plan": 2, "text": 8}, {"evidence": 8, "plan": 1, "text": 3}),
        (30, {"evidence": 30, "plan": 2, "text": 8}, {"evidence": 20, "plan": 2, "text": 8}),
        (5, {"evidence": 9, "plan": 9, "text": 8}, {"evidence": 1, "plan": 1, "text": 3}),
        (9, {"evidence": 2, "plan": 20, "text": 0}, {"evidence": 2, "plan": 7, "text": 0}),
    ],
)
def test_rows_are_shared_out(free: int, need: dict[str, int], expected: dict[str, int]) -> None:
    assert share_rows(free, need, {"evidence": 1, "plan": 1, "text": 3}) == expected
