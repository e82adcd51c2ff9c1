"""What stands beside the line of a tool call: how it went, in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tui.feeds.claude.api_failures import is_failure_text
from tui.model.cli_commands import EDITING, SUBAGENTS
from tui.model.events import ToolCall, ToolResult
from tui.model.failures import DenialKind
from tui.model.rows import Mark
from tui.system.format import clip_text, format_count_plain, format_text_size
from tui.system.lazy_pattern import lazy

_LIMIT = 160
_LOOKED_AT = 40
_EXIT = lazy(r"\AExit code (\d+)\b")
_TRACEBACK = lazy(r"Traceback \(most recent call last\)")
_RULER = lazy(r"[\W_]*\Z")
_COUNT = lazy(
    r"\b(\d+)[ \xa0](failed|passed|errors?|skipped|xfailed|xpassed|warnings?|deselected)\b"
)
_NAMED_COUNTS = lazy(r"\b(failures|errors|skipped)=(\d+)")
_VERDICTS = lazy(
    r"(?:Found \d+ errors?\b|Success: no issues found|All checks passed|\d+ problems? \("
    r"|test result: |Ran \d+ tests? in |FAILED \(|OK\Z|OK \()"
)
# A line with one count is a runner's last line only in these forms, else a sentence about tests.
_LONE_COUNT = lazy(r"(?:Tests?:?\s+)?\d+ \w+(?: in [\d.]+ ?m?s.*| \(\d+\)|,.*|\s*)\Z")
_BAD = frozenset(("failed", "error", "errors"))

# What the CLI puts around or behind an answer and is no part of it.
_ASIDES = lazy(
    r"<(system-reminder|tools-used-before-summary|local-command-caveat|usage)>.*?(?:</\1>|\Z)"
    r"|\[Subagent hand-back\][^\n]*|^agentId: \w+ \([^\n]*|^\[Showing results with[^\n]*\]$"
    r"|^\(Results are truncated[^\n]*\)$|^<total_(?:tokens|duration_ms)>[^\n]*|^REMINDER: You MUST[^\n]*",
    16 | 8,  # re.S | re.M
)
_LAST_ASIDE = lazy(r"\A(?:(?!<system-reminder>).)*</system-reminder>", 16)
_TAGS = lazy(
    r"</?(?:tool_use_error|error|system-reminder|local-command-\w+|bash-\w+|persisted-output"
    r"|sandbox_violations|stdout|stderr|output|result|retrieval_status|task_id|task_type|status"
    r"|exit_code|timestamp|command-\w+)>"
)
_SAVED = lazy(r"<persisted-output>\s*Output too large \(([^)]+)\)")
_TASK_FIELD = lazy(r"<(status|exit_code)>\s*(\w+)\s*</\1>")
_SUMMARY = lazy(r"<summary>(.*?)</summary>", 16)
_TASK_META = lazy(r"<(retrieval_status|task_id|task_type|status|exit_code|timestamp)>.*?</\1>", 16)

# How the CLI and its users say no to a call.
_PROCEED = lazy(r"The user doesn.t want to (?:proceed|take this action)|User rejected tool use")
_STOPPED = "this call was stopped while running"
_HOOK = lazy(
    r"(?:\w+:[\w*|.-]+ hook (?:error|blocking error)|Hook '?[\w:.-]+'? (?:denied|blocked)(?: this \w+)?"
    r"|Execution stopped by \w+ hook|Blocked by hook)[:\s]*(?:\[[^\]\n]*\][:\s]*)?",
    2,
)
_NO_LEAVE = lazy(
    r".{0,200}?(?:requires? approval\b|haven.t granted|(?:has been|was|is) (?:denied|blocked\b)"
    r"|denied by (?:your|the) permission|Permission (?:for|to) .{1,200}denied|permission denied by"
    r"|outside (?:the )?allowed working director)|Blocked: ",
    2 | 16,
)
_BLOCK_OF_COMMAND = lazy(r"\A(?:Exit code \d|Error: Exit)")
_NOT_RUN = lazy(r"\s*(?:Sibling tool call errored|Cancelled: parallel tool call)")
_NOTHING = lazy(
    r"\s*(?:No (?:matches|files|results?|matching \w+|content|tasks?) found\b\.?|Found 0 \w+"
    r"|0 (?:results|matches|files)\b|\(no (?:matches|results)\))",
    2,
)
_FOUND = lazy(r"Found (\d+) (files?|(?:total )?occurrences?[^\n.]*)")
_SILENT = lazy(r"\s*\(\w+ completed with no output\)\s*\Z|\s*Tool ran without output[^\n]*\Z")
_UNCHANGED = lazy(r"(?:Wasted call|File unchanged)\b")
_EMPTY_FILE = "the file exists but the contents are empty"


class ToolOutcome(NamedTuple):
    text: str
    mark: Mark


def outcome(tool: ToolCall, result: ToolResult) -> ToolOutcome:
    """What stands beside the line of a call: lines changed, tests passed, the error, the last line.

    A call that was refused, or a subagent that an error of the API ended, is never marked as gone well.
    """
    head = result.head or result.excerpt
    refused = _refusal(head, result.is_error, result.denial)
    if refused is not None:
        return refused
    if result.is_error:
        return ToolOutcome(_error(result), "error")
    if result.added or result.removed:
        return ToolOutcome(f"+{result.added} −{result.removed}", "ok")
    return _OUTCOMES.get(tool.name, _any_outcome)(result)


def _refusal(text: str, failed: bool, denial: DenialKind | None) -> ToolOutcome | None:
    """The outcome of a call that somebody did not let run; None where it ran."""
    text = _TAGS.sub("", text[:600]).lstrip()
    if _PROCEED.match(text):
        said = "stopped by the user" if _STOPPED in text else "refused by the user"
        return ToolOutcome(said, "error")
    hook = _HOOK.match(text)
    if hook is not None:
        return ToolOutcome(_cut(f"refused by a hook: {_telling_line(text[hook.end() :])}"), "error")
    if not failed:
        return None
    if _NOT_RUN.match(text):
        return ToolOutcome("not run: another call beside it failed", "warning")
    line = _telling_line(text)
    is_block = _BLOCK_OF_COMMAND.match(text) is None and _NO_LEAVE.match(line) is not None
    if denial is None and not is_block:
        return None
    words = "permission was not granted" if "granted it" in line else line
    return ToolOutcome(_cut(f"refused: {words}"), "error")


def _any_outcome(result: ToolResult) -> ToolOutcome:
    """A test run's summary, else the last line that says something."""
    text = answer_words(result.excerpt)
    summary = test_summary(text)
    if summary is not None:
        return summary
    saved = _SAVED.search(result.head)
    if saved is not None:
        return ToolOutcome(f"{saved[1]} of output", "ok")
    if _SILENT.match(text):
        return ToolOutcome("no output", "ok")
    return ToolOutcome(_cut(_telling_line(text, -1)), "ok")


def _agent_outcome(result: ToolResult) -> ToolOutcome:
    """The first line of a subagent's report."""
    if result.agent_id and "output_file:" in result.excerpt:
        return ToolOutcome("in the background", "ok")
    text = answer_words(result.head or result.excerpt).strip()
    return ToolOutcome(_cut(_telling_line(text)), "error" if agent_failed(result) else "ok")


def agent_failed(result: ToolResult) -> bool:
    """Whether a subagent's whole report is an error of the CLI: a limit, an overloaded API."""
    return is_failure_text(answer_words(result.head or result.excerpt).strip())


def _found_outcome(result: ToolResult) -> ToolOutcome:
    """How much a search found."""
    text = answer_words(result.excerpt).strip()
    head = (answer_words(result.head) if result.head else text).lstrip()
    if not text or _NOTHING.match(head):
        return ToolOutcome("nothing found", "quiet")
    found = _FOUND.match(head) or _FOUND.search(text, max(0, len(text) - 120))
    if found is not None:
        many = f"{found[1]} {found[2].removeprefix('total ')}"
        return ToolOutcome("nothing found" if found[1] == "0" else many, "ok")
    return ToolOutcome(_size(result, text), "ok")


def _web_outcome(result: ToolResult) -> ToolOutcome:
    head = result.head or result.excerpt
    if "Links: []" in head or ("Links:" in head and '"url"' not in head + result.excerpt):
        return ToolOutcome("nothing found", "quiet")
    return _found_outcome(result)


def _read_outcome(result: ToolResult) -> ToolOutcome:
    head = result.head or result.excerpt
    if _UNCHANGED.match(head):
        return ToolOutcome("unchanged since the last read", "ok")
    if _EMPTY_FILE in head[:200]:
        return ToolOutcome("an empty file", "ok")
    return ToolOutcome(_size(result, answer_words(result.excerpt)), "ok")


def _task_outcome(result: ToolResult) -> ToolOutcome:
    """The state of a background task with its exit code, and its last words."""
    head = result.head or result.excerpt
    fields = dict(_TASK_FIELD.findall(head + result.excerpt))
    status, code = fields.get("status", ""), fields.get("exit_code", "")
    if not fields:
        return _any_outcome(result)
    said = _telling_line(answer_words(_TASK_META.sub("", result.excerpt)), -1)
    bad = status in ("failed", "killed") or code not in ("", "0")
    word = f"exit {code}" if code else status
    mark: Mark = "error" if bad else "quiet" if status in ("running", "pending") else "ok"
    return ToolOutcome(_cut(" · ".join(filter(None, (word, said)))), mark)


def _changed_outcome(result: ToolResult) -> ToolOutcome:
    return ToolOutcome("", "ok")


_OUTCOMES: dict[str, Callable[[ToolResult], ToolOutcome]] = {
    **dict.fromkeys(SUBAGENTS, _agent_outcome),
    **dict.fromkeys(("Grep", "Glob", "LS", "ToolSearch"), _found_outcome),
    **dict.fromkeys(("Read", "NotebookRead", "WebFetch"), _read_outcome),
    **dict.fromkeys(("TaskOutput", "BashOutput", "AgentOutput", "AgentOutputTool"), _task_outcome),
    **dict.fromkeys((*EDITING, "TodoWrite"), _changed_outcome),
    "WebSearch": _web_outcome,
}


def answer_words(text: str) -> str:
    """The answer itself, without what the CLI puts around it; of a task's note its summary."""
    if "<task-notification>" in text and (told := _SUMMARY.search(text)) is not None:
        return told[1].strip()
    if "<" in text or "[" in text or "(Results" in text or "agentId:" in text or "REMINDER" in text:
        if "</system-reminder>" in text:
            text = _LAST_ASIDE.sub("", text)  # its beginning was cut off
        text = _TAGS.sub("", _ASIDES.sub("", text))
    return text


def test_summary(text: str) -> ToolOutcome | None:
    """The counts of the last summary line of a test run or checker near the end of `text`."""
    for line in reversed(text.rstrip().split("\n")[-_LOOKED_AT:]):
        line = line.strip("= \t-")
        counts = _COUNT.findall(line)
        if counts and (len(counts) > 1 or _LONE_COUNT.match(line)):
            return _counted(counts)
        if named := _NAMED_COUNTS.findall(line):
            return _counted([(count, word.replace("failures", "failed")) for word, count in named])
        if _VERDICTS.match(line):
            bad = line.startswith(("Found", "FAILED", "test result: FAILED")) or "problem" in line
            return ToolOutcome(_cut(line), "warning" if bad else "ok")
    return None


def _counted(counts: list[tuple[str, str]]) -> ToolOutcome:
    shown = [(number, word) for number, word in counts if number != "0"] or counts[:1]
    failed = any(word in _BAD for _, word in shown)
    text = ", ".join(f"{number} {word}" for number, word in shown)
    return ToolOutcome(_cut(text), "warning" if failed else "ok")


def _error(result: ToolResult) -> str:
    """The exit code with the tests' summary, else the first line that says something."""
    head, text = answer_words(result.head or result.excerpt), answer_words(result.excerpt)
    code = _EXIT.match(head)
    words = f"exit {code[1]}" if code else ""
    summary = test_summary(text)
    rest = head[code.end() :] if code else head
    line = _telling_line(rest)
    if _TRACEBACK.match(line):
        line = _telling_line(text, -1)
    elif line.endswith(":"):  # what it is stands in the next line
        line = f"{line} {_telling_line(rest.partition(line)[2])}".rstrip()
    return _cut(" · ".join(filter(None, (words, summary.text if summary else line))))


def _telling_line(text: str, step: int = 1) -> str:
    """The first line, or with `step` -1 the last, with a letter or digit in it."""
    lines = text.rstrip().split("\n")[::step]
    return next((line.strip() for line in lines if not _RULER.match(line)), "")


def _size(result: ToolResult, text: str) -> str:
    """The lines of an answer, or how long it is where only a part of it is at hand."""
    if not result.size or not text.strip():
        return "nothing"
    if result.size <= len(result.excerpt) + 2:
        return format_count_plain(len(text.strip("\n").splitlines()), "line")
    return format_text_size(result.size)


def _cut(text: str) -> str:
    return clip_text(text.replace("\t", " "), _LIMIT)
