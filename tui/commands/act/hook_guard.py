"""PreToolUse: the answer to Claude Code that denies a call, in the one form that every version obeys."""

from __future__ import annotations

from collections.abc import Sequence

from tui.commands.act.hooks import print_reason

DENIED = 2
"""The exit code with which a hook denies a call in every permission mode; the reason is on stderr."""


def answer_tool(mailbox: str, payload: bytes, words: Sequence[str]) -> int:
    """Judges the call; 0 where nothing is said, which leaves it to the permissions of the session.

    `words` may name the run whose rules hold.
    """
    from tui.control.hooks.tool_guard import answer_tool_call

    reason = answer_tool_call(mailbox, payload, words[0] if words else "")
    if not reason:
        return 0
    print_reason(reason)
    return DENIED
