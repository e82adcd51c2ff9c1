"""What the files of a night's diff do: scripts that were run, steps that run unasked, words for agents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks.commands.code_texts import sends_what_it_reads, shell_texts
from tui.night.review.risks.commands.places import lasting
from tui.night.review.risks.diff_view import (
    DiffLine,
    RiskFinding,
    diff_lines,
    excerpt,
    finding_at,
    first_hunk,
)
from tui.night.review.risks.test_syntax import is_test
from tui.system.format import clip_text
from tui.system.lazy_pattern import lazy

_MOST_DOCUMENTS = 200
_LONGEST = 20_000
_SCRIPT = lazy(
    r"\.(?:sh|bash|zsh|py|js|mjs|cjs|ts|rb|pl|php|sql)$|(?:^|/)(?:Makefile|justfile|GNUmakefile"
    r"|[\w-]+\.mk)$|(?:^|/)(?:bin|scripts?|hack|tools)/[\w-]+$"
)
_MANIFEST = lazy(r"(?:^|/)package\.json$")
_MAKEFILE = lazy(r"(?:^|/)(?:GNU)?[Mm]akefile$|(?:^|/)justfile$")
_PAIR = lazy(r"\s*\"([\w:.-]+)\"\s*:\s*\"((?:[^\"\\]|\\.)*)\"\s*,?\s*$")
_TARGET = lazy(r"([\w.-]+)\s*:(?!=)")
_BY_ITSELF = frozenset({"preinstall", "install", "postinstall", "preprepare", "postprepare"})
_PREPARED = lazy(
    r"husky|lefthook|patch-package|simple-git-hooks|build|tsc|rollup|prisma generate|is-ci|npm run|yarn "
    r"|pnpm "
)
_WORKFLOW = lazy(
    r"^\.github/(?:workflows|actions)/|\.gitlab-ci|^\.circleci/|Jenkinsfile|azure-pipelines"
    r"|bitbucket-pipelines|^\.buildkite/|\.travis|^\.woodpecker|\.drone"
)
_RUNS = lazy(
    r"(?:^|/)(?:Dockerfile|Containerfile)[^/]*$|\.dockerfile$|\.(?:sh|bash|zsh)$|(?:^"
    r"|/)(?:GNU)?[Mm]akefile$|(?:^|/)justfile$|(?:^|/)\.devcontainer/|(?:^|/)package\.json$"
)
_SENDING = lazy(
    r"\b(?:curl|wget|nc|ncat|http|Invoke-WebRequest|Invoke-RestMethod|iwr|irm|fetch|requests\.post"
    r"|axios)\b"
)
_ALL_SECRETS = lazy(
    r"toJSON\(\s*secrets\s*\)|\b(?:env|printenv|export -p)\b\s*\|.*\b(?:curl|wget|nc|base64)\b|\$\((?:env"
    r"|printenv)\b|/proc/self/environ|\.ssh/id_|\.aws/credentials"
)
_ONE_SECRET = lazy(
    r"(?:-d|--data(?:-\w+)?|--json|-F|--form|\?\S*=|--post-data)[ =]?\S*[^ ]*\$\{\{\s*secrets\.\w+"
)
_USUAL_TARGET = lazy(
    r"api\.github\.com|codecov|coveralls|hooks\.slack|discord|sonarcloud|login\.microsoftonline"
    r"|api\.telegram|netlify|vercel|render\.com|fly\.io|amazonaws|googleapis|azure|sentry|registry\."
    r"|npmjs|pypi|rubygems|localhost|127\.0\.0\.1"
)
_FETCHED = lazy(
    r"\b(?:curl|wget)\b[^|;&#]*\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:\S+=\S+\s+)*(?:/\S*/)?(?:ba|z|da"
    r"|k)?sh\b|\b(?:ba|z)?sh\s+(?:-c\s+)?[\"']?[<$]\((?:curl|wget)"
    r"|\b(?:curl|wget)\b[^|;&#]*\|\s*(?:sudo\s+)?(?:python3?|node|perl|ruby)\b(?!\s+-[cm])|(?:iex"
    r"|Invoke-Expression)\W.*(?:iwr|irm|DownloadString|Invoke-WebRequest)"
)
_USUAL_SOURCE = lazy(
    r"https://(?:sh\.rustup\.rs|get\.docker\.com|deb\.nodesource\.com|rpm\.nodesource\.com|astral\.sh"
    r"|install\.python-poetry\.org|bun\.sh|deno\.land|get\.pnpm\.io"
    r"|raw\.githubusercontent\.com/(?:nvm-sh|Homebrew|helm|rbenv|pyenv|golangci|aquasecurity|anchore"
    r"|k3d-io|cargo-bins|ohmyzsh|kubernetes-sigs|nektos|rustwasm|tilt-dev|fluxcd|pre-commit)/"
    r"|get\.helm\.sh|get\.k3s\.io|dl\.yarnpkg\.com|bootstrap\.pypa\.io|cli\.codecov\.io|codecov\.io"
    r"|uploader\.codecov\.io|get\.sdkman\.io|nixos\.org|install\.determinate\.systems|starship\.rs"
    r"|rustwasm\.github\.io"
    r"|fly\.io/install|cursor\.com|claude\.ai/install|packages\.\w+\.\w+|mise\.(?:run|jdx\.dev)"
    r"|tailscale\.com|ollama\.com|getcomposer\.org|just\.systems|taskfile\.dev|get\.rvm\.io"
    r"|pyenv\.run|get\.haskellup\.org|get-ghcup\.haskell\.org"
    r"|install\.duckdb\.org|cloud\.r-project\.org|sdk\.cloud\.google\.com|aka\.ms|pixi\.sh"
    r"|micro\.mamba\.pm|foundry\.paradigm\.xyz|release\.solana\.com|wasmtime\.dev|downloads\.\w+\.\w+"
    r"|goreleaser\.com|dot\.net|installer\.hackage)"
)
_AGENT_WORDS = lazy(
    r"(?:^|/)(?:CLAUDE(?:\.local)?\.md|AGENTS\.md|GEMINI\.md|\.cursorrules|\.windsurfrules"
    r"|\.clinerules|copilot-instructions\.md)$|^\.cursor/rules/|^\.claude/(?:commands|agents|skills"
    r"|output-styles)/|^\.github/instructions/"
)
_LEADS_ASTRAY = lazy(
    r"--no-verify|--dangerously|bypass\w*\s+(?:the\s+)?(?:permission|check|hook|test|review)|(?:skip"
    r"|disable|ignore|do\s+not\s+run|don't\s+run|never\s+run"
    r"|no\s+need\s+to\s+run)\s+(?:\w+\s+){0,3}(?:tests?|hooks?|checks?|lint\w*|review|ci|security)"
    r"|ignore\s+(?:all\s+|any\s+)?(?:previous|prior|above|other)\s+\w+|without\s+(?:asking"
    r"|confirmation|permission|telling)|never\s+ask|do\s+not\s+(?:ask|tell|mention|report|inform)"
    r"|don't\s+(?:ask|tell|mention|report)"
    r"|always\s+(?:approve|allow|accept|push|force)|auto-?approve|push\s+(?:directly\s+)?to\s+main"
    r"|force.push|curl\b.*\|\s*(?:ba)?sh|https?://\S+\.sh\b|\bsudo\b|chmod\s+777|hide\s+(?:this"
    r"|it)\s+from",
    re.IGNORECASE,
)
_ON_OPENING = lazy(r"runOn\"?\s*:\s*\"folderOpen")
_PYTHON_AT_START = lazy(r"(?:^|/)(?:setup|conftest|sitecustomize|usercustomize)\.py$")


def script_texts(changes: RepositoryChanges) -> dict[str, str]:
    """The scripts of a night by the name under which a command runs them, as far as the night wrote them."""
    documents: dict[str, str] = {}
    for change in changes.files:
        if len(documents) >= _MOST_DOCUMENTS:
            break
        if change.kind == "deleted" or change.generated:
            continue
        if _MANIFEST.search(change.path):
            for line in diff_lines(change, "+"):
                found = _PAIR.match(line.text)
                for tool in ("npm", "pnpm", "yarn", "bun") if found is not None else ():
                    documents[f"{tool}:{found[1]}"] = found[2].replace('\\"', '"')  # type: ignore[index]
        elif _SCRIPT.search(change.path):
            text = "\n".join(line.text for line in diff_lines(change, "+"))[:_LONGEST]
            documents[change.path] = text
            if _MAKEFILE.search(change.path):
                documents.update(_targets(change))
    return documents


def _targets(change: FileChange) -> Iterator[tuple[str, str]]:
    """The recipes that the night wrote into a Makefile."""
    name, recipe = "", list[str]()
    for line in diff_lines(change):
        if line.sign == "-":
            continue
        found = _TARGET.match(line.text)
        if found is not None and not line.text[:1].isspace():
            if name and recipe:
                yield f"make:{name}", "\n".join(recipe)
            name, recipe = found[1], []
        elif line.sign == "+" and line.text[:1] in "\t ":
            recipe.append(line.text.strip().lstrip("@-"))
    if name and recipe:
        yield f"make:{name}", "\n".join(recipe)


def find_changed_file_risks(changes: RepositoryChanges) -> Iterator[RiskFinding]:
    """What the changed files do by themselves later, whether or not the night ran them."""
    for change in changes.files:
        if change.kind == "deleted" or change.generated or change.binary:
            continue
        if _PYTHON_AT_START.search(change.path):
            yield from _at_start(change)
        if is_test(change.path):
            continue
        yield from _instructions(change)
        yield from _acting(change)
        if _MANIFEST.search(change.path):
            yield from _install_scripts(change)
        is_workflow = _WORKFLOW.search(change.path) is not None
        if is_workflow or _RUNS.search(change.path):
            yield from _fetched(change)
            yield from _secrets_sent(change)


def _at_start(change: FileChange) -> Iterator[RiskFinding]:
    """Python that runs by itself: on an installation, before the tests, at every start."""
    text = "\n".join(line.text for line in diff_lines(change, "+"))[:_LONGEST]
    host = sends_what_it_reads(text)
    if host:
        words = f"it is run by itself and sends what it reads to {host}"
        yield RiskFinding("outward", change.path, "high", words, first_hunk(change))
    for command in shell_texts(text):
        if _FETCHED.search(command):
            words = (
                f"it is run by itself, and with it what the network sends: {clip_text(command, 60)}"
            )
            yield RiskFinding("fetch_to_shell", change.path, "high", words, first_hunk(change))
            return


def _instructions(change: FileChange) -> Iterator[RiskFinding]:
    """What later agents are told."""
    if _AGENT_WORDS.search(change.path) is None or not change.hunks:
        return
    before = {line.text.strip() for line in diff_lines(change, "-")}
    added = [line for line in diff_lines(change, "+") if line.text.strip() not in before]
    astray = next((line for line in added if _LEADS_ASTRAY.search(line.text)), None)
    if astray is not None:
        words = f"later agents are told: {excerpt(astray)}"
        yield finding_at(astray, "persistence", change.path, "medium", words)
    elif added:
        words = "what later agents are told changed"
        yield finding_at(added[0], "persistence", change.path, "low", words)


def _acting(change: FileChange) -> Iterator[RiskFinding]:
    path = change.path
    what = lasting(path)
    if what is None or not change.hunks or path.endswith(".mcp.json"):
        return
    severity: Severity = what.severity
    if path.endswith("tasks.json"):
        opening = next(
            (one for one in diff_lines(change, "+") if _ON_OPENING.search(one.text)), None
        )
        severity = "high" if opening is not None else "low"
    elif path.startswith((".github/", "docs/", "deploy/", "packaging/", "etc/", "debian/")):
        severity = "low"
    elif what.severity == "high" and not path.endswith(".py"):
        # A repository that keeps such files (of a service, of dotfiles) does not install them.
        severity = "low"
    yield RiskFinding("persistence", path, severity, what.words, first_hunk(change))


def _install_scripts(change: FileChange) -> Iterator[RiskFinding]:
    gone = {line.text.strip() for line in diff_lines(change, "-")}
    for line in diff_lines(change, "+"):
        found = _PAIR.match(line.text)
        if found is None or line.text.strip() in gone:
            continue
        if found[1] in _BY_ITSELF or found[1] == "prepare":
            usual = _PREPARED.search(found[2]) is not None or found[1] == "prepare"
            words = f"every installation runs it: {excerpt(line)}"
            severity: Severity = "low" if usual and not _SENDING.search(found[2]) else "medium"
            yield finding_at(line, "persistence", change.path, severity, words)
            return


def _fetched(change: FileChange) -> Iterator[RiskFinding]:
    for line in _joined(change):
        if _FETCHED.search(line.text) and not line.text.lstrip().startswith(
            ("#", "//", "echo", "@echo")
        ):
            severity: Severity = "low" if _USUAL_SOURCE.search(line.text) else "medium"
            words = f"what the network sends is run: {excerpt(line)}"
            yield finding_at(line, "fetch_to_shell", change.path, severity, words)
            if severity == "medium":
                return


def _joined(change: FileChange) -> Iterator[DiffLine]:
    """Added lines, those that go on in the next one put together with it."""
    held: DiffLine | None = None
    for line in diff_lines(change, "+"):
        if held is not None:
            line = held._replace(text=f"{held.text.rstrip().rstrip(chr(92))} {line.text.strip()}")
        held = line if line.text.rstrip().endswith("\\") else None
        if held is None:
            yield line


def _secrets_sent(change: FileChange) -> Iterator[RiskFinding]:
    lines = list(_joined(change))
    is_workflow = _WORKFLOW.search(change.path) is not None
    sends = any(_SENDING.search(line.text) for line in lines)
    for line in lines:
        every = _ALL_SECRETS.search(line.text) is not None and (
            _SENDING.search(line.text) is not None or (sends and "toJSON" in line.text)
        )
        one = is_workflow and _SENDING.search(line.text) and _ONE_SECRET.search(line.text)
        if not every and (not one or _USUAL_TARGET.search(line.text)):
            continue
        severity: Severity = "high" if every else "medium"
        words = f"it sends secrets away: {excerpt(line)}"
        yield finding_at(line, "outward", change.path, severity, words)
        return
