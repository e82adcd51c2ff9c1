"""What can lie in a git dir where our checkpoints lie: refs of every kind, and our private area as links."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.planted.world import World
from tests.unit.repositories import WHO, sh, write

_AREA = ".git/overnight/main"
_REFS = ".git/refs/overnight"


def _object(world: World, kind: str, data: bytes) -> str:
    """The id of an object that git itself would refuse to make."""
    words = ["git", "hash-object", "-t", kind, "-w", "--literally", "--stdin"]
    done = subprocess.run(
        words,
        cwd=world.project,
        env={**os.environ, **WHO},
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def _tree(world: World, entries: Iterable[tuple[str, str, str]]) -> str:
    rows = (
        f"{mode} {name}".encode() + b"\0" + bytes.fromhex(identity)
        for mode, name, identity in entries
    )
    return _object(world, "tree", b"".join(rows))


def _checkpoint(world: World, tree: str, details: dict[str, object] | None = None) -> str:
    """A commit that says of itself that it is a checkpoint."""
    record = {
        "usual": [0o644, 0o755], "unusual": {}, "not_captured": [], "empty_folders": [],
        **(details or {}),
    }  # fmt: skip
    data = _object(world, "blob", json.dumps(record).encode())
    empty = _tree(world, [])
    side_tree = _tree(world, [("100644", "details.json", data), ("40000", "index", empty)])
    who = "overnight-tui <overnight-tui@localhost> 1796000000 +0000"
    author = f"author {who}\ncommitter {who}\n\n"
    side = _object(world, "commit", f"tree {side_tree}\n{author}staged\n".encode())
    head = sh(world.project, "rev-parse", "HEAD")
    facts = {
        "schema": 1, "id": "c7", "at": 1_796_000_000.0, "label": "planted", "session": "evil",
        "kind": "checkpoint", "head": head, "branch": "main", "operation": None,
        "work_tree": str(world.project), "files": 1, "not_captured": [], "not_captured_count": 0,
        "facts": {},
    }  # fmt: skip
    text = f"overnight checkpoint c7: planted\n\n{json.dumps(facts, indent=1)}\n"
    raw = f"tree {tree}\nparent {head}\nparent {side}\n{author}{text}"
    return _object(world, "commit", raw.encode())


def _leading_outside(world: World) -> str:
    file = _object(world, "blob", b"#!/bin/sh\nexit\n")
    inner = _tree(world, [("100755", "planted", file)])
    victim = _tree(world, [("40000", "victim", inner)])
    hooks = _tree(world, [("40000", "hooks", inner)])
    entries = [("40000", "..", _tree(world, [("40000", "..", victim)])), ("40000", ".git", hooks)]
    return _tree(world, [*entries, ("100644", "a.txt", file), ("100755", "/abs", file)])


def _plain_tree(world: World) -> str:
    return sh(world.project, "rev-parse", "HEAD^{tree}")


def forged_refs(world: World) -> None:
    """Refs as of checkpoints: to trees that lead outside, to things that are none."""
    outside = _checkpoint(world, _leading_outside(world))
    folders = {"empty_folders": ["../../victim/made", ".git/hooks/made", str(world.victim / "m2")]}
    modes = {"unusual": {"../../victim/file": 0o777, ".git/config": 0o777}}
    forged = _checkpoint(world, _plain_tree(world), {**folders, **modes})
    names = {"main/evil/7": outside, "main/evil/8": forged, "wt-linked/evil/9": outside}
    blob = _object(world, "blob", b"x")
    names |= {
        "main/evil/10": blob,
        "main/evil/11": sh(world.project, "rev-parse", "HEAD"),
        "1": forged,
    }
    for name, commit in names.items():
        write(world.project, {f"{_REFS}/{name}": f"{commit}\n"})


def forged_packed_refs(world: World) -> None:
    commit = _checkpoint(world, _leading_outside(world))
    names = ("main/packed/12", "main/packed/../13", "../heads/planted", "main/packed/14.lock")
    rows = [f"{commit} refs/overnight/{name}\n" for name in names[:1]]
    write(
        world.project,
        {".git/packed-refs": "# pack-refs with: peeled fully-peeled sorted \n" + rows[0]},
    )


def symbolic_refs(world: World) -> None:
    """Refs of ours that point at a branch, at HEAD, at themselves and outside."""
    targets = ("refs/heads/main", "HEAD", f"refs/overnight/main/sym/{3}", "../../../victim/file")
    for number, target in enumerate(targets):
        write(world.project, {f"{_REFS}/main/sym/{number}": f"ref: {target}\n"})


def linked_refs(world: World) -> None:
    """Refs and their folders as symbolic links into another repository, also those to come."""
    theirs = world.victim / "repo/.git/refs/heads"
    base = world.project / _REFS / "main"
    base.mkdir(parents=True, exist_ok=True)
    # "none" and the session's own name are where the next checkpoint of a command goes.
    for name in ("linked", "none", "s"):
        if not (base / name).exists():
            (base / name).symlink_to(theirs)
    loose = base / "loose"
    loose.mkdir()
    (loose / "15").symlink_to(theirs / "main")
    for number in range(16, 40):
        (loose / str(number)).symlink_to(theirs / f"made-{number}")


def linked_area(world: World) -> None:
    """The private repository of a checkpoint as a link to another repository's git dir."""
    area = world.project / _AREA
    area.mkdir(parents=True, exist_ok=True)
    for name, target in {
        "making": "repo/.git",
        "lock": "file",
        "scratch": "repo/.git",
        "seen.tmp": "file",
    }.items():
        if (area / name).is_dir():
            (area / name).rename(area / f"{name}-before")
        (area / name).unlink(missing_ok=True)
        (area / name).symlink_to(world.victim / target)


def linked_inside_area(world: World) -> None:
    """Links inside the private repository: objects, refs, config."""
    making = world.project / _AREA / "making"
    making.mkdir(parents=True, exist_ok=True)
    for name in ("objects", "refs", "config", "HEAD", "complaint"):
        path = making / name
        if path.is_dir() and not path.is_symlink():
            path.rename(making / f"{name}-before")
        path.unlink(missing_ok=True)
        theirs = "file" if name == "complaint" else f"repo/.git/{name}"
        path.symlink_to(world.victim / theirs)


def linked_area_itself(world: World) -> None:
    """The area, and the folder of all areas, as a link."""
    area = world.project / ".git/overnight"
    if area.exists():
        area.rename(area.with_name("overnight-before"))
    area.symlink_to(world.victim / "repo/.git")


def damaged_area(world: World) -> None:
    for name, data in {
        "seen": b"\x93\x00junk",
        "making/config": b"[core]\n\tfsmonitor = /bin/false\n",
    }.items():
        write(world.project, {f"{_AREA}/{name}": data})
    program = world.program(
        world.project / _AREA / "making/hooks/reference-transaction", "area-hook"
    )
    write(
        world.project,
        {f"{_AREA}/making/config": f"[core]\n\tfsmonitor = {program}\n\tbare = true\n"},
    )


def alternates_outside(world: World) -> None:
    """Objects borrowed from a repository that is not the person's choice."""
    theirs = world.victim / "repo/.git/objects"
    write(world.project, {".git/objects/info/alternates": f"{theirs}\n/no/such/folder\n"})


GIT_DIR: dict[str, Callable[[World], None]] = {
    "forged refs": forged_refs,
    "forged packed refs": forged_packed_refs,
    "symbolic refs": symbolic_refs,
    "linked refs": linked_refs,
    "linked area": linked_area,
    "linked inside the area": linked_inside_area,
    "linked area itself": linked_area_itself,
    "damaged area": damaged_area,
    "alternates outside": alternates_outside,
}


def fsck(repository: Path) -> str:
    """What git finds wrong with a repository; empty when nothing is."""
    return sh(repository, "fsck", "--strict", "--no-dangling", check=False)
