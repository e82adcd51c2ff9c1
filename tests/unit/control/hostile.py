"""Objects, refs and links as somebody plants them who may write into a repository."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.unit.repositories import sh
from tui.control.checkpoints.refs import Checkpoint

Entry = tuple[str, bytes, str]
"""Mode, name and id of an entry of a tree."""


def store(folder: Path, kind: str, data: bytes) -> str:
    """Stores an object whatever git thinks of it."""
    order = ["git", "hash-object", "-t", kind, "-w", "--literally", "--stdin"]
    done = subprocess.run(order, cwd=folder, input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def raw_tree(folder: Path, *entries: Entry) -> str:
    data = b"".join(m.encode() + b" " + n + b"\0" + bytes.fromhex(i) for m, n, i in entries)
    return store(folder, "tree", data)


def raw_object(folder: Path, name: str) -> bytes:
    kind = sh(folder, "cat-file", "-t", name)
    order = ["git", "cat-file", kind, name]
    return subprocess.run(order, cwd=folder, capture_output=True, check=True).stdout


def forged(
    folder: Path,
    like: Checkpoint,
    *,
    tree: str = "",
    details: bytes | None = None,
    change: Callable[[bytes], bytes] = bytes,
) -> str:
    """A commit like that of a checkpoint, with another tree, another record or other bytes; its id."""
    data = raw_object(folder, like.commit)
    head, _, text = data.partition(b"\n\n")
    lines = head.split(b"\n")
    if tree:
        lines[0] = b"tree " + tree.encode()
    if details is not None:
        blob = store(folder, "blob", details)
        side = raw_tree(folder, ("100644", b"details.json", blob))
        number = max(n for n, line in enumerate(lines) if line.startswith(b"parent "))
        old = raw_object(folder, lines[number].split(b" ")[1].decode())
        new = b"tree " + side.encode() + b"\n" + old.partition(b"\n")[2]
        lines[number] = b"parent " + store(folder, "commit", new).encode()
    return store(folder, "commit", change(b"\n".join(lines) + b"\n\n" + text))


def everything(*folders: Path) -> dict[str, tuple[int, int, str]]:
    """Every path below these folders, `.git` included: kind and permissions, links, content."""
    found: dict[str, tuple[int, int, str]] = {}
    for top in folders:
        for root, names, files in os.walk(top):
            for name in (*names, *files):
                path = os.path.join(root, name)
                status = os.lstat(path)
                content = ""
                if os.path.islink(path):
                    content = os.readlink(path)
                elif os.path.isfile(path):
                    content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
                found[path] = status.st_mode, status.st_mtime_ns, content
    return found


def differing(
    before: dict[str, tuple[int, int, str]], after: dict[str, tuple[int, int, str]]
) -> Sequence[str]:
    return sorted(p for p in {*before, *after} if before.get(p) != after.get(p))
