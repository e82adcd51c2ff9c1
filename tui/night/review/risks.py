"""Risks in what a night changed and ran, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from tui.changes import Changes
from tui.night.model import Night
from tui.night.review import (
    risks_area,
    risks_bulk,
    risks_commands,
    risks_secrets,
    risks_setup,
    risks_tests,
)
from tui.night.review.culprits import Culprits
from tui.night.review.finding import ORDER, Finding
from tui.night.review.model import Risk, RiskKind
from tui.night.review.risks_bulk import Sizes
from tui.night.risky import ToolCall
from tui.system.credentials import redacted

_KINDS: tuple[RiskKind, ...] = (
    "secret",
    "fetch_to_shell",
    "force_push",
    "test_deleted",
    "test_weakened",
    "test_skipped",
    "no_verify",
    "permissions",
    "ci",
    "outside_goal",
    "big_deletion",
    "dependency",
    "big_file",
    "binary",
    "generated",
)
USUAL = Sizes()
_PLACE = {kind: number for number, kind in enumerate(_KINDS)}


def find(
    changes: Changes,
    night: Night | None,
    commands: Sequence[ToolCall],
    goal: str,
    sizes: Sizes = USUAL,
) -> tuple[Risk, ...]:
    """The risks, by severity, one for each kind and path.

    `commands` are the night's edits and shell calls (`Fold.calls`). `goal` is the text that set
    the night's task; it matters only where it names paths. No secret is shown whole.
    """
    found = chain(
        risks_tests.find(changes),
        risks_secrets.find(changes),
        risks_setup.find(changes),
        risks_bulk.find(changes, sizes),
        risks_area.find(changes, commands, goal, night.run.cwd if night else ""),
        risks_commands.find(commands),
    )
    culprits = Culprits(changes, night, commands)
    risks = [_risk(finding, culprits) for finding in _single(found)]
    risks.sort(key=lambda risk: (ORDER[risk.severity], _PLACE[risk.kind], risk.path))
    return tuple(risks)


def _single(found: Iterable[Finding]) -> list[Finding]:
    """One finding for each kind and path: the worst; a deleted test file is no big deletion too."""
    kept: dict[tuple[RiskKind, str], Finding] = {}
    for one in found:
        before = kept.get((one.kind, one.path))
        if before is None or ORDER[one.severity] < ORDER[before.severity]:
            kept[one.kind, one.path] = one
    return [
        one
        for (kind, path), one in kept.items()
        if kind != "big_deletion" or ("test_deleted", path) not in kept
    ]


def _risk(finding: Finding, culprits: Culprits) -> Risk:
    commit = finding.commit or culprits.commit(finding)
    hunk = finding.hunk
    return Risk(
        kind=finding.kind,
        path=finding.path,
        what=redacted(finding.what),
        ref=finding.ref or culprits.ref(finding, commit),
        severity=finding.severity,
        hunk=risks_secrets.without_secrets(hunk, finding.path) if hunk is not None else None,
        commit=commit,
    )
