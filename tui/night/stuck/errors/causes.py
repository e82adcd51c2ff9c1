"""Why a call failed: the line that states the cause, without chance, its kind, and the program."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from tui.model.cli_commands import EDITING, OTHER_SHELLS, SHELLS, exact_digest
from tui.model.events import ToolCall, ToolResult
from tui.night.evidence.shell_parser import split_commands
from tui.night.evidence.test_output import plain
from tui.night.stuck.chance import mask
from tui.night.stuck.similarity import is_infrastructure_error
from tui.system.format import shorten
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy

_LONGEST = 240
_FEW = 3
_ENDING = 800


class CauseKind(Enum):
    """What a cause is about, and so what cures it."""

    MACHINE = 1
    """The machine or an account: no change of the project's files cures it."""
    NAMED = 2
    """Something that the message names."""
    PLAIN = 3
    FILE = 4
    """One file, as a tool for files sees it."""
    NETWORK = 5
    SERVICE = 6
    """A program that does not answer; perhaps it is starting."""
    PASSING = 7
    """A server or a limit: time cures it."""


class Cause(NamedTuple):
    """One cause: `key` is equal for equal causes, `words` is the line that states it."""

    key: int
    kind: CauseKind
    words: str


class _Known(NamedTuple):
    """A cause that programs state in their own ways; its group, if any, is part of its name."""

    name: str
    kind: CauseKind
    pattern: HintedPattern


def _known(name: str, kind: CauseKind, hints: str, pattern: str) -> _Known:
    return _Known(name, kind, HintedPattern(hints, pattern, 2 | 8))


_KNOWN = (
    _known(
        "disk full",
        CauseKind.MACHINE,
        "space left|ENOSPC|quota exceeded|disk space|disk is full",
        r"no space left on device|\bENOSPC\b|disk quota exceeded|not enough (?:free )?disk space"
        r"|database or disk is full",
    ),
    _known(
        "read-only file system",
        CauseKind.MACHINE,
        "ead-only file system|EROFS",
        r"read-only file system|\bEROFS\b",
    ),
    _known(
        "out of memory",
        CauseKind.MACHINE,
        "allocate memory|ENOMEM|out of memory|OutOfMemory|MemoryError|bad_alloc",
        r"cannot allocate memory|\bENOMEM\b|heap out of memory|CUDA out of memory|OutOfMemoryError"
        r"|^MemoryError\b|std::bad_alloc|^(?:fatal error: )?out of memory",
    ),
    _known(
        "lock",
        CauseKind.MACHINE,
        "lock",
        r"unable to create '([^'\n]*\.lock)'|could not (?:get|acquire|open) (?:the )?lock\b(?: file)? ?"
        r"([^\s:,]*)|database is locked|unable to (?:acquire|lock)[^\n]{0,60}lock|is locked by another"
        r"|lock ?file (?:already )?exists|waiting for (?:cache|file) lock|state lock",
    ),
    _known(
        "port in use",
        CauseKind.MACHINE,
        "EADDRINUSE|already in use|is in use|already allocated",
        r"(?:\bEADDRINUSE\b|address already in use)(?:[^\n]{0,40}?:(\d{2,5})\b)?"
        r"|port (\d+) is (?:already )?(?:in use|allocated)|port is already allocated",
    ),
    _known(
        "no network",
        CauseKind.NETWORK,
        "esolve host|name resolution|service not known|getaddrinfo|ENOTFOUND|EAI_AGAIN|unreachable"
        "|ENETUNREACH|route to host|servname",
        r"could not resolve host|couldn't resolve host|failure in name resolution"
        r"|name or service not known|getaddrinfo|\bENOTFOUND\b|\bEAI_AGAIN\b|network is unreachable"
        r"|\bENETUNREACH\b|no route to host|nodename nor servname",
    ),
    _known(
        "no answer",
        CauseKind.SERVICE,
        "refused|ECONNREFUSED",
        r"(?:\bECONNREFUSED\b|connection refused)(?:[^\n]{0,40}?:(\d{2,5})\b)?",
    ),
    _known(
        "not signed in",
        CauseKind.MACHINE,
        "uthentication|could not read |publickey|nauthorized|logged in|API key|redentials|ENEEDAUTH"
        "|AccessDenied|log in|auth login|xpired",
        r"authentication (?:failed|required)|could not read (?:username|password)"
        r"|permission denied \(publickey|401 unauthorized|\b401\b[^\n]{0,20}unauthorized"
        r"|not (?:currently )?logged in(?:to)?|invalid api key|bad credentials"
        r"|\bENEEDAUTH\b|\bAccessDenied\b|unable to locate credentials|no credentials? (?:found|available)"
        r"|could not load (?:the )?(?:default )?credentials|please run:? +\S+ auth login"
        r"|\bExpiredToken|\b(?:token|credentials?|session|login) (?:has|have|is|are) expired",
    ),
    _known(
        "no docker",
        CauseKind.MACHINE,
        "Docker daemon|docker daemon|docker.sock",
        r"cannot connect to the docker daemon|docker daemon (?:is )?not running|docker\.sock",
    ),
    _known(
        "module",
        CauseKind.NAMED,
        "module named|find module|find package|provides package|o matching distribution",
        r"no module named ['\"]?([\w.\-]+)|cannot find (?:module|package) ['\"]([^'\"\n]+)['\"]"
        r"|no required module provides package (\S+)|no matching distribution found for (\S+)",
    ),
    _known(
        "command",
        CauseKind.NAMED,
        "not found|not recognized|ENOENT",
        r"(?:^|[\s:])([\w./+\-]+): (?:command )?not found\s*$|command not found: (\S+)"
        r"|'([^'\n]+)' is not recognized as|exec: \"([^\"\n]+)\": executable file not found"
        r"|\bspawn (\S+) ENOENT",
    ),
)
_ANY_KNOWN = AnyWord(*(word for known in _KNOWN for word in known.pattern.hints.words))
_MCP_GONE = lazy(
    r"not connected|connection (?:was )?closed|disconnected|no such tool available|-3200[0-9]|transport"
    r"|unavailable|not available|not running|session not found|failed to connect|ECONN|timed? ?out|EPIPE",
    2,
)
_STRONG = lazy(
    r"^(?:E {2,}|(?:\S+: )?(?:fatal|error|panic|exception)\b[^\n]{0,3}: ?|npm (?:ERR!|error) (?!code)\S"
    r"|thread '[^'\n]*' panicked|error(?:\[E\d+\])?: |(?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt)\b"
    r"|\S+: line \d+: |(?:\S+: )*(?:cannot|could not|unable to|failed to) |.*\berror TS\d+"
    r"|\S+:\d+:(?:\d+:)? (?:fatal )?error:|MCP error|ERROR\b|\[ERROR\])",
    2,
)
_HOLLOW = lazy(
    r"exit(?:ed with)?(?: code| status)? ?:? ?\d+$|.*exit(?:ed)? (?:code|status) \d+\.?$"
    r"|make(?:\[\d+\])?: \*\*\* .*Error \d+$|npm (?:ERR!|error) (?:code|errno|path|command|Lifecycle)\b"
    r"|error: (?:could not compile|aborting due to|command failed)|note: |hint: |</?tool_use_error>$|\W*$"
    r"|Error: Exit code \d+$|command failed\W*$",
    2,
)
_TAGS = lazy(r"</?(?:tool_use_error|error)>")
_PLACES = lazy(r"(?<=[\w)\]]):\d+(?::\d+)?\b|\bline \d+|\((?:\d+,\d+|\d+(?:\.\d+)? ?m?s)\)")
_NUMBERS = lazy(r"(?<![\w.'\"/-])\d+(?:\.\d+)?(?![\w'\"/])")
_NAME = lazy(
    r"'[^'\n]*\w[^'\n]*'|\"[^\"\n]*\w[^\"\n]*\"|`[^`\n]*\w[^`\n]*`|‘[^’\n]+’"
    r"|(?:^|[\s(])[\w.~-]*/[\w./~-]+|\b\w+\.\w{1,4}\b"
)
_SHELL = lazy(r"^(?:\S*/)?(?:ba|z|da)?sh: (?:eval: |-c: )?(?:line \d+: )?|^\(eval\):(?:\w+:)?\d+: ")
_STATUS = lazy(
    r"\b(?:https?(?:/\d(?:\.\d)?)?|status(?: code)?|code|error|api error)\W{0,3}(?:429|5[02]\d)\b",
    2,
)
_STATUS_LINE = lazy(
    r"\[[^\n]*?(?:exit(?:ed)?(?: with)?(?: code| status)?:? (\d{1,3})\b[^\n]*)?\]$|exit code:? (\d{1,3})$",
    2,
)
_SHOWS_FILES = lazy(
    r"(?:cd \S+ ?(?:&&|;) ?)?(?:cat|head|tail|less|more|sed -n|grep|rg|awk|git (?:log|show|diff|grep))\b"
)
_NOT_WRITTEN = lazy(r"(?:error|no replacement|invalid|failed|cannot|file not found)\b", 2)
_OF_OTHERS = lazy(r"Sibling tool call errored|Cancelled: parallel tool call")
_TRACEBACK = "Traceback (most recent call last)"
_OF_FILES = frozenset(
    "Read Edit Write MultiEdit NotebookEdit NotebookRead LS Grep Glob WebFetch WebSearch".split()
)
_MALFORMED = "InputValidationError"


# complexity: the order of these cases is the rule, and the first that fits wins
@lru_cache(maxsize=64)
def cause_of(tool: str, text: str, path: str = "") -> Cause | None:
    """Why a call of `tool`, on the file `path`, failed with the answer `text`; None where that does not tell.

    What a tool for files says of one file is a cause for that file alone: the next may well be there.
    """
    text = plain(text)
    ending = text[-_ENDING:]
    if tool.startswith("mcp__") and _MCP_GONE.search(ending):
        server = tool.split("__")[1]
        return Cause(exact_digest(f"mcp {server}"), CauseKind.MACHINE, _line_at(ending, 0))
    for known in _KNOWN if _ANY_KNOWN.is_in(ending) else ():
        match = known.pattern.search(ending)
        if match is not None:
            what = next((group for group in match.groups() if group), "")
            key = exact_digest(f"{known.name} {what}")
            return Cause(key, known.kind, _line_at(ending, match.start()))
    if tool in _OF_FILES and _MALFORMED not in text:
        line = _TAGS.sub("", text).strip().partition("\n")[0][:_LONGEST]
        key = exact_digest(f"{path} {normal(line)}")
        return Cause(key, CauseKind.FILE, shorten(line, _LONGEST)) if path and line else None
    line = _stating(text)
    if not any(map(str.isalpha, line)) or _OF_OTHERS.match(line):  # a bare number is a result
        return None
    stated = normal(line)
    if _STATUS.search(line) or is_infrastructure_error(stated):
        return Cause(exact_digest(f"passing {stated}"), CauseKind.PASSING, shorten(line))
    kind = CauseKind.NAMED if _NAME.search(_SHELL.sub("", line)) else CauseKind.PLAIN
    return Cause(exact_digest(stated), kind, shorten(line, _LONGEST))


def is_unmarked_error(use: ToolCall, result: ToolResult) -> bool:
    """Whether a tool of another agent failed, whose answers have no mark: by status, else by the last line."""
    writes = use.change.written and use.name not in EDITING
    if result.is_error or not (writes or use.name in OTHER_SHELLS):
        return False
    lines = [line.strip() for line in plain(result.excerpt[-_ENDING:]).splitlines() if line.strip()]
    if writes:
        return bool(lines) and _NOT_WRITTEN.match(lines[0]) is not None
    while lines and (status := _STATUS_LINE.match(lines[-1])) is not None:
        if (code := status[1] or status[2]) is not None:
            return int(code) > 0
        del lines[-1]
    if not lines or _SHOWS_FILES.match(use.command or use.target):
        return False
    return _STRONG.match(lines[-1]) is not None


def _line_at(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return shorten(_TAGS.sub("", text[start : len(text) if end < 0 else end]), _LONGEST)


def _stating(text: str) -> str:
    """The line that states the cause: the last of a traceback, else the first that says error."""
    text = _TAGS.sub("", text) if "<" in text else text
    lines = [line.strip()[:_LONGEST] for line in text.splitlines()]
    lines = [line for line in lines if line and not _HOLLOW.match(line)]
    if not lines:
        return ""
    errors = [line for line in lines if _STRONG.match(line)]
    if _TRACEBACK in text:
        return errors[-1] if errors else lines[-1]
    if errors:
        return errors[0]
    # Of a long output without a word of error nobody can tell which line is the cause.
    return lines[0] if len(lines) <= _FEW else ""


def normal(line: str) -> str:
    """A line without what differs by chance, and without places and counts; names in quotes stay."""
    return _NUMBERS.sub("·", mask(_PLACES.sub("", line)))


_FAILURE = lazy(
    r"^\s*(?:E {2,}|FAILED |FAIL\b|ERROR\b|--- FAIL|● |✕|✗|✘|×|not ok\b|thread '.*panicked|panicked at"
    r"|assert\w*|[+\-] |left:|right:|\d+\) |expected|received|got\b|want|actual|but was"
    r"|(?:\w+\.)*\w*(?:Error|Exception|Failure)\b|error\b|fatal|panic:|test \S+ \.\.\. FAILED"
    r"|.*(?:\.\.\. (?:FAIL|ERROR)|\berror TS\d+|: error:|\[FAIL|AssertionError|(?-i:\bFAILED [\w./:]*\w)"
    r"|_test\.go:\d+:|\*\*\*Failed|\(Failed\)$)|[\w./-]+\.\w{1,5}:\d+:(?:\d+:)? )",
    2 | 8,
)
_MOST_LINES = 40


@lru_cache(maxsize=32)
def failure_digest(text: str) -> int:
    """A number for what failed in a test run or a build, and how: equal where only chance differs."""
    lines, _ = failure_lines(text)
    return exact_digest("\n".join(lines))


def failure_lines(text: str) -> tuple[list[str], bool]:
    """The lines that name what failed and how, without chance and places, and True; of none, the last."""
    lines = [line.strip()[:_LONGEST] for line in plain(text).splitlines()]
    found = [line for line in lines if _FAILURE.match(line) and not _HOLLOW.match(line)]
    chosen = found[-_MOST_LINES:] or lines[-3:]
    return [mask(_PLACES.sub("", line)) for line in chosen], bool(found)


_WITH_VERBS = frozenset(
    "git gh npm npx pnpm yarn bun bunx deno cargo go rustup docker docker-compose podman kubectl helm pip pip3"
    " uv poetry pipenv pdm conda brew apt apt-get dnf yum apk make just task terraform aws gcloud az bundle"
    " rake rails dotnet mvn gradle gradlew composer php artisan swift flutter dart mix sbt systemctl service"
    " nix".split()
)
_INTERPRETERS = frozenset(
    "python python3 node ruby perl php bash sh zsh deno bun tsx ts-node".split()
)
_PREPARING = frozenset(
    "cd export source . set echo sleep mkdir true pwd ulimit unset printf".split()
)
_BEFORE = lazy(
    r"\s*(?:[A-Za-z_]\w*=(?:'[^']*'|\"[^\"]*\"|\S*)|sudo(?: -\S+)*|time|env|nice(?: -n \S+)?|nohup|exec|then|do"
    r"|timeout(?: -\S+)* \S+|(?:uv|poetry|pipenv|pdm|hatch) run|bundle exec|[({!])\s+"
)
_VERB = lazy(r"command: (\w+)(?:,|$)")
_PLAIN_WORDS = lazy(r"[^\s'\"]+")


def program(tool: str, command: str) -> str:
    """The program of a call: a shell command's with its verb, an MCP server, or the tool itself."""
    if tool in SHELLS:
        return program_of(command)
    verb = _VERB.match(command)  # one tool that views and edits
    return "__".join(tool.split("__")[:2]) + ("" if verb is None else f" {verb[1]}")


def runs_script(name: str) -> bool:
    """Whether a program of this name is an interpreter."""
    return name.partition(" ")[0] in _INTERPRETERS


@lru_cache(maxsize=256)
def program_of(command: str) -> str:
    """The first program of a shell line that is more than a preparation, with its verb or script."""
    for segment in split_commands(command):
        while (match := _BEFORE.match(segment)) is not None:
            segment = segment[match.end() :]
        words = _PLAIN_WORDS.findall(segment[:200])
        if not words:
            continue
        name: str = words[0].rsplit("/", 1)[-1]
        if name in _PREPARING:
            continue
        rest = [word for word in words[1:] if not word.startswith("-") and word[0] not in "<>&"]
        if name in _WITH_VERBS:
            if name in ("npm", "pnpm", "yarn", "bun") and rest[:1] == ["run"]:
                del rest[0]
            return f"{name} {rest[0]}" if rest else name
        if name in _INTERPRETERS and rest:
            return f"{name} {rest[0].rsplit('/', 1)[-1]}"
        return name
    return ""
