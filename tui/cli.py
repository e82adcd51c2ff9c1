"""The command line: finds the command, reads its words, turns errors into a sentence and a code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from tui.system.errors import OvernightError, UsageError

if TYPE_CHECKING:
    import argparse

PROGRAM = "overnight-tui"
_SENTENCE = 1_000


class Command(NamedTuple):
    """A subcommand: the module below `tui.commands` that has it, and what it does.

    The module offers `<name>_arguments(parser)` and `<name>_command(arguments) -> exit code`.
    """

    module: str
    help: str


COMMANDS: dict[str, Command] = {
    "watch": Command(
        "watch", "watch a project's session (plain `overnight-tui [PATH]` reviews one that is over)"
    ),
    "run": Command("run", "start a session that outlives everything, and watch it"),
    "demo": Command("run", "watch a scripted agent work in a throwaway git repository"),
    "status": Command("observe.status", "print what is known of the session"),
    "events": Command("observe.events", "print the session's events, one a line"),
    "checkpoint": Command(
        "act.checkpoints", "keep the work tree as it is now, touching nothing of yours"
    ),
    "checkpoints": Command("act.checkpoints", "list what can be gone back to"),
    "rewind": Command(
        "act.rewind", "bring the files back to a checkpoint, after a safety checkpoint"
    ),
    "undo": Command("act.rewind", "take the last rewind back"),
    "inject": Command(
        "act.messages", "say something to the agent, also of a session that was not started here"
    ),
    "step-back": Command("act.messages", "tell the agent what repeats, and to step back"),
    "withdraw": Command("act.messages", "take back words that the agent has not read yet"),
    "kill": Command("act.kill", "interrupt or end the session, with everything it started"),
    "review": Command(
        "observe.review", "tell what happened, what to trust and what to keep, from evidence"
    ),
    "runs": Command("observe.runs", "list the nights of this repository"),
    "doctor": Command(
        "observe.doctor",
        "the check before going to bed: what would spoil the night, and what to do",
    ),
    "unit": Command("run", "print a systemd unit, a timer and a crontab line for nightly starts"),
    "hooks": Command(
        "act.hooks", "let sessions that were started without us hear you, or take that away again"
    ),
    "hook": Command("act.hook", "what those hooks call; not for the keyboard"),
    "config": Command("observe.config", "print the settings in force and where each comes from"),
}
"""Subcommands in the order of the help."""


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code; never raises for bad input."""
    given = list(sys.argv[1:] if words is None else words)
    try:
        code = _run(given)
        sys.stdout.flush()
        return code
    except OvernightError as error:
        return _say(str(error), error.exit_code)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _close_stdout()
        return 0
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except Exception as error:  # the last net: a sentence for the person, the trace for us
        from tui.system.errors import report_crash

        return _say(report_crash(error), 1)


def _run(given: list[str]) -> int:
    if given[:1] == ["hook"]:  # called after each tool: no parser, and never its exit code 2
        from tui.commands.act import hook

        return hook.call(given[1:])
    name, rest = _command(given)
    if name is None:
        return _print_help()
    module = import_module(f"tui.commands.{COMMANDS[name].module}")
    function = name.replace("-", "_")
    parser = _parser(name)
    getattr(module, f"{function}_arguments")(parser)
    parser.set_defaults(plain=name not in given)
    code: int = getattr(module, f"{function}_command")(parser.parse_args(rest))
    return code


def _command(given: list[str]) -> tuple[str | None, list[str]]:
    """The command's name and its own words; a path, or nothing at all, means `watch`."""
    if given and given[0] in ("-h", "--help", "help"):
        return None, []
    if "--version" in given[:1] or "-V" in given[:1]:
        from tui import __version__

        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        raise SystemExit(0)
    if not given or given[0].startswith("-"):
        return _after_common(given)
    if given[0] in COMMANDS:
        return given[0], given[1:]
    _check_path(given[0])
    return "watch", given


def _after_common(given: list[str]) -> tuple[str, list[str]]:
    """Common options may stand before the command: `overnight-tui --project P status`."""
    place = 0
    while place < len(given) and given[place].startswith("--"):
        place += 1 if "=" in given[place] or given[place] not in _TAKE_VALUE else 2
    if place < len(given) and given[place] in COMMANDS:
        return given[place], given[:place] + given[place + 1 :]
    return "watch", given


_TAKE_VALUE = ("--project", "--events", "--progress", "--notes", "--watchdog", "--theme")


def _check_path(word: str) -> None:
    if os.path.isdir(word):
        return
    if os.path.exists(word):
        raise UsageError(f"{word} is a file; give a project's folder, or --events {word}")
    from difflib import get_close_matches

    close = get_close_matches(word, COMMANDS, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else f"; '{PROGRAM} --help' lists the commands"
    raise UsageError(f"there is no folder and no command '{word}'{hint}")


def _parser(name: str) -> argparse.ArgumentParser:
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            hint = _meant(message, self._option_string_actions)
            raise UsageError(f"{message} ({hint}'{self.prog} --help' tells more)")

    def formatter(prog: str) -> argparse.HelpFormatter:
        return argparse.HelpFormatter(prog, width=_columns() - 2)

    parser = Parser(
        prog=PROGRAM if name == "watch" else f"{PROGRAM} {name}",
        description=_sentence(COMMANDS[name].help),
        formatter_class=formatter,
        allow_abbrev=False,
    )
    add_common(parser)
    return parser


def _columns() -> int:
    """The width for a help text; argparse itself loads the compressors of shutil to find it."""
    told = os.environ.get("COLUMNS", "")
    if told.isdigit() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def _meant(message: str, options: Iterable[str]) -> str:
    """The option that a person may have meant by one that is not known."""
    start, found, words = message.partition("unrecognized arguments: ")
    if start or not found or not words.startswith("--"):
        return ""
    from difflib import get_close_matches

    close = get_close_matches(words.split()[0].partition("=")[0], list(options), n=1)
    return f"did you mean '{close[0]}'? " if close else ""


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options every command takes."""
    common = parser.add_argument_group("where to look")
    common.add_argument("--project", metavar="PATH", help="the project's folder (default: here)")
    for name, what in (
        ("events", "the JSON event stream; it is then the whole truth"),
        ("progress", "the progress file"),
        ("notes", "the session notes"),
        ("watchdog", "the watchdog's log"),
    ):
        common.add_argument(f"--{name}", metavar="FILE", help=what)


def _print_help() -> int:
    lines = [f"usage: {PROGRAM} [PATH]  or  {PROGRAM} COMMAND [OPTIONS]", ""]
    width = max(map(len, COMMANDS))
    lines += [f"  {name:<{width}}  {command.help}" for name, command in COMMANDS.items()]
    lines += ["", f"'{PROGRAM} COMMAND --help' tells the options of one; keys: press ? inside."]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _say(text: str, code: int) -> int:
    from tui.system.sanitize import clean_line

    line = clean_line(" ".join(text.split()), _SENTENCE)
    try:
        sys.stderr.write(f"{PROGRAM}: {line}\n")
        sys.stderr.flush()
    except OSError:
        pass
    return code


def _close_stdout() -> None:
    """A closed pipe is the reader's way of saying enough; keep the interpreter quiet about it."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
