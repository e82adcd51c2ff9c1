"""States of a work tree that a checkpoint must hold or list: files of every kind, and how they are named."""

from __future__ import annotations

import ctypes
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from tests.unit.repositories import commit, make, sh, write

State = Callable[[Path], None]


def _has_attributes() -> bool:
    return sys.platform == "linux"


# --- what a file is ---


def set_id(f: Path) -> None:
    for number, bits in enumerate((stat.S_ISUID, stat.S_ISGID, stat.S_ISUID | stat.S_ISGID)):
        write(f, {f"set/{number}": f"{number}"})
        (f / f"set/{number}").chmod(0o755 | bits)


def sticky(f: Path) -> None:
    write(f, {"shared/x": "x", "file": "f"})
    (f / "shared").chmod(0o1777)
    (f / "file").chmod(0o1644)


def set_group_folder(f: Path) -> None:
    write(f, {"group/x": "x"})
    (f / "group").chmod(0o2775)


def private_folder(f: Path) -> None:
    write(f, {"private/x": "x", "private/deep/y": "y"})
    (f / "private").chmod(0o700)
    (f / "private/deep").chmod(0o750)


def read_only_folder(f: Path) -> None:
    write(f, {"fixed/x": "x"})
    (f / "fixed/x").chmod(0o444)
    (f / "fixed").chmod(0o555)


def empty_folders(f: Path) -> None:
    for name in ("empty", "src/also", "deep/er/est", "odd mode"):
        (f / name).mkdir(parents=True)
    (f / "odd mode").chmod(0o711)


def all_permissions(f: Path) -> None:
    for mode in (0o400, 0o440, 0o444, 0o600, 0o640, 0o660, 0o666, 0o700, 0o711, 0o777):
        write(f, {f"modes/{mode:o}": "x"})
        (f / f"modes/{mode:o}").chmod(mode)


def attributes(f: Path) -> None:
    write(f, {"labelled": "x", "folder/y": "y"})
    os.setxattr(f / "labelled", "user.note", b"a\0b\xff")
    os.setxattr(f / "labelled", "user.empty", b"")
    os.setxattr(f / "folder", "user.note", b"of a folder")


def access_lists(f: Path) -> None:
    """Access lists as the kernel packs them: the owner, a user by number, group, mask, others."""
    rows = ((1, 6, -1), (2, 4, 12345), (4, 4, -1), (16, 6, -1), (32, 0, -1))
    data = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, bits, ctypes.c_uint32(who).value) for tag, bits, who in rows
    )
    write(f, {"listed": "x", "listed folder/x": "x"})
    os.setxattr(f / "listed", "system.posix_acl_access", data)
    os.setxattr(f / "listed folder", "system.posix_acl_default", data)


def fifo(f: Path) -> None:
    os.mkfifo(f / "pipe")


def unix_socket(f: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.getcwd()
        os.chdir(f)
        unix.bind("sock")
        os.chdir(here)


def device(f: Path) -> None:
    os.mknod(f / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))


def hard_links(f: Path) -> None:
    write(f, {"one": "the same"})
    (f / "two").hardlink_to(f / "one")
    write(f.parent, {"outside": "outside"})
    (f / "three").hardlink_to(f.parent / "outside")


def dangling_and_circular_links(f: Path) -> None:
    (f / "dangling").symlink_to("nowhere")
    (f / "loop").symlink_to("loop")
    (f / "there").symlink_to("back")
    (f / "back").symlink_to("there")
    (f / "self").symlink_to(".")


def links_to_outside(f: Path) -> None:
    write(f.parent, {"beside/x": "x"})
    (f / "absolute").symlink_to("/etc/hostname")
    (f / "beside").symlink_to("../beside")
    (f / "root").symlink_to("/")
    os.symlink(b"/not/\xff/utf-8", os.fsencode(f) + b"/bytes")


def sparse_file(f: Path) -> None:
    with open(f / "hole", "wb") as file:
        file.truncate(3 << 20)
        file.write(b"start")


def larger_than_the_limit(f: Path) -> None:
    with open(f / "huge", "wb") as file:
        file.truncate(26 << 20)


def many_small_files(f: Path) -> None:
    write(f, {f"many/{number % 7}/{number}": f"{number}\n" for number in range(150)})


def zero_bytes(f: Path) -> None:
    write(f, {"zero": b"", "deep/zero": b"", "nul": b"\0", "nuls": b"\0" * 70_000})


def far_times(f: Path) -> None:
    write(f, {"future": "x", "past": "x", "before": "x"})
    os.utime(f / "future", (4_000_000_000, 4_000_000_000))
    os.utime(f / "past", (0, 0))
    os.utime(f / "before", (-1000, -1000))


def byte_order_marks_and_line_ends(f: Path) -> None:
    texts = {
        "bom": b"\xef\xbb\xbfx\n", "utf16": b"\xff\xfex\0", "crlf": b"a\r\nb\r\n", "mixed": b"a\r\nb\nc\r",
        "cr": b"a\rb\r", "unended": b"a\nb", "form": b"\f\v\x85\x1a",
    }  # fmt: skip
    write(f, texts)


# --- what it is called ---


def precomposed_and_decomposed(f: Path) -> None:
    write(f, {"caf\u00e9": "one", "cafe\u0301": "two", "\u212b": "angstrom", "\u00c5": "ring"})


def case_twins(f: Path) -> None:
    write(f, {"Twin": "upper", "twin": "lower", "Folder/x": "1", "folder/x": "2"})


def case_twins_that_git_takes_for_one(f: Path) -> None:
    write(f, {"Twin": "upper", "Folder/x": "1"})
    commit(f)
    sh(f, "config", "core.ignorecase", "true")
    write(f, {"twin": "lower", "folder/x": "2", "New": "n", "new": "m"})


def control_characters(f: Path) -> None:
    names = ("new\nline", "tab\t", "\x01\x1b[31m", "bell\x07", "\x7f", "cr\r", "two\n\nlines/x")
    write(f, dict.fromkeys(names, "x"))


def quotes_and_backslashes(f: Path) -> None:
    write(f, dict.fromkeys(('"', "'", "a'b\"c", "back\\slash", "\\n", "`id`", "$(id)"), "x"))


def leading_signs(f: Path) -> None:
    names = ("-", "--", "-rf", "--help", " space", "~", "#x", "!x", ":x", ":(glob)x", "@{0}", ".x")
    write(f, dict.fromkeys(names, "x"))


def glob_characters(f: Path) -> None:
    write(f, dict.fromkeys(("*", "?", "[a]", "{a,b}", "**", "a*b/c?d"), "x"))


def longest_names(f: Path) -> None:
    write(f, {"n" * 255: "x", "\u00e9" * 127: "y"})


def invalid_utf8(f: Path) -> None:
    for name in (b"\xff", b"\xc3(", b"\xed\xa0\x80", b"fol\xfeder/\xf5"):
        path = os.fsencode(f) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(name)


def deep_path(f: Path) -> None:
    """A path close to the longest that the system takes in one call."""
    room = 4000 - len(os.fsencode(f))
    folder = f.joinpath(*["d" * 200] * (room // 201 - 1))
    folder.mkdir(parents=True)
    (folder / "x").write_text("deep")


def bidi_and_zero_width(f: Path) -> None:
    write(f, dict.fromkeys(("a\u202etxt.exe", "zero\u200bwidth", "\u2028line", "\ufeffbom"), "x"))


def names_git_reserves(f: Path) -> None:
    write(f, dict.fromkeys(("git~1", "d/.GIT. ", "d/.g\u200cit/x", "back\\GIT~1"), "x"))


def names_of_other_systems(f: Path) -> None:
    write(f, dict.fromkeys(("con", "nul.txt", "a:b", "trailing.", "trailing ", "aux/x"), "x"))


def our_temporary_names(f: Path) -> None:
    write(f, {".overnight-0": "mine", "src/.overnight-rewind": "mine", ".overnight.yaml": "mine"})


FILES: list[State] = [
    set_id,
    sticky,
    set_group_folder,
    private_folder,
    read_only_folder,
    empty_folders,
    all_permissions,
    fifo,
    unix_socket,
    hard_links,
    dangling_and_circular_links,
    links_to_outside,
    sparse_file,
    larger_than_the_limit,
    many_small_files,
    zero_bytes,
    far_times,
    byte_order_marks_and_line_ends,
    precomposed_and_decomposed,
    case_twins,
    case_twins_that_git_takes_for_one,
    control_characters,
    quotes_and_backslashes,
    leading_signs,
    glob_characters,
    longest_names,
    invalid_utf8,
    deep_path,
    bidi_and_zero_width,
    names_git_reserves,
    names_of_other_systems,
    our_temporary_names,
]
if _has_attributes():
    FILES += [attributes, access_lists]
if os.geteuid() == 0:
    FILES.append(device)


# --- repositories inside the work tree ---


def nested_without_commit(f: Path) -> None:
    make(f / "nested", {"n.txt": "n\n"}, commit=False)


def nested_with_commits(f: Path) -> None:
    make(f / "nested", {"n.txt": "n\n"})
    write(f / "nested", {"n.txt": "dirty\n", "loose.txt": "l\n"})
    make(f / "nested/deeper", {"d.txt": "d\n"})
    sh(f / "nested", "pack-refs", "--all")
    sh(f / "nested", "gc", "-q")


def nested_that_is_tracked(f: Path) -> None:
    """A repository in place of a tracked folder, whose commit the outer index names."""
    make(f / "nested", {"n.txt": "n\n"})
    sh(f, "-c", "advice.addEmbeddedRepo=false", "add", "-A")
    sh(f, "commit", "-qm", "an embedded repository")
    write(f / "nested", {"n.txt": "changed\n"})


def _submodule(f: Path) -> None:
    make(f.parent / "sub", {"s.txt": "s\n"})
    add = ("submodule", "--quiet", "add", str(f.parent / "sub"), "mod")
    sh(f, "-c", "protocol.file.allow=always", *add)
    commit(f)


def submodule_clean(f: Path) -> None:
    _submodule(f)


def submodule_dirty(f: Path) -> None:
    _submodule(f)
    write(f / "mod", {"s.txt": "dirty\n", "loose.txt": "l\n"})


def submodule_uninitialised(f: Path) -> None:
    _submodule(f)
    sh(f, "submodule", "--quiet", "deinit", "-f", "mod")


def inner_work_tree(f: Path) -> None:
    sh(f, "worktree", "add", "-q", "-b", "side", str(f / "trees/side"))


def git_file_to_nowhere(f: Path) -> None:
    write(f, {"lost/.git": "gitdir: /no/such/folder\n", "lost/x": "x"})


def bare_repository_inside(f: Path) -> None:
    sh(f, "init", "-q", "--bare", "store.git")


NESTED: list[State] = [
    nested_without_commit,
    nested_with_commits,
    nested_that_is_tracked,
    submodule_clean,
    submodule_dirty,
    submodule_uninitialised,
    inner_work_tree,
    git_file_to_nowhere,
    bare_repository_inside,
]
