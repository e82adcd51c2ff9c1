"""Whether the CLI would let a command run: its rules for Bash, as it documents and applies them.

A command is cut into its parts; each must be allowed. Deny rules are tried first and see through more
wrappers than allow rules do. What cannot be read for sure would be asked, and nobody is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import Struct

from tui.feeds.claude.settings_files import SettingsSource
from tui.model.permissions.granted import AgentPermissions, PermissionPreset
from tui.model.permissions.rules import ANY_ARGUMENTS, bash_content
from tui.night.stuck.refused.allow_rules import ShellPart, shell_parts

_BYPASS, _AUTO, _EDITS = "bypassPermissions", "auto", "acceptEdits"
_OPERATORS = re.compile(r"[;&|\n(){}`]+|\$\(")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_HARMLESS_VARIABLES = frozenset(
    "CI NODE_ENV RUST_BACKTRACE RUST_LOG FORCE_COLOR NO_COLOR PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED TZ"
    " LANG LC_ALL LC_CTYPE LC_TIME LANGUAGE CGO_ENABLED GO111MODULE GOOS GOARCH GOEXPERIMENT TERM COLUMNS"
    " LINES COLORTERM LS_COLORS GREP_COLOR".split()
)
"""An allow rule is tried without these before a command."""
_EDITING = frozenset({"mkdir", "touch", "rm", "rmdir", "mv", "cp", "sed"})
"""Allowed within the project where edits are."""
_EDITORS = frozenset({"Edit", "Write"})
_WRAPPERS = frozenset({"timeout", "time", "nice", "nohup", "stdbuf"})
_DENY_WRAPPERS = frozenset({"env", "command", "exec", "xargs", "builtin"})
_VERSION_CONTROL = frozenset({"git", "hg", "svn", "jj"})


class Decision(StrEnum):
    """What becomes of a command.

    It runs; a rule denies it; it is refused, as nobody is there to allow it; a classifier decides.
    """

    RUNS = "runs"
    DENIED = "denied"
    REFUSED = "refused"
    CLASSIFIED = "classified"


class RulesInForce(Struct, frozen=True):
    """The mode and all rules of a session, from whatever file or flag."""

    mode: str = "default"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()


def rules_in_force(
    permissions: AgentPermissions, sources: Iterable[SettingsSource] = ()
) -> RulesInForce:
    """A run's rules together with those of the CLI's own settings files, the weakest of these first."""
    found: dict[str, list[str]] = {"allow": [], "deny": [], "ask": []}
    mode = "default"
    for source in sources:
        own = source.values.get("permissions")
        if not isinstance(own, dict):
            continue
        for name, rules in found.items():
            rules += _texts(own.get(name))
        mode = own["defaultMode"] if isinstance(own.get("defaultMode"), str) else mode
    if permissions.preset == PermissionPreset.ALL:
        mode = _BYPASS
    return RulesInForce(
        mode=permissions.mode or mode,
        allow=(*permissions.allow, *permissions.allowed, *found["allow"]),
        deny=(*permissions.deny, *permissions.disallowed, *found["deny"]),
        ask=tuple(found["ask"]),
    )


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def decide(command: str, rules: RulesInForce) -> Decision:
    """What becomes of a command of the Bash tool."""
    parts = shell_parts(command)
    if parts is None:
        return _unread(command, rules)
    if any(_is_met(rules.deny, _for_denying(part)) for part in parts):
        return Decision.DENIED
    if any(_is_met(rules.ask, _for_denying(part)) for part in parts):
        return Decision.REFUSED
    if rules.mode == _BYPASS:
        return Decision.RUNS
    if not _leaves_folder(parts) and all(_is_allowed(part, rules) for part in parts):
        return Decision.RUNS
    return Decision.CLASSIFIED if rules.mode == _AUTO else Decision.REFUSED


def lets_edit(rules: RulesInForce) -> bool:
    """Whether files of the project may be changed: by the mode, or by a rule of a tool that edits."""
    if any(rule in _EDITORS for rule in (*rules.deny, *rules.ask)):
        return False
    by_mode = rules.mode in (_BYPASS, _AUTO, _EDITS)
    return by_mode or any(rule.partition("(")[0] in _EDITORS for rule in rules.allow)


def _unread(command: str, rules: RulesInForce) -> Decision:
    """Of a line that is no plain sequence of commands: its pieces, as they stand, may be denied."""
    pieces = {" ".join(piece.split()) for piece in _OPERATORS.split(command)}
    if _is_met(rules.deny, pieces):
        return Decision.DENIED
    unread = {_BYPASS: Decision.RUNS, _AUTO: Decision.CLASSIFIED}
    return unread.get(rules.mode, Decision.REFUSED)


def _leaves_folder(parts: Sequence[ShellPart]) -> bool:
    """Whether it changes the folder and then uses git, or changes it twice: that is asked always."""
    moves = [part.words[0] == "cd" for part in parts]
    uses = any(part.words[0] in _VERSION_CONTROL for part in parts)
    return sum(moves) > 1 or (any(moves) and uses and len(parts) > 1)


def _is_allowed(part: ShellPart, rules: RulesInForce) -> bool:
    if _is_outside(part):
        return False
    if _is_met(rules.allow, _for_allowing(part)):
        return True
    words = _unwrapped(part.words, _WRAPPERS, _HARMLESS_VARIABLES)
    bare = ShellPart(words, " ".join(words)) if words else part
    if bare.only_reads:
        return True
    if rules.mode != _EDITS or bare.words[0] not in _EDITING:
        return False
    return not any("*" in word or "?" in word for word in bare.words[1:])


def _is_outside(part: ShellPart) -> bool:
    """Whether a command that the CLI looks into names a place that is not the project's for sure."""
    if part.words[0] not in _EDITING and not (part.only_reads and part.words[0] != "git"):
        return False
    if part.words[0] in ("echo", "printf"):
        return False
    return any(
        word.startswith(("/", "~", "$")) or ".." in word.split("/")
        for word in part.words[1:]
        if word != "/dev/null"
    )


def _for_allowing(part: ShellPart) -> set[str]:
    """The texts that an allow rule is tried on."""
    bare = _unwrapped(part.words, _WRAPPERS, _HARMLESS_VARIABLES)
    return {" ".join(part.words), " ".join(bare), part.text}


def _for_denying(part: ShellPart) -> set[str]:
    """The texts that a deny rule is tried on."""
    bare = _unwrapped(part.words, _WRAPPERS | _DENY_WRAPPERS, None)
    named = (bare[0].rpartition("/")[2], *bare[1:]) if bare else ()
    texts = (part.words, bare, named, _unwrapped(part.words, _WRAPPERS, None))
    return {part.text, *map(" ".join, texts)}


def _unwrapped(
    words: Sequence[str], wrappers: frozenset[str], variables: frozenset[str] | None
) -> tuple[str, ...]:
    """The command without wrappers and variables before it; all variables where none are named."""
    left = list(words)
    while left:
        word = left[0]
        if _ASSIGNMENT.match(word) and (variables is None or word.partition("=")[0] in variables):
            del left[0]
        elif word in wrappers and len(left) > 1:
            del left[0]
            while left and left[0].startswith("-"):
                option = left.pop(0)
                if option in ("-k", "-s", "-n") and len(left) > 1:
                    del left[0]
            if word == "timeout" and len(left) > 1:
                del left[0]
        else:
            break
    return tuple(left)


def _is_met(rules: Iterable[str], texts: set[str]) -> bool:
    return any(matches(rule, text) for rule in rules for text in texts)


def matches(rule: str, command: str) -> bool:
    """Whether a rule for Bash is about a single command.

    `Bash(x:*)` is any command that begins with the words x; a `*` stands for anything, spaces too.
    """
    content = bash_content(rule)
    if content is None:
        return False
    if content.endswith(ANY_ARGUMENTS):
        start = content.removesuffix(ANY_ARGUMENTS)
        return command == start or command.startswith(f"{start} ")
    if "*" not in content:
        return command == content
    return _pattern(content).fullmatch(command) is not None


@lru_cache(maxsize=2_048)
def _pattern(content: str) -> re.Pattern[str]:
    """`x *` is also x alone."""
    tail = r"(?: .*)?" if content.endswith(" *") else ""
    content = content.removesuffix(" *") if tail else content
    return re.compile(".*".join(map(re.escape, content.split("*"))) + tail, re.DOTALL)
