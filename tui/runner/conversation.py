"""Cutting a conversation where the CLI itself cannot: at a place before one of its compactions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tui.errors import RefusedError
from tui.feeds.events import ClaudeDecoder
from tui.records import Compaction
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_facts

_SDK = "claude_agent_sdk"
_WITHIN_S = 60.0
_FORK = f"""
import sys
import {_SDK} as sdk
made = sdk.fork_session(sys.argv[1], directory=sys.argv[2], up_to_message_id=sys.argv[3])
print(made.session_id)
"""


def compacted_after(folder: RunDirectory, session: str, uuid: str) -> bool:
    """Whether the session was compacted after that event, so that the CLI finds it no longer."""
    wanted, begun = uuid.encode(), False
    decoder, offset = ClaudeDecoder(str(folder.stream)), 0
    with open(folder.stream, "rb") as file:
        for line in file:
            begun = begun or wanted in line
            if begun and b"compact_boundary" in line:
                events = decoder.decode(line, offset).events
                if any(_compacts(one.body, one.thread, one.session, session) for one in events):
                    return True
            offset += len(line)
    return False


def _compacts(body: object, thread: str, session: str, wanted: str) -> bool:
    return isinstance(body, Compaction) and not thread and session in ("", wanted)


def check_fork() -> None:
    """RefusedError where the package that forks a conversation offline is not installed."""
    from importlib.util import find_spec

    if find_spec(_SDK) is None:
        raise RefusedError(
            "the conversation was compacted since that checkpoint, and the CLI cannot go back behind "
            "that; the Python package claude-agent-sdk can, but it is not installed beside this "
            "program; rewind the files only, or install it"
        )


def fork(folder: RunDirectory, project: Path, session: str, uuid: str) -> str:
    """Copies the conversation up to that event into a new session and returns its id.

    The old one stays as it is. Runs in a process of its own, with what the agent has for its home.
    """
    import subprocess

    check_fork()
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _FORK, session, str(project), uuid],
            env={**os.environ, **read_run_facts(folder).env},
            capture_output=True,
            text=True,
            timeout=_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RefusedError(f"the conversation could not be forked: {error}") from error
    made = done.stdout.strip()
    if done.returncode or not made:
        why = done.stderr.strip().rpartition("\n")[2] or "it said nothing"
        raise RefusedError(f"the conversation could not be forked: {why}")
    return made
