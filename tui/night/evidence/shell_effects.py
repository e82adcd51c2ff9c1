"""What a shell command did to files and to git.

Only what plainly changes files of the project counts: a look at git, or a log thrown away, is no
edit. A command that changes files without naming them leaves one edit of unknown path.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from tui.model.cli_commands import EDITING, SHELLS
from tui.model.events import ToolCall
from tui.night.evidence.shell_parser import split_commands
from tui.system.lazy_pattern import HintedPattern, lazy

_HINT = HintedPattern(
    ">|rm|mv|cp|ln|dd|ed|perl|patch|tee|git|rsync|truncate|curl|wget|write",
    r"\b(?:rm|mv|cp|ln|dd|ed|sed|perl|patch|tee|git|rsync|truncate|curl|wget)\s|>|write(?:_\w+|File\w*)?\(",
)
_WORD = lazy(r"""(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*")+""")
_PREFIX = lazy(r"\s*(?:[A-Za-z_]\w*=\S*|sudo|time|command|then|do|else|[({!])\s+")
_REDIRECT = lazy(r"(?<![<>=\-\d&])\s*>>?\s*([^\s&|;<>()]+)")
_GIT_OPTIONS = lazy(
    r"""git(?:\s+-[cC]\s+(?:[^\s'"]|'[^']*'|"[^"]*")+|\s+--[\w-]+(?:=\S+)?)*\s+(\S+)(.*)""", 16
)
_SOURCE = lazy(
    r"\.(?:py|pyi|pyx|ipynb|js|jsx|mjs|cjs|ts|tsx|mts|cts|vue|svelte|go|rs|rb|erb|rake|php|java|kt|kts"
    r"|scala|groovy|c|h|cc|cpp|cxx|hpp|hh|m|mm|cs|fs|vb|swift|dart|ex|exs|erl|hs|ml|mli|clj|cljs|lua|pl"
    r"|pm|r|jl|sh|bash|zsh|ps1|sql|proto|graphql|tf|html?|css|scss|sass|less|toml|ya?ml|json|xml|ini"
    r"|cfg|cmake|gradle|mk|lock|zig|nim|sol|feature)\Z|(?:^|/)(?:Makefile|Dockerfile|CMakeLists\.txt"
    r"|requirements\S*\.txt|Gemfile|Rakefile)\Z",
    2,
)
_FOREIGN = lazy(
    r"(?:^|/)(?:node_modules|build|dist|out|target|__pycache__|\.pytest_cache|\.cache|coverage|tmp|temp"
    r"|\.venv|venv|\.git|logs?|\.next|\.overnight)(?:/|\Z)|^/(?:tmp|dev|var|proc|etc)/|[$*?]|^~"
)
# Work trees of the agent and scripts of skills, which lie there too, are code like any other.
_ASIDE = lazy(
    r"(?:^|/)\.claude/(?!worktrees/[^/]+/|skills/)|^(?:/private)?(?:/var)?/tmp/(?:[^/]+$|claude[^/]*/)"
    r"|/scratchpad/"
)
_HOME = lazy(r"(?:src|lib|app|tests?|spec|pkg|internal|cmd|packages|crates)(?:/|\Z)")
_WRITES = lazy(
    r"\bopen\(\s*(?:(['\"])(?P<opened>[^'\"\n⏎]+)\1|[^,()]+)\s*,\s*(?:mode\s*=\s*)?['\"][wax]"
    r"|(?:\(\s*(['\"])(?P<path>[^'\"\n⏎]+)\3\s*\)|\b\w+)\.write_(?:text|bytes)\("
    r"|\b(?:write|append)File(?:Sync)?\(\s*(?:(['\"`])(?P<file>[^'\"`\n⏎]+)\5)?"
)
_SCRIPT = lazy(
    r"(?:^|[\s;&|(/])(?:python|node|ruby|deno|bun)[\d.]*\s[^\n⏎]*?(?:-c\b|-e\b|--eval\b|-\s|<<|-$)"
    r"|(?:^|[\s;&|(/])(?:python|node|ruby)[\d.]*\s*<<"
)
_LITERAL = lazy(r"""(['"])([\w./-]{3,200})\1""")
_SAVES = lazy(r"-\w*[oO]|--output(?:-document)?")
_FORMATTERS = HintedPattern(
    "black|ruff|isort|prettier|yapf|autopep8", r"\b(?:black|ruff|isort|prettier|yapf|autopep8)\b"
)
_FORMATTED = lazy(
    r"^reformatted \S|\b[1-9]\d* files? reformatted\b|\([1-9]\d* fixed\b|^Fixing \S+\.py"
    r"|^\S+\.\w+ \d+ms$",
    8,
)
_PROSE = (".md", ".rst", ".txt", ".adoc")
_PLANS = frozenset({"feature_list.json", "feature-list.json", "prd.json", "claude-progress.json"})
"""Lists of tasks in which the agent says what is done."""
_NOT_PROSE = ("requirements", "cmakelists", "constraints")
_LINE = lazy(r"^\[[^\]\n]*?\b([0-9a-f]{7,40})\] (.*)$", 8)
_LOGGED = lazy(r"^([0-9a-f]{7,40}) (?:\([^)]*\) )?(.+)$", 8)
_HEREDOC = lazy(r"""<<-?\s*\\?['"]?\w+['"]?\s*(?:⏎|\n)\s*([^⏎\n]*)""")
_MESSAGE = lazy(r"""\s(?:-[a-zA-Z]*m|--message(?:=|\s))\s*(?:'([^'⏎\n]*)|"([^"⏎\n]*)|(\S+))""")
_WHOLE_TREE = frozenset({"revert", "cherry-pick", "merge", "pull", "apply", "am", "rebase"})
_JOINING = frozenset({"merge", "pull", "rebase"})
_QUIET_STASH = frozenset({"list", "show", "drop", "clear"})


class ShellEffects(Struct, frozen=True, gc=False):
    """Changed paths ("" for one not named), how many of them are no prose, and whether it commits.

    `joins`: all that it does to files is to bring in commits: it merges, pulls or rebases.
    """

    paths: tuple[str, ...] = ()
    sources: int = 0
    commits: bool = False
    joins: bool = False


_NOTHING = ShellEffects()


def files_changed(call: ToolCall) -> int:
    """How many files of code a call changes if it is let run, whether or not it succeeds in the end."""
    if call.name in EDITING:
        return int(not (is_prose(call.path) or is_scratch_path(call.path)))
    return shell_effects(call.command or call.target).sources if call.name in SHELLS else 0


def is_prose(path: str) -> bool:
    """Whether a change of the file cannot turn a test red: documents, notes, the progress file."""
    path = path.lower()
    name = path.rsplit("/", 1)[-1]
    if name in _PLANS:
        return True
    if not path.endswith(_PROSE):
        return False
    return not name.startswith(_NOT_PROSE)


def is_source(path: str) -> bool:
    """Whether a file is code by its name, or what code is built and set up by."""
    return _SOURCE.search(path) is not None


def is_scratch_path(path: str) -> bool:
    """Whether a file is none of the project's code: the agent's own notes and rules, scratch files."""
    return _ASIDE.search(path) is not None


@lru_cache(maxsize=256)
def shell_effects(command: str) -> ShellEffects:
    """What a shell command that succeeded did to the project."""
    if not _HINT.search(command):
        return _NOTHING
    paths: list[str] = []
    commits, verbs = False, set()
    for segment in split_commands(_without_heredocs(command)):
        while (match := _PREFIX.match(segment)) is not None:
            segment = segment[match.end() :]
        git = _GIT_OPTIONS.match(segment)
        if git is not None:
            verb = git.group(1)
            commits = commits or verb == "commit"
            by_git = _by_git(verb, git.group(2))
            verbs |= {verb} if by_git else set()
            paths += by_git
        else:
            paths += _by_tool(segment)
        if ">" in segment:
            paths += [p for p in map(_plain, _REDIRECT.findall(segment)) if _ours(p)]
    if "(" in command:
        paths += _by_script(command)
    if not paths and not commits:
        return _NOTHING
    found = tuple(dict.fromkeys(paths))
    joins = found == ("",) and verbs <= _JOINING and bool(verbs)
    return ShellEffects(found, sum(not is_prose(path) for path in found), commits, joins)


def _without_heredocs(command: str) -> str:
    """The first line of a command that goes on with a document, which is no command."""
    place = command.find("<<")
    if place < 0:
        return command
    ends = [end for end in (command.find("⏎", place), command.find("\n", place)) if end >= 0]
    return command[: min(ends)] if ends else command


def _plain(word: str) -> str:
    return word.strip("'\"").removeprefix("./")


def _ours(path: str) -> bool:
    """Whether a path is a source file of the project, as far as its name tells."""
    return bool(_SOURCE.search(path)) and not _FOREIGN.search(path)


def _words(text: str) -> list[str]:
    return [_plain(word) for word in _WORD.findall(text)]


# complexity: a table in code, one rule for each tool: which of its words name files it changes
def _by_tool(segment: str) -> list[str]:
    words = _words(segment)
    if not words:
        return []
    tool, rest = words[0].rsplit("/", 1)[-1], words[1:]
    if tool in ("xargs", "find"):
        return _by_each(tool, rest)
    named = [word for word in rest if not word.startswith("-")]
    if tool == "rm":
        return [p for p in named if _ours(p) or (_HOME.match(p) and not _FOREIGN.search(p))]
    if tool == "patch":
        files = [p for p in named if _ours(p)]
        return [] if "--dry-run" in rest else (files or [""])
    if tool in ("mv", "tee", "truncate", "ed", "ex"):
        return [p for p in named if _ours(p)]
    if tool in ("cp", "ln", "rsync"):
        return [p for p in named[-1:] if _ours(p) or (tool == "rsync" and _folder(p))]
    if tool in ("curl", "wget"):
        names = [b for a, b in pairwise(rest) if _SAVES.fullmatch(a) and "://" not in b]
        return [p for p in names if _ours(p)]
    if tool == "dd":
        return [p for p in (w[3:] for w in rest if w.startswith("of=")) if _ours(p)]
    if tool in ("sed", "perl") and any(w.startswith("-") and "i" in w for w in rest):
        files = [p for p in named[-3:] if _ours(p)]
        return files or ([] if any(_FOREIGN.search(p) or is_prose(p) for p in named[-1:]) else [""])
    return []


def _folder(path: str) -> bool:
    """Whether a path is a folder of sources."""
    return _HOME.match(path) is not None and not _FOREIGN.search(path)


def _by_each(tool: str, rest: list[str]) -> list[str]:
    """What `find … -exec TOOL` and `xargs TOOL` do; the files have no names here."""
    if tool == "xargs":
        words = list(rest)
        while words and words[0].startswith("-"):
            option = words.pop(0)
            if option in ("-n", "-I", "-P", "-L", "-d") and words:
                del words[0]
    else:
        if not rest or _FOREIGN.search(rest[0]):
            return []
        places = [rest.index(word) for word in ("-exec", "-execdir") if word in rest]
        words = rest[places[0] + 1 :] if places else []
    if words[:1] in (["sed"], ["perl"]) and any(w.startswith("-") and "i" in w for w in words):
        return [""]
    return []


def _by_script(command: str) -> list[str]:
    """Files that a script on the command line writes; by a variable: those the script names."""
    if _SCRIPT.search(command) is None:
        return []
    writes = list(_WRITES.finditer(command))
    if not writes:
        return []
    told = [m.group("opened") or m.group("path") or m.group("file") for m in writes]
    if not all(told):
        told += [match.group(2) for match in _LITERAL.finditer(command)]
    return [p for p in (_plain(path) for path in told if path) if _ours(p)]


def changed_nothing(output: str) -> bool:
    """Whether git says that there was nothing to bring into the work tree."""
    return "up to date" in output or "up-to-date" in output or "No local changes to save" in output


def was_reformatted(command: str, output: str) -> bool:
    """Whether a formatter says that it changed files; one that found nothing to do did not."""
    if not _FORMATTERS.search(command):
        return False
    return _FORMATTED.search(output) is not None


# complexity: a table in code, one rule for each verb: which of its words and options change files
def _by_git(verb: str, rest: str) -> list[str]:
    words = _words(rest)
    named = [word for word in words if not word.startswith("-")]
    if verb in ("rm", "mv"):
        return [] if "--cached" in words else named
    if verb == "restore":
        staged = "--staged" in words or "-S" in words
        return [] if staged and "--worktree" not in words else (named or [""])
    if verb == "checkout":
        if "--" in words:
            return [w for w in words[words.index("--") + 1 :] if w != "."] or [""]
        files = [word for word in named if _ours(word)]
        return files or ([""] if "." in named else [])
    if verb == "reset":
        return [""] if "--hard" in words else []
    if verb == "stash":
        return [] if named[:1] and named[0] in _QUIET_STASH else [""]
    return [""] if verb in _WHOLE_TREE else []


def commits_at_end(command: str, output: str) -> bool:
    """Whether a command that is cut at its end made a commit there, as its output tells."""
    return command.endswith("…") and "git " in command and _LINE.search(output) is not None


def commits_named(command: str, output: str) -> list[tuple[str, str]]:
    """Short id and subject of the commits a `git commit` command made; both may be empty."""
    told = _LINE.findall(output)
    if not told and "git log" in command:
        told = _LOGGED.findall(output)[-1:]
    if told:
        return [(sha, subject.strip()) for sha, subject in told]
    place = command.find("commit")
    heredoc = _HEREDOC.search(command, place)
    if heredoc is not None:
        return [("", heredoc.group(1).strip())]
    message = _MESSAGE.search(command, place)
    subject = next((group for group in message.groups() if group), "") if message else ""
    return [("", subject.strip())]
