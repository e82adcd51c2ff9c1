"""Cherry-picks the chosen commits, adds the chosen files and publishes one ref.

Commits keep their authors, dates and messages; one whose parent is the same keeps its id. All is
made in a scratch repository, and one new ref at the very end makes it visible.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.control.branch.plan import (
    BranchContent,
    BranchPlan,
    committer_identity,
    file_entries,
    resolve_content,
)
from tui.control.branch.scratch_repo import (
    MergeConflict,
    ScratchRepository,
    scratch_repository,
)
from tui.control.checkpoints.path_listing import folders_above
from tui.system.errors import GitError, RefusedError
from tui.system.format import format_count_plain
from tui.system.git import Git

# A prune at the same moment can remove what was just published; then it is published again.
_MOST_PUBLISHES = 3
# A signature covers the old bytes and would be wrong on the new commit.
_REPLACED_HEADERS = b"tree parent committer gpgsig gpgsig-sha256 mergetag".split()


@dataclass(frozen=True)
class BranchResult:
    """What was made: the branch, its commit, and how much of what was asked for it holds."""

    branch: str
    commit: str
    commits: int
    files: int
    skipped: tuple[str, ...] = ()


def plan_branch(
    project: Path,
    branch: str,
    *,
    commits: Sequence[str] = (),
    files: Sequence[str] = (),
    base: str = "",
    source: str = "",
) -> BranchPlan:
    """What the branch would hold; nothing is left behind.

    `base` is the commit the branch begins on (the parent of the oldest commit chosen, or HEAD, if
    empty). `files` are paths from the top of the work tree, as they are now, or as they are in
    `source`, a commit or a checkpoint's commit. Reasons against it are in `refusals`.
    """
    git = Git(project)
    refusals: list[str] = []
    content: BranchContent | None = None
    try:
        _check_name(git, branch)
    except RefusedError as error:
        refusals.append(str(error))
    try:
        content = resolve_content(git, commits, files, base, source)
        with scratch_repository(git) as scratch:
            built = _build(git, scratch, branch, content)
        if not built.commits and not built.files:
            refusals.append("nothing of what was chosen differs from where the branch would begin")
    except RefusedError as error:
        refusals.append(str(error))
    if content is None:
        return BranchPlan(git.work_tree, branch, "", (), (), source, tuple(refusals))
    notes = _list_notes(content, built.skipped if not refusals else ())
    paths = tuple(os.fsdecode(path) for path in content.files)
    return BranchPlan(
        git.work_tree, branch, content.base, content.commits, paths, source, tuple(refusals), notes
    )


def create_branch(plan: BranchPlan) -> BranchResult:
    """Makes the branch; RefusedError, and nothing was made, if it cannot be."""
    if plan.refusals:
        raise RefusedError(plan.refusals[0])
    git = Git(plan.work_tree)
    _check_name(git, plan.branch)
    shas = [commit.sha for commit in plan.commits]
    content = resolve_content(git, shas, plan.files, plan.base, plan.source)
    with scratch_repository(git) as scratch:
        built = _build(git, scratch, plan.branch, content)
        if not built.commits and not built.files:
            raise RefusedError("nothing of what was chosen differs any more; no branch was made")
        _publish(git, scratch, plan.branch, built.commit)
    return built


def journal_data(plan: BranchPlan, result: BranchResult) -> dict[str, object]:
    """What the journal keeps of a branch that was made."""
    skipped = set(result.skipped)
    return {
        "branch": result.branch,
        "commit": result.commit,
        "base": plan.base,
        "commits": [commit.sha for commit in plan.commits if commit.sha not in skipped],
        "files": [name.encode("utf-8", "replace").decode() for name in plan.files],
        "source": plan.source,
    }


def _publish(git: Git, scratch: ScratchRepository, branch: str, commit: str) -> None:
    ref = f"refs/heads/{branch}"
    for _ in range(_MOST_PUBLISHES):
        scratch.publish()
        order = ("update-ref", "--no-deref", "-m", "overnight-tui: taken", ref, commit, git.zero)
        code, _, err = git.start(order).wait()
        if code == 0 and git.read_line(("rev-parse", "--verify", "--quiet", f"{ref}^{{tree}}")):
            return
        _check_name(git, branch)
    reason = "".join(c if c.isprintable() else " " for c in err)[:200].strip()
    raise GitError(f"the branch {branch!r} could not be made in {git.work_tree}: {reason}")


def _check_name(git: Git, branch: str) -> None:
    """RefusedError where there can be no new branch of this name."""
    ref = f"refs/heads/{branch}"
    odd = not branch or branch[0] == "-" or branch in ("HEAD", "@") or "\0" in branch
    if odd or git.read_line(("check-ref-format", ref)) is None:
        raise RefusedError(f"{branch!r} is no name for a branch")
    if git.read_line(("show-ref", "--verify", "--quiet", ref)) is not None:
        raise RefusedError(f"the branch {branch} exists already; choose another name")
    parts = branch.split("/")
    for number in range(1, len(parts)):
        above = "/".join(parts[:number])
        if git.read_line(("show-ref", "--verify", "--quiet", f"refs/heads/{above}")) is not None:
            reason = f"the branch {above} exists, so there can be none below it named {branch}"
            raise RefusedError(reason)
    if git.read_line(("for-each-ref", "--count=1", "--format=%(refname)", ref + "/")):
        raise RefusedError(f"there are branches below {branch}/, so none can have that very name")


def _build(
    git: Git, scratch: ScratchRepository, branch: str, content: BranchContent
) -> BranchResult:
    """The commits, one upon the other, and the files on top."""
    tip, kept, skipped = content.base, 0, []
    for commit in content.commits:
        if commit.parent == tip:
            tip, kept = commit.sha, kept + 1
            continue
        before, ours = scratch.tree_of(commit.parent), scratch.tree_of(tip)
        try:
            tree = scratch.merge_trees(before, ours, scratch.tree_of(commit.sha))
        except MergeConflict as conflict:
            names = ", ".join(os.fsdecode(path) for path in conflict.paths[:5])
            raise RefusedError(
                f"{commit.sha[:10]} ({commit.subject}) does not fit without the commits left out: "
                f"it conflicts in {names}; nothing was made"
            ) from conflict
        if tree == ours:
            skipped.append(commit.sha)
            continue
        raw = scratch.run("cat-file", "commit", commit.sha)
        new = _rewrite_commit(raw, tree, tip, committer_identity(git))
        tip, kept = scratch.make_object(new, "commit"), kept + 1
    files = 0
    if content.files:
        tip, files = _add_files(git, scratch, content, tip)
    return BranchResult(branch, tip, kept, files, tuple(skipped))


def _add_files(
    git: Git, scratch: ScratchRepository, content: BranchContent, tip: str
) -> tuple[str, int]:
    ours = scratch.tree_of(tip)
    entries = file_entries(git, content, scratch.make_object)
    _refuse_folders(scratch, ours, [path for mode, _, path in entries if mode])
    tree = scratch.put_entries(ours, entries)
    if tree == ours:
        return tip, 0
    who = committer_identity(git)
    names = [os.fsdecode(path) for path in content.files]
    title = f"Take {format_count_plain(len(names), 'file')}"
    if len(names) == 1:
        title = f"Take {names[0]} from the night"
    body = "\n".join(f"- {' '.join(name.split())}" for name in names[:100])
    text = f"{title}\n\n{body}\n".encode("utf-8", "surrogateescape")
    head = (b"tree " + tree.encode(), b"parent " + tip.encode())
    raw = b"\n".join((*head, b"author " + who, b"committer " + who, b"", text))
    return scratch.make_object(raw, "commit"), len(entries)


def _refuse_folders(scratch: ScratchRepository, tree: str, paths: list[bytes]) -> None:
    """A file cannot go where a folder is, nor below a file."""
    for path in paths:
        for place in (*folders_above(path), path):
            name = os.fsdecode(place)
            listed = scratch.run("ls-tree", "-z", tree, "--", name)
            if not listed:
                break
            is_folder = listed.split(b" ")[1] == b"tree"
            if is_folder == (place == path):
                kind = "a folder" if is_folder else "a file"
                raise RefusedError(
                    f"{os.fsdecode(path)} cannot be taken: {name} is {kind} where the branch begins"
                )


def _rewrite_commit(raw: bytes, tree: str, parent: str, who: bytes) -> bytes:
    """A commit's bytes with another tree and parent; a signature of the old bytes is left out."""
    head, _, text = raw.partition(b"\n\n")
    kept: list[bytes] = []
    dropping = False
    for line in head.split(b"\n"):
        if line[:1] != b" ":  # else it continues the one before
            dropping = line.partition(b" ")[0] in _REPLACED_HEADERS
        if not dropping:
            kept.append(line)
        if line.startswith(b"author "):
            kept.append(b"committer " + who)
    start = (b"tree " + tree.encode(), b"parent " + parent.encode())
    return b"\n".join((*start, *kept)) + b"\n\n" + text


def _list_notes(content: BranchContent, skipped: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if skipped:
        short = ", ".join(sha[:10] for sha in skipped[:5])
        notes.append(f"nothing new in {short}, so it is left out")
    kept = [commit for commit in content.commits if commit.sha not in skipped]
    if len(content.commits) > 1 and any(commit.parent != content.base for commit in kept):
        notes.append("commits keep author, date and message; where one moves, its id changes")
    return tuple(notes)
