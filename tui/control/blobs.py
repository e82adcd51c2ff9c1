"""Reading many blobs through one git, each checked against its id."""

from __future__ import annotations

from types import TracebackType

from tui.control.work_tree import blob_id
from tui.errors import CheckpointError
from tui.git import Git, kill_process_group

_SECONDS = 600.0


class BlobReader:
    """The blobs of a repository; `read` raises `CheckpointError` for one that is not as it was."""

    def __init__(self, git: Git) -> None:
        from threading import Timer

        self._git = git
        self._process = git.pipe(("cat-file", "--batch"))
        self._guard = Timer(_SECONDS, kill_process_group, (self._process,))
        self._guard.daemon = True
        self._guard.start()

    def __enter__(self) -> BlobReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        give, take = self._process.stdin, self._process.stdout
        if give is None or take is None:
            raise CheckpointError("git cat-file has no pipes")
        try:
            give.write(blob.encode() + b"\n")
            give.flush()
            header = take.readline().split()
            if len(header) != 3 or header[1] != b"blob":
                raise CheckpointError(
                    f"{self._git.git_dir} lacks the object {blob}; try `git fsck`"
                )
            data = take.read(int(header[2]))
            take.read(1)
        except OSError as error:
            raise CheckpointError(f"git cat-file ended while {blob} was read") from error
        if blob_id(self._git, data).hex() != blob:
            raise CheckpointError(f"the object {blob} in {self._git.git_dir} is damaged")
        return data
