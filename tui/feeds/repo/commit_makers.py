"""Which commits in a night's time the night did not make.

What the records name is the night's. Of the rest a commit is somebody else's only where the records would
show it otherwise: it was there before they began, or its author is another and no call was behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui.feeds.repo.diff_parser import DiffEntry, parse_entries, visible_path
from tui.model.evidence.log import CommitRecord
from tui.model.evidence.whose import NightWork
from tui.system.errors import OvernightError
from tui.system.sanitize import clean_line

if TYPE_CHECKING:
    from tui.feeds.repo.commits import CommitChanges
    from tui.system.git import Git

_NEAR, _AROUND = 2.0, 30.0
_SAME_SUBJECT = 300.0
_MOST_LOOKED_AT = 200
_MOST_MERGES = 50
LOG_SHAPE = "--format=tformat:%H%x00%ct%x00%P%x00%ae%x00%ce%x00%s"
PathsOf = Callable[[Sequence[str]], dict[str, set[str]]]


class MadeCommit(NamedTuple):
    """A commit with what tells whose it is; addresses and subject are as they were written."""

    sha: str
    at: float
    parents: tuple[str, ...]
    author: str
    committer: str
    subject: str

    @property
    def parent(self) -> str:
        """The commit before it on its own line; empty for the first."""
        return self.parents[0] if self.parents else ""


def list_made(git: Git, span: str, most: int, *, first_parent: bool) -> list[MadeCommit]:
    """The newest commits of a range, the newest first; `GitError` as from git."""
    args = ["log", LOG_SHAPE, f"--max-count={most}", *(["--first-parent"] if first_parent else [])]
    return parse_made(git.run((*args, span, "--")))


def parse_made(out: bytes) -> list[MadeCommit]:
    """The commits of a log in `LOG_SHAPE`, which more may follow on the line."""
    rows = (line.split("\0") for line in out.decode("utf-8", "replace").split("\n"))
    return [
        MadeCommit(row[0], float(row[1]), tuple(row[2].split()), *row[3:6])
        for row in rows
        if len(row) >= 6
    ]


def find_others(
    made: Sequence[MadeCommit], work: NightWork, paths_of: PathsOf, *, is_after_base: bool
) -> frozenset[str]:
    """Ids of the commits that the night did not make.

    `is_after_base` says that they are known to have come after the night's first commit, whatever their
    dates are; `paths_of` gives the paths that commits changed.
    """
    judge = _Judge(made, work)
    doubted = [one for one in made if not judge.is_named(one)]
    others = {one.sha for one in doubted if not is_after_base and judge.was_there_before(one)}
    open_ones = [one for one in doubted if one.sha not in others and judge.lacks_call(one)]
    if open_ones and work.edits:
        changed = paths_of([one.sha for one in open_ones[:_MOST_LOOKED_AT]])
        open_ones = [one for one in open_ones if not judge.holds_work(one, changed.get(one.sha))]
    return frozenset(others | {one.sha for one in open_ones})


def find_named(made: Sequence[MadeCommit], work: NightWork) -> list[MadeCommit]:
    """The commits that the night's records name."""
    judge = _Judge(made, work)
    return [one for one in made if judge.is_named(one)]


class _Judge:
    """What one night's records say of commits."""

    def __init__(self, made: Sequence[MadeCommit], work: NightWork) -> None:
        self._work = work
        self._prefixes: dict[int, set[str]] = {}
        self._unnamed: dict[str, list[CommitRecord]] = {}
        for record in work.commits:
            if record.sha:
                self._prefixes.setdefault(len(record.sha), set()).add(record.sha)
            elif subject := _plain(record.subject):
                self._unnamed.setdefault(subject, []).append(record)
        named = [one for one in made if self.is_named(one) and one.sha not in work.ours]
        self._known = {who for one in named for who in (one.author, one.committer)}

    def is_named(self, commit: MadeCommit) -> bool:
        """Whether a call's answer has its id, a call's command its subject, or our journal its id."""
        if commit.sha in self._work.ours:
            return True
        if any(commit.sha[:width] in shas for width, shas in self._prefixes.items()):
            return True
        said = self._unnamed.get(_plain(commit.subject), ())
        return any(one.at is None or abs(one.at - commit.at) <= _SAME_SUBJECT for one in said)

    def was_there_before(self, commit: MadeCommit) -> bool:
        """Whether it is as old as the first record: git keeps whole seconds, and nothing was called yet."""
        return self._work.since is not None and commit.at <= self._work.since

    def lacks_call(self, commit: MadeCommit) -> bool:
        """Whether no call can have made it, and the records would show one."""
        work, at = self._work, commit.at
        calls = work.calls
        if not work.tells_of(at):
            return False
        if self._known and self._known.isdisjoint((commit.author, commit.committer)):
            return True
        if work.has_beside(at):
            return False
        return not (calls.busy.holds(at, _AROUND) if self._known else calls.shells.holds(at, _NEAR))

    def holds_work(self, commit: MadeCommit, paths: set[str] | None) -> bool:
        """Whether it has a file that the agent had edited and not committed until then."""
        if not paths:
            return paths is None
        edited = self._edited_before(commit.at)
        return any(_ends_alike(name, path) for name in edited if name for path in paths)

    def _edited_before(self, moment: float) -> Iterator[str]:
        """Paths edited since the last commit that the records name."""
        times = [one.at for one in self._work.commits if one.at is not None]
        last = max((at for at in times if at < moment - _NEAR), default=0.0)
        for one in self._work.edits:
            if one.at is not None and last < one.at <= moment + _NEAR:
                yield one.path


def _plain(subject: str) -> str:
    return clean_line(subject, 300).rstrip("…").strip()[:60]


def _ends_alike(name: str, path: str) -> bool:
    """Whether a name in a call means the path: absolute, from the top, or from a folder below."""
    name = name.removeprefix("./")
    return name == path or name.endswith("/" + path) or path.endswith("/" + name)


def paths_in(git: Git) -> PathsOf:
    """Asks git which paths commits changed; commits that it does not tell of are missing."""

    def ask(shas: Sequence[str]) -> dict[str, set[str]]:
        args = ("diff-tree", "--stdin", "-r", "-m", "--root", "--name-only", "--no-renames", "-z")
        try:
            out = git.run(args, input="".join(f"{sha}\n" for sha in shas).encode())
        except OvernightError:
            return {}
        return _paths_by_commit(out.split(b"\0"), set(shas))

    return ask


def _paths_by_commit(tokens: Iterable[bytes], shas: set[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    for token in tokens:
        sha = token.decode("ascii", "replace").partition(" ")[0].strip()
        if sha in shas:
            current = found.setdefault(sha, set())
        elif token:
            current.add(visible_path(token))
    return found


# --- what others changed ---


def own_changes(
    git: Git, others: Collection[str], brought: Sequence[MadeCommit], by_commit: CommitChanges
) -> CommitChanges:
    """What the night's own commits changed; of a merge of foreign work only what the merge made itself."""
    merges = {one.sha: one for one in brought[:_MOST_MERGES]}
    found: CommitChanges = []
    for sha, entries in by_commit:
        if sha in merges:
            made_there = _differing(git, merges[sha])
            found.append((sha, [one for one in entries if one.path in made_there]))
        elif sha not in others:
            found.append((sha, entries))
    return found


def _differing(git: Git, merge: MadeCommit) -> set[bytes]:
    """Paths that a merge left otherwise than in what it brought in."""
    args = ("diff-tree", "-r", "--raw", "-z", "--no-renames", merge.parents[1], merge.sha)
    try:
        return {entry.path for entry in parse_entries(git.run(args))}
    except (OvernightError, IndexError):
        return set()


def keep_own(
    differing: list[DiffEntry],
    by_commit: CommitChanges,
    own: CommitChanges,
    uncommitted: Collection[bytes],
) -> list[DiffEntry]:
    """The paths but those that only commits of somebody else changed."""
    touched = {path for _, entries in by_commit for e in entries for path in (e.path, e.old_path)}
    ours = {path for _, entries in own for e in entries for path in (e.path, e.old_path)}
    foreign = touched - ours - set(uncommitted)
    return [one for one in differing if not {one.path, one.old_path} <= foreign]
