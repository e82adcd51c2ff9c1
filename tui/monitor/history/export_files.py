"""From a review to a file: sources measured, texts redacted."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Final, Literal

from msgspec import structs

from tui import __version__
from tui.feeds.sessions.select import SessionSources
from tui.model.review import Review
from tui.model.session import NamedSources
from tui.night.review.export.blocks import refs
from tui.night.review.export.redacted import Export, ExportSource, Redactor, leaving
from tui.night.review.export.wording import start_text
from tui.night.review.review_json import encoded
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.system.credentials import secret_variables, spellings_of
from tui.system.errors import NoSessionError, RefusedError, UsageError
from tui.system.files import atomic_write, regular_file
from tui.system.paths import home

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
    from tui.feeds.sessions.night_files import select_night
    from tui.feeds.sessions.select import select_session

    by_hand = {name: path for name in BY_HAND if (path := getattr(named, name))}
    if run is not None:
        by_hand["run"] = run
        named = select_night(project, settings, named, run)
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
        paths |= dict.fromkeys(one.path for one in beside if one.is_found)
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


Format = Literal["markdown", "html", "svg", "json"]
ENDINGS: Final[dict[str, Format]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".json": "json",
}


def format_of(word: str) -> Format:
    """The format by the ending of a file's name; UsageError for one that tells none."""
    found = ENDINGS.get(PurePath(word).suffix.lower())
    if found is None:
        raise UsageError(f"{word} tells no format; end it in .md, .html, .svg or .json")
    return found


def text_of(export: Export, format: Format) -> str:
    """The export in this format; NoSessionError where nothing tells the times that svg draws."""
    if format == "html":
        from tui.night.review.export.html_page import html

        return html(export)
    if format == "markdown":
        from tui.night.review.export.markdown_page import markdown

        return markdown(export)
    if format == "json":
        from tui.night.review.export.figures_json import json_text

        return json_text(export)
    return _svg(export)


def _svg(export: Export) -> str:
    from tui.night.review.export.timeline_svg import strip_svg
    from tui.night.review.export.wording import ExportTimeZone

    drawn = strip_svg(
        export.review.timeline, export.review.time, zone=ExportTimeZone(export.zone_s)
    )
    if not drawn:
        raise NoSessionError("nothing tells when this night was; there is no strip to draw")
    return drawn


def write_export(word: str, text: str, folder: Path | None = None) -> Path:
    """Writes `text` to the file that `word` names, seen from `folder` (default: here), in one step.

    A file that is there is replaced. UsageError: no such folder, or no file. RefusedError: a link
    stands there or leads out of `folder`, or the disk refuses.
    """
    here = Path.cwd() if folder is None else folder
    path = here / Path(word).expanduser()
    _check(word, path, here)
    try:
        atomic_write(path, text.encode("utf-8", "replace"), mode=_mode(path))
    except OSError as error:
        raise RefusedError(f"{word} cannot be written: {error.strerror or error}") from error
    return path


def _check(word: str, path: Path, here: Path) -> None:
    parent = path.parent
    if not parent.is_dir():
        raise UsageError(f"there is no folder {str(parent)!r}; make it first, or give another file")
    # A folder given in full is the person's own word; one below here may be a planted link.
    if not Path(word).expanduser().is_absolute():
        base = Path(os.path.normpath(path.parent))
        if base.is_relative_to(here) and not parent.resolve().is_relative_to(here.resolve()):
            raise RefusedError(
                f"{word} leads through a link out of this folder; nothing was written"
            )
    try:
        kind = path.lstat().st_mode
    except OSError:
        return
    if stat.S_ISLNK(kind):
        raise RefusedError(f"{word} is a link; give the file it leads to, nothing was written")
    if stat.S_ISDIR(kind):
        raise UsageError(f"{word} is a folder; give a file, or - for standard output")
    if not stat.S_ISREG(kind):
        raise UsageError(f"{word} is no ordinary file; give one, or - for standard output")


def _mode(path: Path) -> int:
    """The mode of the file that is replaced; of a new one, what the person's mask allows."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0o666
