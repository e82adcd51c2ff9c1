"""kill."""

from __future__ import annotations

import argparse
import sys

from tui.commands.context import add_path, confirm, operations_for, snapshot_for
from tui.store.inbox import Verb


def kill_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    parser.add_argument("--yes", action="store_true", help="do it without being asked")
    verbs = parser.add_mutually_exclusive_group()
    for flag, verb, text in (
        ("--interrupt", "interrupt", "only end the turn; the session stays"),
        ("--gently", "stop", "let it finish its tool and write a hand-over first"),
    ):
        verbs.add_argument(flag, dest="verb", action="store_const", const=verb, help=text)
    parser.set_defaults(verb="kill")
    parser.add_argument(
        "--no-checkpoint", action="store_true", help="end it without a checkpoint first"
    )


def kill_command(arguments: argparse.Namespace) -> int:
    """Takes a checkpoint, then ends the session; it is not started again. 1 if any survived."""
    operations = operations_for(arguments)
    verb: Verb = arguments.verb
    agent = operations.stop_target()
    keep = not arguments.no_checkpoint
    confirm(_plan(verb, keep, agent.pid if agent is not None else None), "Do it?", arguments.yes)
    receipt = operations.stop(
        verb,
        checkpoint=keep,
        facts=lambda: snapshot_for(arguments).checkpoint_facts,
        report=lambda step: sys.stderr.write(f"{step}\n"),
    )
    sys.stdout.write(f"{receipt.answer or receipt.words}\n")
    return 1 if receipt.survivors else 0


def _plan(verb: Verb, keep: bool, pid: int | None) -> list[str]:
    whom = "The session" if pid is None else f"The session (pid {pid}), which was not started here,"
    if verb == "interrupt":
        return [f"{whom} ends its turn and stays."]
    how = "finishes its tool and writes a hand-over" if verb == "stop" else "is ended at once"
    kept = "A checkpoint is taken first." if keep else "No checkpoint is taken."
    return [f"{whom} {how}, then all processes it started are ended.", kept]
