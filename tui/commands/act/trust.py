"""trust."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from tui.commands.context import add_path, confirm, print_lines, project_of, settings_of
from tui.system.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tui.settings.settings import LoadedSettings, ProjectAsk
    from tui.store.trust import TrustEntry

_VALUE = 200
_MOST_SHOWN = 4_000


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
        from tui.commands.act.import_runs import import_runs

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
