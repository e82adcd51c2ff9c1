"""What is installed of our hooks, in the settings of a project or in those of a person."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tui.control.channels.hook_delivery import EVENTS
from tui.control.channels.mailbox import Mailbox
from tui.control.hooks.hook_sets import HookEntry, HookSet, entries_of
from tui.control.hooks.payload import ANY_PROJECT
from tui.control.hooks.settings_text import JsonPath
from tui.store.layout import hook_record, user_hook_record
from tui.store.ledgers.hook_record import MOST_SETTINGS, load_hook_record
from tui.system import paths
from tui.system.children import python_child
from tui.system.errors import OvernightError, RefusedError, describe_os_error
from tui.system.files import read_json

if TYPE_CHECKING:
    from tui.system.git import Git

FOLDER: Final = ".claude"
NAME: Final = "settings.local.json"
USER_NAME: Final = "settings.json"

_MARK: Final = "# overnight-tui "
_MARKED: Final = re.compile(rf"{_MARK}(?:{'|'.join(HookSet)})$")
# O_NONBLOCK: a FIFO in the file's place must not make us wait.
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
Json = dict[str, Any]


class HookLevel(StrEnum):
    """For what hooks are installed: the sessions of one project, or all of this person."""

    PROJECT = "project"
    USER = "user"


class HookPlace(NamedTuple):
    """The settings file that holds hooks, what their commands have for a mailbox, and our record of them."""

    folder: Path
    name: str
    mailbox: str
    record: Path
    level: HookLevel

    @property
    def file(self) -> Path:
        return self.folder / self.name


def place_of(project: Path, level: HookLevel = HookLevel.PROJECT) -> HookPlace:
    """Where hooks of that level stand."""
    if level is HookLevel.PROJECT:
        mailbox = str(Mailbox(project).folder)
        return HookPlace(project / FOLDER, NAME, mailbox, hook_record(project), level)
    # People keep their own settings elsewhere, behind a link: what it leads to is theirs alone.
    file = Path(os.path.realpath(paths.claude_dir() / USER_NAME))
    return HookPlace(file.parent, file.name, ANY_PROJECT, user_hook_record(), level)


@dataclass(frozen=True)
class HookStatus:
    """What is installed: `events` ours, `stale` those that call something else than we would now.

    `missing` are events whose hook a set lacks, `astray` those that have one and should not. `sets` are those
    of which at least one hook is there. `off` says why no hook at all runs here; empty when they may.
    `folder_made_at` is when we made `.claude` itself: sessions older than that may not notice it (version
    2.1.197 does not).
    """

    file: Path
    events: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    astray: tuple[str, ...] = ()
    sets: frozenset[HookSet] = frozenset()
    off: str = ""
    folder_made_at: float | None = None
    level: HookLevel = HookLevel.PROJECT

    @property
    def complete(self) -> bool:
        """Whether all that is installed runs as this version would install it, messages at least."""
        return bool(self.sets) and not self.faults and not self.off

    @property
    def faults(self) -> tuple[str, ...]:
        """The events of which not all is as this version would install it."""
        return (*self.stale, *self.missing, *self.astray)

    @property
    def delivers(self) -> bool:
        """Whether messages reach a session, by one of the events at least."""
        return not self.stale and not self.off and not set(EVENTS).isdisjoint(self.events)


def hook_status(project: Path, level: HookLevel = HookLevel.PROJECT) -> HookStatus:
    """What is installed now; RefusedError when the file cannot be trusted or read."""
    place = place_of(project, level)
    data = read_settings(place).data
    settings = json.loads("{}" if data is None else decode_settings(data, place))
    found = find_commands(settings)
    sets = installed_sets(found)
    wanted = {entry.event: hook_command(entry, place) for entry in entries_of(sets)}
    events = tuple(event for event in wanted if event in found)
    stale = tuple(event for event in events if found[event] != [wanted[event]])
    missing = tuple(event for event in wanted if event not in found)
    astray = tuple(event for event in found if event not in wanted)
    made_at = load_hook_record(place.record).made_folder if events else 0.0
    off = _disabled_reason(project, place, settings)
    return HookStatus(place.file, events, stale, missing, astray, sets, off, made_at or None, level)


def mailbox_status(project: Path) -> HookStatus:
    """Of the levels that of which messages reach the sessions of the project, else the project's."""
    own = hook_status(project)
    if own.events:
        return own
    for_all = hook_status(project, HookLevel.USER)
    return for_all if for_all.delivers else own


def installed_sets(found: dict[str, list[str]]) -> frozenset[HookSet]:
    """The sets that these commands, by their events, are of."""
    marks = {_set_of(command) for commands in found.values() for command in commands}
    if not marks:
        return frozenset()
    return frozenset((*marks, HookSet.MAILBOX))


def hook_command(entry: HookEntry, place: HookPlace) -> str:
    """The shell command of one hook; it says nothing once this program is gone.

    It names our state folder: a session may have another `$XDG_STATE_HOME` than who installs, and a hook
    opens no mailbox outside of that folder.
    """
    return f"{shell_command(entry.event, place.mailbox, *entry.words)} {_MARK}{entry.set}"


def shell_command(event: str, mailbox: str, *more: str) -> str:
    """The same without the mark that says what it was installed for."""
    # The agent's environment is around it then, and the project its folder.
    words = python_child.program_command("hook", event, mailbox, *more)
    gates = (words[0], python_child.program_file())
    gone = " || ".join(f"test ! -e {shlex.quote(gate)}" for gate in gates)
    state = f"XDG_STATE_HOME={shlex.quote(str(paths.state_dir().parent))}"
    return f"{gone} || {state} {shlex.join(words)}"


def is_marked(command: object) -> bool:
    """Whether a hook's command says of itself that it is ours; anybody can write that."""
    return isinstance(command, str) and _MARKED.search(command) is not None


def _set_of(command: str) -> HookSet:
    return HookSet(command.rpartition(_MARK)[2])


def find_commands(settings: Json) -> dict[str, list[str]]:
    """The commands of our hooks by their events."""
    found = ((event, [one for _, one in find_ours(settings, event)]) for event in _events(settings))
    return {event: commands for event, commands in found if commands}


def _events(settings: Json) -> list[str]:
    hooks = settings.get("hooks", {})
    return [event for event, groups in hooks.items() if isinstance(groups, list)]


def find_ours(settings: Json, event: str) -> Iterator[tuple[JsonPath, str]]:
    """Where our hooks for an event stand, a group that has no other hook as one; their commands."""
    for number, group in enumerate(settings.get("hooks", {}).get(event, [])):
        hooks = group.get("hooks") if isinstance(group, dict) else None
        if not isinstance(hooks, list):
            continue
        for entry, hook in enumerate(hooks):
            command = hook.get("command") if isinstance(hook, dict) else None
            if isinstance(command, str) and is_marked(command):
                path = ("hooks", event, number)
                yield (path if len(hooks) == 1 else (*path, "hooks", entry)), command


def decode_settings(data: bytes, place: HookPlace) -> str:
    """The settings as text, known to have the shape we rely on; RefusedError otherwise."""
    shown = place.file
    try:
        text = data.decode("utf-8")
        settings = json.loads(text, object_pairs_hook=_reject_duplicates)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{shown} is not valid JSON ({error}); nothing was changed") from error
    hooks = settings.get("hooks", {}) if isinstance(settings, dict) else None
    if not isinstance(hooks, dict):
        raise RefusedError(f"{shown} does not hold settings as Claude Code reads them")
    events = (entry.event for entry in entries_of(tuple(HookSet)))
    if not all(isinstance(hooks.get(event, []), list) for event in events):
        raise RefusedError(f"the hooks in {shown} are not lists; nothing was changed")
    return text


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members


def _disabled_reason(project: Path, place: HookPlace, own: Json) -> str:
    if own.get("disableAllHooks") is True:
        return f"disableAllHooks is set in {place.file}"
    # Links are followed, as Claude Code does: all that is taken from these files is that one fact.
    project_files = (project / FOLDER / NAME, project / FOLDER / USER_NAME)
    for file in (*project_files, paths.claude_dir() / USER_NAME):
        settings = read_json(file, MOST_SETTINGS, follow=True) or {}
        if settings.get("disableAllHooks") is True:
            return f"disableAllHooks is set in {file}"
    return ""


def has_only_our_hooks(project: Path, git: Git) -> bool:
    """Whether the project's settings file differs from what HEAD has by nothing but our hooks."""
    place = place_of(project)
    try:
        current = read_settings(place).data
    except RefusedError:
        return False
    record = load_hook_record(place.record)
    if current is None or record.installed != digest_of_settings(current):
        return False
    if record.original is None:
        return True
    try:
        name = os.path.relpath(os.path.realpath(place.folder), git.work_tree)
        return git.show_file("HEAD", f"{name}/{place.name}") == record.original
    except OvernightError:
        return False


def digest_of_settings(data: bytes) -> str:
    """What a record has of the bytes that were installed."""
    return hashlib.sha256(data).hexdigest()


class SettingsFileVersion(NamedTuple):
    """The file as it was read; `data` is None where there is none, `stamp` is its identity then."""

    data: bytes | None
    mode: int = 0o600
    stamp: tuple[int, int, int, int] | None = None


def settings_path(project: Path, level: HookLevel = HookLevel.PROJECT) -> Path:
    """Where the file stands."""
    return place_of(project, level).file


def read_settings(place: HookPlace) -> SettingsFileVersion:
    """The file's bytes; RefusedError for a link, somebody else's file, or one that is too large."""
    with settings_folder(place, make=False) as folder:
        return SettingsFileVersion(None) if folder is None else read_version(folder, place)


def _describe_link(path: Path) -> str:
    """Links of dotfiles are common, but what one leads to may be another project's, or everybody's."""
    return (
        f"{path} is a symbolic link, and hooks are installed for one project only; nothing was "
        "changed. Put a copy of what it leads to in its place, then try again"
    )


@contextmanager
def settings_folder(place: HookPlace, *, make: bool) -> Iterator[int | None]:
    """A descriptor of the folder of the settings; None where there is none."""
    path = place.folder
    try:
        if make:
            path.mkdir(mode=0o755, exist_ok=True, parents=place.level is HookLevel.USER)
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


def read_version(folder: int, place: HookPlace) -> SettingsFileVersion:
    """The file in an open folder, as `read_settings` gives it."""
    shown = place.file
    try:
        descriptor = os.open(place.name, _OPEN, dir_fd=folder)
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
            (facts.st_size > MOST_SETTINGS, "is larger than 1 MiB"),
        ):
            if is_so:
                raise RefusedError(f"{shown} {reason}; nothing was changed")
        stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size, facts.st_ctime_ns)
        return SettingsFileVersion(file.read(MOST_SETTINGS), stat.S_IMODE(facts.st_mode), stamp)
