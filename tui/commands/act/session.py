"""inject, step-back, withdraw, kill."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui.commands.context import (
    add_flags,
    add_path,
    confirm,
    operations_for,
    print_lines,
    print_notes,
    snapshot_for,
)
from tui.model.labels import (
    describe_message,
    describe_waste,
    remedy_of,
    trouble_title,
)
from tui.model.state import StallKind
from tui.store.inbox import Verb
from tui.system.errors import RefusedError
from tui.system.sanitize import clean_line

if TYPE_CHECKING:
    from tui.control.operations import Operations
    from tui.model.snapshot import NightSnapshot

_WIDE = 500


def inject_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what to say; it is delivered literally")
    add_flags(parser, now="interrupt the turn instead of waiting for the tool")


def inject_command(arguments: argparse.Namespace) -> int:
    """Prints how far the message came; screen and `status` show when it was seen, and what came after."""
    return _send(operations_for(arguments), arguments.text, "hard" if arguments.now else "soft")


def _send(operations: Operations, text: str, mode: str) -> int:
    receipt = operations.inject(text, mode)
    delivery = receipt.delivery
    if delivery is None:
        print_lines(receipt.answer)
        return 0
    name = f" as {delivery.id}" if delivery.id else ""
    print_lines(f"{delivery.state} by {delivery.channel}{name}")
    print_notes(delivery.promise)
    return 0 if delivery.state in ("queued", "delivered") else 1


def step_back_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(parser, print="only print the message that would be sent")


def step_back_command(arguments: argparse.Namespace) -> int:
    """Builds the message from the evidence, which goes to stderr, and sends it; prints how far it came."""
    from tui.control.wording import step_back_text

    operations, night = operations_for(arguments), snapshot_for(arguments)
    text = step_back_text(operations.step_back_template, night)
    print_notes(*_evidence(night))
    if arguments.print:
        print_lines(text)
        return 0
    return _send(operations, text, "step-back")


def _evidence(night: NightSnapshot) -> list[str]:
    """What the record shows, for people: what repeats, its cost, and what an earlier message brought."""
    stall = night.stall
    notes = ["nothing repeats; this asks it to step back all the same"]
    if stall is not None:
        notes = [f"{trouble_title(stall)}: {'; '.join(stall.evidence)}"]
        notes += [describe_waste(stall.waste)] if stall.waste is not None else []
        if stall.kind == StallKind.REFUSED:
            notes.append(f"whatever it is told, those calls stay refused: {remedy_of(stall)}")
    notes += [describe_message(one) for one in night.interventions.injections[-1:]]
    return [clean_line(note, _WIDE) for note in notes]


def withdraw_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="which; the start of it will do (default: the newest)"
    )


def withdraw_command(arguments: argparse.Namespace) -> int:
    """Withdraws one message; RefusedError (4) when it no longer waits to be read."""
    injections = snapshot_for(arguments).interventions.injections
    waiting = [injection.id for injection in injections if injection.state == "queued"]
    matches = [id for id in waiting if id.startswith(arguments.id or "")]
    if not matches:
        operations = operations_for(arguments)
        if not operations.has_run and not waiting:
            operations.foreign_session()  # where none lives, that is what is wrong
        known_ids = ", ".join(waiting) or "none"
        raise RefusedError(f"no such words wait to be read; waiting: {known_ids}")
    if arguments.id and len(matches) > 1:
        raise RefusedError(f"{arguments.id!r} begins {len(matches)} messages; give more of it")
    print_lines(f"{operations_for(arguments).withdraw(matches[-1]).words}")
    return 0


def kill_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(parser, yes="do it without being asked")
    verbs = parser.add_mutually_exclusive_group()
    for flag, verb, text in (
        ("--interrupt", "interrupt", "only end the turn; the session stays"),
        ("--gently", "stop", "let it finish its tool and write a hand-over first"),
    ):
        verbs.add_argument(flag, dest="verb", action="store_const", const=verb, help=text)
    parser.set_defaults(verb="kill")
    add_flags(parser, no_checkpoint="end it without a checkpoint first")


def kill_command(arguments: argparse.Namespace) -> int:
    """Takes a checkpoint, then ends the session; it is not started again. 1 if any survived."""
    operations = operations_for(arguments, ends=True)
    verb: Verb = arguments.verb
    agent = operations.stop_target()
    keep = not arguments.no_checkpoint
    pid = agent.pid if agent is not None else None
    confirm(_plan(verb, keep, pid, operations.of_work_tree), "Do it?", arguments.yes)
    receipt = operations.stop(
        verb,
        checkpoint=keep,
        facts=lambda: snapshot_for(arguments).checkpoint_facts,
        report=print_notes,
    )
    print_lines(f"{receipt.answer or receipt.words}")
    return 1 if receipt.survivors else 0


def _plan(verb: Verb, keep: bool, pid: int | None, where: str) -> list[str]:
    whom = "The session" if pid is None else f"The session (pid {pid}), which was not started here,"
    if verb == "interrupt":
        return [f"{whom} ends its turn and stays."]
    how = "finishes its tool and writes a hand-over" if verb == "stop" else "is ended at once"
    kept = f"A checkpoint{where} is taken first." if keep else "No checkpoint is taken."
    return [f"{whom} {how}, then all processes it started are ended.", kept]
