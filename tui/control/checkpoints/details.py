"""What a checkpoint records beside its tree: what is missing, and what a tree cannot say."""

from __future__ import annotations

import json
import os
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from tui.control.checkpoints.attributes import Attributes
from tui.control.checkpoints.nested_git import GitFile, NestedGit
from tui.control.checkpoints.path_listing import folders_above, is_capturable
from tui.control.checkpoints.refs import Checkpoint, parse_missing
from tui.control.checkpoints.work_tree import NotCaptured
from tui.system.errors import CheckpointError
from tui.system.git import Git

NESTED_LIST: Final = b"nested.json"
_NESTED_FOLDER: Final = b"nested"
_BLOB: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class CheckpointDetails:
    """What a checkpoint records besides: all paths not captured, unusual permissions, empty folders.

    `usual` are the permissions of all other plain and executable files, `usual_folder` those of
    folders; None: an older version took it and did not look at them. `folders` are those with other
    permissions, and those without captured files. Of `partial` paths the reason is all that is missing.
    `owners` are of files with set-id bits.
    """

    not_captured: tuple[NotCaptured, ...] = ()
    usual: tuple[int, int] = (0o644, 0o755)
    unusual: Mapping[bytes, int] = field(default_factory=dict)
    empty_folders: frozenset[bytes] = frozenset()
    partial: frozenset[bytes] = frozenset()
    usual_folder: int | None = None
    folders: Mapping[bytes, int] = field(default_factory=dict)
    attributes: Mapping[bytes, Attributes] = field(default_factory=dict)
    owners: Mapping[bytes, tuple[int, int]] = field(default_factory=dict)
    nested: tuple[NestedGit, ...] = ()

    def permissions(self, path: bytes, executable: bool) -> int:
        """The permission bits `path` had."""
        return self.unusual.get(path, self.usual[executable])

    @cached_property
    def excluded(self) -> ExcludedPaths:
        """What was left out as a whole."""
        return ExcludedPaths(
            n for n in self.not_captured if os.fsencode(n.path) not in self.partial
        )


class ExcludedPaths:
    """Paths not captured, to be asked about one by one."""

    def __init__(self, items: Iterable[NotCaptured]) -> None:
        self._reasons = {os.fsencode(item.path): item.reason for item in items}

    def reason_for(self, path: bytes) -> str | None:
        """The reason given for `path` itself, if any."""
        return self._reasons.get(path)

    def reason_above(self, path: bytes) -> str | None:
        """The reason given for a folder that `path` lies in, if any."""
        folders = (above + b"/" for above in folders_above(path))
        return next((self._reasons[p] for p in folders if p in self._reasons), None)

    def reason_covering(self, path: bytes) -> str | None:
        """The reason that covers `path`, its own or that of a folder above it."""
        return self.reason_for(path) or self.reason_above(path)

    def has_any_in(self, folder: bytes) -> bool:
        """Whether `folder` is left out itself or holds something that is."""
        start = folder + b"/"
        return any(path.startswith(start) for path in self._reasons)


def encode_details(details: CheckpointDetails) -> bytes:
    """`details.json` as it is stored."""
    record = {
        "not_captured": [[n.path, n.reason] for n in details.not_captured],
        "partial": sorted(os.fsdecode(path) for path in details.partial),
        "usual": details.usual,
        "unusual": {os.fsdecode(path): mode for path, mode in details.unusual.items()},
        "empty_folders": sorted(os.fsdecode(path) for path in details.empty_folders),
        "usual_folder": details.usual_folder,
        "folders": {os.fsdecode(path): mode for path, mode in details.folders.items()},
        "attributes": {
            os.fsdecode(path): {os.fsdecode(name): b64encode(v).decode() for name, v in values}
            for path, values in details.attributes.items()
        },
        "owners": {os.fsdecode(path): owner for path, owner in details.owners.items()},
    }
    return json.dumps(record, indent=1).encode()


def encode_nested(nested: Iterable[NestedGit]) -> bytes:
    """`nested.json` as it is stored: the `.git` of every nested repository."""
    record = [
        {
            "path": os.fsdecode(entry.path),
            "folders": [[os.fsdecode(path), mode] for path, mode in entry.folders],
            "files": [[os.fsdecode(file.path), file.mode, file.blob] for file in entry.files],
        }
        for entry in nested
    ]
    return json.dumps(record, separators=(",", ":")).encode()


def nested_blob_path(blob: str) -> bytes:
    """Where the commit of the details keeps a blob of a nested repository."""
    return b"%s/%s/%s" % (_NESTED_FOLDER, blob[:2].encode(), blob.encode())


def _parse_nested(git: Git, commit: str) -> tuple[NestedGit, ...]:
    if not git.run(("ls-tree", commit, NESTED_LIST.decode())):
        return ()
    return tuple(
        _checked(
            NestedGit(
                os.fsencode(entry["path"]),
                tuple((os.fsencode(path), int(mode) & 0o7777) for path, mode in entry["folders"]),
                tuple(
                    GitFile(os.fsencode(path), int(mode), str(blob))
                    for path, mode, blob in entry["files"]
                ),
            )
        )
        for entry in json.loads(git.show_file(commit, NESTED_LIST.decode()))
    )


# complexity: every way in which a record can lie is one condition
def _checked(entry: NestedGit) -> NestedGit:
    """The entry, if it is a `.git` below the top and all that it holds lies in it; else ValueError."""
    folder, _, name = entry.path.rpartition(b"/")
    files = [file.path for file in entry.files]
    inside = [path for path, _ in entry.folders if path] + [path for path in files if path]
    parts = {part for path in inside for part in path.split(b"/")}
    kinds = {stat.S_IFMT(file.mode) for file in entry.files}
    if (
        name != b".git"
        or not is_capturable(folder)
        or not parts.isdisjoint((b"", b".", b".."))
        or not kinds <= {stat.S_IFREG, stat.S_IFLNK}
        or (b"" in files and (len(files) > 1 or entry.folders))
        or not all(_BLOB.fullmatch(file.blob) for file in entry.files)
        or len(set(files)) < len(files)
    ):
        raise ValueError("no nested repository looks like that")
    return entry


def read_details(git: Git, checkpoint: Checkpoint) -> CheckpointDetails:
    """The full record of a checkpoint; raises `CheckpointError` when it cannot be read."""
    commit = checkpoint.commit + ("^2" if checkpoint.head else "^1")
    try:
        record = json.loads(git.show_file(commit, "details.json"))
        usual, folder = record["usual"], record.get("usual_folder")
        return CheckpointDetails(
            parse_missing(record),
            (int(usual[0]) & 0o777, int(usual[1]) & 0o777),
            _parse_modes(record["unusual"]),
            _parse_paths(record["empty_folders"]),
            _parse_paths(record.get("partial", ())),
            None if folder is None else int(folder) & 0o777,
            _parse_modes(record.get("folders", {})),
            {
                os.fsencode(path): tuple(
                    sorted((os.fsencode(name), b64decode(value)) for name, value in values.items())
                )
                for path, values in record.get("attributes", {}).items()
            },
            {
                os.fsencode(path): (int(owner[0]), int(owner[1]))
                for path, owner in record.get("owners", {}).items()
            },
            _parse_nested(git, commit),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(f"the record of checkpoint {checkpoint.id} is damaged") from error


def _parse_modes(record: Mapping[str, Any]) -> dict[bytes, int]:
    return {os.fsencode(path): int(mode) & 0o7777 for path, mode in record.items()}


def _parse_paths(record: Iterable[str]) -> frozenset[bytes]:
    return frozenset(os.fsencode(path) for path in record)
