"""Cherry-picks them and publishes one ref.

Commits keep their authors, dates and messages; one that already stands where it would go keeps its
id. Everything is made apart, and one new ref at the very end makes it visible.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.control.branch.plan import BranchContent, BranchPlan, resolve_content, file_entries, committer_identity
from tui.control.branch.scratch_repo import MergeConflict, ScratchRepository, scratch_repository, commit_time
from tui.control.checkpoints.path_listing import is_capturable
from tui.system.errors import GitError, RefusedError
from tui.system.format import format_count_plain
from tui.system.git import Git

_MOST_PUBLISHES = 3


@dataclass(frozen=True)
class BranchResult:
    """What was made: the branch, its commit, and how much of what was asked for it holds."""

    branch: str
    commit: str
    commits: int
    files: int
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class _BuiltBranch:
    commit: str
    kept: int
    skipped: tuple[str, ...]
    files: int


def plan_branch(
    project: Path,
    branch: str,
    *,
    commits: Sequence[str] = (),
    files: Sequence[str] = (),
    base: str = "",
    source: str = "",
) -> BranchPlan:
    """What taking would make; nothing is left behind.

    `base` is the commit the branch begins on (the parent of the oldest commit chosen, or HEAD, if
    empty). `files` are paths from the top of the work tree, as they are now, or as they are in
    `source`, a commit or a checkpoint's commit. Reasons not to stand in `refusals`.
    """
    git = Git(project)
    refusals = list(_name_obstacle(git, branch))
    picked: BranchContent | None = None
    try:
        picked = resolve_content(git, commits, files, base, source)
        with scratch_repository(git) as place:
            made = _build(git, place, picked)
        if not made.kept and not made.files:
            refusals.append("nothing of what was chosen differs from where the branch would begin")
    except RefusedError as error:
        refusals.append(str(error))
    if picked is None:
        return BranchPlan(git.work_tree, branch, "", (), (), source, tuple(refusals))
    notes = _list_notes(picked, made.skipped if not refusals else ())
    return BranchPlan(
        git.work_tree,
        branch,
        picked.base,
        tuple(picked.commits),
        tuple(os.fsdecode(path) for path in picked.files),
        source,
        tuple(refusals),
        notes,
    )


def create_branch(plan: BranchPlan) -> BranchResult:
    """Makes the branch; RefusedError, and nothing was made, if it cannot be."""
    if plan.refusals:
        raise RefusedError(plan.refusals[0])
    git = Git(plan.work_tree)
    for trouble in _name_obstacle(git, plan.branch):
        raise RefusedError(trouble)
    shas = [one.sha for one in plan.commits]
    picked = resolve_content(git, shas, plan.files, plan.base, plan.source)
    with scratch_repository(git) as place:
        made = _build(git, place, picked)
        if not made.kept and not made.files:
            raise RefusedError("nothing of what was chosen differs any more; no branch was made")
        _publish(git, place, plan.branch, made.commit)
    return BranchResult(plan.branch, made.commit, made.kept, made.files, made.skipped)


def journal_data(plan: BranchPlan, receipt: BranchResult) -> dict[str, object]:
    """What the journal keeps of a branch that was made."""
    skipped = set(receipt.skipped)
    return {
        "branch": receipt.branch,
        "commit": receipt.commit,
        "base": plan.base,
        "commits": [one.sha for one in plan.commits if one.sha not in skipped],
        "files": [name.encode("utf-8", "replace").decode() for name in plan.files],
        "source": plan.source,
    }


def _publish(git: Git, place: ScratchRepository, branch: str, commit: str) -> None:
    ref = f"refs/heads/{branch}"
    for _ in range(_MOST_PUBLISHES):
        place.publish()
        order = ("update-ref", "--no-deref", "-m", "overnight-tui: taken", ref, commit, git.zero)
        code, _, err = git.start(order).wait()
        if code == 0 and git.read_line(("rev-parse", "--verify", "--quiet", f"{ref}^{{tree}}")):
            return
        for trouble in _name_obstacle(git, branch):
            raise RefusedError(trouble)
    words = "".join(c if c.isprintable() else " " for c in err)[:200].strip()
    raise GitError(f"the branch {branch!r} could not be made in {git.work_tree}: {words}")


def _name_obstacle(git: Git, branch: str) -> Sequence[str]:
    """Why there can be no new branch of this name."""
    ref = f"refs/heads/{branch}"
    odd = not branch or branch[0] == "-" or branch in ("HEAD", "@") or "\0" in branch
    if odd or git.read_line(("check-ref-format", ref)) is None:
        return (f"{branch!r} is no name for a branch",)
    if git.read_line(("show-ref", "--verify", "--quiet", ref)) is not None:
        return (f"the branch {branch} exists already; choose another name",)
    parts = branch.split("/")
    for number in range(1, len(parts)):
        above = "/".join(parts[:number])
        if git.read_line(("show-ref", "--verify", "--quiet", f"refs/heads/{above}")) is not None:
            return (f"the branch {above} exists, so there can be none below it named {branch}",)
    if git.read_line(("for-each-ref", "--count=1", "--format=%(refname)", ref + "/")):
        return (f"there are branches below {branch}/, so none can have that very name",)
    return ()


def _build(git: Git, place: ScratchRepository, picked: BranchContent) -> _BuiltBranch:
    """The commits, one upon the other, and the files on top."""
    tip, kept, skipped = picked.base, 0, []
    for one in picked.commits:
        if one.parent == tip:
            tip, kept = one.sha, kept + 1
            continue
        before = place.tree_of(one.parent) if one.parent else place.empty_tree()
        ours = place.tree_of(tip)
        try:
            tree = place.merge_trees(before, ours, place.tree_of(one.sha))
        except MergeConflict as conflict:
            names = ", ".join(os.fsdecode(path) for path in conflict.paths[:5])
            raise RefusedError(
                f"{one.sha[:10]} ({one.subject}) does not fit without the commits left out: "
                f"it conflicts in {names}; nothing was made"
            ) from conflict
        if tree == ours:
            skipped.append(one.sha)
            continue
        tip = place.make_commit(_rewrite_commit(place.read_commit(one.sha), tree, tip, committer_identity(git)))
        kept += 1
    if not picked.files:
        return _BuiltBranch(tip, kept, tuple(skipped), 0)
    commit, number = _add_files(git, place, picked, tip)
    return _BuiltBranch(commit, kept, tuple(skipped), number)


def _add_files(
    git: Git, place: ScratchRepository, picked: BranchContent, tip: str
) -> tuple[str, int]:
    ours = place.tree_of(tip)
    entries = file_entries(git, picked, place.make_blob)
    for _, _, path in entries:
        if not is_capturable(path):
            raise RefusedError(f"{os.fsdecode(path)!r} is no path that can be taken")
    _refuse_folders(place, ours, [path for mode, _, path in entries if mode])
    tree = place.put_entries(ours, entries)
    if tree == ours:
        return tip, 0
    who = b"%s %s" % (committer_identity(git), commit_time())
    names = [os.fsdecode(path) for path in picked.files]
    title = f"Take {format_count_plain(len(names), 'file')}"
    if len(names) == 1:
        title = f"Take {names[0]} from the night"
    body = "\n".join(f"- {' '.join(name.split())}" for name in names[:100])
    text = f"{title}\n\n{body}\n".encode("utf-8", "surrogateescape")
    head = (b"tree " + tree.encode(), b"parent " + tip.encode())
    raw = b"\n".join((*head, b"author " + who, b"committer " + who, b"", text))
    return place.make_commit(raw), len(entries)


def _refuse_folders(place: ScratchRepository, tree: str, paths: list[bytes]) -> None:
    """A file cannot go where a folder is, nor below a file."""
    for path in paths:
        parts = path.split(b"/")
        for number in range(1, len(parts) + 1):
            name = os.fsdecode(b"/".join(parts[:number]))
            listed = place.run("ls-tree", "-z", tree, "--", name)
            if not listed:
                break
            folder = listed.split(b" ")[1] == b"tree"
            if folder != (number < len(parts)):
                kind = "a folder" if folder else "a file"
                raise RefusedError(
                    f"{os.fsdecode(path)} cannot be taken: {name} is {kind} where the branch begins"
                )


def _rewrite_commit(raw: bytes, tree: str, parent: str, who: bytes) -> bytes:
    """A commit's bytes with another tree and parent; a signature of the old bytes is left out."""
    head, _, text = raw.partition(b"\n\n")
    kept: list[bytes] = []
    dropping = False
    for line in head.split(b"\n"):
        if line[:1] == b" ":
            if not dropping:
                kept.append(line)
            continue
        name = line.partition(b" ")[0]
        dropping = name in (
            b"tree",
            b"parent",
            b"committer",
            b"gpgsig",
            b"gpgsig-sha256",
            b"mergetag",
        )
        if not dropping:
            kept.append(line)
            if name == b"author":
                kept.append(b"committer %s %s" % (who, commit_time()))
    start = (b"tree " + tree.encode(), b"parent " + parent.encode())
    return b"\n".join((*start, *kept)) + b"\n\n" + text


def _list_notes(picked: BranchContent, skipped: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if skipped:
        short = ", ".join(sha[:10] for sha in skipped[:5])
        notes.append(f"nothing new in {short}, so it is left out")
    moved = [one for one in picked.commits if one.sha not in skipped and one.parent != picked.base]
    if moved and len(picked.commits) > 1:
        notes.append("commits keep author, date and message; where one moves, its id changes")
    return tuple(notes)
