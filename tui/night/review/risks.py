"""Risks in what a night changed and ran, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from tui.changes import RepositoryChanges
from tui.night.model import NightSnapshot
from tui.night.review import (
    risks_area,
    risks_bulk,
    risks_commands,
    risks_secrets,
    risks_setup,
    risks_tests,
)
from tui.night.review.culprits import ChangeAttribution
from tui.night.review.finding import ORDER, RiskFinding
from tui.night.review.model import Risk, RiskKind
from tui.night.review.risks_bulk import SizeLimits
from tui.night.risky import RiskyCall
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
USUAL = SizeLimits()
_PLACE = {kind: number for number, kind in enumerate(_KINDS)}


def find_risks(
    changes: RepositoryChanges,
    night: NightSnapshot | None,
    commands: Sequence[RiskyCall],
    goal: str,
    sizes: SizeLimits = USUAL,
) -> tuple[Risk, ...]:
    """The risks, by severity, one for each kind and path.

    `commands` are the night's edits and shell calls (`Fold.calls`). `goal` is the text that set
    the night's task; it matters only where it names paths. No secret is shown whole.
    """
    found = chain(
        risks_tests.find_test_risks(changes),
        risks_secrets.find_leaked_credentials(changes),
        risks_setup.find_setup_risks(changes),
        risks_bulk.find_file_risks(changes, sizes),
        risks_area.find_outside_area(changes, commands, goal, night.run.cwd if night else ""),
        risks_commands.find_command_risks(commands),
    )
    culprits = ChangeAttribution(changes, night, commands)
    risks = [_risk(finding, culprits) for finding in _single(found)]
    risks.sort(key=lambda risk: (ORDER[risk.severity], _PLACE[risk.kind], risk.path))
    return tuple(risks)


def _single(found: Iterable[RiskFinding]) -> list[RiskFinding]:
    """One finding for each kind and path: the worst; a deleted test file is no big deletion too."""
    kept: dict[tuple[RiskKind, str], RiskFinding] = {}
    for one in found:
        before = kept.get((one.kind, one.path))
        if before is None or ORDER[one.severity] < ORDER[before.severity]:
            kept[one.kind, one.path] = one
    return [
        one
        for (kind, path), one in kept.items()
        if kind != "big_deletion" or ("test_deleted", path) not in kept
    ]


def _risk(finding: RiskFinding, culprits: ChangeAttribution) -> Risk:
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
