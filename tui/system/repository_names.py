"""What names, modes, ids and sizes of a repository are acceptable: the one check before any of them is used.

Whoever can write into a repository can write trees, refs and records that git itself would never make. What
is refused here is refused whatever git of this machine would say, because file systems differ: a name that
means ".git" on another one counts as that.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from tui.system.errors import RefusedError
from tui.system.sanitize import clean_line

MOST_COMPONENT: Final = 255
MOST_PATH: Final = 4095
MOST_NUMBER: Final = 99_999_999
"""The highest number of a checkpoint."""
MOST_ENTRIES: Final = 2_000_000
"""How many files and folders a tree may have."""
MOST_RECORD_BYTES: Final = 256 << 20
"""How large one tree, commit or record may be."""
MOST_BLOB_BYTES: Final = 4 << 30

LINK_MODE: Final = 0o120000
TREE_MODE: Final = 0o040000
GITLINK_MODE: Final = 0o160000
FILE_MODES: Final = frozenset((0o100644, 0o100755, LINK_MODE))
"""Modes that a checkpoint writes for what is no folder."""

_SHOWN: Final = 120
# What git, on the file systems of other machines too, could take for its own folder.
_RESERVED: Final = re.compile(rb"(?:^|[/\\])(?:\.git|git~1)[ .]*(?:$|[/\\:])", re.IGNORECASE)
# Characters that HFS+ ignores in names: with them a name can mean ".git" on a Mac.
_INVISIBLE: Final = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_REF: Final = re.compile(
    r"refs/overnight/(?P<work_tree>main|wt-[^/]{1,200})/(?P<session>[A-Za-z0-9_-]{1,80})"
    r"/(?P<number>[1-9][0-9]{0,7})",
)
_ODD_IN_REF: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|\.lock(?:/|$)|\.(?:/|$)|/\.")
_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class UnacceptableError(RefusedError):
    """Something in a repository that is not believed; nothing was done with it."""


def shown(name: bytes) -> str:
    """A name for a sentence: safe to show, short, recognisable."""
    return repr(clean_line(name.decode("utf-8", "backslashreplace"), _SHOWN))


def is_reserved(path: bytes) -> bool:
    """Whether a part of it could be taken for git's own folder, on any file system."""
    if path.isascii():
        # Most names are done with here.
        return b"git" in path.lower() and _RESERVED.search(path) is not None
    if _RESERVED.search(path):
        return True
    # What is no UTF-8 cannot be such a name; the rest of the path still can.
    plain = _INVISIBLE.sub("", path.decode("utf-8", "replace")).encode()
    return _RESERVED.search(plain) is not None


def component_fault(name: bytes) -> str:
    """Why `name` cannot be one part of a path below a work tree; empty if it can."""
    if name in (b"", b".", b".."):
        return "is no name of a file"
    if b"/" in name or b"\0" in name:
        return "holds a slash or a NUL"
    if len(name) > MOST_COMPONENT:
        return f"is longer than {MOST_COMPONENT} bytes"
    return "could be taken for git's own folder" if is_reserved(name) else ""


def path_fault(path: bytes) -> str:
    """Why `path` cannot be a file or folder below a work tree; empty if it can."""
    if len(path) > MOST_PATH:
        return f"is longer than {MOST_PATH} bytes"
    return next((why for part in path.split(b"/") if (why := component_fault(part))), "")


def check_path(path: bytes, where: str) -> bytes:
    """The path, if it is acceptable; `UnacceptableError` naming it and `where` it was found if not."""
    if why := path_fault(path):
        raise UnacceptableError(f"{where} names {shown(path)}, which {why}; nothing of it is used")
    return path


def check_paths(paths: Collection[bytes], where: str) -> None:
    """The same for many; also refuses a path that is there twice, or is a file and a folder."""
    for path in paths:
        check_path(path, where)
    known = set(paths)
    if len(known) != len(paths):
        raise UnacceptableError(f"{where} names a path twice; nothing of it is used")
    for path in known:
        above = path
        while above := above.rpartition(b"/")[0]:
            if above in known:
                raise UnacceptableError(
                    f"{where} has {shown(above)} as a file and as a folder; nothing of it is used"
                )


def check_permissions(mode: object, where: str) -> int:
    """Permission bits, set-id and sticky bits included; `UnacceptableError` for any other number."""
    if isinstance(mode, bool) or not isinstance(mode, int) or not 0 <= mode <= 0o7777:
        raise UnacceptableError(f"{where} has permissions that no file has; nothing of it is used")
    return mode


def is_object_id(name: str) -> bool:
    """Whether it is the whole id of an object, and no other expression that git understands."""
    return _ID.fullmatch(name) is not None


def check_object_id(name: str, where: str) -> str:
    """The id; `UnacceptableError` if it is something else."""
    if not is_object_id(name):
        raise UnacceptableError(f"{where} names an object by what is no id; nothing of it is used")
    return name


def checkpoint_number(ref: str) -> int | None:
    """The number of the checkpoint that a ref of this name can hold; None for a name that is not ours."""
    found = _REF.fullmatch(ref)
    if found is None or _ODD_IN_REF.search(ref) or found["number"] == "0":
        return None
    return int(found["number"])


def check_ref(ref: str) -> str:
    """The name of a checkpoint's ref; `UnacceptableError` if it cannot be one."""
    if checkpoint_number(ref) is None:
        name = shown(ref.encode("utf-8", "surrogateescape"))
        raise UnacceptableError(f"{name} is no name of a checkpoint's ref; nothing was done")
    return ref


def parse_tree(data: bytes, width: int, where: str, modes: Collection[int]) -> list[TreeItem]:
    """Mode, name and id of each entry of a raw tree whose ids are `width` bytes.

    `modes` are those of files that may be in it. `UnacceptableError` for everything that no checkpoint
    writes: other modes, unacceptable names, entries that are out of order or there twice.
    """
    items: list[TreeItem] = []
    names: set[bytes] = set()
    at, last = 0, b""
    while at < len(data):
        end = data.find(b"\0", at)
        mode_text, blank, name = data[at:end].partition(b" ")
        mode, next_at = _MODES.get(mode_text), end + 1 + width
        if end < 0 or not blank or mode is None or next_at > len(data):
            raise UnacceptableError(
                f"{where} holds a tree with entries that no checkpoint has; nothing of it is used"
            )
        why = component_fault(name)
        if not why and mode != TREE_MODE and mode not in modes:
            why = "is neither file, link nor folder"
        key = name + b"/" if mode == TREE_MODE else name
        if not why and (key <= last or name in names):
            why = "is there twice or in the wrong place"
        if why:
            raise UnacceptableError(
                f"{where} holds an entry {shown(name)}, which {why}; nothing of it is used"
            )
        names.add(name)
        items.append((mode, name, data[end + 1 : next_at].hex()))
        at, last = next_at, key
    return items


TreeItem = tuple[int, bytes, str]
"""Mode, name and id of an entry of a tree."""

_MODES: Final = {b"%o" % mode: mode for mode in (*FILE_MODES, TREE_MODE, GITLINK_MODE)}
