"""Which shell commands run tests, through the wrappers people put around them."""

from __future__ import annotations

import re
from functools import lru_cache

from tui.patterns import lazy

_SEGMENT = lazy(r"\s*(?:;|&&|\|\||\n|⏎|\|&?|&)\s*")
_QUOTED_SHELL = lazy(r"""(?:^|\s)(?:\S*/)?(?:ba|z|da|k)?sh\s+-\w*c\s+(['"])(.*?)\1""", re.DOTALL)
_PREFIX = lazy(
    r"""\s*(?: [A-Za-z_]\w*=(?:'[^']*'|"[^"]*"|\S*)
    | sudo(?:\s-\S+)* | time(?:\s-p)? | nice(?:\s-n\s*\S+)? | env | exec | command | nohup
    | caffeinate | then | do | else
    | xvfb-run(?:\s-\S+)* | timeout(?:\s-\S+)*\s+\S+ | npx(?:\s+--?\S+)* | bunx(?:\s+--?\S+)*
    | (?:\S*/)?(?:uv|poetry|pipenv|pdm|hatch|rye|conda|mamba)\s+run(?:\s+--?\S+)* | bundle\s+exec
    | (?:pnpm|yarn|npm)\s+(?:exec|dlx)(?:\s+--)? | nix(?:-shell)?\s.*?(?:-c|--run|--command)
    | docker(?:-compose|\s+compose)?\s+(?:exec|run)(?:\s+-\S+)*\s+\S+
    | (?:\S*/)?coverage\s+run(?:\s+--?\S+)*?\s+-m | (?:\S*/)?python[\d.]*(?:\s+-[XW]\s*\S+|\s+-[a-zA-Z]+)*?\s+-m
    | [({!] )\s+""",
    re.VERBOSE,
)
_RUNNERS: tuple[tuple[str, str], ...] = (
    ("pytest", r"(?:\S*/)?(?:pytest|py\.test)\b"),
    (
        "unittest",
        r"unittest\b|django\s+test\b|nose2?\b|(?:\S*/)?python[\d.]*\s+\S*manage\.py\s+test\b",
    ),
    ("tox", r"(?:\S*/)?(?:tox|nox)\b"),
    ("vitest", r"(?:\S*/)?vitest\b"),
    ("jest", r"(?:\S*/)?jest\b|react-scripts\s+test\b|craco\s+test\b"),
    ("mocha", r"(?:\S*/)?(?:mocha|nyc\s+\S*mocha)\b"),
    ("playwright", r"(?:\S*/)?playwright\s+test\b"),
    ("bun", r"bun\s+test\b"),
    ("deno", r"deno\s+test\b"),
    ("node", r"node\b(?:\s+--?\S+)*\s+--test\b|ava\b|tap\b"),
    (
        "npm",
        r"(?:npm|pnpm|yarn|bun)(?:\s+--?\S+(?:\s+(?!run\b|test\b|t\b)[\w@/.*]+)?)*\s+(?:run(?:-script)?\s+)?(?:t|tst|test)(?:[:\-]\S+)?(?=\s|$)",
    ),
    ("go", r"(?:\S*/)?(?:go\s+test|gotestsum|ginkgo)\b"),
    ("cargo", r"(?:\S*/)?cargo(?:\s+\+\S+)?\s+(?:test|t|nextest)\b"),
    ("rspec", r"(?:\S*/)?rspec\b|(?:\S*/)?(?:rake|rails)\s+(?:test|spec)\b"),
    (
        "phpunit",
        r"(?:php\s+)?(?:\S*/)?(?:phpunit|pest|paratest)\b|php\s+artisan\s+test\b|composer\s+(?:run\s+)?test\b",
    ),
    ("ctest", r"(?:\S*/)?ctest\b"),
    ("maven", r"(?:\S*/)?mvnw?\b.*\b(?:test|verify|install)\b"),
    ("gradle", r"(?:\S*/)?gradlew?\b.*\b(?:test|check|build)\b"),
    ("dotnet", r"dotnet\s+test\b"),
    ("swift", r"swift\s+test\b|xcodebuild\b.*\btest\b"),
    ("mix", r"mix\s+test\b"),
    ("bazel", r"bazel(?:isk)?\s+test\b"),
    ("flutter", r"(?:flutter|dart)\s+test\b"),
    (
        "make",
        r"(?:g?make|ninja|just|task|invoke|inv|doit)\b(?:\s+\S+)*?\s+(?:\S*[-_:])?(?:tests?|check|ci)(?:[-_:]\S+)?(?=\s|$)",
    ),
    (
        "script",
        r"(?:(?:ba|z)?sh\s+|python[\d.]*\s+|node\s+|\./|\S*/)\S*(?:tests?|check|ci|verify)\b\S*",
    ),
)
_RUN = lazy("|".join(f"(?P<{name}>{pattern})" for name, pattern in _RUNNERS))
_IDLE = lazy(
    r"\s--?(?:version|help|h|collect-only|co|list|list-tests|listTests|no-run|fixtures|markers|showConfig|dry-run)\b"
)
_READER = lazy(
    r"(?:\S*/)?(?:cat|bat|less|more|head|tail|grep|egrep|rg|ag|sed|awk|jq|find|ls|echo|printf|diff|zcat|journalctl"
    r"|git\s+(?:show|log|diff|grep|blame)|gh|docker\s+logs|kubectl\s+logs|curl|wget|nl|wc)\b"
)
_HINT = lazy(
    r"test|spec|check|tox|nox|jest|mocha|pest|phpunit|\bci\b|verify|ginkgo|mvn|gradle|nose|\bava\b|\btap\b"
    r"|npm t|cargo t"
)
_LONGEST = 4000
_DEEPEST = 4


@lru_cache(maxsize=256)
def runner(command: str) -> str:
    """The test runner a command starts, "script" for a script named like one; "" for none."""
    command = command[:_LONGEST]
    return _runner(command, _DEEPEST) if _HINT.search(command) else ""


def _runner(command: str, depth: int) -> str:
    if depth:
        for inner in _QUOTED_SHELL.finditer(command):
            found = _runner(inner.group(2), depth - 1)
            if found:
                return found
        command = _QUOTED_SHELL.sub(" ", command)
    for segment in _SEGMENT.split(command):
        head = _bare(segment)
        match = _RUN.match(head)
        if match is not None and not _IDLE.search(head):
            return str(match.lastgroup)
    return ""


def _bare(segment: str) -> str:
    """A simple command without what is wrapped around it."""
    segment = segment.strip()
    while (match := _PREFIX.match(segment)) is not None:
        segment = segment[match.end() :]
    return segment


def reads_only(command: str) -> bool:
    """Whether a command merely shows text that may come from somewhere else."""
    pipelines = re.split(r"\s*(?:;|&&|\|\||\n|⏎)\s*", command[:_LONGEST])
    return any(_READER.match(_bare(pipeline)) for pipeline in pipelines)


def status_counts(command: str) -> bool:
    """Whether the command's exit status is the runner's own, not that of a later part."""
    return not re.search(r"\||;|\n|⏎|&\s*$", command[:_LONGEST].strip())
