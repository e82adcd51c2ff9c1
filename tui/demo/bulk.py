"""Stories that are heavy or nasty: floods, busy hours, huge lines, hostile text, trees of processes."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

from . import shapes
from .hands import GIT, Hands
from .hostile import MARKUP, NAMES, TERMINAL
from .stage import Stage
from .wire import encode


def hostile(stage: Stage, families: str = "all") -> None:
    """Hostile strings in text, tool output, file names, files, commit subjects, tasks and notes."""
    hands = Hands(stage)
    chosen = [text for name, text in TERMINAL.items() if families == "all" or families in name]
    chosen += MARKUP if families in ("all", "markup") else ()
    for start in range(0, len(chosen), 8):
        shown = " ".join(chosen[start : start + 8])
        hands.bash("true", f"Some text: {shown}", f"Describe {shown}", think=0.1)
    hands.write("hostile/payloads.txt", "\n".join(text.replace("\r", "") for text in chosen) + "\n")
    hands.bash("cat hostile/payloads.txt", what="Show the payloads")
    hands.bash("cat hostile/payloads.txt >&2; false", what="Fail with the payloads")
    for name in NAMES:
        hands.write(f"hostile/{name}", f"{name}\n", think=0.05)
    hands.bash("ls -1 hostile", what="List the names")
    hands.note("Notes " + " ".join(chosen[:4]), "\n\n".join(chosen).replace("\r", ""))
    usable = [text for text in chosen if "\x00" not in text]
    for text in usable[:: max(1, len(usable) // 6)]:
        subject = shlex.quote(" ".join(f"subject {text}".split()))
        command = f"git add -A && {GIT} commit -q --allow-empty -m {subject}"
        hands.bash(command, what="Commit", think=0.05)
    hands.final("Finished: " + " ".join(chosen))


def spawn_tree(
    stage: Stage, shapes: str = "", seconds: str = "60", stay: str = "yes", brood: str = "20"
) -> None:
    """Process shapes under a Bash call; the tool's output names their pids."""
    program = shlex.quote(str(Path(__file__).with_name("processes.py")))
    words = [shlex.quote(sys.executable), program, "--seconds", seconds, "--brood", brood]
    words += shapes.split(",") if shapes else []
    log = f"spawned-{stage.session.id[:8]}.txt"
    target = shlex.quote(str(stage.session.config / log))
    hands = Hands(stage)
    hands.bash(f"{' '.join(words)} > {target} 2>&1 & sleep 0.5; cat {target}", "Starting many.")
    if stay == "yes":
        hands.bash(f"sleep {seconds}", "Waiting with them.", "Wait")
    hands.final("The processes are on their own now.")


def big_line(stage: Stage, size: str = "2000000") -> None:
    """A file of that size, read whole: the result is one line of twice the size and more."""
    hands = Hands(stage)
    count = int(size)
    script = f"import sys; sys.stdout.write('0123456789abcde ' * ({count} // 16))"
    hands.bash(f"python3 -c {shlex.quote(script)} > big.txt; wc -c big.txt", "A big file.")
    hands.read("big.txt", "Reading all of it.")
    hands.final("That was a long line.")


def flood(stage: Stage, rate: str = "1000", seconds: str = "5", text: str = "word ") -> None:
    """Text deltas at so many lines a second."""
    session = stage.session
    identity = shapes.short("msg")
    delta = {"type": "text_delta", "text": text}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    per_second, length = float(rate), float(seconds)
    total = int(per_second * length)
    began, sent = time.monotonic(), 0
    while sent < total:
        due = min(total, int((time.monotonic() - began) * per_second) + 1)
        lines = [shapes.stream_event(session.id, event, identity) for _ in range(sent, due)]
        session.outlet.raw(b"".join(encode(line) for line in lines))
        sent = due
        session.inbox.wait(min(0.02, 10 / per_second))
    stage.respond(f"Sent {sent} lines.")


def bustle(stage: Stage, rate: str = "500", seconds: str = "60") -> None:
    """Ordinary work at so many lines a second: every file is numbered, the last words count all."""
    hands, outlet, inbox = Hands(stage), stage.session.outlet, stage.session.inbox
    per_second, length = float(rate), float(seconds)
    began, first, number = time.monotonic(), outlet.lines, 0
    while (elapsed := time.monotonic() - began) < length:
        ahead = (outlet.lines - first) / per_second - elapsed
        if ahead > 0:
            inbox.wait(ahead)
            continue
        number += 1
        words = " ".join(f"word{number * step % 997}" for step in range(1, 30))
        name = f"bustle/{number % 50:02d}.txt"
        hands.write(name, f"piece {number}\n{words}\n" * 4, f"Piece {number}: {words}", think=0)
    hands.final(f"Wrote {number} pieces.")
