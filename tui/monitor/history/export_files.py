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
from tui.night.review.export.blocks import all_refs
from tui.night.review.export.redacted import Export, ExportSource, Redactor, redact_export
from tui.night.review.export.wording import night_start
from tui.night.review.review_json import encode_review, render_json
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.system.credentials import secret_variables, spellings_of
from tui.system.errors import NoSessionError, RefusedError, UsageError
from tui.system.files import atomic_write, regular_file
from tui.system.paths import home

_PIECE: Final = 1 << 20
BY_HAND: Final = ("events", "progress", "notes", "watchdog")
"""The sources that a person may name by hand."""


def build_redactor(
    settings: Settings, environ: Mapping[str, str] = os.environ, *, keep_places: bool = False
) -> Redactor:
    """A redactor for what an export must not carry of machine, person, settings and environment."""
    channels = settings.notifications
    values = (channels.discord_webhook, channels.slack_webhook, *channels.urls)
    secrets = [secret.reveal() for secret in (*values, *settings.agent.env.values()) if secret]
    secrets += secret_variables(environ)
    folder = str(home(environ))
    user = environ.get("USER") or environ.get("LOGNAME") or os.path.basename(folder)
    return Redactor(spellings_of(secrets), folder, user, os.uname().nodename, keep_places)


def build_export(
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
    sources = measure_all(source_paths(review, select_session(project, settings, named)))
    return export_of(review, build_redactor(settings, keep_places=keep_places), sources, by_hand)


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
        zone_s=utc_offset(review),
        named=dict(named or {}),
        keep_places=redact.keep_places,
    )
    left = redact_export(export, redact)
    return structs.replace(left, data=encode_review(left.review))


def utc_offset(review: Review) -> int:
    """This machine's offset from UTC when the night began, seconds."""
    start = night_start(review)
    try:
        return time.localtime(review.night.now if start is None else start).tm_gmtoff
    except (ValueError, OverflowError, OSError):
        return 0


def source_paths(review: Review, sources: SessionSources | None = None) -> list[str]:
    """The files that a review rests on: what it points at, and what was found to read."""
    paths = {ref.source: None for ref in all_refs(review)}
    if review.night.progress is not None:
        paths[review.night.progress.source] = None
    if sources is not None:
        sidecars = (
            sources.progress, sources.features, sources.notes, sources.watchdog, sources.history,
        )  # fmt: skip
        paths |= dict.fromkeys(file.path for file in sources.events)
        paths |= dict.fromkeys(sidecar.path for sidecar in sidecars if sidecar.is_found)
        if sources.run_dir:
            paths[str(RunDirectory(Path(sources.run_dir)).journal)] = None
    return [path for path in paths if os.path.isabs(path)]


def measure_all(paths: Iterable[str]) -> tuple[ExportSource, ...]:
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


def format_of(name: str) -> Format:
    """The format by the ending of a file's name; UsageError for one that names none."""
    format = ENDINGS.get(PurePath(name).suffix.lower())
    if format is None:
        raise UsageError(f"{name} tells no format; end it in .md, .html, .svg or .json")
    return format


def text_of(export: Export, format: Format) -> str:
    """The export in this format; NoSessionError for a picture of a night without times."""
    if format == "html":
        from tui.night.review.export.html_page import render_html

        return render_html(export)
    if format == "markdown":
        from tui.night.review.export.markdown_page import render_markdown

        return render_markdown(export)
    if format == "json":
        return render_json(export)
    return _svg(export)


def _svg(export: Export) -> str:
    from tui.night.review.export.timeline_svg import render_timeline
    from tui.night.review.export.wording import ExportTimeZone

    zone = ExportTimeZone(export.zone_s)
    picture = render_timeline(export.review.timeline, export.review.time, zone=zone)
    if not picture:
        raise NoSessionError("nothing tells when this night was; there is no strip to draw")
    return picture


def write_export(name: str, text: str, folder: Path | None = None) -> Path:
    """Writes `text` to the file `name`, seen from `folder` (default: here), in one step.

    A file that is there is replaced. UsageError: no such folder, or no file. RefusedError: a link
    stands there or leads out of `folder`, or the disk refuses.
    """
    here = Path.cwd() if folder is None else folder
    path = here / Path(name).expanduser()
    _check_target(name, path, here)
    try:
        atomic_write(path, text.encode("utf-8", "replace"), mode=_mode(path))
    except OSError as error:
        raise RefusedError(f"{name} cannot be written: {error.strerror or error}") from error
    return path


def _check_target(name: str, path: Path, here: Path) -> None:
    parent = path.parent
    if not parent.is_dir():
        raise UsageError(f"there is no folder {str(parent)!r}; make it first, or give another file")
    # A folder given in full was named by the person; one below here may be a planted link.
    if not Path(name).expanduser().is_absolute():
        base = Path(os.path.normpath(path.parent))
        if base.is_relative_to(here) and not parent.resolve().is_relative_to(here.resolve()):
            raise RefusedError(
                f"{name} leads through a link out of this folder; nothing was written"
            )
    try:
        kind = path.lstat().st_mode
    except OSError:
        return
    if stat.S_ISLNK(kind):
        raise RefusedError(f"{name} is a link; give the file it leads to, nothing was written")
    if stat.S_ISDIR(kind):
        raise UsageError(f"{name} is a folder; give a file, or - for standard output")
    if not stat.S_ISREG(kind):
        raise UsageError(f"{name} is no ordinary file; give one, or - for standard output")


def _mode(path: Path) -> int:
    """The mode of the file that is replaced; of a new one, what the person's mask allows."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0o666
