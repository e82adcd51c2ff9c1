"""States of a repository in which a checkpoint must be exact: index, settings, attributes, form."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.unit.control.states import State
from tests.unit.repositories import commit, make, sh, write

# --- the index ---


def staged_and_modified(f: Path) -> None:
    write(f, {"a.txt": "staged\n"})
    sh(f, "add", "a.txt")
    write(f, {"a.txt": "modified again\n"})


def assume_unchanged(f: Path) -> None:
    sh(f, "update-index", "--assume-unchanged", "a.txt")
    write(f, {"a.txt": "hidden edit\n"})


def skip_worktree(f: Path) -> None:
    sh(f, "update-index", "--skip-worktree", "a.txt")
    write(f, {"a.txt": "hidden edit\n"})


def intent_to_add(f: Path) -> None:
    write(f, {"soon.txt": "soon\n"})
    sh(f, "add", "-N", "soon.txt")


def empty_index_with_head(f: Path) -> None:
    sh(f, "rm", "-rq", "--cached", ".")


def no_index_with_head(f: Path) -> None:
    (f / ".git/index").unlink()


def index_version_4(f: Path) -> None:
    sh(f, "update-index", "--index-version", "4")


def split_index(f: Path) -> None:
    sh(f, "update-index", "--split-index")
    write(f, {"a.txt": "after the split\n"})
    sh(f, "add", "a.txt")


def untracked_cache(f: Path) -> None:
    sh(f, "update-index", "--untracked-cache")
    sh(f, "status")
    write(f, {"src/unseen": "u"})


def held_index_lock(f: Path) -> None:
    write(f, {"a.txt": "changed\n", ".git/index.lock": ""})


def sparse_checkout_cone(f: Path) -> None:
    write(f, {"in/x": "x", "out/y": "y"})
    commit(f)
    sh(f, "sparse-checkout", "set", "--cone", "in")
    write(f, {"out/y": "outside the cone\n"})


def sparse_checkout_patterns(f: Path) -> None:
    write(f, {"in/x": "x", "out/y": "y"})
    commit(f)
    sh(f, "sparse-checkout", "set", "--no-cone", "/in/", "!/out/")


def sparse_index(f: Path) -> None:
    write(f, {"in/x": "x", "out/deep/y": "y"})
    commit(f)
    sh(f, "sparse-checkout", "set", "--cone", "--sparse-index", "in")


# --- an operation under way ---


def _two_sides(f: Path) -> None:
    sh(f, "checkout", "-q", "-b", "side")
    write(f, {"a.txt": "side\n"})
    commit(f)
    sh(f, "checkout", "-q", "main")
    write(f, {"a.txt": "main\n"})
    commit(f)


def merge_conflict(f: Path) -> None:
    _two_sides(f)
    sh(f, "merge", "side", check=False)


def rebase_in_progress(f: Path) -> None:
    _two_sides(f)
    sh(f, "rebase", "side", check=False)


def cherry_pick_in_progress(f: Path) -> None:
    _two_sides(f)
    sh(f, "cherry-pick", "side", check=False)


def revert_in_progress(f: Path) -> None:
    _two_sides(f)
    sh(f, "revert", "--no-edit", "HEAD~1", check=False)


def bisect_in_progress(f: Path) -> None:
    first = sh(f, "rev-parse", "HEAD")
    for number in range(4):
        write(f, {"a.txt": f"{number}\n"})
        commit(f)
    sh(f, "bisect", "start", "HEAD", first)


# --- HEAD and refs ---


def detached(f: Path) -> None:
    sh(f, "checkout", "-q", "--detach")


def orphan(f: Path) -> None:
    sh(f, "checkout", "-q", "--orphan", "fresh")


def unborn(f: Path) -> None:
    sh(f, "update-ref", "-d", "HEAD")


def head_in_a_chain(f: Path) -> None:
    sh(f, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    sh(f, "symbolic-ref", "HEAD", "refs/heads/alias")


def packed_refs(f: Path) -> None:
    sh(f, "tag", "t")
    sh(f, "pack-refs", "--all", "--prune")


def notes_and_stash(f: Path) -> None:
    sh(f, "notes", "add", "-m", "a note")
    write(f, {"a.txt": "stashed\n"})
    sh(f, "stash", "-q")
    write(f, {"a.txt": "after the stash\n"})


def odd_branch(f: Path) -> None:
    sh(f, "checkout", "-q", "-b", "feature/\u00fcber@x,y")


# --- settings, attributes, ignoring ---


def _set(key: str, value: str, files: dict[str, str | bytes] | None = None) -> State:
    def state(f: Path) -> None:
        sh(f, "config", key, value)
        write(f, files or {"crlf.txt": b"a\r\nb\nc\r\n", "lf.txt": b"a\nb\n"})

    state.__name__ = f"{key.lower().replace('.', '_')}_{value}"
    return state


def no_file_mode(f: Path) -> None:
    sh(f, "config", "core.fileMode", "false")
    (f / "src/b.py").chmod(0o755)
    write(f, {"run": "#!/bin/sh\n"})
    (f / "run").chmod(0o755)


def no_symlinks(f: Path) -> None:
    sh(f, "config", "core.symlinks", "false")
    (f / "link").symlink_to("a.txt")


def mode_change_only(f: Path) -> None:
    (f / "a.txt").chmod(0o755)


def lfs_like_filter(f: Path) -> None:
    sh(f, "config", "filter.lfs.clean", "sha256sum")
    sh(f, "config", "filter.lfs.smudge", "false")
    sh(f, "config", "filter.lfs.required", "true")
    write(f, {".gitattributes": "*.bin filter=lfs -text\n", "big.bin": bytes(range(256)) * 9})


def required_filter_missing(f: Path) -> None:
    sh(f, "config", "filter.gone.process", "/no/such/program")
    sh(f, "config", "filter.gone.required", "true")
    write(f, {".gitattributes": "*.g filter=gone\n", "x.g": "text"})


def ident(f: Path) -> None:
    write(f, {".gitattributes": "*.c ident\n", "x.c": "/* $Id: mine $ */\n"})


def encoding(f: Path) -> None:
    attributes = "*.u working-tree-encoding=UTF-16LE\n*.bad working-tree-encoding=NO-SUCH\n"
    write(f, {".gitattributes": attributes, "x.u": "n\u00e9".encode("utf-16"), "x.bad": b"\xff"})


def export_ignore(f: Path) -> None:
    write(
        f,
        {
            ".gitattributes": "secret export-ignore\n*.s export-subst\n",
            "secret": "s",
            "v.s": "$Format:%H$",
        },
    )


def attribute_macros(f: Path) -> None:
    text = "[attr]odd -text diff=odd filter=odd\n*.o odd\n* binary\nsrc/** text eol=crlf\n"
    write(f, {".gitattributes": text, "x.o": b"a\r\n", "src/.gitattributes": "*.py eol=lf\n"})
    write(f, {".git/info/attributes": "* text=auto eol=crlf\n"})


def ignored(f: Path) -> None:
    write(f, {".gitignore": "*.log\nbuild/\n", "x.log": "x", "build/deep/o": "o", "keep": "k"})


def ignored_but_tracked(f: Path) -> None:
    write(f, {"kept.log": "k"})
    commit(f)
    write(f, {".gitignore": "*.log\n", "kept.log": "changed\n", "other.log": "o"})


def info_exclude(f: Path) -> None:
    write(f, {".git/info/exclude": "*.private\n", "x.private": "p"})


def global_excludes(f: Path) -> None:
    write(f.parent, {"excludes": "*.mine\n"})
    sh(f, "config", "core.excludesFile", str(f.parent / "excludes"))
    write(f, {"x.mine": "m"})


def hooks_present(f: Path) -> None:
    for name in ("pre-commit", "post-checkout", "reference-transaction", "post-index-change"):
        write(f, {f".git/hooks/{name}": "#!/bin/sh\nexit 1\n"})
        (f / ".git/hooks" / name).chmod(0o755)


REPOSITORY: list[State] = [
    staged_and_modified,
    assume_unchanged,
    skip_worktree,
    intent_to_add,
    empty_index_with_head,
    no_index_with_head,
    index_version_4,
    split_index,
    untracked_cache,
    held_index_lock,
    sparse_checkout_cone,
    sparse_checkout_patterns,
    sparse_index,
    merge_conflict,
    rebase_in_progress,
    cherry_pick_in_progress,
    revert_in_progress,
    bisect_in_progress,
    detached,
    orphan,
    unborn,
    head_in_a_chain,
    packed_refs,
    notes_and_stash,
    odd_branch,
    _set("core.autocrlf", "input"),
    _set("core.autocrlf", "true"),
    _set("core.eol", "crlf"),
    _set("core.safecrlf", "true"),
    _set("core.precomposeUnicode", "true", {"cafe\u0301": "x"}),
    _set("core.protectNTFS", "true", {"a:b": "x", "c.": "y"}),
    _set("status.showUntrackedFiles", "no", {"unseen": "x"}),
    _set("core.bigFileThreshold", "1", {"x": "x" * 100}),
    _set("core.quotePath", "true", {"\u00e9": "x"}),
    no_file_mode,
    no_symlinks,
    mode_change_only,
    lfs_like_filter,
    required_filter_missing,
    ident,
    encoding,
    export_ignore,
    attribute_macros,
    ignored,
    ignored_but_tracked,
    info_exclude,
    global_excludes,
    hooks_present,
]

# --- repositories of another form: each makes one and names its work tree ---

Form = Callable[[Path], Path]


def linked_work_tree(top: Path) -> Path:
    folder = make(top / "repo")
    sh(folder, "worktree", "add", "-q", "-b", "side", str(top / "linked"))
    return top / "linked"


def bare_with_work_tree(top: Path) -> Path:
    sh(top, "clone", "-q", "--bare", str(make(top / "from")), "bare.git")
    sh(top / "bare.git", "worktree", "add", "-q", str(top / "tree"), "main")
    return top / "tree"


def separate_git_dir(top: Path) -> Path:
    sh(top, "clone", "-q", "--separate-git-dir", str(top / "git"), str(make(top / "from")), "tree")
    return top / "tree"


def work_tree_elsewhere(top: Path) -> Path:
    folder = make(top / "repo")
    (folder / ".git").rename(top / "git")
    sh(top / "git", "config", "core.worktree", str(folder))
    write(folder, {".git": f"gitdir: {top / 'git'}\n"})
    return folder


def linked_git_dir(top: Path) -> Path:
    """`.git` as a symbolic link, as old tools make it."""
    folder = make(top / "repo")
    (folder / ".git").rename(top / "git")
    (folder / ".git").symlink_to(top / "git")
    return folder


def shallow_clone(top: Path) -> Path:
    source = make(top / "from")
    write(source, {"a.txt": "two\n"})
    commit(source)
    sh(top, "clone", "-q", "--depth", "1", f"file://{source}", "repo")
    return top / "repo"


def partial_clone(top: Path) -> Path:
    source = make(top / "from")
    sh(source, "config", "uploadpack.allowFilter", "true")
    write(source, {"a.txt": "two\n"})
    commit(source)
    sh(top, "clone", "-q", "--filter=blob:none", f"file://{source}", "repo")
    source.rename(top / "gone")
    return top / "repo"


def borrowed_objects(top: Path) -> Path:
    make(top / "from")
    sh(top, "clone", "-q", "--shared", "from", "repo")
    return top / "repo"


def sha256(top: Path) -> Path:
    folder = top / "repo"
    folder.mkdir()
    sh(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    write(folder, {"a.txt": "one\n", "src/b.py": "print(1)\n"})
    commit(folder)
    return folder


def no_commit_yet(top: Path) -> Path:
    return make(top / "repo", commit=False)


def nothing_at_all(top: Path) -> Path:
    return make(top / "repo", {}, commit=False)


def odd_folder(top: Path) -> Path:
    return make(top / 'a folder\'s \u00fc\n"name"')


def behind_a_link(top: Path) -> Path:
    make(top / "real/repo")
    (top / "link").symlink_to("real")
    return top / "link/repo"


def submodule_as_project(top: Path) -> Path:
    folder, source = make(top / "repo"), make(top / "sub", {"s.txt": "s\n"})
    add = ("submodule", "--quiet", "add", str(source), "mod")
    sh(folder, "-c", "protocol.file.allow=always", *add)
    commit(folder)
    return folder / "mod"


def packed(top: Path) -> Path:
    folder = make(top / "repo")
    sh(folder, "gc", "-q", "--aggressive")
    sh(folder, "multi-pack-index", "write")
    sh(folder, "commit-graph", "write", "--reachable")
    return folder


def grafted(top: Path) -> Path:
    folder = make(top / "repo")
    first = sh(folder, "rev-parse", "HEAD")
    write(folder, {"a.txt": "two\n"})
    commit(folder)
    sh(folder, "replace", "HEAD", first)
    return folder


def shared_repository(top: Path) -> Path:
    folder = make(top / "repo")
    sh(folder, "config", "core.sharedRepository", "group")
    return folder


def private_repository(top: Path) -> Path:
    folder = make(top / "repo")
    os.chmod(folder, 0o700)
    return folder


FORMS: list[Form] = [
    linked_work_tree,
    bare_with_work_tree,
    separate_git_dir,
    work_tree_elsewhere,
    linked_git_dir,
    shallow_clone,
    partial_clone,
    borrowed_objects,
    sha256,
    no_commit_yet,
    nothing_at_all,
    odd_folder,
    behind_a_link,
    submodule_as_project,
    packed,
    grafted,
    shared_repository,
    private_repository,
]
