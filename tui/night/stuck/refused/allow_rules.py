"""The permission rule that would allow a refused call, in the CLI's own grammar and no broader than it must be.

A command comes from the agent and is not believed: what has signs that a rule would read otherwise, or runs
whatever it is given, has a rule for exactly itself, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import normpath
from typing import Protocol

from msgspec import Struct

from tui.model.cli_commands import EDITING
from tui.night.stuck.step import shown_text
from tui.system.format import shorten
from tui.system.lazy_pattern import lazy

_MOST_RULES = 4
_LONGEST_EXACT = 120
_MOST_FOLDERS = 64
_DEEP_ENOUGH = 3
"""So deep a folder outside of the project is no home and no volume."""
_READING = frozenset({"Read", "NotebookRead"})
_WORD = lazy(r"[A-Za-z0-9](?:[A-Za-z0-9_:.+-]*[A-Za-z0-9])?\Z")
_PROGRAM = lazy(r"(?:\./)?[A-Za-z0-9_][A-Za-z0-9_./@+-]*\Z")
_SUBCOMMAND = lazy(r"[a-z](?:[a-z0-9:_-]*[a-z0-9])?\Z")
_SOURCE = lazy(r"\.[A-Za-z0-9]{1,4}\Z")
_TOOL = lazy(r"mcp__[A-Za-z0-9_-]+\Z")
_SKILL = lazy(r"[A-Za-z0-9][A-Za-z0-9_:.-]*\Z")
_HOST = lazy(r"(?=.{1,253}\Z)[a-z0-9-]+(?:\.[a-z0-9-]+)*\Z")
_PATH_SIGNS = frozenset("/@%+=:,.~ _-")
_NOT_EXACT = frozenset("*()\\`")

_RUN_ANYTHING = frozenset(
    "sh bash zsh dash ksh ash fish csh tcsh pwsh cmd eval exec source . sudo doas su env nohup xargs"
    " time nice ionice timeout setsid stdbuf watch parallel flock script strace ltrace gdb lldb valgrind"
    " chroot nsenter unshare systemd-run tmux screen at batch crontab ssh scp sftp rsync mosh nc ncat"
    " netcat socat telnet curl wget aria2c python pypy ipython node nodejs deno ruby perl php lua luajit"
    " osascript tclsh expect awk gawk mawk nawk sed ed vi vim nvim emacs nano less more man find fd tar"
    " zip unzip dd rm rmdir shred mv cp ln install chmod chown chgrp mkfs mount umount kill pkill"
    " killall reboot shutdown systemctl service iptables busybox open xdg-open make.sh command builtin"
    " trap export alias ts-node tsx julia R Rscript swipl scala kotlin java javac jshell gcc cc clang"
    " mkdir touch tee split truncate docker-compose psql mysql sqlite3 redis-cli mongosh security"
    " defaults launchctl".split()
)
"""Programs that run, fetch or destroy what they are told: a rule for all arguments allows anything."""
_FILTERS = frozenset({"sed", "awk", "gawk", "less", "more", "tee", "column"})
_VERSIONED = lazy(r"(python|pypy|node|ruby|perl|php|lua|bash)[\d.]+\Z")
_TOOLS = frozenset(
    "pytest py.test ruff mypy black isort flake8 pylint pyright coverage bandit tox nox eslint prettier"
    " tsc jest vitest mocha ava jasmine karma playwright cypress stylelint svelte-check vue-tsc biome"
    " rspec rubocop phpunit phpstan pest ctest ninja golangci-lint gofmt rustfmt swiftlint swiftformat"
    " xcodebuild shellcheck shfmt hadolint ktlint detekt markdownlint yamllint unittest doctest"
    " compileall".split()
)
"""Programs that test, check or build what is there, whatever their arguments are."""
_LAUNCHERS = frozenset(
    {
        ("npx",),
        ("bunx",),
        ("uvx",),
        ("npm", "exec"),
        ("pnpm", "exec"),
        ("pnpm", "dlx"),
        ("yarn", "exec"),
    }
    | {("yarn", "dlx"), ("pipx", "run"), ("poetry", "run"), ("uv", "run"), ("pdm", "run")}
    | {("hatch", "run"), ("rye", "run"), ("bundle", "exec"), ("python", "-m"), ("python3", "-m")}
)
"""They run the program that is named next."""
_SCRIPTS = frozenset(
    {("npm", "run"), ("npm", "run-script"), ("pnpm", "run"), ("yarn", "run"), ("bun", "run")}
    | {("deno", "task"), ("composer", "run"), ("docker", "compose"), ("gh", "pr"), ("gh", "issue")}
    | {("gh", "run"), ("gh", "workflow")}
)
"""They do what is named next."""
_OWN_RULE_ONLY = frozenset(
    {
        ("git", word)
        for word in "config rebase bisect submodule filter-branch clean reset push".split()
    }
    | {("docker", word) for word in "run exec cp".split()}
    | {("podman", word) for word in "run exec cp".split()}
    | {("kubectl", word) for word in "exec delete apply cp port-forward".split()}
    | {("npm", word) for word in "install i ci add publish login config link".split()}
    | {(name, word) for name in ("pnpm", "yarn", "bun") for word in "add install x link".split()}
    | {
        (name, word)
        for name in ("pip", "pip3", "uv", "poetry", "brew")
        for word in "install add pip".split()
    }
    | {(name, "install") for name in ("apt", "apt-get", "cargo", "go", "gem", "dnf", "yum", "apk")}
    | {
        ("go", "run"),
        ("go", "tool"),
        ("gh", "api"),
        ("gh", "auth"),
        ("gh", "secret"),
        ("gh", "extension"),
    }
    | {("terraform", "apply"), ("terraform", "destroy"), ("helm", "install")}
)
"""Subcommands that run, fetch, publish or discard what they are told."""
_SENSITIVE = frozenset(
    {".git", ".claude", ".vscode", ".idea", ".husky", ".ssh", ".gnupg", ".aws", ".kube"}
)
_SYSTEM = frozenset(
    "bin boot dev etc lib lib64 proc root run sbin sys usr var System Library".split()
)
_LONGEST = 3_900
_MESSAGE = lazy(r"\"\$\(cat <<-?'(\w+)'\n.*?\n\1\n?\s*\)\"", 16)
_HARMLESS = lazy(r"(?:\d?>&\d|&?\d?>>?\s?/dev/null|\d?>&-|<\s?/dev/null)(?=[\s;|&]|\Z)")
_SINGLE = lazy(r"'([^']*)'")
_DOUBLE = lazy(r'"((?:[^"\\$`]|\\.)*)"', 16)
_OPERATORS = ("&&", "||", ";", "|")
_READERS = frozenset(
    "cd ls pwd cat head tail grep egrep rg wc echo printf sort uniq cut tr true false which whoami date"
    " stat file du df tree diff basename dirname realpath readlink nl column test [ jq type id uname"
    " hostname".split()
)
_GIT_READERS = frozenset("status log diff show blame ls-files rev-parse describe shortlog".split())


class NamedCall(Protocol):
    """What of a tool call decides on its rule."""

    @property
    def target(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def command(self) -> str: ...


def call_pattern(tool: str, call: NamedCall) -> str:
    """What kind of call it is: calls with the same pattern are allowed by the same rule."""
    if tool == "Bash":
        return f"Bash {_first_part(call.command or call.target)}".strip()
    if tool in EDITING or tool in _READING:
        kind = "Edit" if tool in EDITING else "Read"
        return f"{kind} {call.path.rpartition('/')[0]}".strip()
    if tool == "WebFetch":
        return f"WebFetch {_host(call.target)}".strip()
    if tool in ("Skill", "SlashCommand"):
        return shorten(f"{tool} {call.target.split(' ')[0]}".strip(), 60)
    return shorten(tool, 80)


def allow_rules(tool: str, call: NamedCall, cwd: str) -> tuple[str, ...]:
    """The rules that together allow a call made in the folder `cwd`; none where none is safe to be shown."""
    rules = _all_rules(tool, call, cwd)
    return () if any(shown_text(rule, len(rule)) != rule for rule in rules) else rules


def _all_rules(tool: str, call: NamedCall, cwd: str) -> tuple[str, ...]:
    rule = ""
    if tool == "Bash":
        return _bash_rules(call.command or call.target)
    if tool in EDITING or tool in _READING:
        name = "Edit" if tool in EDITING else "Read"
        place = _place(call.path or call.target, cwd, name == "Edit")
        rule = f"{name}({place})" if place else ""
    elif tool == "WebFetch":
        host = _host(call.target)
        rule = f"WebFetch(domain:{host})" if host else ""
    elif tool == "WebSearch" or _TOOL.match(tool):
        rule = tool
    elif tool == "Skill":
        name = call.target.split(" ")[0]
        rule = f"Skill({name})" if _SKILL.match(name) else ""
    return (rule,) if rule else ()


# --- shell commands ---


def _first_part(text: str) -> str:
    """The program of the first part that does something, with its subcommand."""
    parts = shell_parts(text)
    if parts is None:
        return shorten(text.split(" ")[0], 40)
    part = next((one for one in parts if not one.only_reads), parts[0])
    bare = [word for word in part.words if "=" not in word] or part.words
    return shorten(" ".join(_prefix(part) or bare[:1]), 60)


def _bash_rules(command: str) -> tuple[str, ...]:
    """A rule for each part that is not known to only read."""
    parts = shell_parts(command)
    if parts is None:
        return ()
    rules: list[str] = []
    for part in parts:
        if part.only_reads:
            continue
        prefix = _prefix(part)
        if part.is_fed and not prefix and part.words[0] not in _FILTERS:
            return ()  # what comes down the pipe may be a program
        content = f"{' '.join(prefix)}:*" if prefix else _exact(part)
        if not content:
            return ()
        rules.append(f"Bash({content})")
    found = tuple(dict.fromkeys(rules))
    return found if len(found) <= _MOST_RULES else ()


# complexity: the order of these cases is the rule, and the first that fits wins
def _prefix(part: ShellPart) -> Sequence[str]:
    """The words that a rule for all such calls begins with; none where it would allow too much."""
    words = part.words
    program = words[0]
    if not _PROGRAM.match(program) or ".." in program:
        return ()
    launched = 2 if tuple(words[:2]) in _LAUNCHERS else 1 if (program,) in _LAUNCHERS else 0
    if launched:
        known = len(words) > launched and words[launched] in _TOOLS
        return words[: launched + 1] if known else ()
    name = program.rpartition("/")[2]
    versioned = _VERSIONED.match(name)
    if name in _RUN_ANYTHING or (versioned and versioned[1] in _RUN_ANYTHING):
        return ()
    if program.startswith("/"):
        return ()
    if name in _TOOLS:
        return words[:1]
    if len(words) < 2 or not _SUBCOMMAND.match(words[1]):
        return words[:1] if program.startswith("./") and len(words) > 1 else ()
    pair = (program, words[1])
    if pair in _OWN_RULE_ONLY:
        return ()
    if pair in _SCRIPTS:
        named = len(words) > 2 and _WORD.match(words[2]) and not _SOURCE.search(words[2])
        return words[:3] if named else ()
    return words[:2]


def _exact(part: ShellPart) -> str:
    """The command itself, where a rule reads it as what it is."""
    text = part.text
    if len(text) > _LONGEST_EXACT or not text.isprintable() or _NOT_EXACT.intersection(text):
        return ""
    if part.words[0] in ("sudo", "doas", "su") or (part.words[0] == "rm" and _is_wide(part.words)):
        return ""
    return "" if text.endswith(":") else text


def _is_wide(words: Sequence[str]) -> bool:
    """Whether `rm` would take a folder whole that is no project's."""
    return any(
        word.strip("/.") in ("", "~") or word.startswith(("/", "~", "..")) for word in words[1:]
    )


# --- files, hosts ---


def _place(path: str, cwd: str, edits: bool) -> str:
    """The pattern of the files that a rule is for: a folder of the project, else as little as helps."""
    if not path.startswith("/") or normpath(path) != path:
        return ""
    base = cwd.rstrip("/")
    if base and path.startswith(base + "/"):
        return _pattern("/", path[len(base) + 1 :].split("/"), edits, folders=1)
    return _pattern("//", path[1:].split("/"), edits, folders=_MOST_FOLDERS)


def _pattern(root: str, parts: list[str], edits: bool, folders: int) -> str:
    """The pattern for a file below `root`: at most so many of its folders, or the file alone."""
    is_system = folders > 1 and parts[0] in _SYSTEM
    if edits and (is_system or _SENSITIVE.intersection(parts)):
        return ""
    folder = parts[:-1][:folders]
    if (
        is_system
        or (folders > 1 and len(folder) < _DEEP_ENOUGH)
        or any(p[:1] == "." for p in parts)
    ):
        folder = []
    kept = "/".join(folder or parts)
    if not all(sign.isalnum() or sign in _PATH_SIGNS for sign in kept):
        return ""
    return f"{root}{kept}/**" if folder else f"{root}{kept}"


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
    return host if _HOST.match(host) else ""


# --- the parts of a shell line ---
# Stricter than `night/evidence/shell_parser`: what a person is told to allow must be what the shell would run.


class ShellPart(Struct, frozen=True):
    """One command: its words without quotes, its text as it was written; `is_fed`: a pipe leads into it."""

    words: tuple[str, ...]
    text: str
    is_fed: bool = False

    @property
    def only_reads(self) -> bool:
        """Whether the CLI lets it run unasked, as it changes nothing."""
        name = self.words[0]
        if name == "git":
            return len(self.words) > 1 and self.words[1] in _GIT_READERS
        return name in _READERS


class _Reader:
    """Reads a line from left to right; `failed` where it is no plain one."""

    def __init__(self, line: str) -> None:
        self.parts: list[ShellPart] = []
        self.failed = False
        self._line = line
        self._at = 0
        self._words: list[str] = []
        self._word: str | None = None
        self._text: list[str] = []
        self._is_fed = False

    def read(self) -> None:
        line = self._line
        while self._at < len(line) and not self.failed:
            operator = next((one for one in _OPERATORS if line.startswith(one, self._at)), "")
            harmless = (
                _HARMLESS.match(line, self._at) if line[self._at] in "<>&0123456789" else None
            )
            if harmless is not None and (self._word is None or line[self._at] in "<>&"):
                self._end_word()
                self._at = harmless.end()
            elif operator:
                self._end_part()
                self._is_fed = operator == "|"
                self._at += len(operator)
            else:
                self._sign(line[self._at])
        self._end_part()

    def _sign(self, sign: str) -> None:
        if sign in " \t":
            self._end_word()
            self._text.append(" ")
            self._at += 1
        elif sign in "'\"":
            self._quoted(sign)
        elif sign in "$`(){}<>&\\\n\r⏎#!~" and not (sign in "#!~" and self._word):
            self.failed = True
        else:
            self._word = (self._word or "") + sign
            self._text.append(sign)
            self._at += 1

    def _quoted(self, sign: str) -> None:
        found = (_DOUBLE if sign == '"' else _SINGLE).match(self._line, self._at)
        if found is None:
            self.failed = True
            return
        self._word = (self._word or "") + found[1]
        self._text.append(found[0])
        self._at = found.end()

    def _end_word(self) -> None:
        if self._word is not None:
            self._words.append(self._word)
        self._word = None

    def _end_part(self) -> None:
        self._end_word()
        if self._words and self._words[0]:
            text = "".join(self._text).strip()
            self.parts.append(ShellPart(tuple(self._words), text, self._is_fed))
        elif self._words:
            self.failed = True
        self._words, self._text = [], []


def shell_parts(line: str) -> list[ShellPart] | None:
    """The commands of a line, None where it is no plain sequence of them.

    Substitutions, groups, loops, background jobs, line breaks outside of quotes and redirections to files
    are not plain; the text of a here-document as the message of a commit is.
    """
    line = line.strip()
    if not line or len(line) > _LONGEST:
        return None
    if "$(cat" in line:
        line = _MESSAGE.sub('"message"', line)
    reader = _Reader(line)
    reader.read()
    return None if reader.failed or not reader.parts else reader.parts
