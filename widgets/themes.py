"""The four themes: dark, light, the terminal's own sixteen colours, and none at all.

Every colour of dark and light is one of the 256 that any terminal has, since tmux below 3.6
offers no more; good, warning and bad differ in lightness too, and never speak by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from textual.theme import Theme

from widgets.ink import Role, RoleStyles

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


_STYLES: Final[Mapping[Role, tuple[str, str, str, str]]] = {
    "text": ("#d0d0d0", "#262626", "", ""),
    "strong": ("bold #eeeeee", "bold #080808", "bold", "bold"),
    "dim": ("#8a8a8a", "#626262", "dim", "dim"),
    "faint": ("#626262", "#8a8a8a", "dim", "dim"),
    "accent": ("#5fafd7", "#005f87", "cyan", ""),
    "ok": ("#5fd7af", "#005f5f", "green", ""),
    "warning": ("#ffd75f", "#af5f00", "bold yellow", "bold"),
    "error": ("bold #ff875f", "bold #870000", "bold red", "bold"),
    "running": ("#87d7ff", "#005faf", "bold cyan", "bold"),
    "person": ("#d7afff", "#8700af", "magenta", "italic"),
    "label": ("#87afd7", "#005f87", "cyan", ""),
    "heading": ("bold #87afd7", "bold #005f87", "bold cyan", "bold"),
    "code": ("#d7d7af", "#5f5f00", "yellow", ""),
    "string": ("#87d7af", "#005f00", "green", ""),
    "number": ("#d7af87", "#875f00", "magenta", ""),
    "added": ("#87d787", "#005f00", "green", ""),
    "removed": ("#ff875f", "#af0000", "red", "dim"),
    "hunk": ("#5fafd7", "#005f87", "cyan", "dim"),
    "match": (
        "bold #121212 on #ffd75f",
        "bold #080808 on #ffd75f",
        "black on yellow",
        "bold underline",
    ),
    "badge": ("bold #121212 on #5fafd7", "bold #ffffff on #005f87", "bold reverse", "bold reverse"),
    "alarm": (
        "bold #121212 on #ff875f",
        "bold #ffffff on #870000",
        "bold reverse red",
        "bold reverse",
    ),
    "work": ("#5f8787", "#5f8787", "green", ""),
    "trouble": ("#ffd7d7 on #5f0000", "#5f0000 on #ffd7d7", "reverse red", "reverse"),
    "trouble_strong": (
        "bold #ffffff on #5f0000",
        "bold #5f0000 on #ffd7d7",
        "bold reverse red",
        "bold reverse",
    ),
    "trouble_key": ("bold #121212 on #ff875f", "bold #ffffff on #870000", "bold red", "bold"),
    "caution": ("#ffffd7 on #5f5f00", "#5f5f00 on #ffffd7", "bold yellow", "bold"),
    "caution_strong": (
        "bold #ffffff on #5f5f00",
        "bold #5f5f00 on #ffffd7",
        "bold yellow",
        "bold",
    ),
    "caution_key": (
        "bold #121212 on #ffd75f",
        "bold #ffffff on #5f5f00",
        "bold reverse yellow",
        "bold reverse",
    ),
}
"""How each role is drawn by the four themes, in the order of `NAMES`."""
_CURSORS: Final = dict(zip(NAMES, ("on #303030", "on #e4e4e4", "reverse", "reverse"), strict=True))


def _own_roles(name: str) -> dict[Role, str]:
    column = NAMES.index(name)
    return {role: styles[column] for role, styles in _STYLES.items()}


def _coloured_theme(name: str, background: str, surface: str, panel: str, *more: str) -> Theme:
    """A theme with colours of its own, which are those of its roles."""
    roles = _own_roles(name)
    faint, raised, selection = more
    accent, text = roles["accent"], roles["text"]
    return Theme(
        name=name,
        dark=name == DARK,
        primary=accent,
        secondary=roles["label"],
        accent=accent,
        success=roles["ok"],
        warning=roles["warning"],
        error=roles["error"].removeprefix("bold "),
        foreground=text,
        background=background,
        surface=surface,
        panel=panel,
        variables=_variables(faint, accent, background, raised, text, selection),
    )


_PLAIN: Final = "ansi_default"


def _terminal_theme(name: str, colours: Sequence[str], variables: dict[str, str]) -> Theme:
    """A theme on the terminal's own background; `colours` for accent, good, warning and bad."""
    accent, good, warning, bad = colours
    own = {
        "ansi-background": _PLAIN,
        "ansi-foreground": _PLAIN,
        "input-cursor-text-style": "reverse",
    }
    return Theme(
        name=name,
        ansi=True,
        primary=accent,
        secondary=accent,
        accent=accent,
        success=good,
        warning=warning,
        error=bad,
        foreground=_PLAIN,
        background=_PLAIN,
        surface=_PLAIN,
        panel=_PLAIN,
        boost=_PLAIN,
        variables={**own, **variables},
    )


THEMES: Final = (
    _coloured_theme(DARK, "#121212", "#1c1c1c", "#262626", "#4e4e4e", "#303030", "#005f87"),
    _coloured_theme(LIGHT, "#ffffff", "#eeeeee", "#e4e4e4", "#a8a8a8", "#e4e4e4", "#afd7ff"),
    _terminal_theme(
        ANSI,
        ("ansi_cyan", "ansi_green", "ansi_yellow", "ansi_red"),
        {
            **_variables("ansi_bright_black", "ansi_cyan", _PLAIN, _PLAIN, _PLAIN, "ansi_cyan"),
            "text-muted": _PLAIN,
            "foreground-muted": _PLAIN,
            "input-cursor-background": _PLAIN,
            "input-selection-foreground": "ansi_black",
            "screen-selection-foreground": "ansi_black",
        },
    ),
    _terminal_theme(
        MONO,
        (_PLAIN,) * 4,
        {
            **_variables(*(_PLAIN,) * 6),
            "footer-key-foreground": _PLAIN,
            "button-focus-text-style": "bold reverse",
        },
    ),
)


def _derived_roles(theme: Theme, nearest: str) -> dict[Role, str]:
    """Roles for a theme that is not ours, from the nearest of ours and its own colours."""
    roles = _own_roles(nearest)
    own: tuple[tuple[Role, str | None], ...] = (
        ("accent", theme.primary),
        ("label", theme.primary),
        ("heading", theme.primary),
        ("ok", theme.success),
        ("warning", theme.warning),
        ("error", theme.error),
        ("text", theme.foreground),
        ("added", theme.success),
        ("removed", theme.error),
    )
    for role, colour in own:
        if not theme.ansi and colour and colour.startswith("#") and len(colour) == 7:
            roles[role] = f"bold {colour}" if role in ("heading", "error") else colour
    return roles


_parse_styles = lru_cache(maxsize=64)(RoleStyles.parse)


def styles_for(theme: Theme) -> RoleStyles:
    """The styles that go with a theme, ours or any other."""
    if theme.name in NAMES:
        roles, cursor = _own_roles(theme.name), _CURSORS[theme.name]
    else:
        nearest = ANSI if theme.ansi else (DARK if theme.dark else LIGHT)
        roles, cursor = _derived_roles(theme, nearest), _CURSORS[nearest]
        if not theme.ansi and theme.panel and len(theme.panel) == 7:
            cursor = f"on {theme.panel}"
    return _parse_styles(tuple(roles.items()), cursor)


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
