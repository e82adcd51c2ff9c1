"""trust."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.context import (
    add_path,
    confirm,
    print_lines,
    print_notes,
    project_of,
    settings_of,
)
from tui.store.layout import OLD_FOLDER
from tui.store.old_runs import OLD_RUNS, find_old_runs, import_old_run, imported_runs
from tui.system.errors import OvernightError, UsageError
from tui.system.format import format_count, format_local, format_size_binary
from tui.system.sanitize import clean_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from tui.settings.settings import LoadedSettings, ProjectAsk
    from tui.store.old_runs import OldRun
    from tui.store.trust import TrustEntry

_VALUE = 200
_MOST_SHOWN = 4_000
_GOAL = 70
_REASON = 60


def trust_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--yes", action="store_true", help="trust it without being asked")
    what.add_argument("--show", action="store_true", help="only print what is trusted here")
    what.add_argument("--revoke", action="store_true", help="trust nothing of it any more")
    parser.add_argument(
        "--import-runs",
        action="store_true",
        help="copy the finished runs that version 0.1 left in the project",
    )


def trust_command(arguments: argparse.Namespace) -> int:
    """Trusts the project's settings file as it is now, once the person has seen what it does."""
    project = project_of(arguments)
    if arguments.import_runs:
        if arguments.revoke or arguments.show:
            raise UsageError("--import-runs stands alone, or with --yes")
        return import_runs(project, yes=arguments.yes)
    if arguments.revoke:
        return _revoke(project)
    loaded = settings_of(project)
    if arguments.show:
        return _show(project, loaded)
    return _trust(project, loaded, arguments.yes)


def _trust(project: Path, loaded: LoadedSettings, yes: bool) -> int:
    from tui.store import trust

    known = trust.trusted_entries(project)
    if any(entry.digest == loaded.digest for entry in known):
        print_lines(f"{_what(loaded)} is trusted already")
        return 0
    plan = [*_plan(project, loaded), *_changes(loaded, known)]
    confirm(plan, f"Trust {_what(loaded)}, as it is now?", yes)
    trust.trust(project, loaded.digest, time.time(), _marks(loaded))
    print_lines(f"{_what(loaded)} is trusted as it is now")
    return 0


def _what(loaded: LoadedSettings) -> str:
    from tui.settings.settings import FILE

    return (
        f"this project, which has no {FILE}," if loaded.path is None else f"{FILE} of this project"
    )


def _plan(project: Path, loaded: LoadedSettings) -> list[str]:
    from tui.system.sanitize import clean_line

    lines = [f"Project {clean_line(str(project), _VALUE)}"]
    asks = [ask for ask in loaded.asks if ask.needs == "trust"]
    if asks:
        lines += ["With your trust its file does what you would otherwise be asked for:"]
    else:
        lines += ["There is no setting with power in it."]
    lines += [line for ask in asks for line in _lines_of(ask)]
    lines += ["Files of the project that are links to outside are shown too."]
    lines += [
        f"  {clean_line(name)} leads to {clean_line(to)}" for name, to in _links(project, loaded)
    ]
    lines += [f"Not heeded even then: {_where(ask)}" for ask in loaded.asks if ask not in asks]
    return lines


def _links(project: Path, loaded: LoadedSettings) -> list[tuple[str, str]]:
    """The files beside the events that lead out of the project now."""
    from tui.store.project_files import links_out

    names = loaded.settings.paths
    return links_out(
        project,
        (
            *(names.progress_file, names.feature_list, names.session_notes, names.watchdog_log),
            *(names.session_history, names.compaction_history),
        ),
    )


def _lines_of(ask: ProjectAsk) -> list[str]:
    from tui.system.credentials.hide import hide_credentials
    from tui.system.sanitize import clean_line

    shown = hide_credentials(ask.shown)
    lines = [f"  {_where(ask)}", f"    {clean_line(shown, _MOST_SHOWN)}"]
    if len(shown) > _MOST_SHOWN:
        # What stands at the end of a long value must not be approved unseen.
        lines.append(f"    and {len(shown) - _MOST_SHOWN} more characters; read them in the file")
    return lines


def _where(ask: ProjectAsk) -> str:
    return f"{ask.key} {ask.power} ({ask.where})"


def _changes(loaded: LoadedSettings, known: list[TrustEntry]) -> list[str]:
    """What differs from the version that was trusted last."""
    if not known:
        return []
    before, now = known[-1].marks, _marks(loaded)
    kinds = (
        ("new", [key for key in now if key not in before]),
        ("changed", [key for key in now if key in before and before[key] != now[key]]),
        ("gone", [key for key in before if key not in now]),
    )
    told = [f"{kind}: {', '.join(_key(key) for key in keys)}" for kind, keys in kinds if keys]
    since = _when(known[-1])
    return [
        f"Since the version that you trusted {since}: {'; '.join(told) or 'only harmless things'}"
    ]


def _marks(loaded: LoadedSettings) -> dict[str, str]:
    """What the trust is in: not what is heeded in the person's own file only."""
    return {ask.key: ask.mark for ask in loaded.asks if ask.needs == "trust"}


def _key(key: str) -> str:
    from tui.system.sanitize import clean_line

    return clean_line(key, 80)


def _when(entry: TrustEntry) -> str:
    from tui.system.format import format_local

    return format_local(entry.at, "%Y-%m-%d %H:%M")


def _show(project: Path, loaded: LoadedSettings) -> int:
    from tui.store.trust import trusted_entries

    lines = []
    for entry in trusted_entries(project):
        now = "as it is now" if entry.digest == loaded.digest else "an earlier version"
        keys = ", ".join(map(_key, entry.marks)) or "nothing with power"
        lines.append(f"trusted {_when(entry)}, {now}, {entry.digest[:12] or 'no file'}: {keys}")
    print_lines(*(lines or ["nothing of this project is trusted"]))
    return 0


def _revoke(project: Path) -> int:
    from tui.store.trust import revoke

    gone = revoke(project)
    print_lines(
        "this project is no longer trusted" if gone else "nothing of this project was trusted"
    )
    return 0


# --- runs of version 0.1 ---


def import_runs(project: Path, *, yes: bool) -> int:
    """Takes over the state of the project from where it lay before, and copies the finished runs that version
    0.1 left in it, each after showing it; 3 if there is neither, 1 when a run could not be copied.
    """
    was_moved = _take_over(project, yes)
    known = imported_runs(project)
    found = [run for run in find_old_runs(project) if run.name not in known]
    wanted = [run for run in found if not run.why_not]
    if not wanted:
        print_notes(*(_run_lines(found, ()) if found else ()))
        if not was_moved:
            print_lines("there is no run of version 0.1 to copy")
        return 0 if was_moved else 3
    confirm(
        _copy_plan(project, found),
        f"Copy {format_count(len(wanted), 'run')} into your own state?",
        yes,
    )
    copied = 0
    for run in reversed(wanted):
        try:
            import_old_run(project, run)
            copied += 1
        except OvernightError as error:
            print_notes(clean_line(str(error), 600))
    print_lines(f"{format_count(copied, 'run')} copied; `overnight-tui runs` lists them")
    return 0 if copied == len(wanted) else 1


def _take_over(project: Path, yes: bool) -> bool:
    from tui.store.moved_projects import find_moved_state, take_over

    moved = find_moved_state(project)
    if moved is None:
        return False
    old = clean_line(str(moved.path), 300)
    plan = [
        f"This project lay at {old} before: {moved.why}.",
        f"What was kept of it, {format_count(moved.runs, 'run')} with it, is in {moved.folder}",
    ]
    confirm(plan, "Take it over?", yes)
    take_over(project, moved)
    print_lines(f"taken over from {old}: {format_count(moved.runs, 'run')}")
    return True


def _copy_plan(project: Path, found: list[OldRun]) -> list[str]:
    lines = [f"Runs of version 0.1 in {clean_line(str(project / OLD_FOLDER), 300)}:"]
    lines += _run_lines(found, _tracked(project))
    return [
        *lines,
        "Nothing in a project is believed: copy them only if they are your own. What they say is then",
        "shown as a run of yours. None of them is ever started.",
    ]


def _run_lines(found: list[OldRun], tracked: Collection[str]) -> list[str]:
    return [line for run in found for line in _facts_of(run, run.name in tracked)]


def _facts_of(run: OldRun, is_tracked: bool) -> list[str]:
    facts = run.facts
    if facts is None:
        return [f"  {run.name}  left out: {run.why_not}"]
    began = format_local(facts.started_at, "%Y-%m-%d %H:%M")
    lines = [f"  {run.name}  {began}  {clean_line(facts.goal, _GOAL)}"]
    if run.why_not:
        lines.append(f"    left out: {run.why_not}")
    elif run.end is not None:
        ended = clean_line(run.end.reason, _REASON)
        lines.append(f"    {ended or 'over'}, {format_size_binary(run.bytes)}")
    if is_tracked:
        lines.append(
            "    it is tracked by git: it came with the repository, from whoever wrote that"
        )
    return lines


def _tracked(project: Path) -> set[str]:
    """The names of those that the repository itself holds."""
    from tui.system.git import Git

    try:
        git = Git(project)
        place = Path(os.path.realpath(project)) / OLD_RUNS
        below = os.fsencode(place.relative_to(git.work_tree)) + b"/"
        listed = git.run(("ls-files", "-z", "--", os.fsdecode(below)))
    except (OvernightError, OSError, ValueError):
        return set()
    paths = (path.removeprefix(below) for path in listed.split(b"\0") if path)
    return {os.fsdecode(path.partition(b"/")[0]) for path in paths}
