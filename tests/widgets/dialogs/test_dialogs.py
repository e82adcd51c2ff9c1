from __future__ import annotations

import pytest
from textual.screen import Screen
from textual.widgets import TextArea

from tests.widgets.host import Host, screen_rows, until
from widgets.dialogs.dialog import (
    Choice,
    Dialog,
    DialogAnswer,
    DialogOption,
    NoticeDialog,
    Sentence,
)
from widgets.dialogs.list_dialogs import EscalationDialog, Picker, PickerRow
from widgets.dialogs.text_dialogs import PromptDialog
from widgets.text.documents import WrappedText


async def answered(
    dialog: Dialog, *keys: str, size: tuple[int, int] = (80, 24)
) -> DialogAnswer | str | None:
    """What the dialog gives after these keys; "open" when it is still there."""
    given: list[DialogAnswer | None] = []
    app = Host()
    async with app.run_test(size=size) as pilot:
        app.push_screen(dialog, given.append)
        await pilot.pause(0.05)
        assert all(app.screen.region.contains_region(w.region) for w in dialog.query("ButtonRow"))
        for key in keys:
            await pilot.press(key)
        await pilot.pause(0.05)
    return given[0] if given else "open"


def plan() -> Dialog:
    lines: list[Sentence] = ["7 files will be written.", ("! 2 not covered", "warning")]
    lines.extend(f"file {n}" for n in range(60))
    return Dialog(
        "Rewind",
        lines,
        [
            Choice("go", "Rewind", danger=True),
            Choice("code", "Code only", enabled=False, reason="no"),
        ],
        [DialogOption("safety", "a", "a safety checkpoint first")],
    )


SAFE = frozenset({"safety"})


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("enter",), None),
        (("escape",), None),
        (("q",), None),
        (("tab", "enter"), DialogAnswer("go", SAFE)),
        (("right", "left", "enter"), None),
        (("l", "a", "enter"), DialogAnswer("go")),
        (("j", "pagedown", "k"), "open"),
        (("right", "right", "enter"), "open"),
        (("left", "left", "enter"), DialogAnswer("go", SAFE)),
    ],
)
async def test_a_plan_starts_on_cancel(
    keys: tuple[str, ...], expected: DialogAnswer | str | None, size: tuple[int, int]
) -> None:
    assert await answered(plan(), *keys, size=size) == expected


async def test_a_plan_scrolls() -> None:
    dialog = plan()
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog)
        await pilot.pause(0.05)
        text = "\n".join(screen_rows(app))
        assert "7 files will be written." in text
        assert "▸ Cancel" in text
        assert "[✓] a a safety checkpoint first" in text
        await pilot.press("pagedown")
        await until(pilot, lambda: "7 files" not in "\n".join(screen_rows(app)))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not dialog)


def escalation() -> EscalationDialog:
    return EscalationDialog(
        "Stop",
        ["It runs pytest."],
        [
            Choice("interrupt", "Interrupt", "the session stays"),
            Choice("stop", "Stop", "finish the tool", enabled=False, reason="not ours"),
            Choice("kill", "Kill now", "the run is over", danger=True),
        ],
        [DialogOption("checkpoint", "a", "a checkpoint first")],
    )


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("enter",), None),
        (("k", "enter"), DialogAnswer("kill", frozenset({"checkpoint"}))),
        (("up", "a", "enter"), DialogAnswer("kill")),
        (("k", "k", "enter"), "open"),
        (("down", "enter"), DialogAnswer("interrupt", frozenset({"checkpoint"}))),
        (("escape",), None),
    ],
)
async def test_an_escalation_starts_on_cancel(
    keys: tuple[str, ...], expected: DialogAnswer | str | None, size: tuple[int, int]
) -> None:
    assert await answered(escalation(), *keys, size=size) == expected


async def test_a_click_on_a_step_only_highlights_it() -> None:
    dialog, answers = escalation(), list[DialogAnswer | None]()
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog, answers.append)
        await until(pilot, lambda: "▸ Cancel" in "\n".join(screen_rows(app)))
        row = next(y for y, text in enumerate(screen_rows(app)) if "Kill now" in text)
        await pilot.click(offset=(40, row))
        await until(pilot, lambda: "▸ Kill now" in screen_rows(app)[row])
        assert not answers
        await pilot.press("enter")
        await until(pilot, lambda: bool(answers))
    assert answers == [DialogAnswer("kill", frozenset({"checkpoint"}))]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("x", "ctrl+s"), DialogAnswer("send", text="hellox")),
        (("enter", "y", "tab", "enter"), DialogAnswer("send", text="hello\ny")),
        (("q", "escape"), None),
        (("tab", "left", "enter"), None),
        (("ctrl+a", "ctrl+k", "ctrl+s"), "open"),
    ],
)
async def test_a_prompt_sends_what_was_written(
    keys: tuple[str, ...], expected: DialogAnswer | str | None
) -> None:
    assert await answered(PromptDialog("Inject", ["Soft."], "hello"), *keys) == expected


async def test_a_prompt_at_60_by_20_shows_its_choices() -> None:
    dialog = PromptDialog("Inject", ["Some words about it."] * 10, "hello")
    app = Host()
    async with app.run_test(size=(60, 20)) as pilot:
        app.push_screen(dialog)
        await until(pilot, lambda: "Send" in "\n".join(screen_rows(app)))
        assert dialog.query_one(TextArea).has_focus


PICKS = [PickerRow(str(n), f"checkpoint {n}", "green") for n in range(40)]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_a_picker_previews_and_then_asks(size: tuple[int, int]) -> None:
    asked: list[str] = []
    given: list[DialogAnswer | None] = []

    def preview(key: str) -> None:
        asked.append(key)
        if key != "1":
            picker.set_preview(key, WrappedText(f"preview of {key}"))

    picker = Picker("Rewind", PICKS, [Choice("rewind", "Rewind", danger=True)], preview)
    app = Host()
    async with app.run_test(size=size) as pilot:
        app.push_screen(picker, given.append)
        await until(pilot, lambda: "preview of 0" in "\n".join(screen_rows(app)))
        await pilot.press("j")
        await until(pilot, lambda: "looking" in "\n".join(screen_rows(app)))
        picker.set_preview("0", WrappedText("too late"))
        picker.set_preview("1", None, "nothing would change")
        await until(pilot, lambda: "nothing would change" in "\n".join(screen_rows(app)))
        await pilot.press("j", "enter")
        await until(pilot, lambda: "▸ Cancel" in "\n".join(screen_rows(app)))
        assert "preview of 2" in "\n".join(screen_rows(app))
        await pilot.press("right", "enter")
        await until(pilot, lambda: bool(given))
        assert asked == ["0", "1", "2"]
        assert given == [DialogAnswer("rewind", row="2")]


async def test_a_picker_without_rows_gives_nothing() -> None:
    picker = Picker("Rewind", [], [Choice("rewind", "Rewind")], lambda key: None)
    assert await answered(picker, "tab", "tab", "right", "enter") == "open"


async def test_a_notice_only_closes() -> None:
    assert await answered(NoticeDialog("Why", ["because"]), "enter") is None
    assert isinstance(NoticeDialog("Why", []), Screen)
