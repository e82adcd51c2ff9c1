"""Reads blobs; records the staged state."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from tui.control.checkpoints.object_staging import ObjectStaging
from tui.control.checkpoints.path_listing import is_capturable
from tui.control.checkpoints.work_tree import blob_id
from tui.system.errors import CheckpointError
from tui.system.git import Git, kill_process_group

# A git that hangs is killed, so that no checkpoint waits for ever.
_TIMEOUT_S = 600.0
_GITLINK = 0o160000


class BlobReader:
    """The blobs of a repository; `read` raises `CheckpointError` for one that is not as it was."""

    def __init__(self, git: Git) -> None:
        from threading import Timer

        self._git = git
        self._process = git.pipe(("cat-file", "--batch"))
        self._guard = Timer(_TIMEOUT_S, kill_process_group, (self._process,))
        self._guard.daemon = True
        self._guard.start()

    def __enter__(self) -> BlobReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._guard.cancel()
        kill_process_group(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass

    def read(self, blob: str) -> bytes:
        """The bytes of the blob with this id."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise CheckpointError("git cat-file has no pipes")
        try:
            stdin.write(blob.encode() + b"\n")
            stdin.flush()
            header = stdout.readline().split()
            if len(header) != 3 or header[1] != b"blob":
                raise CheckpointError(
                    f"{self._git.git_dir} lacks the object {blob}; try `git fsck`"
                )
            data = stdout.read(int(header[2]))
            stdout.read(1)
        except OSError as error:
            raise CheckpointError(f"git cat-file ended while {blob} was read") from error
        if blob_id(self._git, data).hex() != blob:
            raise CheckpointError(f"the object {blob} in {self._git.git_dir} is damaged")
        return data


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
        changes = _parse_changes(out) if self._tree else _parse_entries(out)
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
        if not blobs:
            return blobs
        asked = "\n".join(blobs).encode() + b"\n"
        out = self._git.run(("cat-file", "--batch-check=%(objectname) %(objecttype)"), input=asked)
        lines = (os.fsdecode(line).split(" ") for line in out.splitlines())
        return {line[0] for line in lines if line[1:] == ["blob"]}


def _parse_entry(entry: bytes) -> tuple[int, str, int, bytes]:
    head, _, path = entry.partition(b"\t")
    mode, blob, stage = head.split(b" ")
    return int(mode, 8), blob.decode(), int(stage), path


def _parse_entries(out: bytes) -> list[tuple[int, str, bytes]]:
    """Mode, blob and path of every index entry without a stage."""
    entries = (_parse_entry(entry) for entry in out.split(b"\0")[:-1])
    return [(mode, blob, path) for mode, blob, stage, path in entries if not stage]


def _parse_changes(out: bytes) -> list[tuple[int, str, bytes]]:
    """The same for what differs from HEAD, removals first and with mode 0."""

    def each() -> Iterator[tuple[int, str, bytes]]:
        parts = out.split(b"\0")
        for at in range(0, len(parts) - 1, 2):
            _, new_mode, _, blob, status = parts[at].split(b" ")
            if status[:1] == b"D":
                yield 0, "", parts[at + 1]
            elif status[:1] != b"U" and blob.strip(b"0"):
                yield int(new_mode, 8), blob.decode(), parts[at + 1]

    return sorted(each(), key=lambda change: change[0] != 0)
