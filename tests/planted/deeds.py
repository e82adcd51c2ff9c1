"""Every command of the command line, with what it may change outside our own state."""

from __future__ import annotations

from dataclasses import dataclass

P = r"above/project/"
_GIT = (
    r".*/\.git/objects(/.*)?",
    r".*/\.git/refs/overnight(/.*)?",
    r".*/\.git/overnight(/.*)?",
    r".*/\.git/modules/[^/]+/(objects|refs/overnight|overnight)(/.*)?",
)
"""What a checkpoint adds to a repository."""
_FILES = (r"above/(project|linked)/(?!\.git(/|$)).*", r"above/(project|linked)")
"""The files of the work tree, which a rewind is for."""

_HOOKS = r"above/(project|linked)/(.*/)?\.claude(/.*)?"


@dataclass(frozen=True)
class Deed:
    """A command line; `may_change` are patterns of paths that it is for."""

    words: tuple[str, ...]
    may_change: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return " ".join(self.words)


def _view(*lines: str) -> tuple[Deed, ...]:
    return tuple(Deed(tuple(line.split())) for line in lines)


VIEWING = _view(
    "status",
    "status --json",
    "status src",
    "events",
    "events --json",
    "events --verbosity 3",
    "review",
    "review --json",
    "review --markdown -",
    "review --html -",
    "review --svg -",
    "runs",
    "runs --json",
    "doctor",
    "doctor --json",
    "config",
    "config --defaults",
    "checkpoints",
    "checkpoints --json",
    "rewind c1 --dry-run",
    "rewind c7 --dry-run",
    "rewind c8 --dry-run --anyway",
    "undo --dry-run",
    "undo --dry-run --anyway",
    "kill",
    "kill --gently",
    "step-back --print",
    "hooks status",
    "unit nightly --at 02:00",
    "trust --show",
    "metrics",
    "search begin",
    "sessions",
    "fleet --help",
    "completions bash",
    "demo --help",
    "run --help",
    "hook PostToolUse .overnight/mailbox",
    "watch --help",
    "inject --help",
)
"""Nothing outside our state may be written by these, and nothing of the repository started."""

READING_CHECKPOINTS = tuple(
    deed for deed in VIEWING if deed.words[0] in ("checkpoints", "rewind", "undo")
)

ACTING = (
    Deed(("inject", "hello")),
    Deed(("inject", "--now", "hello")),
    Deed(("step-back",)),
    Deed(("withdraw",)),
    Deed(("kill", "--yes", "--no-checkpoint")),
    Deed(("checkpoint",), _GIT),
    Deed(("checkpoint", "-m", "mine"), _GIT),
    Deed(("rewind", "c7", "--yes", "--anyway"), (*_GIT, *_FILES)),
    Deed(("rewind", "c8", "--yes", "--anyway"), (*_GIT, *_FILES)),
    Deed(("rewind", "c1", "--yes", "--anyway"), (*_GIT, *_FILES)),
    Deed(("undo", "--yes", "--anyway"), (*_GIT, *_FILES)),
    Deed(("checkpoints", "--delete", "c1"), _GIT),
    Deed(("trust", "--import-runs", "--yes")),
    Deed(("hooks", "install"), (_HOOKS,)),
    Deed(("hooks", "uninstall"), (_HOOKS,)),
)
"""These change what they are for, and nothing else."""

CHECKPOINTING = tuple(deed for deed in ACTING if _GIT[0] in deed.may_change)


def known(deeds: tuple[Deed, ...], commands: dict[str, tuple[str, str]]) -> list[Deed]:
    """Those whose command this version has."""
    return [deed for deed in deeds if deed.words[0] in commands]
