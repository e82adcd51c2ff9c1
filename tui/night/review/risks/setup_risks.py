"""Dependencies, CI, permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks.diff_view import (
    DiffLine,
    RiskFinding,
    diff_lines,
    excerpt,
    finding_at,
    first_hunk,
    hunk_lines,
    line_shape,
    list_names,
    pattern_for,
    patterns_by_path,
)
from tui.night.review.risks.oracle.runners.test_commands import runs_tests
from tui.system.format import format_count
from tui.system.lazy_pattern import lazy

_LOCK = lazy(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock"
    r"|Pipfile\.lock|pdm\.lock|uv\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock|go\.sum|mix\.lock|pubspec\.lock"
    r"|Podfile\.lock|flake\.lock|packages\.lock\.json|gradle\.lockfile|deno\.lock)$"
)
_VERSION = r"[\^~><=!*]*\s*v?\d[\w.*+\-]*"
_NOT_A_PACKAGE = (
    r"(?!version\b|requires-python\b|python\b|python_requires\b|edition\b|rust-version\b|node\b|name\b|target-version\b"
    r"|python_version\b|line-length\b|minversion\b|lockfileVersion\b|go\b)"
)
_TOML = (
    rf"\s*[\"']?{_NOT_A_PACKAGE}(?P<a>[\w@][\w.\-/]*)[\"']?\s*=\s*(?:[\"'](?:\*|{_VERSION}(?:,[^\"']*)?)[\"']"
    r"|\{.*\b(?:version|git|path|workspace)\s*=)"
)
_QUOTED = (
    r"\s*(?:[\w-]+\s*=\s*\[)?\s*[\"'](?P<b>[A-Za-z][\w.\-]*)(?:\[[\w,\-\s]*\])?"
    r"\s*(?:(?:[<>=~!]=?|@|;).*)[\"']\s*,?\s*\]?\s*(?:#.*)?$"
)
_MANIFESTS = patterns_by_path(
    (
        r"(?:^|/)(?:requirements|constraints)[^/]*\.(?:txt|in)$|(?:^|/)requirements/[^/]+\.(?:txt|in)$",
        r"\s*(?P<a>[A-Za-z0-9][\w.\-]*)"
        r"|\s*-e\s+(?P<b>\S+)|\s*(?P<c>(?:git\+|https?:)\S+)|\s*(?P<d>--(?:extra-)?index-url)",
    ),
    (r"(?:^|/)(?:pyproject\.toml|Pipfile|Cargo\.toml)$", f"{_TOML}|{_QUOTED}"),
    (r"(?:^|/)setup\.(?:py|cfg)$", rf"{_QUOTED}|\s+(?P<a>[a-zA-Z][\w.\-]*)\s*[<>=~!]=\s*\d"),
    (
        r"(?:^|/)(?:package|deno|composer)\.json$",
        rf"\s*\"{_NOT_A_PACKAGE}(?P<a>[@\w][\w./@\-]*)\"\s*:\s*\""
        rf"(?:{_VERSION}(?:\s.*)?|latest|\*|(?:npm|git|file|link|workspace"
        r"|github|https?)[:+].*)\"\s*,?\s*$",
    ),
    (r"(?:^|/)go\.mod$", r"\s*(?:require\s+|replace\s+)?(?P<a>[\w.\-]+\.\w+/\S+)\s+(?:v\d|=>)"),
    (
        r"(?:^|/)Gemfile$|\.gemspec$",
        r"\s*(?:gem|\w+\.add_\w*dependency)\s*\(?\s*['\"](?P<a>[\w\-]+)",
    ),
    (
        r"(?:^|/)(?:pom\.xml|build\.gradle(?:\.kts)?|[\w-]+\.versions\.toml|packages\.config)$"
        r"|\.(?:cs|fs|vb)proj$|(?:^|/)Directory\.\w+\.props$",
        r"\s*<artifactId>(?P<a>[^<]+)"
        r"|\s*(?:implementation|api|compileOnly|runtimeOnly|testImplementation|classpath|kapt)"
        r"\s*\(?\s*['\"](?P<b>[^'\"]+)|\s*<PackageReference\s+Include=\"(?P<c>[^\"]+)|\s*[\w\-]+\s*=\s*\{?.*(?P<d>module\s*=\s*\S+)"
        r"|\s*<(?:PackageVersion\s+Include|package\s+id)=\"(?P<e>[^\"]+)",
    ),
    (r"(?:^|/)mix\.exs$", r"\s*\{:(?P<a>\w+),\s*['\"~>]"),
    (r"(?:^|/)(?:environment|conda|stack)\.ya?ml$", r"\s*-\s*(?P<a>[\w.\-]+)\s*(?:[<>=]+.*)?$"),
    (r"(?:^|/)pubspec\.yaml$", rf"\s+{_NOT_A_PACKAGE}(?P<a>\w+):\s*{_VERSION}"),
    (r"(?:^|/)Podfile$", r"\s*pod\s+['\"](?P<a>[^'\"]+)"),
    (r"(?:^|/)conanfile\.txt$", r"\s*(?P<a>[a-z][\w.+\-]*)/[\w.\[]\S*\s*$"),
    (r"(?:^|/)vcpkg\.json$", r"\s*\"(?P<a>[a-z0-9][a-z0-9\-]*)\"\s*,?\s*$"),
    (r"(?:^|/)\.gitmodules$", r"\s*url\s*=\s*(?P<a>\S+)"),
    (r"(?:^|/)paket\.dependencies$", r"\s*(?:nuget|github|git)\s+(?P<a>\S+)"),
    (r"\.sbt$", r"[^\"]*\"(?P<a>[\w.\-]+\"\s*%{1,3}\s*\"[\w.\-]+)\"\s*%"),
    (r"(?:^|/)rebar\.config$", r".*\{(?P<a>\w+),\s*(?:\"|\{git)"),
    (r"(?:^|/)Package\.swift$", r"\s*\.package\(.*url:\s*\"(?P<a>[^\"]+)"),
)
_JSON = lazy(r"(?:^|/)(?:package|deno|composer)\.json$")
_PAIR = lazy(r"\"[@\w][\w./@\-]*\"\s*:\s*\"[^\"]*\"")
_LISTS = lazy(r"(?:^|/)(?:pyproject\.toml|setup\.(?:py|cfg)|uv\.toml)$")
_KEY = lazy(
    r"\s*[\"']?(?P<key>[\w.\-]+)[\"']?\s*=\s*(?P<opens>[\[(]?)|\s*setup\((?P<call>\w+)\s*=\s*\["
)
_SECTION = lazy(r"\[(?P<name>[\w.\-\"]+)\]\s*$")
_WANTS = lazy(r"depend|requires$|^extras", re.I)
_ITEM = lazy(r"[\"'](?P<name>[A-Za-z][\w.\-]*)(?:\[[\w,\-\s]*\])?\s*(?:[<>=~!@;][^\"']*)?[\"']")
_PLAIN_ITEM = lazy(r"\s+(?P<name>[A-Za-z][\w.\-]*)(?:\[[\w,\-\s]*\])?\s*(?:[<>=~!@;].*)?$")
_ELSEWHERE = lazy(r"git\+|\bgit\s*=|github:|https?://|file:|link:|\burl\s*=|--(?:extra-)?index-url")
_COMMENT = lazy(r"\s*(?:#|//|<!--)")
_CI = lazy(
    r"^\.github/(?:workflows|actions)/|^\.github/dependabot\.ya?ml$|(?:^|/)\.gitlab-ci\.ya?ml$|^\.circleci/"
    r"|(?:^|/)(?:azure-pipelines|bitbucket-pipelines|appveyor|cloudbuild)[^/]*\.ya?ml$|(?:^|/)Jenkinsfile$"
    r"|(?:^|/)\.(?:travis|drone|woodpecker|cirrus)\.ya?ml$|^\.(?:buildkite|woodpecker|semaphore|teamcity|husky|ci|forgejo|gitea)/"
    r"|(?:^|/)(?:buildspec[^/]*\.ya?ml|\.?codecov\.ya?ml)$|(?:^|/)(?:\.pre-commit-config\.ya?ml|lefthook\.ya?ml|CODEOWNERS)$"
)
_CI_SOFT = lazy(
    r"continue-on-error:\s*true|allow_failure:\s*true|\b(?:tests?|lint|check|pytest|unittest|mypy|ruff|tsc|build|npm|yarn|pnpm|cargo|go|make|tox|jest|rspec)\b"
    r".*\|\|\s*(?:true|:|exit\s+0)(?:\s|$)|--exit-zero\b|\bset \+e\b"
    r"|\bif:\s*(?:false|\$\{\{\s*false)"
    r"|permissions:\s*write-all|pull_request_target|--no-verify|exit\s+0\s*$|--passWithNoTests"
)
_SETTINGS = lazy(r"(?:^|/)\.claude/settings(?:\.local)?\.json$|(?:^|/)\.mcp\.json$")
_WIDE = lazy(
    r"bypassPermissions|dangerouslySkipPermissions|\"(?:Bash|Write|Edit|WebFetch)(?:\((?:\*|:\*|\*\*?)\))?\""
    r"|\"Bash\((?:sudo|rm|curl|wget|bash|sh|git push)\b[^\"]*\"|enableAllProjectMcpServers\"\s*:\s*true"
)
_RULE = lazy(
    r"\s*\"[A-Z_]\w*(?:\([^\"]*\))?\"\s*,?\s*$|\s*\"(?:allow|deny|ask|defaultMode|hooks|command|sandbox)\""
)
_ROOT_USER = lazy(r"\s*USER\s+(?:root|0)\b")
_DOCKERFILE = lazy(r"(?:^|/)(?:Dockerfile|Containerfile)[^/]*$|\.dockerfile$")
_SUDOERS = lazy(r"(?:^|/)sudoers(?:\.d/|$)")
_SCRIPT = lazy(
    r"(?:^|/)(?:bin|scripts?|hooks|\.husky|tools|ci|\.ci)/|\.(?:sh|bash|zsh|fish|command|bat)$|(?:^|/)(?:gradlew|mvnw|configure|manage\.py)$"
)


def find_setup_risks(changes: RepositoryChanges) -> Iterator[RiskFinding]:
    """One finding per kind and path at most."""
    declared = any(pattern_for(_MANIFESTS, change.path) is not None for change in changes.files)
    ci_files = [change for change in changes.files if _CI.search(change.path)]
    runs = any(runs_tests(line.text) for change in ci_files for line in diff_lines(change, "+"))
    for change in changes.files:
        yield from _dependency(change, declared)
        yield from _ci(change, runs_elsewhere=runs)
        yield from _permissions(change)


# --- dependencies ---


# complexity: lock files, and packages new, moved, gone or foreign, each with words of their own
def _dependency(change: FileChange, declared: bool) -> Iterator[RiskFinding]:
    if _LOCK.search(change.path):
        severity: Severity = "low" if declared else "medium"
        words = "the lock file changed" + ("" if declared else " and no manifest did")
        yield RiskFinding("dependency", change.path, severity, words, first_hunk(change))
        return
    pattern = pattern_for(_MANIFESTS, change.path)
    if pattern is None:
        return
    added = _packages(change, pattern, "+")
    removed = _packages(change, pattern, "-")
    new = [name for name in added if name not in removed]
    both = ((name, part, removed[name][0]) for name, (part, _) in added.items() if name in removed)
    moved = [name for name, part, before in both if line_shape(part) != line_shape(before)]
    gone = [name for name in removed if name not in added]
    changed = [*new, *moved, *gone]
    if not changed:
        return
    foreign = [name for name in (*new, *moved) if _ELSEWHERE.search(added[name][0])]
    parts = (
        f"new: {list_names(new)}" if new else "",
        f"other version of {list_names(moved)}" if moved else "",
        f"removed: {list_names(gone)}" if gone else "",
        "not from the usual registry" if foreign else "",
    )
    severity = "high" if foreign else "medium" if new else "low"
    count = format_count(len(changed), "dependency changed", "dependencies changed")
    _, line = (added if new or moved else removed)[changed[0]]
    words = f"{count}: {'; '.join(filter(None, parts))}"
    yield finding_at(line, "dependency", change.path, severity, words)


def _packages(
    change: FileChange, pattern: re.Pattern[str], sign: str
) -> dict[str, tuple[str, DiffLine]]:
    """Every package that lines with `sign` name, with its part of the line, and the line."""
    packages: dict[str, tuple[str, DiffLine]] = {}
    is_ini, is_json = change.path.endswith(".cfg"), _JSON.search(change.path) is not None
    hunks = change.hunks if _LISTS.search(change.path) else ()
    listed = {line: names for hunk in hunks for line, names in _listed_in_hunk(hunk, is_ini)}
    for line in diff_lines(change, sign):
        if _COMMENT.match(line.text):
            continue
        # Several pairs may stand in one line of JSON.
        for part in [m.group(0) for m in _PAIR.finditer(line.text)] if is_json else [line.text]:
            match = pattern.match(part)
            name = next(filter(None, match.groups()), "") if match is not None else ""
            if name:
                packages.setdefault(name, (part, line))
        for name, part in listed.get(line, ()):
            packages[name] = part, line
    return packages


def _listed_in_hunk(hunk: Hunk, is_ini: bool) -> Iterator[tuple[DiffLine, list[tuple[str, str]]]]:
    """The names in lists of dependencies, each with its part, by the lines they stand in."""
    item = _PLAIN_ITEM if is_ini else _ITEM
    head = _KEY.match(hunk.heading)
    inside = head is not None and _WANTS.search(head.group("key") or "") is not None
    in_section = False
    for line in hunk_lines(hunk):
        text = line.text
        section, opening = _SECTION.match(text), _list_opening(text, is_ini)
        if section is not None:
            in_section, inside = _WANTS.search(section.group("name")) is not None, False
        elif opening is not None:
            name = opening.group("key") or opening.group("call")
            inside = in_section or _WANTS.search(name) is not None
        if inside:
            values = text[opening.end() :] if opening is not None else text
            yield line, [(m.group("name"), m.group(0)) for m in item.finditer(values)]
        if "]" in text.rpartition("[")[2] and not is_ini:
            inside = False


def _list_opening(text: str, is_ini: bool) -> re.Match[str] | None:
    """The key of a line if a list begins behind it."""
    key = _KEY.match(text)
    begins = key is not None and (is_ini or key.group("opens") or key.group("call"))
    return key if begins else None


# --- CI ---


def _ci(change: FileChange, *, runs_elsewhere: bool) -> Iterator[RiskFinding]:
    if not _CI.search(change.path) or (change.kind == "renamed" and not change.hunks):
        return
    before = {line.text.strip() for line in diff_lines(change, "-")}
    new = (line for line in diff_lines(change, "+") if line.text.strip() not in before)
    lenient = next((line for line in new if _CI_SOFT.search(line.text)), None)
    hunk = first_hunk(change)
    if lenient is not None:
        words = f"CI may no longer fail: {excerpt(lenient)}"
        yield finding_at(lenient, "ci", change.path, "high", words)
    elif not runs_elsewhere and (gone := _tests_gone(change)) is not None:
        words = f"CI runs no tests any more; before: {excerpt(gone)}"
        yield finding_at(gone, "ci", change.path, "high", words)
    elif change.kind == "deleted":
        yield RiskFinding("ci", change.path, "high", "deleted from CI", hunk, by_shell=True)
    elif change.kind != "mode":
        words = "new in CI" if change.kind == "added" else "CI changed"
        yield RiskFinding("ci", change.path, "medium", words, hunk)


def _tests_gone(change: FileChange) -> DiffLine | None:
    """A removed step that ran tests, where no other step that is shown runs any."""
    if any(runs_tests(line.text) for line in diff_lines(change, " ")):
        return None
    return next((line for line in diff_lines(change, "-") if runs_tests(line.text)), None)


# --- permissions ---


def _permissions(change: FileChange) -> Iterator[RiskFinding]:
    path = change.path
    if _SETTINGS.search(path):
        yield from _agent_settings(change)
    if _DOCKERFILE.search(path):
        for line in diff_lines(change, "+"):
            if _ROOT_USER.match(line.text):
                yield finding_at(line, "permissions", path, "medium", "runs as root")
                return
    hunk = first_hunk(change)
    if _SUDOERS.search(path):
        yield RiskFinding("permissions", path, "high", "says who may act as root", hunk)
    elif change.new_mode == "100755" and change.old_mode == "100644":
        severity: Severity = "low" if _is_script(change) else "medium"
        yield RiskFinding("permissions", path, severity, "became executable", hunk, by_shell=True)


def _is_script(change: FileChange) -> bool:
    """Whether a file is a script as far as its path and its shown first line tell."""
    if _SCRIPT.search(change.path) is not None:
        return True
    lines = (line for hunk in change.hunks[:1] if hunk.new_start <= 1 for line in hunk.lines)
    return any(line[1:3] == "#!" for line in lines if line[:1] != "-")


def _agent_settings(change: FileChange) -> Iterator[RiskFinding]:
    path = change.path
    if change.kind == "deleted":
        words = "the agent's own rules are gone"
        yield RiskFinding("permissions", path, "high", words, by_shell=True)
        return
    if path.endswith(".mcp.json") and change.hunks:
        words = "the servers whose tools the agent may use changed"
        yield RiskFinding("permissions", path, "medium", words, change.hunks[0])
        return
    wide = [line for line in diff_lines(change, "+") if _WIDE.search(line.text)]
    rules = [line for line in diff_lines(change) if line.sign in "+-" and _RULE.match(line.text)]
    if wide:
        words = f"the agent may do more: {excerpt(wide[0])}"
        yield finding_at(wide[0], "permissions", path, "high", words)
    elif rules:
        count = format_count(len(rules), "line")
        words = f"the rules of what the agent may do changed ({count})"
        yield finding_at(rules[0], "permissions", path, "medium", words)
