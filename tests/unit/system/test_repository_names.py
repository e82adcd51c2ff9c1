"""Names, modes, ids and sizes that a repository may hold: everything else is refused, with its name."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.system.repository_names import (
    FILE_MODES,
    MOST_COMPONENT,
    MOST_NUMBER,
    MOST_PATH,
    TREE_MODE,
    TreeItem,
    UnacceptableError,
    check_path,
    check_paths,
    check_permissions,
    check_ref,
    checkpoint_number,
    component_fault,
    is_object_id,
    parse_tree,
    path_fault,
    shown,
)

GIT = [
    b".git",
    b".GIT",
    b".Git",
    b".git.",
    b".git ",
    b".git. .",
    b".git::$INDEX_ALLOCATION",
    b".git:x",
    b".git\\hooks",
    b"git~1",
    b"GIT~1",
    b"git~1.",
    b"a\\.git",
    ".g\u200cit".encode(),
    "\ufeff.git".encode(),
    ".gi\u200dt".encode(),
    ".G\u202aIT.".encode(),
    ".git\u200f ".encode(),
]
HARMLESS = [
    b".gitignore",
    b".gitmodules",
    b".github",
    b"git",
    b"git~2",
    b"git~10",
    b"x.git",
    b"..a",
    b"...",
    b"a..",
    b"\xff\xfe",
    b"new\nline",
    b"back\\slash",
    b"-rf",
    b"con",
    "täst".encode(),
    b"a" * MOST_COMPONENT,
]


@pytest.mark.parametrize("name", GIT)
def test_what_could_be_git_s_folder_is_no_component(name: bytes) -> None:
    assert component_fault(name) == "could be taken for git's own folder"
    assert path_fault(b"a/" + name + b"/b")


@pytest.mark.parametrize("name", HARMLESS)
def test_ordinary_names_are_components(name: bytes) -> None:
    assert component_fault(name) == ""


@pytest.mark.parametrize(
    "name", [b"", b".", b"..", b"a/b", b"a\0b", b"/", b"a" * (MOST_COMPONENT + 1)]
)
def test_what_leads_elsewhere_is_no_component(name: bytes) -> None:
    assert component_fault(name)


@pytest.mark.parametrize(
    "path", [b"", b"/etc", b"a//b", b"a/", b"../a", b"a/../b", b"a/./b", b"a/.git/b", b"x/" * 2048]
)
def test_paths_that_are_refused(path: bytes) -> None:
    assert path_fault(path)
    with pytest.raises(UnacceptableError, match=r"the record names .*nothing of it is used"):
        check_path(path, "the record")


PARTS = st.one_of(
    st.sampled_from([*GIT, *HARMLESS, b"", b".", b"..", b"a\0b"]), st.binary(min_size=1, max_size=9)
)


@given(st.lists(PARTS, max_size=6))
def test_a_path_that_passes_stays_below_and_outside_of_git(parts: list[bytes]) -> None:
    path = b"/".join(parts)
    if path_fault(path):
        return
    assert 0 < len(path) <= MOST_PATH
    depth = 0
    for part in path.split(b"/"):
        depth += -1 if part == b".." else part != b"."
        assert depth > 0
        assert not re.match(rb"(?i)(\.git|git~1)([ .]*)($|[:\\])", part)
    assert b"\0" not in path


@given(st.binary(max_size=300))
def test_a_name_is_shown_in_one_safe_line(name: bytes) -> None:
    text = shown(name)
    assert text.isprintable()
    assert len(text) < 700


@given(st.lists(st.binary(min_size=1, max_size=4), max_size=8))
def test_a_set_of_paths_has_no_path_twice_and_no_file_that_is_a_folder(paths: list[bytes]) -> None:
    try:
        check_paths(paths, "a tree")
    except UnacceptableError:
        return
    assert len(set(paths)) == len(paths)
    assert not any(a != b and b.startswith(a + b"/") for a in paths for b in paths)


def test_a_file_that_is_also_a_folder_is_refused() -> None:
    check_paths([b"a", b"b/c"], "a tree")
    with pytest.raises(UnacceptableError, match="'a' as a file and as a folder"):
        check_paths([b"a/b/c", b"a"], "a tree")
    with pytest.raises(UnacceptableError, match="twice"):
        check_paths([b"a", b"a"], "a tree")


@pytest.mark.parametrize("mode", [-1, 0o10000, 0o100644, True, 1.0, "644", None])
def test_permissions_are_bits_of_a_file(mode: object) -> None:
    with pytest.raises(UnacceptableError):
        check_permissions(mode, "the record")


@given(st.integers(0, 0o7777))
def test_permissions_stay_what_they_are(mode: int) -> None:
    assert check_permissions(mode, "the record") == mode


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        ("refs/overnight/main/s/1", 1),
        ("refs/overnight/wt-side/a-b_c/12", 12),
        (f"refs/overnight/main/s/{MOST_NUMBER}", MOST_NUMBER),
        (f"refs/overnight/main/s/{MOST_NUMBER + 1}", None),
        ("refs/overnight/main/s/" + "9" * 5000, None),
        ("refs/overnight/main/s/01", None),
        ("refs/overnight/main/s/0", None),
        ("refs/overnight/main/s/x", None),
        ("refs/overnight/main/s/1\n", None),
        ("refs/overnight/main/../1", None),
        ("refs/overnight/main/s/t/1", None),
        ("refs/overnight/wt-../s/1", None),
        ("refs/overnight/wt-a b/s/1", None),
        ("refs/overnight/wt-x.lock/s/1", None),
        ("refs/overnight/wt-a\x1b/s/1", None),
        ("refs/overnight/other/s/1", None),
        ("refs/heads/main", None),
        ("refs/overnight/main/s/²", None),
        ("", None),
    ],
)
def test_names_of_refs(ref: str, number: int | None) -> None:
    assert checkpoint_number(ref) == number
    if number is None:
        with pytest.raises(UnacceptableError):
            check_ref(ref)
    else:
        assert check_ref(ref) == ref


@pytest.mark.parametrize(
    "name", ["", "HEAD", "a" * 39, "a" * 41, "g" * 40, "A" * 40, "a" * 40 + "\n", "a" * 40 + "^2"]
)
def test_no_expression_is_an_id(name: str) -> None:
    assert not is_object_id(name)
    assert is_object_id("0123456789" * 4)


# --- trees ---

ID = bytes(range(20))


def raw(*entries: tuple[bytes, bytes]) -> bytes:
    return b"".join(mode + b" " + name + b"\0" + ID for mode, name in entries)


def parse(data: bytes) -> list[TreeItem]:
    return parse_tree(data, 20, "checkpoint c1", FILE_MODES)


def test_a_tree_is_read_as_git_writes_it() -> None:
    data = raw((b"100644", b"a.txt"), (b"40000", b"a"), (b"100755", b"b"), (b"120000", b"c"))
    assert [(mode, name) for mode, name, _ in parse(data)] == [
        (0o100644, b"a.txt"),
        (TREE_MODE, b"a"),
        (0o100755, b"b"),
        (0o120000, b"c"),
    ]
    assert {blob for _, _, blob in parse(data)} == {ID.hex()}
    assert parse(b"") == []


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([(b"100644", b"..")], "'..'"),
        ([(b"40000", b".git")], "'.git'"),
        ([(b"100644", b"a/b")], "'a/b'"),
        ([(b"100644", b"")], "''"),
        ([(b"40000", b".Git.")], "'.Git.'"),
        ([(b"160000", b"sub")], "'sub'"),
        ([(b"100644", b"b"), (b"100644", b"a")], "'a'"),
        ([(b"100644", b"a"), (b"100644", b"a")], "'a'"),
        ([(b"100644", b"a"), (b"40000", b"a")], "'a'"),
        ([(b"100664", b"a")], "no checkpoint has"),
        ([(b"040000", b"a")], "no checkpoint has"),
        ([(b"100000", b"a")], "no checkpoint has"),
        ([(b"20666", b"a")], "no checkpoint has"),
        ([(b"", b"a")], "no checkpoint has"),
    ],
)
def test_a_tree_that_no_checkpoint_writes_is_refused_with_its_entry(
    entries: list[tuple[bytes, bytes]], word: str
) -> None:
    with pytest.raises(UnacceptableError, match=re.escape(word)):
        parse(raw(*entries))


def test_a_tree_that_is_cut_short_is_refused() -> None:
    whole = raw((b"100644", b"a"), (b"100644", b"b"))
    for length in range(1, len(whole)):
        if length != len(whole) // 2:
            with pytest.raises(UnacceptableError):
                parse(whole[:length])


@given(st.binary(max_size=120))
def test_any_bytes_are_a_tree_or_refused(data: bytes) -> None:
    try:
        items = parse(data)
    except UnacceptableError:
        return
    again = b"".join(b"%o %s\0" % (mode, name) + bytes.fromhex(blob) for mode, name, blob in items)
    assert again == data


NAMES = st.binary(min_size=1, max_size=5).filter(lambda name: not component_fault(name))


@given(st.dictionaries(NAMES, st.sampled_from([*FILE_MODES, TREE_MODE]), max_size=12))
def test_every_tree_of_acceptable_entries_is_read_back(entries: dict[bytes, int]) -> None:
    ordered = sorted(entries, key=lambda n: n + b"/" if entries[n] == TREE_MODE else n)
    data = b"".join(
        b"%o %s\0" % (entries[name], name) + hashlib.sha1(name).digest() for name in ordered
    )
    assert [(mode, name) for mode, name, _ in parse(data)] == [(entries[n], n) for n in ordered]
