"""config."""

from __future__ import annotations

import argparse
import sys

from tui.commands.context import project_of, settings_of


def config_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument(
        "--defaults", action="store_true", help="print a documented config/overnight.yaml"
    )


def config_command(given: argparse.Namespace) -> int:
    """Prints settings; notices about what has no effect go to stderr."""
    from tui.settings.describe import defaults_yaml, effective_text, notices_of

    if given.defaults:
        sys.stdout.write(defaults_yaml())
        return 0
    loaded = settings_of(given, project_of(given))
    sys.stdout.write(effective_text(loaded))
    for notice in notices_of(loaded):
        sys.stderr.write(f"overnight-tui: {notice}\n")
    return 0
