"""What a night's difference is taken between: commits, or a commit and the work tree with its new files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
from tui.feeds.repo.commit_makers import MadeCommit, find_others, list_made, paths_in
from tui.model.evidence.whose import NO_WORK, NightWork
from tui.system.files import regular_file
from tui.system.lazy_pattern import lazy

if TYPE_CHECKING:
    from tui.system.git import Git


_MOST_COMMITS = 5_000
_FIRST_LOOK = 200
# Commits with dates made up by a rebase or an import do not end the search.
_MOST_MISDATED = 3
_COMMIT = lazy(r"[0-9a-f]{4,64}")
_NAMED_BASE = "the run's journal names its base"
# The tree without entries, which every repository knows: what the first commit is compared with.
_EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class NightRange(NamedTuple):
    """Where a night began and ended: `start` is the tree or commit to compare with, `base` and `head` are
    commit ids or empty, `is_at_head` says that HEAD is still where the night ended.

    `others` are commits in the range that the night did not make; `brought` are merges of such commits.
    """

    start: str
    base: str
    head: str
    is_at_head: bool
    why: str
    others: frozenset[str] = frozenset()
    brought: tuple[MadeCommit, ...] = ()

    @property
    def commits(self) -> str:
        """The night's commits as git names a range."""
        return f"{self.base}..{self.head}" if self.base else self.head


def find_night_range(
    git: Git,
    base: str | None,
    since: float | None,
    until: float | None,
    now: float,
    work: NightWork = NO_WORK,
) -> NightRange:
    """The range: from `base` if the repository has it, else by the times, else nothing before HEAD.

    What `work` tells of commits comes before their times: those that it names are the night's, and a
    range does not begin with commits of somebody else.
    """
    tip = git.head()
    empty = _EMPTY_TREES[git.object_format]
    if tip is None:
        return NightRange(empty, "", "", True, "the repository has no commit yet")
    known = _known_commit(git, base)
    made = _list_line(git, known, tip, since, work)

    is_inside = _inside(until, now, work)
    lost = "" if known or not base else f"the base {base[:12]} is no commit of this repository; "
    inside = made if known else _commits_since(made, since, is_inside, work)
    others = _others(git, inside, work, is_after_base=known is not None)
    inside = _beginning_with_own(inside, others, is_inside if known is None else None)
    if known and inside == made:
        span = NightRange(known, known, tip, True, _NAMED_BASE)
    elif not inside:
        words = _NAMED_BASE if known else ""
        return _range_without_commits(made, since, until, tip, lost, words)
    else:
        span = _from_first(inside[-1], tip, empty, lost)
    return _with_sides(git, _cut_at_end(span, inside, is_inside), inside, others, work)


def _list_line(
    git: Git, known: str | None, tip: str, since: float | None, work: NightWork
) -> list[MadeCommit]:
    """The commits of HEAD's own line, the newest first; no more than the search for the first needs."""
    span = f"{known}..{tip}" if known else tip
    made = list_made(git, span, _FIRST_LOOK, first_parent=True)
    oldest = made[-_MOST_MISDATED - 1 :]
    is_enough = len(made) < _FIRST_LOOK or (
        known is None
        and since is not None
        and not any(one.at >= int(since) or work.names(one.sha) for one in oldest)
    )
    return made if is_enough else list_made(git, span, _MOST_COMMITS, first_parent=True)


def _inside(until: float | None, now: float, work: NightWork) -> Callable[[MadeCommit], bool]:
    """Whether a commit was made before the night's end; one that is dated in the future still counts."""

    def is_inside(one: MadeCommit) -> bool:
        return until is None or one.at <= int(until) + 1 or one.at > now + 1 or work.names(one.sha)

    return is_inside


def _beginning_with_own(
    inside: list[MadeCommit],
    others: frozenset[str],
    is_inside: Callable[[MadeCommit], bool] | None,
) -> list[MadeCommit]:
    """The commits without the oldest ones that are somebody else's, or later than the night."""
    count = len(inside)
    while count:
        oldest = inside[count - 1]
        if oldest.sha not in others and (is_inside is None or is_inside(oldest)):
            break
        count -= 1
    return inside[:count]


def _known_commit(git: Git, base: str | None) -> str | None:
    if base is None or not _COMMIT.fullmatch(base):
        return None
    return git.read_line(("rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"))


def _from_first(first: MadeCommit, tip: str, empty: str, lost: str) -> NightRange:
    """The range from before the night's first commit."""
    words = lost + "the parent of the night's first commit"
    if not first.parent:
        words = lost + "the night made the repository's first commit"
    return NightRange(first.parent or empty, first.parent, tip, True, words)


def _others(
    git: Git, inside: Sequence[MadeCommit], work: NightWork, *, is_after_base: bool
) -> frozenset[str]:
    return find_others(inside, work, paths_in(git), is_after_base=is_after_base)


def _with_sides(
    git: Git,
    span: NightRange,
    inside: Sequence[MadeCommit],
    others: frozenset[str],
    work: NightWork,
) -> NightRange:
    """The range with those commits of somebody else that merges brought in."""
    merges = [one for one in inside if len(one.parents) > 1]
    if merges and span.head != span.base:
        every = list_made(git, span.commits, _MOST_COMMITS, first_parent=False)
        line = {one.sha for one in inside}
        sides = [one for one in every if one.sha not in line]
        others |= _others(git, sides, work, is_after_base=False)
        by_sha = {one.sha: one for one in sides}
        brought = tuple(one for one in merges if _is_brought(one, by_sha, others))
        span = span._replace(brought=brought)
    return span._replace(others=others)


def _is_brought(merge: MadeCommit, sides: Mapping[str, MadeCommit], others: frozenset[str]) -> bool:
    """Whether all that a merge brought in is somebody else's."""
    waiting, seen = list(merge.parents[1:]), set()
    while waiting:
        sha = waiting.pop()
        if sha in seen or sha not in sides:
            continue
        if sha not in others:
            return False
        seen.add(sha)
        waiting += sides[sha].parents
    return bool(seen) or merge.sha in others


def _range_without_commits(
    made: list[MadeCommit],
    since: float | None,
    until: float | None,
    tip: str,
    lost: str,
    known: str = "",
) -> NightRange:
    """The range of a night that made no commit: it ends where it began."""
    if known or (since is not None and any(one.at >= since for one in made)):
        earlier = [one for one in made if until is not None and one.at <= until]
        head = earlier[0].sha if earlier else tip
        words = lost + "no commit was made in the night, so it began and ended on the same one"
        return NightRange(head, head, head, head == tip, words)
    words = lost + "no commit was made in the night: only what is not committed"
    if since is None:
        words = lost + "the night's start is not known: only what is not committed"
    return NightRange(tip, tip, tip, True, words)


def _commits_since(
    made: list[MadeCommit],
    since: float | None,
    is_inside: Callable[[MadeCommit], bool],
    work: NightWork,
) -> list[MadeCommit]:
    """The commits down to the oldest one of the night.

    Up to three older ones in between do not end the search, because dates can be made up. A commit
    that is dated after the night neither ends the search nor counts as the oldest.
    """
    last = misdated = 0
    for number, one in enumerate(made, 1):
        is_named = work.names(one.sha)
        if not is_named and (since is None or one.at < int(since)):
            misdated += 1
            if misdated > (_MOST_COMMITS if since is None and work.commits else _MOST_MISDATED):
                break
        elif is_named or is_inside(one):
            last, misdated = number, 0
    return made[:last]


def _cut_at_end(
    span: NightRange, made: Sequence[MadeCommit], is_inside: Callable[[MadeCommit], bool]
) -> NightRange:
    """The range up to the night's last commit."""
    head = next((one.sha for one in made if is_inside(one)), span.base)
    if not made or head == span.head:
        return span
    return span._replace(head=head, is_at_head=False, why=span.why + "; later commits are left out")


MOST_NEW = 5_000
_PIECE = 1 << 20
# Git reads a whole file to count its lines; larger ones are listed without.
_LARGE_FILE = 1 << 20
# The file without content, which git knows in every repository.
_EMPTY_BLOBS = {
    "sha1": b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "sha256": b"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}


class PrivateIndex(NamedTuple):
    """The environment that makes git use the index, and what the index does not hold.

    `large` are new files (mode and path) that git would read as a whole to count their lines.
    """

    env: dict[str, str]
    cut: bool
    notes: tuple[str, ...]
    large: tuple[tuple[int, bytes], ...] = ()


@contextmanager
def private_index(git: Git, budget: ReadBudget) -> Iterator[PrivateIndex]:
    """A copy of the repository's index with untracked files entered as empty, gone afterwards.

    Git reads their bytes from the work tree. The agent may have hidden changes of tracked files with
    marks in the index ("assume unchanged"); the copy is without them.
    """
    import tempfile

    with tempfile.TemporaryDirectory(prefix="overnight-index-") as folder:
        path = Path(folder) / "index"
        env = {"GIT_INDEX_FILE": str(path)}
        notes = []
        with suppress(FileNotFoundError):
            _copy_index(git.git_dir / "index", path)
        hidden = _list_hidden(git)
        if hidden:
            names = b"".join(name + b"\0" for name in hidden)
            for mark in ("--no-assume-unchanged", "--no-skip-worktree"):
                git.run(("update-index", "-z", mark, "--stdin"), input=names, env=env)
            notes.append(f"git had been told not to look at {len(hidden)} files")
        found, large, whole = _list_untracked(git, budget)
        blob = _EMPTY_BLOBS[git.object_format]
        order = b"".join(b"%o %s\t%s\0" % (mode, blob, name) for mode, name in found[:MOST_NEW])
        if order:
            git.run(("update-index", "-z", "--index-info"), input=order, env=env)
        cut = not whole or len(found) > MOST_NEW
        if cut:
            notes.append("not all new files are listed")
        yield PrivateIndex(env, cut, tuple(notes), tuple(large[:MOST_NEW]))


def _copy_index(index: Path, to: Path) -> None:
    """Raises OSError; what is no regular file is not read, for a device would never end."""
    with regular_file(index, follow=True) as (descriptor, status), open(to, "wb") as copy:
        left = status.st_size
        while left > 0 and (piece := os.read(descriptor, min(left, _PIECE))):
            copy.write(piece)
            left -= len(piece)
    # With its time: a file edited in the moment it was staged is recognised by that alone.
    os.utime(to, ns=(status.st_atime_ns, status.st_mtime_ns))


def _list_hidden(git: Git) -> list[bytes]:
    """Tracked files marked "assume unchanged", or "skip" although they are there."""
    out = git.run(("ls-files", "-z", "-v"))
    marked = [(line[:1], line[2:]) for line in out.split(b"\0")[:-1]]
    top = os.fsencode(git.work_tree)
    return [
        name
        for mark, name in marked
        if (mark.islower() and mark != b"s")
        or (mark in b"sS" and os.path.lexists(os.path.join(top, name)))
    ]


def _list_untracked(
    git: Git, budget: ReadBudget
) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]], bool]:
    """Mode and path of plain files and links that git neither tracks nor ignores, the large apart."""
    listed = run_bounded(git, ("ls-files", "-z", "--others", "--exclude-standard"), budget)
    top = os.fsencode(git.work_tree)
    found: list[tuple[int, bytes]] = []
    large: list[tuple[int, bytes]] = []
    for name in listed.data.split(b"\0")[:-1]:
        if name.endswith(b"/"):
            continue
        try:
            facts = os.lstat(os.path.join(top, name))
        except OSError:
            continue
        if stat.S_ISLNK(facts.st_mode):
            found.append((0o120000, name))
        elif stat.S_ISREG(facts.st_mode):
            fitting = found if facts.st_size <= _LARGE_FILE else large
            fitting.append((0o100755 if facts.st_mode & 0o100 else 0o100644, name))
    return found, large, listed.is_whole
