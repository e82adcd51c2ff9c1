"""From a review to a file: sources measured, texts redacted; `review --check`."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any, Final, Literal

from msgspec import Struct, structs

from tui import __version__
from tui.feeds.sessions.select import SessionSources
from tui.model.review import Review
from tui.model.session import NamedSources
from tui.monitor.history.measured_files import measure, measure_all
from tui.night.review.export.blocks import all_refs
from tui.night.review.export.figures_json import (
    FigureComparison,
    compare_figures,
    read_figures,
    without_figures,
)
from tui.night.review.export.redacted import Export, ExportSource, Redactor, redact_export
from tui.night.review.export.wording import night_start
from tui.night.review.review_json import encode_review, render_json
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.project_files import reading_base
from tui.system.credentials.hide import secret_variables, spellings_of
from tui.system.errors import (
    NoSessionError,
    RefusedError,
    UsageError,
    describe_os_error,
)
from tui.system.files import atomic_write
from tui.system.format import format_count
from tui.system.paths import home

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
    found = source_paths(review, select_session(project, settings, named))
    sources = measure_all(found, lambda path: reading_base(project, path, named.paths))
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


Format = Literal["markdown", "html", "svg", "json", "github"]
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
    if format == "github":
        from tui.night.review.export.markdown_page import render_github

        return render_github(export)
    if format == "json":
        return render_json(export)
    from tui.night.review.export.timeline_svg import render_timeline
    from tui.night.review.export.wording import ExportTimeZone

    zone = ExportTimeZone(export.zone_s)
    picture = render_timeline(export.review.timeline, export.review.time, zone=zone)
    if not picture:
        raise NoSessionError("nothing tells when this night was; there is no strip to draw")
    return picture


def write_export(name: str, text: str | bytes, folder: Path | None = None) -> Path:
    """Writes `text` to the file `name`, seen from `folder` (default: here), in one step.

    A file that is there is replaced. UsageError: no such folder, or no file. RefusedError: a link
    stands there or leads out of `folder`, or the disk refuses.
    """
    here = Path.cwd() if folder is None else folder
    path = here / Path(name).expanduser()
    _check_target(name, path, here)
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mode = 0o666  # of a new file the person's mask allows less
    try:
        atomic_write(path, data, mode=mode)
    except OSError as error:
        raise RefusedError(describe_os_error(error, name, "cannot be written")) from error
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


_MOST: Final = 40
_AROUND: Final = 30
Derive = Callable[["ExportedFigures"], Export]


class ExportedFigures(Struct, frozen=True):
    """What an export says of itself: its run, its sources, and how it was made."""

    data: dict[str, Any]
    project: str
    run_id: str | None
    made_at: float | None
    version: str
    zone_s: int
    keep_places: bool
    named: dict[str, str]
    sources: tuple[ExportSource, ...]


class CheckReport(Struct, frozen=True):
    """The result in sentences, and whether everything agrees."""

    agrees: bool
    lines: tuple[str, ...]


def exported_figures(text: str) -> ExportedFigures:
    """What an export holds. UsageError for a file that is none."""
    data = read_figures(text)
    about = data.get("export")
    about = about if isinstance(about, dict) else {}
    run_id, project = about.get("run"), data.get("project")
    made_at, zone_s, named = about.get("made_at"), about.get("zone_s"), about.get("named")
    rows = about.get("sources")
    return ExportedFigures(
        data=data,
        project=project if isinstance(project, str) else "",
        run_id=run_id if isinstance(run_id, str) and run_id else None,
        made_at=float(made_at) if isinstance(made_at, int | float) else None,
        version=str(about.get("version", "")),
        zone_s=zone_s if isinstance(zone_s, int) and abs(zone_s) < 86_400 else 0,
        keep_places=about.get("places") == "kept",
        named={str(k): str(v) for k, v in named.items()} if isinstance(named, dict) else {},
        sources=tuple(
            ExportSource(str(row.get("name", "")), path, size, str(row.get("sha256", "")))
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict)
            and isinstance(path := row.get("path"), str)
            and isinstance(size := row.get("size"), int)
        ),
    )


def check(text: str, derive: Derive, true_path: Callable[[str], str]) -> CheckReport:
    """Compares an export's text with the evidence; `true_path` finds the file behind a path in it.

    `derive` makes the same export anew. UsageError for a text that is no export.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    figures = exported_figures(text)
    export = derive(figures)
    result = compare_figures(figures.data, export.data)
    parts = ", ".join(f"{name} {number}" for name, number in result.agreeing.items())
    lines = [f"agrees: {format_count(result.agree, 'figure')}" + (f" ({parts})" if parts else "")]
    lines += [
        f"differs: {one.path}: the export says {one.exported}, the evidence says {one.derived}"
        for one in result.differences[:_MOST]
    ]
    if len(result.differences) > _MOST:
        lines.append(f"differs: {len(result.differences) - _MOST} more")
    ending = figures.data.get("ending")
    if result.differences and isinstance(ending, dict) and ending.get("kind") == "open":
        lines.append("the night was not over when this was written; what came later may differ")
    is_changed, source_lines = _compare_sources(figures, true_path)
    is_same_page, page_lines = _compare_page(text, figures, export, result)
    agrees = not result.differences and not is_changed and is_same_page
    return CheckReport(agrees, (*lines, *source_lines, *page_lines))


def _compare_sources(
    figures: ExportedFigures, true_path: Callable[[str], str]
) -> tuple[bool, list[str]]:
    """Whether a source is not what it was; one that only grew still holds what it held."""
    if not figures.sources:
        return False, ["sources: the export names none"]
    lines, is_changed, same = [], False, 0
    for source in figures.sources:
        path = true_path(source.path)
        now = measure(path, source.size)
        if not source.sha256 and not now.sha256:
            lines.append(f"source unreadable, then and now: {source.path}")
        elif not now.sha256:
            lines.append(f"source gone: {source.path}")
            is_changed = True
        elif now.sha256 != source.sha256:
            lines.append(f"source changed: {source.path} is not what it was")
            is_changed = True
        elif (grown := os.path.getsize(path) - source.size) > 0:
            more = format_count(grown, "byte")
            lines.append(f"source grew: {source.path} has {more} more than it had")
        else:
            same += 1
    if same:
        lines.insert(0, f"sources: {same} of {len(figures.sources)} as they were")
    return is_changed, lines


def _compare_page(
    text: str, figures: ExportedFigures, export: Export, result: FigureComparison
) -> tuple[bool, list[str]]:
    """Whether the words that a reader sees are those that the figures give."""
    if text.lstrip().startswith("{"):
        return True, []
    if result.differences:
        return True, ["page: not compared, since its figures differ"]
    if figures.version != __version__:
        versions = f"it was written by {figures.version}; this is {__version__}"
        return True, [f"page: not compared, {versions}"]
    again = structs.replace(
        export,
        sources=figures.sources,
        made_at=export.made_at if figures.made_at is None else figures.made_at,
        zone_s=figures.zone_s,
        named=figures.named,
    )
    is_html = text.lstrip().lower().startswith("<!doctype")
    page = text_of(again, "html" if is_html else "markdown")
    return _compare_lines(without_figures(text), without_figures(page))


def _compare_lines(old: str, new: str) -> tuple[bool, list[str]]:
    before = [row.rstrip() for row in old.rstrip().split("\n")]
    after = [row.rstrip() for row in new.rstrip().split("\n")]
    for number, (one, other) in enumerate(zip(before, after, strict=False), 1):
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            place = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
            near = slice(max(0, place - _AROUND), place + _AROUND)
            words = f"line {number} says “{one[near]}”, the figures give “{other[near]}”"
            return False, [f"page differs: {words}"]
    if len(before) != len(after):
        return False, [f"page differs: it has {len(before)} lines, the figures give {len(after)}"]
    return True, ["page: its words are those that the figures give"]
