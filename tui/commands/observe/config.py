"""config."""

from __future__ import annotations

import argparse
import sys

from tui.commands.context import add_path, project_of, settings_of


def config_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument(
        "--defaults", action="store_true", help="print a documented config/overnight.yaml"
    )


def config_command(arguments: argparse.Namespace) -> int:
    """Prints the settings in force; notices about those without effect go to stderr."""
    from tui.settings.describe import defaults_yaml, effective_text, notices_of

    if arguments.defaults:
        sys.stdout.write(defaults_yaml())
        return 0
    loaded = settings_of(project_of(arguments))
    sys.stdout.write(effective_text(loaded))
    for notice in notices_of(loaded):
        sys.stderr.write(f"overnight-tui: {notice}\n")
    return 0
