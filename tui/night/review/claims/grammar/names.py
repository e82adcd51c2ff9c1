"""What a clause names: paths, names of code, commits, branches, commands, tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.statement import Subject
from tui.system.lazy_pattern import AnyWord, lazy

_I = re.IGNORECASE
_UNSPACED = lazy(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_CODE = lazy(r"◇+")
_ENDING = (
    r"(?:py|pyi|ipynb|jsx?|tsx?|mjs|cjs|mts|go|rs|rb|php|java|kts?|cs|swift|dart|exs?|c|h|cc|cpp|hpp"
    r"|sql|sh|bash|fish"
    r"|ya?ml|toml|json5?|jsonl|xml|html?|css|scss|less|md|mdx|rst|txt|cfg|ini|conf|vue|svelte|lock"
    r"|proto|tf|lua|scala"
    r"|erl|clj|hs|ml|r|jl|csv|tsv|svg|png|env|bat|ps1|gradle|properties|prisma|graphql|zig|nix|bzl"
    r"|jmx|log|pdf|template|example|service)"
)
_PATH = lazy(
    rf"(?<![\w@/.:-])(?:~?/|\.{{1,2}}/)?(?:[\w@.+-]+/)*[\w@+-][\w@.+-]*\.{_ENDING}(?![\w/-])(?!\.\w)"
    r"|(?<![\w@/.:-])(?:~?/|\.{1,2}/)?(?:[\w.+-]+/){2,}[\w@.+-]*(?<![.,])"
    r"|(?<![\w@/.:-])[\w.-]{2,}/(?=[\s,;.)]|\Z)"
    r"|(?<![\w@/.:-])(?:README|LICENSE|CHANGELOG|CONTRIBUTING|Makefile|Dockerfile|Justfile|Procfile"
    r"|AGENTS|CLAUDE|\.gitignore|\.env|\.dockerignore)(?![\w/-])(?!\.\w)"
)
_CODE_PATH = lazy(
    rf"(?:~?/|\.{{1,2}}/)?(?:[\w@.+\[\]-]+/)+[\w@.+\[\]-]*\.[A-Za-z]\w{{0,9}}"
    rf"|[\w@.+\[\]-]*\.{_ENDING}|\.[a-z][\w.-]*|(?:~?/|\.{{1,2}}/)?(?:[\w.+-]+/)+[\w@.+-]*"
    r"|\.?[A-Za-z]\w*ignore|README|LICENSE|CHANGELOG|Makefile|Dockerfile|Justfile|Procfile"
)
_SPACED_PATH = lazy(rf"[^\s:*?<>|][^:*?<>|]*/[^/:*?<>|]* [^/:*?<>|]*\.{_ENDING}")
_NO_PATH = lazy(
    r"(?:[\w.+-]+@[\w-]+(?:\.[\w-]+)+|e\.g|i\.e|Node\.js|Next\.js|Vue\.js|Nuxt\.js|Express\.js|React\.js|Three\.js|D3\.js"
    r"|https?:.*|\d[\d.]*|(?:origin|upstream|fork)/.*"
    r"|(?:feature|feat|bugfix|fix|hotfix|chore|release|refactor|users?)/[\w.-]+|[\w.]+\(\)?.*|(?:and"
    r"|or|n|I|w|yes|input|read)/(?:or|no|A|O|o|output|write|a))\Z",
    _I,
)
_SYMBOL = lazy(
    r"(?<![\w/.◇-])(?:[a-zA-Z]\w*_\w+|[a-z]+[A-Z]\w*|(?:[A-Z][a-z0-9]+){2,}|_\w{2,}"
    r"|\w+(?=\(\)))(?![\w/-])|(?<![\w-])--[a-z][\w-]+"
)
_CODE_NAME = lazy(
    r"(?:(?:[\w$]+|\[\w+\])(?:(?:\.|::|#|->)[\w$]+)*(?:\(.*\))?|--?[a-zA-Z][\w-]*(?:[= ].*)?"
    r"|@?[\w$]+(?:[-.][\w$]+)*|@[\w-]+/[\w.-]+|/[\w/:{}<>*.-]*)\Z"
)
_BRANDS = frozenset(
    "TypeScript JavaScript GitHub GitLab PostgreSQL MySQL SQLite GraphQL OpenAPI FastAPI PyPI NumPy"
    " JetBrains CoffeeScript ESLint TailwindCSS MongoDB DynamoDB CloudFormation YouTube LinkedIn macOS"
    " iOS iPhone NextAuth WebSocket WebSockets JUnit PyTest DevOps README devDependencies OAuth kB "
    "MiB GiB KiB".split()
)
_SHA = lazy(r"(?<![\w/.#-])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}(?![\w/-]|\.\w)")
_DIGITS_SHA = lazy(r"\b(?:commit|as|sha|hash)\s+([0-9a-f]{7,40})\b(?![./-])", _I)
_REF = lazy(
    r"(?<![\w/.-])((?:origin|upstream|fork)/[\w./-]*\w)|\b(?:to|on|onto|into|in|with|as"
    r"|from)\s+(?:the\s+)?(?:local\s+|remote\s+)?(?:branch\s+)?"
    r"(main|master|develop|dev|trunk|staging|production|HEAD|(?:feature|feat|fix|bugfix|hotfix|chore"
    r"|release|refactor)/[\w./-]*\w)(?![\w/-])(?!\.\w)"
    r"|\bbranch\s+([\w./-]*[\w])|\b(?:to|on|onto)\s+(?:the\s+)?([\w./-]*\w)\s+branch\b|\b(main"
    r"|master)\s+(?:branch\s+)?(?:is|now|has)\b|\b(?:to|on|with)\s+(?:the\s+)?(origin"
    r"|upstream)\b(?!/)"
)
_REF_HINTS = AnyWord(
    *"origin|upstream|fork/|main|master|develop|dev|trunk|staging|production|HEAD|branch|/".split(
        "|"
    )
)
_NO_REF = frozenset(
    "into is was has and on to in with for from the that which are now it up will of at by a an my our "
    "your this current remote new feature same local".split()
)
_TASK = lazy(
    r"\b(?:phase|task|step|milestone|feature|story|issue|ticket|item|part|stage|epic|sprint|todo"
    r"|subtask|bug|requirement|chapter|section|goal)s?\s+"
    r"(?P<ids>(?:#|no\.?\s*)?(?:[A-Za-z]{1,8}-)?\d[\w.-]*(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+"
    r"|\s*[-–]\s*|\s+to\s+)#?\d[\w.]*)*|(?:[a-z]-[a-z0-9]{2,6}"
    r"|[a-z]{1,4}-(?=[a-z]*\d)[a-z0-9]{2,6})(?:\.\d+)?|(?-i:[A-D])\b"
    r"|(?=\w*\d)(?=\w*[a-z])[a-z0-9]{8,})"
    r"|(?<![\w./-])(?P<id>(?:[A-Za-z]{1,6}-)?\d{1,3}(?:\.\d{1,3}){1,3}(?=\s*(?:is|are|was|were|has"
    r"|have|,|and|:|\)|\Z|complete|done|finished|implemented|[.]\s|[.]\Z))"
    r"|^\d{1,3}(?:\.\d{1,3})+(?=\s)|#\d{1,6}\b"
    r"|(?-i:[A-Z]{2,8}-\d{1,6})\b|(?!utf|sha|md|iso|base)[a-z]{1,4}-(?=[a-z0-9]*\d)[a-z0-9]{2,6}(?:\.\d+)?)",
    _I,
)
_TASK_HINT = lazy(r"\d|(?:task|feature|issue|phase|step|story|ticket|milestone)s?\s", _I)
_RANGE = lazy(r"(\d{1,4})\s*(?:-|–|to)\s*(\d{1,4})")
_TASK_PART = lazy(r"#?[\w.-]*\w")
_NUMBERED = lazy(r"\b(phase|milestone|stage|sprint|part|chapter|epic)s?\s+\w", _I)
_COMMAND = lazy(
    r"(?:\w+=\S+\s+)*(?:\$\s+)?(?:\./[\w./-]+|(?:npm|pnpm|yarn|bun|npx|bunx|deno|node|python3?|pip3?"
    r"|pipx|uvx?|poetry|pipenv|hatch|pytest|tox|nox|mypy"
    r"|pyright|ruff|black|isort|flake8|pylint|bandit|pre-commit|cargo|rustc|clippy|go|gofmt"
    r"|golangci-lint|make|cmake|ninja|ctest|just|task|bazel|gradle|mvn"
    r"|\./gradlew|dotnet|mix|rake|bundle|rspec|rubocop|rails|php|composer|phpunit|phpstan|artisan"
    r"|swift|xcodebuild|flutter|dart|zig|nix|docker|docker-compose"
    r"|kubectl|helm|terraform|git|gh|tsc|vue-tsc|eslint|prettier|biome|jest|vitest|mocha|cypress"
    r"|playwright|vite|webpack|rollup|next|turbo|nx|lerna|alembic"
    r"|django-admin|flask|uvicorn|gunicorn|sphinx-build|mkdocs|bash|sh|curl|psql|sqlite3|mysql"
    r"|redis-cli|shellcheck|hadolint|actionlint|coverage|java|javac|gcc|clang|stylelint|svelte-check"
    r"|ansible-lint|yamllint|markdownlint)"
    r"(?:\s.*)?)\Z"
)
_BARE_COMMAND = lazy(
    r"(?<![\w/.◇-])(?:(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:test|build|lint|typecheck|type-check"
    r"|check|start|dev|ci)(?::[\w-]+)?|npm\s+(?:ci|install)"
    r"|cargo\s+(?:build|test|check|clippy|fmt|run|bench)|go\s+(?:build|test|vet|mod\s+tidy|fmt)"
    r"|make\s+(?:all|test|build|docs|lint|check|install|release|ci)|(?:python3?\s+-m\s+)?(?:pytest"
    r"|mypy|ruff|black|flake8|pyright|pylint|tsc|eslint|prettier)(?:\s+(?:check|format|-[\w-]+|\.))*"
    r"|docker(?:[\s-]compose)?\s+(?:build|up)|terraform\s+(?:plan|apply|validate)|mvn\s+\w+"
    r"|\./gradlew\s+\w+|dotnet\s+(?:build|test)|bundle\s+exec\s+\w+)(?![\w/-]|\.\w)"
)


def code_spans(text: str, masked: str) -> list[str]:
    """What stands in backticks."""
    if "◇" not in masked:
        return []
    return [text[match.start() : match.end()] for match in _CODE.finditer(masked)]


def find_paths(text: str, codes: Iterable[str] = ()) -> tuple[str, ...]:
    """Paths in a text, in their order; what stands in backticks may be a path of any kind."""
    named = {code for code in codes if code in text and _is_path(code)}
    found = [(text.find(path), path) for path in named]
    for match in _PATH.finditer(text):
        path = match.group(0)
        inside = any(path != other and path in other for other in named)
        if path not in named and not inside and not _NO_PATH.match(path):
            found.append((match.start(), path))
    return tuple(dict.fromkeys(path for _, path in sorted(found)))


def _is_path(code: str) -> bool:
    if _SPACED_PATH.fullmatch(code):
        return _COMMAND.match(code) is None
    return _CODE_PATH.fullmatch(code) is not None and _NO_PATH.match(code) is None


def find_symbols(text: str, codes: Iterable[str], paths: tuple[str, ...]) -> tuple[str, ...]:
    """Names of code: in backticks, with calls, with humps or underscores; no paths and no commands."""
    found: list[tuple[int, str]] = []
    rest = text
    for path in sorted(paths, key=len, reverse=True):
        rest = rest.replace(path, " " * len(path))
    for code in sorted(codes, key=len, reverse=True):
        if code in paths or (_COMMAND.match(code) and " " in code):
            continue
        if (
            _CODE_NAME.match(code)
            and not _SHA.fullmatch(code)
            and not code.replace(".", "").isdigit()
        ):
            found.append((text.find(code), code.split("(")[0] or code))
        rest = rest.replace(code, " " * len(code))
    found += [
        (match.start(), match.group(0))
        for match in _SYMBOL.finditer(rest)
        if match.group(0) not in _BRANDS
    ]
    return tuple(dict.fromkeys(name for _, name in sorted(found)))


def find_shas(text: str) -> tuple[str, ...]:
    """Commit ids; a number or letters alone are one only behind the word."""
    return tuple(dict.fromkeys((*_SHA.findall(text), *_DIGITS_SHA.findall(text))))


def find_ref(text: str) -> str:
    """A branch, here or on a remote."""
    best = ""
    for match in _REF.finditer(text) if _REF_HINTS.is_in(text) else ():
        name = next((group for group in match.groups() if group), "")
        if name and name.lower() not in _NO_REF and (not best or "/" in name):
            best = name
    return best


def find_command(text: str, masked: str) -> str:
    """A command in backticks, or one that is known by its first words."""
    return _command(code_spans(text, masked), masked)


def _command(codes: Iterable[str], masked: str) -> str:
    for code in codes:
        if _COMMAND.match(code):
            return code
    bare = _BARE_COMMAND.search(masked)
    return " ".join(bare.group(0).split()) if bare is not None else ""


def _listed_ids(words: str) -> list[str]:
    """The ids of "1, 2 and 4", and those between the two of "1-3"."""
    ends = _RANGE.fullmatch(words.strip())
    if ends is not None:
        first, last = int(ends.group(1)), int(ends.group(2))
        if first < last < first + 50:
            return [str(number) for number in range(first, last + 1)]
    return [one for one in _TASK_PART.findall(words) if one not in ("and", "to")]


def find_task_ids(text: str) -> tuple[str, ...]:
    """Ids of tasks as they are written; those of phases with their word, which a bare number needs."""
    found: list[str] = []
    for match in _TASK.finditer(text) if _TASK_HINT.search(text) else ():
        if match.group("id"):
            found.append(match.group("id"))
            continue
        numbered = _NUMBERED.match(match.group(0))
        word = f"{numbered.group(1).lower()} " if numbered is not None else ""
        found += [f"{word}{one}" for one in _listed_ids(match.group("ids"))]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=8)
def subject_of(text: str, masked: str) -> Subject:
    """All that words name, in any language; `masked` is as long, with ◇ for what stands in backticks."""
    if not text.isascii():
        # Between letters of Chinese, Japanese and Korean a name stands without blanks.
        text = _UNSPACED.sub(" ", text)
    codes = code_spans(text, masked)
    paths, ref, command = find_paths(text, codes), find_ref(text), _command(codes, masked)
    shas = find_shas(text)
    told = {ref, command, *shas}
    return Subject(
        paths=paths,
        symbols=tuple(name for name in find_symbols(text, codes, paths) if name not in told),
        shas=shas,
        task_ids=find_task_ids(text),
        ref=ref,
        command=command,
    )


def find_subject(clause: Clause) -> Subject:
    """All that a clause names."""
    return subject_of(clause.text, clause.masked)
