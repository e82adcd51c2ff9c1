"""The agent's tools. They really run: commands through bash, files on disk; results as the CLI's."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from tui.demo.simulator.shapes import short

Json = dict[str, Any]

LIMIT = 30_000
PREVIEW = 2_000
_numbers = count(1)


class ToolRun(NamedTuple):
    """What a tool call gave: `content` for the model, `detail` for the stream's tool_use_result."""

    content: Any
    detail: Any
    failed: bool = False
    added: int = 0
    removed: int = 0
    meta: Json | None = None

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else str(self.content)


class ScriptedCall:
    """A tool call to be made; the other fields are the script's, they never reach the stream.

    `crash_after` kills the agent that long into the call.
    """

    def __init__(
        self, name: str, crash_after: float | None = None, agent_script: Any = None, **given: Any
    ) -> None:
        self.name = name
        self.crash_after = crash_after
        self.agent_script = agent_script
        self.input: Json = given
        self.id = short("toolu")
        self.uuid = ""
        self.task = ""
        self.command: BashCommand | None = None


def failure(words: str, meta: Json | None = None) -> ToolRun:
    return ToolRun(words, f"Error: {words}", failed=True, meta=meta)


def command_environment(environment: Mapping[str, str], session: str, date: str) -> dict[str, str]:
    """The environment of a command: this interpreter first in PATH, no bytecode, no prompts.

    `date` is set for git when the agent's clock is not the wall clock.
    """
    # Two edits of equal length within a second would else run the first one's cached bytecode.
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "CLAUDECODE": "1",
        "CLAUDE_CODE_SESSION_ID": session,
    }
    if date:
        own.update(GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
    return {**environment, **own}


class BashCommand:
    """A running `bash -c` in a session of its own, as the real CLI starts it."""

    def __init__(self, command: str, cwd: Path, environment: Mapping[str, str]) -> None:
        import subprocess

        folder = Path(environment.get("TMPDIR") or "/tmp")
        path = folder / f"scripted-agent-{os.getpid()}-{next(_numbers)}.out"
        self._sink = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        path.unlink()
        self._process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def done(self) -> bool:
        return self._process.poll() is not None

    @property
    def code(self) -> int:
        """The exit code as a shell tells it: 128 and the signal for a signal's death."""
        code = self._process.wait()
        return 128 - code if code < 0 else code

    def output(self) -> str:
        size = os.fstat(self._sink).st_size
        data = os.pread(self._sink, size, 0)
        os.close(self._sink)
        return data.decode("utf-8", "replace").rstrip("\n")

    def kill(self) -> None:
        """Kills the whole tree below the command; what has left it for a session of its own stays."""
        tree = descendants(self._process.pid)
        for pid in [self._process.pid, *tree]:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def descendants(pid: int) -> list[int]:
    """All living descendants where the kernel lists them (Linux); else none."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return []
    children = [int(word) for word in text.split()]
    return children + [below for child in children for below in descendants(child)]


def command_outcome(code: int, output: str, keep: Path) -> ToolRun:
    """The result of a finished command; output beyond 30,000 characters is kept in a file."""
    if code != 0:
        if len(output) > LIMIT:
            output = output[: LIMIT // 2] + "\n…\n" + output[-LIMIT // 2 :]
        return failure(f"Exit code {code}" + (f"\n{output}" if output else ""))
    detail: Json = {
        "stdout": output[:LIMIT],
        "stderr": "",
        "interrupted": False,
        "isImage": False,
        "noOutputExpected": False,
    }
    content = output or "(Bash completed with no output)"
    if len(output) > LIMIT:
        keep.parent.mkdir(parents=True, exist_ok=True)
        keep.write_text(output, "utf-8")
        detail.update(persistedOutputPath=str(keep), persistedOutputSize=len(output))
        content = f"Output too large ({len(output)} characters). Full output saved to: {keep}\n\n"
        content += f"Preview:\n{output[:PREVIEW]}"
    return ToolRun(content, detail)


def write(path: Path, text: str) -> ToolRun:
    before = path.read_text("utf-8") if path.is_file() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    hunks, added, removed = patch(before or "", text)
    detail = {
        "type": "create" if before is None else "update",
        "filePath": str(path),
        "content": text,
        "structuredPatch": [] if before is None else hunks,
        "originalFile": before,
        "userModified": False,
    }
    if before is None:
        return ToolRun(f"File created successfully at: {path}", detail, added=added)
    words = f"The file {path} has been updated successfully."
    return ToolRun(words, detail, added=added, removed=removed)


def edit(path: Path, old: str, new: str) -> ToolRun:
    if not path.is_file():
        return failure("File does not exist.")
    before = path.read_text("utf-8")
    if old not in before:
        return failure(f"String to replace not found in file.\nString: {old}")
    after = before.replace(old, new, 1)
    path.write_text(after, "utf-8")
    hunks, added, removed = patch(before, after)
    detail = {
        "filePath": str(path),
        "oldString": old,
        "newString": new,
        "originalFile": before,
        "structuredPatch": hunks,
        "userModified": False,
        "replaceAll": False,
    }
    words = f"The file {path} has been updated successfully."
    return ToolRun(words, detail, added=added, removed=removed)


def read(path: Path) -> ToolRun:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return failure("File does not exist.")
    lines = text.split("\n")
    detail = {
        "type": "text",
        "file": {
            "filePath": str(path),
            "content": text,
            "numLines": len(lines),
            "startLine": 1,
            "totalLines": len(lines),
        },
    }
    return ToolRun("\n".join(f"{n}\t{line}" for n, line in enumerate(lines, 1)), detail)


def patch(before: str, after: str) -> tuple[list[Json], int, int]:
    """The hunks of a structured patch with three lines of context, and lines added and removed."""
    import difflib

    old, new = before.splitlines(), after.splitlines()
    hunks: list[Json] = []
    added = removed = 0
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(3):
        lines: list[str] = []
        for tag, a, b, c, d in group:
            if tag == "equal":
                lines += [" " + line for line in old[a:b]]
                continue
            lines += ["-" + line for line in old[a:b]] + ["+" + line for line in new[c:d]]
            removed += b - a
            added += d - c
        first, last = group[0], group[-1]
        hunks.append(
            {
                "oldStart": first[1] + 1,
                "oldLines": last[2] - first[1],
                "newStart": first[3] + 1,
                "newLines": last[4] - first[3],
                "lines": lines,
            }
        )
    return hunks, added, removed
