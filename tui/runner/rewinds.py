"""Rewinds files and conversation while no agent runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import Compaction
from tui.runner.agent.turn_tracker import TurnTracker
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_facts
from tui.system.clock import Clock
from tui.system.errors import RefusedError

_SDK = "claude_agent_sdk"
_WITHIN_S = 60.0
_FORK = f"""
import sys
import {_SDK} as sdk
made = sdk.fork_session(sys.argv[1], directory=sys.argv[2], up_to_message_id=sys.argv[3])
print(made.session_id)
"""


def was_compacted_after(folder: RunDirectory, session: str, uuid: str) -> bool:
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


def fork_conversation(folder: RunDirectory, project: Path, session: str, uuid: str) -> str:
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


_MODES = ("code", "conversation", "both")


@dataclass(frozen=True)
class RewindOutcome:
    """How a rewind went: keys of its journal entry, and whom the next segment takes up, where."""

    entry: dict[str, object]
    text: str
    prompt: str
    resume: str = ""
    resume_at: str = ""


class RunRewinder:
    """The engine of `tui.control.rewind.execute`, and a fork of the conversation."""

    def __init__(
        self, project: Path, settings: Settings, folder: RunDirectory, clock: Clock
    ) -> None:
        self._project = project
        self._folder = folder
        self._clock = clock
        kept = settings.checkpoints
        from tui.control.checkpoints.work_tree import CaptureLimits

        self._limits = CaptureLimits(
            file_bytes=kept.max_file_mib << 20,
            untracked_bytes=kept.max_untracked_mib << 20,
            seconds=kept.time_budget_seconds,
        )

    def check(self, kind: str, arguments: Mapping[str, Any]) -> None:
        """RefusedError for what cannot work, before anything is stopped."""
        from tui.control.checkpoints.refs import find
        from tui.control.rewind import execute
        from tui.control.rewind import plan as rewind_plan

        confirmed = bool(arguments.get("confirmed"))
        if kind == "undo":
            plan = execute.undo_plan(
                self._project, live=self._other_sessions(), limits=self._limits
            )
        else:
            mode = _mode(arguments)
            checkpoint = find(self._project, str(arguments.get("checkpoint") or ""))
            if mode != "code" and not all(self._conversation_cut(checkpoint)):
                raise RefusedError(
                    f"checkpoint {checkpoint.id} does not say where the conversation stood; "
                    "rewind the code only"
                )
            if mode != "code" and was_compacted_after(
                self._folder, *self._conversation_cut(checkpoint)
            ):
                check_fork()
            if mode == "conversation":
                return
            plan = rewind_plan.plan_rewind(
                self._project, checkpoint, live=self._other_sessions(), limits=self._limits
            )
        if plan.refusals and not confirmed:
            raise RefusedError("; ".join(plan.refusals))

    def execute(self, kind: str, arguments: Mapping[str, Any], before: str) -> RewindOutcome:
        """Does it; the agent is gone."""
        if kind == "undo":
            return self._undo(arguments, before)
        from tui.control.checkpoints.refs import find

        mode = _mode(arguments)
        checkpoint = find(self._project, str(arguments.get("checkpoint") or ""))
        entry: dict[str, object] = {"checkpoint": checkpoint.id, "mode": mode}
        session, uuid = self._conversation_cut(checkpoint) if mode != "code" else ("", "")
        if session and was_compacted_after(self._folder, session, uuid):
            session, uuid = fork_conversation(self._folder, self._project, session, uuid), ""
        entry["session"] = session
        # What may be refused comes first, so that both go back or neither does.
        if mode != "conversation":
            entry.update(self._restore(checkpoint, bool(arguments.get("confirmed"))))
        what = {"code": "files", "conversation": "conversation", "both": "files and conversation"}
        words = f"{what[mode]} rewound to {checkpoint.id}"
        label = f" “{checkpoint.label}”" if checkpoint.label else ""
        prompt = (
            f"A person has rewound the {what[mode]} to checkpoint {checkpoint.id}{label}; what came "
            "after it was undone. Look at git status and the progress file before you go on, and "
            "do not repeat what was undone."
        )
        said = str(arguments.get("text") or "").strip()
        return RewindOutcome(entry, words, f"{prompt}\n\n{said}".strip(), session, uuid)

    def _restore(self, checkpoint: Any, confirmed: bool) -> dict[str, object]:
        from tui.control.rewind import execute
        from tui.control.rewind import plan as rewind_plan

        plan = rewind_plan.plan_rewind(
            self._project, checkpoint, live=self._other_sessions(), limits=self._limits
        )
        return _receipt_data(self._execute(execute, plan, confirmed))

    def _undo(self, arguments: Mapping[str, Any], before: str) -> RewindOutcome:
        from tui.control.rewind import execute

        plan = execute.undo_plan(self._project, live=self._other_sessions(), limits=self._limits)
        receipt = self._execute(execute, plan, bool(arguments.get("confirmed")))
        mode = "both" if before else "code"
        entry = {"checkpoint": plan.checkpoint.id, "mode": mode, "session": before}
        prompt = "A person has undone the last rewind: what it took back is there again. Go on."
        return RewindOutcome(
            {**entry, **_receipt_data(receipt)}, "the rewind was undone", prompt, before
        )

    def _execute(self, engine: Any, plan: Any, confirmed: bool) -> Any:
        return engine.execute(
            plan,
            confirmed=confirmed,
            session=self._folder.id,
            limits=self._limits,
            clock=self._clock,
        )

    def _other_sessions(self) -> tuple[str, ...]:
        """Sessions at work in this work tree beside our own, in words."""
        from tui.feeds.sessions.live_processes import describe_agents, live_agents
        from tui.store.attempt_files import agent_of
        from tui.system.git import Git

        own = agent_of(self._folder)
        alive = live_agents(Git(self._project).work_tree)
        return describe_agents(one for one in alive if own is None or one.pid != own[0])

    def _conversation_cut(self, checkpoint: Any) -> tuple[str, str]:
        """Session and event up to which the conversation is to be kept."""
        facts = checkpoint.facts
        session, uuid = str(facts.get("session") or ""), str(facts.get("uuid") or "")
        if session and uuid:
            return session, uuid
        return self._conversation_cut_at(checkpoint.at)

    def _conversation_cut_at(self, at: float) -> tuple[str, str]:
        """The same from the stream: the last event before that moment at which a cut is clean."""
        source, turns = str(self._folder.stream), TurnTracker()
        decoder, offset = ClaudeDecoder(source), 0
        with open(source, "rb") as file:
            for line in file:
                for event in decoder.decode(line, offset).events:
                    if event.at is not None and event.at > at:
                        return turns.session, turns.safe_uuid
                    turns.apply(event)
                offset += len(line)
        return turns.session, turns.safe_uuid


def _mode(arguments: Mapping[str, Any]) -> str:
    mode = str(arguments.get("mode") or "both")
    if mode not in _MODES:
        raise RefusedError(f"a rewind is of code, conversation or both, not of {mode!r}")
    return mode


def _receipt_data(receipt: Any) -> dict[str, object]:
    return {
        "written": receipt.written,
        "deleted": receipt.deleted,
        "kept": len(receipt.kept),
        "safety": receipt.safety.id if receipt.safety else "",
    }
