"""A night and its end as a table of files, for the checks of claims."""

from __future__ import annotations

from difflib import unified_diff

from tests.unit.night.night_script import Script, fold
from tui.model.evidence.claims import CommitState, PathState, RefState
from tui.model.records import FileChange, Hunk, ProgressFile, RepositoryChanges
from tui.night.evidence.definitions import defines
from tui.night.review.claims.facts import ClaimVerdict
from tui.night.review.claims.night_facts import Case, NightFacts
from tui.night.review.claims.scoring import score
from tui.night.review.claims.statement import Statement, Subject

ROOT = "/w/"


class FakeEnd:
    """The end of a night by the texts of its files, and by what is told of commits and branches."""

    is_known = True

    def __init__(
        self,
        files: dict[str, str],
        base: dict[str, str],
        *,
        has_moved: bool | None = True,
        uncommitted: tuple[str, ...] = (),
        commits: dict[str, CommitState] | None = None,
        refs: dict[str, int] | None = None,
    ) -> None:
        self._files, self._base = files, base
        self.has_moved = has_moved
        self.uncommitted = uncommitted
        self.tree: str | None = None
        self._commits = commits or {}
        self._refs = refs or {}

    def path(self, name: str) -> PathState:
        name = name.removeprefix(ROOT).removeprefix("./")
        known = {**self._base, **self._files}
        if name.startswith("/"):
            return PathState(name, None, None, None)
        if any(path.startswith(name.rstrip("/") + "/") for path in known):
            there, was = (
                any(path.startswith(name.rstrip("/") + "/") for path in texts)
                for texts in (self._files, self._base)
            )
            return PathState(name.rstrip("/"), there, was, True, True)
        path = next((path for path in known if f"/{path}".endswith("/" + name)), name)
        now, before = self._files.get(path), self._base.get(path)
        return PathState(path, now is not None, before is not None, now != before)

    def text(self, path: str) -> str | None:
        return self._files.get(self.path(path).path)

    def base_text(self, path: str) -> str | None:
        return self._base.get(self.path(path).path)

    def find_symbol(self, name: str, path: str = "") -> tuple[str, ...]:
        return tuple(
            where
            for where, text in self._files.items()
            if path in ("", where) and defines(text, name, where)
        )

    def commit(self, sha: str) -> CommitState:
        return self._commits.get(sha, CommitState(False, False, None))

    def ref(self, name: str = "", *, is_remote: bool = False) -> RefState | None:
        name = f"origin/{name}" if is_remote and "/" not in name else name or "origin/main"
        return RefState(name, "c" * 40, self._refs[name]) if name in self._refs else None


def differences(base: dict[str, str], files: dict[str, str], **more: object) -> RepositoryChanges:
    """What stands between two tables of files."""
    changed = []
    for path in dict.fromkeys([*base, *files]):
        old, new = base.get(path), files.get(path)
        if old == new:
            continue
        lines = list(
            unified_diff((old or "").split("\n"), (new or "").split("\n"), lineterm="", n=3)
        )
        kind = "added" if old is None else "deleted" if new is None else "modified"
        body = tuple(line for line in lines[2:] if not line.startswith("@@"))
        changed.append(FileChange(path, kind, 1, 1, (Hunk(1, 1, body),)))  # type: ignore[arg-type]
    return RepositoryChanges("b" * 40, "h" * 40, "", tuple(changed), **more)  # type: ignore[arg-type]


class Scene:
    """A night written down call by call; what it did to the files is told apart from that."""

    def __init__(self, base: dict[str, str] | None = None) -> None:
        self.base = dict(base or {})
        self.files = dict(self.base)
        self.script = Script()
        self.script.init()
        self.script.prompt()

    def edit(self, path: str, text: str | None = None, tool: str = "Edit") -> Scene:
        """A tool writes a file."""
        if text is not None:
            self.files[path] = text
        self.script.step(tool, ROOT + path, "ok", path=ROOT + path)
        return self

    def run(self, command: str, answer: str = "", *, error: bool = False) -> Scene:
        """A command of the shell."""
        self.script.step("Bash", command, answer, error=error)
        return self

    def green(self, command: str = "pytest -q", answer: str = "2 passed in 0.05s") -> Scene:
        return self.run(command, answer)

    def facts(
        self,
        end: FakeEnd | None = None,
        progress: ProgressFile | None = None,
        messages: tuple[tuple[str, str], ...] = (),
    ) -> NightFacts:
        made = fold(self.script.events)
        changes = differences(self.base, self.files, messages=messages)
        end = end or FakeEnd(self.files, self.base)
        return NightFacts(made.evidence_log(), changes, progress, end, ROOT)

    def unknown(self) -> NightFacts:
        """The same night without any repository."""
        from tui.model.evidence.claims import UnknownEnd

        made = fold(self.script.events)
        return NightFacts(made.evidence_log(), None, None, UnknownEnd(), ROOT)


def judged(night: NightFacts, statement: Statement, place: float = float(1 << 40)) -> ClaimVerdict:
    """The verdict on a statement at the end of the night."""
    verdict = score(night, Case(statement, place))
    assert verdict is not None
    assert verdict.why
    assert verdict.checked
    return verdict


def paths(*names: str, **more: object) -> Subject:
    return Subject(paths=names, **more)  # type: ignore[arg-type]
