"""Work trees for runs beside each other: made or taken for a name, and removed where nothing is lost by it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.feeds.sessions.live_processes import agents_in_work_tree
from tui.store.project_files import ProjectFiles, read_inside
from tui.store.repository_identity import work_tree_root
from tui.store.runs import find_unfinished_run
from tui.system.errors import GitError, OvernightError, RefusedError, describe_os_error
from tui.system.format import format_count
from tui.system.git import Git
from tui.system.sanitize import clean_line

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,79}")
_ADD_SECONDS: Final = 300.0
_FILTER: Final = re.compile(rb"(?:^|\s)filter=([^\s]+)")
_SHOWN: Final = 3


@dataclass(frozen=True)
class ListedTree:
    """A work tree as git lists it; `branch` is empty where HEAD is detached, `head` before a commit."""

    path: Path
    head: str
    branch: str
    is_main: bool


@dataclass(frozen=True)
class NamedTree:
    """The work tree of a name: `project` is the project's folder in it.

    `made` says that it is new, `made_branch` that its branch is, which then begins at `head`.
    `notes` are sentences for the person.
    """

    name: str
    path: Path
    project: Path
    made: bool
    made_branch: bool
    head: str
    notes: tuple[str, ...]


def list_trees(git: Git) -> list[ListedTree]:
    """The work trees of a repository, the main one first."""
    found: list[ListedTree] = []
    text = os.fsdecode(git.run(("worktree", "list", "--porcelain")))
    for block in text.split("\n\n"):
        facts = dict(line.partition(" ")[::2] for line in block.splitlines())
        if "worktree" in facts and "bare" not in facts:
            branch = facts.get("branch", "").removeprefix("refs/heads/")
            head = "" if facts.get("HEAD", "") == git.zero else facts.get("HEAD", "")
            found.append(ListedTree(Path(facts["worktree"]), head, branch, not found))
    return found


def place_for(git: Git, name: str) -> Path:
    """Where the work tree of a name lies: beside the repository's folder, where its own tools do not look."""
    common = git.common_dir
    top = common.parent if common.name == ".git" else common.with_suffix("")
    return top.with_name(f"{top.name}-{name.replace('/', '--')}")


def make_or_take(project: Path, name: str, own_files: Sequence[str]) -> NamedTree:
    """The work tree with the branch of that name, made beside the repository if it is not there yet.

    Nothing of the repository is run for it: no hook, no filter. Of a new branch, the files of `own_files` are
    as they stand in the project, committed or not. RefusedError where there can be none.
    """
    git = Git(project)
    below = project.resolve().relative_to(git.work_tree)
    _check_name(git, name)
    place, trees = place_for(git, name), list_trees(git)
    known = next((tree for tree in trees if tree.branch == name), None)
    known = known or next((tree for tree in trees if tree.path == place), None)
    if known is not None and known.is_main and known.path != place:
        raise RefusedError(
            f"{name} is the branch of the main work tree {known.path}; give another name, or run there"
        )
    if known is not None and known.path.is_dir():
        return _taken(name, known, below)
    place = known.path if known is not None else place
    if os.path.lexists(place):
        raise RefusedError(
            f"{place} is there already and no work tree of this repository; give another name"
        )
    return _make(git, name, place, below, own_files, project)


def _taken(name: str, tree: ListedTree, below: Path) -> NamedTree:
    notes = [f"the work tree {tree.path} is taken as it is"]
    if tree.branch != name:
        notes.append(f"it is on {tree.branch or 'no branch'}, not on {name}")
    return NamedTree(name, tree.path, tree.path / below, False, False, tree.head, tuple(notes))


def _make(
    git: Git, name: str, place: Path, below: Path, own_files: Sequence[str], project: Path
) -> NamedTree:
    head = git.head()
    if head is None:
        raise RefusedError(
            f"{git.work_tree} has no commit yet, and a work tree begins at one; commit first"
        )
    exists = git.read_line(("rev-parse", "--verify", "--quiet", f"refs/heads/{name}^{{commit}}"))
    # -f: the folder of a work tree may be gone, and git still know it.
    order = ["worktree", "add", "-f", "--no-guess-remote"]
    order += [] if exists else ["--no-track", "-b", name]
    if not os.access(place.parent, os.W_OK):
        raise RefusedError(
            f"{place.parent} cannot be written, and the work tree would lie there; make one elsewhere with "
            "`git worktree add`, and start the run in it"
        )
    try:
        git.run((*order, "--", str(place), name if exists else head), timeout=_ADD_SECONDS)
    except GitError as error:
        raise RefusedError(f"the work tree {place} could not be made: {error}") from error
    tree = NamedTree(name, place, place / below, True, not exists, exists or head, ())
    begins = f"branch {name}" if exists else f"the new branch {name} at {head[:10]}"
    notes = [f"the work tree {place} was made, on {begins}", *_differences(git, place)]
    try:
        tree.project.mkdir(parents=True, exist_ok=True)
        copied = _copy_files(project, tree.project, own_files) if not exists else []
    except (OSError, OvernightError) as error:
        discard(git, tree)
        why = describe_os_error(error) if isinstance(error, OSError) else str(error)
        raise RefusedError(f"the work tree could not be filled: {why}") from error
    if copied:
        notes.append(f"as they stand here: {', '.join(copied)}")
    return NamedTree(name, place, tree.project, True, not exists, tree.head, tuple(notes))


def _copy_files(project: Path, target: Path, names: Sequence[str]) -> list[str]:
    """Brings files to the state that they have in the project; those that changed."""
    copied = []
    for name in names:
        if os.path.isabs(name):
            continue
        data = read_inside(project, name)
        if data and data != read_inside(target, name):
            with ProjectFiles(target).replacing(name) as file:
                file.write(data)
                os.fchmod(file.fileno(), 0o644)
            copied.append(name)
    return copied


def _differences(git: Git, place: Path) -> list[str]:
    """In what a new work tree is unlike a clone that somebody else makes."""
    notes = []
    if git.run(("status", "--porcelain", "-z", "--untracked-files=no")):
        notes.append(f"what is not committed in {git.work_tree} is not in it")
    with suppress(OSError):
        words = (place / ".gitattributes").read_bytes()[: 1 << 20]
        if names := sorted(set(_FILTER.findall(words))):
            named = ", ".join(clean_line(os.fsdecode(one), 40) for one in names[:_SHOWN])
            notes.append(
                f"no filter was run ({named}): its files are as git keeps them (`git lfs pull` there brings "
                "those of lfs)"
            )
    if (place / ".gitmodules").is_file():
        notes.append("its submodules are empty; `git submodule update --init` there fills them")
    return notes


def _check_name(git: Git, name: str) -> None:
    ref = f"refs/heads/{name}"
    odd = _NAME.fullmatch(name) is None or "//" in name or name == "HEAD"
    if odd or git.read_line(("check-ref-format", ref)) is None:
        raise RefusedError(
            f"{name!r} is no name for a work tree and its branch; letters, digits and - are"
        )


def discard(git: Git, tree: NamedTree) -> None:
    """Takes back a work tree that was just made and not used, with its branch if that is new too."""
    if not tree.made:
        return
    git.run(("worktree", "remove", "--force", "--", str(tree.path)), check=False)
    if tree.made_branch:
        git.run(
            ("update-ref", "-d", "--no-deref", f"refs/heads/{tree.name}", tree.head), check=False
        )


# --- removing one ---


@dataclass(frozen=True)
class RemovalPlan:
    """What removing a work tree would do; with `obstacles`, sentences, it is refused."""

    path: Path
    main: Path
    branch: str
    head: str
    is_merged: bool
    ignored: int
    obstacles: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plan in plain sentences, or what stands against it."""
        if self.obstacles:
            return self.obstacles
        branch = f"The branch {self.branch} stays: {self.main} does not hold all its commits."
        if self.is_merged:
            branch = f"The branch {self.branch} is removed: {self.main} holds all its commits."
        lost = (
            f"Lost with it: {format_count(self.ignored, 'ignored path')}." if self.ignored else ""
        )
        first = f"The work tree {self.path} is removed; everything in it is committed."
        kept = "Its checkpoints, runs and reviews stay."
        return tuple(filter(None, (first, lost, branch, kept)))


def is_removable(project: Path) -> bool:
    """Whether the project lies in a work tree beside the main one; reads one name."""
    return (Path(work_tree_root(project) or project) / ".git").is_file()


def plan_removal(project: Path) -> RemovalPlan:
    """What removing the project's work tree would do; changes nothing."""
    git = Git(project)
    trees = list_trees(git)
    main = next((tree for tree in trees if tree.is_main), None)
    own = next((tree for tree in trees if tree.path == git.work_tree), None)
    if main is None or own is None or own.is_main:
        raise RefusedError(f"{git.work_tree} is no work tree beside another one; it is not removed")
    status = git.run(("status", "--porcelain", "-z", "--no-renames", "--ignored"))
    entries = [os.fsdecode(entry) for entry in status.split(b"\0") if len(entry) > 3]
    changed = [entry[3:] for entry in entries if not entry.startswith("!!")]
    is_merged = bool(main.head and own.head) and _holds(git, main.head, own.head)
    obstacles = [*_goes_on(project, own.path), *_obstacles(git, changed)]
    if not (own.branch or is_merged or _is_on_branch(git, own.head)):
        obstacles.append(
            f"Its commit {own.head[:10]} is on no branch; `git branch NAME` there keeps it."
        )
    return RemovalPlan(
        own.path,
        main.path,
        own.branch,
        own.head,
        is_merged and bool(own.branch),
        len(entries) - len(changed),
        tuple(obstacles),
    )


def _goes_on(project: Path, top: Path) -> Iterator[str]:
    """Who is at work in a work tree."""
    run = find_unfinished_run(project)
    if run is not None:
        yield f"Run {run.id} still goes on in it; end it first."
    for agent in agents_in_work_tree(top):
        yield f"A session (pid {agent.pid}) is at work in it; end it first."


def _obstacles(git: Git, changed: Sequence[str]) -> Iterator[str]:
    """What in a work tree stands against its removal."""
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        named = clean_line(changed[0], 200)
        yield f"It holds work that is not committed ({named}{more}); commit it first."
    if (git.git_dir / "locked").exists():
        yield "It is locked; `git worktree unlock` opens it."
    if operation := git.operation_in_progress():
        yield f"A {operation} is half done in it; end that first."


def _holds(git: Git, commit: str, older: str) -> bool:
    return git.start(("merge-base", "--is-ancestor", older, commit)).wait()[0] == 0


def _is_on_branch(git: Git, commit: str) -> bool:
    return bool(git.run(("for-each-ref", "--count=1", f"--contains={commit}", "refs/heads")))


def remove(plan: RemovalPlan) -> None:
    """Removes the work tree as planned; RefusedError, and nothing is lost, where it changed since."""
    if plan.obstacles:
        raise RefusedError(" ".join(plan.obstacles))
    now = plan_removal(plan.path)
    if now != plan:
        raise RefusedError(f"{plan.path} changed since the plan was shown; look again")
    git = Git(plan.main)
    try:
        # Git itself looks once more for what is not committed.
        git.run(("worktree", "remove", "--", str(plan.path)), timeout=_ADD_SECONDS)
    except GitError as error:
        raise RefusedError(f"the work tree was not removed: {error}") from error
    if plan.is_merged:
        # Only from where it was: a commit that somebody made meanwhile keeps its branch.
        git.run(
            ("update-ref", "-d", "--no-deref", f"refs/heads/{plan.branch}", plan.head), check=False
        )
