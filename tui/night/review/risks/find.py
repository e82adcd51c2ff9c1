"""All risks, sorted; changes outside the goal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Risk, RiskKind, Severity
from tui.model.snapshot import NightSnapshot
from tui.night.evidence.evidence_log import RiskyCall
from tui.night.review.risks import command_risks, file_risks, setup_risks, test_risks
from tui.night.review.risks.attribution import ChangeAttribution
from tui.night.review.risks.diff_view import (
    SEVERITY_ORDER,
    RiskFinding,
    first_hunk,
    is_prose,
    is_test,
)
from tui.night.review.risks.file_risks import SizeLimits
from tui.system.credentials import cut_credentials
from tui.system.format import format_count
from tui.system.lazy_pattern import lazy

_PATH = (
    r"`?(?P<path>(?:\./)?(?:[\w.@-]+/)+[\w.@*-]*|`[\w.@-]+`"
    r"|[\w-]+\.(?:py|js|ts|go|rs|rb|php|java|toml|json|ya?ml|md))`?"
)
_MORE = rf"(?P<more>(?:\s*(?:,|and|or|und)\s+{_PATH.replace('?P<path>', '?:')})*)"
_FORBIDDEN = lazy(
    r"\b(?:do\s+not|don't|never|must\s+not|without)\s+(?:ever\s+)?"
    r"(?:touch|chang|edit|modify|modifi|delet|remov|alter)\w*\s+(?:(?:anything|any\s+files?|files?|code)\s+(?:in|under|inside|below)\s+)?"
    rf"(?:the\s+)?{_PATH}{_MORE}",
    re.IGNORECASE,
)
_ONLY = lazy(
    r"(?:\b(?:only|just)\s+(?:ever\s+)?(?:touch|change|edit|modify|work\s+(?:in|on|within)|(?:in|under|inside|within))"
    r"|\b(?:stay|keep|remain|limit\s+yourself|restrict\s+\w+)\s+(?:with)?(?:in|inside|to|under)"
    r"|\b(?:nothing|not\s+(?:touch|change|edit|modify)\s+anything|no\s+files?)\s+(?:outside|except|but|other\s+than)(?:\s+of)?)"
    rf"\s+(?:(?:files?|code|changes?)\s+(?:in|under)\s+)?(?:the\s+)?{_PATH}{_MORE}",
    re.IGNORECASE,
)
_EACH = lazy(_PATH)
_ALWAYS_FINE = lazy(
    r"(?:^|/)(?:claude-progress|progress|CHANGELOG|NOTES|session-notes|TODO|\.gitignore)[^/]*$",
    re.IGNORECASE,
)
_OF_THE_SYSTEM = lazy(
    r"^/(?:etc|usr|boot|lib\w*|bin|sbin|opt)/|^(?:/root|/home/[^/]+|/Users/[^/]+|~)/\.(?!claude/(?:plans|projects|todos)/)"
    r"(?:ssh/|aws/|bash|zsh|profile|gitconfig|npmrc|netrc|config/|claude/|local/bin/)"
)
_DELICATE = lazy(
    r"^/(?:etc|usr|boot|lib\w*|bin|sbin)/"
    r"|/\.(?:ssh|aws|bash\w*|zsh\w*|profile|gitconfig|npmrc|netrc)(?:/|$)"
)


_LONGEST_GOAL = 20_000
_WORST_FIRST: tuple[RiskKind, ...] = (
    *("secret", "fetch_to_shell", "force_push", "test_deleted", "test_weakened", "test_skipped"),
    *("no_verify", "permissions", "ci", "outside_goal", "big_deletion", "dependency"),
    *("big_file", "binary", "generated"),
)
_RANK = {kind: number for number, kind in enumerate(_WORST_FIRST)}
USUAL = SizeLimits()


def find_risks(
    changes: RepositoryChanges,
    snapshot: NightSnapshot | None,
    calls: Sequence[RiskyCall],
    goal: str,
    sizes: SizeLimits = USUAL,
) -> tuple[Risk, ...]:
    """The risks, by severity, one for each kind and path.

    `calls` are the night's edits and shell calls. `goal` is the text that set the night's task; it
    matters only where it names paths. No secret is shown whole.
    """
    findings = chain(
        test_risks.find_test_risks(changes),
        file_risks.find_leaked_credentials(changes),
        setup_risks.find_setup_risks(changes),
        file_risks.find_file_risks(changes, sizes),
        _find_outside_area(changes, calls, goal, snapshot.run.cwd if snapshot else ""),
        command_risks.find_command_risks(calls),
    )
    attribution = ChangeAttribution(changes, snapshot, calls)
    risks = [_risk(finding, attribution) for finding in _worst_of_each(findings)]
    risks.sort(key=lambda risk: (SEVERITY_ORDER[risk.severity], _RANK[risk.kind], risk.path))
    return tuple(risks)


def _worst_of_each(findings: Iterable[RiskFinding]) -> list[RiskFinding]:
    """The worst finding of each kind and path; a deleted test file is no big deletion too."""
    worst: dict[tuple[RiskKind, str], RiskFinding] = {}
    for finding in findings:
        before = worst.get((finding.kind, finding.path))
        if before is None or SEVERITY_ORDER[finding.severity] < SEVERITY_ORDER[before.severity]:
            worst[finding.kind, finding.path] = finding
    return [
        finding
        for (kind, path), finding in worst.items()
        if kind != "big_deletion" or ("test_deleted", path) not in worst
    ]


def _risk(finding: RiskFinding, attribution: ChangeAttribution) -> Risk:
    commit = finding.commit or attribution.commit(finding)
    hunk = finding.hunk
    return Risk(
        kind=finding.kind,
        path=finding.path,
        what=cut_credentials(finding.what),
        ref=finding.ref or attribution.ref(finding, commit),
        severity=finding.severity,
        hunk=file_risks.without_secrets(hunk, finding.path) if hunk is not None else None,
        commit=commit,
    )


# --- outside of the goal ---


def _find_outside_area(
    changes: RepositoryChanges, calls: Sequence[RiskyCall], goal: str, cwd: str = ""
) -> Iterator[RiskFinding]:
    """Files of the system that were edited, and what lies outside of the goal's area.

    Nothing in `cwd`, where the night worked, is a file of the system.
    """
    yield from _system_files(calls, cwd.rstrip("/") + "/" if cwd.strip("/") else "")
    forbidden = _paths(_FORBIDDEN, goal)
    allowed = [path for path in _paths(_ONLY, goal) if path not in forbidden]
    for change in changes.files:
        names = {change.path, change.old_path} - {""}
        hit = next((area for area in forbidden if any(_within(n, area) for n in names)), "")
        if hit:
            words = f"the goal says not to touch {hit}"
            yield RiskFinding("outside_goal", change.path, "high", words, first_hunk(change))
    if allowed:
        yield from _outside_files(changes, allowed, forbidden)


def _outside_files(
    changes: RepositoryChanges, allowed: list[str], forbidden: list[str]
) -> Iterator[RiskFinding]:
    outside: dict[str, list[FileChange]] = {}
    for change in changes.files:
        if any(_within(change.path, area) for area in (*allowed, *forbidden)):
            continue
        if is_test(change.path) or is_prose(change.path) or _ALWAYS_FINE.search(change.path):
            continue
        top = change.path.split("/")[0] + "/" if "/" in change.path else change.path
        outside.setdefault(top, []).append(change)
    for top, members in outside.items():
        path = members[0].path if len(members) == 1 else top
        files = format_count(len(members), "file")
        words = f"{files} outside of {', '.join(allowed[:3])}, which the goal names"
        yield RiskFinding("outside_goal", path, "medium", words, first_hunk(members[0]))


def _system_files(calls: Sequence[RiskyCall], cwd: str) -> Iterator[RiskFinding]:
    seen: set[str] = set()
    for call in calls:
        path = call.text
        if call.shell or call.is_error or path in seen or not _OF_THE_SYSTEM.search(path):
            continue
        if cwd and path.startswith(cwd):
            continue
        seen.add(path)
        severity: Severity = "high" if _DELICATE.search(path) else "medium"
        words = "an edit outside of the repository"
        yield RiskFinding("outside_goal", path, severity, words, ref=call.ref)


def _paths(pattern: re.Pattern[str], goal: str) -> list[str]:
    """The paths the goal names in such a sentence."""
    paths: list[str] = []
    for match in pattern.finditer(goal[:_LONGEST_GOAL]):
        paths.append(match.group("path"))
        paths += [each.group("path") for each in _EACH.finditer(match.group("more") or "")]
    cleaned = (path.strip("`").removeprefix("./").rstrip(".*").rstrip("/") for path in paths)
    return list(dict.fromkeys(path for path in cleaned if path))


def _within(path: str, area: str) -> bool:
    return path == area or path.startswith(area + "/") or path.endswith("/" + area)
