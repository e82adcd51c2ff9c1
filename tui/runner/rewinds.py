"""Rewinds files and conversation of a run while no agent runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tui.control.checkpoints.refs import Checkpoint, find_checkpoint
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.control.rewind.execute import execute_rewind, journal_data, plan_undo
from tui.control.rewind.plan import RewindPlan, plan_rewind
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.sessions.live_processes import describe_agents, live_agents
from tui.model.events import Compaction
from tui.runner.agent.turns import TurnTracker
from tui.runner.run_context import RunContext
from tui.store.layout import RunDirectory
from tui.store.runs import newest_agent, read_run_facts
from tui.system.children import python_child
from tui.system.errors import RefusedError
from tui.system.git import Git

# What a mode brings back, for people.
_MODES = {"code": "files", "conversation": "conversation", "both": "files and conversation"}
_SDK = "claude_agent_sdk"
_FORK_SECONDS = 60.0


def was_compacted_after(folder: RunDirectory, session: str, uuid: str) -> bool:
    """Whether the session was compacted after that event: the CLI cannot resume at it then."""
    marker, is_past, decoder = uuid.encode(), False, ClaudeDecoder(str(folder.stream))
    with open(folder.stream, "rb") as file:
        for line in file:
            is_past = is_past or marker in line
            # Decoding every line of a night takes seconds; few have this word.
            if is_past and b"compact_boundary" in line:
                for event in decoder.decode(line, 0).events:
                    own = not event.thread and event.session in ("", session)
                    if own and isinstance(event.body, Compaction):
                        return True
    return False


def check_fork() -> None:
    """RefusedError where the package that forks a conversation is not installed."""
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
    check_fork()
    try:
        done = subprocess.run(
            python_child.module_command("tui.runner.agent.fork", session, str(project), uuid),
            cwd=python_child.FOLDER,
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

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._folder = context.folder
        self._limits = CaptureLimits.from_settings(context.settings.checkpoints)

    def check(self, kind: str, arguments: Mapping[str, Any]) -> None:
        """Asked before the agent is stopped, so that a refusal costs nothing."""
        if kind == "undo":
            plan = self._plan(None)
        else:
            mode, checkpoint, session, uuid = self._target(arguments)
            if mode != "code":
                if not session or not uuid:
                    raise RefusedError(
                        f"checkpoint {checkpoint.id} does not say where the conversation stood; "
                        "rewind the code only"
                    )
                if was_compacted_after(self._folder, session, uuid):
                    check_fork()
            if mode == "conversation":
                return
            plan = self._plan(checkpoint)
        if plan.refusals and not arguments.get("confirmed"):
            raise RefusedError("; ".join(plan.refusals))

    def execute(self, kind: str, arguments: Mapping[str, Any], before: str) -> RewindOutcome:
        """Rewinds while no agent runs; `before` is the session to which an undo returns."""
        if kind == "undo":
            entry = self._rewind("both" if before else "code", before, None, arguments)
            prompt = "A person has undone the last rewind: what it took back is there again. Go on."
            return RewindOutcome(entry, "the rewind was undone", prompt, before)
        mode, checkpoint, session, uuid = self._target(arguments)
        if session and was_compacted_after(self._folder, session, uuid):
            project = self._context.project
            session, uuid = fork_conversation(self._folder, project, session, uuid), ""
        # After the fork, which may be refused: both are rewound, or neither is.
        entry = self._rewind(mode, session, checkpoint, arguments)
        what, label = _MODES[mode], f" “{checkpoint.label}”" if checkpoint.label else ""
        prompt = (
            f"A person has rewound the {what} to checkpoint {checkpoint.id}{label}; what came "
            "after it was undone. Look at git status and the progress file before you go on, and "
            "do not repeat what was undone."
        )
        prompt = f"{prompt}\n\n{str(arguments.get('text') or '').strip()}".strip()
        return RewindOutcome(entry, f"{what} rewound to {checkpoint.id}", prompt, session, uuid)

    def _rewind(
        self, mode: str, session: str, checkpoint: Checkpoint | None, arguments: Mapping[str, Any]
    ) -> dict[str, object]:
        """Rewinds the files unless only the conversation is meant; what the journal keeps of both."""
        if mode == "conversation" and checkpoint is not None:
            return {"checkpoint": checkpoint.id, "mode": mode, "session": session}
        plan = self._plan(checkpoint)
        result = execute_rewind(
            plan,
            confirmed=bool(arguments.get("confirmed")),
            session=self._folder.id,
            limits=self._limits,
            clock=self._context.clock,
        )
        entry = {"checkpoint": plan.checkpoint.id, "mode": mode, "session": session}
        return {**entry, **journal_data(result), "mode": mode}

    def _plan(self, checkpoint: Checkpoint | None) -> RewindPlan:
        """The plan of a rewind to it, or of the undo of the last one."""
        # Without the agent of this run, which is stopped first.
        own, project = newest_agent(self._folder), self._context.project
        alive = live_agents(Git(project).work_tree)
        live = describe_agents(one for one in alive if own is None or one.pid != own[0])
        if checkpoint is None:
            return plan_undo(project, live=live, limits=self._limits)
        return plan_rewind(project, checkpoint, live=live, limits=self._limits)

    def _target(self, arguments: Mapping[str, Any]) -> tuple[str, Checkpoint, str, str]:
        """Mode, checkpoint, and session and event up to which the conversation is kept."""
        mode = str(arguments.get("mode") or "both")
        if mode not in _MODES:
            raise RefusedError(f"a rewind is of code, conversation or both, not of {mode!r}")
        name, foreign = str(arguments.get("checkpoint") or ""), arguments.get("foreign") is True
        checkpoint = find_checkpoint(self._context.project, name, foreign=foreign)
        if mode == "code":
            return mode, checkpoint, "", ""
        facts = checkpoint.facts
        session, uuid = str(facts.get("session") or ""), str(facts.get("uuid") or "")
        if not session or not uuid:
            session, uuid = self._conversation_cut_at(checkpoint.at)
        return mode, checkpoint, session, uuid

    def _conversation_cut_at(self, at: float) -> tuple[str, str]:
        """The last event before that moment after which the conversation can be cut cleanly."""
        turns, decoder = TurnTracker(), ClaudeDecoder(str(self._folder.stream))
        with open(self._folder.stream, "rb") as file:
            for line in file:
                for event in decoder.decode(line, 0).events:
                    if event.at is not None and event.at > at:
                        return turns.session, turns.safe_uuid
                    turns.apply(event)
        return turns.session, turns.safe_uuid
