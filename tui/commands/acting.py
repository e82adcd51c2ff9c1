"""What the acting commands share: the deeds on a project, and asking before they are done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.observing import named_sources, project_of, settings_of, monitor_for
from tui.errors import RefusedError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tui.control.deeds import Operations
    from tui.night.model import NightSnapshot


def operations_for(given: argparse.Namespace) -> Operations:
    """The deeds on the project that the command line means, with its run if there is one."""
    from tui.control.agents import live_agents
    from tui.control.deeds import Operations
    from tui.control.restore import recover_rewind
    from tui.feeds.discovery import select_session
    from tui.feeds.last_safe import last_safe_cut
    from tui.runner import api
    from tui.store.journal import goes_on

    project = project_of(given)
    recover_rewind(project)
    settings = settings_of(given, project).settings
    found = select_session(project, settings, named_sources(given))
    run_dir = settings.paths.run_dir
    events = found.events[0].path if found.events else ""
    ours = bool(found.run_dir) and goes_on(found.run_dir)
    return Operations(
        project,
        settings,
        found.run_dir,
        last_safe_cut(events)[0] if events else "",
        adopt=lambda: api.adopt_run(project, run_dir=run_dir),
        agents=() if ours else live_agents(project),
        events=events,
    )


def snapshot_for(given: argparse.Namespace) -> NightSnapshot:
    """What is known of the session now, from one full look at its files."""
    watch = monitor_for(given)
    try:
        return watch.read_once()
    finally:
        watch.close()


def confirm(words: Sequence[str], question: str, yes: bool) -> None:
    """Shows a plan and asks; RefusedError unless the person says yes, here or by --yes."""
    sys.stderr.write("\n".join(words) + "\n")
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(f"{question} Say --yes to do it without being asked")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise RefusedError("nothing was done")
