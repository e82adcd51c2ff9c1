"""Commands that are a risk by their subcommand and options alone: a table.

What depends on paths, hosts, data or on what the night did before has a module of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from tui.model.review import RiskKind
from tui.night.review.risks.commands.rules.destructive import DESTRUCTIVE
from tui.night.review.risks.commands.rules.outward import OUTWARD
from tui.night.review.risks.commands.rules.rights import CREDENTIALS, PERSISTENCE, PRIVILEGE
from tui.night.review.risks.commands.rules.rule import Row, Rule
from tui.system.lazy_pattern import lazy

_TABLES: tuple[tuple[RiskKind, tuple[Row, ...]], ...] = (
    ("destructive", DESTRUCTIVE),
    ("outward", OUTWARD),
    ("privilege", PRIVILEGE),
    ("persistence", PERSISTENCE),
    ("credential_use", CREDENTIALS),
)


def _rule(kind: RiskKind, row: Row) -> Rule:
    asked, severity, words, programs, pattern = row[:5]
    unless = lazy(row[5]) if len(row) > 5 else None
    return Rule(kind, asked, severity, words, tuple(programs.split("|")), lazy(pattern), unless)


RULES: tuple[Rule, ...] = tuple(_rule(kind, row) for kind, rows in _TABLES for row in rows)
_BY_PROGRAM: dict[str, list[Rule]] = {}
for _one in RULES:
    for _name in _one.programs:
        _BY_PROGRAM.setdefault(_name, []).append(_one)


def find_rules(name: str, line: str, variables: Iterable[str] = ()) -> list[Rule]:
    """The rows that a command matches; of several of a kind the first. `variables` are set for it alone."""
    around = " ".join((line, *variables))
    name = "mkfs" if name.startswith("mkfs.") else name
    found: dict[RiskKind, Rule] = {}
    for rule in _BY_PROGRAM.get(name, ()):
        if rule.kind in found or rule.pattern.match(line) is None:
            continue
        if rule.unless is None or rule.unless.search(around) is None:
            found[rule.kind] = rule
    return list(found.values())
