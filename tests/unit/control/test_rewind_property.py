"""Whatever is done to a work tree, a rewind brings the checkpoint back and an undo the rest."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.control.rewinds import undo
from tests.unit.repositories import litter, make, sh, tree, user_state, write
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.rewind.execute import execute_rewind
from tui.control.rewind.plan import count_changed_lines, plan_rewind, unified_diff

NAMES = st.sampled_from(["a", "b", "c", "a/x", "a/y", "b/x/z", "c/x", "d/é\n", "B", "lib/q"])
DATA = st.sampled_from([b"", b"1\n", b"2\n", b"\0\xff", b"a\r\nb\n", b"x" * 5000])
OPERATIONS = st.one_of(
    st.tuples(st.just("write"), NAMES, DATA),
    st.tuples(st.just("link"), NAMES, NAMES),
    st.tuples(st.just("remove"), NAMES, st.none()),
    st.tuples(st.just("chmod"), NAMES, st.sampled_from([0o644, 0o755, 0o600, 0o444])),
    st.tuples(st.just("move"), NAMES, NAMES),
    st.tuples(st.just("add"), NAMES, st.none()),
    st.tuples(st.just("commit"), NAMES, st.none()),
)


def apply(folder: Path, operation: str, name: str, value: bytes | str | int | None) -> None:
    path = folder / name
    if operation == "commit":
        sh(folder, "commit", "-q", "-m", "x", check=False)
        return
    if operation == "add":
        sh(folder, "add", "-A", "--", name, check=False)
        return
    if operation == "chmod" and isinstance(value, int):
        if path.is_file() and not path.is_symlink():
            path.chmod(value)
        return
    if operation == "move":
        goal = folder / str(value)
        if os.path.lexists(path) and not os.path.lexists(goal) and goal.parent.is_dir():
            try:
                path.rename(goal)
            except OSError:  # into itself
                pass
        return
    for part in [path, *path.parents[: len(Path(name).parts) - 1]]:
        if part.is_symlink() or part.is_file():
            part.unlink()
    if path.is_dir():
        shutil.rmtree(path)
    if operation == "write" and isinstance(value, bytes):
        write(folder, {name: value})
    if operation == "link":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(str(value))


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(OPERATIONS, max_size=12), st.lists(OPERATIONS, min_size=1, max_size=12))
def test_rewind_and_undo(
    before: list[tuple[str, str, bytes | str | int | None]],
    after: list[tuple[str, str, bytes | str | int | None]],
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="overnight-property-")) / "repo"
    try:
        make(folder, {"a": "1\n", "b": "2\n", "lib/q": "q"})
        for operation in before:
            apply(folder, *operation)
        then = tree(folder)
        checkpoint = take_checkpoint(folder)
        for operation in after:
            apply(folder, *operation)
        now, user = tree(folder), user_state(folder)
        receipt = execute_rewind(plan_rewind(folder, checkpoint), confirmed=True)
        assert tree(folder) == then
        if receipt.safety is not None:
            undo(folder, confirmed=True)
            assert tree(folder) == now
            undo(folder, confirmed=True)
            assert tree(folder) == then
        assert user_state(folder) == user
        assert litter(folder) == []
    finally:
        shutil.rmtree(folder.parent)


LINES = st.lists(st.sampled_from(["a", "b", "", "  c", "-", "+", "@@"]), max_size=30)


@settings(deadline=None, max_examples=60)
@given(LINES, LINES, st.booleans(), st.booleans())
def test_a_diff_says_how_to_get_from_one_to_the_other(
    a: list[str], b: list[str], a_ends: bool, b_ends: bool
) -> None:
    before = "\n".join(a) + ("\n" if a and a_ends else "")
    after = "\n".join(b) + ("\n" if b and b_ends else "")
    text = unified_diff(before.encode(), after.encode(), "a/f", "b/f")
    body = text.split("\n")[2:-1]
    assert patched(before, text if body else "") == after
    assert count_changed_lines(before.encode(), after.encode()) == (
        sum(line.startswith("+") for line in body),
        sum(line.startswith("-") for line in body),
    )


def patched(before: str, diff: str) -> str:
    """What git makes of a diff."""
    if not diff:
        return before
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), {"f": before, "f.diff": diff})
        sh(Path(name), "apply", "f.diff", GIT_CEILING_DIRECTORIES=str(Path(name).parent))
        return (Path(name) / "f").read_bytes().decode()


def test_large_and_hopeless_files_are_not_compared_line_by_line() -> None:
    assert count_changed_lines(b"x\n" * 600_000, b"y\n") is None
    a = "\n".join(f"a{n}" for n in range(3000)).encode()
    b = "\n".join(f"b{n}" for n in range(3000)).encode()
    assert count_changed_lines(a, b) == (3000, 3000)
