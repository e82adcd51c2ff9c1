"""Installs, removes and inspects our hooks.

Nothing else in the file changes a byte. The file before the first install is recorded, so that
uninstalling brings back the very bytes if nobody else wrote in between.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tui.control.channels.hook_delivery import EVENTS
from tui.control.channels.mailbox import Mailbox
from tui.control.hooks import settings_file
from tui.store.layout import RUN_DIR
from tui.system import paths
from tui.system.errors import RefusedError
from tui.system.files import atomic_write, read_json

MARK: Final = "# overnight-tui mailbox"
_TIMEOUT_S: Final = 10
_RECORD: Final = "hooks.json"
Json = dict[str, Any]


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


def install(project: Path, run_dir: str = RUN_DIR) -> bool:
    """Adds our hooks and makes the mailbox; False if all was there. RefusedError changes nothing."""
    current = settings_file.read(project)
    record = _load_record(project, run_dir)
    untouched = record.get("installed") == _digest(current.data or b"")
    before = _original(record) if untouched else current.data
    clean = _remove_hooks(_original_text(before, current.data, project), project)
    installed = _add_hooks(clean, project, run_dir).encode("utf-8")
    Mailbox.of(project, run_dir).create()
    if installed == current.data:
        return False
    folder_made_at = 0.0 if (project / settings_file.FOLDER).exists() else time.time()
    if untouched:
        folder_made_at = record.get("made_folder", folder_made_at)
    original = None if before is None else clean.encode()
    _save_record(project, run_dir, original, installed, folder_made_at)
    settings_file.replace(project, installed, current)
    return True


@dataclass(frozen=True)
class HookPlan:
    """What `install` would add: an event and its command each, to `file`, which may be new."""

    file: Path
    adds: tuple[tuple[str, str], ...]
    is_new_file: bool
    is_new_folder: bool
    off: str = ""


def plan_install(project: Path, run_dir: str = RUN_DIR) -> HookPlan:
    """What installing would do now; RefusedError where it could not be done."""
    status = hook_status(project, run_dir)
    missing = [event for event in EVENTS if event not in status.events or event in status.stale]
    adds = tuple((event, hook_command(event, project, run_dir)) for event in missing)
    folder = project / settings_file.FOLDER
    return HookPlan(status.file, adds, not status.file.exists(), not folder.exists(), status.off)


def uninstall(project: Path, run_dir: str = RUN_DIR) -> bool:
    """Takes exactly our hooks away; False if there were none. The mailbox and its messages stay."""
    current = settings_file.read(project)
    record = _load_record(project, run_dir)
    if current.data is None:
        return False
    if record.get("installed") == _digest(current.data):
        restored = _original(record)
    else:
        text = _decode_settings(current.data, project)
        cleaned = _remove_hooks(text, project)
        if cleaned == text:
            return False
        restored = cleaned.encode("utf-8")
        if "installed" in record and record.get("original") is None and not json.loads(cleaned):
            restored = None
    settings_file.replace(project, restored, current)
    if restored is None and record.get("made_folder"):
        settings_file.remove_empty_folder(project)
    _record_path(project, run_dir).unlink(missing_ok=True)
    return True


def hook_status(project: Path, run_dir: str = RUN_DIR) -> HookStatus:
    """What is installed now; RefusedError when the file cannot be trusted or read."""
    current = settings_file.read(project)
    file = settings_file.settings_path(project)
    text = "{}" if current.data is None else _decode_settings(current.data, project)
    settings = json.loads(text)
    events: list[str] = []
    stale: list[str] = []
    for event in EVENTS:
        commands = [hook["command"] for hook in _hooks_of(settings, event)]
        if commands:
            events.append(event)
            if commands != [hook_command(event, project, run_dir)]:
                stale.append(event)
    record = _load_record(project, run_dir) if events else {}
    made = record.get("made_folder")
    made_at = float(made) if isinstance(made, int | float) and made else None
    return HookStatus(
        file, tuple(events), tuple(stale), _disabled_reason(project, settings), made_at
    )


def hook_command(event: str, project: Path, run_dir: str = RUN_DIR) -> str:
    """The shell command for one event; it says nothing once this program is gone."""
    program = Path(sys.executable).with_name("overnight-tui")
    if os.access(program, os.X_OK):
        program_call, gate = [str(program)], str(program)
    else:
        program_call, gate = [sys.executable, "-m", "tui"], sys.executable
    call = shlex.join([*program_call, "hook", event, str(Mailbox.of(project, run_dir).folder)])
    return f"test ! -x {shlex.quote(gate)} || {call} {MARK}"


def _add_hooks(text: str, project: Path, run_dir: str) -> str:
    for event in EVENTS:
        command = hook_command(event, project, run_dir)
        entry: Json = {"type": "command", "command": command, "timeout": _TIMEOUT_S}
        group: Json = {"hooks": [entry]}
        if event == "PostToolUse":
            group = {"matcher": "*", **group}
        root = settings_file.skip_space(text, 0)
        hooks = _find_value(text, root, "hooks")
        if hooks is None:
            text = settings_file.add_member(text, root, "hooks", {event: [group]})
            continue
        groups = _find_value(text, hooks, event)
        if groups is None:
            text = settings_file.add_member(text, hooks, event, [group])
        else:
            text = settings_file.add_member(text, groups, "", group)
    return text


def _remove_hooks(text: str, project: Path) -> str:
    """The text with our hooks cut out, and what is empty only because of that."""
    for event in EVENTS:
        while (location := _find_first_hook(text, event)) is not None:
            root = settings_file.skip_space(text, 0)
            hooks = _find_value(text, root, "hooks") or 0
            groups = _find_value(text, hooks, event) or 0
            number, inner, entry, alone = location
            if not alone:
                text = settings_file.cut_member(text, inner, entry)
                continue
            text = settings_file.cut_member(text, groups, number)
            if not settings_file.list_members(text, groups):
                text = settings_file.cut_member(text, hooks, _member_number(text, hooks, event))
                if not settings_file.list_members(text, hooks):
                    text = settings_file.cut_member(text, root, _member_number(text, root, "hooks"))
    return text


def _find_first_hook(text: str, event: str) -> tuple[int, int, int, bool] | None:
    """Group number, position of its hooks, number among them, and whether it is the only one."""
    root = settings_file.skip_space(text, 0)
    hooks = _find_value(text, root, "hooks")
    groups = _find_value(text, hooks, event) if hooks is not None else None
    if groups is None:
        return None
    for number, group in enumerate(settings_file.list_members(text, groups)):
        inner = _find_value(text, group.value, "hooks") if text[group.value] == "{" else None
        if inner is None or text[inner] != "[":
            continue
        entries = settings_file.list_members(text, inner)
        for entry, hook in enumerate(entries):
            if _is_ours(json.loads(text[hook.value : hook.end])):
                return number, inner, entry, len(entries) == 1
    return None


def _is_ours(entry: object) -> bool:
    command = entry.get("command") if isinstance(entry, dict) else None
    return isinstance(command, str) and command.endswith(MARK)


def _hooks_of(settings: Json, event: str) -> list[Json]:
    groups = settings.get("hooks", {}).get(event, [])
    listed = [group.get("hooks") for group in groups if isinstance(group, dict)]
    return [hook for hooks in listed if isinstance(hooks, list) for hook in hooks if _is_ours(hook)]


def _find_value(text: str, opening: int, key: str) -> int | None:
    for member in settings_file.list_members(text, opening):
        if member.key == key:
            return member.value
    return None


def _member_number(text: str, opening: int, key: str) -> int:
    return [member.key for member in settings_file.list_members(text, opening)].index(key)


def _original_text(before: bytes | None, now: bytes | None, project: Path) -> str:
    if now is not None:
        _decode_settings(now, project)
    return "{}\n" if before is None else _decode_settings(before, project)


def _decode_settings(data: bytes, project: Path) -> str:
    """The settings as text, known to have the shape we rely on; RefusedError otherwise."""
    shown = settings_file.settings_path(project)
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
    files = (project / settings_file.FOLDER / "settings.json", paths.claude_dir() / "settings.json")
    if local.get("disableAllHooks") is True:
        return f"disableAllHooks is set in {settings_file.settings_path(project)}"
    for file in files:
        settings = read_json(file, settings_file.MOST_BYTES, follow=True) or {}
        if settings.get("disableAllHooks") is True:
            return f"disableAllHooks is set in {file}"
    return ""


def _record_path(project: Path, run_dir: str) -> Path:
    return paths.resolve(project, run_dir) / _RECORD


def _save_record(
    project: Path, run_dir: str, original: bytes | None, installed: bytes, made_folder: float
) -> None:
    record: Json = {
        "original": None if original is None else base64.b64encode(original).decode(),
        "installed": _digest(installed),
        "made_folder": made_folder,
    }
    path = _record_path(project, run_dir)
    try:
        atomic_write(path, json.dumps(record).encode("ascii"), sync=False)
    except OSError as error:
        raise RefusedError(f"{path} cannot be written: {error.strerror}") from error


def _load_record(project: Path, run_dir: str) -> Json:
    return read_json(_record_path(project, run_dir), 2 * settings_file.MOST_BYTES) or {}


def _original(record: Json) -> bytes | None:
    original = record.get("original")
    return base64.b64decode(original) if isinstance(original, str) else None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
