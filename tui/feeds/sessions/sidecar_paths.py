"""Where the files beside a session's events lie: progress, features, notes, the watchdog's log, histories."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from tui.model.session import NamedSources, SidecarPath
from tui.settings.original_sections import PathsSettings
from tui.store.project_files import describe_link, leads_outside, reading_base
from tui.system import paths
from tui.system.files import modified_at

# Each source beside the events with its setting, which is its name for people too, and its usual places.
SIDECARS = {
    "progress": ("progress_file", (
        "claude-progress.txt", "claude-progress.md", "progress.md", "PROGRESS.md", "progress.txt",
        ".ralph/fix_plan.md", ".ralph/@fix_plan.md", "@fix_plan.md", "fix_plan.md", "docs/progress.md",
    )),
    "features": ("feature_list", (
        "feature_list.json", "docs/feature_list.json", "features.json", "prd.json", ".ralph/prd.json",
        "scripts/ralph/prd.json",
    )),
    "notes": ("session_notes", (
        "claude-session-notes.md", "session-notes.md", "docs/claude-session-notes.md",
    )),
    "watchdog": ("watchdog_log", (
        "logs/watchdog.log", "logs/watchdog-*.log", "logs/ralph.log", ".ralph/logs/ralph.log",
        "logs/monitor.log", "logs/overnight.log", "logs/auto-resume.log", "watchdog.log", "overnight.log",
    )),
    "history": ("session_history", ("logs/session-history.jsonl",)),
    "compactions": ("compaction_history", ("logs/compaction-history.jsonl",)),
}  # fmt: skip


def find_sidecar(
    project: Path,
    settings: PathsSettings,
    name: str,
    named: NamedSources,
    environ: Mapping[str, str],
) -> SidecarPath:
    """The source `name`: by flag, by settings, else the first candidate that exists.

    Beside events that were named by hand only flag and settings count.
    """
    key, candidates = SIDECARS[name]
    word = key.replace("_", " ")
    flag: str | None = getattr(named, name, None)
    if flag is not None:
        missing = "" if _is_file(flag) else f"no {word} at {flag}, named by --{name}"
        return SidecarPath(flag, f"named by --{name}", missing)
    configured: str = getattr(settings, key)
    path = str(paths.resolve(project, configured, environ))
    base = reading_base(project, path, environ=environ)
    by_default = configured == getattr(PathsSettings(), key)
    chosen = f"the default of paths.{key}" if by_default else f"paths.{key} in the settings"
    if base and os.path.lexists(path) and leads_outside(project, path):
        return SidecarPath(path, chosen, describe_link(base, path), base)
    if _is_file(path):
        return SidecarPath(path, chosen, base=base)
    also = ""
    if by_default and named.events is None:
        for candidate in candidates:
            if found := _find_candidate(project, candidate):
                return SidecarPath(found, f"found; there is no {configured}", base=str(project))
        also = ", nor at any usual place"
    return SidecarPath(path, chosen, f"no {word} at {configured}{also}; set paths.{key}", base)


def _find_candidate(project: Path, pattern: str) -> str:
    """The file a candidate names; for a pattern, the newest; it must lie within the project."""
    found = [project / pattern]
    if "*" in pattern:
        found = sorted(project.glob(pattern), key=modified_at, reverse=True)[:1]
    usable = (str(path) for path in found if _is_file(str(path)) and paths.is_within(project, path))
    return next(usable, "")


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
