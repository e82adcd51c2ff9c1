from __future__ import annotations

from tests.widgets.host import Host, screen_rows, until, words
from tui.model.records import ProgressFile, ProgressSection, ProgressTask
from widgets.ink import text_of
from widgets.text.sidecar_views import ProgressView, progress_bar, progress_rows

TASKS = (
    ProgressTask("audit", "done", "One"),
    ProgressTask("balance", "done", "One"),
    ProgressTask("optimise", "in_progress", "Two", "P0"),
    ProgressTask("keys", "blocked", "Two"),
    ProgressTask("filter", "open", "Two", depth=1),
)


PROGRESS = ProgressFile(
    "claude-progress.txt",
    None,
    "checkboxes",
    2,
    3,
    TASKS,
    (ProgressSection("One", 2, 0), ProgressSection("Two", 0, 3)),
    blockers=("no keys",),
    goal="make it fast",
)


def test_progress_in_full() -> None:
    assert words(progress_rows(PROGRESS, 30)) == [
        "✗ no keys",
        "━━━━━━━━───────────── 2/5  40%",
        "make it fast",
        "",
        "One                        2/2",
        " ✓ audit",
        " ✓ balance",
        "Two                        0/3",
        " ▸ optimise P0",
        " ✗ keys",
        "   ○ filter",
    ]


def test_progress_with_little_room_puts_done_tasks_together() -> None:
    assert words(progress_rows(PROGRESS, 30, height=8)) == [
        "✗ no keys",
        "━━━━━━━━───────────── 2/5  40%",
        "✓ One (2)",
        "Two                        0/3",
        " ▸ optimise P0",
        " ✗ keys",
        "   ○ filter",
    ]


def test_a_bar_is_only_full_when_all_is_done() -> None:
    assert text_of(progress_bar(999, 1000, 10)) == "━━━━━━━━━─"
    assert text_of(progress_bar(1, 1000, 10)) == "━─────────"
    assert text_of(progress_bar(10, 10, 10)) == "━━━━━━━━━━"
    assert text_of(progress_bar(0, 0, 10)) == "──────────"


def test_an_unknown_progress_file_is_never_a_percentage() -> None:
    unknown = ProgressFile("p", None, "unknown", 0, 0, text="just some words")
    text = "\n".join(words(progress_rows(unknown, 60)))
    assert "%" not in text
    assert "just some words" in text


async def test_progress_brings_the_task_in_work_into_sight() -> None:
    view = ProgressView()
    app = Host(view)
    tasks = (
        *(ProgressTask(f"open {n}", "open") for n in range(30)),
        ProgressTask("the one", "in_progress"),
    )
    async with app.run_test(size=(30, 8)) as pilot:
        view.show(ProgressFile("p", None, "checkboxes", 0, 31, tasks))
        await until(pilot, lambda: any("▸ the one" in row for row in screen_rows(app)))
        view.focus()
        await pilot.press("g")
        view.show(
            ProgressFile("p", None, "checkboxes", 1, 31, (*tasks, ProgressTask("new", "done")))
        )
        await until(pilot, lambda: view.count > 32)
        await pilot.pause(0.15)
        assert view.top == 0, "a person who scrolled is left alone"
        view.show(None)
        await until(pilot, lambda: view.count == 0)


async def test_a_file_that_comes_back_shorter_is_shown_from_its_top() -> None:
    view = ProgressView()
    app = Host(view)
    tasks = tuple(ProgressTask(f"open {n}", "open") for n in range(40))
    async with app.run_test(size=(30, 8)) as pilot:
        view.show(ProgressFile("p", None, "checkboxes", 0, 40, tasks))
        view.focus()
        await until(pilot, lambda: view.count > 40)
        await pilot.press("G")
        assert view.top > 20
        view.show(None)
        view.show(ProgressFile("p", None, "checkboxes", 0, 5, tasks[:5]))
        await until(pilot, lambda: any("open 4" in row for row in screen_rows(app)))
        assert view.top == 0


async def test_done_tasks_unfold_on_enter() -> None:
    view = ProgressView()
    app = Host(view)
    tasks = (
        *(ProgressTask(f"done {n}", "done") for n in range(30)),
        ProgressTask("now", "in_progress"),
    )
    async with app.run_test(size=(30, 8)) as pilot:
        view.show(ProgressFile("p", None, "checkboxes", 30, 1, tasks))
        view.focus()
        await until(pilot, lambda: any("✓ 30 done" in row for row in screen_rows(app)))
        await pilot.press("enter")
        await until(pilot, lambda: view.count == 33)


async def test_a_file_without_tasks_opens_at_its_newest_part() -> None:
    view = ProgressView()
    app = Host(view)
    text = "".join(f"## Session {n}\nwords of it\n" for n in range(1, 30)) + "the very newest\n"
    progress = ProgressFile(
        "p", None, "counts", 3, 4, text=text, rests_on="'3/7' (line 9)", newest_line=57
    )
    async with app.run_test(size=(30, 8)) as pilot:
        view.show(progress)
        await until(pilot, lambda: any("the very newest" in row for row in screen_rows(app)))
        assert any("Session 29" in row for row in screen_rows(app))
        view.focus()
        await pilot.press("g")
        await until(pilot, lambda: "3/7" in screen_rows(app)[0])
        assert "'3/7' (line 9)" in screen_rows(app)[1]
