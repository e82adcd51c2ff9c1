"""What the answer of a command tells: clean or not, and the figures in it; which checks a command runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from tui.model.evidence.log import CommandRecord
from tui.night.evidence.shell_parser import split_pipelines
from tui.system.format import shorten
from tui.system.lazy_pattern import lazy

_I = re.IGNORECASE
FAMILIES: dict[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "the linter": (
        lazy(
            r"\bruff\b(?!\s+format)|\b(?:eslint|flake8|pylint|clippy|golangci-lint|rubocop|biome|oxlint|shellcheck"
            r"|stylelint|markdownlint|hadolint|ktlint|swiftlint|credo|standardrb|tslint|xo|vet)\b"
            r"|\b(?:run|make|just|task|yarn|pnpm|bun|npm|next)\s+(?:\S*:)?lint\b|\bpre-commit\s+run\b"
        ),
        lazy(
            r"\b(?:lint(?:s|er|ers|ing)?|ruff|eslint|flake8|pylint|clippy|rubocop|biome|shellcheck|golangci"
            r"|style checks?)\b",
            _I,
        ),
    ),
    "the type checker": (
        lazy(
            r"\b(?:mypy|pyright|basedpyright|tsc|vue-tsc|pyre|pytype|dialyzer|sorbet|flow|phpstan|psalm|svelte-check)\b|\bcargo\s+check\b"
            r"|\b(?:run|make|just|task|yarn|pnpm|bun)\s+(?:\S*[:-])?(?:type-?check|types|check-types|tsc)\b"
        ),
        lazy(
            r"\b(?:types?(?:[- ]?check\w*)?|typing|mypy|pyright|tsc|typescript|phpstan|psalm|svelte-check)\b",
            _I,
        ),
    ),
    "the build": (
        lazy(
            r"\b(?:run|make|just|task|yarn|pnpm|bun|npm)\s+(?:\S*:)?build\b|\b(?:cargo|go|dotnet|swift|zig|mix|docker"
            r"|next|vite|webpack|rollup|gradlew?|bazel|flutter|ng|nx|turbo|hugo|mkdocs|cmake|stack|cabal|tsup|esbuild"
            r"|sbt|parcel)\s+(?:\S+\s+)*?(?:build|compile|--build|assemble|bundle)\b|\btsc\s+-b\b|\bmake(?:\s+-j\S*)?(?:\s+all)?\s*(?:$|[;&|])"
            r"|\bpython[\d.]*\s+-m\s+build\b|\bmvnw?\b.*\b(?:compile|package)\b|\bxcodebuild\b|\b(?:webpack|rollup|tsup|esbuild)\b"
        ),
        lazy(r"\b(?:builds?|built|building|compil\w+|bundles?)\b", _I),
    ),
    "the formatter": (
        lazy(
            r"\bruff\s+format\b|\b(?:black|prettier|gofmt|rustfmt|isort|autopep8|yapf|clang-format|dprint)\b"
            r"|\b(?:cargo|go|mix|zig|dart|terraform|deno)\s+(?:fmt|format)\b|\b(?:run|make|just|yarn|pnpm|bun)\s+(?:\S*:)?(?:fmt|format)\b"
        ),
        lazy(r"\b(?:format(?:ted|ter|ting|s)?|prettier|black|gofmt|rustfmt)\b", _I),
    ),
}
"""Checks by what they look for: how a command calls them, how a sentence does."""
_CLEAN = lazy(
    r"\bAll checks passed|Success: no issues found|\b0 errors?\b(?!\w)"
    r"|\b[Nn]o (?:issues|errors|problems|offenses) (?:were )?(?:found|detected)"
    r"|rated at 10(?:\.0+)?/10|All matched files use Prettier|would be left unchanged|already formatted"
    r"|left unchanged|[Bb]uild succeeded|[Cc]ompiled successfully|BUILD SUCCESS|✓ built in"
    r"|\bFinished (?:`|dev|release)"
)
_COUNTED = lazy(
    r"\b[Ff]ound\s+[1-9][\d,]*\s+(?:errors?|problems?|issues?|warnings?|violations?)"
    r"|✖\s+[1-9][\d,]*\s+problems?"
    r"|(?<![\d.])[1-9][\d,]*\s+(?:errors?|problems?|issues|violations|offenses)\b(?!\s+fixed)"
    r"|\b[1-9]\d* files? would be reformatted|could not compile|\berror TS\d+|\bBUILD FAILED\b"
    r"|[Bb]uild failed|^error(?:\[E\d+\])?:|Failed to compile|npm ERR!|\bSyntaxError\b"
    r"|Code style issues (?:were )?found",
    re.MULTILINE,
)
_ERRORS = lazy(r"(?<![\d.])([\d,]+)\s+errors?\b")
_ASIDE = lazy(
    r"\s*(?:cd|export|set|source|echo|mkdir|sleep|true|pwd|\.|:|#.*|nvm\s+use)(?:\s|$)|\s*\Z"
)
_NUMBER = r"(?<![\w.])(-?\d[\d,_]*(?:\.\d+)?)"
_COVERAGE = (
    lazy(r"^TOTAL\b.*?(\d+(?:\.\d+)?)%", re.MULTILINE),
    lazy(r"^(?:All files|Total)\s*\|([^\n]*)", re.MULTILINE),
    lazy(r"[Cc]overage\D{0,30}?(\d+(?:\.\d+)?)\s*%"),
    lazy(r"(\d+(?:\.\d+)?)\s*%\s*(?:\w+\s+)?coverage"),
    lazy(r"coverage:\s*(\d+(?:\.\d+)?)% of statements"),
)
_DIGITS = lazy(r"\d+(?:\.\d+)?")
_COLUMN = lazy(r"(?<=[|\s])(\d{1,3}(?:\.\d+)?)(?=\s*(?:\||%))")


class Answer(Struct, frozen=True):
    """Whether a command ended well and found nothing; None if it tells neither. `words`: what it said."""

    is_clean: bool | None
    words: str = ""


@lru_cache(maxsize=4_096)
def families_of(text: str, *, in_words: bool = False) -> tuple[str, ...]:
    """The checks that a command runs, or that a sentence is about."""
    return tuple(name for name, pair in FAMILIES.items() if pair[in_words].search(text))


def read_answer(call: CommandRecord, families: tuple[str, ...]) -> Answer:
    """What a command's answer says of these checks, or of the command where there are none."""
    if call.is_refused:
        return Answer(False, "it was not let run")
    if call.is_error is None:
        return Answer(None)
    is_alone = sum(not _ASIDE.match(part) for part in split_pipelines(call.command)) <= 1
    problems = _COUNTED.search(call.output) if families else None
    if problems is not None and not _is_zero(call.output):
        if is_alone or _CLEAN.search(call.output) is None:
            return Answer(False, shorten(_line_of(call.output, problems), 80))
        return Answer(None)
    if call.is_error:
        # Of several commands, any may be the one that failed.
        return Answer(False, "it ended with an error") if is_alone else Answer(None)
    return Answer(True)


def _is_zero(output: str) -> bool:
    """Whether the output counts errors, and there are none."""
    counts = [int(found.replace(",", "") or 1) for found in _ERRORS.findall(output)]
    return bool(counts) and not any(counts)


def _line_of(text: str, match: re.Match[str]) -> str:
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    return text[start : end if end >= 0 else len(text)].strip()


def figures_in(output: str, unit: str, words: str, paths: tuple[str, ...] = ()) -> list[float]:
    """The figures of that unit that an output prints; of these files, if it tells them of each file."""
    if "cover" in words.lower():
        return _coverage(output, paths)
    return list(_with_unit(output, unit)) if unit else []


def _coverage(output: str, paths: tuple[str, ...]) -> list[float]:
    """The coverage of a file, else that of all; several columns are lines, branches, functions."""
    if "%" not in output and "|" not in output:
        return []
    if paths:
        name = paths[0].rsplit("/", 1)[-1]
        lines = [line for line in output.split("\n") if name in line and _COLUMN.search(line)]
        return [float(found) for line in lines[-1:] for found in _COLUMN.findall(line)]
    for pattern in _COVERAGE:
        found = pattern.findall(output)
        if found:
            return [float(number) for number in _DIGITS.findall(found[-1])]
    return []


def _with_unit(output: str, unit: str) -> Iterator[float]:
    stem = re.escape(unit.rstrip("s")) if unit != "ms" and len(unit) > 2 else re.escape(unit)
    after = re.compile(rf"{_NUMBER}\s*(?:\w+\s+){{0,2}}?{stem}s?(?!\w)", _I)
    before = re.compile(rf"\b{stem}s?\b\s*[:=]\s*{_NUMBER}", _I)
    for pattern in (after, before):
        for found in pattern.findall(output):
            yield float(found.replace(",", "").replace("_", ""))
