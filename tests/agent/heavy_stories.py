"""Stories that are heavy or nasty: floods, busy hours, huge lines, hostile text, trees of processes."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import Any

from tui.demo.simulator.shapes import short
from tui.demo.simulator.wire import LineWriter
from tui.demo.story.stage import StoryStage
from tui.demo.story.steps import GIT, StorySteps

# Text that attacks a terminal or a markup parser; one example of each family.
ESC = "\x1b"
ST = ESC + "\\"
BEL = "\x07"

TERMINAL_ATTACKS: dict[str, str] = {
    "osc0-title": f"{ESC}]0;pwned{BEL}",
    "osc2-title": f"{ESC}]2;pwned{ST}",
    "osc4-palette": f"{ESC}]4;1;rgb:ff/00/00{BEL}",
    "osc7-cwd": f"{ESC}]7;file://host/etc{BEL}",
    "osc8-link": f"{ESC}]8;;http://127.0.0.1:9/x{ST}click{ESC}]8;;{ST}",
    "osc9-notify": f"{ESC}]9;look here{BEL}",
    "osc10-query": f"{ESC}]10;?{BEL}",
    "osc50-font": f"{ESC}]50;huge{BEL}",
    "osc52-write": f"{ESC}]52;c;cHduZWQ={BEL}",
    "osc52-read": f"{ESC}]52;c;?{BEL}",
    "osc133-prompt": f"{ESC}]133;A{BEL}",
    "osc777-notify": f"{ESC}]777;notify;a;b{BEL}",
    "osc1337-file": f"{ESC}]1337;File=inline=1:AAAA{BEL}",
    "ed-clear": f"{ESC}[2J",
    "el-erase": f"{ESC}[2K",
    "cup-home": f"{ESC}[1;1H",
    "scroll-region": f"{ESC}[5;6r",
    "dsr": f"{ESC}[6n",
    "da1": f"{ESC}[c",
    "da2": f"{ESC}[>c",
    "da3": f"{ESC}[=c",
    "title-report": f"{ESC}[21t",
    "alt-screen": f"{ESC}[?1049h",
    "mouse-paste": f"{ESC}[?2004h{ESC}[?1000h",
    "decrqss": f'{ESC}P$q"p{ST}',
    "sixel": f"{ESC}Pq#0;2;0;0;0~{ST}",
    "tmux-passthrough": f"{ESC}Ptmux;{ESC}{ESC}]52;c;cHduZWQ={BEL}{ST}",
    "apc": f"{ESC}_Gf=24;AAAA{ST}",
    "pm": f"{ESC}^private{ST}",
    "sos": f"{ESC}Xstring{ST}",
    "ris": f"{ESC}c",
    "shift-out": "\x0echarset\x0f",
    "c1-csi": "\x9b2J\x9b6n",
    "c1-osc": "\x9d0;pwned\x9c",
    "nested-esc": f"{ESC}{ESC}[2J{ESC}]{ESC}]52;c;cHduZWQ={BEL}",
    "bidi-zero-width": "safe\u202etxt.exe\u202c\u200b\u2066\u2069\ufeff\U000e0041",
    "controls": "a\rb\x08c\x0bd\x0ce\x7ff\x00g\u2028h\u2029i\x85j",
}

MARKUP_ATTACKS: tuple[str, ...] = (
    "[/]",
    "[/",
    "[/foo]",
    "[bold]",
    "[bold red on blink]x[/]",
    "[link=http://127.0.0.1:9]y[/link]",
    "[@click=app.quit]press me[/]",
    "[@click=app.bell()]bell",
    "[ERROR] failed at [/usr/bin/x]",
    "[on red]background[/on red]",
    "[#ff0000]colour",
    "[$error]token[/$error]",
    "[[double]]",
    "\\[escaped]",
    "[]",
    "[=]",
    "[a=b c=d]",
    ":boom: :smile:",
    "{curly} %s %(x)s ${HOME} $(id) `id`",
    "<b>html</b><script>alert(1)</script>",
)

FILE_NAMES: tuple[str, ...] = (
    "esc\x1b[2J.txt",
    "osc\x1b]0;pwned\x07.txt",
    "new\nline.txt",
    "tab\there.txt",
    "bidi\u202etxt.py",
    "[bold]markup[-foo].txt",
    "-rf",
    "$(touch pwned).txt",
)


def hostile(stage: StoryStage, families: str = "all") -> None:
    """Hostile strings in text, tool output, file names, files, commit subjects, tasks and notes."""
    steps = StorySteps(stage)
    chosen = [
        text for name, text in TERMINAL_ATTACKS.items() if families == "all" or families in name
    ]
    chosen += MARKUP_ATTACKS if families in ("all", "markup") else ()
    for start in range(0, len(chosen), 8):
        shown = " ".join(chosen[start : start + 8])
        steps.bash("true", f"Some text: {shown}", f"Describe {shown}", think=0.1)
    steps.write("hostile/payloads.txt", "\n".join(text.replace("\r", "") for text in chosen) + "\n")
    steps.bash("cat hostile/payloads.txt", what="Show the payloads")
    steps.bash("cat hostile/payloads.txt >&2; false", what="Fail with the payloads")
    for name in FILE_NAMES:
        steps.write(f"hostile/{name}", f"{name}\n", think=0.05)
    steps.bash("ls -1 hostile", what="List the names")
    steps.note("Notes " + " ".join(chosen[:4]), "\n\n".join(chosen).replace("\r", ""))
    usable = [text for text in chosen if "\x00" not in text]
    for text in usable[:: max(1, len(usable) // 6)]:
        subject = shlex.quote(" ".join(f"subject {text}".split()))
        command = f"git add -A && {GIT} commit -q --allow-empty -m {subject}"
        steps.bash(command, what="Commit", think=0.05)
    steps.final("Finished: " + " ".join(chosen))


def spawn_tree(
    stage: StoryStage, shapes: str = "", seconds: str = "60", stay: str = "yes", brood: str = "20"
) -> None:
    """Process shapes under a Bash call; the tool's output names their pids."""
    program = shlex.quote(str(Path(__file__).with_name("process_shapes.py")))
    words = [shlex.quote(sys.executable), program, "--seconds", seconds, "--brood", brood]
    words += shapes.split(",") if shapes else []
    log = f"spawned-{stage.session.id[:8]}.txt"
    target = shlex.quote(str(stage.session.config / log))
    steps = StorySteps(stage)
    steps.bash(f"{' '.join(words)} > {target} 2>&1 & sleep 0.5; cat {target}", "Starting many.")
    if stay == "yes":
        steps.bash(f"sleep {seconds}", "Waiting with them.", "Wait")
    steps.final("The processes are on their own now.")


def big_line(stage: StoryStage, size: str = "2000000") -> None:
    """A file of that size, read whole: the result is one line of twice the size and more."""
    steps = StorySteps(stage)
    count = int(size)
    script = f"import sys; sys.stdout.write('0123456789abcde ' * ({count} // 16))"
    steps.bash(f"python3 -c {shlex.quote(script)} > big.txt; wc -c big.txt", "A big file.")
    steps.read("big.txt", "Reading all of it.")
    steps.final("That was a long line.")


def flood(stage: StoryStage, rate: str = "1000", seconds: str = "5", text: str = "word ") -> None:
    """Text deltas at so many lines a second."""
    session = stage.session
    identity = short("msg")
    delta = {"type": "text_delta", "text": text}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    per_second, length = float(rate), float(seconds)
    total = int(per_second * length)
    began, sent = time.monotonic(), 0
    while sent < total:
        due = min(total, int((time.monotonic() - began) * per_second) + 1)
        shape, given = session.shape, {"event": event, "id": identity}
        session.writer.emit(*(shape("stream event", **given) for _ in range(sent, due)))
        sent = due
        session.reader.wait(min(0.02, 10 / per_second))
    stage.respond(f"Sent {sent} lines.")


class CountingWriter(LineWriter):
    """Counts the lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0

    def emit(self, *records: dict[str, Any]) -> None:
        self.lines += len(records)
        super().emit(*records)


def bustle(stage: StoryStage, rate: str = "500", seconds: str = "60") -> None:
    """Ordinary work at so many lines a second: every file is numbered, the last words count all."""
    steps, reader = StorySteps(stage), stage.session.reader
    stage.session.writer = writer = CountingWriter()
    per_second, length = float(rate), float(seconds)
    began, number = time.monotonic(), 0
    while (elapsed := time.monotonic() - began) < length:
        ahead = writer.lines / per_second - elapsed
        if ahead > 0:
            reader.wait(ahead)
            continue
        number += 1
        words = " ".join(f"word{number * step % 997}" for step in range(1, 30))
        name = f"bustle/{number % 50:02d}.txt"
        steps.write(name, f"piece {number}\n{words}\n" * 4, f"Piece {number}: {words}", think=0)
    steps.final(f"Wrote {number} pieces.")
