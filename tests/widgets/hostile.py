"""Texts that must not get through; the list of the whole suite is used where it is there."""

from __future__ import annotations

from importlib import import_module


def _of_suite(name: str) -> tuple[str, ...]:
    try:
        found = getattr(import_module("tests.payloads"), name)
    except (ImportError, AttributeError):
        return ()
    return tuple(
        each.decode("utf-8", "surrogateescape") if isinstance(each, bytes) else str(each)
        for each in (found.values() if isinstance(found, dict) else found)
    )


_CONTROLS = (
    "\x1b]0;owned\x07",
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H",
    "\x1b[21t",
    "\x1b[?1049h",
    "\x1bP$qm\x1b\\",
    "\x1b_payload\x1b\\",
    "\x1bc",
    "\x0e\x0f",
    "\x9b31mred",
    "\x9d0;title\x9c",
    "\x1b\x1b[31m",
    "a\rb\x08c\x00d\x7f",
    "user\u202etxt.exe\u2066\u200b\u200d\ufeff",
    "tag\U000e0041\U000e0042",
    "line\u2028sep\u2029",
    "lone \ud800 surrogate",
    "wide 漢字 ❤️ 👍🏽 e\u0301",
    "\t tab\nnewline\r\n",
)
_MARKUP = (
    "[/]",
    "[/",
    "[/foo]",
    "[bold",
    "[link=http://x]y[/link]",
    "[ERROR] failed at [/usr/bin/x]",
    "[@click=app.quit]quit[/]",
    "[red]x",
    "\\[x]",
    "$primary [$x]",
    "[]",
    "[on red]",
)

CONTROLS = tuple(dict.fromkeys((*_CONTROLS, *_of_suite("TERMINAL_PAYLOADS"))))
MARKUP = tuple(dict.fromkeys((*_MARKUP, *_of_suite("MARKUP_STRINGS"))))
HOSTILE = (*CONTROLS, *MARKUP)
