"""Commits of a night that HEAD does not reach: on other branches, in other work trees, undone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
from tui.feeds.repo.commit_makers import LOG_SHAPE, MadeCommit, find_named, parse_made
from tui.feeds.repo.diff_parser import parse_entries, visible_path
from tui.feeds.repo.tree_files import TreeFiles
from tui.model.records import AsideCommit
from tui.system.errors import OvernightError
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean_line

if TYPE_CHECKING:
    from tui.model.evidence.log import CommitRecord
    from tui.model.evidence.whose import NightWork
    from tui.system.git import Git

_ID = lazy(r"[0-9a-f]{4,64}")
_SECONDS, _BYTES = 3.0, 1 << 20
_MOST_ASIDE = 200
_MOST_UNDONE = 20
_MOST_WORK_TREES = 50
_EARLIEST_SINCE = 1e8


class SideCommits(NamedTuple):
    """The night's commits on other branches, and those that were undone; oldest first."""

    elsewhere: tuple[AsideCommit, ...] = ()
    lost: tuple[AsideCommit, ...] = ()


def read_side_commits(
    git: Git,
    head: str,
    work: NightWork,
    messages: Sequence[tuple[str, str]],
    dirty: Iterable[str],
) -> SideCommits:
    """What the night committed aside of HEAD's line, whose `messages` are known; raises nothing.

    `dirty` are paths with changes that no commit holds: what is there still was not undone.
    """
    if not head:
        return SideCommits()
    try:
        return _Reading(git, head, work, messages).read(frozenset(dirty))
    except (OvernightError, OSError):
        return SideCommits()


class _Reading:
    def __init__(
        self, git: Git, head: str, work: NightWork, messages: Sequence[tuple[str, str]]
    ) -> None:
        self._git, self._head, self._work = git, head, work
        self._budget = ReadBudget(_SECONDS, _BYTES)
        self._sources: dict[str, str] = {}
        self._known = {sha for sha, _ in messages}
        self._subjects = {_plain(text.partition("\n")[0]) for _, text in messages}

    def read(self, dirty: frozenset[str]) -> SideCommits:
        made = [one for one in self._list_aside() if one.sha not in self._known]
        # Others may work in other work trees at the same time: only what the records name is the night's.
        own = find_named(made[::-1], self._work)
        elsewhere = tuple(self._aside(one) for one in own)
        self._known |= {one.sha for one in made}
        self._subjects |= {_plain(one.subject) for one in own}
        return SideCommits(elsewhere, tuple(self._find_undone(dirty)))

    def _list_aside(self) -> list[MadeCommit]:
        """Commits of the night's time on branches and in work trees that HEAD does not reach."""
        since, until = self._work.since, self._work.until
        if since is None or since < _EARLIEST_SINCE:
            return []
        shape = f"{LOG_SHAPE}%x00%S"
        args = ["log", shape, f"--max-count={_MOST_ASIDE}", f"--since=@{int(since)} +0000"]
        args += ["--branches", *self._work_tree_heads(), "--not", self._head, "--"]
        out = run_bounded(self._git, args, self._budget).data
        rows = (line.split("\0") for line in out.decode("utf-8", "replace").split("\n"))
        self._sources = {row[0]: row[-1] for row in rows}
        made = parse_made(out)
        return [one for one in made if until is None or one.at <= until + 1]

    def _work_tree_heads(self) -> list[str]:
        folder = self._git.common_dir / "worktrees"
        try:
            names = sorted(os.listdir(folder))[:_MOST_WORK_TREES]
        except OSError:
            return []
        asked = (f"worktrees/{name}/HEAD^{{commit}}" for name in names)
        found = (self._git.read_line(("rev-parse", "--verify", "--quiet", one)) for one in asked)
        return [sha for sha in found if sha]

    def _aside(self, one: MadeCommit) -> AsideCommit:
        source = self._sources.get(one.sha, "")
        branch = "HEAD of another work tree" if _ID.fullmatch(source) else source
        name = clean_line(branch.removeprefix("refs/heads/"), 200)
        return AsideCommit(one.sha, one.at, clean_line(one.subject, 300), name)

    # --- undone ---

    def _find_undone(self, dirty: frozenset[str]) -> list[AsideCommit]:
        """Commits that a call's answer names, that no ref reaches, and whose changes are gone."""
        asked = [one for one in self._work.commits if one.sha and _ID.fullmatch(one.sha)]
        asked = [one for one in asked if not any(k.startswith(one.sha) for k in self._known)]
        found = self._resolve(asked[-_MOST_UNDONE:])
        if not found:
            return []
        reached = ("--branches", "--remotes", "--tags", self._head)
        args = ("rev-list", "--max-count=1000", *found, "--not", *reached)
        unreached = set(run_bounded(self._git, args, self._budget).data.decode().split())
        return [
            AsideCommit(sha, record.at, clean_line(record.subject, 300))
            for sha, record in found.items()
            if sha in unreached
            and _plain(record.subject) not in self._subjects
            and self._is_gone(sha, dirty)
        ]

    def _resolve(self, records: Sequence[CommitRecord]) -> dict[str, CommitRecord]:
        """The records by the whole ids of their commits, as far as the repository has them."""
        if not records:
            return {}
        asked = "".join(f"{one.sha}^{{commit}}\n" for one in records).encode()
        lines = self._git.run(("cat-file", "--batch-check"), input=asked).decode().splitlines()
        pairs = zip(lines, records, strict=False)
        return {line.split()[0]: one for line, one in pairs if line.split()[1:2] == ["commit"]}

    def _is_gone(self, sha: str, dirty: frozenset[str]) -> bool:
        """Whether a path is in HEAD again as it was before the commit."""
        args = ("diff-tree", "-r", "--root", "--raw", "-z", "--no-commit-id", "--no-renames", sha)
        out = run_bounded(self._git, (*args, "--no-abbrev"), self._budget)
        entries = parse_entries(out.data)[:_MOST_ASIDE]
        now = TreeFiles(self._git, self._head).blob_ids([one.path for one in entries])
        for entry in entries:
            before = entry.old_blob if entry.old_blob.strip("0") else ""
            if now.get(entry.path) == before and visible_path(entry.path) not in dirty:
                return True
        return False


def _plain(subject: str) -> str:
    return clean_line(subject, 300).rstrip("…").strip()[:60]
