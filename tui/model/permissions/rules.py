"""The grammar of the CLI's permission rules, as far as Bash is concerned."""

from __future__ import annotations

ANY_ARGUMENTS = ":*"
"""How a rule ends that is for a command with any arguments."""
_START, _END = "Bash(", ")"
_ANY = ("Bash", "Bash(*)")


def bash_rule(content: str) -> str:
    """The rule for commands of that form."""
    return f"{_START}{content}{_END}"


def bash_content(rule: str) -> str | None:
    """What a rule for Bash says of the command, `*` for any; None for another tool's rule."""
    if rule in _ANY:
        return "*"
    if rule.startswith(_START) and rule.endswith(_END):
        return rule[len(_START) : -len(_END)]
    return None


def has_wildcard(rule: str) -> bool:
    """Whether a rule for Bash has a `*` other than that of its end."""
    content = bash_content(rule)
    return content is not None and "*" in content.removesuffix(ANY_ARGUMENTS)
