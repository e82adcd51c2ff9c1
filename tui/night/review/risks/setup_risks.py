"""Dependencies, CI, permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks.diff_view import DiffLine, RiskFinding, hunk_lines, diff_lines, list_names
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
_MANIFESTS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        lazy(
            r"(?:^|/)(?:requirements|constraints)[^/]*\.(?:txt|in)$|(?:^|/)requirements/[^/]+\.(?:txt|in)$"
        ),
        lazy(
            r"\s*(?P<a>[A-Za-z0-9][\w.\-]*)|\s*-e\s+(?P<b>\S+)|\s*(?P<c>(?:git\+|https?:)\S+)|\s*(?P<d>--(?:extra-)?index-url)"
        ),
    ),
    (lazy(r"(?:^|/)(?:pyproject\.toml|Pipfile|Cargo\.toml)$"), lazy(f"{_TOML}|{_QUOTED}")),
    (
        lazy(r"(?:^|/)setup\.(?:py|cfg)$"),
        lazy(rf"{_QUOTED}|\s+(?P<a>[a-zA-Z][\w.\-]*)\s*[<>=~!]=\s*\d"),
    ),
    (
        lazy(r"(?:^|/)(?:package|deno|composer)\.json$"),
        lazy(
            rf"\s*\"{_NOT_A_PACKAGE}(?P<a>[@\w][\w./@\-]*)\"\s*:\s*\"(?:{_VERSION}(?:\s.*)?|latest|\*|(?:npm|git|file|link|workspace"
            r"|github|https?)[:+].*)\"\s*,?\s*$"
        ),
    ),
    (
        lazy(r"(?:^|/)go\.mod$"),
        lazy(r"\s*(?:require\s+|replace\s+)?(?P<a>[\w.\-]+\.\w+/\S+)\s+(?:v\d|=>)"),
    ),
    (
        lazy(r"(?:^|/)Gemfile$|\.gemspec$"),
        lazy(r"\s*(?:gem|\w+\.add_\w*dependency)\s*\(?\s*['\"](?P<a>[\w\-]+)"),
    ),
    (
        lazy(
            r"(?:^|/)(?:pom\.xml|build\.gradle(?:\.kts)?|[\w-]+\.versions\.toml|packages\.config)$"
            r"|\.(?:cs|fs|vb)proj$|(?:^|/)Directory\.\w+\.props$"
        ),
        lazy(
            r"\s*<artifactId>(?P<a>[^<]+)|\s*(?:implementation|api|compileOnly|runtimeOnly|testImplementation|classpath|kapt)"
            r"\s*\(?\s*['\"](?P<b>[^'\"]+)|\s*<PackageReference\s+Include=\"(?P<c>[^\"]+)|\s*[\w\-]+\s*=\s*\{?.*(?P<d>module\s*=\s*\S+)"
            r"|\s*<(?:PackageVersion\s+Include|package\s+id)=\"(?P<e>[^\"]+)"
        ),
    ),
    (lazy(r"(?:^|/)mix\.exs$"), lazy(r"\s*\{:(?P<a>\w+),\s*['\"~>]")),
    (
        lazy(r"(?:^|/)(?:environment|conda|stack)\.ya?ml$"),
        lazy(r"\s*-\s*(?P<a>[\w.\-]+)\s*(?:[<>=]+.*)?$"),
    ),
    (lazy(r"(?:^|/)pubspec\.yaml$"), lazy(rf"\s+{_NOT_A_PACKAGE}(?P<a>\w+):\s*{_VERSION}")),
    (lazy(r"(?:^|/)Podfile$"), lazy(r"\s*pod\s+['\"](?P<a>[^'\"]+)")),
    (lazy(r"(?:^|/)conanfile\.txt$"), lazy(r"\s*(?P<a>[a-z][\w.+\-]*)/[\w.\[]\S*\s*$")),
    (lazy(r"(?:^|/)vcpkg\.json$"), lazy(r"\s*\"(?P<a>[a-z0-9][a-z0-9\-]*)\"\s*,?\s*$")),
    (lazy(r"(?:^|/)\.gitmodules$"), lazy(r"\s*url\s*=\s*(?P<a>\S+)")),
    (lazy(r"(?:^|/)paket\.dependencies$"), lazy(r"\s*(?:nuget|github|git)\s+(?P<a>\S+)")),
    (lazy(r"\.sbt$"), lazy(r"[^\"]*\"(?P<a>[\w.\-]+\"\s*%{1,3}\s*\"[\w.\-]+)\"\s*%")),
    (lazy(r"(?:^|/)rebar\.config$"), lazy(r".*\{(?P<a>\w+),\s*(?:\"|\{git)")),
    (lazy(r"(?:^|/)Package\.swift$"), lazy(r"\s*\.package\(.*url:\s*\"(?P<a>[^\"]+)")),
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
    manifests = {change.path for change in changes.files if _manifest(change.path) is not None}
    for change in changes.files:
        yield from _dependency(change, bool(manifests))
        yield from _ci(change)
        yield from _permissions(change)


# --- dependencies ---


def _manifest(path: str) -> re.Pattern[str] | None:
    return next((pattern for files, pattern in _MANIFESTS if files.search(path)), None)


def _dependency(change: FileChange, declared: bool) -> Iterator[RiskFinding]:
    if _LOCK.search(change.path):
        severity: Severity = "low" if declared else "medium"
        words = "the lock file changed" + ("" if declared else " and no manifest did")
        hunk = change.hunks[0] if change.hunks else None
        yield RiskFinding("dependency", change.path, severity, words, hunk)
        return
    pattern = _manifest(change.path)
    if pattern is None:
        return
    came = _packages(change, pattern, "+")
    went = _packages(change, pattern, "-")
    new = [name for name in came if name not in went]
    moved = [name for name in came if name in went and differ(came[name][0], went[name][0])]
    gone = [name for name in went if name not in came]
    if not new and not moved and not gone:
        return
    line = (came[new[0]] if new else came[moved[0]] if moved else went[gone[0]])[1]
    strange = [name for name in (*new, *moved) if _ELSEWHERE.search(came[name][0])]
    words = "; ".join(
        filter(
            None,
            (
                f"new: {list_names(new)}" if new else "",
                f"other version of {list_names(moved)}" if moved else "",
                f"removed: {list_names(gone)}" if gone else "",
                "not from the usual registry" if strange else "",
            ),
        )
    )
    severity = "high" if strange else "medium" if new else "low"
    count = format_count(
        len(new) + len(moved) + len(gone), "dependency changed", "dependencies changed"
    )
    yield RiskFinding(
        "dependency", change.path, severity, f"{count}: {words}", line.hunk, line.sign + line.text
    )


def differ(one: str, other: str) -> bool:
    """Whether two texts differ in more than blanks and a trailing comma."""
    return "".join(one.split()).rstrip(",") != "".join(other.split()).rstrip(",")


def _packages(
    change: FileChange, pattern: re.Pattern[str], sign: str
) -> dict[str, tuple[str, DiffLine]]:
    """Every package that lines with `sign` name, with its part of the line, and the line."""
    found: dict[str, tuple[str, DiffLine]] = {}
    wanted = _listed(change) if _LISTS.search(change.path) else {}
    for line in diff_lines(change):
        if line.sign != sign or _COMMENT.match(line.text):
            continue
        for part in _parts(change.path, line.text):
            match = pattern.match(part)
            name = next(filter(None, match.groups()), "") if match is not None else ""
            if name:
                found.setdefault(name, (part, line))
        for name, part in wanted.get(line, ()):
            found[name] = part, line
    return found


def _parts(path: str, text: str) -> list[str]:
    """The line, or the pairs in it where several may stand in one."""
    if not _JSON.search(path):
        return [text]
    return [match.group(0) for match in _PAIR.finditer(text)]


def _listed(change: FileChange) -> dict[DiffLine, list[tuple[str, str]]]:
    """The names in lists of dependencies, each with its part, by the lines they stand in."""
    found: dict[DiffLine, list[tuple[str, str]]] = {}
    ini = change.path.endswith(".cfg")
    for hunk in change.hunks:
        head = _KEY.match(hunk.heading)
        inside = head is not None and _WANTS.search(head.group("key") or "") is not None
        groups = False
        for line in hunk_lines(hunk):
            text = line.text
            section, key = _SECTION.match(text), _KEY.match(text)
            opens = key is not None and (ini or key.group("opens") or key.group("call"))
            if section is not None:
                groups, inside = _WANTS.search(section.group("name")) is not None, False
            elif key is not None and opens:
                name = key.group("key") or key.group("call")
                inside = groups or _WANTS.search(name) is not None
            if inside:
                item = _PLAIN_ITEM if ini else _ITEM
                behind = text[key.end() :] if key is not None and opens else text
                found[line] = [(m.group("name"), m.group(0)) for m in item.finditer(behind)]
            if "]" in text.rpartition("[")[2] and not ini:
                inside = False
    return found


# --- CI ---


def _ci(change: FileChange) -> Iterator[RiskFinding]:
    if not _CI.search(change.path) or (change.kind == "renamed" and not change.hunks):
        return
    soft = [line for line in diff_lines(change) if line.sign == "+" and _CI_SOFT.search(line.text)]
    before = {line.text.strip() for line in diff_lines(change) if line.sign == "-"}
    soft = [line for line in soft if line.text.strip() not in before]
    hunk = change.hunks[0] if change.hunks else None
    if soft:
        words = f"CI may no longer fail: {soft[0].text.strip()[:80]}"
        yield RiskFinding("ci", change.path, "high", words, soft[0].hunk, "+" + soft[0].text)
    elif change.kind == "deleted":
        yield RiskFinding("ci", change.path, "high", "deleted from CI", hunk, by_shell=True)
    elif change.kind != "mode":
        words = "new in CI" if change.kind == "added" else "CI changed"
        yield RiskFinding("ci", change.path, "medium", words, hunk)


# --- permissions ---


def _permissions(change: FileChange) -> Iterator[RiskFinding]:
    path = change.path
    if _SETTINGS.search(path):
        yield from _agent_settings(change)
    for line in diff_lines(change):
        if line.sign == "+" and _DOCKERFILE.search(path) and _ROOT_USER.match(line.text):
            yield RiskFinding(
                "permissions", path, "medium", "runs as root", line.hunk, "+" + line.text
            )
            return
    if _SUDOERS.search(path):
        hunk = change.hunks[0] if change.hunks else None
        yield RiskFinding("permissions", path, "high", "says who may act as root", hunk)
    elif _became_executable(change):
        hunk = change.hunks[0] if change.hunks else None
        severity: Severity = "low" if _is_script(change) else "medium"
        yield RiskFinding("permissions", path, severity, "became executable", hunk, by_shell=True)


def _became_executable(change: FileChange) -> bool:
    """Whether a file that was there may be run now."""
    return change.new_mode == "100755" and change.old_mode == "100644"


def _is_script(change: FileChange) -> bool:
    """Whether a file is a script as far as its path and its shown first line tell."""
    return _SCRIPT.search(change.path) is not None or _has_shebang(change)


def _has_shebang(change: FileChange) -> bool:
    first = change.hunks[0] if change.hunks else None
    return (
        first is not None
        and first.new_start <= 1
        and any(line[1:3] == "#!" for line in first.lines if line[:1] != "-")
    )


def _agent_settings(change: FileChange) -> Iterator[RiskFinding]:
    if change.kind == "deleted":
        words = "the agent's own rules are gone"
        yield RiskFinding("permissions", change.path, "high", words, None, by_shell=True)
        return
    listed = list(diff_lines(change))
    if change.path.endswith(".mcp.json") and listed:
        words = "the servers whose tools the agent may use changed"
        yield RiskFinding("permissions", change.path, "medium", words, change.hunks[0])
        return
    wide = [line for line in listed if line.sign == "+" and _WIDE.search(line.text)]
    rules = [line for line in listed if line.sign in "+-" and _RULE.match(line.text)]
    if wide:
        words = f"the agent may do more: {wide[0].text.strip()[:80]}"
        yield RiskFinding(
            "permissions", change.path, "high", words, wide[0].hunk, "+" + wide[0].text
        )
    elif rules:
        count = format_count(len(rules), "line")
        words = f"the rules of what the agent may do changed ({count})"
        line = rules[0]
        yield RiskFinding(
            "permissions", change.path, "medium", words, line.hunk, line.sign + line.text
        )
