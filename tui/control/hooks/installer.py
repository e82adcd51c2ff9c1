"""Installs and removes our hooks.

Nothing else in the file changes a byte. The file before the first install is recorded, so that
uninstalling brings back the very bytes if nobody else wrote in between.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.control.channels.mailbox import Mailbox
from tui.control.hooks import settings_text, status
from tui.control.hooks.hook_sets import HookEntry, HookSet, entries_of
from tui.control.hooks.status import (
    HookLevel,
    HookPlace,
    Json,
    SettingsFileVersion,
)
from tui.store.ledgers.hook_record import HookRecord, load_hook_record, save_hook_record
from tui.system import paths
from tui.system.errors import RefusedError, describe_os_error
from tui.system.files import atomic_write_at, json_object, private_folder

_MAILBOX: Final = (HookSet.MAILBOX,)


def install(
    project: Path,
    sets: Collection[HookSet] = _MAILBOX,
    level: HookLevel = HookLevel.PROJECT,
) -> bool:
    """Adds the hooks of these sets to those that are there, and makes the mailbox; False if all was there.

    RefusedError changes nothing.
    """
    place = status.place_of(project, level)
    current = status.read_settings(place)
    if level is HookLevel.PROJECT:
        Mailbox(project).create()
    else:
        private_folder(paths.state_dir())
    wanted = {*_sets_in(current, place), *sets, HookSet.MAILBOX}
    return _rewrite(place, current, wanted)


def uninstall(
    project: Path,
    sets: Collection[HookSet] = (),
    level: HookLevel = HookLevel.PROJECT,
) -> bool:
    """Takes exactly our hooks away, or only those of these sets; False if there were none.

    The mailbox and its messages stay.
    """
    place = status.place_of(project, level)
    current = status.read_settings(place)
    if current.data is None:
        return False
    found = _sets_in(current, place)
    if sets and found.isdisjoint(sets):
        return False
    left = found.difference(sets) if sets else set()
    return _rewrite(place, current, left) if left else _restore(place, current)


@dataclass(frozen=True)
class HookPlan:
    """What `install` would add: an event and its command each, to `file`, which may be new."""

    file: Path
    adds: tuple[tuple[str, str], ...]
    is_new_file: bool
    is_new_folder: bool
    off: str = ""


def plan_install(project: Path) -> HookPlan:
    """What installing would do now; RefusedError where it could not be done."""
    place = status.place_of(project)
    found = status.hook_status(project)
    entries = entries_of({*found.sets, HookSet.MAILBOX})
    missing = [one for one in entries if one.event in found.faults]
    adds = tuple((entry.event, status.hook_command(entry, place)) for entry in missing)
    return HookPlan(found.file, adds, not found.file.exists(), not place.folder.exists(), found.off)


def _sets_in(current: SettingsFileVersion, place: HookPlace) -> frozenset[HookSet]:
    if current.data is None:
        return frozenset()
    settings = json.loads(status.decode_settings(current.data, place))
    return status.installed_sets(status.find_commands(settings))


def _rewrite(place: HookPlace, current: SettingsFileVersion, sets: Collection[HookSet]) -> bool:
    """Has the file hold the hooks of these sets and no other of ours; False if it does already."""
    record = load_hook_record(place.record)
    untouched = record.installed == status.digest_of_settings(current.data or b"")
    before = record.original if untouched else current.data
    clean = _remove_hooks(
        "{}\n" if before is None else status.decode_settings(before, place), record.original
    )
    entries = entries_of(sets)
    installed = _add_hooks(clean, entries, place).encode("utf-8")
    if installed == current.data:
        return False
    made_folder = 0.0 if place.folder.exists() else time.time()
    if untouched:
        made_folder = record.made_folder
    original = None if before is None else clean.encode()
    commands = tuple(status.hook_command(entry, place) for entry in entries)
    known = record.with_commands(commands)
    digest = status.digest_of_settings(installed)
    save_hook_record(place.record, HookRecord(original, digest, made_folder, known))
    replace_settings(place, installed, current)
    return True


def _restore(place: HookPlace, current: SettingsFileVersion) -> bool:
    """Takes all our hooks out of the file; False if there are none."""
    data = current.data or b""
    record = load_hook_record(place.record)
    restored = record.original
    if record.installed != status.digest_of_settings(data):
        text = status.decode_settings(data, place)
        cleaned = _remove_hooks(text, record.original)
        if cleaned == text:
            return False
        is_new_and_empty = record.installed and restored is None and not json.loads(cleaned)
        restored = None if is_new_and_empty else cleaned.encode("utf-8")
    replace_settings(place, restored, current)
    if restored is None and record.made_folder:
        with suppress(OSError):  # something else lies in it
            place.folder.rmdir()
    with suppress(RefusedError):  # the next install replaces it
        kept = HookRecord(record.original, commands=record.commands)
        save_hook_record(place.record, kept)
    return True


def replace_settings(place: HookPlace, data: bytes | None, version: SettingsFileVersion) -> None:
    """Puts other bytes there in one step, or removes the file; RefusedError if it changed since."""
    shown = place.file
    with status.settings_folder(place, make=data is not None) as folder:
        if folder is None:
            return
        try:
            if status.read_version(folder, place).stamp != version.stamp:
                raise RefusedError(f"{shown} changed meanwhile, so it was left alone; try again")
            if data is None:
                os.unlink(place.name, dir_fd=folder)
            else:
                atomic_write_at(folder, place.name, data, mode=version.mode)
        except OSError as error:
            raise RefusedError(describe_os_error(error, shown, "cannot be written")) from error


def _add_hooks(text: str, entries: Collection[HookEntry], place: HookPlace) -> str:
    for entry in entries:
        command = status.hook_command(entry, place)
        hook: Json = {"type": "command", "command": command, "timeout": entry.timeout}
        group: Json = {"hooks": [hook]}
        if entry.has_matcher:
            group = {"matcher": "*", **group}
        text = settings_text.append_item(text, ("hooks", entry.event), group)
    return text


def _remove_hooks(text: str, original: bytes | None) -> str:
    """The text with our hooks cut out, and what is empty only because of that.

    What was empty in the `original` already stays.
    """
    for event in status.find_commands(json.loads(text)):
        kept = _empty_before(original, event)
        while ours := next(status.find_ours(json.loads(text), event), None):
            text = settings_text.cut(text, ours[0], kept)
    return text


def _empty_before(original: bytes | None, event: str) -> int:
    """How many members on the way to an event's hooks were there before us, without a hook."""
    settings = json_object(original or b"") or {}
    hooks = settings.get("hooks")
    if not isinstance(hooks, dict):
        return 0
    return 2 if hooks.get(event) == [] else 1 if not hooks else 0
