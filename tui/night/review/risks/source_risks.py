"""Where packages come from, what containers and policies may do, files of variables that were committed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks.commands.places import secret_severity
from tui.night.review.risks.diff_view import RiskFinding, diff_lines, excerpt, finding_at
from tui.night.review.risks.test_syntax import is_test
from tui.system.lazy_pattern import lazy

_SOURCES = lazy(
    r"(?:^|/)(?:\.npmrc|\.yarnrc(?:\.yml)?|\.pypirc|pip\.conf|pip\.ini|uv\.toml|Gemfile|pyproject\.toml|Pipfile"
    r"|composer\.json|settings\.xml|NuGet\.Config|nuget\.config|bunfig\.toml|\.condarc)$|(?:^"
    r"|/)\.cargo/config(?:\.toml)?$"
)
_LOCK = lazy(r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|Gemfile\.lock)$")
_NAMES_SOURCE = lazy(
    r"^\s*(?:@?[\w-]*:?registry\b|npmRegistryServer|(?:extra-)?index(?:-url)?\s*=|source\s+['\"]"
    r"|url\s*=\s*['\"]|registry\s*=|replace-with"
    r"|\"url\"\s*:|<url>|<add\s+key|-\s*https?:)"
)
_RESOLVED = lazy(r"^\s*\"?resolved\"?:?\s+\"?https?://|^\s*remote:\s+https?://")
_HOST = lazy(r"https?://(?:[^\s/@\"']+@)?([\w.-]+)")
_USUAL = lazy(
    r"(?:^|\.)(?:npmjs\.org|npmjs\.com|yarnpkg\.com|pypi\.org|pythonhosted\.org|crates\.io"
    r"|rubygems\.org|github\.com|githubusercontent\.com"
    r"|pkg\.github\.com|packagist\.org|maven\.org|maven\.apache\.org|google\.com|googleapis\.com"
    r"|gitlab\.com|nuget\.org|jsr\.io"
    r"|pytorch\.org|anaconda\.org|conda\.io|w3\.org|readthedocs\.io|python\.org|localhost"
    r"|127\.0\.0\.1|npmmirror\.com|bitbucket\.org"
    r"|golang\.org|pkg\.pr\.new|jsdelivr\.net|nvidia\.com|huggingface\.co|schema\.org"
    r"|json-schema\.org|schemastore\.org)$"
)
_PROJECT_URL = lazy(
    r"(?i)homepage|repository|documentation|changelog|issues|\"url\"\s*:\s*\"[^\"]*(?:bugs|git)"
)
_PLAIN_URL = lazy(r"^\s*\"?url\"?\s*[:=]")
_LISTS_SOURCES = lazy(
    r"\[\[(?:tool\.\w+\.)?(?:source|index)\]\]|\"repositories\"|\"type\"\s*:\s*\"(?:composer|vcs)"
)
_INFRA = lazy(r"\.(?:ya?ml|json|tf|hcl|bicep)$")
_POWERS = (
    (lazy(r"^\s*privileged:\s*true\b"), "a container with all rights of the machine"),
    (lazy(r"/var/run/docker\.sock"), "a container that can start any other"),
    (lazy(r"^\s*(?:-\s*)?path:\s*/\s*$|^\s*-\s*[\"']?/:/"), "a container that sees the whole disk"),
    (
        lazy(r"\"?(?:Action|actions)\"?\s*[:=]\s*\[?\s*\"\*\"|\"?Principal\"?\s*[:=]\s*\"\*\""),
        "everything is allowed",
    ),
    (
        lazy(r"\bacl\b\s*[:=]\s*\"?public-read|PublicRead\b|\"allUsers\"|allUsers\b"),
        "open to everybody",
    ),
)
_VALUE = lazy(
    r"(?i)^\s*(?:export\s+)?\w*(?:pass|secret|token|key|pwd)\w*\s*=\s*[\"']?([^\s\"'#]{8,})"
)
_STAND_IN = lazy(
    r"(?i)change|example|your|xxx|placeholder|dummy|test|sample|secret|password|<|\$\{|localhost"
    r"|^[a-z_-]+$|^\d+$"
)


def find_source_risks(changes: RepositoryChanges) -> Iterator[RiskFinding]:
    """One finding per kind and path at most."""
    for change in changes.files:
        if change.kind == "deleted" or is_test(change.path):
            continue
        if _SOURCES.search(change.path):
            yield from _other_source(change, _NAMES_SOURCE, "high")
        elif _LOCK.search(change.path) and change.kind != "added":
            yield from _other_source(change, _RESOLVED, "medium")
        if _INFRA.search(change.path):
            yield from _powers(change)
        yield from _variables(change)


def _other_source(
    change: FileChange, names: re.Pattern[str], severity: Severity
) -> Iterator[RiskFinding]:
    """Packages come from a host that nothing named before."""
    known = {
        host for line in diff_lines(change) if line.sign != "+" for host in _HOST.findall(line.text)
    }
    for line in diff_lines(change, "+"):
        if not names.search(line.text) or _PROJECT_URL.search(line.text):
            continue
        if _PLAIN_URL.search(line.text) and not any(map(_LISTS_SOURCES.search, line.hunk.lines)):
            continue  # the address of a project, not of its packages
        new = [h for h in _HOST.findall(line.text) if h not in known and not _USUAL.search(h)]
        if new:
            words = f"packages come from {new[0][:60]} now: {excerpt(line)}"
            yield finding_at(line, "dependency", change.path, severity, words)
            return


def _powers(change: FileChange) -> Iterator[RiskFinding]:
    gone = {line.text.strip() for line in diff_lines(change, "-")}
    for line in diff_lines(change, "+"):
        words = next((words for pattern, words in _POWERS if pattern.search(line.text)), "")
        if words and line.text.strip() not in gone:
            yield finding_at(
                line, "permissions", change.path, "medium", f"{words}: {excerpt(line)}"
            )
            return


def _variables(change: FileChange) -> Iterator[RiskFinding]:
    """A file of credentials by its name, with something in it that looks like one."""
    if not change.path.rpartition("/")[2].startswith(".env") or not secret_severity(change.path):
        return
    for line in diff_lines(change, "+"):
        found = _VALUE.match(line.text)
        if found is not None and not _STAND_IN.search(found[1]) and re.search(r"\d", found[1]):
            name = line.text.partition("=")[0].strip()[:60]
            yield finding_at(
                line, "secret", change.path, "medium", f"a value for {name} in a committed file"
            )
            return
