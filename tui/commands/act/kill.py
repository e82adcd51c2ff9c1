"""kill."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tui.commands.context import confirm, operations_for, snapshot_for
from tui.store.inbox import Verb

if TYPE_CHECKING:
    from tui.control.operations import Operations


def kill_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", help="the project's folder (default: here)")
    parser.add_argument("--yes", action="store_true", help="do it without being asked")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--interrupt",
        dest="how",
        action="store_const",
        const="interrupt",
        help="only end the turn; the session stays",
    )
    how.add_argument(
        "--gently",
        dest="how",
        action="store_const",
        const="stop",
        help="let it finish its tool and write a hand-over first",
    )
    parser.set_defaults(how="kill")
    parser.add_argument(
        "--no-checkpoint", action="store_true", help="end it without a checkpoint first"
    )


def kill_command(given: argparse.Namespace) -> int:
    """Takes a checkpoint, then ends the session; it is not started again. 1 if any survived."""
    deeds = operations_for(given)
    verb: Verb = given.how
    ours = deeds.is_supervised()
    agent = None if ours else deeds.foreign_session().agent
    keep = not given.no_checkpoint
    confirm(_plan(verb, keep, agent.pid if agent is not None else None), "Do it?", given.yes)
    if ours:
        sys.stdout.write(f"{deeds._request(verb, {'checkpoint': keep}, wait=60.0)}\n")
        return 0
    return _end_another(given, deeds, verb, keep)


def _end_another(given: argparse.Namespace, deeds: Operations, verb: Verb, keep: bool) -> int:
    from tui.control.operations import stop_foreign

    snapshot = snapshot_for(given) if keep and verb != "interrupt" else None
    facts = snapshot.checkpoint_facts if snapshot else {}
    told = stop_foreign(deeds, verb, keep, facts, lambda words: sys.stderr.write(f"{words}\n"))
    sys.stdout.write(f"{told.words}\n")
    return 1 if told.survivors else 0


def _plan(verb: Verb, keep: bool, pid: int | None) -> list[str]:
    whom = "The session" if pid is None else f"The session (pid {pid}), which was not started here,"
    if verb == "interrupt":
        return [f"{whom} ends its turn and stays."]
    how = "finishes its tool and writes a hand-over" if verb == "stop" else "is ended at once"
    kept = "A checkpoint is taken first." if keep else "No checkpoint is taken."
    return [f"{whom} {how}, then all processes it started are ended.", kept]
