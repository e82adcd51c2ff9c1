"""Reads blobs; records the staged state."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator

from tui.control.checkpoints.object_staging import ObjectStaging, PipedGit
from tui.control.checkpoints.path_listing import is_capturable
from tui.control.checkpoints.work_tree import blob_id
from tui.system.errors import CheckpointError
from tui.system.git import Git
from tui.system.repository_names import MOST_BLOB_BYTES

# A git that hangs is killed, so that no checkpoint waits for ever.
_TIMEOUT_S = 600.0
_GITLINK = 0o160000


class BlobReader(PipedGit):
    """The blobs of a repository; `read` raises `CheckpointError` for one that is not as it was."""

    def __init__(self, git: Git) -> None:
        super().__init__(git, ("cat-file", "--batch"), _TIMEOUT_S)
        self._git = git

    def read(self, blob: str) -> bytes:
        """The bytes of the blob with this id."""
        try:
            self._stdin.write(blob.encode() + b"\n")
            self._stdin.flush()
            header = self._stdout.readline().split()
            if len(header) != 3 or header[1] != b"blob":
                raise CheckpointError(
                    f"{self._git.git_dir} lacks the object {blob}; try `git fsck`"
                )
            if int(header[2]) > MOST_BLOB_BYTES:
                raise CheckpointError(f"the object {blob} is larger than any file of a checkpoint")
            data = self._stdout.read(int(header[2]))
            self._stdout.read(1)
        except OSError as error:
            raise CheckpointError(f"git cat-file ended while {blob} was read") from error
        if blob_id(self._git, data).hex() != blob:
            raise CheckpointError(f"the object {blob} in {self._git.git_dir} is damaged")
        return data


def list_tree(git: Git, *args: str) -> Iterator[tuple[bytes, int, str, str]]:
    """Path, mode, kind and id of what `git ls-tree ARGS` names."""
    for line in git.run(("ls-tree", "-z", "--full-tree", *args)).split(b"\0")[:-1]:
        head, _, path = line.partition(b"\t")
        mode, kind, blob = head.decode().split(" ")
        yield path, int(mode, 8), kind, blob


def empty_tree(git: Git) -> str:
    """The id of the tree with nothing in it, which every git knows without having it."""
    new = hashlib.new(git.object_format, b"tree 0\0", usedforsecurity=False)
    return new.hexdigest()


def find_objects(git: Git, names: Iterable[str]) -> list[list[str]]:
    """Id and kind of each object asked for; of one that is not there, the name and "missing"."""
    order = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
    lines = git.run(order, input="\n".join(names).encode() + b"\n").splitlines()
    return [os.fsdecode(line).split(" ") for line in lines]


class IndexState:
    """What is staged against `head`, being listed while other work goes on."""

    def __init__(self, git: Git, head: str, head_tree: str) -> None:
        self._git, self._tree = git, head_tree
        compare = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", head)
        self._process = git.start(compare if head else ("ls-files", "-z", "--stage"))

    def write(
        self, staging: ObjectStaging, unmerged: list[bytes], seconds_left: Callable[[], float]
    ) -> None:
        """Puts `index/` and `unmerged/` into the commit that is being written."""
        out = self._process.result(seconds_left())
        entries = (_parse_entry(entry) for entry in out.split(b"\0")[:-1])
        changes = (
            _parse_changes(out)
            if self._tree
            else [(mode, blob, path) for mode, blob, stage, path in entries if not stage]
        )
        if self._tree:
            staging.put_tree(self._tree, b"index")
        present = self._find_present(
            {blob for mode, blob, _ in changes if mode not in (0, _GITLINK)}
        )
        for mode, blob, path in changes:
            if not mode:
                staging.remove(b"index/" + path)
            elif is_capturable(path) and (mode == _GITLINK or blob in present):
                staging.put(mode, blob, b"index/" + path)
        for entry in unmerged:
            mode, blob, stage, path = _parse_entry(entry)
            if is_capturable(path) and self._find_present({blob}):
                staging.put(mode, blob, b"unmerged/%d/%s" % (stage, path))

    def cancel(self) -> None:
        """Ends the listing when its result is not needed."""
        self._process.cancel()

    def _find_present(self, blobs: set[str]) -> set[str]:
        """Those that the repository has; an index may name objects that were pruned."""
        found = find_objects(self._git, blobs) if blobs else ()
        return {answer[0] for answer in found if answer[1:] == ["blob"]}


def _parse_entry(entry: bytes) -> tuple[int, str, int, bytes]:
    head, _, path = entry.partition(b"\t")
    mode, blob, stage = head.split(b" ")
    return int(mode, 8), blob.decode(), int(stage), path


def _parse_changes(out: bytes) -> list[tuple[int, str, bytes]]:
    """Mode, blob and path of what differs from HEAD, removals first and with mode 0."""

    def each() -> Iterator[tuple[int, str, bytes]]:
        parts = out.split(b"\0")
        for at in range(0, len(parts) - 1, 2):
            _, new_mode, _, blob, status = parts[at].split(b" ")
            if status[:1] == b"D":
                yield 0, "", parts[at + 1]
            elif status[:1] != b"U" and blob.strip(b"0"):
                yield int(new_mode, 8), blob.decode(), parts[at + 1]

    return sorted(each(), key=lambda change: change[0] != 0)
