"""Target tree against work tree, path by path."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct, structs

from tui.control.checkpoints.attributes import Attributes, Extras
from tui.control.checkpoints.details import CheckpointDetails, ExcludedPaths, read_details
from tui.control.checkpoints.nested_git import NestedGit
from tui.control.checkpoints.path_listing import IGNORED, folders_above
from tui.control.checkpoints.refs import Checkpoint
from tui.control.checkpoints.stat_cache import LINK_MODE, FileTable, git_mode
from tui.control.checkpoints.verified_objects import ObjectReader
from tui.control.checkpoints.work_tree import WorkTreeState
from tui.system.git import Git
from tui.system.repository_names import MOST_PATH, UnacceptableError, shown

FOLDER_MODE = 0o040000
_NO_EXTRAS = Extras()
ChangeKind = Literal["create", "replace", "permissions", "delete"]


class FileIdentity(Struct, frozen=True, array_like=True):
    """Stat data by which a file is known not to have been touched since it was captured."""

    inode: int
    size: int
    mtime_ns: int
    mode: int

    @staticmethod
    def of(status: os.stat_result) -> FileIdentity:
        # The change time is left out: making a hard link to the file moves it.
        return FileIdentity(status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode)


class FileVersion(Struct, frozen=True, array_like=True):
    """A file or link: mode and blob id as git has them, permission bits, and its identity if read.

    A folder has the mode of one and no blob. `owner` is there where a set-id bit depends on it.
    """

    mode: int
    blob: str
    permissions: int
    identity: FileIdentity | None = None
    attributes: Attributes = ()
    owner: tuple[int, int] | None = None

    @property
    def is_link(self) -> bool:
        return self.mode == LINK_MODE

    @property
    def is_folder(self) -> bool:
        return self.mode == FOLDER_MODE

    def fits(self, status: os.stat_result) -> bool:
        """Whether kind and permissions are those; says nothing about bytes and attributes."""
        if self.is_link:
            return stat.S_ISLNK(status.st_mode)
        return stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == self.permissions

    def is_like(self, other: FileVersion) -> bool:
        """Whether nothing has to be done to make the other of this one."""
        return structs.replace(self, identity=None, owner=None) == structs.replace(
            other, identity=None, owner=None
        )


class FileStep(Struct, frozen=True):
    """A path with what is there before and what is to be there after; None is nothing.

    The path is a file's or link's, or with versions that are folders a folder's.
    """

    path: bytes
    before: FileVersion | None
    after: FileVersion | None

    @property
    def is_folder(self) -> bool:
        version = self.after or self.before
        return version is not None and version.is_folder

    @property
    def kind(self) -> ChangeKind:
        """ "create", "delete", "replace", or "permissions" where the bytes stay."""
        if self.before is None:
            return "create"
        if self.after is None:
            return "delete"
        same = (self.before.blob, self.before.is_link) == (self.after.blob, self.after.is_link)
        return "permissions" if same else "replace"

    def reversed(self) -> FileStep:
        """The way back, without stat data: what is there now was put there by this rewind."""
        before = None
        if self.after is not None:
            before = structs.replace(self.after, identity=None)
        return FileStep(self.path, before, self.before)


@dataclass(frozen=True)
class RewindTarget:
    """The tree to go back to: mode and blob by path, and the details of its checkpoint."""

    checkpoint: Checkpoint
    entries: Mapping[bytes, tuple[int, str]]
    details: CheckpointDetails

    @staticmethod
    def load(git: Git, checkpoint: Checkpoint, reader: ObjectReader | None = None) -> RewindTarget:
        """Reads and verifies a checkpoint's tree and record.

        `UnacceptableError`, naming the entry, if it holds what no checkpoint holds; `CheckpointError`
        if it is damaged.
        """
        if reader is None:
            with ObjectReader(git) as new:
                return RewindTarget.load(git, checkpoint, new)
        where = f"checkpoint {checkpoint.id}"
        entries = reader.files_of(reader.commit(checkpoint.commit).tree, where)
        details = read_details(git, checkpoint, reader)
        if checkpoint.foreign:
            _check_links(entries, reader, where)
        for folder in sorted(details.empty_folders):
            for above in (*folders_above(folder), folder):
                if above in entries:
                    raise UnacceptableError(
                        f"{where} has {shown(above)} as a file and as a folder; "
                        "nothing of it is used"
                    )
        return RewindTarget(checkpoint, entries, details)

    def version_at(self, path: bytes) -> FileVersion:
        """What the target has at `path`."""
        mode, blob = self.entries[path]
        if mode == LINK_MODE:
            return FileVersion(mode, blob, 0)
        details = self.details
        permissions = details.permissions(path, mode == 0o100755)
        return FileVersion(
            mode,
            blob,
            permissions,
            None,
            details.attributes.get(path, ()),
            details.owners.get(path),
        )


def _check_links(
    entries: Mapping[bytes, tuple[int, str]], reader: ObjectReader, where: str
) -> None:
    """UnacceptableError for a target that no link can have."""
    links = {blob: path for path, (mode, blob) in entries.items() if mode == LINK_MODE}
    for blob, target in reader.read_many(links, "blob"):
        if not target or b"\0" in target or len(target) > MOST_PATH:
            raise UnacceptableError(
                f"{where} holds a link {shown(links[blob])} to what is no path; nothing of it is used"
            )


@dataclass
class RewindDecision:
    """Steps to take, and what stays as it is with the reason; `unchanged` counts equal files.

    `folders` are steps of folders, also those that follow from the files; `shown` are the paths of
    the others. `nested` are the `.git` of repositories that are gone and come back. `links` are links
    standing where the target has folders; they are removed, never followed.
    """

    steps: list[FileStep] = field(default_factory=list)
    folders: list[FileStep] = field(default_factory=list)
    shown: set[bytes] = field(default_factory=set)
    nested: list[NestedGit] = field(default_factory=list)
    kept: dict[bytes, str] = field(default_factory=dict)
    links: set[bytes] = field(default_factory=set)
    unchanged: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps and not self.shown and not self.nested

    def shown_steps(self) -> list[FileStep]:
        """Every step that a person is told of: those of files, of folders, of repositories."""
        folders = [step for step in self.folders if step.path in self.shown]
        git = FileVersion(FOLDER_MODE, "", 0o755)
        return [*self.steps, *folders, *(FileStep(n.path, None, git) for n in self.nested)]


def decide_files(target: RewindTarget, state: WorkTreeState, scope: bytes) -> RewindDecision:
    """Compares the files of the target with the work tree; `folder_steps.decide` adds the rest."""
    return _Comparison(target, state).decide(scope)


class _Comparison:
    def __init__(self, target: RewindTarget, state: WorkTreeState) -> None:
        self._target, self._state = target, state
        self._index = state.rows.index()
        self._excluded = ExcludedPaths(state.left_out())
        self._gone: dict[bytes, FileStep] = {}
        self._decision = RewindDecision()

    def decide(self, scope: bytes) -> RewindDecision:
        target, decision = self._target, self._decision
        # Repositories inside the work tree of which the target holds nothing.
        folders = [path + b"/" for path in sorted(self._state.nested)]
        new = [path for path in folders if not any(p.startswith(path) for p in target.entries)]
        for path, number in self._index.items():
            if path in target.entries or not path.startswith(scope):
                continue
            reason = target.details.excluded.reason_covering(path)
            nested = next((folder for folder in new if path.startswith(folder)), None)
            if nested is not None:
                decision.kept[nested] = "a repository that was not there then"
            elif reason is not None:
                decision.kept[path] = f"was there then, not captured: {reason}"
            else:
                self._gone[path] = FileStep(path, _current_version(self._state.rows, number), None)
        for path in sorted(target.entries):
            if path.startswith(scope):
                self._decide_one(path)
        decision.steps += [self._gone[path] for path in sorted(self._gone)]
        return decision

    def _decide_one(self, path: bytes) -> None:
        decision = self._decision
        closed = self._excluded.reason_above(path)
        if closed not in (None, IGNORED):
            decision.kept[path] = f"not touched: in {closed}"
            return
        after = self._target.version_at(path)
        number = self._index.get(path)
        if number is not None:
            before = _current_version(self._state.rows, number)
            if before.is_like(after):
                decision.unchanged += 1
            else:
                decision.steps.append(FileStep(path, before, after))
            return
        obstacle = self._excluded.reason_for(path) or self._find_obstacle(path)
        if obstacle is None:
            decision.steps.append(FileStep(path, None, after))
        else:
            decision.kept[path] = f"cannot be put back: {obstacle}"

    def _find_obstacle(self, path: bytes) -> str | None:
        """What keeps `path` from being put back, because it will stay; notes links to be removed."""
        excluded, index, decision = self._excluded, self._index, self._decision
        for above in folders_above(path):
            if excluded.reason_for(above):
                return f"its folder is now {excluded.reason_for(above)}"
            if above in index:
                if above not in self._gone:
                    return "its folder is a file now that stays"
                if stat.S_ISLNK(self._state.rows.modes[index[above]]):
                    decision.links.add(above)
        inside = path + b"/"
        if any(entry.startswith(inside) for entry in self._state.folders.git_entries):
            return "a folder with a repository in it has taken its place"
        if excluded.reason_for(inside):
            return "a folder that is not captured has taken its place"
        if path in self._state.folders.folders and (
            excluded.has_any_in(path) or any(p.startswith(inside) for p in decision.kept)
        ):
            return "a folder with files that are not captured has taken its place"
        return None


def _current_version(rows: FileTable, number: int) -> FileVersion:
    mode = rows.modes[number]
    identity = FileIdentity(rows.inodes[number], rows.sizes[number], rows.mtimes[number], mode)
    permissions = stat.S_IMODE(mode) if stat.S_ISREG(mode) else 0
    extras = rows.extras.get(rows.paths[number]) or _NO_EXTRAS
    return FileVersion(
        git_mode(mode),
        rows.blobs[number].hex(),
        permissions,
        identity,
        extras.attributes,
        extras.owner,
    )
