"""From a review to what may leave the machine: its sources measured, its texts redacted."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import structs

from tui import __version__
from tui.feeds.discovery import NamedSources, SessionSources
from tui.night.review.encoding import encoded
from tui.night.review.export import Export, ExportSource, leaving
from tui.night.review.model import Review
from tui.night.review.places import Redactor
from tui.night.review.texts import refs
from tui.night.review.wording import start_text
from tui.paths import home
from tui.settings import Settings
from tui.store.layout import RunDirectory
from tui.system.credentials import secret_variables, spellings_of
from tui.system.files import regular_file

_PIECE: Final = 1 << 20
BY_HAND: Final = ("events", "progress", "notes", "watchdog")
"""The sources that a person may name by hand."""


def redactor(
    settings: Settings, environ: Mapping[str, str] = os.environ, *, keep_places: bool = False
) -> Redactor:
    """What this machine, its person, its settings and its environment must not tell."""
    told = settings.notifications
    hooks = (told.discord_webhook, told.slack_webhook, *told.urls, *settings.agent.env.values())
    secrets = [one.reveal() for one in hooks if one] + secret_variables(environ)
    folder = str(home(environ))
    user = environ.get("USER") or environ.get("LOGNAME") or os.path.basename(folder)
    return Redactor(spellings_of(secrets), folder, user, os.uname().nodename, keep_places)


def export_found(
    review: Review,
    project: Path,
    settings: Settings,
    named: NamedSources,
    run: str | None,
    *,
    keep_places: bool = False,
) -> Export:
    """The review of what these sources name, of `run` if given, as it may leave the machine."""
    from tui.feeds.discovery import select_session
    from tui.watching.night_places import named_night

    by_hand = {name: path for name in BY_HAND if (path := getattr(named, name))}
    if run is not None:
        by_hand["run"] = run
        named = named_night(project, settings, named, run)
    sources = measured(paths_of(review, select_session(project, settings, named)))
    return export_of(review, redactor(settings, keep_places=keep_places), sources, by_hand)


def export_of(
    review: Review,
    redact: Redactor,
    sources: tuple[ExportSource, ...],
    named: Mapping[str, str] | None = None,
) -> Export:
    """The review as it may leave: `sources` are what it rests on, `named` those named by hand."""
    export = Export(
        review=review,
        sources=sources,
        made_at=review.night.now,
        version=__version__,
        zone_s=zone_of(review),
        named=dict(named or {}),
        keep_places=redact.keep_places,
    )
    left = leaving(export, redact)
    return structs.replace(left, data=encoded(left.review))


def zone_of(review: Review) -> int:
    """This machine's offset from UTC when the night began, seconds."""
    start = start_text(review)
    try:
        return time.localtime(review.night.now if start is None else start).tm_gmtoff
    except (ValueError, OverflowError, OSError):
        return 0


def paths_of(review: Review, found: SessionSources | None = None) -> list[str]:
    """The files that a review rests on: what it points at, and what was found to read."""
    paths = {ref.source: None for ref in refs(review)}
    if review.night.progress is not None:
        paths[review.night.progress.source] = None
    if found is not None:
        beside = (found.progress, found.features, found.notes, found.watchdog, found.history)
        paths |= dict.fromkeys(one.path for one in found.events)
        paths |= dict.fromkeys(one.path for one in beside if one.found)
        if found.run_dir:
            paths[str(RunDirectory(Path(found.run_dir)).journal)] = None
    return [path for path in paths if os.path.isabs(path)]


def measured(paths: Iterable[str]) -> tuple[ExportSource, ...]:
    """Files with their sizes and digests as they are now; one that cannot be read has neither."""
    return tuple(measure(path) for path in sorted(paths))


def measure(path: str, most: int | None = None) -> ExportSource:
    """A file's size and SHA-256, of its first `most` bytes if given."""
    name = os.path.basename(path)
    digest, size = hashlib.sha256(), 0
    try:
        with regular_file(path, follow=True) as (file, _):
            while piece := os.read(file, _PIECE if most is None else min(_PIECE, most - size)):
                digest.update(piece)
                size += len(piece)
    except (OSError, ValueError):
        return ExportSource(name, path, 0, "")
    return ExportSource(name, path, size, digest.hexdigest())
