from __future__ import annotations

from itertools import combinations

import pytest
from rich.color import Color, ColorSystem, ColorType
from textual.theme import BUILTIN_THEMES
from textual.widget import Widget

from tests.widgets.host import Host, screen_segments
from widgets import themes
from widgets.ink import ROLES, Role
from widgets.status.session_header import HeaderFacts, SessionHeader

COLOURED = (themes.DARK, themes.LIGHT)
PAPER = {themes.DARK: "#121212", themes.LIGHT: "#ffffff"}
THEMES = {theme.name: theme for theme in themes.THEMES}


def rgb(name: str) -> tuple[float, float, float]:
    triplet = Color.parse(name).get_truecolor()
    return triplet.red / 255, triplet.green / 255, triplet.blue / 255


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def luminance(colour: tuple[float, float, float]) -> float:
    red, green, blue = map(linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
BLINDNESS = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def lab(colour: tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = colour
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen(colour: tuple[float, float, float], kind: str) -> tuple[float, float, float]:
    flat = tuple(map(linear, colour))
    return lab(
        tuple(
            min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, flat, strict=True))))
            for row in BLINDNESS[kind]
        )
    )


def fore(theme: str, role: Role) -> tuple[float, float, float]:
    colour = themes.styles_for(THEMES[theme])[role].color
    assert colour is not None
    return rgb(colour.name)


@pytest.mark.parametrize("name", COLOURED)
def test_every_colour_survives_256_colours(name: str) -> None:
    ink = themes.styles_for(THEMES[name])
    styles = [*(ink[role] for role in ROLES), ink.cursor]
    words = [colour for style in styles for colour in (style.color, style.bgcolor) if colour]
    words += [Color.parse(v) for v in THEMES[name].variables.values() if v.startswith("#")]
    for field in ("primary", "background", "surface", "panel", "foreground", "error"):
        words.append(Color.parse(getattr(THEMES[name], field)))
    for colour in words:
        # Rich takes light greys one step darker than the exact entry, which harms nothing.
        there, here = (
            colour.downgrade(ColorSystem.EIGHT_BIT).get_truecolor(),
            colour.get_truecolor(),
        )
        assert max(abs(a - b) for a, b in zip(there, here, strict=True)) <= 10, colour.name


@pytest.mark.parametrize("name", COLOURED)
def test_words_can_be_read_on_their_paper(name: str) -> None:
    paper = rgb(PAPER[name])
    ink = themes.styles_for(THEMES[name])
    for role in ROLES:
        style = ink[role]
        assert style.color is not None
        under = rgb(style.bgcolor.name) if style.bgcolor is not None else paper
        needed = {"faint": 2.5, "work": 3.0}.get(role, 4.5)
        assert contrast(rgb(style.color.name), under) >= needed, role
    cursor = ink.cursor.bgcolor
    assert cursor is not None
    for role in ("text", "dim", "error", "ok", "label"):
        assert contrast(fore(name, role), rgb(cursor.name)) >= 3.5, role


@pytest.mark.parametrize("kind", sorted(BLINDNESS))
@pytest.mark.parametrize("name", COLOURED)
def test_good_warning_and_bad_differ_for_every_eye(name: str, kind: str) -> None:
    verdicts: tuple[Role, ...] = ("ok", "warning", "error")
    for one, other in combinations(verdicts, 2):
        a, b = seen(fore(name, one), kind), seen(fore(name, other), kind)
        apart = sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5
        assert apart >= 12, (one, other, round(apart, 1))


def test_ansi_uses_the_terminals_sixteen_and_mono_none() -> None:
    ansi, mono = (themes.styles_for(THEMES[name]) for name in (themes.ANSI, themes.MONO))
    for role in ROLES:
        for colour in (ansi[role].color, ansi[role].bgcolor):
            assert colour is None or colour.type in (ColorType.STANDARD, ColorType.DEFAULT), role
        assert mono[role].color is None
        assert mono[role].bgcolor is None
    assert mono.cursor.reverse


def test_the_theme_to_start_with() -> None:
    assert themes.choose_theme({}) == themes.DARK
    assert themes.choose_theme({"NO_COLOR": "1"}, "light") == themes.MONO
    assert themes.choose_theme({}, "light") == themes.LIGHT
    assert themes.choose_theme({"TEXTUAL_THEME": "nord"}) == "nord"
    assert themes.choose_theme({"TERM": "linux"}) == themes.ANSI
    walked = [themes.DARK]
    for _ in range(4):
        walked.append(themes.next_theme(walked[-1]))
    assert walked == [*themes.NAMES, themes.DARK]
    assert themes.next_theme("nord") == themes.DARK


@pytest.mark.parametrize("name", sorted(BUILTIN_THEMES))
def test_any_other_theme_gets_an_ink(name: str) -> None:
    ink = themes.styles_for(BUILTIN_THEMES[name])
    assert all(ink[role] is not None for role in ROLES)


@pytest.mark.parametrize("name", themes.NAMES)
async def test_every_look_opens(name: str) -> None:
    header: Widget = SessionHeader(HeaderFacts("bot", state="working"))
    app = Host(header, theme=name)
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        assert "working" in "".join(segment.text for segment in screen_segments(app)[0])


async def test_a_change_of_theme_is_drawn() -> None:
    app = Host(SessionHeader(HeaderFacts("bot", state="working")))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        before = [segment.style for segment in screen_segments(app)[0]]
        app.theme = themes.LIGHT
        await pilot.pause()
        await pilot.pause(0.05)
        assert [segment.style for segment in screen_segments(app)[0]] != before
