"""What a test command is limited to, and what it leaves out."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from tui.night.evidence.test_runners.calls import RunnerCall, runner_calls
from tui.system.lazy_pattern import lazy

_WORD = lazy(r"""(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*")+""")
_REDIRECT = lazy(r"\d?>>?\s*&?\s*\S+|<\s*\S+")
_JEST = (
    "-t -o -f --testNamePattern --testPathPattern --testPathPatterns --onlyChanged --onlyFailures"
)
_JEST += " --changedSince --findRelatedTests --related --lastCommit --shard --selectProjects --runTestsByPath"
_MOCHA = "-g -f --grep --fgrep"
_FILTERS_OF = {
    "pytest": "-k -m --lf --last-failed --sw --stepwise --testmon --picked --shard --shard-id --group"
    " --changed",
    "unittest": "-k --tag",
    "tox": "",
    "vitest": "-t --testNamePattern --changed --shard --project --related",
    "jest": _JEST,
    "mocha": _MOCHA,
    "playwright": "-g --grep --project --shard --last-failed --only-changed",
    "cypress": "-s --spec",
    "bun": "-t --test-name-pattern",
    "deno": "--filter",
    "node": "--test-name-pattern --test-only --test-shard",
    "tap": "-g --grep --changed",
    "ava": "-m --match",
    "npm": f"-w --workspace --spec --test-name-pattern --project {_JEST} {_MOCHA}",
    "go": "-run --run --focus",
    "cargo": "-p --package --lib --bin --bins --test --example --examples --doc --benches -E --partition",
    "rspec": "-e --example -t --tag --only-failures --next-failure",
    "minitest": "-n --name",
    "bats": "-f --filter --filter-tags",
    "gtest": "--gtest_filter",
    "phpunit": "--filter --group --testsuite",
    "ctest": "-R -L -I --tests-regex --label-regex",
    "maven": "-Dtest -Dit.test -pl --projects -Dgroups",
    "gradle": "--tests",
    "dotnet": "--filter",
    "swift": "--filter -only-testing --only-testing",
    "mix": "--only --stale --failed",
    "rebar": "--module --suite --case --group --app",
    "bazel": "--test_filter --test_tag_filters",
    "flutter": "-n -N --name --plain-name -t --tags",
    "sbt": "",
    "clojure": ":only -n --focus -i",
    "jasmine": "--filter --spec --suite --include --grep",
    "zig": "-Dtest-filter --test-filter",
    "testthat": "",
    "nix": "",
    "robot": "-s --suite -t --test -i --include --task",
    "behave": "-n --name -t --tags -i --include",
    "cucumber": "-t --tags -n --name",
    "busted": "-t --tags --filter",
    "prove": "",
    "crystal": "-e --example --tag",
    "forge": "--match-test --mt --match-contract --mc --match-path --mp",
    "dbt": "-s --select -m --models",
    "terraform": "-filter",
    "haskell": "--match -m -p --pattern",
    "make": "--grep --testPathPattern",
}
_FILTERS = {kind: frozenset(words.split()) for kind, words in _FILTERS_OF.items()}
_ANY_FILTERS = frozenset(
    "-k -t -m --filter --only --grep --run --test --tests --tag --match".split()
)
_LEAVES_OUT_WORDS = """
    --deselect --ignore --ignore-glob --exclude --skip -skip --testPathIgnorePatterns --exclude-group -LE
    --exclude-tag --exclude-tags --grep-invert --invert --no-match-test --nmt --no-match-path
    --no-match-contract
    -skip-testing --exclude-regex --label-exclude
"""
_LEAVES_OUT = frozenset(_LEAVES_OUT_WORDS.split())
_SWITCH_WORDS = """
    -q -qq -v -vv -vvv -s -x -l -ra -rA -rf -rs -i -a -b -race -short -json -failfast --lf --last-failed
    --sw --stepwise
    --testmon --picked --stale --failed --next-failure --onlyChanged -o --only-changed --only-failures
    --onlyFailures
    --lastCommit --lib --bins --examples --benches --doc --invert --test-only --all --workspace --workspaces
    -ws -r
    --quiet --verbose --silent --ci --runInBand --bail --coverage --run --release --all-features
    --all-targets --locked
    --offline --frozen --no-fail-fast --fail-fast --failfast --exitfirst --nocapture --strict-markers
    --no-header
    --no-summary --disable-warnings --showlocals --passWithNoTests --buffer --keepdb --noinput --headless
    --no-cov -w
    --no-restore --no-build --recursive --runTestsByPath --if-present
"""
_SWITCHES = frozenset(_SWITCH_WORDS.split())
"""Options that take no value."""
_EVERYTHING_WORDS = """
    tests test spec specs src discover run all verify check ci __tests__ install build clean integration-test
    e features t suite e2e-all
"""
_NO_TESTS_THERE = frozenset(
    "node_modules build dist venv env target vendor third_party docs examples migrations coverage"
    " site-packages".split()
)
"""Folders that are left out of every run of tests."""
_EVERYTHING = frozenset(_EVERYTHING_WORDS.split())
_WHOLE_TARGETS = frozenset({":all", "//...", "//...:all", ":...", "//:all"})
_NEGATED = lazy(r"[~!-]|not @")
_LIKE_A_TEST = lazy(r"[/.:\\]|^test_|_test$|_spec$|^Test[A-Z]|[a-z]Test$")
_LIKE_A_FILE = (
    ".py",
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".rb",
    ".php",
    ".exs",
    ".rs",
    ".go",
    ".dart",
    ".robot",
)
_PART = lazy(
    r"\b(?:tests?|specs?)[-_:](?!(?:all|ci|run|cov|coverage|full|once|watch|debug|verbose|local|prod"
    r"|node|report|reports"
    r"|suite|all-?\w*|without-watch|no-watch|headless|only|no-cov|release|parallel|quiet|silent|v"
    r"|race)(?:\s|$|[:_-]))(\w+)"
    r"|\b(unit|integration|e2e|smoke|quick|fast|func|functional|acceptance|backend|frontend|api|web|ui"
    r"|server|client"
    r"|contract|component|browser|db|perf|load)[-_:](?:tests?|specs?)\b"
)
_MEMBER = lazy(
    r"\b(?:pnpm|turbo|lerna|rush)\b.*?\s(?:--filter|-F|--scope|--to|--only)(?:\s+|=)(\S+)"
    r"|\byarn\s+workspace\s+(\S+)|\bnpm\b.*?\s(?:--workspace|-w)(?:\s+|=)(\S+)"
    r"|\bnx\s+(?:run\s+)?([\w./@-]+):tests?\b|\bnx\s+test\s+([\w./@-]+)|\bnx\s+(?:affected)(?:\s|:)"
    r"|\bnx\s+run-many\b.*?\s(?:-p|--projects)(?:\s+|=)(\S+)|\bmoon\s+(?:run\s+)?([\w./@-]+):tests?\b"
)
_STARTS_OTHERS = frozenset(
    {"make", "npm", "script", "tox", "other", "nix", "dbt", "terraform", "expectations", "haskell"}
)
_NO_PLACES = frozenset(
    {"zig", "nix", "testthat", "cypress", "gradle", "sbt", "clojure", "julia", "maven"}
)
"""Runners whose plain words name tasks, expressions and profiles rather than tests."""
_SBT_PART = lazy(
    r"""\btestOnly\s+([^'"]+)|\btestQuick\b|\b([\w-]+)/(?:Test/)?test\b|:only\s+(\S+)"""
)
_GRADLE_PART = lazy(r"(?:^|\s):((?:[\w-]+:)*[\w-]+):(?:test|check|\w*Test)\b")


class RunScope(NamedTuple):
    """`part`: the file, filter or part that a run is limited to; `without`: what it leaves out of all."""

    part: str = ""
    without: str = ""


WHOLE = RunScope()


def narrowed_to(command: str) -> str:
    """What a test command is limited to: a file, a filter, a part; "" when it runs everything."""
    return scope_of(command).part


@lru_cache(maxsize=512)
def scope_of(command: str) -> RunScope:
    """What the test runners of a command run: of several, what the first limited one is limited to."""
    scopes = [call_scope(call, command) for call in runner_calls(command)]
    whole = {
        call.kind
        for call, scope in zip(runner_calls(command), scopes, strict=True)
        if not any(scope)
    }
    # A part that another call of the same runner covers is no limit.
    parts = (
        scope
        for call, scope in zip(runner_calls(command), scopes, strict=True)
        if any(scope) and call.kind not in whole
    )
    return next(parts, WHOLE)


# complexity: a table in code, one rule for each way in which a command names a part
def call_scope(call: RunnerCall, command: str = "") -> RunScope:
    """What one call is limited to, and what it leaves out."""
    kind, without = call.kind, ""
    member = _MEMBER.search(command) if kind in ("npm", "make") else None
    if member is not None:
        name = next((group for group in member.groups() if group), "affected")
        if name not in ("*", "./*", "'*'", '"*"', "..."):
            return RunScope(name.strip("'\""))
    words, filters = _words(call.rest), _FILTERS.get(kind, _ANY_FILTERS)
    before, skip = "", False
    for place, quoted in enumerate(words):
        word = quoted.strip("'\"")
        option, _, value = word.partition("=")
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = option in _LEAVES_OUT and not value
            value = value or (_value(words[place + 1 :]) if option not in _SWITCHES else "")
            if option in _LEAVES_OUT or (kind == "ctest" and option == "-E"):
                if value.strip("./*").rsplit("/", 1)[-1] not in _NO_TESTS_THERE:
                    without = without or value or option
            elif option in filters:
                if _NEGATED.match(value) is not None:
                    without = without or value
                else:
                    return RunScope(value or option)
        elif _narrow(word, before, kind):
            return RunScope(word)
        before = word
    if kind == "sbt" and (found := _SBT_PART.search(call.head)) is not None:
        return RunScope(next((group for group in found.groups() if group), "testQuick").strip())
    if kind == "gradle" and (found := _GRADLE_PART.search(call.head)) is not None:
        return RunScope(found.group(1))
    part = _PART.search(call.head) if kind in _STARTS_OTHERS else None
    if part is not None:
        return RunScope(str(part.group(0)))
    return RunScope(f"all but {without}" if without else "", without)


def _words(text: str) -> list[str]:
    """The words of a command without its redirections; a quotation is part of its word."""
    if "<" in text or ">" in text:
        text = _REDIRECT.sub(" ", text)
    return _WORD.findall(text) if "'" in text or '"' in text else text.split()


def _value(words: list[str]) -> str:
    """What an option that these words follow is given."""
    word = words[0].strip("'\"") if words else ""
    return "" if word.startswith("-") else word


# complexity: a table in code, one rule for each kind of word that names no part
def _narrow(word: str, before: str, kind: str) -> bool:
    """Whether a word that is no option names a part; behind an option it is rather its value."""
    name = word.strip("./\\()")
    if name in _EVERYTHING or not name or name[0] == "*" or "=" in word or word.endswith("…"):
        return False
    if name.isdigit() or (name.endswith("...") and name.strip("./") == ""):
        return False
    if word in _WHOLE_TARGETS or kind in _NO_PLACES:
        return False
    if before.startswith("-") and before != "--" and before not in _SWITCHES and "=" not in before:
        return "::" in word or word.endswith(_LIKE_A_FILE)
    if kind in _STARTS_OTHERS:
        return _LIKE_A_TEST.search(word) is not None and not word.startswith("./scripts")
    return True
