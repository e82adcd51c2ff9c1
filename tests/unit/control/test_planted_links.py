"""Links that somebody plants in a git dir or a work tree: nothing is written through any of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.control.hostile import differing, everything
from tests.unit.repositories import litter, make, sh, write
from tui.control.branch.build import create_branch, plan_branch
from tui.control.checkpoints import object_staging
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.object_staging import private_area
from tui.control.checkpoints.refs import checkpoints_of
from tui.control.checkpoints.repository_store import RepositoryStore
from tui.control.retention import retire_by_settings
from tui.control.rewind.execute import execute_rewind
from tui.control.rewind.plan import plan_rewind
from tui.control.rewind.safe_paths import WorkTreeFiles, closed_places
from tui.settings.own_sections import CheckpointsSettings
from tui.system import beneath
from tui.system.errors import CheckpointError, OvernightError, RefusedError
from tui.system.git import Git
from tui.system.repository_names import UnacceptableError

NEVER = CheckpointsSettings(keep_all_hours=0, keep_hourly_days=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "repo", {"a.txt": "one\n"})


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """Another repository, which must keep every byte."""
    other = make(tmp_path / "precious", {"p.txt": "p\n"})
    write(other, {"more": "m"})
    sh(other, "add", "-A")
    sh(other, "commit", "-q", "-m", "more")
    take_checkpoint(other)
    return other


def swap(path: Path, target: Path) -> None:
    """Puts a link in the place of whatever is at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(target)


PLACES = [
    "overnight",
    "overnight/main",
    "overnight/main/making",
    "overnight/main/taking",
    "overnight/main/lock",
    "overnight/main/seen",
    "refs/overnight",
    "refs/overnight/main",
    "refs/overnight/main/s",
    "refs/overnight/main/s/1",
    "refs/overnight/main/s/2",
    "refs/overnight/main/s/2.lock",
    "logs/refs/overnight",
    "logs/refs/overnight/main/s/1",
    "packed-refs",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("target", ["git dir", "same place", "nothing"])
def test_no_link_in_the_git_dir_is_written_through(
    folder: Path, precious: Path, place: str, target: str
) -> None:
    to = {
        "git dir": precious / ".git",
        "same place": precious / ".git" / place,
        "nothing": precious / ".git/new",
    }[target]
    take_checkpoint(folder, session="s")
    swap(folder / ".git" / place, to)
    write(folder, {"a.txt": "two\n", "b": "b"})
    before = everything(precious)
    for step in (
        lambda: take_checkpoint(folder, session="s"),
        lambda: retire_by_settings(folder, NEVER, 1e11),
        lambda: take_checkpoint(folder, session="s"),
    ):
        with suppress(OvernightError):
            step()
    assert differing(before, everything(precious)) == []


@pytest.mark.parametrize(
    "place", ["refs/overnight", "refs/overnight/main", "refs/overnight/main/s"]
)
def test_a_link_among_the_refs_is_refused_with_its_name(
    folder: Path, precious: Path, place: str
) -> None:
    swap(folder / ".git" / place, precious / ".git/refs")
    with pytest.raises(CheckpointError, match=r"refs/overnight.*is a link or no folder"):
        take_checkpoint(folder, session="s")
    (folder / ".git" / place).unlink()
    assert take_checkpoint(folder, session="s").id


@pytest.mark.parametrize("many", [False, True])
def test_a_link_among_the_objects_is_refused(folder: Path, precious: Path, many: bool) -> None:
    files = {f"many/{n}": f"content {n}" for n in range(300 if many else 3)}
    write(folder, files)
    objects = folder / ".git/objects"
    for name in (*(f"{n:02x}" for n in range(256)), "pack"):
        if (many) == (name == "pack") and not [*(objects / name).glob("*")]:
            swap(objects / name, precious / ".git/objects" / name)
    before = everything(precious)
    with pytest.raises(CheckpointError, match=r"objects/.*is a link or no folder"):
        take_checkpoint(folder)
    assert differing(before, everything(precious)) == []
    assert checkpoints_of(folder, foreign=True) == []


def test_objects_themselves_as_a_link_are_refused(folder: Path, precious: Path) -> None:
    (folder / ".git/objects").rename(folder.parent / "moved")
    (folder / ".git/objects").symlink_to(folder.parent / "moved")
    with pytest.raises(CheckpointError, match=r"objects, or a folder above it.* is a link"):
        take_checkpoint(folder)


def test_a_branch_goes_through_no_link_either(folder: Path, precious: Path) -> None:
    write(folder, {"b.txt": "b\n"})
    objects = folder / ".git/objects"
    for number in range(256):
        place = objects / f"{number:02x}"
        if not place.exists():
            place.symlink_to(precious / ".git/objects" / place.name)
    before = everything(precious)
    with pytest.raises(OvernightError):
        create_branch(plan_branch(folder, "side", files=["b.txt"]))
    assert differing(before, everything(precious)) == []
    assert sh(folder, "branch", "--list", "side") == ""


def test_deleting_follows_no_packed_refs_that_are_a_link(folder: Path, tmp_path: Path) -> None:
    taken = take_checkpoint(folder)
    sh(folder, "pack-refs", "--all")
    (folder / ".git/packed-refs").rename(tmp_path / "outside")
    (folder / ".git/packed-refs").symlink_to(tmp_path / "outside")
    before = everything(tmp_path)
    with RepositoryStore(Git(folder)) as store, pytest.raises(RefusedError, match="packed-refs"):
        store.delete_refs([(taken.ref, taken.commit)])
    assert differing(before, everything(tmp_path)) == []


def test_alternates_of_any_kind_are_only_read(folder: Path, precious: Path) -> None:
    alternates = folder / ".git/objects/info/alternates"
    alternates.parent.mkdir(exist_ok=True)
    alternates.write_bytes(
        os.fsencode(precious)
        + b'/.git/objects\n/nowhere\n../../../elsewhere\n"quoted"\n#\n\n\xff\n'
    )
    before = everything(precious)
    write(folder, {"new": "n"})
    take_checkpoint(folder)
    after = everything(precious)
    # Git marks an object that it finds there as used, so times may differ.
    assert {p: (f[0], f[2]) for p, f in before.items()} == {
        p: (f[0], f[2]) for p, f in after.items()
    }


def test_alternates_that_are_a_fifo_are_not_waited_for(folder: Path) -> None:
    (folder / ".git/objects/info").mkdir(exist_ok=True)
    os.mkfifo(folder / ".git/objects/info/alternates")
    assert object_staging._alternates(folder / ".git/objects") == []


# --- what version 0.1 left in the git dir ---


def test_the_folder_of_version_0_1_is_removed(folder: Path) -> None:
    old = folder / ".git/overnight/main"
    write(old, {"making/objects/ab/cd": "x", "making/HEAD": "h", "seen": "s", "lock": ""})
    take_checkpoint(folder)
    assert not (folder / ".git/overnight").exists()
    assert litter(folder) == []


def test_what_is_not_of_it_stays(folder: Path) -> None:
    write(folder / ".git/overnight/main", {"making/HEAD": "h", "notes": "mine"})
    take_checkpoint(folder)
    assert (folder / ".git/overnight/main/notes").read_text() == "mine"
    assert not (folder / ".git/overnight/main/making").exists()


def test_links_inside_it_are_removed_and_not_followed(folder: Path, precious: Path) -> None:
    old = folder / ".git/overnight/main/making"
    old.mkdir(parents=True)
    (old / "objects").symlink_to(precious / ".git/objects")
    (old / "HEAD").symlink_to(precious / ".git/HEAD")
    before = everything(precious)
    take_checkpoint(folder)
    assert not old.exists()
    assert differing(before, everything(precious)) == []


def test_nothing_of_ours_lies_in_the_git_dir(folder: Path) -> None:
    write(folder, {"new": "n"})
    before = {p for p in everything(folder / ".git") if "/objects/" not in p}
    taken = take_checkpoint(folder, session="s")
    new = {p for p in everything(folder / ".git") if "/objects/" not in p} - before
    refs = folder / ".git/refs/overnight"
    assert new == {str(refs), str(refs / "main"), str(refs / "main/s"), str(refs / "main/s/1")}
    assert (refs / "main/s/1").read_text() == f"{taken.commit}\n"
    assert not private_area(Git(folder)).is_relative_to(folder)


# --- another file system, and one without links ---


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = Path("/dev/shm") / f"overnight-test-{os.getpid()}"
    try:
        place.mkdir(mode=0o700)
    except OSError:
        pytest.skip("needs /dev/shm")
    if place.stat().st_dev == Path("/tmp").stat().st_dev:
        pytest.skip("is the same file system")
    monkeypatch.setenv("XDG_STATE_HOME", str(place))
    yield place
    shutil.rmtree(place)


@pytest.mark.parametrize("count", [3, 300])
def test_our_state_may_lie_on_another_file_system(
    folder: Path, elsewhere: Path, count: int
) -> None:
    write(folder, {f"many/{n}": f"content {n}" for n in range(count)})
    taken = take_checkpoint(folder)
    assert private_area(Git(folder)).is_relative_to(elsewhere)
    sh(folder, "fsck", "--strict")
    assert litter(folder) == []
    shutil.rmtree(folder / "many")
    write(folder, {"a.txt": "changed\n"})
    execute_rewind(plan_rewind(folder, taken))
    assert len(list((folder / "many").iterdir())) == count
    assert (folder / "a.txt").read_text() == "one\n"


def test_without_hard_links_objects_are_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", no_link)
    write(folder, {"new": "n"})
    partial = folder / ".git/objects/ab/tmp_overnight_cd"
    write(partial.parent, {partial.name: "cut short"})
    write(private_area(Git(folder)) / "making/objects", {"ab/cd": "left by a kill"})
    take_checkpoint(folder)
    sh(folder, "fsck", "--strict")
    assert litter(folder) == []


# --- the work tree ---


@pytest.fixture(params=["kernel", "by hand"])
def opening(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "by hand":
        monkeypatch.setattr(beneath, "_openat2", lambda: None)


@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize(
    "path",
    [
        b"../out",
        b"/etc/x",
        b"a/../../out",
        b".git/hooks/x",
        b"sub/.git/x",
        b".GIT/x",
        b"a/.git",
        b"",
    ],
)
def test_no_path_leads_out_or_into_git(folder: Path, tmp_path: Path, path: bytes) -> None:
    make(folder / "sub", {"s": "s"})
    write(tmp_path, {"staged": "evil"})
    before = everything(tmp_path)
    actions: list[Callable[[WorkTreeFiles], object]] = [
        lambda files: files.create(tmp_path / "staged", path),
        lambda files: files.replace(tmp_path / "staged", path, tmp_path / "old"),
        lambda files: files.move_out(path, tmp_path / "old"),
        lambda files: files.open(path),
        lambda files: files.make_folder(path),
        lambda files: files.read(path),
        lambda files: files.rename(path, b"x"),
    ]
    with WorkTreeFiles(folder) as files:
        for action in actions:
            with pytest.raises(UnacceptableError, match="nothing is done there"):
                action(files)
    assert differing(before, everything(tmp_path)) == []


@pytest.mark.usefixtures("opening")
def test_no_folder_that_is_a_link_is_entered(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside/deep").mkdir(parents=True)
    write(tmp_path, {"outside/x": "x", "staged": "evil"})
    (folder / "link").symlink_to(tmp_path / "outside")
    before = everything(tmp_path)
    with WorkTreeFiles(folder) as files:
        assert files.stat(b"link/x") is None
        for path in (b"link/new", b"link/deep/new", b"link/more/new"):
            with pytest.raises(OSError, match=r"link|directory|symbolic"):
                files.create(tmp_path / "staged", path)
        with pytest.raises(OSError, match=r"link|directory|symbolic"):
            files.read(b"link/x")
    assert differing(before, everything(tmp_path)) == []


def test_a_git_dir_under_another_name_is_closed(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {"a.txt": "a"})
    (folder / ".git").rename(folder / "store")
    (folder / ".git").write_text("gitdir: store\n")
    git = Git(folder)
    assert closed_places(git) == (b"store",)
    write(tmp_path, {"staged": "evil"})
    with (
        WorkTreeFiles(folder, closed_places(git)) as files,
        pytest.raises(UnacceptableError, match="not the work tree's own"),
    ):
        files.create(tmp_path / "staged", b"store/hooks/post-checkout")


def test_permissions_of_a_file_with_another_name_outside_stay(folder: Path, tmp_path: Path) -> None:
    (folder / "a.txt").chmod(0o755)
    taken = take_checkpoint(folder)
    (folder / "a.txt").unlink()
    write(tmp_path, {"outside": "one\n"})
    (tmp_path / "outside").chmod(0o600)
    os.link(tmp_path / "outside", folder / "a.txt")
    execute_rewind(plan_rewind(folder, taken))
    assert (folder / "a.txt").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "outside").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "outside").stat().st_nlink == 1


def test_content_of_a_file_with_another_name_outside_stays(folder: Path, tmp_path: Path) -> None:
    taken = take_checkpoint(folder)
    (folder / "a.txt").unlink()
    write(tmp_path, {"outside": "precious\n"})
    os.link(tmp_path / "outside", folder / "a.txt")
    execute_rewind(plan_rewind(folder, taken))
    assert (folder / "a.txt").read_text() == "one\n"
    assert (tmp_path / "outside").read_text() == "precious\n"


# --- a `.git` that names somebody else's repository ---


def git_file(folder: Path, precious: Path) -> None:
    (folder / ".git").write_text(f"gitdir: {precious}/.git\n")


def git_link(folder: Path, precious: Path) -> None:
    (folder / ".git").symlink_to(precious / ".git")


def file_of_a_work_tree(folder: Path, precious: Path) -> None:
    linked = precious.parent / "linked"
    sh(precious, "worktree", "add", "-q", str(linked))
    shutil.copy(linked / ".git", folder / ".git")


def common_folder(folder: Path, precious: Path) -> None:
    sh(folder, "init", "-q")
    (folder / ".git" / "commondir").write_text(f"{precious}/.git\n")


def common_folder_elsewhere(folder: Path, precious: Path) -> None:
    sh(folder, "init", "-q", "--separate-git-dir", str(folder / "fake"))
    (folder / "fake" / "commondir").write_text(f"{precious}/.git\n")


def bare_repository(folder: Path, precious: Path) -> None:
    sh(precious, "config", "core.bare", "true")
    os.rename(precious / ".git", precious / "bare")
    (precious / ".git").symlink_to("bare")
    (folder / ".git").write_text(f"gitdir: {precious}/bare\n")


def repository_with_another_work_tree(folder: Path, precious: Path) -> None:
    os.rename(precious / ".git", precious / "apart")
    (precious / ".git").write_text("gitdir: apart\n")
    sh(precious, "config", "core.worktree", str(precious))
    (folder / ".git").write_text(f"gitdir: {precious}/apart\n")


@pytest.mark.parametrize(
    "plant",
    [
        git_file,
        git_link,
        file_of_a_work_tree,
        common_folder,
        common_folder_elsewhere,
        bare_repository,
        repository_with_another_work_tree,
    ],
)
def test_a_git_that_names_the_repository_of_another_work_tree_is_not_written_through(
    folder: Path, precious: Path, plant: Callable[[Path, Path], None]
) -> None:
    shutil.rmtree(folder / ".git")
    plant(folder, precious)
    before = everything(precious)
    with pytest.raises(OvernightError, match="repository of another work tree"):
        take_checkpoint(folder)
    assert differing(before, everything(precious)) == []


def test_no_git_of_the_work_tree_makes_the_objects_of_a_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = folder / "bin" / "git"
    write(folder, {"bin/git": f"#!/bin/sh\necho started >> {folder}/started\n"})
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", f"{planted.parent}:{os.environ['PATH']}")
    take_checkpoint(folder)
    plan_branch(folder, "taken", files=["a.txt"])
    assert not (folder / "started").exists()
