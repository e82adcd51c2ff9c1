"""Tracked, untracked and ignored paths."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.store.layout import own_state_within
from tui.system.errors import OvernightError
from tui.system.git import Git
from tui.system.repository_names import path_fault

_MOST_NESTED = 64
_GITLINK = b"160000 "
NOT_CHECKED_OUT = "a submodule that is not checked out"
IGNORED = "ignored"
OWN_REASON = "overnight-tui's own"


@dataclass
class PathListing:
    """Paths from the top of the work tree; `untracked` are those git does not track there.

    `excluded` says why of the rest, a path ending in "/" standing for all below it. `nested` are
    folders of other repositories. `unmerged` are index entries with a stage, as git prints them.
    """

    tracked: list[bytes] = field(default_factory=list)
    untracked: list[bytes] = field(default_factory=list)
    excluded: dict[bytes, str] = field(default_factory=dict)
    nested: list[bytes] = field(default_factory=list)
    unmerged: list[bytes] = field(default_factory=list)

    def closed_folders(self) -> set[bytes]:
        """Folders a walk need not enter, without the slash."""
        return {path[:-1] for path in self.excluded if path.endswith(b"/")}


class PathLister:
    """The listing of one work tree, under way as soon as this is made."""

    def __init__(self, git: Git) -> None:
        self._git = git
        # Names are what the file system says: with `core.ignoreCase` git passes over a twin.
        config = None if _ignores_case(git) else {"core.ignoreCase": "false"}
        others = ("ls-files", "-z", "--others", "--exclude-standard")
        ignored = (*others, "--ignored", "--directory")
        self._tracked = git.start(("ls-files", "-z", "--stage"))
        self._others = git.start(others, config=config)
        self._ignored = git.start(ignored, config=config)

    def cancel(self) -> None:
        """Ends what is still under way."""
        for process in (self._tracked, self._others, self._ignored):
            process.cancel()

    def finish(self, seconds_left: Callable[[], float]) -> PathListing:
        """The whole listing, nested repositories included, within the seconds left."""
        listing = self._list_own(seconds_left)
        for number, path in enumerate(listing.nested):  # grows while repositories nest deeper
            if number < _MOST_NESTED:
                self._list_nested(path, listing, seconds_left)
            else:
                listing.excluded[path + b"/"] = "one nested repository too many"
        self._leave_out_ours(listing)
        return listing

    def _leave_out_ours(self, listing: PathListing) -> None:
        ours = own_state_within(self._git.work_tree)
        if ours:
            below = ours + b"/"
            listing.excluded = {
                path: why for path, why in listing.excluded.items() if not path.startswith(below)
            }
            listing.excluded[below] = OWN_REASON
            for name in ("tracked", "untracked", "nested"):
                paths = getattr(listing, name)
                setattr(listing, name, [path for path in paths if not path.startswith(below)])

    def _list_own(self, seconds_left: Callable[[], float]) -> PathListing:
        try:
            tracked = self._tracked.result(seconds_left())
            others = self._others.result(seconds_left())
            ignored = self._ignored.result(seconds_left())
        except OvernightError:
            self.cancel()
            raise
        start = len(_GITLINK) + len(self._git.zero) + 3
        entries = _split(tracked)
        listing = PathListing([entry[start:] for entry in entries])
        listing.unmerged = [entry for entry in entries if entry[start - 2 : start - 1] != b"0"]
        if _GITLINK in tracked:
            listing.nested = [entry[start:] for entry in entries if entry.startswith(_GITLINK)]
        for path in _split(others):
            (listing.nested if path.endswith(b"/") else listing.untracked).append(path.rstrip(b"/"))
        listing.excluded = dict.fromkeys(_split(ignored), IGNORED)
        listing.nested = list(dict.fromkeys(listing.nested))
        return listing

    def _list_nested(
        self, path: bytes, listing: PathListing, seconds_left: Callable[[], float]
    ) -> None:
        """Adds what a repository inside this work tree holds, or says why not."""
        shown = path + b"/"
        full_path = os.path.join(os.fsencode(self._git.work_tree), path)
        if os.path.islink(full_path) or not os.path.isdir(full_path):
            return
        try:
            inner = Git(os.fsdecode(full_path))
            if os.fsencode(inner.work_tree) != full_path:
                if os.listdir(full_path):
                    listing.excluded[shown] = NOT_CHECKED_OUT
            elif inner.common_dir == self._git.common_dir:
                listing.excluded[shown] = "another work tree of this repository"
            else:
                own = PathLister(inner)._list_own(seconds_left)
                listing.untracked += [shown + p for p in (*own.tracked, *own.untracked)]
                listing.excluded.update((shown + p, why) for p, why in own.excluded.items())
                listing.nested += [shown + p for p in own.nested]
        except OvernightError as error:
            listing.excluded[shown] = f"a nested repository that git cannot open: {error}"


def _ignores_case(git: Git) -> bool:
    """Whether two names that differ by case alone are one file here."""
    try:
        return os.path.samefile(git.work_tree / ".git", git.work_tree / ".GIT")
    except OSError:
        return False


def folders_above(path: bytes) -> list[bytes]:
    """The folders that a path lies in, the outermost first."""
    parts = path.split(b"/")
    return [b"/".join(parts[:length]) for length in range(1, len(parts))]


def is_capturable(path: bytes) -> bool:
    """Whether a path may be captured and restored at all: inside the work tree, not git's own."""
    return not path_fault(path)


def _split(output: bytes) -> list[bytes]:
    return output.split(b"\0")[:-1]
