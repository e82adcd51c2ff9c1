"""Whether a runner of scripts ran no tests: the script behind `npm test` is `exit 0`, or says nothing."""

from __future__ import annotations

from tui.night.evidence.shell_parser import split_commands
from tui.night.evidence.test_runners.calls import bare, runner
from tui.system.lazy_pattern import lazy

_SHOWN = lazy(r"^(?:\S+:\s+|\S+ \S+(?=\$))?(?:>|\$|task: \[[^\]]+\]) (.+)$", 8)
_HEADER = lazy(r"\S+@\S* [\w:.-]+(?: .*)?\Z|nx run \S+\Z|@?[\w./-]+:tests?\Z")
_IDLE = lazy(
    r"(?:exit(?:\s+0)?|true|:|echo\b.*|printf\b.*|sleep\s.*|cd\s.*|rm\s.*|mkdir\s.*|node\s+-e\s+.*"
    r"|(?:\S*/)?(?:tsc|vue-tsc|eslint"
    r"|tslint|prettier|biome|oxlint|stylelint|svelte-check|webpack|rollup|esbuild|ruff|flake8|pylint"
    r"|mypy|pyright|black|isort"
    r"|rustfmt|golangci-lint|gofmt|shellcheck|hadolint)\b.*|(?:next|vite|nuxt|astro|ng|tsup|gatsby"
    r"|expo)\s+(?:build|lint|check"
    r"|typecheck)\b.*|go\s+(?:vet|build|fmt|generate)\b.*|cargo\s+(?:check|build|clippy|fmt)\b.*"
    r"|pre-commit\b.*)\s*\Z"
)
_LINES = lazy(
    r"\(?(?:Bash completed with no output|Tool ran without output|no (?:output|content))\)?\.?\Z"
    r"|Exit code 0\Z|Done in .*"
)
_QUIET = frozenset(
    {
        "maven",
        "gradle",
        "dotnet",
        "zig",
        "swift",
        "ctest",
        "haskell",
        "nix",
        "dune",
        "clojure",
        "julia",
    }
)
"""Runners that print nothing when all is well, or can be told to."""
_TASKS = frozenset({"npm", "make", "script", "other"})


def runs_nothing(text: str, kind: str) -> bool:
    """Whether what a runner of tasks shows of its script runs no test: `exit 0`, `echo`, a linter, a build."""
    if kind not in _TASKS:
        return False
    shown = shown_commands(text)
    if not shown and kind == "make":
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        shown = lines[:1] if len(lines) <= 2 else []
    return bool(shown) and all(map(_is_idle, shown))


def shown_commands(text: str) -> list[str]:
    """The commands that a runner of tasks says it runs: "> jest", "$ jest"."""
    found = (match.group(1).strip() for match in _SHOWN.finditer(text))
    return [one for one in found if _HEADER.match(one) is None]


def _is_idle(command: str) -> bool:
    parts = (bare(part) for part in split_commands(command))
    return all(_IDLE.match(part) is not None for part in parts if part)


def says_nothing(text: str, kind: str = "") -> bool:
    """Whether an output holds no word of a run where the runner would have said something."""
    lines = (line.strip() for line in text.splitlines())
    left = [line for line in lines if line and not _LINES.match(line) and not _SHOWN.match(line)]
    if left or kind in _QUIET:
        return False
    # A script of its own, `node test.js`, is quiet when all is well.
    return not any(runner(shown) == "script" for shown in shown_commands(text))
