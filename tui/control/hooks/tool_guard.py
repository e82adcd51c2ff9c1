"""Answers a PreToolUse hook: denies the call that touches what is protected, and says nothing else.

Every tool call waits for this, so it imports next to nothing. A fault of ours must not wedge a night, and must
not quietly switch the protection off either: then the call's text is searched for protected words, which
decides, and the fault is recorded as failed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Final, NamedTuple

from tui.control.hooks import private_folders
from tui.control.hooks.hook_records import RUN_VARIABLE, record_hook
from tui.control.hooks.payload import ANY_PROJECT, mailbox_of, read_call
from tui.control.protect.judge import ToolCall, judge
from tui.control.protect.rules import KeptRules, Rules, decode_rules
from tui.store.state_names import RULES, RUNS
from tui.system.paths import lies_in

EVENT: Final = "PreToolUse"
_MOST_BYTES: Final = 1 << 20
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class GuardedCall(NamedTuple):
    """What a payload says of a call; empty where it says nothing."""

    session: str
    cwd: str
    call: ToolCall


def answer_tool_call(
    mailbox: str, payload: bytes, run: str = "", environ: Mapping[str, str] = os.environ
) -> str:
    """Why the call must not be made; empty where there is nothing against it.

    `mailbox` is that of the project, as the hook's command names it, or "-" for that of the folder where the
    session works; `run` the id of a run with rules of its own. Raises nothing. What is no payload of a tool
    call is let be.
    """
    call = _read(payload)
    if call is None:
        return ""
    try:
        if mailbox == ANY_PROJECT:
            mailbox = _mailbox_of(payload)
        kept = _rules(mailbox, run)
    except Exception as error:  # whatever it is, the session goes on and the fault is seen
        _record(mailbox, call, "failed", f"nothing could be protected: {_name(error)}")
        return ""
    if kept.rules.is_empty:
        return ""
    try:
        cwd = call.cwd or kept.project
        home = environ.get("HOME", "")
        home = home if home.startswith("/") else "/"
        tops = dict.fromkeys((kept.project, _work_tree(cwd, kept.project)))
        found = (judge(call.call, kept.rules, top, cwd, home, environ) for top in tops)
        refusal = next(filter(None, found), None)
    except Exception as error:
        word = _protected_word(kept.rules, payload)
        said = f"it could not be judged ({_name(error)})"
        if not word:
            _record(mailbox, call, "failed", f"{said}, and was let run")
            return ""
        reason = f"{word!r} is protected, and the call names it; {said}. Go on without it."
        _record(mailbox, call, "denied", reason, rule=word)
        return reason
    if refusal is None:
        return ""
    if run or not _is_denied_by_run(call, cwd, home, environ):  # whose own hook records it
        _record(mailbox, call, "denied", refusal.reason, rule=refusal.rule, found=refusal.found)
    return refusal.reason


def _is_denied_by_run(call: GuardedCall, cwd: str, home: str, environ: Mapping[str, str]) -> bool:
    """Whether the rules of the run that this session belongs to, if it does, deny the call as well."""
    named = environ.get(RUN_VARIABLE, "")
    if not named:
        return False
    try:
        folder = private_folders.open_run(named)
        try:
            kept = _load(folder)
        finally:
            os.close(folder)
        return judge(call.call, kept.rules, kept.project, cwd, home, environ) is not None
    except (OSError, ValueError):
        return False


def _read(payload: bytes) -> GuardedCall | None:
    try:
        whole = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(whole, dict):
        return None
    tool, session, cwd = (whole.get(key) for key in ("tool_name", "session_id", "cwd"))
    if not isinstance(tool, str):
        return None
    cwd = cwd if isinstance(cwd, str) and cwd.startswith("/") and "\0" not in cwd else ""
    session = session if isinstance(session, str) else ""
    return GuardedCall(session, cwd, ToolCall(tool, whole.get("tool_input")))


def _mailbox_of(payload: bytes) -> str:
    """The mailbox of the project where a session works, made where there is none: its rules lie beside it."""
    call = read_call(EVENT, payload)
    if call is None:
        raise ValueError("the payload names no session")
    found = mailbox_of(call)
    if not found:
        from tui.control.hooks.kept_rules import make_mailbox

        found = make_mailbox(call.folder)
    return found


def _work_tree(folder: str, project: str) -> str:
    """The top of the work tree that a session works in, where that is another one than the project's."""
    above = folder
    while not os.path.lexists(os.path.join(above, ".git")):
        above, before = os.path.dirname(above), above
        if above == before:
            return project
    return project if lies_in(project, above) else above


def _rules(mailbox: str, run: str) -> KeptRules:
    """The rules that hold: of a run those that it began with, else what the settings say now."""
    state = private_folders.open_project_state(mailbox)
    try:
        if run:
            return _load_run(state, run)
        try:
            kept = _load(state)
        except (OSError, ValueError):
            kept = None
        if kept is not None and kept.are_current():
            return kept
        from tui.control.hooks.kept_rules import RulesNotReadError, renew  # loads the settings

        try:
            return renew(os.path.dirname(os.path.realpath(mailbox)))
        except RulesNotReadError:
            if kept is None:
                raise
            return kept  # settings that cannot be read take nothing away
    finally:
        os.close(state)


def _load_run(state: int, run: str) -> KeptRules:
    runs = private_folders.open_below(state, RUNS)
    try:
        folder = private_folders.open_below(runs, run)
    finally:
        os.close(runs)
    try:
        return _load(folder)
    finally:
        os.close(folder)


def _load(folder: int) -> KeptRules:
    descriptor = os.open(RULES, _FILE, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        if not private_folders.is_own_file(os.fstat(descriptor)):
            raise ValueError("the file of the rules is not ours alone")
        return decode_rules(file.read(_MOST_BYTES))


def _protected_word(rules: Rules, payload: bytes) -> str:
    """A rule whose words stand in a payload as they were written."""
    text = payload.decode("utf-8", "replace").casefold()
    beginnings = (*rules.commands, *(entry.text for entry in rules.denied))
    words = (*rules.paths, *rules.written, *beginnings)
    fixed = ((word, word.partition("*")[0].strip("/ ").casefold()) for word in words)
    return next((word for word, part in fixed if len(part) > 2 and part in text), "")


def _record(mailbox: str, call: GuardedCall, effect: str, text: str, **data: object) -> None:
    record_hook(mailbox, call.session, EVENT, effect, text, tool=call.call.tool, **data)  # type: ignore[arg-type]


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
