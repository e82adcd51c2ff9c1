"""Where in a repository our state can be planted, and from where a person then looks at it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.planted.world import World
from tests.unit.repositories import make, sh
from tui.store.layout import project_state


@dataclass(frozen=True)
class Place:
    """Folders to plant below; `look_from` is where the command is called."""

    folders: Callable[[World], list[Path]]
    look_from: Callable[[World], Path]


def _top(world: World) -> Path:
    return world.project


def _in_top(*names: str) -> Callable[[World], list[Path]]:
    return lambda world: [world.project / name for name in names]


def _as_in_our_state(world: World) -> list[Path]:
    """As it lies below the state folder, the folder's own name included."""
    name = project_state(world.project, world.env).name
    homes = (".", ".local/state/overnight-tui", "overnight-tui")
    return [world.project / home / "projects" / name for home in homes]


def _link_to_outside(*names: str) -> Callable[[World], list[Path]]:
    """Links to one folder outside, which then holds everything."""

    def folders(world: World) -> list[Path]:
        target = world.victim / "state"
        target.mkdir(exist_ok=True)
        for name in names:
            path = world.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():  # a version that keeps something of its own there
                path.rename(path.with_name(f"{path.name}-before"))
            path.symlink_to(target)
        return [target]

    return folders


def _subfolder(world: World) -> Path:
    return world.project / "src"


def _linked(world: World) -> Path:
    linked = world.above / "linked"
    if not linked.exists():
        sh(world.project, "worktree", "add", "-q", "-b", "side", str(linked))
    return linked


def _submodule(world: World) -> Path:
    inner = world.project / "mod"
    if not inner.exists():
        source = make(world.top / "source", {"s.txt": "s\n"})
        add = (
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            str(source),
            "mod",
        )
        sh(world.project, *add)
        sh(world.project, "commit", "-qm", "a submodule")
    return inner


def _nested(world: World) -> Path:
    nested = world.project / "nested"
    return nested if nested.exists() else make(nested, {"n.txt": "n\n"})


PLACES: dict[str, Place] = {
    "the run directory of 0.1": Place(_in_top(".overnight"), _top),
    "the same of a subfolder": Place(_in_top("src/.overnight"), _subfolder),
    "case variants": Place(_in_top(".Overnight", ".OVERNIGHT", ".overnight "), _top),
    "the top itself": Place(lambda world: [world.project], _top),
    "as in our state": Place(_as_in_our_state, _top),
    "the git dir": Place(
        _in_top(".git/.overnight", ".git/overnight", ".git/overnight/main", ".git/overnight-tui"),
        _top,
    ),
    "a link to outside": Place(_link_to_outside(".overnight", "src/.overnight"), _top),
    "a link in the git dir": Place(_link_to_outside(".git/overnight"), _top),
    "a linked work tree": Place(
        lambda world: [
            _linked(world) / ".overnight",
            world.project / ".git/worktrees/linked/overnight",
            world.project / ".git/overnight/wt-linked",
        ],
        _linked,
    ),
    "a submodule": Place(
        lambda world: [
            _submodule(world) / ".overnight",
            world.project / ".git/modules/mod/overnight/main",
        ],
        _submodule,
    ),
    "a nested repository": Place(
        lambda world: [_nested(world) / ".overnight", _nested(world) / ".git/overnight/main"],
        _nested,
    ),
    "the folder above": Place(lambda world: [world.above / ".overnight"], _top),
}


LINKS = [name for name in PLACES if "link to outside" in name or "link in" in name]
"""Places that take the room of another, so that they are planted alone."""
TOGETHER = [name for name in PLACES if name not in LINKS]


def other_work_trees_files(world: World) -> list[Path]:
    """The project's folder and every folder that a place looks from, as far as they are there."""
    names = ("project", "project/src", "linked", "project/mod", "project/nested")
    return [world.above / name for name in names if os.path.isdir(world.above / name)]
