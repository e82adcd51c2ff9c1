"""Runs that version 0.1 left in the project: told of, copied when a person wants it, never believed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.command_line import run as run_command
from tests.unit.repositories import sh
from tui.runner import start
from tui.runner.run_context import RunContext
from tui.store import old_runs
from tui.store.layout import runs_folder
from tui.store.old_runs import (
    OldRun,
    find_old_runs,
    has_old_runs,
    import_old_run,
    imported_runs,
)
from tui.store.runs import all_runs, find_unfinished_run, is_running, read_run_facts
from tui.system.errors import NoSessionError, RefusedError

DATA = Path(__file__).resolve().parents[2] / "data"
RUN = "20261129-235529"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "garden"
    shutil.copytree(DATA / "run_0_1", folder / ".overnight" / "runs" / RUN)
    return folder


def old(project: Path) -> Path:
    return project / ".overnight" / "runs" / RUN


def only(project: Path) -> OldRun:
    (found,) = find_old_runs(project)
    return found


def test_it_is_found_and_nothing_else_changes(project: Path) -> None:
    found = only(project)
    assert (found.name, found.why_not) == (RUN, "")
    assert found.facts is not None
    assert found.facts.goal == "[[story:crash seconds=2]]"
    assert found.end is not None
    assert found.bytes > 10_000
    assert all_runs(project) == []
    assert not runs_folder(project).exists()


def test_a_copy_holds_what_is_known_and_starts_nothing(project: Path) -> None:
    (old(project) / "inbox").mkdir()
    (old(project) / "inbox" / "1.json").write_text("{}")
    (old(project) / "outbox").mkdir()
    (old(project) / "outbox" / "1.json").write_text("{}")
    (old(project) / "review.json").write_text("{}")
    (old(project) / "strange").write_text("x")
    made = import_old_run(project, only(project))
    files = {str(p.relative_to(made.path)) for p in made.path.rglob("*") if p.is_file()}
    assert files == {
        *("run.json", "settings.json", "ended.json", "state.json", "supervisor.log"),
        *("stream.jsonl", "journal.jsonl", "arrivals", "stderr.log"),
        "transcripts/6c47b9e4-d6f6-4a6d-ad97-06a8b2704de2.jsonl",
        *(f"segments/{n}/{name}" for n in ("0001", "0002") for name in old_runs._ATTEMPT_FILES),
    }
    for path in (made.path, *made.path.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    for name in ("stream.jsonl", "journal.jsonl"):
        assert (made.path / name).read_bytes() == (old(project) / name).read_bytes()
    facts = read_run_facts(made)
    assert (facts.imported_from, facts.env) == (RUN, {})
    assert imported_runs(project) == {RUN}
    assert find_unfinished_run(project) is None
    with pytest.raises(NoSessionError, match="over for good"):
        RunContext.load(made)


def test_a_copy_is_over_whatever_becomes_of_its_files(project: Path) -> None:
    made = import_old_run(project, only(project))
    made.end.unlink()
    assert find_unfinished_run(project) is None
    assert not start.adopt_run(project)


def test_a_journal_without_an_end_makes_it_no_running_one(project: Path) -> None:
    (old(project) / "journal.jsonl").write_text('{"at": 1.0, "kind": "run_started"}\n')
    assert not is_running(str(import_old_run(project, only(project)).path))


def test_a_second_copy_gets_a_name_of_its_own(project: Path) -> None:
    names = [import_old_run(project, only(project)).id for _ in range(2)]
    assert names == [RUN, f"{RUN}-2"]
    assert not list(runs_folder(project).glob(".*"))


def unfinished(run: Path) -> None:
    (run / "ended.json").unlink()


def no_facts(run: Path) -> None:
    (run / "run.json").write_text("{")


def facts_of_another_shape(run: Path) -> None:
    (run / "run.json").write_text(json.dumps({"run": 3, "agent": "sh"}))


def times_that_are_none(run: Path) -> None:
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "started_at": 1e300}))


def linked_facts(run: Path) -> None:
    (run / "run.json").rename(run / "elsewhere")
    (run / "run.json").symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (unfinished, "it has no end"),
        (no_facts, "cannot be read"),
        (facts_of_another_shape, "cannot be read"),
        (times_that_are_none, "its times are none"),
        (linked_facts, "cannot be read"),
    ],
)
def test_what_cannot_be_copied_is_told(
    project: Path, change: Callable[[Path], None], why: str
) -> None:
    change(old(project))
    found = only(project)
    assert why in found.why_not
    with pytest.raises(RefusedError, match="cannot be copied"):
        import_old_run(project, found)
    assert all_runs(project) == []


@pytest.mark.parametrize("name", ["stream.jsonl", "journal.jsonl", "transcripts/secret.jsonl"])
@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "hard link"])
def test_only_plain_files_are_copied(project: Path, tmp_path: Path, name: str, kind: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a private key")
    path = old(project) / name
    path.unlink(missing_ok=True)
    match kind:
        case "link":
            path.symlink_to(secret)
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            os.link(secret, path)
    if kind == "hard link" and name.startswith("transcripts"):
        pytest.skip("a kept transcript is a hard link")
    with pytest.raises(RefusedError, match="could not be copied"):
        import_old_run(project, only(project))
    assert not list(runs_folder(project).iterdir())


@pytest.mark.parametrize("which", [".overnight", ".overnight/runs", f".overnight/runs/{RUN}"])
def test_no_link_is_followed_on_the_way(project: Path, tmp_path: Path, which: str) -> None:
    place = project / which
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert find_old_runs(project) == []


def test_what_changed_since_it_was_shown_is_refused(project: Path) -> None:
    found = only(project)
    facts = json.loads((old(project) / "run.json").read_text())
    (old(project) / "run.json").write_text(json.dumps({**facts, "goal": "another"}))
    with pytest.raises(RefusedError, match="changed since it was shown"):
        import_old_run(project, found)


def test_a_run_that_is_too_large_is_left(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_runs, "MOST_RUN_BYTES", 10_000)
    assert only(project).why_not == "it is too large"


def test_a_file_that_grows_is_copied_as_far_as_it_was(project: Path, tmp_path: Path) -> None:
    source = tmp_path / "growing"
    source.write_bytes(b"x" * 100)
    descriptor = os.open(source, os.O_RDONLY)
    old_runs._copy_one(descriptor, 60, tmp_path / "copy")
    os.close(descriptor)
    assert (tmp_path / "copy").read_bytes() == b"x" * 60


def test_names_are_those_of_runs(project: Path) -> None:
    for name in ("a b", "-x", ".x", "x" * 80, "x.y", "x\ny"):
        shutil.copytree(old(project), old(project).with_name(name))
    assert [run.name for run in find_old_runs(project)] == [RUN]


def test_there_are_none(tmp_path: Path) -> None:
    assert not has_old_runs(tmp_path)
    assert find_old_runs(tmp_path) == []
    (tmp_path / ".overnight").write_text("a file")
    assert not has_old_runs(tmp_path)
    assert find_old_runs(tmp_path / "missing") == []


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["run", "goal", "project", "started_at", "agent", "env", "reason", "code", "at", "end"]
)


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["run.json", "ended.json", "settings.json", "journal.jsonl"]),
    st.binary(max_size=80) | st.dictionaries(KEYS, VALUE).map(lambda one: json.dumps(one).encode()),
)
def test_any_content_is_survived(project: Path, name: str, data: bytes) -> None:
    before = (old(project) / name).read_bytes()
    (old(project) / name).write_bytes(data)
    try:
        found = only(project)
        try:
            made = import_old_run(project, found)
        except RefusedError:
            return
        assert find_unfinished_run(project) is None
        assert read_run_facts(made).imported_from == RUN
        shutil.rmtree(made.path)
    finally:
        (old(project) / name).write_bytes(before)


# --- the commands ---


def test_the_commands_tell_of_it_and_copy_it_when_asked(project: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    listed = run_command("runs", home=tmp_path, cwd=project)
    assert (listed.code, listed.out) == (3, b"")
    assert listed.err.startswith("1 run of version 0.1 in .overnight not listed")
    assert json.loads(run_command("runs", "--json", home=tmp_path, cwd=project).out)["runs"] == []
    checks = json.loads(run_command("doctor", "--json", home=tmp_path, cwd=project).out)["checks"]
    (check,) = [one for one in checks if one["name"] == "old runs"]
    assert (check["state"], "trust --import-runs" in check["advice"]) == ("warn", True)

    asked = run_command("trust", "--import-runs", home=tmp_path, cwd=project)
    assert asked.code == 4, "nobody is there to say yes"
    assert "[[story:crash seconds=2]]" in asked.err
    assert "the turn ended with 11 tasks open" in asked.err
    assert all_runs(project) == []

    done = run_command("trust", "--import-runs", "--yes", home=tmp_path, cwd=project)
    assert (done.code, done.out.decode()) == (0, "1 run copied; `overnight-tui runs` lists them\n")
    listed = run_command("runs", home=tmp_path, cwd=project)
    assert (listed.code, listed.err) == (0, "")
    assert RUN in listed.out.decode()
    again = run_command("trust", "--import-runs", "--yes", home=tmp_path, cwd=project)
    assert (again.code, again.out) == (3, b"there is no run of version 0.1 to copy\n")
    checks = json.loads(run_command("doctor", "--json", home=tmp_path, cwd=project).out)["checks"]
    assert "old runs" not in [one["name"] for one in checks]


def test_one_that_came_with_the_repository_is_named_so(project: Path, tmp_path: Path) -> None:
    sh(project, "init", "-q")
    sh(project, "add", "-A", "-f")
    facts = json.loads((old(project) / "run.json").read_text())
    goal = "look \x1b[2J‮here"
    (old(project) / "run.json").write_text(json.dumps({**facts, "goal": goal}))
    shown = run_command("trust", "--import-runs", home=tmp_path, cwd=project).err
    assert "it came with the repository" in shown
    assert "\x1b" not in shown
    assert "‮" not in shown
