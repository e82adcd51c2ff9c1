"""What is installed of our hooks in `.claude/settings.local.json`."""

from __future__ import annotations

import json
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from tui.control.channels.hook_delivery import EVENTS
from tui.control.channels.mailbox import Mailbox
from tui.store.layout import project_state
from tui.system import paths
from tui.system.children import python_child
from tui.system.errors import RefusedError, describe_os_error
from tui.system.files import read_json, read_small

FOLDER: Final = ".claude"
NAME: Final = "settings.local.json"
MARK: Final = "# overnight-tui mailbox"
_MOST_BYTES: Final = 1 << 20
# O_NONBLOCK: a FIFO in the file's place must not make us wait.
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
Json = dict[str, Any]
JsonPath = tuple[str | int, ...]


@dataclass(frozen=True)
class HookStatus:
    """What is installed: `events` ours, `stale` those that call something else than we would now.

    `off` says why no hook at all runs here; empty when they may. `folder_made_at` is when we made
    `.claude` itself: sessions older than that may not notice it (version 2.1.197 does not).
    """

    file: Path
    events: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    off: str = ""
    folder_made_at: float | None = None

    @property
    def complete(self) -> bool:
        """Whether a message would be delivered by every event that we install a hook for."""
        return self.events == EVENTS and not self.stale and not self.off


def hook_status(project: Path) -> HookStatus:
    """What is installed now; RefusedError when the file cannot be trusted or read."""
    data = read_settings(project).data
    settings = json.loads("{}" if data is None else decode_settings(data, project))
    found = {event: [command for _, command in find_ours(settings, event)] for event in EVENTS}
    events = tuple(event for event in EVENTS if found[event])
    stale = tuple(e for e in events if found[e] != [hook_command(e, project)])
    made_at = load_record(project).made_folder if events else 0.0
    file = settings_path(project)
    return HookStatus(file, events, stale, _disabled_reason(project, settings), made_at or None)


def hook_command(event: str, project: Path) -> str:
    """The shell command for one event; it says nothing once this program is gone.

    It names our state folder: a session may have another `$XDG_STATE_HOME` than who installs, and a hook
    opens no mailbox outside of that folder.
    """
    # The agent's environment is around it then, and the project its folder.
    words = python_child.program_command("hook", event, str(Mailbox(project).folder))
    gates = (words[0], python_child.program_file())
    gone = " || ".join(f"test ! -e {shlex.quote(gate)}" for gate in gates)
    state = f"XDG_STATE_HOME={shlex.quote(str(paths.state_dir().parent))}"
    return f"{gone} || {state} {shlex.join(words)} {MARK}"


def find_ours(settings: Json, event: str) -> Iterator[tuple[JsonPath, str]]:
    """Where our hooks for an event stand, a group that has no other hook as one; their commands."""
    for number, group in enumerate(settings.get("hooks", {}).get(event, [])):
        hooks = group.get("hooks") if isinstance(group, dict) else None
        if not isinstance(hooks, list):
            continue
        for entry, hook in enumerate(hooks):
            command = hook.get("command") if isinstance(hook, dict) else None
            if isinstance(command, str) and command.endswith(MARK):
                path = ("hooks", event, number)
                yield (path if len(hooks) == 1 else (*path, "hooks", entry)), command


def decode_settings(data: bytes, project: Path) -> str:
    """The settings as text, known to have the shape we rely on; RefusedError otherwise."""
    shown = settings_path(project)
    try:
        text = data.decode("utf-8")
        settings = json.loads(text, object_pairs_hook=_reject_duplicates)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{shown} is not valid JSON ({error}); nothing was changed") from error
    hooks = settings.get("hooks", {}) if isinstance(settings, dict) else None
    if not isinstance(hooks, dict):
        raise RefusedError(f"{shown} does not hold settings as Claude Code reads them")
    if not all(isinstance(hooks.get(event, []), list) for event in EVENTS):
        raise RefusedError(f"the hooks in {shown} are not lists; nothing was changed")
    return text


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members


def _disabled_reason(project: Path, local: Json) -> str:
    if local.get("disableAllHooks") is True:
        return f"disableAllHooks is set in {settings_path(project)}"
    # Links are followed, as Claude Code does: all that is taken from these files is that one fact.
    for file in (project / FOLDER / "settings.json", paths.claude_dir() / "settings.json"):
        settings = read_json(file, _MOST_BYTES, follow=True) or {}
        if settings.get("disableAllHooks") is True:
            return f"disableAllHooks is set in {file}"
    return ""


class HookRecord(Struct):
    """The file before the first install, the digest of what we made of it, when we made `.claude`."""

    original: bytes | None = None
    installed: str = ""
    made_folder: float = 0.0


def record_path(project: Path) -> Path:
    """Where the record of an installation lies."""
    return project_state(project) / "hooks.json"


def load_record(project: Path) -> HookRecord:
    """The record of the installation; an empty one if there is none."""
    try:
        data = read_small(record_path(project), 2 * _MOST_BYTES)
        return msgspec.json.decode(data, type=HookRecord)
    except (msgspec.MsgspecError, ValueError):
        return HookRecord()


class SettingsFileVersion(NamedTuple):
    """The file as it was read; `data` is None where there is none, `stamp` is its identity then."""

    data: bytes | None
    mode: int = 0o600
    stamp: tuple[int, int, int, int] | None = None


def settings_path(project: Path) -> Path:
    """Where the file stands."""
    return project / FOLDER / NAME


def read_settings(project: Path) -> SettingsFileVersion:
    """The file's bytes; RefusedError for a link, somebody else's file, or one that is too large."""
    with settings_folder(project, make=False) as folder:
        missing = SettingsFileVersion(None)
        return missing if folder is None else read_version(folder, settings_path(project))


def _describe_link(path: Path) -> str:
    """Links of dotfiles are common, but what one leads to may be another project's, or everybody's."""
    return (
        f"{path} is a symbolic link, and hooks are installed for one project only; nothing was "
        "changed. Put a copy of what it leads to in its place, then try again"
    )


@contextmanager
def settings_folder(project: Path, *, make: bool) -> Iterator[int | None]:
    """A descriptor of `.claude`; None where there is none."""
    path = project / FOLDER
    try:
        if make:
            path.mkdir(mode=0o755, exist_ok=True)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        if path.is_symlink():
            raise RefusedError(_describe_link(path)) from error
        raise RefusedError(describe_os_error(error, path, "cannot be used")) from error
    try:
        if os.fstat(folder).st_uid != os.geteuid():
            raise RefusedError(f"{path} belongs to another user; nothing was changed")
        yield folder
    finally:
        os.close(folder)


def read_version(folder: int, shown: Path) -> SettingsFileVersion:
    """The file in an open folder, as `read_settings` gives it."""
    try:
        descriptor = os.open(NAME, _OPEN, dir_fd=folder)
    except FileNotFoundError:
        return SettingsFileVersion(None)
    except OSError as error:
        if shown.is_symlink():
            raise RefusedError(_describe_link(shown)) from error
        raise RefusedError(describe_os_error(error, shown, "cannot be read")) from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        for is_so, reason in (
            (not stat.S_ISREG(facts.st_mode), "is no regular file"),
            (facts.st_uid != os.geteuid(), "belongs to another user"),
            (facts.st_nlink != 1, "has other names (hard links), so put a copy in its place"),
            (facts.st_size > _MOST_BYTES, "is larger than 1 MiB"),
        ):
            if is_so:
                raise RefusedError(f"{shown} {reason}; nothing was changed")
        stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size, facts.st_ctime_ns)
        return SettingsFileVersion(file.read(_MOST_BYTES), stat.S_IMODE(facts.st_mode), stamp)
