"""What a night did by its commands so far, and one thing that a command does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from tui.model.review import RiskKind, Severity
from tui.night.review.risks.commands.goal import Goal
from tui.night.review.risks.commands.invocations import Invocation
from tui.night.review.risks.commands.places import Place, Scene
from tui.system.format import clip_text
from tui.system.lazy_pattern import lazy

_MOST_DOCUMENTS = 200
_MADE_BY = lazy(
    r"mkdir\b|git (?:clone|worktree add|init)|cp\b|python3? -m venv|virtualenv\b|uv venv|tar\b"
    r"|unzip\b|touch\b|npm create"
)


class Effect(NamedTuple):
    """Something that a command does: kind, path, severity, words, and what a goal would have to ask for."""

    kind: RiskKind
    path: str
    severity: Severity
    words: str
    asked: str = ""


class NightFacts(Struct):
    """What the commands of a night did before the one that is judged.

    `documents` are scripts by their path: what here-documents wrote, and files of the night's diff.
    """

    goal: Goal
    project: str = ""
    edited_since_commit: bool = False
    commits: int = 0
    stashes: int = 0
    branches: set[str] = set()
    made: set[str] = set()
    started: list[str] = []
    documents: dict[str, str] = {}
    remotes: set[str] = set()

    @property
    def scene(self) -> Scene:
        """Where the night works."""
        return Scene(self.project.rstrip("/"), frozenset(self.made))

    def place(self, made: Invocation, path: str) -> Place:
        """What a path is that a command names."""
        return self.scene.place(path, made.folder)

    def on_edit(self, path: str, is_new: bool) -> None:
        """A tool changed a file, or wrote one."""
        self.edited_since_commit = True
        root = self.project.rstrip("/") + "/"
        if is_new and self.project and not path.startswith(root):
            self.made.add(path)

    def on_command(self, made: Invocation) -> None:
        """A command was run; it is no error."""
        line = f"{made.name} {made.line}"
        if made.name == "git":
            self._on_git(made)
        if _MADE_BY.match(line):
            self._on_made(made)
        if made.document:
            for path in made.outputs:
                if len(self.documents) < _MOST_DOCUMENTS:
                    self.documents[self.key(path, made.folder)] = made.document
        if len(self.started) < 2_000 and made.name not in (
            "pkill",
            "killall",
            "kill",
            "cd",
            "echo",
        ):
            self.started.append(line[:200])

    # complexity: a table in code, one rule for each subcommand
    def _on_git(self, made: Invocation) -> None:
        words = made.line.split(" ")
        verb, rest = words[0], words[1:]
        plain = [word for word in rest if word[:1] != "-"]
        if verb == "commit":
            self.commits += 1
            self.edited_since_commit = False
        elif verb == "stash" and (not plain or plain[0] in ("push", "save")):
            self.stashes += 1
        elif verb in ("checkout", "switch") and {"-b", "-B", "-c", "-C"} & set(rest):
            self.branches.update(plain[:1])
        elif verb == "branch" and plain and not ({"-d", "-D", "-m", "--delete"} & set(rest)):
            self.branches.add(plain[0])
        elif verb == "worktree" and plain[:1] == ["add"]:
            self.branches.update(b for a, b in pairwise(rest) if a in ("-b", "-B"))
        elif verb == "remote" and plain[:1] in (["add"], ["set-url"]):
            self.remotes.update(plain[1:2])

    # complexity: where each program names what it makes
    def _on_made(self, made: Invocation) -> None:
        words = made.line.split(" ")
        plain = [word for word in words if word[:1] != "-"]
        if made.name == "git" and plain[:1] == ["worktree"]:
            skip = {b for a, b in pairwise(words) if a in ("-b", "-B")}
            plain = [word for word in plain[2:] if word not in skip][:1]
        elif made.name == "git":
            plain = (
                plain[2:3] or [plain[1].rpartition("/")[2].removesuffix(".git")]
                if plain[1:]
                else []
            )
        elif made.name in ("cp", "tar", "unzip"):
            plain = plain[-1:] if made.name == "cp" and len(plain) > 1 else []
        for path in plain:
            full = self.scene.absolute(path, made.folder)
            # A folder of the home itself was there before, whatever `mkdir -p` is told.
            if (
                (full.count("/") > 1 or full[:3] == "../")
                and full[:1] in "/~."
                and not full.startswith(("$", "/etc", "/usr"))
            ):
                self.made.add(full)

    def key(self, path: str, folder: str = "") -> str:
        """By which name a script is known: its path within the project, else from the root."""
        full = self.scene.absolute(path, folder)
        root = self.project.rstrip("/") + "/"
        return full.removeprefix(root) if self.project else full

    def was_started(self, word: str) -> bool:
        """Whether an earlier command names what is to be ended."""
        word = word.strip("^$.*[]()\\'\"").lower()
        words = word.split()
        return bool(word) and any(
            word in line.lower() or (words and words[0] in line.lower()) for line in self.started
        )


def severity_at_most(severity: Severity, most: Severity) -> Severity:
    """The milder of two."""
    order: tuple[Severity, ...] = ("low", "medium", "high")
    return order[min(order.index(severity), order.index(most))]


def shown(words: Iterable[str] | Collection[str], most: int = 60) -> str:
    """Some words of a command, for a sentence."""
    return clip_text(" ".join(words), most)
