"""Applies steps idempotently.

A path is touched only if it still is what it was when captured. A path that already is as it shall
be is done; anything else is somebody's newer work and stays. Before anything is overwritten or
deleted its old inode is moved to the stage, and compared afterwards.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from tui.control.checkpoints.attributes import (
    apply_extras,
    differ_only_by_extras,
    first_permissions,
    has_extras,
)
from tui.control.checkpoints.git_objects import BlobReader
from tui.control.checkpoints.nested_git import NestedGit
from tui.control.checkpoints.path_listing import folders_above
from tui.control.checkpoints.work_tree import NotCaptured, blob_id
from tui.control.rewind.apply_folders import FolderApplier, NestedGitFiles
from tui.control.rewind.decide import FileIdentity, FileStep, FileVersion
from tui.control.rewind.rewind_journal import OpenRewind
from tui.control.rewind.safe_paths import WorkTreeFiles
from tui.system.files import sync_folder
from tui.system.git import Git

ProgressCallback = Callable[[str, int, int], None]


@dataclass
class ApplyResult:
    """What happened: `meanwhile` are paths that were edited since and stayed, `rescued` are copies
    of edits made in the very instant of a change; `not_restored` came back, but for the reason."""

    written: int = 0
    deleted: int = 0
    meanwhile: list[str] = field(default_factory=list)
    rescued: list[str] = field(default_factory=list)
    not_restored: list[NotCaptured] = field(default_factory=list)


class StepApplier:
    """One run over `steps`; staged files lie in `stage` under the number of their step."""

    def __init__(
        self,
        git: Git,
        files: WorkTreeFiles,
        steps: Sequence[FileStep],
        stage: Path,
        rescued: Path,
        progress: ProgressCallback,
    ) -> None:
        self._git, self._files, self._steps = git, files, steps
        self._stage, self._rescued, self._progress = stage, rescued, progress
        self.result = ApplyResult()
        self._made: set[bytes] = set()

    # --- staging ---

    def stage_files(self) -> None:
        """Writes every file that will be needed next to its journal, durably."""
        numbers = [n for n, step in enumerate(self._steps) if step.kind in ("create", "replace")]
        with BlobReader(self._git) as blobs:
            for done, number in enumerate(numbers):
                self._progress("staging", done, len(numbers))
                self._stage_one(blobs, number)
        sync_folder(self._stage)
        self._files.require_space(self._staged_path(number) for number in numbers)

    def _stage_one(self, blobs: BlobReader, number: int) -> None:
        version = self._steps[number].after
        if version is None:
            return
        path = self._staged_path(number)
        path.unlink(missing_ok=True)
        data = blobs.read(version.blob)
        if version.is_link:
            os.symlink(data, os.fsencode(path))
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(path, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            # What is set last: an owner that changes takes set-id bits away.
            os.fchmod(file.fileno(), first_permissions(version.permissions, version.attributes))
            os.fsync(file.fileno())

    def _staged_path(self, number: int) -> Path:
        return self._stage / str(number)

    # --- applying ---

    def apply_all(self, entry: OpenRewind) -> ApplyResult:
        """Removes what is in the way, writes, then deletes; flushes, then closes folders as they are to
        be. May be repeated."""
        folders = FolderApplier(self._files, entry.folders)
        self._made = folders.kept
        in_the_way, writes, deletes = _order_steps(self._steps, self._made)
        folders.open_all()
        self._run("clearing", in_the_way)
        folders.make_all()
        self._run("writing", writes)
        self._result_of_nested(NestedGitFiles(self._git, self._files).restore(entry.nested))
        self._progress("written", len(writes), len(writes))
        self._run("deleting", deletes)
        spared = frozenset((*entry.empty_folders, *folders.kept))
        for number in (*in_the_way, *deletes):
            parent = self._steps[number].path.rpartition(b"/")[0]
            self._files.remove_empty(parent, spared)
        folders.remove_all()
        for folder in sorted(entry.empty_folders):
            self._files.make_folder(folder)
        folders.make_all()
        self._files.flush()
        self.result.not_restored += folders.finish_all()
        return self.result

    def take_back(self, entry: OpenRewind) -> ApplyResult:
        """`apply_all` for the steps of an interrupted rewind reversed: the nested repositories that it
        put there go first."""
        git_files = NestedGitFiles(self._git, self._files)
        for nested in entry.nested:
            if not git_files.remove(nested):
                self.result.meanwhile.append(os.fsdecode(nested.path))
        return self.apply_all(structs.replace(entry, nested=[]))

    def _result_of_nested(self, restored: Sequence[NestedGit]) -> None:
        self.result.written += len(restored)

    def _run(self, name: str, numbers: Sequence[int]) -> None:
        for done, number in enumerate(numbers):
            self._progress(name, done, len(numbers))
            step = self._steps[number]
            if not self._apply_step(number, step):
                self.result.meanwhile.append(os.fsdecode(step.path))

    def _apply_step(self, number: int, step: FileStep) -> bool:
        """Brings one path to its state after the step; False if it holds newer work and stays."""
        status = self._files.stat(step.path)
        before = None if step.before is None else step.before.identity
        now = None if status is None else FileIdentity.of(status)
        if now == before and (step.before is None) == (now is None):
            return self._change(number, step, status)
        if self._has_version(step.after, step.path, status) or self._is_folder_made(step, status):
            return True
        if self._lacks_extras_only(step, status):
            self._finish(number, step.path, step.after)
            return True
        if status is None or self._has_version(step.before, step.path, status):
            return self._change(number, step, status)
        if step.before is None and stat.S_ISDIR(status.st_mode):
            return self._files.remove_empty_tree(step.path) and self._change(number, step, None)
        return False

    def _is_folder_made(self, step: FileStep, status: os.stat_result | None) -> bool:
        """Whether a file went before a kill and the folder that takes its place is there since."""
        is_folder = status is not None and stat.S_ISDIR(status.st_mode)
        return step.after is None and step.path in self._made and is_folder

    def _has_version(
        self, version: FileVersion | None, path: bytes, status: os.stat_result | None
    ) -> bool:
        """Whether `path` holds exactly this version, by its bytes."""
        if version is None or status is None:
            return version is None and status is None
        if not version.fits(status):
            return False
        if blob_id(self._git, self._files.read(path)).hex() != version.blob:
            return False
        return version.is_link or self._has_extras(path, version)

    def _has_extras(self, path: bytes, version: FileVersion) -> bool:
        descriptor = self._files.open(path)
        try:
            return has_extras(descriptor, version.permissions, version.attributes)
        finally:
            os.close(descriptor)

    def _lacks_extras_only(self, step: FileStep, status: os.stat_result | None) -> bool:
        """Whether a rewind was killed between the bytes and the rest of what is set on a file."""
        after = step.after
        if after is None or after.is_link or status is None or not stat.S_ISREG(status.st_mode):
            return False
        first = first_permissions(after.permissions, after.attributes)
        known = [first, after.permissions, *([step.before.permissions] if step.before else [])]
        if not any(differ_only_by_extras(status.st_mode, bits) for bits in known):
            return False
        return blob_id(self._git, self._files.read(step.path)).hex() == after.blob

    def _finish(self, number: int, path: bytes, version: FileVersion | None) -> None:
        """Sets what a file has beside its bytes, where it is not there yet."""
        if version is None or version.is_link:
            return
        descriptor = self._files.open(path)
        try:
            if has_extras(descriptor, version.permissions, version.attributes):
                return
            failed = "it has several names, and all would change"
            if self._has_one_name(number, os.fstat(descriptor)):
                extras = version.permissions, version.attributes, version.owner
                failed = apply_extras(descriptor, *extras)
            if failed:
                self.result.not_restored.append(NotCaptured(os.fsdecode(path), failed))
        finally:
            os.close(descriptor)

    def _has_one_name(self, number: int, status: os.stat_result) -> bool:
        """Whether a file has no name in the work tree but the one it was opened by."""
        try:
            staged = os.path.samestat(os.lstat(self._staged_path(number)), status)
        except FileNotFoundError:
            staged = False
        return status.st_nlink == 1 + staged

    def _change(self, number: int, step: FileStep, status: os.stat_result | None) -> bool:
        if step.after is None:
            return status is None or self._delete(number, step.path, status)
        if status is None:
            self._ensure_staged(number)
            done = self._files.create(self._staged_path(number), step.path)
        elif step.kind == "permissions" and status.st_nlink == 1:
            done = True
        else:
            self._ensure_staged(number)
            old_path = self._clear_old_path(number)
            self._progress("placing", number, len(self._steps))
            old = self._files.replace(self._staged_path(number), step.path, old_path)
            self._discard_old(old_path, old, status, step.path)
            done = True
        if done:
            self._finish(number, step.path, step.after)
        self.result.written += done
        return done

    def _ensure_staged(self, number: int) -> None:
        if not os.path.lexists(self._staged_path(number)):
            with BlobReader(self._git) as blobs:
                self._stage_one(blobs, number)

    def _delete(self, number: int, path: bytes, status: os.stat_result) -> bool:
        twin = self._same_file_by_another_case(path, status)
        if twin is not None:
            self._files.rename(path, twin)
            return True
        old_path = self._clear_old_path(number)
        old = self._files.move_out(path, old_path)
        if (
            old is not None
            and FileIdentity.of(old) != FileIdentity.of(status)
            and self._files.create(old_path, path)
        ):
            old_path.unlink(missing_ok=True)
            return False
        self._discard_old(old_path, old, status, path)
        self.result.deleted += 1
        return True

    def _same_file_by_another_case(self, path: bytes, status: os.stat_result) -> bytes | None:
        """A path just written that is this very file, on a file system that ignores case."""
        for step in self._steps:
            if step.after is None or step.path == path or step.path.lower() != path.lower():
                continue
            other = self._files.stat(step.path)
            if other is not None and os.path.samestat(other, status):
                return step.path
        return None

    def _clear_old_path(self, number: int) -> Path:
        path = self._stage / f"old-{number}"
        path.unlink(missing_ok=True)
        return path

    def _discard_old(
        self, old_path: Path, old: os.stat_result | None, status: os.stat_result, path: bytes
    ) -> None:
        """Removes the old inode, unless it was edited in the instant before."""
        if old is None or FileIdentity.of(old) == FileIdentity.of(status):
            old_path.unlink(missing_ok=True)
            return
        self._rescued.mkdir(mode=0o700, exist_ok=True)
        name = os.fsdecode(path).replace("/", "_")[-100:]
        rescued = self._rescued / f"{old.st_ino}-{name}"
        old_path.replace(rescued)
        self.result.rescued.append(str(rescued))


def _order_steps(
    steps: Sequence[FileStep], made: set[bytes]
) -> tuple[list[int], list[int], list[int]]:
    """Numbers of the steps: deletions that make room, also for the folders that are to be made;
    writes; all other deletions."""
    targets = {step.path for step in steps if step.after is not None}
    above = made | {folder for path in targets for folder in folders_above(path)}
    in_the_way, writes, deletes = [], [], []
    for number, step in enumerate(steps):
        if step.after is not None:
            writes.append(number)
        elif step.path in above or not targets.isdisjoint(folders_above(step.path)):
            in_the_way.append(number)
        else:
            deletes.append(number)
    return in_the_way, writes, deletes
