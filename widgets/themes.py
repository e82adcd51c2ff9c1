"""The four themes: dark, light, the terminal's own sixteen colours, and none at all.

Every colour of dark and light is one of the 256 that any terminal has, since tmux below 3.6
offers no more; good, warning and bad differ in lightness too, and never speak by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from textual.theme import Theme

from widgets.ink import Role, RoleStyles, parse_styles

if TYPE_CHECKING:
    from textual.app import App

DARK: Final = "overnight-dark"
LIGHT: Final = "overnight-light"
ANSI: Final = "overnight-ansi"
MONO: Final = "overnight-mono"
NAMES: Final = (DARK, LIGHT, ANSI, MONO)


def _variables(
    faint: str, border: str, background: str, raised: str, text: str, selection: str
) -> dict[str, str]:
    return {
        "border": border,
        "border-blurred": faint,
        "scrollbar": faint,
        "scrollbar-hover": border,
        "scrollbar-active": border,
        "scrollbar-background": background,
        "scrollbar-background-hover": background,
        "scrollbar-background-active": background,
        "scrollbar-corner-color": background,
        "text": text,
        "text-muted": faint,
        "foreground-muted": faint,
        "block-cursor-foreground": text,
        "block-cursor-background": raised,
        "input-cursor-background": text,
        "input-cursor-foreground": background,
        "input-selection-background": selection,
        "screen-selection-background": selection,
        "screen-selection-foreground": text,
    }


_TERMINAL_DEFAULTS: Final = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "input-cursor-text-style": "reverse",
}

_DEFAULT: Final = ("ansi_default",) * 6


def _terminal_theme(name: str, colours: Sequence[str], variables: dict[str, str]) -> Theme:
    """A theme on the terminal's own background; `colours` for accent, good, warning and bad."""
    accent, good, warning, bad = colours
    plain = "ansi_default"
    return Theme(
        name=name,
        ansi=True,
        primary=accent,
        secondary=accent,
        accent=accent,
        success=good,
        warning=warning,
        error=bad,
        foreground=plain,
        background=plain,
        surface=plain,
        panel=plain,
        boost=plain,
        variables={**_TERMINAL_DEFAULTS, **variables},
    )


THEMES: Final = (
    Theme(
        name=DARK,
        dark=True,
        primary="#5fafd7",
        secondary="#87afd7",
        accent="#5fafd7",
        success="#5fd7af",
        warning="#ffd75f",
        error="#ff875f",
        foreground="#d0d0d0",
        background="#121212",
        surface="#1c1c1c",
        panel="#262626",
        variables=_variables("#4e4e4e", "#5fafd7", "#121212", "#303030", "#d0d0d0", "#005f87"),
    ),
    Theme(
        name=LIGHT,
        dark=False,
        primary="#005f87",
        secondary="#005f87",
        accent="#005f87",
        success="#005f5f",
        warning="#af5f00",
        error="#870000",
        foreground="#262626",
        background="#ffffff",
        surface="#eeeeee",
        panel="#e4e4e4",
        variables=_variables("#a8a8a8", "#005f87", "#ffffff", "#e4e4e4", "#262626", "#afd7ff"),
    ),
    _terminal_theme(
        ANSI,
        ("ansi_cyan", "ansi_green", "ansi_yellow", "ansi_red"),
        {
            **_variables("ansi_bright_black", "ansi_cyan", *_DEFAULT[:3], "ansi_cyan"),
            "text-muted": "ansi_default",
            "foreground-muted": "ansi_default",
            "input-cursor-background": "ansi_default",
            "input-selection-foreground": "ansi_black",
            "screen-selection-foreground": "ansi_black",
        },
    ),
    _terminal_theme(
        MONO,
        _DEFAULT[:4],
        {
            **_variables(*_DEFAULT),
            "footer-key-foreground": "ansi_default",
            "button-focus-text-style": "bold reverse",
        },
    ),
)

_DARK_ROLES: Final[Mapping[Role, str]] = {
    "text": "#d0d0d0",
    "strong": "bold #eeeeee",
    "dim": "#8a8a8a",
    "faint": "#626262",
    "accent": "#5fafd7",
    "ok": "#5fd7af",
    "warning": "#ffd75f",
    "error": "bold #ff875f",
    "running": "#87d7ff",
    "person": "#d7afff",
    "label": "#87afd7",
    "heading": "bold #87afd7",
    "code": "#d7d7af",
    "string": "#87d7af",
    "number": "#d7af87",
    "added": "#87d787",
    "removed": "#ff875f",
    "hunk": "#5fafd7",
    "match": "bold #121212 on #ffd75f",
    "badge": "bold #121212 on #5fafd7",
    "alarm": "bold #121212 on #ff875f",
    "work": "#5f8787",
}

_LIGHT_ROLES: Final[Mapping[Role, str]] = {
    "text": "#262626",
    "strong": "bold #080808",
    "dim": "#626262",
    "faint": "#8a8a8a",
    "accent": "#005f87",
    "ok": "#005f5f",
    "warning": "#af5f00",
    "error": "bold #870000",
    "running": "#005faf",
    "person": "#8700af",
    "label": "#005f87",
    "heading": "bold #005f87",
    "code": "#5f5f00",
    "string": "#005f00",
    "number": "#875f00",
    "added": "#005f00",
    "removed": "#af0000",
    "hunk": "#005f87",
    "match": "bold #080808 on #ffd75f",
    "badge": "bold #ffffff on #005f87",
    "alarm": "bold #ffffff on #870000",
    "work": "#5f8787",
}

_ANSI_ROLES: Final[Mapping[Role, str]] = {
    "strong": "bold",
    "dim": "dim",
    "faint": "dim",
    "accent": "cyan",
    "ok": "green",
    "warning": "bold yellow",
    "error": "bold red",
    "running": "bold cyan",
    "person": "magenta",
    "label": "cyan",
    "heading": "bold cyan",
    "code": "yellow",
    "string": "green",
    "number": "magenta",
    "added": "green",
    "removed": "red",
    "hunk": "cyan",
    "match": "black on yellow",
    "badge": "bold reverse",
    "alarm": "bold reverse red",
    "work": "green",
}

_MONO_ROLES: Final[Mapping[Role, str]] = {
    "strong": "bold",
    "dim": "dim",
    "faint": "dim",
    "warning": "bold",
    "error": "bold",
    "running": "bold",
    "person": "italic",
    "heading": "bold",
    "removed": "dim",
    "hunk": "dim",
    "match": "bold underline",
    "badge": "bold reverse",
    "alarm": "bold reverse",
}

_ROLES: Final[Mapping[str, tuple[Mapping[Role, str], str]]] = {
    DARK: (_DARK_ROLES, "on #303030"),
    LIGHT: (_LIGHT_ROLES, "on #e4e4e4"),
    ANSI: (_ANSI_ROLES, "reverse"),
    MONO: (_MONO_ROLES, "reverse"),
}


def _derive_roles(theme: Theme) -> tuple[Mapping[Role, str], str]:
    """Roles for a theme that is not ours, from the nearest of ours and its own colours."""
    words, cursor = _ROLES[ANSI] if theme.ansi else (_ROLES[DARK] if theme.dark else _ROLES[LIGHT])
    if theme.ansi:
        return words, cursor
    roles = dict(words)
    own: tuple[tuple[Role, str, str | None], ...] = (
        ("accent", "", theme.primary),
        ("label", "", theme.primary),
        ("heading", "bold ", theme.primary),
        ("ok", "", theme.success),
        ("warning", "", theme.warning),
        ("error", "bold ", theme.error),
        ("text", "", theme.foreground),
        ("added", "", theme.success),
        ("removed", "", theme.error),
    )
    for role, prefix, colour in own:
        if colour and colour.startswith("#") and len(colour) == 7:
            roles[role] = prefix + colour
    return roles, f"on {theme.panel}" if theme.panel and len(theme.panel) == 7 else cursor


@lru_cache(maxsize=64)
def _parse_styles(name: str, words: tuple[tuple[Role, str], ...], cursor: str) -> RoleStyles:
    return parse_styles(name, dict(words), cursor)


def styles_for(theme: Theme) -> RoleStyles:
    """The styles that go with a theme, ours or any other."""
    words, cursor = _ROLES.get(theme.name) or _derive_roles(theme)
    return _parse_styles(theme.name, tuple(words.items()), cursor)


def register_themes(app: App[Any]) -> None:
    """Make the four themes known to the app; call it in the app's `__init__`."""
    for theme in THEMES:
        app.register_theme(theme)


def choose_theme(environ: Mapping[str, str], setting: str = "") -> str:
    """The theme to start with: none where NO_COLOR asks so, else the setting, else by terminal.

    The setting is a theme's full name or one of "dark", "light", "ansi", "mono".
    """
    if "NO_COLOR" in environ:
        return MONO
    setting = setting or environ.get("TEXTUAL_THEME", "")
    if setting:
        return f"overnight-{setting}" if f"overnight-{setting}" in NAMES else setting
    return ANSI if environ.get("TERM", "") in ("linux", "xterm", "screen", "vt100") else DARK


def next_theme(name: str) -> str:
    """The next of the four themes, for the key that walks through them."""
    return NAMES[(NAMES.index(name) + 1) % len(NAMES)] if name in NAMES else DARK
