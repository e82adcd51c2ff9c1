"""Nothing of a hostile repository runs through the door, and what it reads is right."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.repositories import commit, make, sh, write
from tui.feeds.repo.commits import read_log
from tui.system.errors import GitError, RefusedError
from tui.system.git import Git, NotARepositoryError

STATUS = ("status", "--porcelain", "-z", "--no-renames")
CONFIG_VECTORS = (
    "core.fsmonitor",
    "core.hooksPath",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "merge.evil.driver",
    "gpg.program",
    "alias.status",
)
HOOK_VECTORS = (
    "pre-commit",
    "prepare-commit-msg",
    "post-commit",
    "post-checkout",
    "post-index-change",
    "reference-transaction",
    "pre-auto-gc",
    "post-rewrite",
    "fsmonitor-watchman",
)


class Hostile:
    """A repository whose every file goes through drivers of its own, and one armed vector."""

    def __init__(self, base: Path) -> None:
        self.fired = base / "fired"
        self.fired.mkdir()
        self.folder = make(base / "repo", {"a.txt": "one\n", "b.txt": "two\n", "d/c.txt": "c\n"})
        write(self.folder, {".gitattributes": "* filter=evil diff=evil merge=evil\n"})
        commit(self.folder)
        write(self.folder, {"a.txt": "ONE\n", "b.txt": "TWO\n", "new.txt": "new\n"})
        sh(self.folder, "add", "b.txt")
        # Equal size and a racy time stamp make git look inside instead of trusting the stat data.
        os.utime(self.folder / "d/c.txt", ns=(1, 1))

    def script(self, name: str) -> Path:
        path = self.fired.parent / f"evil-{name}"
        path.write_text(f"#!/bin/sh\ntouch '{self.fired}/{name}'\ncat 2>/dev/null\nexit 0\n")
        path.chmod(0o755)
        return path

    def arm(self, vector: str) -> None:
        if vector in HOOK_VECTORS:
            hook = self.folder / ".git/hooks" / vector
            hook.parent.mkdir(exist_ok=True)
            hook.write_bytes(self.script(vector).read_bytes())
            hook.chmod(0o755)
            if vector == "fsmonitor-watchman":
                sh(self.folder, "config", "core.fsmonitor", ".git/hooks/fsmonitor-watchman")
            return
        value = str(self.script(vector))
        if vector == "core.hooksPath":
            hooks = self.fired.parent / "hooks"
            hooks.mkdir()
            for name in HOOK_VECTORS:
                (hooks / name).write_bytes(Path(value).read_bytes())
                (hooks / name).chmod(0o755)
            value = str(hooks)
        if vector == "alias.status":
            value = f"!{value}"
        if vector == "gpg.program":
            sh(self.folder, "config", "commit.gpgSign", "true")
            sh(self.folder, "config", "log.showSignature", "true")
        if vector.startswith("filter."):
            sh(self.folder, "config", "filter.evil.required", "true")
        sh(self.folder, "config", vector, value)


Run = Callable[..., object]


def ten_commands(run: Run, base: Path, tag: str) -> None:
    """Status, diff, log, listing, staging, a ref, an index, files, a work tree, cleaning."""
    index = {"GIT_INDEX_FILE": str(base / f"index-{tag}")}
    run(("status", "--porcelain", "-z"))
    run(("diff", "HEAD"))
    run(("log", "-p", "-n", "2"))
    run(("ls-files", "-z", "-co", "--exclude-standard"))
    run(("read-tree", "HEAD"), index)
    run(("add", "-A"), index)
    run(("update-ref", f"refs/heads/{tag}", "HEAD"))
    run(("checkout-index", "-a", f"--prefix={base}/out-{tag}/"), index)
    run(("worktree", "add", "--detach", str(base / f"wt-{tag}"), "HEAD"))
    run(("clean", "-n"))


@pytest.mark.parametrize("vector", [*CONFIG_VECTORS, *HOOK_VECTORS])
def test_no_program_of_the_repository_runs(tmp_path: Path, vector: str) -> None:
    hostile = Hostile(tmp_path)
    hostile.arm(vector)
    git = Git(hostile.folder)

    def run(args: tuple[str, ...], env: dict[str, str] | None = None) -> None:
        git.run(args, env=env)

    ten_commands(run, tmp_path, "door")
    git.head(), git.branch(), git.run(STATUS), read_log(git), git.show_file("HEAD", "a.txt")
    assert not list(hostile.fired.iterdir())


@pytest.mark.parametrize(
    "vector",
    [
        "core.fsmonitor",
        "core.hooksPath",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ],
)
def test_plain_git_would_have_run_it(tmp_path: Path, vector: str) -> None:
    """The control: the same vectors are live, it is the door that keeps them out."""
    hostile = Hostile(tmp_path)
    hostile.arm(vector)

    def run(args: tuple[str, ...], env: dict[str, str] | None = None) -> None:
        sh(hostile.folder, *args, check=False, **(env or {}))

    ten_commands(run, tmp_path, "plain")
    assert list(hostile.fired.iterdir())


def test_included_settings_and_odd_names_are_disarmed_too(tmp_path: Path) -> None:
    hostile = Hostile(tmp_path)
    script = hostile.script("included")
    (tmp_path / "more.cfg").write_text(
        f'[core]\n\tfsmonitor = {script}\n[filter "a=b.c \\"x"]\n\tclean = {script}\n\trequired\n'
    )
    sh(hostile.folder, "config", "include.path", str(tmp_path / "more.cfg"))
    (hostile.folder / ".git/info/attributes").write_text('d/* filter="a=b.c\n* filter=evil\n')
    sh(hostile.folder, "config", "filter.evil.clean", str(script))
    git = Git(hostile.folder)
    git.run(("status", "--porcelain", "-z"))
    git.run(("diff", "HEAD"))
    assert not list(hostile.fired.iterdir())


def test_a_submodule_is_not_entered(tmp_path: Path) -> None:
    hostile = Hostile(tmp_path)
    make(tmp_path / "sub", {"s.txt": "s\n"})
    add = ("submodule", "--quiet", "add", str(tmp_path / "sub"), "mod")
    sh(hostile.folder, *add, GIT_ALLOW_PROTOCOL="file")
    commit(hostile.folder, "submodule")
    script = str(hostile.script("submodule"))
    for key in ("core.fsmonitor", "filter.deep.clean"):
        sh(hostile.folder / "mod", "config", key, script)
    write(hostile.folder / "mod", {".gitattributes": "* filter=deep\n", "s.txt": "S\n"})
    sh(hostile.folder, "config", "submodule.mod.ignore", "none")
    git = Git(hostile.folder)

    def run(args: tuple[str, ...], env: dict[str, str] | None = None) -> None:
        if args[0] == "add":
            with pytest.raises(GitError, match="submodules"):
                git.run(args, env=env)
        else:
            git.run(args, env=env)

    ten_commands(run, tmp_path, "door")
    git.run(("diff-files", "-p"))
    assert not list(hostile.fired.iterdir())


def test_core_worktree_elsewhere_is_overruled(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    for elsewhere in (str(tmp_path), "/nowhere/at/all"):
        sh(tmp_path, "config", "-f", str(folder / ".git/config"), "core.worktree", elsewhere)
        git = Git(folder)
        assert git.work_tree == folder
        assert not git.run(STATUS)


def test_a_bare_repository_inside_the_work_tree_is_not_opened(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    bare = folder / "docs"
    sh(folder, "init", "-q", "--bare", str(bare))
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\ntouch '{tmp_path}/fired'\n")
    script.chmod(0o755)
    sh(folder, "config", "-f", str(bare / "config"), "core.fsmonitor", str(script))
    git = Git(bare)
    assert git.work_tree == folder
    git.run(STATUS)
    assert not (tmp_path / "fired").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder away needs root")
def test_a_repository_of_somebody_else_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    os.chown(folder / ".git", 65534, 65534)
    with pytest.raises(RefusedError, match=r"belongs to another user.*safe\.directory"):
        Git(folder)


def test_a_network_is_never_reached(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    sh(folder, "config", "remote.origin.url", f"ext::sh -c touch% {tmp_path}/fired")
    sh(folder, "config", "remote.origin.promisor", "true")
    sh(folder, "config", "protocol.ext.allow", "always")
    sh(folder, "config", "core.repositoryFormatVersion", "1")
    sh(folder, "config", "extensions.partialClone", "origin")
    git = Git(folder)
    assert git.read_line(("cat-file", "-t", "1" * 40)) is None
    for command in ("fetch", "submodule", "push", "commit", "st", "-c", ""):
        with pytest.raises(GitError, match="not among the commands"):
            git.run((command,))
    assert not (tmp_path / "fired").exists()


def test_git_variables_of_the_caller_are_scrubbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path / "repo")
    make(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nothing"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.fsmonitor'='touch /tmp/x'")
    git = Git(folder)
    assert git.work_tree == folder
    assert git.run(("ls-files", "-z")) == b"a.txt\0src/b.py\0"


def test_replacement_objects_do_not_stand_in(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a.txt": "true\n"})
    write(folder, {"b.txt": "false\n"})
    commit(folder)
    blobs = [sh(folder, "rev-parse", f"HEAD:{name}") for name in ("a.txt", "b.txt")]
    sh(folder, "replace", *blobs)
    assert Git(folder).show_file("HEAD", "a.txt") == b"true\n"


def test_no_repository_is_said(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(NotARepositoryError, match="no git repository"):
        Git(tmp_path)


def test_a_broken_git_folder_does_not_hide_the_repository_above(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    (folder / "src/.git").mkdir()
    assert Git(folder / "src").work_tree == folder


def test_broken_settings_are_an_error_with_their_place(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    with (folder / ".git/config").open("a") as config:
        config.write("[broken\n")
    with pytest.raises(GitError, match="bad config line"):
        Git(folder)


def test_linked_work_tree_has_its_own_name(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    sh(folder, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    main, linked = Git(folder), Git(tmp_path / "linked/src")
    assert (main.worktree_id, linked.worktree_id) == ("main", "wt-linked")
    assert linked.work_tree == tmp_path / "linked"
    assert linked.common_dir == main.common_dir == folder / ".git"
    assert linked.branch() == "side"


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    os.mkfifo(folder / "pipe")
    (folder / ".git/info/exclude").unlink(missing_ok=True)
    os.mkfifo(folder / ".git/info/exclude")
    git = Git(folder)
    began = time.monotonic()
    with pytest.raises(GitError, match=r"ls-files .* no answer within 0\.3 s"):
        git.run(("ls-files", "-o", "--exclude-standard"), timeout=0.3)
    assert time.monotonic() - began < 5


def test_reading_helpers(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", commit=False)
    git = Git(folder)
    assert git.head() is None
    assert git.branch() == "main"
    assert read_log(git) == []
    assert git.run(STATUS)
    first = commit(folder, "first")
    assert git.head() == first
    assert not git.run(STATUS)
    write(folder, {"new": "x"})
    assert git.run(STATUS)
    assert not git.run((*STATUS, "--untracked-files=no"))
    sh(folder, "checkout", "-q", "--detach")
    assert git.branch() is None


def test_commits_are_counted_by_line_whatever_their_names_are(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a": "1\n2\n"})
    write(folder, {"a": "1\n3\n4\n", "new\nline": "x\n", "bin": b"\0\1"})
    with open(os.fsencode(folder) + b"/\xff\xfe", "w") as file:
        file.write("q\n")
    commit(folder, "second – tab\there")
    sh(folder, "commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
    sh(folder, "checkout", "-q", "-b", "side", "HEAD~1")
    write(folder, {"s": "s\n"})
    commit(folder, "side")
    sh(folder, "checkout", "-q", "main")
    sh(folder, "merge", "-q", "-m", "merged", "side")
    seen = {c.subject: c for c in read_log(Git(folder))}
    assert set(seen) == {"merged", "", "side", "second – tab\there", "first"}
    second = seen["second – tab\there"]
    assert (second.files, second.insertions, second.deletions) == (4, 4, 1)
    assert (seen["merged"].files, seen["merged"].insertions) == (1, 1)
    assert seen[""].files == 0
    assert seen["side"].author == "A"


def test_commits_since_a_moment_and_of_a_range(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    write(folder, {"x": "x"})
    sh(folder, "add", "-A")
    sh(folder, "commit", "-q", "-m", "late", GIT_COMMITTER_DATE="@2000000000 +0000")
    git = Git(folder)
    assert [c.subject for c in read_log(git, since=1_999_999_999.5)] == ["late"]
    assert [c.subject for c in read_log(git, range="HEAD~1..HEAD")] == ["late"]
    assert read_log(git)[0].at == 2_000_000_000
    assert read_log(git, range="no-such-branch") == []
    assert read_log(git, range="--output=/tmp/x") == []


@pytest.mark.parametrize("operation", ["merge", "rebase", "cherry-pick", "revert", "bisect"])
def test_a_half_done_operation_is_named(tmp_path: Path, operation: str) -> None:
    folder = make(tmp_path / "repo", {"a": "1\n"})
    sh(folder, "checkout", "-q", "-b", "side")
    write(folder, {"a": "side\n"})
    commit(folder)
    sh(folder, "checkout", "-q", "main")
    write(folder, {"a": "main\n"})
    commit(folder)
    write(folder, {"a": "main2\n"})
    commit(folder)
    git = Git(folder)
    assert git.operation_in_progress() is None
    if operation == "bisect":
        sh(folder, "bisect", "start")
    else:
        sh(folder, operation, "HEAD~1" if operation == "revert" else "side", check=False)
    assert git.operation_in_progress() == operation
