"""Which parts of a shell command run tests, with which runner and in which folder."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tui.night.evidence.shell_parser import SEPARATOR
from tui.system.lazy_pattern import HintedPattern, lazy

_QUOTED_SHELL = lazy(
    r"""(?:^|\s)(?:\S*/)?(?:ba|z|da|k)?sh\s+-\w*c\s+(['"])(.*?)(?:\1|\Z)""", re.DOTALL
)
_PREFIX = lazy(
    r"""\s*(?: [A-Za-z_]\w*=(?:'[^']*'|"[^"]*"|\S*)
    | sudo(?:\s-\S+)* | time(?:\s-p)? | nice(?:\s-n\s*\S+)? | env(?:\s-\S+)* | exec | command | nohup
    | caffeinate | then | do | else | if | elif | while | until | setsid | c8 | ddtrace-run | cross-env
    | stdbuf(?:\s-\S+)* | chrt\s+\S+ | ionice(?:\s-\S+)* | strace(?:\s-\S+)* | script\s+-q\S*\s+\S+(?:\s+-c)?
    | xvfb-run(?:\s-\S+)* | g?timeout(?:\s-\S+)*\s+\S+ | npx(?:\s+--?\S+)* | bunx(?:\s+--?\S+)*
    | (?:uvx|pipx\s+run|uv\s+tool\s+run)(?:\s+--?\S+)*
    | (?P<tasks>(?:\S*/)?(?:uv|poetry|pipenv|pdm|hatch|rye|pixi|conda|mamba|micromamba)\s+run)
      (?:\s+(?:--(?:with|python|extra|group|directory|project|package|env-file|name)|-[pCnGe])\s+\S+
        |\s+--?\S+)*
    | bundle\s+exec | (?:op|doppler|dotenvx|infisical)\s+run(?:\s+--?\S+)*
    | (?:pnpm|yarn|npm)\s+(?:exec|dlx)(?:\s+--)? | nix-shell\s.*?--run
    | nix\s+(?:develop|shell)\s.*?(?:-c|--command)
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
    ("pytest", r"(?:\S*/)?(?:pytest(?:-3)?|py\.test)\b"),
    (
        "unittest",
        r"(?:unittest\b|django(?:-admin)?\s+test\b|nose2?\b|nosetests\b|(?:\S*/)?(?:trial|stestr\s+run|green)\s"
        r"|(?:\S*/)?(?:python[\d.]*\s+|coverage\s+run\s+)?\S*manage\.py\s+test\b)",
    ),
    ("tox", r"(?:\S*/)?(?:tox|nox)\b(?!\S*\.)"),
    ("vitest", r"(?:\S*/)?vitest\b"),
    ("jest", r"(?:\S*/)?jest\b|react-scripts\s+test\b|craco\s+test\b"),
    ("mocha", r"(?:\S*/)?(?:mocha|(?:nyc|c8)\s+\S*mocha|hardhat\s+test|truffle\s+test)\b"),
    ("playwright", r"(?:\S*/)?playwright\s+test\b"),
    ("cypress", r"(?:\S*/)?cypress\s+run\b"),
    ("bun", r"bun\s+test\b"),
    ("deno", r"deno\s+test\b"),
    ("node", r"(?:node|tsx)\b(?:\s+--?\S+)*\s+--test\b|uvu\b|lab\b(?=\s+-)|japa\b"),
    ("tap", r"(?:\S*/)?(?:tap|tape)\b"),
    ("ava", r"(?:\S*/)?ava\b"),
    (
        "npm",
        r"(?:npm|pnpm|yarn|bun)(?:\s+workspaces?\s+(?:foreach\s+(?:-\S+\s+)*)?\S+)?"
        r"(?:\s+--?\S+(?:\s+(?!run\b|test\b|t\b)[\w@/.*-]+)?)*\s+(?:run(?:-script)?\s+)?"
        r"(?:--?\S+\s+)*(?:t|tst|tests?|(?:\w+[:\-])+(?:tests?|spec)|ci[:\-]tests?)(?:[:\-]\S+)?(?=\s|$)"
        r"|node\s+--run\s+tests?\b",
    ),
    ("go", r"(?:\S*/)?(?:(?:rich)?go(?:\s+-C\s+\S+)?\s+test|gotestsum|ginkgo)\b"),
    (
        "cargo",
        r"(?:\S*/)?cargo(?:\s+\+\S+)?(?:\s+-C\s+\S+)?\s+(?:(?:hack|miri)\s+)?(?:test|t|nextest"
        r"|tarpaulin|llvm-cov)\b"
        r"|wasm-pack\s+test\b",
    ),
    ("rspec", r"(?:\S*/)?rspec\b"),
    (
        "minitest",
        r"(?:\S*/)?(?:rake|rails)\s+(?:test|spec)\b|(?:\S*/)?m\s+test/|ruby\s+(?:-\S+\s+)*(?:test/\S+"
        r"|\S*_test\.rb)",
    ),
    ("bats", r"(?:\S*/)?(?:bats|shellspec|bashunit)\b"),
    ("gtest", r"(?:\./|\S*/)\S*(?:_tests?|[Tt]ests?)(?=\s|$)(?=.*--gtest)"),
    (
        "phpunit",
        r"(?:php\s+)?(?:\S*/)?(?:phpunit|pest|paratest|codecept\s+run)\b|php\s+artisan\s+test\b"
        r"|composer\s+(?:run\s+)?test\b",
    ),
    ("ctest", r"(?:\S*/)?ctest\b"),
    ("maven", r"(?:\S*/)?mvnd?w?\b.*?\b(?:test|verify|install|integration-test)\b"),
    ("gradle", r"(?:\S*/)?gradlew?\b.*?(?:\b(?:test|check|build)\b|[a-z]Test\b|\btest[A-Z])"),
    ("dotnet", r"dotnet\s+(?:test|vstest)\b"),
    ("swift", r"swift\s+test\b|xcodebuild\b.*?\btest(?:-without-building)?\b"),
    ("mix", r"mix\s+test\b"),
    ("gleam", r"gleam\s+test\b"),
    ("rebar", r"(?:\S*/)?rebar3\b.*\b(?:eunit|ct|proper)\b"),
    (
        "bazel",
        r"(?:bazel(?:isk)?|blaze|pants|buck2?|please|plz)\b(?:\s+--?\S+)*\s+(?:test|coverage)\b",
    ),
    ("flutter", r"(?:fvm\s+)?(?:flutter|dart)\s+(?:pub\s+run\s+)?test\b"),
    (
        "sbt",
        r"(?:\S*/)?sbt\b.*?\btest(?:Only|Quick)?\b|(?:\S*/)?(?:mill|scala-cli|scala)\b.*\btest\b",
    ),
    ("clojure", r"lein\s+test\b|clj\S*\s.*\btest\b|clojure\s.*\btest\b|bb\s+test\b|kaocha\b"),
    (
        "jasmine",
        r"(?:\S*/)?(?:jasmine|karma\s+(?:start|run)|ng\s+test|testcafe|wdio(?:\s+run)?|nightwatch|ember\s+test"
        r"|wtr|web-test-runner)\b",
    ),
    ("zig", r"(?:\S*/)?zig\s+(?:build\s+(?:\S+\s+)*?test\b|test\b)"),
    (
        "testthat",
        r"(?:\S*/)?(?:Rscript|R)\b.*(?:testthat::|devtools::(?:test|check)|test_(?:dir|local|check"
        r"|file|package)\b"
        r"|tinytest::|\btest\(\))|R\s+CMD\s+check\b",
    ),
    (
        "nix",
        r"nix\s+(?:\S+\s+)*?flake\s+check\b|nix\s+build\s.*#checks\b|nix-build\s.*-A\s*(?:checks|tests)\b",
    ),
    ("robot", r"(?:\S*/)?(?:robot|pabot)\b(?=\s)"),
    ("behave", r"(?:\S*/)?behave\b"),
    ("cucumber", r"(?:\S*/)?cucumber(?:-js)?\b"),
    ("busted", r"(?:\S*/)?busted\b"),
    ("prove", r"(?:\S*/)?prove\b|(?:perl\s+)?\./Build\s+test\b"),
    ("crystal", r"crystal\s+spec\b"),
    ("elm", r"(?:\S*/)?elm-test(?:-rs)?\b"),
    ("forge", r"forge\s+(?:test|coverage)\b"),
    ("dbt", r"dbt\s+(?:--?\S+\s+)*(?:test|build)\b"),
    ("terraform", r"(?:terraform|tofu)\s+(?:-\S+\s+)*test\b"),
    (
        "expectations",
        r"great_expectations\s+(?:--\S+\s+)*checkpoint\s+run\b|gx\s+checkpoint\s+run\b",
    ),
    ("haskell", r"(?:stack|cabal)\s+(?:\S+\s+)*?test\b|stack\s+build\s.*--test\b"),
    ("dune", r"(?:opam\s+exec\s+--\s+)?dune\s+(?:\S+\s+)*?(?:test|runtest)\b"),
    ("julia", r"julia\b.*(?:Pkg\.test\(|runtests\.jl)"),
    (
        "other",
        r"(?:nimble|opa|anchor|aptos\s+move|sui\s+move|molecule|kitchen|zef)\s+test\b"
        r"|helm\s+unittest\b|inspec\s+exec\b",
    ),
    (
        "make",
        r"(?:(?:g?make|ninja|just|task|invoke|inv|doit|mage|moon(?:\s+run)?|nx(?:\s+(?:run-many|run|affected))?"
        r"|turbo(?:\s+run)?|lerna\s+run|rush"
        r"|mise\s+(?:run|r|task)|mise|hatch|pdm|rye|pixi|poe|poetry\s+poe|earthly|dagger|cargo\s+(?:make|xtask)"
        r"|cmake\s+--build\s+\S+|meson)\b(?:\s+\S+)*?\s+"
        r"(?:\S*[-_:+])?(?:tests?|check|ci|verify|spec)(?:[-_:]\S+)?(?=\s|$)|hatch\s+test\b)",
    ),
    (
        "script",
        r"(?:(?:ba|z|da)?sh\s+(?:-[a-z]+\s+)*|(?:\S*/)?python[\d.]*\s+(?:-[a-zA-Z]\s+)*|node\s+|(?:tsx"
        r"|ts-node|ruby|perl|php)\s+"
        r"|source\s+|\.\s+|\./|\S*/)\S*(?<![a-z])(?:(?:run|all|unit|e2e|smoke)?tests?|check|ci"
        r"|verify)(?![a-z])\S*",
    ),
)
_RUN = lazy("|".join(f"(?P<{name}>{pattern})" for name, pattern in _RUNNERS))
_TASK = lazy(r"(?:\S*[-_:])?(?:tests?|spec|ci|check|verify)(?:[-_:]\S+)?(?=\s|$)")
_IDLE = lazy(
    r"-(?<=\s-)-?(?:version|help|h|collect-only|co|list|list-tests|listTests|no-run|fixtures|markers"
    r"|showConfig|dry-run"
    r"|dryrun|setup-plan|setup-only|show-only|print-labels|DskipTests|Dmaven\.test\.skip(?:=true)?"
    r"|list-suites|list-groups"
    r"|fixtures-per-test|cache-show)\b(?!=false)"
)
_IDLE_OF = {
    "vitest": lazy(r"\s+list\b"),
    "go": lazy(r"\s-(?:c|n|list)(?=\s|=|$)"),
    "ctest": lazy(r"\s-N\b"),
    "make": lazy(r"(?<=make)\s(?:\S+\s+)*?-(?:n|q|-just-print|-question)(?=\s|$)"),
    "gradle": lazy(r"\s-m(?=\s|$)|\s(?:-x|--exclude-task)\s+:?(?:\w+:)*test\b"),
    "dotnet": lazy(r"\s-t(?=\s|$)"),
    "tox": lazy(r"\s(?:-l|list|config|--listenvs|--notest|-n)(?=\s|$)"),
    "nix": lazy(r"\s--no-build\b"),
    "zig": lazy(r"\s--(?:test-no-exec|test-cmd-bin)\b"),
    "robot": lazy(r"\s--dryrun\b"),
    "bazel": lazy(r"\s--(?:nobuild|nocheck|build_tests_only\s+--norun)\b"),
    "behave": lazy(r"\s-d(?=\s|$)"),
    "cargo": lazy(r"\s--\s(?:.*\s)?--list\b|nextest\s+(?:list|show-config|archive)\b"),
}
_HINT = HintedPattern(
    "test|spec|check|tox|nox|jest|mocha|pest|phpunit|ci|verify|ginkgo|mvn|gradle|nose|ava|tap|npm t"
    "|cargo t|cypress|karma|robot|pabot|behave|cucumber|busted|prove|eunit|rebar3|trial|green|wdio|nightwatch"
    "|jasmine|llvm-cov|bashunit|uvu|wtr|dbt|Build|exec|coverage|yarn t|japa|codecept|kaocha|checkpoint",
    r"test|spec|check|tox|nox|jest|mocha|pest|phpunit|\bci\b|verify|ginkgo|mvn|gradle|nose|\bava\b|\btape?\b"
    r"|npm t|cargo t|yarn t|cypress|karma|robot|pabot|behave|cucumber|busted|\bprove\b|eunit|rebar3"
    r"|\btrial\b|\bgreen\b"
    r"|wdio|nightwatch|jasmine|llvm-cov|bashunit|\buvu\b|\bwtr\b|\bdbt\b|\bBuild\b|inspec|coverage"
    r"|\bjapa\b|codecept|kaocha"
    r"|checkpoint",
)
_LONGEST = 4000
_DEEPEST = 4
_CD = lazy(
    r"""[({\s]*(?:builtin\s+|command\s+)?(?:cd|pushd)\s+(?:-[LPe]\s+|--\s+)*('[^']*'|"[^"]*"|[^\s)]+)"""
)
_HOME = lazy(r"^\$(?:HOME\b|\{HOME\})")
_BEGIN = lazy(r"^(?:\$PWD|\$\{PWD\}|\$\(pwd\))/")
_OPENS = lazy(r"\s*\(+")
_FOLDER = lazy(
    r"""(?:^|\s)(?:-C|--directory|--rootdir|--rootDir|--prefix|--dir|--cwd|--manifest-path|--project-dir|--root
    |(?<=mvn\s)-f)(?:\s+|=)('[^']*'|"[^"]*"|[^\s;|&]+)""",
    re.VERBOSE,
)
_CONTAINER = lazy(r"\b(?:docker|podman)\s+run\b")
_MOUNTS = lazy(r"\s(?:-v|--volume|--mount)\b|\s-v\S")
ELSEWHERE = "/…"
"""A folder that a command made for itself, or that of a container: whatever it is, not the project."""


class RunnerCall(NamedTuple):
    """One call of a test runner in a command: `rest` stands behind it, `after` it up to the command's end.

    `head` is the whole call without wrappers. `folder` is where it runs, as the command names it: empty
    where the command begins. `image` is set in a container that sees nothing of this machine.
    """

    kind: str
    rest: str
    head: str
    folder: str = ""
    image: bool = False
    after: str = ""
    negated: bool = False


def runner(command: str) -> str:
    """The test runner a command starts, "script" for a script named like one; "" for none."""
    calls = runner_calls(command)
    return calls[0].kind if calls else ""


@lru_cache(maxsize=512)
def runner_calls(command: str) -> tuple[RunnerCall, ...]:
    """Every call of a test runner in a command, in their order."""
    command = command[:_LONGEST]
    return tuple(_calls(command, "", _DEEPEST)) if _HINT.search(command) else ()


def _calls(command: str, folder: str, depth: int) -> Iterator[RunnerCall]:
    scripts: list[str] = []
    if depth and "sh" in command:

        def keep(match: re.Match[str]) -> str:
            scripts.append(match.group(2))
            return f" \0{len(scripts) - 1} "

        command = _QUOTED_SHELL.sub(keep, command)
    around: list[str] = []
    for segment, after in split_with_rest(command):
        opened = _OPENS.match(segment)
        if opened is not None:
            around += [folder] * segment[: opened.end()].count("(")
        cd = _CD.match(segment)
        if cd is not None:
            folder = joined(folder, cd.group(1), command)
        elif "\0" in segment:
            number = segment[segment.index("\0") + 1 :].split(None, 1)[0]
            for call in _calls(scripts[int(number)], folder, depth - 1):
                yield call._replace(
                    after=call.after + after, image=call.image or _is_image(segment)
                )
        else:
            yield from _call(segment, after, folder, command)
        for _ in range(min(len(around), segment.count(")"))):
            folder = around.pop()


def split_with_rest(command: str) -> Iterator[tuple[str, str]]:
    """The simple commands of a line as text, each with what comes after it."""
    start = 0
    for match in SEPARATOR.finditer(command):
        yield command[start : match.start()], command[match.start() :]
        start = match.end()
    yield command[start:], ""


def _call(segment: str, after: str, folder: str, command: str) -> Iterator[RunnerCall]:
    head, is_task = _bare(segment)
    match = _RUN.match(head)
    kind = str(match.lastgroup) if match is not None else ""
    if match is None and is_task:
        match, kind = _TASK.match(head), "make"
    if match is None or _IDLE.search(head):
        return
    idle = _IDLE_OF.get(kind)
    if idle is not None and idle.search(head):
        return
    named = _FOLDER.search(segment)
    if named is not None:
        place = named.group(1).strip("'\"")
        place = posixpath.dirname(place) or "." if place.endswith((".toml", ".xml")) else place
        folder = joined(folder, place, command)
    is_image = _is_image(segment)
    negated = segment.lstrip("( ").startswith("!")
    yield RunnerCall(kind, head[match.end() :], head, folder, is_image, after, negated)


def _is_image(segment: str) -> bool:
    """Whether it runs in a container that no folder of this machine is mounted into."""
    return _CONTAINER.search(segment) is not None and _MOUNTS.search(segment) is None


def _bare(segment: str) -> tuple[str, bool]:
    """A simple command without what is wrapped around it, and whether that was a runner of tasks."""
    segment, is_task = segment.strip(), False
    while (match := _PREFIX.match(segment)) is not None:
        segment, is_task = segment[match.end() :], bool(match.group("tasks"))
    return segment, is_task


def bare(segment: str) -> str:
    """A simple command without what is wrapped around it."""
    return _bare(segment)[0]


def joined(base: str, folder: str, command: str = "") -> str:
    """Where `cd FOLDER` leads from `base`; empty where only the shell knows."""
    folder = folder.strip("'\"")
    if folder in ("-", "") or "show-toplevel" in folder:
        return ""
    folder = _BEGIN.sub("", _HOME.sub("~", folder))
    if "$" in folder or "`" in folder or folder.startswith("\0"):
        return ELSEWHERE if "mktemp" in command or "TMP" in folder else ""
    place = posixpath.normpath(posixpath.join(base, folder))
    return "" if place == "." else place


def folder_after(command: str, base: str) -> str:
    """The folder that a command leaves its shell in, which began in `base`."""
    folder, around = base, []
    for segment, after in split_with_rest(command):
        opened = _OPENS.match(segment)
        if opened is not None:
            around += [folder] * segment[: opened.end()].count("(")
        cd = _CD.match(segment)
        if cd is not None and not after.startswith("|"):
            folder = joined(folder, cd.group(1), command)
        for _ in range(min(len(around), segment.count(")"))):
            folder = around.pop()
    return folder
