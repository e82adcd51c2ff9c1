"""The CLI's tools by what they do and what a call changes, and its commands that ask the model nothing."""

from __future__ import annotations

from operator import mul
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
