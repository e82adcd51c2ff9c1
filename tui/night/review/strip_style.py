"""Inks and textures of the night's strip, light and dark, for a picture or inside a page."""

from __future__ import annotations

from typing import Final

from tui.night.timeline import Kind, MarkKind

LIGHT: Final = (
    "--paper:#fff;--ink:#26303a;--soft:#56616d;--line:#d5dae0;--working:#2f6f9f;--tool:#7fb0d4;"
    "--waiting_api:#b6c3cf;--rate_limited:#c98a17;--stalled:#c2571a;--dead:#8a1c1c;--idle:#a7a1c2;"
    "--good:#1d6b4f;--bad:#a11d1d;--person:#5b3fa0;--warn:#8a5a00"
)
DARK: Final = (
    "--paper:#14181d;--ink:#dbe1e7;--soft:#a0abb6;--line:#313943;--working:#4f93c4;--tool:#37709b;"
    "--waiting_api:#4a5664;--rate_limited:#d0a341;--stalled:#e07b3d;--dead:#e06a6a;--idle:#7d75a3;"
    "--good:#6fcfa5;--bad:#f09a8c;--person:#b8a1ee;--warn:#e0b25a"
)

STYLE: Final = (
    f".night{{{LIGHT}}}"
    f"@media (prefers-color-scheme:dark){{.night{{{DARK}}}}}"
    '.night text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",'
    "sans-serif;fill:var(--ink)}"
    ".night .soft{fill:var(--soft)}"
    ".night .tick{stroke:var(--line);stroke-width:1}"
    ".night .frame{fill:none;stroke:var(--line)}"
    ".night .mark{fill:none;stroke:var(--ink);stroke-width:1.6;stroke-linecap:round;"
    "stroke-linejoin:round}"
    ".night .good{stroke:var(--good)}.night .bad{stroke:var(--bad)}"
    ".night .person{stroke:var(--person)}.night .warn{stroke:var(--warn)}"
    ".night .full{fill:var(--ink)}.night .warn.full{fill:var(--warn)}"
)
"""The style of the strip; `.night` carries its colours."""

TONES: Final[dict[MarkKind, str]] = {
    "green": "good",
    "red": "bad",
    "error": "bad",
    "stall": "bad",
    "restart": "warn full",
    "limit": "warn",
    "injection": "person",
    "rewind": "person",
    "checkpoint": "full",
}

TEXTURES: Final[dict[Kind, str]] = {
    "tool": "M1.5 0V6M4.5 0V6",
    "waiting_api": "M1.5 1.5h.01M4.5 4.5h.01",
    "rate_limited": "M-1 7L7-1M-1 1L1-1M5 7L7 5",
    "stalled": "M0 0L6 6M0 6L6 0",
    "dead": "M-1-1L7 7M-1 5L1 7M5-1L7 1",
    "idle": "M0 1.5H6M0 4.5H6",
}
"""What is drawn over the ink of each kind, in a square of six pixels; working has none."""


def patterns(name: str) -> str:
    """The textures as SVG patterns whose ids begin with `name`."""
    made = [
        f'<pattern id="{name}-{kind}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" style="fill:var(--{kind})"/>'
        f'<path d="{drawn}" style="fill:none;stroke:var(--paper);stroke-width:1.1;'
        'stroke-linecap:round;opacity:.6"/></pattern>'
        for kind, drawn in TEXTURES.items()
    ]
    return f"<defs>{''.join(made)}</defs>"


def ink(name: str, kind: Kind) -> str:
    """The fill of a kind."""
    return f"fill:url(#{name}-{kind})" if kind in TEXTURES else f"fill:var(--{kind})"
