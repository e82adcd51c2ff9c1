"""The banner: words, keys and rows at every width; it is painted when it reads differently, else not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.strip import Strip

from tests.widgets.host import Host, screen_rows, until
from tests.widgets.hostile import HOSTILE
from widgets.ink import text_of, width_of
from widgets.status.banner import Banner, BannerFacts, BannerKey, banner_rows

STEP_BACK = BannerKey("s", "step back", "operation('step_back')", marked=True)
WHY = BannerKey("x", "why", "explain")
LOOP = BannerFacts(
    "same test run 5 times since 02:06:31, same 2 failures · $0.24",
    elapsed="2m40s",
    keys=(STEP_BACK, WHY),
)
LOST = BannerFacts(
    "its supervisor ended at 02:09:12 · no limits, no checkpoints, no restart",
    badge="no watchdog",
    keys=(BannerKey("x", "why", "explain", marked=True),),
)


def drawn(facts: BannerFacts, width: int) -> list[str]:
    return [text_of(row).rstrip() for row in banner_rows(facts, width)[0]]


def test_one_row_where_it_is_wide() -> None:
    rows = drawn(LOOP, 120)
    assert len(rows) == 1
    assert rows[0].startswith(" 2m40s  same test run 5 times")
    assert rows[0].endswith(" s step back   x why")
    assert len(rows[0]) == 119


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            80,
            [
                " 2m40s  same test run 5 times since 02:06:31, same 2 failures · $0.24",
                " " * 60 + "s step back   x why",
            ],
        ),
        (
            60,
            [
                " 2m40s  same test run 5 times since 02:06:31, same 2",
                " failures · $0.24" + " " * 23 + "s step back   x why",
            ],
        ),
        (
            40,
            [
                " 2m40s  same test run 5 times since",
                " 02:06:31, same 2 failures · $0.24",
                "  s step back   x why",
            ],
        ),
    ],
)
def test_more_rows_where_it_is_narrow(width: int, expected: list[str]) -> None:
    assert drawn(LOOP, width) == expected


def test_a_word_of_its_own_and_how_many_others_wait() -> None:
    row = drawn(BannerFacts("gone", badge="no watchdog", keys=(WHY,), more=2), 120)[0]
    assert row.startswith("  no watchdog  gone")
    assert row.endswith("+2 more  x why")


@pytest.mark.parametrize("width", [36, 40, 51, 52, 60, 80, 99, 100, 120, 200])
@pytest.mark.parametrize("facts", [LOOP, LOST, BannerFacts("x " * 400, keys=LOOP.keys, more=3)])
def test_no_key_is_ever_lost(facts: BannerFacts, width: int) -> None:
    rows, places = banner_rows(facts, width)
    assert len(rows) <= 4
    assert all(width_of(row) == width for row in rows)
    assert [place.action for place in places] == [key.action for key in facts.keys]
    for place, key in zip(places, facts.keys, strict=True):
        shown = text_of(rows[place.row])[place.start : place.end].strip()
        assert shown == f"{key.key} {key.label}"


@given(
    st.one_of(st.integers(0, len(HOSTILE) - 1), st.text(max_size=300)),
    st.sampled_from(["", "refused ×12"]),
    st.integers(36, 220),
    st.integers(0, 9),
)
def test_any_words_fit_any_width(words: int | str, badge: str, width: int, more: int) -> None:
    words = words if isinstance(words, str) else HOSTILE[words]
    rows, _ = banner_rows(BannerFacts(words, badge=badge, keys=LOOP.keys, more=more), width)
    assert 1 <= len(rows) <= 4
    assert all(width_of(row) <= width for row in rows)
    assert "\n" not in "".join(map(text_of, rows))


async def test_it_is_there_only_while_something_is_wrong() -> None:
    banner = Banner()
    async with Host(banner).run_test(size=(80, 12)) as pilot:
        assert not banner.display
        banner.show(LOOP)
        await until(pilot, lambda: "step back" in "\n".join(screen_rows(pilot.app)))
        assert banner.size.height == 2
        banner.show(None)
        await until(pilot, lambda: "step back" not in "\n".join(screen_rows(pilot.app)))


async def test_the_same_facts_paint_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    banner = Banner()
    async with Host(banner).run_test(size=(120, 12)) as pilot:
        banner.show(LOOP)
        await until(pilot, lambda: banner.display)
        await pilot.pause()
        painted: list[int] = []
        draw = banner.render_line

        def counted(y: int) -> Strip:
            painted.append(y)
            return draw(y)

        monkeypatch.setattr(banner, "render_line", counted)
        for _ in range(50):
            banner.show(BannerFacts(LOOP.words, elapsed="2m40s", keys=(STEP_BACK, WHY)))
            await pilot.pause()
        assert painted == []
        banner.show(BannerFacts(LOOP.words, elapsed="2m41s", keys=(STEP_BACK, WHY)))
        await until(pilot, lambda: painted == [0])


@pytest.mark.parametrize(("tone", "role"), [("bad", "trouble"), ("warning", "caution")])
def test_the_tone_is_that_of_the_whole_row(tone: str, role: str) -> None:
    rows, _ = banner_rows(BannerFacts("words", tone, keys=(WHY,)), 80)  # type: ignore[arg-type]
    assert {str(span[1]).split("_")[0] for row in rows for span in row} == {role}


async def test_a_click_on_a_key_is_the_key() -> None:
    pressed: list[str] = []

    class Heard(Host):
        def on_banner_pressed(self, event: Banner.Pressed) -> None:
            pressed.append(event.action)

    banner = Banner()
    app = Heard(banner)
    async with app.run_test(size=(40, 12)) as pilot:
        banner.show(LOOP)
        await until(pilot, lambda: banner.size.height == 3)
        _, places = banner_rows(LOOP, 40)
        await pilot.click(banner, offset=(places[0].start + 1, places[0].row))
        await pilot.click(banner, offset=(0, 0))
        await until(pilot, lambda: pressed == [STEP_BACK.action])
