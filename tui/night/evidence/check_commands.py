"""Which commands check or build: linters, type checkers, builds; none that tests, formats or publishes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from tui.system.lazy_pattern import lazy

CheckKind = Literal["lint", "types", "build"]

_PREFIX = re.compile(
    r"(?:\S*/)?(?:(?:uv|poetry|pipenv|pdm|hatch|rye)\s+run\s+(?:--?\S+\s+)*|npx\s+(?:--?\S+\s+)*|bunx\s+"
    r"|bundle\s+exec\s+|(?:pnpm|yarn|npm)\s+exec\s+(?:--\s+)?|python[\d.]*\s+-m\s+)"
)
_CHECKS: tuple[tuple[CheckKind, str], ...] = (
    (
        "lint",
        r"ruff\s+check|ruff\s+format\s+(?=.*--(?:check|diff)\b)|(?:black|isort|prettier|yapf)\s(?=.*(?:--check|-c\b|-l\b))"
        r"|(?:flake8|pylint|pycodestyle|pydocstyle|bandit|vulture|eslint|oxlint|stylelint|standard|xo|tslint)\b"
        r"|biome\s+(?:check|lint|ci)|golangci-lint\s+run|go\s+vet|staticcheck|gofmt\s+-l|shellcheck|hadolint"
        r"|yamllint|markdownlint\S*|actionlint|cargo\s+clippy|cargo\s+fmt\s(?=.*--check)|rubocop|standardrb|phpcs"
        r"|ktlint|detekt|swiftlint|swiftformat\s(?=.*--lint)|credo|mix\s+(?:credo|format\s+(?=.*--check))|hlint"
        r"|clang-tidy|cppcheck|luacheck|deno\s+lint|dart\s+analyze|flutter\s+analyze|import-linter|lint-imports"
        r"|codespell",
    ),
    (
        "types",
        r"(?:mypy|dmypy\s+run|pyright|basedpyright|pytype|ty\s+check|pyre\s+check|tsc|vue-tsc|svelte-check|flow\s+check"
        r"|srb\s+tc|steep\s+check|phpstan|psalm|dialyzer|mix\s+dialyzer|deno\s+check)\b",
    ),
    (
        "build",
        r"cargo\s+(?:build|check)\b|go\s+build\b|cmake\s+--build\b|ninja\b(?!\s+install)|dotnet\s+build\b|swift\s+build\b"
        r"|zig\s+build(?!\s+(?:run|install))\b|(?:\S*/)?gradlew?\s+(?:\S+\s+)*(?:build|assemble|compile\w*)\b"
        r"|(?:\S*/)?mvnw?\s+(?:\S+\s+)*(?:compile|package)\b|mix\s+compile\b|(?:vite|webpack|rollup|next|nuxt|astro)\s+build\b"
        r"|webpack\b|esbuild\b|rollup\s+-c|build\b|sbt\s+compile\b|stack\s+build\b|cabal\s+build\b|dune\s+build\b",
    ),
)
_CHECK = lazy("|".join(f"(?P<{kind}>(?:{pattern})(?![\\w.]))" for kind, pattern in _CHECKS))
_CHANGING = frozenset({"--fix", "--unsafe-fixes", "--fix-only", "-w", "--write", "--apply"})
_IDLE = lazy(r"(?:^|\s)(?:--version|--help|-h|-V)(?:\s|$)")
_NAMED = lazy(
    r"(?:(?:npm|pnpm|yarn|bun)(?:\s+run)?|(?:g?make|just|task|invoke|inv|poe|nox\s+-s|hatch\s+run|pdm\s+run|deno\s+task"
    r"|mise\s+run|turbo\s+run|composer(?:\s+run)?|rake))\s+(?P<name>[\w.:-]+)"
)
_NAMES: tuple[tuple[CheckKind, re.Pattern[str]], ...] = (
    ("types", lazy(r"(?:^|[:_.-])(?:types?|type-?check|typing|tsc|mypy|pyright)(?:$|[:_.-])")),
    (
        "lint",
        lazy(r"(?:^|[:_.-])(?:lint|eslint|ruff|clippy|vet|format-check|fmt-check)(?:$|[:_.-])"),
    ),
    ("build", lazy(r"(?:^|[:_.-])(?:build|compile|all)(?:$|[:_.-])")),
)


def check_kind(command: str) -> CheckKind | None:
    """What a simple command, without wrappers, checks; None for a test run and for all else."""
    if _IDLE.search(command):
        return None
    bare = command
    while (found := _PREFIX.match(bare)) is not None:
        bare = bare[found.end() :]
    program, space, rest = bare.partition(" ")
    match = _CHECK.match(f"{program.rpartition('/')[2]}{space}{rest}")
    # `python -m build` builds; a program of that name is not known.
    if match is not None and (match.group(0) != "build" or bare != command):
        return match.lastgroup  # type: ignore[return-value]
    named = _NAMED.match(bare)
    if named is None:
        return None
    return next((kind for kind, pattern in _NAMES if pattern.search(named["name"])), None)


def without_changes(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a check without those that have it change files."""
    return tuple(word for word in words if word not in _CHANGING)
