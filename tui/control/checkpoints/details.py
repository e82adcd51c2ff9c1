"""What a checkpoint records beside its tree: what is missing, and what a tree cannot say."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from tui.control.checkpoints.attributes import Attributes
from tui.control.checkpoints.nested_git import GitFile, NestedGit, check_nested
from tui.control.checkpoints.path_listing import folders_above
from tui.control.checkpoints.refs import Checkpoint, parse_missing
from tui.control.checkpoints.verified_objects import ObjectReader
from tui.control.checkpoints.work_tree import NotCaptured
from tui.system.errors import CheckpointError
from tui.system.git import Git
from tui.system.repository_names import UnacceptableError, check_path, check_permissions

NESTED_LIST: Final = b"nested.json"
_NESTED_FOLDER: Final = b"nested"
_DETAILS: Final = b"details.json"
_FOREIGN_GIT: Final = "hooks and settings of a foreign repository are not put back"


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
        "nested": len(details.nested),
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


def read_details(
    git: Git, checkpoint: Checkpoint, reader: ObjectReader | None = None
) -> CheckpointDetails:
    """The full record of a checkpoint; raises `CheckpointError` when it cannot be read, and
    `UnacceptableError` when it holds what no checkpoint records."""
    if reader is None:
        with ObjectReader(git) as new:
            return read_details(git, checkpoint, new)
    where = f"the record of checkpoint {checkpoint.id}"
    parents = reader.commit(checkpoint.commit).parents
    if len(parents) != (2 if checkpoint.head else 1):
        raise UnacceptableError(f"{where} is not where it belongs; nothing of it is used")
    tree = reader.commit(parents[-1]).tree
    data = reader.file_in(tree, _DETAILS, where)
    try:
        record = json.loads(data)
        nested = []
        if record.get("nested"):
            nested = json.loads(reader.file_in(tree, NESTED_LIST, where))
        return _parse_details(record, nested, where, foreign=checkpoint.foreign)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise CheckpointError(f"{where} is damaged") from error


def _parse_details(
    record: Mapping[str, Any], nested: Iterable[Mapping[str, Any]], where: str, *, foreign: bool
) -> CheckpointDetails:
    plain, executable = (check_permissions(mode, where) for mode in record["usual"])
    folder = record.get("usual_folder")
    details = CheckpointDetails(
        parse_missing(record),
        (plain, executable),
        _parse_modes(record["unusual"], where),
        _parse_paths(record["empty_folders"], where),
        frozenset(os.fsencode(path) for path in record.get("partial", ())),
        None if folder is None else check_permissions(folder, where),
        _parse_modes(record.get("folders", {}), where),
        {
            _parse_path(path, where): tuple(
                sorted((os.fsencode(name), b64decode(value)) for name, value in values.items())
            )
            for path, values in record.get("attributes", {}).items()
        },
        {
            _parse_path(path, where): (int(owner[0]), int(owner[1]))
            for path, owner in record.get("owners", {}).items()
        },
        tuple(_parse_nested(entry, where) for entry in nested),
    )
    if not foreign:
        return details
    # Whoever made it must not choose programs that run as somebody else, nor the hooks and settings of a
    # repository, which git runs without being asked.
    hidden = (NotCaptured(os.fsdecode(entry.path), _FOREIGN_GIT) for entry in details.nested)
    return replace(
        details,
        not_captured=(*details.not_captured, *hidden),
        partial=details.partial.difference(entry.path for entry in details.nested),
        nested=(),
        usual=(plain & 0o777, executable & 0o777),
        unusual={path: mode & 0o1777 for path, mode in details.unusual.items()},
        usual_folder=None if details.usual_folder is None else details.usual_folder & 0o1777,
        folders={path: mode & 0o1777 for path, mode in details.folders.items()},
        owners={},
    )


def _parse_path(text: str, where: str) -> bytes:
    """A path below the top, or the empty one, which is the top itself."""
    path = os.fsencode(text)
    return check_path(path, where) if path else path


def _parse_modes(record: Mapping[str, Any], where: str) -> dict[bytes, int]:
    return {
        _parse_path(path, where): check_permissions(mode, where) for path, mode in record.items()
    }


def _parse_paths(record: Iterable[str], where: str) -> frozenset[bytes]:
    return frozenset(check_path(os.fsencode(path), where) for path in record)


def _parse_nested(entry: Mapping[str, Any], where: str) -> NestedGit:
    return check_nested(
        NestedGit(
            os.fsencode(entry["path"]),
            tuple(
                (os.fsencode(path), check_permissions(mode, where))
                for path, mode in entry["folders"]
            ),
            tuple(
                GitFile(os.fsencode(path), int(mode), str(blob))
                for path, mode, blob in entry["files"]
            ),
        ),
        where,
    )
