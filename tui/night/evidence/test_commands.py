"""Which commands run tests, how much of the suite, and which run one was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import TestRun, Verdict
from tui.night.evidence.shell_parser import split_commands, split_pipelines
from tui.night.evidence.test_output import (
    TestOutcome,
    cut_short,
    ending,
    never_started,
    plain,
    promising,
    read,
)
from tui.system.format import shorten
from tui.system.lazy_pattern import HintedPattern, lazy

_QUOTED_SHELL = lazy(
    r"""(?:^|\s)(?:\S*/)?(?:ba|z|da|k)?sh\s+-\w*c\s+(['"])(.*?)(?:\1|\Z)""", re.DOTALL
)
_PREFIX = lazy(
    r"""\s*(?: [A-Za-z_]\w*=(?:'[^']*'|"[^"]*"|\S*)
    | sudo(?:\s-\S+)* | time(?:\s-p)? | nice(?:\s-n\s*\S+)? | env(?:\s-\S+)* | exec | command | nohup
    | caffeinate | then | do | else | if | elif | while | until
    | stdbuf(?:\s-\S+)* | chrt\s+\S+ | ionice(?:\s-\S+)* | strace(?:\s-\S+)* | script\s+-q\S*\s+\S+(?:\s+-c)?
    | xvfb-run(?:\s-\S+)* | timeout(?:\s-\S+)*\s+\S+ | npx(?:\s+--?\S+)* | bunx(?:\s+--?\S+)*
    | (?:\S*/)?(?:uv|poetry|pipenv|pdm|hatch|rye|conda|mamba)\s+run
      (?:\s+(?:--(?:with|python|extra|group|directory|project|package|env-file|name)|-[pCnG])\s+\S+
        |\s+--?\S+)*
    | bundle\s+exec
    | (?:pnpm|yarn|npm)\s+(?:exec|dlx)(?:\s+--)? | nix(?:-shell)?\s.*?(?:-c|--run|--command)
    | (?:docker|podman)(?:-compose|\s+compose(?:\s+-[pf]\s+\S+|\s+--\S+)*)?\s+(?:exec|run)
      (?:\s+(?:-[euwvp]|--(?:env|user|workdir|volume|name|network|entrypoint))[= ]\S+|\s+-\S+)*\s+[\w./:@-]+
    | kubectl\s+exec\s.*?\s-- | (?:ssh\s+\S+|vagrant\s+ssh\s+-c)
    | (?:direnv\s+exec\s+\S+|devbox\s+run
      |mise\s+(?:exec|x)(?:\s+\S+)*?\s+--|asdf\s+exec|dotenv(?:\s+-\S+)*(?:\s+run)?(?:\s+--)?)
    | (?:\S*/)?(?:python[\d.]*\s+-m\s+)?coverage\s+run(?:\s+--?\S+)*?\s+-m
    | (?:\S*/)?python[\d.]*(?:\s+-[XW]\s*\S+|\s+-[a-zA-Z]+)*?\s+-m
    | [({!] )\s+""",
    re.VERBOSE,
)
_RUNNERS: tuple[tuple[str, str], ...] = (
    ("pytest", r"(?:\S*/)?(?:pytest|py\.test)\b"),
    (
        "unittest",
        r"unittest\b|django\s+test\b|nose2?\b|(?:\S*/)?python[\d.]*\s+\S*manage\.py\s+test\b",
    ),
    ("tox", r"(?:\S*/)?(?:tox|nox)\b(?!\S*\.)"),
    ("vitest", r"(?:\S*/)?vitest\b"),
    ("jest", r"(?:\S*/)?jest\b|react-scripts\s+test\b|craco\s+test\b"),
    ("mocha", r"(?:\S*/)?(?:mocha|nyc\s+\S*mocha)\b"),
    ("playwright", r"(?:\S*/)?playwright\s+test\b"),
    ("bun", r"bun\s+test\b"),
    ("deno", r"deno\s+test\b"),
    ("node", r"node\b(?:\s+--?\S+)*\s+--test\b|ava\b|tap\b"),
    (
        "npm",
        r"(?:npm|pnpm|yarn|bun)(?:\s+workspace\s+\S+)?(?:\s+--?\S+(?:\s+(?!run\b|test\b|t\b)[\w@/.*]+)?)*\s+(?:run(?:-script)?\s+)?(?:t|tst|tests?|(?:\w+[:\-])+(?:tests?|spec)|ci[:\-]tests?)(?:[:\-]\S+)?(?=\s|$)",
    ),
    ("go", r"(?:\S*/)?(?:go\s+test|gotestsum|ginkgo)\b"),
    ("cargo", r"(?:\S*/)?cargo(?:\s+\+\S+)?\s+(?:test|t|nextest)\b"),
    ("rspec", r"(?:\S*/)?rspec\b"),
    (
        "minitest",
        r"(?:\S*/)?(?:rake|rails)\s+(?:test|spec)\b|(?:\S*/)?m\s+test/|ruby\s+(?:-\S+\s+)*(?:test/\S+|\S*_test\.rb)",
    ),
    ("bats", r"(?:\S*/)?bats\b"),
    ("gtest", r"(?:\./|\S*/)\S*(?:_tests?|[Tt]ests?)(?=\s|$)(?=.*--gtest)"),
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
    ("sbt", r"(?:\S*/)?sbt\b.*\btest(?:Only|Quick)?\b|lein\s+test\b|clj\S*\s.*\btest\b"),
    ("jasmine", r"(?:\S*/)?(?:jasmine|karma\s+start|ng\s+test|cypress\s+run|testcafe)\b"),
    (
        "make",
        r"(?:(?:g?make|ninja|just|task|invoke|inv|doit|mage|moon\s+run|nx(?:\s+run-many)?|turbo(?:\s+run)?|lerna\s+run"
        r"|mise\s+(?:run|r|task)|mise|hatch|pdm|rye|poe|poetry\s+poe|earthly|dagger|cmake\s+--build\s+\S+|meson)\b(?:\s+\S+)*?\s+"
        r"(?:\S*[-_:+])?(?:tests?|check|ci|verify|spec)(?:[-_:]\S+)?(?=\s|$)|hatch\s+test\b)",
    ),
    (
        "script",
        r"(?:(?:ba|z|da)?sh\s+(?:-[a-z]+\s+)*|(?:\S*/)?python[\d.]*\s+(?:-[a-zA-Z]\s+)*|node\s+|(?:tsx|ts-node|ruby|perl|php)\s+"
        r"|source\s+|\.\s+|\./|\S*/)\S*(?<![a-z])(?:(?:run|all|unit|e2e|smoke)?tests?|check|ci|verify)(?![a-z])\S*",
    ),
)
_RUN = lazy("|".join(f"(?P<{name}>{pattern})" for name, pattern in _RUNNERS))
_IDLE = lazy(
    r"-(?<=\s-)-?(?:version|help|h|collect-only|co|list|list-tests|listTests|no-run|fixtures|markers|showConfig|dry-run)\b"
)
_READER = lazy(
    r"(?:\S*/)?(?:cat|bat|less|more|head|tail|grep|egrep|rg|ag|sed|awk|jq|find|ls|echo|printf|diff|zcat|journalctl"
    r"|git|gh|tree|stat|file|cut|sort|uniq|tac|strings|pip|pip3|brew|docker\s+logs|kubectl\s+logs|curl|wget|nl|wc)\b"
)
_HINT = HintedPattern(
    "test|spec|check|tox|nox|jest|mocha|pest|phpunit|ci|verify|ginkgo|mvn|gradle|nose|ava|tap|npm t"
    "|cargo t",
    r"test|spec|check|tox|nox|jest|mocha|pest|phpunit|\bci\b|verify|ginkgo|mvn|gradle|nose|\bava\b|\btap\b"
    r"|npm t|cargo t",
)
_NEUTRAL = lazy(
    r"(?:cd|export|set|unset|source|\.|true|false|exit|sleep|pwd|mkdir|touch|sync|wait|date|:|#.*"
    r"|echo|printf|git\s+(?:add|status|stash))(?:\s|$)"
)
_WRITTEN = lazy(r"(?:&|\d)?>>?\s*([^\s'\"|;&<>]+)|\btee\s+(?:-a\s+)?([^\s'\"|;&<>]+)")
_TELLS_STATUS = HintedPattern(
    "echo|PIPESTATUS",
    r"""^[^|]*(?:;|&&|⏎|\n)\s*echo\s+["']?[^;|&]{0,40}\$(?:\?|\{?(?:rc|status|RC|EXIT|code)\b)"""
    r"""|PIPESTATUS""",
)
_GOES_ON = lazy(r"\||;|\n|⏎|&\s*$")
_STATUS = lazy(r"(?:^|[\s=:])(\d{1,3})\W*\Z")
_SUITE_WORDS = frozenset(
    {"test", "tests", "runtests", "runtest", "testall", "alltests", "unittests"}
)
_SHELL_ENDINGS = frozenset({"", "sh", "bash", "zsh", "cmd", "bat", "ps1"})
_LONGEST = 4000
_DEEPEST = 4


def runner(command: str) -> str:
    """The test runner a command starts, "script" for a script named like one; "" for none."""
    return runner_words(command)[0]


@lru_cache(maxsize=512)
def runner_words(command: str) -> tuple[str, str]:
    """The test runner a command starts, and what stands behind it; two empty texts for none."""
    command = command[:_LONGEST]
    return _runner(command, _DEEPEST) if _HINT.search(command) else ("", "")


def _runner(command: str, depth: int) -> tuple[str, str]:
    if depth and "sh" in command:
        for inner in _QUOTED_SHELL.finditer(command):
            found = _runner(inner.group(2), depth - 1)
            if found[0]:
                return found
        command = _QUOTED_SHELL.sub(" ", command)
    for segment in split_commands(command):
        head = _bare(segment)
        match = _RUN.match(head)
        if match is not None and not _IDLE.search(head):
            return str(match.lastgroup), head[match.end() :]
    return "", ""


def _bare(segment: str) -> str:
    """A simple command without what is wrapped around it."""
    segment = segment.strip()
    while (match := _PREFIX.match(segment)) is not None:
        segment = segment[match.end() :]
    return segment


def reads_only(command: str) -> bool:
    """Whether what a command prints at its end is merely shown, and may come from elsewhere.

    A log that an earlier part of the same command wrote counts as that part's own output.
    """
    command = command[:_LONGEST]
    pipelines = [part for part in split_pipelines(command) if part.strip()]
    written: set[str] = set()
    last = ""
    for pipeline in pipelines:
        head = _bare(pipeline)
        if _NEUTRAL.match(head):
            continue
        reader = _READER.match(head) is not None
        if reader and written.intersection(re.findall(r"[^\s'\"|;&<>]+", head)):
            continue
        last = "reader" if reader else "doer"
        if not reader:
            written.update(name for pair in _WRITTEN.findall(pipeline) for name in pair if name)
    return last != "doer"


def status_counts(command: str) -> bool:
    """Whether the command's exit status is the runner's own, not that of a later part."""
    return _GOES_ON.search(command[:_LONGEST].strip()) is None


def printed_status(command: str, output: str) -> int | None:
    """The runner's exit status where the command prints it at its end, as `…; echo $?` does."""
    if _TELLS_STATUS.search(command[:_LONGEST]) is None:
        return None
    found = _STATUS.search(output[-80:])
    return int(found.group(1)) if found is not None else None


def may_be_a_suite(command: str, kind: str) -> bool:
    """Whether a command without a readable summary counts as a run at all.

    A script does if its own name says so; one that merely lies in a folder of tests does not.
    """
    return kind != "script" or any(_suites(command))


def counts_by_status(command: str, kind: str) -> bool:
    """Whether a run without a readable summary may be judged by how it ended.

    Of scripts only those can that are called like a suite: "./run_tests.sh", not "check_env.py".
    """
    return kind != "script" or any(end in _SHELL_ENDINGS for _, end in _suites(command))


def _suites(command: str) -> Iterator[tuple[str, str]]:
    """Name and ending of every word of a command that is called like a suite of tests."""
    for word in re.split(r"[\s;&|()'\"]+", command[:_LONGEST]):
        name, _, ending = word.rsplit("/", 1)[-1].partition(".")
        if not _SUITE_WORDS.isdisjoint(re.split(r"[-_]", name.lower())):
            yield name, ending


_WORD = lazy(r"""(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*")+""")
_REDIRECT = lazy(r"\d?>>?\s*&?\s*\S+|<\s*\S+")
_FILTERS_WORDS = """
    -k -t -m -run --run --grep -g --fgrep --filter --lf --last-failed --only --tests
    --test-name-pattern --testNamePattern --testPathPattern --testPathPatterns --changed
    --onlyChanged --only-changed -o --findRelatedTests --deselect --ignore -R -L -E
    --testsuite --lib --test --bin --doc --package -p --example -Dtest -Dit.test --test-path
    --pattern --tag --only-testing --spec --onlyFailures --only-failures --lsof --sw
    --stepwise --failed-first-only --related
"""
_FILTERS = frozenset(_FILTERS_WORDS.split())
_NOT_FILTERS = {
    "go": frozenset({"-p", "-o", "-t", "-m"}),
    "unittest": frozenset({"-p", "-t", "--pattern"}),
    "tox": frozenset({"-p", "-o", "-m"}),
    "pytest": frozenset({"-p", "-o", "-t"}),
    "make": frozenset({"-k", "-o", "-t"}),
    "ctest": frozenset({"-t", "-o"}),
    "maven": frozenset({"-o", "-t"}),
    "gradle": frozenset({"-t", "-m", "-p"}),
}
_EVERYTHING_WORDS = """
    tests test spec specs src discover run all verify check ci __tests__ install build clean
    e
"""
_EVERYTHING = frozenset(_EVERYTHING_WORDS.split())
_LIKE_A_TEST = lazy(r"[/.:\\]|^test_|_test$|_spec$|^Test[A-Z]|[a-z]Test$")
_PART = lazy(
    r"\btests?[-_:](unit|integration|e2e|smoke|quick|fast|changed)\b"
    r"|\b(unit|integration|e2e|smoke|quick|fast)[-_:]tests?\b"
)
_STARTS_OTHERS = frozenset({"make", "npm", "script", "tox"})


@lru_cache(maxsize=512)
def narrowed_to(command: str) -> str:
    """What a test command is limited to: a file, a filter, a part; "" when it runs everything."""
    kind, rest = runner_words(command)
    words = _words(rest)
    before = ""
    for place, quoted in enumerate(words):
        word = quoted.strip("'\"")
        option, _, value = word.partition("=")
        if word.startswith("-"):
            if option in _FILTERS and option not in _NOT_FILTERS.get(kind, ()):
                return value or _value(words[place + 1 :]) or option
        elif _narrow(word, before, kind):
            return word
        before = word
    part = _PART.search(command) if kind in _STARTS_OTHERS else None
    return str(part.group(0)) if part is not None else ""


def _words(text: str) -> list[str]:
    """The words of a command without its redirections; a quotation is part of its word."""
    if "<" in text or ">" in text:
        text = _REDIRECT.sub(" ", text)
    return _WORD.findall(text) if "'" in text or '"' in text else text.split()


def _value(words: list[str]) -> str:
    """What an option that these words follow is given."""
    word = words[0].strip("'\"") if words else ""
    return "" if word.startswith("-") else word


def _narrow(word: str, before: str, kind: str) -> bool:
    """Whether a word that is no option names a part; behind an option it is rather its value."""
    name = word.strip("./\\")
    if name in _EVERYTHING or not name or name[0] == "*" or "=" in word or word.endswith("…"):
        return False
    if before.startswith("-") and before != "--" and not before.startswith("-v"):
        return "::" in word or word.endswith((".py", ".ts", ".tsx", ".js", ".rb", ".php"))
    if kind in _STARTS_OTHERS:
        return _LIKE_A_TEST.search(word) is not None
    return True


_REFUSED = lazy(
    r"requires approval|requested permissions|^(?:<[^>]*>)?Cancelled: |the user said:"
    r"|tool use was rejected|doesn't want to (?:proceed|take)|hook error"
    r"|interrupted by user|has been denied|was denied|^(?:<[^>]*>)?Blocked: "
)
_BACKGROUND = lazy(
    r"(?:running in (?:the )?background|manually backgrounded|moved to the background)"
    r"[^\n]*?\bID: ([\w-]+)"
)


def recognise(
    use: ToolCall, result: ToolResult, at: float | None, ref: SourceRef
) -> TestRun | None:
    """The test run that a shell command was, judged by the command and by what it printed.

    A command known to run tests counts even without a readable summary; any other counts only if
    its output ends in a runner's summary and the command does more than show text.
    """
    command = use.command or use.target
    text = result.excerpt
    expected = runner(command)
    if not expected and (not promising(text) or reads_only(command)):
        return None
    outcome = _outcome(text, expected)
    if outcome is not None:
        return _run(command, use.target, outcome, text, at, ref)
    if not expected or (result.is_error and _REFUSED.search(text)) or never_started(text):
        return None
    if not may_be_a_suite(command, expected):
        return None
    verdict = _by_ending(command, expected, result)
    part = narrowed_to(command)
    return TestRun(at, shorten(use.target, 200), expected, None, None, verdict, ref, 0, part)


def _outcome(text: str, expected: str) -> TestOutcome | None:
    """What the summary says, also where a runner was started through another one's name."""
    outcome = read(text, expected)
    if outcome is None and expected and expected != "script" and promising(text):
        return read(text)
    return outcome


def _run(
    command: str, line: str, outcome: TestOutcome, text: str, at: float | None, ref: SourceRef
) -> TestRun:
    """The run a summary tells of; one that was ended early is not green for what it got done."""
    verdict = outcome.verdict
    if verdict == "green" and cut_short(text):
        verdict = "unknown"
    return TestRun(
        at,
        shorten(line, 200),
        outcome.framework,
        outcome.passed,
        outcome.failed,
        verdict,
        ref,
        outcome.skipped,
        narrowed_to(command),
    )


def _by_ending(command: str, kind: str, result: ToolResult) -> Verdict:
    """The verdict of a run that printed no summary."""
    if "background" in result.excerpt and _BACKGROUND.search(result.excerpt):
        return "unknown"
    told = ending(plain(result.excerpt), result.is_error)
    if told is not None:
        return told
    if not counts_by_status(command, kind):
        return "unknown"
    if result.is_error:
        return "red"
    status = printed_status(command, result.excerpt)
    if status is not None:
        return "red" if status else "green"
    return "green" if status_counts(command) else "unknown"
