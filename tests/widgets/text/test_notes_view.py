"""The notes pane: where it stands, and what it marks."""

from __future__ import annotations

from tests.widgets.host import Host, screen_rows, until
from widgets.text.notes_view import NotesView

LONG = "# Notes\n" + "".join(f"- step {number}\n" for number in range(40))


async def test_the_newest_is_what_is_seen_and_growth_is_followed() -> None:
    view = NotesView()
    app = Host(view)
    async with app.run_test(size=(30, 8)) as pilot:
        view.show_notes(LONG)
        await until(pilot, lambda: any("step 39" in row for row in screen_rows(app)))
        view.show_notes(LONG + "- the new one\n")
        await until(pilot, lambda: "┃ • the new one" in screen_rows(app)[-1])
        assert view.following


async def test_a_person_who_scrolled_keeps_the_place_until_the_end_is_wanted() -> None:
    view = NotesView()
    app = Host(view)
    async with app.run_test(size=(30, 8)) as pilot:
        view.show_notes(LONG)
        await until(pilot, lambda: view.top > 0)
        view.focus()
        await pilot.press("g")
        await until(pilot, lambda: "Notes" in screen_rows(app)[0])
        view.show_notes(LONG + "- the new one\n")
        await until(pilot, lambda: view.count == 42)
        assert (view.top, view.following) == (0, False)
        await pilot.press("G")
        await until(pilot, lambda: "the new one" in screen_rows(app)[-1])
        view.show_notes(LONG + "- the new one\n- and one more\n")
        await until(pilot, lambda: "and one more" in screen_rows(app)[-1])


async def test_notes_with_the_newest_first_stay_at_their_top() -> None:
    view = NotesView()
    app = Host(view)
    async with app.run_test(size=(30, 8)) as pilot:
        view.show_notes(LONG, newest_first=True)
        await until(pilot, lambda: "Notes" in screen_rows(app)[0])
        view.show_notes("# Newest\n\n" + LONG, newest_first=True)
        await until(pilot, lambda: "┃ Newest" in screen_rows(app)[0])
        assert view.top == 0


async def test_a_line_that_changed_in_the_middle_comes_into_sight() -> None:
    view = NotesView()
    app = Host(view)
    async with app.run_test(size=(30, 8)) as pilot:
        view.show_notes(LONG)
        await until(pilot, lambda: view.top > 0)
        view.show_notes(LONG.replace("step 9\n", "step nine\n"))
        await until(pilot, lambda: any("step nine" in row for row in screen_rows(app)))


async def test_changed_lines_carry_a_sign_until_they_were_seen() -> None:
    view = NotesView()
    other = NotesView()
    app = Host(view, other)

    def marked() -> list[str]:
        return [row.strip() for row in screen_rows(app) if "┃ •" in row]

    async with app.run_test(size=(30, 40)) as pilot:
        view.show_notes("- one\n- two\n")
        await until(pilot, lambda: any("two" in row for row in screen_rows(app)))
        assert marked() == []
        view.show_notes("- one\n- two\n- three\n")
        await until(pilot, lambda: len(marked()) == 1)
        view.show_notes("- one\n- two\n- three\n- four\n")
        await until(pilot, lambda: len(marked()) == 2)
        view.focus()
        await pilot.pause()
        other.focus()
        await until(pilot, lambda: marked() == [])
        view.show_notes("- one\n- two\n- three\n- four\n- five\n")
        await until(pilot, lambda: [row.split()[-1] for row in marked()] == ["five"])
        view.show_notes("- one\n- two\n- three\n- four\n- five\n- one\n")
        await until(pilot, lambda: [row.split()[-1] for row in marked()] == ["five", "one"])


async def test_only_the_newest_part_of_long_notes_is_marked_and_all_can_be_reached() -> None:
    view = NotesView()
    app = Host(view)
    text = "".join(f"- step {number} of a long piece of work\n" for number in range(5000))
    async with app.run_test(size=(60, 8)) as pilot:
        view.show_notes(text)
        await until(pilot, lambda: "step 4999" in screen_rows(app)[-1])
        view.show_notes(text + "- the last\n")
        await until(pilot, lambda: "┃ • the last" in screen_rows(app)[-1])
        view.focus()
        await pilot.press("g")
        await until(pilot, lambda: "step 0 of" in screen_rows(app)[0])
