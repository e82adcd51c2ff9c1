"""The CLI's tools by what they do and what a call changes, its commands that ask the model nothing, and what a
version of it can do."""

from __future__ import annotations

import re
from collections.abc import Collection
from operator import mul
from typing import Final
from zlib import crc32

from msgspec import Struct

EDITING = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit"})
OTHER_SHELLS = frozenset(
    "bash execute_bash shell exec_command execute_command execute_shell_command run_bash run_command"
    " run_in_terminal run_shell_command run_terminal_cmd terminal".split()
)
"""Shells of other agents; their answers have no mark of an error."""
SHELLS = frozenset({"Bash", "PowerShell"}) | OTHER_SHELLS
SUBAGENTS = frozenset({"Agent", "Task"})
ASKING = frozenset({"AskUserQuestion", "ExitPlanMode"})
TICKING = frozenset({"TodoWrite", "TaskUpdate"})
ENDED_TASK_STATUSES = frozenset({"completed", "failed", "stopped", "killed", "cancelled"})
"""Words of the CLI for a background task that is over."""
POLLING = frozenset({"BashOutput", "TaskOutput", "Monitor", "ScheduleWakeup", "TaskGet"})
STOP_HOOK_FEEDBACK = "Stop hook feedback"
"""How the CLI begins what it tells the model when a Stop hook has it go on."""
_COMMANDS = frozenset(
    "add-dir agents bashes branch bug clear color compact config context copy cost desktop doctor "
    "effort exit export extra-usage fast feedback files fork help hooks ide install-github-app "
    "keybindings login logout mcp memory mobile model new output-style passes permissions plan "
    "plugin privacy-settings quit release-notes reload-plugins remote-control remote-env rename "
    "reset resume rewind sandbox settings skills stats status statusline stickers tag tasks "
    "terminal-setup theme todos upgrade usage vim voice".split()
)


def is_cli_command(text: str) -> bool:
    """Whether a prompt is a command of the CLI, or of its shell mode, and no work for the model."""
    if text.startswith("! "):
        return True
    word = text[1:].split(None, 1)[0] if text[:1] == "/" and len(text) > 1 else ""
    return word in _COMMANDS


def asks_no_model(text: str) -> bool:
    """Whether the CLI answers it alone: `/compact` has a model summarise, `/plan` may begin a turn."""
    return text[:1] in "/!" and is_cli_command(text) and not text.startswith(("/compact", "/plan"))


MASK = (1 << 63) - 1
"""Digests are added and subtracted modulo 2**63."""


class ToolChange(Struct, frozen=True, gc=False):
    """What an edit takes out of a file and puts in, and a number for each task that a call says is completed.

    The content of a file, as a number, changes by `written` - `removed`; it is `written` where `removed`
    is 0. Both are 0 where nobody can tell.
    """

    removed: int = 0
    written: int = 0
    ticked: tuple[int, ...] = ()


NO_CHANGE = ToolChange()


def line_digest(text: str) -> int:
    """The sum over the lines of a text, indentation aside, 0 for a text without a word.

    Texts of the same lines in another order have the same sum: `exact_digest` tells those apart.
    """
    if not text:
        return 0
    lines = map(bytes.strip, text.encode("utf-8", "surrogatepass").split(b"\n"))
    sums = list(map(crc32, lines))
    # The square keeps changes apart that flip the same bits in two lines.
    total: int = sum(map(mul, sums, sums))
    return total & MASK


def exact_digest(text: str) -> int:
    """A number that stands for just this text, equal in every process."""
    data = text.encode("utf-8", "surrogatepass")
    return (crc32(data) << 31 ^ crc32(data[::-1])) & MASK


TRIED_RESUME_AT: Final = (2, 1)
"""From this version on, resuming a conversation at one of its events was tried and works."""


class AgentAbilities(Struct, frozen=True):
    """What a version of Claude Code can do; None: nothing has shown it yet.

    `receipts`: it says what becomes of each message. `withdraws`: it takes back one that waits.
    `resumes_at`: it resumes a conversation at one of its events.
    """

    version: str = ""
    receipts: bool = False
    withdraws: bool | None = None
    resumes_at: bool | None = None

    @classmethod
    def of(cls, version: str, capabilities: Collection[str]) -> AgentAbilities:
        """What follows from the version and the capabilities that it names at the start of a turn."""
        receipts = "msg_lifecycle_v1" in capabilities
        found = re.match(r"(\d+)\.(\d+)", version)
        number = (int(found[1]), int(found[2])) if found else ()
        at = True if number >= TRIED_RESUME_AT else None
        return cls(version, receipts, True if receipts else None, at)

    @property
    def no_withdrawal(self) -> str:
        """Why a message cannot be taken back; empty where it can, or may."""
        if self.withdraws is not False:
            return ""
        return f"Claude Code {self.version} takes no message back; it reads it after the tool that runs"

    @property
    def no_resuming_at(self) -> str:
        """Why a conversation cannot be rewound; empty where it can, or may."""
        if self.resumes_at is not False:
            return ""
        newer = ".".join(map(str, TRIED_RESUME_AT))
        return (
            f"Claude Code {self.version} does not go back in a conversation: it resumes at the end, whatever "
            f"it is told; update it to {newer} or newer, or rewind the files alone"
        )
