"""Hostile text for every place that shows text: terminal sequences, markup, and sizes.

Each payload carries the bytes that must never reach a terminal, and words that must stay readable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Payload(NamedTuple):
    """`data` as it would stand in a file; `forbidden` is what no terminal may ever be sent."""

    name: str
    data: bytes
    forbidden: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


BEFORE, AFTER = "before", "after"


def _around(name: str, inner: bytes, forbidden: bytes = b"") -> Payload:
    return Payload(name, b"before " + inner + b" after", forbidden or inner)


def _osc(name: str, body: bytes, end: bytes = b"\x07") -> Payload:
    return _around(f"OSC {name}", b"\x1b]" + body + end, b"\x1b]" + body[:4])


def _csi(name: str, *bodies: bytes) -> Payload:
    return _around(
        f"CSI {name}", b"".join(b"\x1b[" + body for body in bodies), b"\x1b[" + bodies[0]
    )


PAYLOADS: tuple[Payload, ...] = (
    # operating system commands: titles, colours, clipboard, files
    _osc("0 title and icon", b"0;pwned"),
    _osc("2 title", b"2;pwned", b"\x1b\\"),
    _osc("4 palette", b"4;1;rgb:ff/00/00"),
    _osc("7 working directory", b"7;file://host/tmp"),
    _osc("8 link", b"8;;http://evil.example/", b"\x1b\\"),
    _osc("9 notification", b"9;you won"),
    _osc("10 to 19 colour query", b"11;?"),
    _osc("50 font", b"50;#1"),
    _osc("52 clipboard write", b"52;c;cm0gLXJmIH4="),
    _osc("52 clipboard read", b"52;c;?", b"\x1b\\"),
    _osc("133 shell mark", b"133;A"),
    _osc("777 notification", b"777;notify;a;b"),
    _osc("1337 file", b"1337;File=name=eA==;inline=1:AAAA"),
    # control sequences: erasing, moving, asking, modes
    _csi("erase display", b"2J", b"3J"),
    _csi("erase line", b"2K"),
    _csi("cursor position", b"1;1H"),
    _csi("scroll region", b"2;3r"),
    _csi("device status", b"6n", b"5n"),
    _csi("device attributes", b"c", b">c", b"=c"),
    _csi("title report", b"21t"),
    _csi("private modes", b"?1049h", b"?2004h", b"?25l"),
    _csi("mouse tracking", b"?1000h", b"?1003h", b"?1006h"),
    # device control strings
    _around("DCS settings request", b"\x1bP$q q\x1b\\", b"\x1bP$q"),
    _around("DCS sixel", b"\x1bPq#0;2;0;0;0~~@@\x1b\\", b"\x1bPq"),
    _around("DCS tmux passthrough", b"\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\", b"\x1bPtmux"),
    # other strings, resets, shifts
    _around("APC", b"\x1b_Gf=100;AAAA\x1b\\", b"\x1b_G"),
    _around("PM", b"\x1b^private\x1b\\", b"\x1b^"),
    _around("SOS", b"\x1bXstring\x1b\\", b"\x1bX"),
    _around("RIS", b"\x1bc"),
    _around("SO and SI", b"\x0elqqk\x0f", b"\x0e"),
    # eight-bit controls
    _around("C1 CSI as UTF-8", "\x9b2J\x9d0;x\x9c".encode(), "\x9b".encode()),
    _around("C1 CSI as a raw byte", b"\x9b2J", b"\x9b2J"),
    # broken off, split, nested
    Payload("unterminated OSC", b"before \x1b]0;" + b"A" * 100_000 + b"\nafter", b"\x1b]0;"),
    Payload("split over two reads", b"before \x1b]52;c;\x1b\n]52;c;eA==\x07 after", b"\x1b]52"),
    _around("nested escapes", b"\x1b\x1b[\x1b[2J\x1b\x1b]0;x\x07", b"\x1b\x1b"),
    # what the eye does not see
    _around("bidi override", "\u202eexe.gpj\u202c".encode(), "\u202e".encode()),
    _around("bidi isolates", "\u2066x\u2069\u061c\u200f".encode(), "\u2066".encode()),
    _around("zero width", "ad\u200bmin\ufeff\u2060".encode(), "\u200b".encode()),
    _around("tag characters", "\U000e0041\U000e0042".encode(), "\U000e0041".encode()),
)

TERMINAL_PAYLOADS: tuple[str, ...] = tuple(
    payload.data.decode("utf-8", "surrogateescape") for payload in PAYLOADS
)

MARKUP_STRINGS: tuple[str, ...] = (
    "[/]",
    "[/",
    "[/foo]",
    "[red",
    "[",
    "]",
    "[]",
    "[bold]not bold[/bold]",
    "[link=http://x]y[/link]",
    "[link='http://x']y",
    "[@click=app.quit]press me[/]",
    "[@click=app.pwn('kill')]press me[/]",
    "[@click=app.bell]",
    "[ERROR] failed at [/usr/bin/x]",
    "[on red]x[/on red]",
    "\\[escaped]",
    "[$primary]x[/]",
    "[rgb(1,2,3)]x[/]",
    "[[nested]]",
    ":smile: &amp; <b>html</b> **bold** `code`",
)

SIZE_BOMBS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("one line of 10 MB", lambda: "x" * 10_000_000),
    ("a million empty lines", lambda: "\n" * 1_000_000),
    ("10 MB of escapes", lambda: "\x1b" * 10_000_000),
    ("a million colour changes", lambda: "\x1b[31mx" * 1_000_000),
    ("an unterminated title of 10 MB", lambda: "\x1b]0;" + "y" * 10_000_000),
    ("unterminated openers", lambda: "\x1b]" * 1_000_000),
    ("endless parameters", lambda: "\x1b[" + "1;" * 1_000_000 + "m"),
    ("a pile of marks", lambda: "a" + "\u0301" * 1_000_000),
    ("a million wide letters", lambda: "語" * 1_000_000),
    ("a million direction changes", lambda: "\u202e" * 1_000_000),
)
