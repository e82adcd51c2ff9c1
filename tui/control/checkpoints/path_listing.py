"""Tracked, untracked and ignored paths."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.control.checkpoints.stat_cache import OWN_FOLDER
from tui.system.errors import OvernightError
from tui.system.git import Git

_MOST_NESTED = 64
_GITLINK = b"160000 "
_OUTSIDE = frozenset((b"", b".", b"..", b".git", OWN_FOLDER))
# What git, on the file systems of other machines too, could take for its own folder.
_RESERVED = re.compile(rb"(?:^|[/\\])(?:\.git|git~1)[ .]*(?:$|[/\\:])", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
NOT_CHECKED_OUT = "a submodule that is not checked out"
IGNORED = "ignored"


@dataclass
class PathListing:
    """Paths from the top of the work tree; `loose` are those git does not track there.

    `left_out` says why of the rest, a path ending in "/" standing for all below it. `nested` are
    folders of other repositories. `unmerged` are index entries with a stage, as git prints them.
    """

    tracked: list[bytes] = field(default_factory=list)
    untracked: list[bytes] = field(default_factory=list)
    excluded: dict[bytes, str] = field(default_factory=dict)
    nested: list[bytes] = field(default_factory=list)
    unmerged: list[bytes] = field(default_factory=list)

    def closed_folders(self) -> set[bytes]:
        """Folders a walk need not enter, without the slash."""
        closed = {path[:-1] for path in self.excluded if path.endswith(b"/")}
        return closed | set(self.nested)


class PathLister:
    """The listing of one work tree, under way as soon as this is made."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._tracked = git.start(("ls-files", "-z", "--stage"))
        self._others = git.start(("ls-files", "-z", "--others", "--exclude-standard"))
        ignored = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
        self._ignored = git.start(ignored)

    def cancel(self) -> None:
        """Ends what is still under way."""
        for process in (self._tracked, self._others, self._ignored):
            process.cancel()

    def finish(self, left: Callable[[], float]) -> PathListing:
        """The whole listing, nested repositories included; `left` gives the seconds left."""
        found = self._list_own(left)
        for number, path in enumerate(found.nested):  # grows while repositories nest deeper
            if number < _MOST_NESTED:
                self._list_nested(path, found, left)
            else:
                found.excluded[path + b"/"] = "one nested repository too many"
        return found

    def _list_own(self, left: Callable[[], float]) -> PathListing:
        found = PathListing()
        width = len(self._git.zero)
        try:
            tracked = self._tracked.result(left())
            others, ignored = self._others.result(left()), self._ignored.result(left())
        except OvernightError:
            self.cancel()
            raise
        start = len(_GITLINK) + width + 3
        entries = _split(tracked)
        found.tracked = [entry[start:] for entry in entries]
        found.unmerged = [entry for entry in entries if entry[start - 2 : start - 1] != b"0"]
        if _GITLINK in tracked:
            found.nested = [entry[start:] for entry in entries if entry.startswith(_GITLINK)]
        for path in _split(others):
            (found.nested if path.endswith(b"/") else found.untracked).append(path.rstrip(b"/"))
        found.excluded = dict.fromkeys(_split(ignored), IGNORED)
        found.nested = list(dict.fromkeys(found.nested))
        return found

    def _list_nested(self, path: bytes, found: PathListing, left: Callable[[], float]) -> None:
        """Adds what a repository inside this work tree holds, or says why not."""
        shown = path + b"/"
        place = os.path.join(os.fsencode(self._git.work_tree), path)
        if os.path.islink(place) or not os.path.isdir(place):
            return
        try:
            inner = Git(os.fsdecode(place))
            if os.fsencode(inner.work_tree) != place:
                if os.listdir(place):
                    found.excluded[shown] = NOT_CHECKED_OUT
            elif inner.common_dir == self._git.common_dir:
                found.excluded[shown] = "another work tree of this repository"
            else:
                own = PathLister(inner)._list_own(left)
                found.untracked += [shown + p for p in (*own.tracked, *own.untracked)]
                found.excluded.update((shown + p, why) for p, why in own.excluded.items())
                found.nested += [shown + p for p in own.nested]
        except OvernightError as error:
            found.excluded[shown] = f"a nested repository that git cannot open: {error}"


def is_reserved(path: bytes) -> bool:
    """Whether git would call a tree with this name broken."""
    if _RESERVED.search(path):
        return True
    if path.isascii():
        return False
    plain = _INVISIBLE.sub("", path.decode("utf-8", "replace")).encode()
    return _RESERVED.search(plain) is not None


def is_capturable(path: bytes) -> bool:
    """Whether a path may be captured and restored at all: inside the work tree, not git's own."""
    return _OUTSIDE.isdisjoint(path.split(b"/")) and not is_reserved(path)


def _split(output: bytes) -> list[bytes]:
    return output.split(b"\0")[:-1]
