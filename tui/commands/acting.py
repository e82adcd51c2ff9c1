"""What the acting commands share: the deeds on a project, and asking before they are done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui.commands.observing import named_sources, project_of, settings_of, watch_of
from tui.errors import RefusedError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tui.control.deeds import Deeds
    from tui.night.model import Night


def deeds_of(given: argparse.Namespace) -> Deeds:
    """The deeds on the project that the command line means, with its run if there is one."""
    from tui.control.agents import agents_in
    from tui.control.deeds import Deeds
    from tui.control.restore import recover
    from tui.feeds.discovery import discover
    from tui.feeds.last_safe import last_safe
    from tui.runner import api
    from tui.store.journal import goes_on

    project = project_of(given)
    recover(project)
    settings = settings_of(given, project).settings
    found = discover(project, settings, named_sources(given))
    run_dir = settings.paths.run_dir
    events = found.events[0].path if found.events else ""
    ours = bool(found.run_dir) and goes_on(found.run_dir)
    return Deeds(
        project,
        settings,
        found.run_dir,
        last_safe(events)[0] if events else "",
        adopt=lambda: api.adopt(project, run_dir=run_dir),
        agents=() if ours else agents_in(project),
        events=events,
    )


def night_of(given: argparse.Namespace) -> Night:
    """What is known of the session now, from one full look at its files."""
    watch = watch_of(given)
    try:
        return watch.glance()
    finally:
        watch.close()


def agree(words: Sequence[str], question: str, yes: bool) -> None:
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
