"""Whether a shell command was a run of tests, and which run: green, red, or one that told nothing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import SuiteCount, TestRun, Verdict
from tui.night.evidence.shell_parser import split_pipelines
from tui.night.evidence.test_output import (
    TestOutcome,
    cut_short,
    ending,
    failed_after,
    lacks_coverage,
    never_started,
    plain,
    promising,
    summaries,
)
from tui.night.evidence.test_runners.calls import (
    ELSEWHERE,
    RunnerCall,
    bare,
    folder_after,
    runner_calls,
)
from tui.night.evidence.test_runners.scope import scope_of
from tui.night.evidence.test_runners.unrun_scripts import runs_nothing, says_nothing
from tui.system.format import shorten
from tui.system.lazy_pattern import HintedPattern, lazy

_READER = lazy(
    r"(?:\S*/)?(?:cat|bat|less|more|head|tail|grep|egrep|rg|ag|sed|awk|jq|find|ls|echo|printf|diff"
    r"|zcat|journalctl"
    r"|git|gh|tree|stat|file|cut|sort|uniq|tac|strings|pip|pip3|brew|docker\s+logs|kubectl\s+logs|curl"
    r"|wget|nl|wc)\b"
)
_NEUTRAL = lazy(
    r"(?:cd|export|set|unset|source|\.|true|false|exit|sleep|pwd|mkdir|touch|sync|wait|date|:|#.*"
    r"|echo|printf|git\s+(?:add|status|stash))(?:\s|$)"
)
_WRITTEN = lazy(r"(?:&|\d)?>>?\|?\s*([^\s'\"|;&<>()]+)|\btee\s+(?:-a\s+)?([^\s'\"|;&<>()]+)")
_TELLS_STATUS = HintedPattern(
    "$?|PIPESTATUS",
    r"""\A\s*(?:;|&&|⏎|\n)\s*(?:echo|printf)\s[^;|&\n⏎]{0,60}\$\?|PIPESTATUS"""
    r"""|\A\s*(?:;|⏎|\n)\s*(\w+)=\$\?.*(?:echo|printf)\s[^;|&\n⏎]{0,60}\$\{?\1\b""",
    re.DOTALL,
)
_GOES_ON = lazy(r"\||;|\n|⏎|(?<![&>])&(?![&>])")
_STATUS = lazy(r"(?:^|[\s=:])(\d{1,3})\W*\Z")
_SUITE_WORDS = frozenset(
    {"test", "tests", "runtests", "runtest", "testall", "alltests", "unittests", "spec", "specs"}
)
_SHELL_ENDINGS = frozenset({"", "sh", "bash", "zsh", "cmd", "bat", "ps1"})
_LONGEST = 4000
_STARTS_OTHERS = frozenset({"make", "npm", "script", "other"})
"""Runners that only start others, whose output may have any shape."""
_MAYBE_NO_TESTS = frozenset({"make", "script"})
_SHORTEST_ECHO = 6
OWN = "own"
"""The framework of a call of the project's own test command that printed no summary."""


def reads_only(command: str) -> bool:
    """Whether what a command prints at its end is merely shown, and may come from elsewhere.

    A log that an earlier part of the same command wrote counts as that part's own output.
    """
    command = command[:_LONGEST]
    pipelines = [part for part in split_pipelines(command) if part.strip()]
    written: set[str] = set()
    last = ""
    for pipeline in pipelines:
        head = bare(pipeline)
        if _NEUTRAL.match(head):
            continue
        reader = _READER.match(head) is not None
        if reader and written.intersection(re.findall(r"[^\s'\"|;&<>]+", head)):
            continue
        last = "reader" if reader else "doer"
        if not reader:
            written.update(name for pair in _WRITTEN.findall(pipeline) for name in pair if name)
    return last != "doer"


def written_by(call: RunnerCall) -> tuple[str, ...]:
    """The files that a runner's output goes to, "/dev/null" among them."""
    piped = call.after if call.after.lstrip().startswith("|") else ""
    found = [*_WRITTEN.findall(call.head), *_WRITTEN.findall(piped.partition(";")[0])]
    return tuple(name for pair in found for name in pair if name)


def status_counts(call: RunnerCall) -> bool:
    """Whether the command's success is the runner's own: nothing after it can hide that it failed."""
    after = call.after.strip(" \t\n⏎;)}")
    return not call.negated and (not after or _GOES_ON.search(after) is None)


def failure_counts(call: RunnerCall, command: str) -> bool:
    """Whether the command's failure is the runner's own: nothing else comes after it."""
    after = call.after.strip(" \t\n⏎;)}")
    return not call.negated and (not after or ("pipefail" in command and after[0] == "|"))


def printed_status(call: RunnerCall, output: str) -> int | None:
    """The runner's exit status where the command prints it at its end, as `…; echo $?` does."""
    if _TELLS_STATUS.search(call.after) is None:
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
    if kind == "script":
        return any(end in _SHELL_ENDINGS for _, end in _suites(command))
    return kind != "make" or any(_suites(command))


def _suites(command: str) -> Iterator[tuple[str, str]]:
    """Name and ending of every word of a command that is called like a suite of tests."""
    for word in re.split(r"[\s;&|()'\"]+", command[:_LONGEST]):
        name, _, ending = word.rsplit("/", 1)[-1].partition(".")
        if not _SUITE_WORDS.isdisjoint(re.split(r"[-_:+]", name.lower())):
            yield name, ending


_REFUSED = lazy(
    r"requires approval|requested permissions|^(?:<[^>]*>)?Cancelled: |the user said:"
    r"|tool use was rejected|doesn't want to (?:proceed|take)|hook error"
    r"|interrupted by user|has been denied|was denied|^(?:<[^>]*>)?Blocked: "
)
_BACKGROUND = lazy(
    r"(?:running in (?:the )?background|manually backgrounded|moved to the background)"
    r"[^\n]*?\bID: ([\w-]+)"
)
_EXIT = lazy(r"(?:Error: )?Exit code [1-9]")


def background_id(text: str) -> str:
    """The id under which the output of a command will come that goes on in the background."""
    told = _BACKGROUND.search(text) if "background" in text else None
    return told.group(1) if told is not None else ""


# complexity: one line for each thing that makes a command no run, or no run that counts
def recognise(
    use: ToolCall, result: ToolResult, at: float | None, ref: SourceRef, own: str = ""
) -> TestRun | None:
    """The test run that a shell command was, judged by the command and by what it printed.

    A command known to run tests counts even without a readable summary; any other counts only if
    its output ends in a runner's summary and the command does more than show text. `own` is the
    project's own test command: a call of it that succeeds is green.
    """
    command = use.command or use.target
    text = result.excerpt
    calls = runner_calls(command)
    is_own = bool(own) and own in command and _is_called(own, command)
    if not calls and not is_own and (not promising(text) or reads_only(command)):
        return None
    ok = bool(calls) and not result.is_error and status_counts(calls[-1])
    outcomes = _outcomes(command, text, calls, ok=ok)
    if any(map(_counts, outcomes)):
        verdict = _by_summaries(command, calls, outcomes, result)
        return _run(command, use.target, outcomes, verdict, at, ref)
    if not (calls or is_own) or (result.is_error and _REFUSED.search(text)) or never_started(text):
        return None
    kind = OWN if is_own else calls[0].kind
    if not is_own and not may_be_a_suite(command, kind):
        return None
    told = "unknown" if outcomes else _by_ending(command, calls, result, is_own)
    run = _run(command, use.target, outcomes, told, at, ref)
    return _uncounted(run, outcomes[0].framework if outcomes else kind)


# complexity: the result may be a summary, an exit code, or last words
def heard_later(
    command: str,
    text: str,
    at: float | None,
    ref: SourceRef,
    started: SourceRef,
    status: int | None,
) -> TestRun | None:
    """The run that `command` was, whose output was looked at later; None where that tells no end.

    `status` is its exit code, if somebody told it.
    """
    calls = runner_calls(command)
    outcomes = _outcomes(command, text, calls) or _outcomes(command, text, ())
    if not any(map(_counts, outcomes)):
        told = ending(plain(text), failed=bool(status))
        if told is None and status is not None and calls and not says_nothing(text):
            told = "red" if status else "green"
        if told not in ("green", "red"):
            return None
        kind = calls[0].kind if calls else "script"
        run = _uncounted(_run(command, command, (), told, at, ref), kind)
    else:
        verdict = "unknown" if cut_short(text) else _worst(outcomes)
        if verdict == "green" and (status or failed_after(text, outcomes[0])):
            verdict = "red"
        run = _run(command, command, outcomes, verdict, at, ref)
    return replace(run, started=started)


def _is_called(own: str, command: str) -> bool:
    """Whether a part of the command is a call of the project's own test command."""
    parts = split_pipelines(command)
    return any(bare(part).startswith(own) or part.strip().startswith(own) for part in parts)


def _outcomes(
    command: str, text: str, calls: Sequence[RunnerCall], *, ok: bool = False
) -> list[TestOutcome]:
    """The summary of each runner that the command calls, the last one first; `ok`: it did succeed.

    What the command itself prints, as `echo "2 passed in 0.1s"` does, is no summary.
    """
    kinds = list(dict.fromkeys(call.kind for call in calls)) or [""]
    found = [one for kind in kinds for one in _of_kind(command, text, kind, calls, ok=ok)]
    seen = {one.at: one for one in reversed(found)}
    return [seen[at] for at in sorted(seen, reverse=True)]


def _of_kind(
    command: str, text: str, kind: str, calls: Sequence[RunnerCall], *, ok: bool
) -> list[TestOutcome]:
    """What a runner tells at its end, and what those that it started told before of failures."""
    told = summaries(text, kind, len(calls) > 1)
    if kind not in ("", "script") and not any(map(_counts, told)) and promising(text):
        # A runner may have been started through another one's name.
        told = summaries(text) or told
    told = [one for one in told if len(one.line) < _SHORTEST_ECHO or one.line not in command]
    best = next(filter(_counts, told), None)
    if best is None:
        return told[:1]
    if ok or kind not in _STARTS_OTHERS:
        return [best]
    before = (one for one in told if one.failed and one.at < best.at and one.line != best.line)
    return [best, *before]


def _counts(outcome: TestOutcome) -> bool:
    """Whether any test passed or failed."""
    return bool(outcome.passed or outcome.failed)


def _worst(outcomes: Sequence[TestOutcome]) -> Verdict:
    verdicts = {one.verdict for one in outcomes}
    return "red" if "red" in verdicts else "green" if "green" in verdicts else "unknown"


def _by_summaries(
    command: str, calls: Sequence[RunnerCall], outcomes: Sequence[TestOutcome], result: ToolResult
) -> Verdict:
    """The verdict of a run that printed a summary; one that was ended early is not green for what it did."""
    verdict, text = _worst(outcomes), result.excerpt
    if verdict != "green":
        return verdict
    if cut_short(text):
        return "unknown"
    if failed_after(text, outcomes[0]):
        return "red"
    is_red = result.is_error and _EXIT.match(result.head or text) is not None
    if is_red and calls and failure_counts(calls[-1], command) and not lacks_coverage(text):
        return "red"
    told = {one.framework for one in outcomes}
    others = {call.kind for call in calls} - _MAYBE_NO_TESTS
    if len(told) < len(others) and not status_counts(calls[-1]):
        return "unknown"
    return verdict


def _run(
    command: str,
    line: str,
    outcomes: Sequence[TestOutcome],
    verdict: Verdict,
    at: float | None,
    ref: SourceRef,
) -> TestRun:
    """The run that those summaries tell of."""
    scope = scope_of(command)
    suites = [SuiteCount(one.framework, one.passed, one.failed, one.skipped) for one in outcomes]
    return TestRun(
        at,
        shorten(line, 200),
        next(
            (one.framework for one in outcomes if one.failed),
            outcomes[0].framework if outcomes else "",
        ),
        sum(one.passed for one in outcomes),
        sum(one.failed for one in outcomes),
        verdict,
        ref,
        sum(one.skipped for one in outcomes),
        scope.part,
        scope.without,
        folder_of(command),
        tuple(suites) if len(suites) > 1 else (),
    )


def _uncounted(run: TestRun, framework: str) -> TestRun:
    """The same run with no counts."""
    return replace(run, framework=framework, passed=None, failed=None)


def folder_of(command: str) -> str:
    """Where the tests of a command ran, as it names the folder; empty where the command began."""
    calls = runner_calls(command)
    if not calls:
        return folder_after(command, "") if "cd " in command or "pushd " in command else ""
    if all(call.image for call in calls) and "docker build" not in command:
        return ELSEWHERE
    folders = {call.folder for call in calls}
    if len(folders) == 1:
        return folders.pop()
    try:
        return posixpath.commonpath(sorted(folders)) if "" not in folders else ""
    except ValueError:  # some are absolute
        return ""


# complexity: one line for each thing that speaks for a result, the surest first
def _by_ending(
    command: str, calls: Sequence[RunnerCall], result: ToolResult, is_own: bool
) -> Verdict:
    """The verdict of a run that printed no summary."""
    text = plain(result.excerpt)
    if background_id(text) or (calls and runs_nothing(text, calls[-1].kind)):
        return "unknown"
    told = ending(text, result.is_error)
    if told is not None:
        return told
    call = (
        calls[-1] if calls else RunnerCall(OWN, "", "", after=command.partition(command.strip())[2])
    )
    if not is_own and not counts_by_status(command, call.kind):
        return "unknown"
    if result.is_error:
        return "red" if failure_counts(call, command) else "unknown"
    status = printed_status(call, text)
    if status is not None:
        return "red" if status else "green"
    if not status_counts(call) or any(map(written_by, calls)):
        return "unknown"
    return "green" if is_own or not says_nothing(text, call.kind) else "unknown"
