"""Where progress file, notes and logs of a project are: named, configured or found."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from tui.model.session import SidecarPath
from tui.settings.original_sections import PathsSettings
from tui.system import paths
from tui.system.files import modified_at

_SETTINGS = {
    "progress": "progress_file",
    "features": "feature_list",
    "notes": "session_notes",
    "watchdog": "watchdog_log",
    "history": "session_history",
    "compactions": "compaction_history",
}
_NAMES = {
    "progress": "progress file",
    "features": "feature list",
    "notes": "session notes",
    "watchdog": "watchdog log",
    "history": "session history",
    "compactions": "compaction history",
}
_CANDIDATES = {
    "progress": (
        "claude-progress.txt", "claude-progress.md", "progress.md", "PROGRESS.md", "progress.txt",
        ".ralph/fix_plan.md", ".ralph/@fix_plan.md", "@fix_plan.md", "fix_plan.md", "docs/progress.md",
    ),
    "features": ("feature_list.json", "docs/feature_list.json", "features.json"),
    "notes": ("claude-session-notes.md", "session-notes.md", "docs/claude-session-notes.md"),
    "watchdog": (
        "logs/watchdog.log", "logs/watchdog-*.log", "logs/ralph.log", ".ralph/logs/ralph.log",
        "logs/monitor.log", "logs/overnight.log", "logs/auto-resume.log", "watchdog.log", "overnight.log",
    ),
    "history": ("logs/session-history.jsonl",),
    "compactions": ("logs/compaction-history.jsonl",),
}  # fmt: skip


def find_sidecar(
    project: Path,
    settings: PathsSettings,
    name: str,
    named: str | None,
    *,
    only_named: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> SidecarPath:
    """The source `name`: by flag, by settings, else the first candidate that exists.

    With `only_named` only flag and settings count.
    """
    word = _NAMES[name]
    if named is not None:
        missing = "" if _is_file(named) else f"no {word} at {named}, named by --{name}"
        return SidecarPath(named, f"named by --{name}", missing)
    key = _SETTINGS[name]
    configured: str = getattr(settings, key)
    path = str(paths.resolve(project, configured, environ))
    by_default = configured == getattr(PathsSettings(), key)
    chosen = f"the default of paths.{key}" if by_default else f"paths.{key} in the settings"
    if _is_file(path):
        return SidecarPath(path, chosen)
    if by_default and not only_named:
        for candidate in _CANDIDATES[name]:
            if found := _find_candidate(project, candidate):
                return SidecarPath(found, f"found; there is no {configured}")
    also = ", nor at any usual place" if by_default and not only_named else ""
    return SidecarPath(path, chosen, f"no {word} at {configured}{also}; set paths.{key}")


def _find_candidate(project: Path, pattern: str) -> str:
    """The file a candidate names; for a pattern, the newest; it must lie within the project."""
    if "*" not in pattern:
        found = [project / pattern]
    else:
        found = sorted(project.glob(pattern), key=modified_at, reverse=True)[:1]
    for path in found:
        if _is_file(str(path)) and paths.is_within(project, path):
            return str(path)
    return ""


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
