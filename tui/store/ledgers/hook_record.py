"""What we installed of hooks in a settings file of Claude Code, apart from what an agent wrote there."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from tui.system.errors import RefusedError, describe_os_error
from tui.system.files import atomic_write, read_small

MOST_SETTINGS = 1 << 20
"""The size up to which such a file is read."""
_MOST_COMMANDS = 100


class HookRecord(Struct):
    """The file before the first install, the digest of what we made of it, when we made its folder.

    `installed` is empty once the hooks are taken out again. `commands` are those that were ever installed
    there: they stay ours.
    """

    original: bytes | None = None
    installed: str = ""
    made_folder: float = 0.0
    commands: tuple[str, ...] = ()

    def with_commands(self, commands: tuple[str, ...]) -> tuple[str, ...]:
        """The commands, with more of them."""
        return tuple(dict.fromkeys((*self.commands, *commands)))[-_MOST_COMMANDS:]


def load_hook_record(path: Path) -> HookRecord:
    """The record of an installation; an empty one if there is none."""
    try:
        return msgspec.json.decode(read_small(path, 3 * MOST_SETTINGS), type=HookRecord)
    except (msgspec.MsgspecError, ValueError):
        return HookRecord()


def save_hook_record(path: Path, record: HookRecord) -> None:
    """Keeps the record; RefusedError where it cannot be written."""
    try:
        atomic_write(path, msgspec.json.encode(record), sync=False)
    except OSError as error:
        raise RefusedError(describe_os_error(error, path, "cannot be written")) from error
