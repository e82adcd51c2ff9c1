"""The signs on the screen, one column each, and their twins for terminals that know only ASCII."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import astuple, replace


class Glyphs(Struct, frozen=True):
    """One sign of one column for each meaning; `bars` and the frames are rows of signs."""

    ok: str = "✓"
    error: str = "✗"
    warning: str = "!"
    running: str = "▸"
    open: str = "○"
    ellipsis: str = "…"
    branch: str = "│"
    dot: str = "·"
    bullet: str = "•"
    down: str = "↓"
    approx: str = "≈"
    atleast: str = "≥"
    minus: str = "−"
    filled: str = "━"
    empty: str = "─"
    thumb: str = "▐"
    bars: str = "▁▂▃▅▇"
    frame: str = "╭─╮│╯─╰"
    stale: str = "╭╌╮╎╯╌╰"
    heavy: str = "┏━┓┃┛━┗"
    # states
    working: str = "●"
    tool: str = "▸"
    waiting: str = "◌"
    limited: str = "◔"
    stalled: str = "▲"
    looping: str = "∞"
    asking: str = "?"
    awaiting: str = "◇"
    refused: str = "⊘"
    restarting: str = "↻"
    paused: str = "‖"
    finished: str = "■"
    ended: str = "□"
    dead: str = "×"
    crashed: str = "↯"
    gave_up: str = "⊗"
    none: str = "○"
    # the timeline
    tool_minute: str = "▒"
    waiting_minute: str = "·"
    checkpoint: str = "◆"
    restart: str = "▲"
    inject: str = "»"
    rewind: str = "«"
    compaction: str = "≋"
    commit: str = "+"


UNICODE = Glyphs()

ASCII_TWINS: Mapping[int, str] = {
    **{ord(c): "-" for c in "─━╌╍┄┅┈┉═╴╶╸╺‐‑‒–—−⎯▁▔"},
    **{ord(c): "|" for c in "│┃╎╏┆┇┊┋║▏▎▕❘"},
    **{ord(c): "+" for c in "┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬✓✔☑"},
    **{ord(c): "#" for c in "█▉▊▋▌▐▆▇▅▄▓■▰"},
    **{ord(c): "=" for c in "▃▂▒░▱▀"},
    **{ord(c): "*" for c in "●•◉★"},
    **{ord(c): "o" for c in "○◌◦☐□"},
    **{ord(c): ">" for c in "▶▸►›»→⟶"},
    **{ord(c): "<" for c in "◀◂‹«←"},
    **{ord(c): "^" for c in "▲△↑"},
    **{ord(c): "v" for c in "▼▽↓▾"},
    **{ord(c): "x" for c in "✗✘×✕☒"},
    **{ord(c): "'" for c in "‘’‛′"},
    **{ord(c): '"' for c in "“”‟″"},
    **dict(zip(map(ord, "◆◔∞‖≋≥≤◇⊘↻⊗↯"), "*o@=~><o0&X^", strict=True)),
    ord("…"): "~",
    ord("·"): ".",
    ord("≈"): "~",
    ord("\u00a0"): " ",
}
"""What a terminal without Unicode gets for a sign that text from elsewhere brings along."""

ASCII = replace(
    Glyphs(*(str.translate(signs, ASCII_TWINS) for signs in astuple(UNICODE))),
    bullet="-",
    filled="#",
    bars="_.:=#",
    stale="+ +:+ +",
    heavy="#=#|#=#",
    waiting=".",
    limited="L",
    stalled="!",
    awaiting=":",
    ended="_",
    dead="k",
    tool_minute="%",
    checkpoint="c",
    restart="r",
)
"""The twins, and signs of their own where two twins would be the same."""

_active = UNICODE


def glyphs() -> Glyphs:
    """The signs in use."""
    return _active


def set_glyphs(signs: Glyphs) -> None:
    """Draw with these signs from the next paint on; called once, before the first paint."""
    global _active
    _active = signs


def glyphs_for(environ: Mapping[str, str], encoding: str) -> Glyphs:
    """The signs that a terminal of this environment and output encoding can show."""
    plain = "utf" not in encoding.lower() or environ.get("TERM", "") in ("linux", "dumb", "vt100")
    return ASCII if plain else UNICODE
