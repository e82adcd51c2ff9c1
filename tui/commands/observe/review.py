"""review and its files."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui.commands.context import (
    add_flags,
    has_terminal,
    named_sources,
    print_lines,
    print_notes,
    project_of,
    settings_at_hand,
    settings_with_notice,
)
from tui.system.clock import SystemClock
from tui.system.errors import NoSessionError, UsageError
from tui.system.paths import path_text
from tui.system.standard_streams import write_out

if TYPE_CHECKING:
    from tui.model.review import Review
    from tui.monitor.history.export_files import ExportedFigures, Format
    from tui.night.review.export.redacted import Export


_STDOUT: Final = "-"
_MOST: Final = 64 << 20


def review_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "night",
        nargs="?",
        metavar="RUN",
        help="a run or session that `runs` lists (default: the newest)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, schema 1")
    # The options that name files; - stands for standard output, or input.
    for name, form in (
        ("markdown", "as Markdown that fits a pull request"),
        ("html", "as one HTML page that fetches and runs nothing"),
        ("github", "as a comment for a pull request, all but the first points collapsed"),
        ("svg", "the strip of the night as a picture"),
    ):
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write it {form}; - prints it")
    add_flags(
        parser,
        prove="run the night's tests and checks again in clean copies, and the beginning's tests on its code",
        yes="with --prove: do not ask, though the project is not trusted",
    )
    parser.add_argument(
        "--bundle",
        metavar="FILE",
        help="write it with diff, test outputs and digests of its sources, signed with your SSH key",
    )
    parser.add_argument(
        "--check",
        metavar="FILE",
        help="is a bundle as it was signed; are the figures of another export those of the evidence",
    )


def review_command(arguments: argparse.Namespace) -> int:
    """Prints the review, or opens it where there is a screen; 3 when there is no such night."""
    if arguments.check is not None:
        return check_export(arguments)
    formats = requested_formats(arguments)
    project = _project_with_night(arguments)
    if arguments.prove:
        from tui.commands.observe.prove import prove_review

        review, is_green = prove_review(arguments, project)
        _print_review(review, arguments, formats, project)
        return 0 if is_green else 1
    settings = settings_with_notice(project).settings
    # A terminal that cannot place the cursor gets the plain lines.
    can_draw = has_terminal() and os.environ.get("TERM", "") not in ("", "dumb")
    if can_draw and not (arguments.json or formats or arguments.bundle):
        from tui.commands.watch import show

        return show(
            project, settings, named_sources(arguments), opening="review", review_of=arguments.night
        )
    from tui.monitor.history.review_loader import load_review

    named, measuring = named_sources(arguments), None
    if arguments.night is None and (arguments.json or formats or arguments.bundle):
        from tui.monitor.history.measured_files import measure_meanwhile

        measuring = measure_meanwhile(project, settings, named)
    review = load_review(project, settings, named, SystemClock(), arguments.night)
    if measuring is not None:
        measuring.join()
    _print_review(review, arguments, formats, project)
    return 0


def _print_review(
    review: Review, arguments: argparse.Namespace, formats: dict[Format, str], project: Path
) -> None:
    """Writes and prints it in the forms that were asked for."""
    write_files(review, arguments, formats)
    if arguments.bundle is not None:
        from tui.commands.observe.bundles import write_bundle

        settings = settings_at_hand(project)[0].settings
        export = _build_export(review, arguments, keep_places=False)
        write_bundle(review, export, project, settings, arguments.bundle)
    if arguments.json:
        from tui.monitor.history.export_files import text_of

        write_out(text_of(_build_export(review, arguments, keep_places=True), "json"))
    elif not formats and arguments.bundle is None:
        from tui.commands.observe.text_views import review_lines

        print_lines(*review_lines(review))


def _project_with_night(arguments: argparse.Namespace) -> Path:
    """The project; in another work tree of its repository where the run that was named is one of that."""
    from tui.store.moved_projects import project_of_run

    return project_of_run(project_of(arguments), arguments.night or "")


def requested_formats(arguments: argparse.Namespace) -> dict[Format, str]:
    """The formats that were asked for, each with its file. UsageError if two are to be printed."""
    formats: tuple[Format, ...] = ("markdown", "html", "github", "svg")
    files = {name: file for name in formats if (file := getattr(arguments, name)) is not None}
    if [*files.values()].count(_STDOUT) + bool(arguments.json) > 1:
        raise UsageError("only one format can be printed at once; give the others a file")
    return files


def write_files(review: Review, arguments: argparse.Namespace, formats: dict[Format, str]) -> None:
    """Writes the review in these formats, without secrets and names of people and machines."""
    if not formats:
        return
    from tui.monitor.history.export_files import text_of, write_export

    export = _build_export(review, arguments, keep_places=False)
    for name, file in formats.items():
        text = text_of(export, name)
        if file == _STDOUT:
            write_out(text)
        else:
            write_export(file, text)
            print_notes(f"wrote {path_text(file)}")


def check_export(arguments: argparse.Namespace) -> int:
    """Prints what of a bundle is as it was made, or of an export as the evidence gives it: 0 or 1."""
    from tui.monitor.history.export_files import check as check_text

    data = _read_export(arguments.check)
    from tui.monitor.history.bundle import check_bundle, is_bundle

    if is_bundle(data):
        found = check_bundle(data)
        print_lines(*found.lines)
        return 0 if found.agrees else 1
    text = data.decode("utf-8", "replace")
    try:
        report = check_text(text, lambda figures: _derive(figures, arguments), _true_path)
    except NoSessionError as error:
        print_lines(f"differs: nothing can be derived again: {error}")
        return 1
    print_lines(*report.lines)
    return 0 if report.agrees else 1


def _build_export(review: Review, arguments: argparse.Namespace, *, keep_places: bool) -> Export:
    from tui.monitor.history.export_files import build_export

    project = _project_with_night(arguments)
    settings = settings_at_hand(project)[0].settings
    named = named_sources(arguments)
    return build_export(review, project, settings, named, arguments.night, keep_places=keep_places)


class _ExportClock(SystemClock):
    """The machine's clocks, with the wall clock as it stood when an export was made."""

    def __init__(self, wall: float) -> None:
        self._wall = wall

    def wall(self) -> float:
        return self._wall


def _derive(figures: ExportedFigures, arguments: argparse.Namespace) -> Export:
    """The export that the evidence gives today, built as the one in the file was."""
    from msgspec.structs import replace

    from tui.monitor.history.export_files import BY_HAND, build_redactor, export_of
    from tui.monitor.history.review_loader import load_review

    project = _project(figures, arguments)
    settings = settings_with_notice(project).settings
    named = named_sources(arguments)
    recorded = {n: _true_path(figures.named[n]) for n in BY_HAND if n in figures.named}
    chosen: dict[str, Any] = {name: getattr(named, name) or recorded.get(name) for name in BY_HAND}
    named = replace(named, **chosen)
    if named.events is not None and not Path(named.events).is_file():
        raise NoSessionError(f"there is no file {named.events}")
    run = arguments.night or figures.named.get("run")
    clock = SystemClock() if figures.made_at is None else _ExportClock(figures.made_at)
    review = load_review(project, settings, named, clock, run)
    # The night that was named, else the one that the export is of.
    is_newer = figures.run_id is not None and review.run_id != figures.run_id
    if is_newer and run is None and named.events is None:
        review = load_review(project, settings, named, clock, figures.run_id)
    redact = build_redactor(settings, keep_places=figures.keep_places)
    return export_of(review, redact, (), figures.named)


def _project(figures: ExportedFigures, arguments: argparse.Namespace) -> Path:
    """The project that was named, else the one in the file if it is here, else this folder."""
    if arguments.project is None and figures.project:
        recorded = Path(_true_path(figures.project))
        if recorded.is_absolute() and recorded.is_dir():
            return recorded.resolve()
    return project_of(arguments)


def _true_path(path: str) -> str:
    """The file behind a path of an export."""
    from tui.system.paths import home

    return str(home()) + path[1:] if path == "~" or path.startswith("~/") else path


def _read_export(name: str) -> bytes:
    """The export's bytes. UsageError: no such file, or nothing that could be one."""
    advice = "give one that `overnight-tui review` wrote"
    path = Path(name).expanduser()
    try:
        if name == _STDOUT:
            data = sys.stdin.buffer.read(_MOST + 1)
        elif not path.is_file():
            raise UsageError(f"there is no file {name}; {advice}")
        else:
            with path.open("rb") as file:
                data = file.read(_MOST + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from error
    if len(data) > _MOST:
        raise UsageError(f"{name} is larger than any export; {advice}")
    return data
