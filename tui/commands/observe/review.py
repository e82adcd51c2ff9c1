"""review and its files."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui.commands.context import named_sources, project_of, settings_of
from tui.system.clock import SystemClock
from tui.system.errors import NoSessionError, UsageError

if TYPE_CHECKING:
    from tui.model.review import Review
    from tui.model.session import NamedSources
    from tui.monitor.history.export_check import ExportedFigures
    from tui.monitor.history.export_files import Format
    from tui.night.review.export.redacted import Export
    from tui.settings.settings import Settings


_STDOUT: Final = "-"
_MOST: Final = 64 << 20


class _ExportClock(SystemClock):
    """The machine's clocks, with the wall clock as it stood when an export was made."""

    def __init__(self, wall: float) -> None:
        self._wall = wall

    def wall(self) -> float:
        return self._wall


def file_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that name files; - stands for standard output, or input."""
    for name, what in (
        ("markdown", "as Markdown that fits a pull request"),
        ("html", "as one HTML page that fetches and runs nothing"),
        ("svg", "the strip of the night as a picture"),
    ):
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write it {what}; - prints it")
    parser.add_argument(
        "--check", metavar="FILE", help="derive every figure of an export from its evidence again"
    )


def requested_formats(arguments: argparse.Namespace) -> dict[Format, str]:
    """The formats that were asked for, each with its file. UsageError if two want to be printed."""
    wanted: tuple[Format, ...] = ("markdown", "html", "svg")
    found = {name: word for name in wanted if (word := getattr(arguments, name)) is not None}
    if [*found.values()].count(_STDOUT) + bool(arguments.json) > 1:
        raise UsageError("only one format can be printed at once; give the others a file")
    return found


def write_files(made: Review, arguments: argparse.Namespace, formats: dict[Format, str]) -> None:
    """Writes the review in these formats, without secrets and names of people and machines."""
    if not formats:
        return
    from tui.monitor.history.export_files import text_of, write_export

    export = _export(made, arguments, keep_places=False)
    for name, word in formats.items():
        text = text_of(export, name)
        if word == _STDOUT:
            sys.stdout.write(text)
        else:
            write_export(word, text)
            sys.stderr.write(f"wrote {os.fsencode(word).decode('utf-8', 'replace')}\n")


def print_json(made: Review, arguments: argparse.Namespace) -> int:
    """One object on one line: secrets taken out, paths whole, and what it rests on under `export`."""
    from tui.night.review.export.figures_json import json_text

    sys.stdout.write(json_text(_export(made, arguments, keep_places=True)))
    return 0


def check_export(arguments: argparse.Namespace) -> int:
    """Says what of an export agrees with its evidence, and what differs: 0 or 1."""
    from tui.monitor.history.export_check import check as check_text

    text = _text(arguments.check)
    try:
        report = check_text(text, lambda said: _again(said, arguments), _true_path)
    except NoSessionError as error:
        sys.stdout.write(f"differs: nothing can be derived again: {error}\n")
        return 1
    sys.stdout.write("\n".join(report.lines) + "\n")
    return 0 if report.agrees else 1


def _export(made: Review, arguments: argparse.Namespace, *, keep_places: bool) -> Export:
    from tui.monitor.history.export_files import build_export

    project = project_of(arguments)
    settings = settings_of(project).settings
    named = named_sources(arguments)
    return build_export(made, project, settings, named, arguments.night, keep_places=keep_places)


def _again(said: ExportedFigures, arguments: argparse.Namespace) -> Export:
    """The export that the evidence gives today, made as the one in the file was."""
    from msgspec.structs import replace

    from tui.monitor.history.export_files import BY_HAND, build_redactor, export_of

    project = _project(said, arguments)
    settings = settings_of(project).settings
    named = named_sources(arguments)
    told = {name: _true_path(said.named[name]) for name in BY_HAND if name in said.named}
    chosen: dict[str, Any] = {name: getattr(named, name) or told.get(name) for name in BY_HAND}
    named = replace(named, **chosen)
    if named.events is not None and not Path(named.events).is_file():
        raise NoSessionError(f"there is no file {named.events}")
    run = arguments.night or said.named.get("run")
    made = _derived(said, project, settings, named, run)
    redact = build_redactor(settings, keep_places=said.keep_places)
    return export_of(made, redact, (), said.named)


def _derived(
    said: ExportedFigures, project: Path, settings: Settings, named: NamedSources, run: str | None
) -> Review:
    """The review of the night that was named, else of the one that the export is of."""
    from tui.monitor.history.review_loader import load_review

    clock = SystemClock() if said.made_at is None else _ExportClock(said.made_at)
    made = load_review(project, settings, named, clock, run)
    newer = said.run_id is not None and made.run_id != said.run_id
    if newer and run is None and named.events is None:
        return load_review(project, settings, named, clock, said.run_id)
    return made


def _project(said: ExportedFigures, arguments: argparse.Namespace) -> Path:
    """The project that was named, else the one in the file if it is here, else this folder."""
    if arguments.project is None and said.project:
        told = Path(_true_path(said.project))
        if told.is_absolute() and told.is_dir():
            return told.resolve()
    return project_of(arguments)


def _true_path(path: str) -> str:
    """The file behind a path of an export."""
    from tui.system.paths import home

    return str(home()) + path[1:] if path == "~" or path.startswith("~/") else path


def _text(word: str) -> str:
    """The export's text. UsageError: no such file, or nothing that could be one."""
    try:
        if word == _STDOUT:
            data = sys.stdin.buffer.read(_MOST + 1)
        else:
            path = Path(word).expanduser()
            if not path.is_file():
                raise UsageError(
                    f"there is no file {word}; give one that `overnight-tui review` wrote"
                )
            with path.open("rb") as file:
                data = file.read(_MOST + 1)
    except OSError as error:
        raise UsageError(f"{word} cannot be read: {error.strerror or error}") from error
    if len(data) > _MOST:
        raise UsageError(
            f"{word} is larger than any export; give one that `overnight-tui review` wrote"
        )
    return data.decode("utf-8", "replace")


def review_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "night",
        nargs="?",
        metavar="RUN",
        help="a run or session that `runs` lists (default: the newest)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, schema 1")
    file_arguments(parser)


def review_command(arguments: argparse.Namespace) -> int:
    """Prints the review, or opens it where there is a screen; 3 when there is no such night."""
    if arguments.check is not None:
        return check_export(arguments)
    formats = requested_formats(arguments)
    project = project_of(arguments)
    settings = settings_of(project).settings
    if not arguments.json and not formats and has_screen():
        from tui.commands.watch import show

        return show(
            project, settings, named_sources(arguments), opening="review", review_of=arguments.night
        )
    from tui.monitor.history.review_loader import load_review

    made = load_review(project, settings, named_sources(arguments), SystemClock(), arguments.night)
    write_files(made, arguments, formats)
    if arguments.json:
        return print_json(made, arguments)
    if formats:
        return 0
    return print_words(made)


def has_screen() -> bool:
    """Whether a full screen can be drawn: a terminal at both ends that knows how to move."""
    dumb = os.environ.get("TERM", "") in ("", "dumb")
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


def print_words(made: Review) -> int:
    """The page as plain lines."""
    from tui.commands.observe.text_views import review_words

    sys.stdout.write("\n".join(review_words(made)) + "\n")
    return 0
