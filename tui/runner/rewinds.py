"""Rewinds files and conversation of a run while no agent runs."""

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

_MODES = ("code", "conversation", "both")
_SDK = "claude_agent_sdk"
_FORK_SECONDS = 60.0
_FORK = f"""
import sys
import {_SDK} as sdk
made = sdk.fork_session(sys.argv[1], directory=sys.argv[2], up_to_message_id=sys.argv[3])
print(made.session_id)
"""


def was_compacted_after(folder: RunDirectory, session: str, uuid: str) -> bool:
    """Whether the session was compacted after that event: the CLI cannot resume at it then."""
    marker, is_past = uuid.encode(), False
    decoder, offset = ClaudeDecoder(str(folder.stream)), 0
    with open(folder.stream, "rb") as file:
        for line in file:
            is_past = is_past or marker in line
            # Decoding every line of a night takes seconds; few have this word.
            if is_past and b"compact_boundary" in line:
                for event in decoder.decode(line, offset).events:
                    own = not event.thread and event.session in ("", session)
                    if own and isinstance(event.body, Compaction):
                        return True
            offset += len(line)
    return False


def check_fork() -> None:
    """RefusedError where the package that forks a conversation is not installed."""
    from importlib.util import find_spec

    if find_spec(_SDK) is None:
        raise RefusedError(
            "the conversation was compacted since that checkpoint, and the CLI cannot go back behind "
            "that; the Python package claude-agent-sdk can, but it is not installed beside this "
            "program; rewind the files only, or install it"
        )


def fork_conversation(folder: RunDirectory, project: Path, session: str, uuid: str) -> str:
    """Copies the conversation up to that event into a new session; its id. RefusedError if it fails.

    Runs in a process of its own, in the environment of the agent.
    """
    import subprocess

    check_fork()
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _FORK, session, str(project), uuid],
            env={**os.environ, **read_run_facts(folder).env},
            capture_output=True,
            text=True,
            timeout=_FORK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RefusedError(f"the conversation could not be forked: {error}") from error
    new_session = done.stdout.strip()
    if done.returncode or not new_session:
        why = done.stderr.strip().rpartition("\n")[2] or "it said nothing"
        raise RefusedError(f"the conversation could not be forked: {why}")
    return new_session


@dataclass(frozen=True)
class RewindOutcome:
    """What a rewind did: its journal entry, and what the next attempt resumes and is told."""

    entry: dict[str, object]
    text: str
    prompt: str
    resume: str = ""
    resume_at: str = ""


class RunRewinder:
    """Rewinds with `tui.control.rewind`, and forks the conversation where it was compacted.

    `kind` is "rewind" or "undo". Both methods raise OvernightError for what cannot be done.
    """

    def __init__(
        self, project: Path, settings: Settings, folder: RunDirectory, clock: Clock
    ) -> None:
        self._project = project
        self._folder = folder
        self._clock = clock
        from tui.control.checkpoints.work_tree import CaptureLimits

        kept = settings.checkpoints
        self._limits = CaptureLimits(
            file_bytes=kept.max_file_mib << 20,
            untracked_bytes=kept.max_untracked_mib << 20,
            seconds=kept.time_budget_seconds,
        )

    def check(self, kind: str, arguments: Mapping[str, Any]) -> None:
        """Asked before the agent is stopped, so that a refusal costs nothing."""
        from tui.control.checkpoints.refs import find_checkpoint

        if kind == "undo":
            plan = self._plan_undo()
        else:
            mode = _mode(arguments)
            checkpoint = find_checkpoint(self._project, str(arguments.get("checkpoint") or ""))
            if mode != "code":
                session, uuid = self._conversation_cut(checkpoint)
                if not session or not uuid:
                    raise RefusedError(
                        f"checkpoint {checkpoint.id} does not say where the conversation stood; "
                        "rewind the code only"
                    )
                if was_compacted_after(self._folder, session, uuid):
                    check_fork()
            if mode == "conversation":
                return
            plan = self._plan_rewind(checkpoint)
        if plan.refusals and not arguments.get("confirmed"):
            raise RefusedError("; ".join(plan.refusals))

    def execute(self, kind: str, arguments: Mapping[str, Any], before: str) -> RewindOutcome:
        """Rewinds while no agent runs; `before` is the session to which an undo returns."""
        if kind == "undo":
            return self._undo(arguments, before)
        from tui.control.checkpoints.refs import find_checkpoint

        mode = _mode(arguments)
        checkpoint = find_checkpoint(self._project, str(arguments.get("checkpoint") or ""))
        entry: dict[str, object] = {"checkpoint": checkpoint.id, "mode": mode}
        session, uuid = self._conversation_cut(checkpoint) if mode != "code" else ("", "")
        if session and was_compacted_after(self._folder, session, uuid):
            session, uuid = fork_conversation(self._folder, self._project, session, uuid), ""
        entry["session"] = session
        # After the fork, which may be refused: both are rewound, or neither is.
        if mode != "conversation":
            entry |= self._execute_plan(self._plan_rewind(checkpoint), arguments)
        names = {"code": "files", "conversation": "conversation", "both": "files and conversation"}
        text = f"{names[mode]} rewound to {checkpoint.id}"
        label = f" “{checkpoint.label}”" if checkpoint.label else ""
        prompt = (
            f"A person has rewound the {names[mode]} to checkpoint {checkpoint.id}{label}; what came "
            "after it was undone. Look at git status and the progress file before you go on, and "
            "do not repeat what was undone."
        )
        message = str(arguments.get("text") or "").strip()
        return RewindOutcome(entry, text, f"{prompt}\n\n{message}".strip(), session, uuid)

    def _undo(self, arguments: Mapping[str, Any], before: str) -> RewindOutcome:
        plan = self._plan_undo()
        mode = "both" if before else "code"
        entry = {"checkpoint": plan.checkpoint.id, "mode": mode, "session": before}
        entry |= self._execute_plan(plan, arguments)
        prompt = "A person has undone the last rewind: what it took back is there again. Go on."
        return RewindOutcome(entry, "the rewind was undone", prompt, before)

    def _plan_rewind(self, checkpoint: Any) -> Any:
        from tui.control.rewind.plan import plan_rewind

        live = self._other_sessions()
        return plan_rewind(self._project, checkpoint, live=live, limits=self._limits)

    def _plan_undo(self) -> Any:
        from tui.control.rewind.execute import plan_undo

        return plan_undo(self._project, live=self._other_sessions(), limits=self._limits)

    def _execute_plan(self, plan: Any, arguments: Mapping[str, Any]) -> dict[str, object]:
        from tui.control.rewind.execute import execute_rewind

        receipt = execute_rewind(
            plan,
            confirmed=bool(arguments.get("confirmed")),
            session=self._folder.id,
            limits=self._limits,
            clock=self._clock,
        )
        return {
            "written": receipt.written,
            "deleted": receipt.deleted,
            "kept": len(receipt.kept),
            "safety": receipt.safety.id if receipt.safety else "",
        }

    def _other_sessions(self) -> tuple[str, ...]:
        """The other sessions that work in this work tree, for people."""
        from tui.feeds.sessions.live_processes import describe_agents, live_agents
        from tui.store.attempt_files import newest_agent
        from tui.system.git import Git

        own = newest_agent(self._folder)
        alive = live_agents(Git(self._project).work_tree)
        return describe_agents(one for one in alive if own is None or one.pid != own[0])

    def _conversation_cut(self, checkpoint: Any) -> tuple[str, str]:
        """The session and the event up to which the conversation is kept."""
        facts = checkpoint.facts
        session, uuid = str(facts.get("session") or ""), str(facts.get("uuid") or "")
        if session and uuid:
            return session, uuid
        return self._conversation_cut_at(checkpoint.at)

    def _conversation_cut_at(self, at: float) -> tuple[str, str]:
        """The last event before that moment after which the conversation can be cut cleanly."""
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
