"""Finding the session among many, with this version and another in turns.

Usage: python -m benchmarks.sessions --before FOLDER.

The home has two thousand transcripts, half of them in the project's folder, three gigabytes in all (files with
holes), and three hundred other projects. Prints seconds and ratios: below 1 means that this version is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.opening import Version, in_turns

_HOUR = 3600.0


class Home(Version):
    """A version with many transcripts."""

    def __init__(self, version: Path, top: Path, transcripts: int, gigabytes: float) -> None:
        super().__init__(version, top)
        subprocess.run(["git", "-C", self.project, "init", "-q"], check=True)
        size = int(gigabytes * 1e9 / transcripts)
        for number in range(transcripts):
            # Every fifth is a one-shot question; the newest is a night of moderate size.
            folder = self.project if number % 2 == 0 else top / f"other-{number % 600}"
            self._write(folder, number, 0 if number % 5 == 4 or number == 0 else size)

    def _write(self, folder: Path, number: int, size: int) -> None:
        name = f"{number:08x}-1111-4222-8333-444455556666"
        slug = re.sub(r"[^A-Za-z0-9]", "-", str(folder))
        path = self.home / ".claude/projects" / slug / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        ended = time.time() - 60 - number * _HOUR / 4
        is_night = size > 0 or number == 0
        lines = list(_records(name, folder, ended, 60 if is_night else 1))
        with path.open("wb") as file:
            file.write(b"".join(lines[: len(lines) // 2]))
            if size:
                file.seek(size - 200_000, os.SEEK_END)
                file.write(b"\n")
            file.write(b"".join(lines[len(lines) // 2 :]))
        os.utime(path, (ended, ended))


def _records(name: str, folder: Path, ended: float, rounds: int) -> list[bytes]:
    """A session as Claude writes it: a prompt, rounds of a call with 2 kB of output, an answer."""
    records: list[dict[str, object]] = [
        {"type": "user", "message": _message("user", "Go on.", name)}
    ]
    for number in range(rounds if rounds > 1 else 0):
        call = {
            "type": "tool_use",
            "id": f"toolu_{name[:8]}_{number}",
            "name": "Edit",
            "input": {"a": number},
        }
        output = {"type": "tool_result", "tool_use_id": call["id"], "content": "x" * 2_000}
        records.append(
            {"type": "assistant", "message": _message("assistant", [call], name, number)}
        )
        records.append({"type": "user", "message": _message("user", [output], name)})
    words = [{"type": "text", "text": "Done."}]
    records.append({"type": "assistant", "message": _message("assistant", words, name, -1)})
    lines = []
    for number, record in enumerate(records):
        at = datetime.fromtimestamp(ended - (len(records) - number - 1) * 20, UTC)
        envelope = {
            "sessionId": name, "cwd": str(folder), "uuid": f"{name}-{number}", "isSidechain": False,
            "version": "2.1.329", "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }  # fmt: skip
        lines.append(json.dumps({**envelope, **record}).encode() + b"\n")
    return lines


def _message(role: str, content: object, name: str, number: int = 0) -> dict[str, object]:
    stop = "end_turn" if number < 0 else "tool_use"
    return {
        "role": role, "content": content, "id": f"msg_{name[:8]}_{number}", "model": "claude-opus-4-5",
        "stop_reason": stop, "usage": {"input_tokens": 3, "output_tokens": 40},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--transcripts", type=int, default=2_000)
    parser.add_argument("--gigabytes", type=float, default=3.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="overnight-bench-") as name:
        size = given.transcripts, given.gigabytes
        now = Home(Path(__file__).parents[1], Path(name, "now"), *size)
        before = Home(given.before, Path(name, "before"), *size)
        in_turns("screen", now.screen, before.screen, given.rounds)
        for words in (("status",), ("status", "--json"), ("review", "--json")):
            in_turns(
                " ".join(words),
                lambda words=words: now.command(*words),  # type: ignore[misc]
                lambda words=words: before.command(*words),  # type: ignore[misc]
                given.rounds,
            )
        took = min(now.command("sessions") for _ in range(3))
        print(f"sessions     {took:.3f} s (new)")


if __name__ == "__main__":
    main()
