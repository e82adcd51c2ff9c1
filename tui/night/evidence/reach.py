"""Whether a call of the agent can be behind a change of a file: where none can, a person made it.

Only commands that are known for what they leave alone rule anything out; all others can do everything.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

from tui.model.cli_commands import EDITING, POLLING, SHELLS, TICKING
from tui.model.evidence.log import EvidenceLog
from tui.night.evidence.risky_calls import RiskyCall
from tui.night.evidence.shell_parser import CommandCall, pipelines

_PLAIN_TOOLS = (
    EDITING
    | SHELLS
    | POLLING
    | TICKING
    | frozenset(
        "Read Grep Glob LS TodoRead TaskCreate TaskList WebFetch WebSearch AskUserQuestion EnterPlanMode"
        " ExitPlanMode ToolSearch NotebookRead KillShell StructuredOutput".split()
    )
)
_MOST_COMMANDS = 900
_CUT, _LONGEST = 400, 4_000
"""At these lengths the logs cut a command."""
# Programs that change no file of the project but those that they are told to write, nor remove any.
_HARMLESS = frozenset(
    "[ awk basename cat cd cmp column cut date df diff dirname du echo env export false file free grep head"
    " hostname id jq kill less ls lsof nl nproc od pgrep printenv printf ps pushd popd pwd read readlink"
    " realpath rg seq set sleep sort source stat tail test time tr tree true type uname uniq uptime wait wc"
    " which whoami xxd yes mypy pyright flake8 pylint tsc pytest py.test nosetests tox rspec phpunit ctest"
    " jest vitest mocha ava gh".split()
)
_READ_ONLY_GIT = frozenset(
    "add blame branch cat-file commit config describe diff fetch grep init log ls-files ls-remote ls-tree"
    " merge-base notes push reflog remote rev-list rev-parse shortlog show show-ref status tag worktree".split()
)
_BY_SUBCOMMAND: Mapping[str, frozenset[str]] = {
    "go": frozenset({"test", "vet", "build", "version", "env", "list"}),
    "cargo": frozenset({"test", "check", "build", "clippy", "nextest", "tree", "metadata"}),
    "dotnet": frozenset({"test"}),
    "swift": frozenset({"test", "build"}),
    "uv": frozenset(),
}
_PYTHON_MODULES = frozenset({"pytest", "unittest", "mypy", "compileall", "doctest"})
_REMOVERS = frozenset({"rm", "unlink", "rmdir", "mv"})
_WRITERS = frozenset({"cp", "touch", "mkdir", "tee", "ln", "chmod", "install"})
_OPEN_ENDED = frozenset("*?[$`{")


class Reach:
    """What the calls of a night can have changed or removed; `tools` are counts of calls by tool."""

    def __init__(
        self,
        evidence: EvidenceLog,
        calls: Iterable[RiskyCall],
        tools: Sequence[tuple[str, int]],
        *,
        is_whole: bool,
    ) -> None:
        self._texts = {call.text for call in calls if call.shell}
        self._texts |= {one.command for one in evidence.commands if not one.is_refused}
        self._edited = [edit.path for edit in evidence.edits if edit.path]
        self._is_open = (
            not is_whole
            or any(name not in _PLAIN_TOOLS for name, _ in tools)
            or evidence.forgotten_edits > 0
            or len(self._texts) > _MOST_COMMANDS
            or evidence.calls.unknown_from is not None
            or not evidence.calls.busy
        )
        self._removing: list[CommandCall] = []
        self._writing: list[CommandCall] = []
        self._outputs: list[str] = []
        self._is_read = False

    def _read(self) -> None:
        """Takes the commands apart, when somebody asks."""
        self._is_read = True
        for text in () if self._is_open else _whole(self._texts):
            if len(text) == _CUT or len(text) >= _LONGEST or text.endswith("…"):
                self._is_open = True
            for call in itertools.chain.from_iterable(pipelines(text)):
                self._sort(call)

    def _sort(self, call: CommandCall) -> None:
        self._outputs += call.simple.outputs
        if call.name in _REMOVERS or _git_verb(call) in _REMOVERS:
            self._removing.append(call)
            # Names that come from a pipe are not known.
            self._is_open |= all(text.startswith("-") for text in call.texts)
        elif call.name in _WRITERS:
            self._writing.append(call)
        elif not _is_harmless(call):
            self._is_open = True

    def names(self, path: str) -> bool:
        """Whether a call names the file, by whatever part of its path."""
        name = path.rpartition("/")[2]
        return any(_means(one, path) for one in self._edited) or any(
            name in text for text in self._texts
        )

    def can_remove(self, path: str) -> bool:
        """Whether a call can have removed the file, or moved it away."""
        if not self._is_read:
            self._read()
        if self._is_open:
            return True
        return any(_means(word.text, path) for call in self._removing for word in call.args)

    def can_change(self, path: str) -> bool:
        """Whether a call can have written the file, or anything at all to it."""
        if self.can_remove(path) or any(_means(one, path) for one in self._edited):
            return True
        if any(_means(output, path) for output in self._outputs):
            return True
        return any(_means(word.text, path) for call in self._writing for word in call.args)


def _whole(texts: Collection[str]) -> list[str]:
    """The commands, a cut one left out where the whole one is known too."""
    cut = [text for text in texts if len(text) == _CUT]
    longer = [text for text in texts if len(text) > _CUT]
    known = {one for one in cut if any(text.startswith(one) for text in longer)}
    return [text for text in texts if text not in known]


def _git_verb(call: CommandCall) -> str:
    """The verb of a call of git; empty for another program."""
    if call.name != "git":
        return ""
    words = iter(call.texts)
    for word in words:
        if word in ("-C", "-c"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def _is_harmless(call: CommandCall) -> bool:
    verb = _git_verb(call)
    if verb:
        return verb in _READ_ONLY_GIT
    texts = call.texts
    if call.name in ("python", "python3"):
        return texts[:1] == ("-m",) and texts[1:2] != () and texts[1] in _PYTHON_MODULES
    if call.name in _BY_SUBCOMMAND:
        return texts[:1] != () and texts[0] in _BY_SUBCOMMAND[call.name]
    if call.name == "find":
        return not {"-delete", "-exec", "-execdir", "-ok", "-okdir"}.intersection(texts)
    if call.name == "sed":
        return not any(text.startswith(("-i", "--in-place")) for text in texts)
    return call.name in _HARMLESS


def _means(word: str, path: str) -> bool:
    """Whether a word of a call can mean the path: by its end, as a folder above it, or as a pattern."""
    word = word.removeprefix("./").rstrip("/")
    if not word or word.startswith("-"):
        return False
    if not _OPEN_ENDED.isdisjoint(word) or word in (".", ".."):
        return True
    name = word.rpartition("/")[2]
    inner = f"/{path}/"
    return f"/{word}/" in inner or (word.startswith("/") and f"/{name}/" in inner)
