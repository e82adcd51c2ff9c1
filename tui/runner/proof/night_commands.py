"""Which commands of a night may be run again, and how: their own words, no shell, within the copy.

Only test runs, linters, type checkers and builds are taken, each as the simple command that it is. What
needs a shell, reaches out of the project, or is denied to any unattended session, is left out with a reason.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from tui.model.permissions.denied_commands import denied_command
from tui.model.review import ProofKind
from tui.night.evidence.check_commands import check_kind, without_changes
from tui.night.evidence.shell_parser import SHELLS, CommandCall, pipelines, script_of
from tui.night.evidence.test_runners.calls import runner
from tui.night.evidence.test_runners.scope import narrowed_to
from tui.system.format import shorten
from tui.system.lazy_pattern import lazy

_ELSEWHERE: Final = frozenset(
    "docker podman docker-compose kubectl ssh vagrant nix-shell limactl colima multipass wsl".split()
)
_INSTALLING: Final = frozenset({"tox", "nox"})
_MANAGING: Final = frozenset(
    "PATH HOME SHELL ENV BASH_ENV IFS PYTHONHOME PYTHONSTARTUP TMPDIR PWD OLDPWD".split()
)
_MANAGING_PREFIXES: Final = ("LD_", "DYLD_", "GIT_", "XDG_", "OVERNIGHT", "CLAUDE", "ANTHROPIC")
_HARMLESS_PATHS: Final = ("/dev/null", "/dev/stdout", "/dev/stderr")
_SHELL_WORDS: Final = ("$", "`")
_LONGEST: Final = 300
_CHANGES_FOLDER = lazy(r"(?:^|[;&|(]\s*)(?:cd|pushd)\s")


class ProofCommand(Struct, frozen=True):
    """A command that is run in the copy: its words, its variables, its folder from the project.

    `part` is what a test command is limited to; `activates` is the environment, from the project, that the
    night's shell had activated. `source` says where the command comes from; of one that a person named,
    exit code 0 alone is green (`counts_by_exit`).
    """

    kind: ProofKind
    words: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = ()
    folder: str = ""
    framework: str = ""
    part: str = ""
    activates: str = ""
    source: str = "the night"
    counts_by_exit: bool = False

    @property
    def text(self) -> str:
        """The command as a person would type it in the project's folder."""
        named = [f"{name}={shlex.quote(value)}" for name, value in self.variables]
        line = " ".join((*named, shlex.join(self.words)))
        return f"cd {shlex.quote(self.folder)} && {line}" if self.folder else line


class LeftOut(Struct, frozen=True):
    """A command of the night that is not run again, and why."""

    text: str
    why: str


class Place(Struct, frozen=True):
    """Where the night worked: the project's folder and the top of its work tree, both physical."""

    project: str
    work_tree: str


class ShellLine(NamedTuple):
    """A command line of the night, and the folder that its shell stood in ("": the project's)."""

    text: str
    folder: str = ""


def read_command(line: ShellLine, place: Place) -> Iterator[ProofCommand | LeftOut]:
    """The commands of a shell line that prove something, in their order."""
    folder = _from_project(os.path.join(place.project, line.folder), place)
    if _CHANGES_FOLDER.search(line.text):
        folder = ""  # it says itself where it goes
    activates = ""
    exported: dict[str, str] = {}
    for stages in pipelines(line.text):
        first = stages[0]
        if first.name in ("cd", "pushd"):
            folder = _entered(folder, first.texts, place)
        elif first.name in ("source", ".") and first.texts:
            activates = _activated(first.texts[0], folder, place) or activates
        elif first.name == "export":
            exported.update(_assignments(first.texts))
        else:
            for number, call in enumerate(stages):
                found = _read(call, place, folder, {**exported, **_assignments(call.variables)})
                if isinstance(found, ProofCommand):
                    found = replace(found, activates=activates)
                    if number:
                        found = LeftOut(found.text, "it reads what another command prints")
                if found is not None:
                    yield found


def project_command(
    words: Sequence[str], source: str, kind: ProofKind = "tests"
) -> ProofCommand | LeftOut:
    """A command that the project or its settings name."""
    text = shlex.join(words)
    if denied_command(words) is not None:
        return LeftOut(shorten(text, _LONGEST), "no unattended session may run it")
    return ProofCommand(kind, tuple(words), (), "", runner(text), narrowed_to(text), "", source)


def widest(commands: Sequence[ProofCommand]) -> list[ProofCommand]:
    """Each thing once: of tests of one runner in one folder the whole suite, where it was run at all.

    Of equal ones the last counts. Whole suites come first, then parts, then the other kinds.
    """
    by_words = {(one.kind, one.folder, one.words, one.variables): one for one in commands}
    whole = {
        (one.framework, one.folder): one
        for one in by_words.values()
        if one.kind == "tests" and not one.part
    }
    parts = [
        one
        for one in by_words.values()
        if one.kind == "tests" and one.part and (one.framework, one.folder) not in whole
    ]
    others = {(one.kind, one.folder, one.words[:2]): one for one in by_words.values()}
    rest = [one for one in others.values() if one.kind != "tests"]
    return [*whole.values(), *parts, *rest]


def _assignments(texts: Sequence[str]) -> dict[str, str]:
    pairs = (text.partition("=") for text in texts if "=" in text)
    return {name: value for name, _, value in pairs}


def _entered(folder: str | None, words: Sequence[str], place: Place) -> str | None:
    """The folder after a `cd`, from the project; None where it is not in the work tree."""
    to = next((word for word in words if not word.startswith("-")), "~")
    if to.startswith("~") or any(sign in to for sign in _SHELL_WORDS):
        return None
    start = place.project if folder is None else os.path.join(place.project, folder)
    return _from_project(os.path.join(start, to), place)


def _from_project(path: str, place: Place) -> str | None:
    """A physical path as one from the project; None where it lies outside its work tree, or in `.claude`."""
    path = os.path.normpath(path)
    top = place.work_tree
    if path != top and not path.startswith(f"{top.rstrip('/')}/"):
        return None
    inner = os.path.relpath(path, top)
    if inner.startswith(".claude/worktrees"):
        return None
    relative = os.path.relpath(path, place.project)
    return "" if relative == "." else relative


def _activated(script: str, folder: str | None, place: Place) -> str:
    """The environment that sourcing a script activates, from the project; empty for none of it."""
    if not script.endswith("/bin/activate") or any(sign in script for sign in _SHELL_WORDS):
        return ""
    path = os.path.join(place.project, folder or "", script)
    return _from_project(os.path.dirname(os.path.dirname(path)), place) or ""


def _read(
    call: CommandCall, place: Place, folder: str | None, variables: dict[str, str]
) -> ProofCommand | LeftOut | None:
    """The command that a call is; None where it proves nothing."""
    if call.name in SHELLS and script_of(call):
        return None  # what it runs comes apart
    whole = [word.text for word in call.simple.words]
    words = whole[len(whole) - len(call.args) - 1 :]
    text = shlex.join(words)
    framework = runner(text)
    kind = "tests" if framework else check_kind(text)
    if kind is None:
        return None
    shown = shorten(" ".join(whole), _LONGEST)
    why = _obstacle(call, whole, words, folder, variables)
    if why:
        return LeftOut(shown, why)
    stands = os.path.normpath(os.path.join(place.project, folder or ""))
    mapped = _all_mapped(words, stands, place)
    values = _all_mapped([*variables.values()], stands, place)
    if mapped is None or values is None:
        return LeftOut(shown, "it names a path outside the project")
    plain = tuple(mapped) if kind == "tests" else without_changes(mapped)
    pairs = tuple(zip(variables, values, strict=True))
    return ProofCommand(
        kind, plain, pairs, folder or "", framework, narrowed_to(text) if framework else ""
    )


def _all_mapped(words: Sequence[str], stands: str, place: Place) -> list[str] | None:
    """The words as `_mapped` has them; None where one leads out."""
    found = [_mapped(word, stands, place) for word in words]
    kept = [word for word in found if word is not None]
    return kept if len(kept) == len(found) else None


# complexity: one rule after the other, each with its own words
def _obstacle(
    call: CommandCall,
    whole: Sequence[str],
    words: Sequence[str],
    folder: str | None,
    variables: dict[str, str],
) -> str:
    """Why a command is not run again; empty where nothing speaks against it."""
    if folder is None:
        return "it ran outside this work tree"
    if any(os.path.basename(word) in _ELSEWHERE for word in whole[:2]):
        return "it ran in a container or on another machine"
    if os.path.basename(words[0]) in _INSTALLING:
        return "it would install packages for a folder that is new to it"
    if "xargs" in whole[: len(whole) - len(words)]:
        return "it reads what another command prints"
    if denied_command(words) is not None or denied_command(whole) is not None:
        return "no unattended session may run it"
    has_inner = any(word.inner or word.fed for word in call.simple.words)
    texts = (*words, *variables.values())
    if has_inner or any(sign in text for text in texts for sign in _SHELL_WORDS):
        return "only a shell knows its words"
    if words[-1].endswith("…"):
        return "it is not known to its end"
    sets = (name for name in variables if name in _MANAGING or name.startswith(_MANAGING_PREFIXES))
    name = next(sets, "")
    return f"it sets {name}" if name else ""


def _mapped(word: str, stands: str, place: Place) -> str | None:
    """The word with the paths of the project that it names told from where it stands; None: it leads out.

    A path may stand behind `=`, as in `--rootdir=/project`, and between `:`.
    """
    if word in _HARMLESS_PATHS or ("/" not in word and word != ".."):
        return word
    name, sign, value = word.partition("=")
    if sign and "/" not in name:
        inner = _mapped(value, stands, place)
        return None if inner is None else f"{name}={inner}"
    if word.startswith("/") and ":" in word and "::" not in word:
        parts = _all_mapped(word.split(":"), stands, place)
        return None if parts is None else ":".join(parts)
    return _mapped_path(word, stands, place)


def _mapped_path(word: str, stands: str, place: Place) -> str | None:
    """The same for a path, behind which `::` may name a test."""
    path, sign, test = word.partition("::")
    if path.startswith("~"):
        return None
    if not path.startswith("/") and ".." not in path.split("/"):
        return word
    whole = os.path.normpath(os.path.join(stands, path))
    if _from_project(whole, place) is None:
        return None
    return f"{os.path.relpath(whole, stands)}{sign}{test}" if path.startswith("/") else word
