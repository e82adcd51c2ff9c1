"""hooks, and hook: what Claude Code calls before and after each tool, so this imports next to nothing.

A call of it never takes long. It ends with code 2 only where a tool call is denied: at a Stop hook that
would keep a session from stopping.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tui.control.channels.hook_delivery import (
    EVENTS,
    MOST_PAYLOAD,
    NOTHING,
    claim_messages,
    deliver_to_hook,
    encode_answer,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from tui.control.hooks.hook_sets import HookSet
    from tui.control.hooks.status import HookLevel, HookStatus


def hooks_arguments(parser: argparse.ArgumentParser) -> None:
    from tui.commands.context import add_flags, add_path

    parser.add_argument(
        "what",
        choices=("install", "uninstall", "status"),
        help="install: sessions that run get it at once; uninstall: removes exactly that",
    )
    add_path(parser)
    add_flags(
        parser,
        continuous="also: sessions go on while tasks are open, and nothing is lost in a compaction",
        protect="also: calls that touch what `protect` in the settings names are denied",
        user="for every project of yours, in your own settings, not only for this one",
    )


def hooks_command(arguments: argparse.Namespace) -> int:
    """Prints in one line what was done, or what is installed; status ends with 3 when incomplete."""
    from tui.commands.context import print_lines, project_of
    from tui.control.hooks.hook_sets import HookSet
    from tui.control.hooks.status import HookLevel

    project = project_of(arguments)
    level = HookLevel.USER if arguments.user else HookLevel.PROJECT
    named = [one for one in HookSet if getattr(arguments, one, False)]
    if arguments.what == "status":
        sentences, code = _describe_all(project)
    else:
        sentences, code = [_change(arguments.what, project, named, level)], 0
    for sentence in sentences:
        print_lines(sentence)
    return code


def _change(verb: str, project: Path, named: list[HookSet], level: HookLevel) -> str:
    from tui.control.hooks import installer, status

    if verb == "install":
        is_new = installer.install(project, named, level)
        state = status.hook_status(project, level)
        return f"{'installed in' if is_new else 'they are in'} {state.file}; {_reach(state)}"
    is_removed = installer.uninstall(project, named, level)
    file = status.settings_path(project, level)
    return f"taken out of {file}" if is_removed else f"there are none of ours in {file}"


def _reach(state: HookStatus) -> str:
    if state.off:
        return f"but no hook runs: {state.off}"
    where = "in this project" if state.level == "project" else "of yours"
    reach = f"sessions {where} hear messages now"
    if state.folder_made_at is not None:
        reach = "sessions hear messages; one that ran before may not, as .claude itself is new"
    return "; ".join([reach, *(words for one, words in _SETS.items() if one in state.sets)])


_SETS = {
    "continuous": "they go on while tasks are open, and keep what a compaction forgets",
    "protect": "what `protect` names is kept from them",
}


def _describe_all(project: Path) -> tuple[list[str], int]:
    """What is installed for the project, and for all of the person's sessions where anything is."""
    from tui.control.hooks.status import HookLevel, hook_status

    own, for_all = (hook_status(project, level) for level in HookLevel)
    if not own.sets and for_all.sets:
        sentence, code = _describe(for_all)
        return [sentence], code
    sentences = [_describe(own)]
    if for_all.sets:
        sentences.append(_describe(for_all))
    return [one for one, _ in sentences], max(code for _, code in sentences)


def _describe(state: HookStatus) -> tuple[str, int]:
    if not state.sets:
        return f"not installed in {state.file}; 'overnight-tui hooks install' does it", 3
    sets = ", ".join(sorted(state.sets))
    if state.off:
        return f"{sets}: installed in {state.file}, but no hook runs: {state.off}", 3
    if state.complete:
        return f"{sets}: installed in {state.file}: {', '.join(state.events)}", 0
    again = " --user" if state.level == "user" else ""
    return (
        f"{sets}: installed in {state.file}, but not as this version would "
        f"({', '.join(state.faults)}): run 'overnight-tui hooks install{again}' again",
        3,
    )


_SLOW: dict[str, tuple[str, str]] = {
    "Stop": ("hook_stop", "answer"),
    "PreCompact": ("hook_context", "answer_compaction"),
    "SessionStart": ("hook_context", "answer_start"),
    "PreToolUse": ("hook_guard", "answer_tool"),
}
"""Which function of which module here answers the call of an event, unless it only hands messages over."""


def hook_call(words: Sequence[str]) -> int:
    """Answers one hook call; whatever goes wrong must not trouble the session."""
    if len(words) < 2:
        return _complain("it is called by Claude Code; 'overnight-tui hooks install' sets it up")
    event, mailbox, *rest = words
    try:
        payload = _read_payload()
        if event in _SLOW and (rest or event not in EVENTS):
            from importlib import import_module

            module, function = _SLOW[event]
            answer = getattr(import_module(f"tui.commands.act.{module}"), function)
            code: int = answer(mailbox, payload, rest) or 0
            return code
        hand_over(event, mailbox, payload)
    except OSError as error:
        return _complain(f"the mailbox cannot be read: {error}")
    except Exception as error:  # a fault of ours must not keep a session from anything
        return _complain(f"{type(error).__name__}: {error}")
    return 0


def hand_over(event: str, mailbox: str, payload: bytes, more: str = "") -> tuple[str, ...]:
    """Gives the session what waits for it, and then `more`, in one answer; the ids of the messages."""
    if mailbox == "-":  # a hook of every project
        from tui.control.hooks.payload import mailbox_of, read_call

        call = read_call(event, payload)
        mailbox = mailbox_of(call) if call is not None else ""
    try:
        claimed = claim_messages(event, mailbox, payload, more) if mailbox else NOTHING
    except FileNotFoundError:
        claimed = NOTHING  # no mailbox, no messages
    answer = claimed.answer or (encode_answer(event, more) if more else b"")
    if answer:
        _write(answer)
    if claimed.ids:
        deliver_to_hook(event, mailbox, claimed)
    return claimed.ids


def print_answer(answer: dict[str, object]) -> None:
    """Gives the CLI an answer."""
    import json

    _write(json.dumps(answer).encode("ascii") + b"\n")


def print_reason(reason: str) -> None:
    """Tells the CLI why a call is denied; the exit code 2 denies it."""
    from tui.system.sanitize import clean_line

    sys.stderr.write(clean_line(reason) + "\n")


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


def _read_payload() -> bytes:
    pieces: list[bytes] = []
    room = MOST_PAYLOAD
    while room > 0 and (piece := os.read(0, min(room, 1 << 16))):
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces) if room else b""


def _complain(text: str) -> int:
    from tui.system.sanitize import clean_line

    sys.stderr.write(f"overnight-tui hook: {clean_line(text)}\n")
    return 0
