"""Finds the command, parses its arguments, turns errors into a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from tui.system import standard_streams
from tui.system.errors import (
    OvernightError,
    UsageError,
    describe_os_error,
    is_storage_error,
)

if TYPE_CHECKING:
    import argparse

PROGRAM = "overnight-tui"
_SENTENCE = 1_000


COMMANDS: dict[str, tuple[str, str]] = {
    "watch": (
        "watch",
        "watch a project's session (plain `overnight-tui [PATH]` reviews one that is over)",
    ),
    "run": ("run", "start a session that outlives everything, and watch it"),
    "demo": ("run", "watch a scripted agent work in a throwaway git repository"),
    "status": ("observe.status", "print what is known of the session"),
    "events": ("observe.status", "print the session's events, one a line"),
    "checkpoint": ("act.checkpoints", "keep the work tree as it is now, touching nothing of yours"),
    "checkpoints": ("act.checkpoints", "list what can be gone back to"),
    "rewind": (
        "act.checkpoints",
        "bring the files back to a checkpoint, after a safety checkpoint",
    ),
    "undo": ("act.checkpoints", "take the last rewind back"),
    "inject": (
        "act.session",
        "say something to the agent, also of a session that was not started here",
    ),
    "step-back": ("act.session", "tell the agent what repeats, and to step back"),
    "withdraw": ("act.session", "take back words that the agent has not read yet"),
    "kill": ("act.session", "interrupt or end the session, with everything it started"),
    "review": (
        "observe.review",
        "tell what happened, what to trust and what to keep, from evidence",
    ),
    "runs": ("observe.runs", "list the nights of this repository"),
    "sessions": ("observe.sessions", "list the sessions that live or lived here, to choose from"),
    "doctor": (
        "observe.doctor",
        "the check before going to bed: what would spoil the night, and what to do",
    ),
    "unit": (
        "act.unit",
        "start nights by themselves, with systemd or cron",
    ),
    "hooks": (
        "act.hooks",
        "let sessions that were started without `run` get messages; or undo that",
    ),
    "hook": ("act.hooks", "what those hooks call; not for the keyboard"),
    "trust": (
        "act.trust",
        "let the project's own settings do what needs your trust, once you saw it",
    ),
    "config": ("observe.doctor", "print the settings in force and where each comes from"),
}
"""Subcommands in the order of the help: the module below `tui.commands` that has it, and what it does.

The module offers `<name>_arguments(parser)` and `<name>_command(arguments) -> exit code`; for "hook",
which argparse would only slow down, `hook_call(words) -> exit code`.
"""


_TAKES_WORDS = ("run", "unit")
"""Commands that hand what stands after `--` on, wherever their options stand; as `arguments.words`."""


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code; never raises for bad input."""
    standard_streams.replace_closed()
    try:
        try:
            code = _run(list(sys.argv[1:] if words is None else words))
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        standard_streams.write_out("", flush=True)
        return code
    except OvernightError as error:
        return _report(str(error), error.exit_code)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        standard_streams.give_up_output()
        return 0
    except Exception as error:  # a sentence for the person, the trace for the crash log
        if isinstance(error, OSError) and is_storage_error(error):
            return _report(describe_os_error(error), 1)
        from tui.store.crash_log import report_crash

        return _report(report_crash(error), 1)


def _run(words: list[str]) -> int:
    name, rest = _find_command(words)
    if name is None:
        return _print_help()
    module = import_module(f"tui.commands.{COMMANDS[name][0]}")
    code: int
    if name == "hook":
        # Claude Code calls it after each tool: argparse would cost more than the hook itself, and
        # its exit code 2 would keep the session from stopping.
        code = module.hook_call(rest)
        return code
    function = name.replace("-", "_")
    parser = _parser(name)
    getattr(module, f"{function}_arguments")(parser)
    parser.set_defaults(plain=name not in words)
    if name in _TAKES_WORDS:
        cut = rest.index("--") if "--" in rest else len(rest)
        parser.set_defaults(words=rest[cut + 1 :])
        shown = parser.format_usage().removeprefix("usage: ").rstrip().replace("%", "%%")
        parser.usage = f"{shown} [-- WORD ...]"
        rest = rest[:cut]
    # Options may stand anywhere; only what stands after `--` is a word whatever it looks like.
    parse = parser.parse_args if "--" in rest else parser.parse_intermixed_args
    code = getattr(module, f"{function}_command")(parse(rest))
    return code


def _find_command(words: list[str]) -> tuple[str | None, list[str]]:
    """The command's name and its arguments; a path, or nothing at all, means `watch`."""
    if words[:1] and words[0] in ("-h", "--help", "help"):
        return None, []
    if words[:1] and words[0] in ("-V", "--version"):
        from tui import __version__

        standard_streams.write_out(f"{PROGRAM} {__version__}\n")
        raise SystemExit(0)
    if not words or words[0].startswith("-"):
        return _skip_options(words)
    if words[0] in COMMANDS:
        return words[0], words[1:]
    _check_path(words[0])
    return "watch", words


_WITH_VALUE = (
    "--project",
    "--session",
    "--events",
    "--progress",
    "--notes",
    "--watchdog",
    "--theme",
)


def _skip_options(words: list[str]) -> tuple[str, list[str]]:
    """Common options may stand before the command: `overnight-tui --project P status`."""
    place = 0
    while place < len(words) and words[place].startswith("--"):
        place += 1 if "=" in words[place] or words[place] not in _WITH_VALUE else 2
    if place < len(words) and words[place] in COMMANDS:
        return words[place], words[:place] + words[place + 1 :]
    return "watch", words


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
            hint = _suggest_option(message, self._option_string_actions)
            raise UsageError(f"{message} ({hint}'{self.prog} --help' tells more)")

    def formatter(prog: str) -> argparse.HelpFormatter:
        return argparse.HelpFormatter(prog, width=_columns() - 2)

    summary = COMMANDS[name][1]
    parser = Parser(
        prog=PROGRAM if name == "watch" else f"{PROGRAM} {name}",
        description=f"{summary[:1].upper()}{summary[1:]}.",
        formatter_class=formatter,
        allow_abbrev=False,
    )
    _add_common(parser)
    return parser


def _columns() -> int:
    """The width for a help text; argparse itself would load shutil with its compressors to find it."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def _suggest_option(message: str, options: Iterable[str]) -> str:
    """The option that a person may have meant by one that argparse does not know."""
    unknown = message.removeprefix("unrecognized arguments: ")
    if unknown == message or not unknown.startswith("--"):
        return ""
    from difflib import get_close_matches

    close = get_close_matches(unknown.split()[0].partition("=")[0], list(options), n=1)
    return f"did you mean '{close[0]}'? " if close else ""


def _add_common(parser: argparse.ArgumentParser) -> None:
    """The options every command takes."""
    common = parser.add_argument_group("where to look")
    common.add_argument("--project", metavar="PATH", help="the project's folder (default: here)")
    common.add_argument(
        "--session",
        metavar="ID",
        help="that session, or the start of its id; `sessions` lists them",
    )
    for name, meaning in (
        ("events", "the JSON event stream; it is then the whole truth"),
        ("progress", "the progress file"),
        ("notes", "the session notes"),
        ("watchdog", "the watchdog's log"),
    ):
        common.add_argument(f"--{name}", metavar="FILE", help=meaning)


def _print_help() -> int:
    lines = [f"usage: {PROGRAM} [PATH]  or  {PROGRAM} COMMAND [OPTIONS]", ""]
    width = max(map(len, COMMANDS))
    lines += [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    lines += ["", f"'{PROGRAM} COMMAND --help' tells the options of one; keys: press ? inside."]
    standard_streams.write_out("\n".join(lines) + "\n")
    return 0


def _report(text: str, code: int) -> int:
    from tui.system.credentials.hide import hide_credentials
    from tui.system.sanitize import clean_line

    line = clean_line(hide_credentials(" ".join(text.split())), _SENTENCE)
    try:
        sys.stderr.write(f"{PROGRAM}: {line}\n")
        sys.stderr.flush()
    except OSError:
        pass
    return code
