"""Which checkpoints are ours: what the registry says after any sequence of lines, torn ones included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.store import checkpoint_registry
from tui.store.checkpoint_registry import (
    CheckpointRegistry,
    KnownCheckpoints,
    RegisteredCheckpoint,
)
from tui.system.errors import CheckpointError


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CheckpointRegistry:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return CheckpointRegistry(tmp_path / "repo/.git")


def commit(number: int) -> str:
    return f"{number:040x}"


def make(number: int, label: str = "") -> RegisteredCheckpoint:
    ref = f"refs/overnight/main/s/{number}"
    return RegisteredCheckpoint("make", commit(number), f"c{number}", ref, "main", label=label)


def path_of(registry: CheckpointRegistry) -> Path:
    return registry.place("known.jsonl")


def test_reading_makes_nothing(registry: CheckpointRegistry, tmp_path: Path) -> None:
    assert registry.read().entries == {}
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_is_known_from_before_its_ref_until_it_is_retired(
    registry: CheckpointRegistry,
) -> None:
    registry.append(make(1), make(2))
    assert [registry.read().names(commit(n)) for n in (1, 2, 3)] == [True, True, False]
    registry.record("keep", [commit(1)])
    registry.record("retire", [commit(2)])
    known = registry.read()
    assert known.standing == {commit(1): "kept", commit(2): "retiring"}
    assert not known.names(commit(2))
    registry.record("drop", [commit(2)])
    assert list(registry.read().entries) == [commit(1)]


def test_it_lies_outside_and_only_this_user_reads_it(
    registry: CheckpointRegistry, tmp_path: Path
) -> None:
    old = os.umask(0)
    try:
        registry.append(make(1))
    finally:
        os.umask(old)
    path = path_of(registry)
    assert path.is_relative_to(tmp_path / "state")
    assert path.stat().st_mode & 0o777 == 0o600
    assert {p.stat().st_mode & 0o077 for p in [*path.parents][:4]} == {0}


def test_linked_work_trees_share_it(registry: CheckpointRegistry, tmp_path: Path) -> None:
    registry.append(make(1))
    assert CheckpointRegistry(tmp_path / "repo/.git").read().names(commit(1))
    assert not CheckpointRegistry(tmp_path / "other/.git").read().names(commit(1))


@pytest.mark.parametrize(
    "line",
    [
        b"junk",
        b"[]",
        b"{}",
        b'{"do":"make","commit":"HEAD","ref":"refs/overnight/main/s/1"}',
        b'{"do":"make","commit":"%s","ref":"refs/heads/main"}' % commit(9).encode(),
        b'{"do":"make","commit":"%s","ref":"refs/overnight/main/../1"}' % commit(9).encode(),
        b'{"do":"believe","commit":"%s"}' % commit(9).encode(),
        b"\xff\xfe\x00",
        b"[" * 10_000,
    ],
    ids=range(9),
)
def test_a_line_of_another_shape_is_passed_over(registry: CheckpointRegistry, line: bytes) -> None:
    registry.append(make(1))
    with path_of(registry).open("ab") as file:
        file.write(line + b"\n")
    registry.append(make(2))
    assert set(registry.read().entries) == {commit(1), commit(2)}


def test_a_torn_line_hides_no_other(registry: CheckpointRegistry) -> None:
    registry.append(make(1), make(2))
    whole = path_of(registry).read_bytes()
    for length in range(len(whole)):
        path_of(registry).write_bytes(whole[:length])
        registry.append(make(3))
        entries = set(registry.read().entries)
        first, second = (whole.find(b"\n"), len(whole) - 1)
        assert (commit(1) in entries) == (length >= first)
        assert (commit(2) in entries) == (length >= second)
        assert commit(3) in entries


def test_a_link_or_what_others_may_write_is_not_believed(
    registry: CheckpointRegistry, tmp_path: Path
) -> None:
    registry.append(make(1))
    path = path_of(registry)
    path.chmod(0o666)
    assert not registry.read().names(commit(1))
    path.chmod(0o600)
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    assert not registry.read().names(commit(1))
    with pytest.raises(CheckpointError, match="cannot be written"):
        registry.append(make(2))


def test_it_stays_small(registry: CheckpointRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_registry, "_COMPACT_BYTES", 4000)
    registry.record("approve", [commit(999)])
    for number in range(1, 200):
        registry.append(make(number, "a label"))
        registry.record("keep", [commit(number)])
        if number > 5:
            registry.record("retire", [commit(number - 5)])
            registry.record("drop", [commit(number - 5)])
        assert path_of(registry).stat().st_size < 7000
    known = registry.read()
    assert list(known.entries) == [commit(n) for n in range(195, 200)]
    assert set(known.standing.values()) == {"kept"}
    assert known.approved == {commit(999)}


LINES = st.one_of(
    st.builds(make, st.integers(1, 5)),
    st.builds(
        RegisteredCheckpoint,
        st.sampled_from(["keep", "retire", "drop", "approve"]),
        st.integers(1, 5).map(commit),
    ),
)


@given(st.lists(LINES, max_size=30))
def test_the_shortest_file_says_the_same(lines: list[RegisteredCheckpoint]) -> None:
    known = KnownCheckpoints(lines)
    again = KnownCheckpoints(known.lines())
    assert (again.entries, again.standing, again.approved) == (
        known.entries,
        known.standing,
        known.approved,
    )
    assert set(known.entries) == set(known.standing)
