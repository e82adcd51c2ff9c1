"""Rewinds files and conversation of a run while no agent runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tui.control.checkpoints.refs import Checkpoint
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.control.rewind.execute import execute_rewind, journal_data, plan_undo
from tui.control.rewind.plan import RewindPlan, plan_rewind
from tui.control.rewind.targets import find_target
from tui.feeds.sessions.live_processes import agents_in_work_tree, describe_agents
from tui.runner.agent.abilities import resuming_abilities
from tui.runner.conversation_place import (
    ConversationPlace,
    find_place,
    was_compacted_after,
)
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
    """What a rewind did: its journal entry, and what the next attempt resumes and is told.

    `moves`: the conversation is another one than before; `fresh`: it begins anew, and the prompt is only
    what a person adds to the goal; `first` says that nothing but the goal had been said by then.
    """

    entry: dict[str, object]
    text: str
    prompt: str
    resume: str = ""
    resume_at: str = ""
    moves: bool = False
    fresh: bool = False
    first: bool = True


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
            mode, checkpoint = self._target(arguments)
            if mode != "code":
                place = self._place(checkpoint)
                if place.uuid and was_compacted_after(self._folder, place.session, place.uuid):
                    check_fork()
                elif place.uuid:
                    refusal = resuming_abilities(self._context, place.session).no_resuming_at
                    if refusal:
                        raise RefusedError(refusal)
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
            return RewindOutcome(entry, "the rewind was undone", prompt, before, moves=bool(before))
        mode, checkpoint = self._target(arguments)
        place = self._place(checkpoint) if mode != "code" else ConversationPlace()
        session, uuid = (place.session, place.uuid) if place.uuid else ("", "")
        if uuid and was_compacted_after(self._folder, session, uuid):
            project = self._context.project
            session, uuid = fork_conversation(self._folder, project, session, uuid), ""
        # After the fork, which may be refused: both are rewound, or neither is.
        entry = self._rewind(mode, session, checkpoint, arguments)
        what, label = _MODES[mode], f" “{checkpoint.label}”" if checkpoint.label else ""
        added, text = str(arguments.get("text") or "").strip(), f"{what} rewound to {checkpoint.id}"
        if mode != "code" and not session:
            text = f"{text}, where a fresh conversation begins"
            return RewindOutcome(entry, text, added, moves=True, fresh=True, first=place.first)
        prompt = (
            f"A person has rewound the {what} to checkpoint {checkpoint.id}{label}; what came "
            "after it was undone. Look at git status and the progress file before you go on, and "
            "do not repeat what was undone."
        )
        prompt = f"{prompt}\n\n{added}".strip()
        return RewindOutcome(entry, text, prompt, session, uuid, moves=mode != "code")

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
        alive = agents_in_work_tree(Git(project).work_tree)
        live = describe_agents(one for one in alive if own is None or one.pid != own[0])
        if checkpoint is None:
            return plan_undo(project, live=live, limits=self._limits)
        return plan_rewind(project, checkpoint, live=live, limits=self._limits)

    def _target(self, arguments: Mapping[str, Any]) -> tuple[str, Checkpoint]:
        """Mode and checkpoint of a request."""
        mode = str(arguments.get("mode") or "both")
        if mode not in _MODES:
            raise RefusedError(f"a rewind is of code, conversation or both, not of {mode!r}")
        name, foreign = str(arguments.get("checkpoint") or ""), arguments.get("foreign") is True
        found = find_target(self._context.project, name, self._folder.id, foreign=foreign)
        return mode, found

    def _place(self, checkpoint: Checkpoint) -> ConversationPlace:
        place = find_place(self._folder, checkpoint)
        if place is None:
            raise RefusedError(
                f"checkpoint {checkpoint.id} does not say where the conversation stood; rewind the code only"
            )
        return place
