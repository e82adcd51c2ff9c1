"""A program with an input box as Claude draws it, for pastes to be tried on in a real terminal.

    python tmux_composer.py RECORD [box|dialog|draft|deaf|opens]

Every submitted text and every other key goes to RECORD, one JSON object a line. A dialog takes an
Enter for its first answer, as the real one does; `opens` shows one as soon as something is pasted.
"""

from __future__ import annotations

import json
import os
import sys
import tty

RULE = "─" * 60
START, END = b"\x1b[200~", b"\x1b[201~"
FOLD_LINES = 8


class Box:
    def __init__(self, record: str, mode: str) -> None:
        self.record, self.mode = record, mode
        self.text = "half a draft" if mode == "draft" else ""
        self.folded = False
        self.waiting = b""

    def note(self, **what: object) -> None:
        with open(self.record, "a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    def draw(self) -> None:
        if self.mode == "dialog":
            rows = [RULE, " Do you want to proceed?", " ❯ 1. Yes", "   2. No", " Esc to cancel"]
            self._show(rows, 3, 2)
            return
        shown = "[Pasted text #1 +9 lines]" if self.folded else self.text
        lines: list[str] = []
        for line in shown.split("\n"):
            lines += [line[n : n + 50] for n in range(0, len(line), 50)] or [""]
        inside = ["❯ " + lines[0], *("  " + line for line in lines[1:])]
        rows = [
            "what an agent said: Do you want to know?",
            "",
            RULE,
            *inside,
            RULE,
            "  ? for shortcuts",
        ]
        self._show(rows, 3 + len(inside), 3)

    def _show(self, rows: list[str], row: int, column: int) -> None:
        picture = "\x1b[2J\x1b[H" + "\r\n".join(rows) + f"\x1b[{row};{column}H"
        os.write(1, picture.encode())

    def feed(self, data: bytes) -> None:
        self.waiting += data
        while self.waiting:
            if self.waiting.startswith(START):
                end = self.waiting.find(END)
                if end < 0:
                    return
                self.paste(self.waiting[len(START) : end].decode("utf-8", "replace"))
                self.waiting = self.waiting[end + len(END) :]
            elif START.startswith(self.waiting):
                return
            else:
                self.key(self.waiting[:1])
                self.waiting = self.waiting[1:]

    def paste(self, text: str) -> None:
        if self.mode == "deaf":
            return
        if self.mode == "opens":
            self.mode = "dialog"
        self.text += text
        self.folded = text.count("\n") > FOLD_LINES

    def key(self, key: bytes) -> None:
        if key != b"\r":
            self.note(key=key.hex())
        elif self.mode == "dialog":
            self.note(chosen=1)
        else:
            self.note(submitted=self.text)
            self.text, self.folded = "", False


def main() -> None:
    box = Box(sys.argv[1], sys.argv[2])
    tty.setraw(0)
    os.write(1, b"\x1b[?2004h")
    while True:
        box.draw()
        data = os.read(0, 65_536)
        if not data:
            return
        box.feed(data)


if __name__ == "__main__":
    main()
