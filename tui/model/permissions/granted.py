"""What an agent may do in a run while nobody is there to answer, as it was decided when the run began."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class PermissionPreset(StrEnum):
    """Which of the presets holds; `mode`: the agent's own permission mode was named instead of one."""

    STANDARD = "standard"
    EDITS = "edits"
    ASK = "ask"
    ALL = "all"
    MODE = "mode"


class CommandPurpose(StrEnum):
    """What a project's command is for."""

    TEST = "test"
    CHECK = "check"
    BUILD = "build"
    GIT = "git"
    OTHER = "other"


class ProjectCommand(Struct, frozen=True):
    """A command that the project's files say it uses, and the file, from the project's top."""

    words: tuple[str, ...]
    purpose: CommandPurpose
    file: str

    @property
    def text(self) -> str:
        return " ".join(self.words)


class AgentPermissions(Struct, frozen=True):
    """The flags and rules of a run, beside what the CLI's own settings files say.

    `mode` is the CLI's permission mode, None where its own settings decide. `allow` and `deny` are the
    preset's rules, `allowed` and `disallowed` those of a person's settings. `refuses_prompts`: the CLI is
    shown that nobody answers.
    """

    preset: PermissionPreset = PermissionPreset.STANDARD
    mode: str | None = "acceptEdits"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    disallowed: tuple[str, ...] = ()
    commands: tuple[ProjectCommand, ...] = ()
    refuses_prompts: bool = False
