"""The steps of a rehearsal that need no model: the project's tests and a commit, run by this process.

Both run programs of the repository, in the throwaway copy and under the person's trust: the test command,
and the hooks of a commit. They get the environment that the agent would have.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from tui.runner.copies.commands import StepOutcome, run_command
from tui.runner.copies.work_copy import WorkCopy, head_of
from tui.system.children.programs import find_program
from tui.system.lazy_pattern import lazy

FILE = "overnight-rehearsal.txt"
SUBJECT = "Rehearsal: one line"
_COMMIT_SECONDS = 120.0


class CommitTrouble(Enum):
    """Why a commit was not made."""

    IDENTITY = "identity"
    SIGNING = "signing"
    LOCKED = "locked"
    HOOK = "hook"
    NO_SPACE = "no space"
    READ_ONLY = "read only"
    HANGS = "hangs"
    OTHER = "other"


@dataclass(frozen=True)
class CommitOutcome:
    """A commit that was tried; `trouble` is None where it stands. `words` are git's or a hook's."""

    trouble: CommitTrouble | None
    words: str = ""


_TROUBLES = (
    (CommitTrouble.NO_SPACE, lazy(r"No space left on device|Disk quota exceeded")),
    (CommitTrouble.READ_ONLY, lazy(r"Read-only file system")),
    (
        CommitTrouble.IDENTITY,
        lazy(
            r"tell me who you are|empty ident name|unable to auto-detect email|no (?:name|email) was given"
            r"|user\.useConfigOnly|ident name consists only"
        ),
    ),
    (
        CommitTrouble.SIGNING,
        lazy(
            r"gpg failed to sign|failed to sign the data|cannot run gpg|Couldn't load public key"
            r"|user\.signingKey|gpg: skipped|No secret key|error: (?:Load key|unsupported.*signing)"
            r"|ssh-keygen.*(?:sign|not found)|cannot run .*(?:gpg|ssh-keygen|smimesign)"
        ),
    ),
    (CommitTrouble.LOCKED, lazy(r"Unable to create '[^'\n]*\.lock': File exists|\.lock' exists")),
)


def run_tests(
    command: Sequence[str], copy: WorkCopy, environ: Mapping[str, str], seconds: float
) -> StepOutcome:
    """Runs the test command in the copy; it is ended with all it started after so many seconds."""
    return run_command(command, copy.project, copy.holder, environ, seconds)


def try_commit(copy: WorkCopy, environ: Mapping[str, str]) -> CommitOutcome:
    """Adds a line to a file of the copy and commits it, as the agent would: hooks and signing included."""
    before = head_of(copy)
    path = copy.project / FILE
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write("rehearsed\n")
    except OSError as error:
        return CommitOutcome(_of_words(f"{path}: {error.strerror}"), f"{FILE}: {error.strerror}")
    git = find_program("git", environ, copy.work_tree)
    if git is None:
        return CommitOutcome(CommitTrouble.OTHER, "git was not found on PATH")
    plain = {
        **environ,
        "LC_ALL": "C",
        "LANGUAGE": "",
        "GIT_EDITOR": ":",
        "GIT_TERMINAL_PROMPT": "0",
    }
    for words in ((git, "add", "-f", "--", FILE), (git, "commit", "-m", SUBJECT)):
        done = run_command(words, copy.project, copy.holder, plain, _COMMIT_SECONDS)
        if done.timed_out:
            return CommitOutcome(CommitTrouble.HANGS, f"no end within {_COMMIT_SECONDS:.0f} s")
        if done.code:
            return CommitOutcome(
                _of_words(done.output, hooks=_has_hooks(copy)), _last_lines(done.output)
            )
    if head_of(copy) == before:
        return CommitOutcome(CommitTrouble.OTHER, "git said that it did, but no commit is there")
    return CommitOutcome(None)


def commit_trouble(output: str) -> CommitTrouble | None:
    """What an output of `git commit` says went wrong; None where its words are not git's."""
    return next((kind for kind, words in _TROUBLES if words.search(output)), None)


def _of_words(output: str, *, hooks: bool = False) -> CommitTrouble:
    other = CommitTrouble.HOOK if hooks else CommitTrouble.OTHER
    return commit_trouble(output) or other


def _has_hooks(copy: WorkCopy) -> bool:
    """Whether a hook could have refused the commit: one of the repository, or of a folder set up for it."""
    config = (copy.work_tree / ".git/config").read_text("utf-8", "replace").lower()
    return "hookspath" in config or bool(os.listdir(copy.work_tree / ".git/hooks"))


def _last_lines(output: str) -> str:
    """The last lines that say something, on one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return "; ".join(lines[-3:])
