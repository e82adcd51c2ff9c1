"""What a repository's settings file may set by itself, and what needs the person's approval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tui.settings.describe import SettingField, all_fields
from tui.settings.settings import LoadedSettings
from tui.settings.units import LIMIT, OUTSIDE


def settings_needing_approval(loaded: LoadedSettings) -> dict[str, str]:
    """Keys by which the project's own file does more than configure, each with what it does.

    These are fields that have a power, and paths that leave the project. Somebody who did not write the
    file must be asked before they take effect.
    """
    found: dict[str, str] = {}
    for key, field in all_fields().items():
        if loaded.origin[key] != "file":
            continue
        value = loaded.settings.value(key)
        if field.section == "paths" and value and _leaves_project(value):
            found[key] = OUTSIDE
        elif field.power and _is_exerted(field, value):
            found[key] = field.power
    return found


def _leaves_project(path: str) -> bool:
    return Path(path).is_absolute() or path.startswith("~") or ".." in Path(path).parts


def _is_exerted(field: SettingField, value: Any) -> bool:
    if value == field.default or value in field.harmless:
        return False
    if field.power == LIMIT:
        return value is None or (field.default is not None and value > field.default)
    return True
