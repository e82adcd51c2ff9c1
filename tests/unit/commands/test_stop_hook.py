"""The Stop hook: a session goes on while tasks are open, and stops in order when that does not help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.commands.hook_scene import SESSION, TASKS, HookScene
from tests.unit.repositories import sh
from tui.commands.act import hook_project
from tui.control.hooks import session_record
from tui.control.hooks.hook_records import RUN_VARIABLE
from tui.control.hooks.payload import ANY_PROJECT
from tui.store.layout import project_state, runs_folder
from tui.system.files import private_folder

DENIED = "Claude requested permissions to use Bash, but you haven't granted it yet."


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> HookScene:
    made = HookScene(tmp_path, monkeypatch, capfdbinary)
    made.prompt()
    made.says()
    return made


def blocks(scene: HookScene, times: int = 12, **fields: Any) -> int:
    """How often in a row it is kept going, each time with other words and other files."""
    for number in range(times):
        (scene.project / "calc.py").write_text(f"x = {number}\n")
        if not scene.stop(f"Done {number}.", stop_hook_active=number > 0, **fields):
            return number
    return times


def test_the_next_task_is_named_and_the_block_recorded(scene: HookScene) -> None:
    told = scene.stop()
    assert "2 of 2 tasks in claude-progress.txt are still open" in told
    assert "Next: Write the add function\nThen: Test the add function" in told
    (entry,) = scene.journal()
    assert (entry["effect"], entry["open"], entry["number"]) == ("blocked", 2, 1)
    assert "Write the add function" in entry["text"]


@pytest.mark.parametrize("is_active", [True, False])
def test_eight_blocks_in_a_row_without_a_task_done(scene: HookScene, is_active: bool) -> None:
    assert blocks(scene) == 8
    assert not scene.stop("again", stop_hook_active=is_active)
    assert "as often as allowed" in scene.journal()[-1]["text"]


def test_the_cli_s_own_cap_counts_where_it_is_lower(
    scene: HookScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CODE_STOP_HOOK_BLOCK_CAP", "3")
    assert blocks(scene) == 3


def test_a_task_done_or_a_person_begins_the_count_anew(scene: HookScene) -> None:
    assert blocks(scene, 6) == 6
    scene.progress.write_text(TASKS.replace("- [ ] Write", "- [x] Write"))
    assert "Next: Test the add" in scene.stop()
    assert blocks(scene) == 7
    scene.prompt("And now the rest, please.")
    scene.says()
    assert blocks(scene) == 8


def test_a_ticked_task_that_is_unticked_again_does_not_count_twice(scene: HookScene) -> None:
    done = TASKS.replace("- [ ] Write", "- [x] Write")
    kept = 0
    for number in range(24):
        scene.progress.write_text(done if number % 2 else TASKS)
        kept += bool(scene.stop(f"Done {number}."))
    assert kept <= 9


def test_the_same_again_and_nothing_changed_is_let_go(scene: HookScene) -> None:
    assert [bool(scene.stop()) for _ in range(5)] == [True, True, True, False, False]
    assert "says the same again" in scene.journal()[-1]["text"]


@pytest.mark.parametrize(
    "content",
    [
        TASKS.replace("- [ ]", "- [x]"),
        "# no tasks here\n",
        TASKS.replace("- [ ]", "- [!]"),
        "```\n- [ ] a sample\n```\n",
        "",
    ],
)
def test_nothing_to_do_is_no_block(scene: HookScene, content: str) -> None:
    scene.progress.write_text(content)
    assert not scene.stop()


def test_no_progress_file_and_odd_ones_are_no_block(scene: HookScene, tmp_path: Path) -> None:
    scene.progress.unlink()
    assert not scene.stop()
    scene.progress.mkdir()
    assert not scene.stop()
    scene.progress.rmdir()
    (tmp_path / "outside.txt").write_text(TASKS)
    scene.progress.symlink_to(tmp_path / "outside.txt")
    assert not scene.stop()


def test_a_feature_list_counts(scene: HookScene) -> None:
    scene.progress.unlink()
    (scene.project / "feature_list.json").write_text(
        '[{"description": "login works", "passes": false}, {"description": "b", "passes": true}]'
    )
    assert "login works" in scene.stop()


def test_the_settings_say_when_enough_is_done(scene: HookScene) -> None:
    (scene.project / "config").mkdir()
    settings = scene.project / "config" / "overnight.yaml"
    scene.progress.write_text("## P0\n- [x] one\n## P2\n- [ ] two\n")
    settings.write_text("enforcement: {min_completion_pct: 50, require_p2: false}\n")
    assert not scene.stop()
    settings.write_text("enforcement: {min_completion_pct: 50, require_p2: true}\n")
    assert scene.stop()


def test_settings_that_are_spoilt_keep_nobody(scene: HookScene) -> None:
    (scene.project / "config").mkdir()
    (scene.project / "config" / "overnight.yaml").write_text(":\n  - [\n")
    assert scene.stop()


def test_continuous_mode_can_be_switched_off(scene: HookScene, tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".config" / "overnight-tui"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("enforcement: {continuous_mode: false}\n")
    assert not scene.stop()


def test_refused_calls_at_the_end_are_let_go(scene: HookScene) -> None:
    scene.uses("pytest -q", DENIED, is_error=True)
    scene.says("I may not run the tests.")
    assert scene.stop("I may not run the tests."), "once is not yet refused"
    scene.uses("pytest", DENIED, is_error=True)
    scene.says("I still may not.")
    assert not scene.stop("I still may not.")
    assert "refused" in scene.journal()[-1]["text"]
    scene.uses("pytest", DENIED, is_error=True)
    scene.uses("git status")
    assert scene.stop("I found another way.")


def test_a_session_that_circles_is_let_go(scene: HookScene) -> None:
    for _ in range(14):
        scene.uses("pytest -q tests/test_a.py", "E   AssertionError: 1 != 2", is_error=True)
    scene.says("It fails.")
    assert not scene.stop("It fails.")
    assert "it is stuck" in scene.journal()[-1]["text"]


def test_a_session_beyond_the_budget_is_let_go(scene: HookScene, tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "output_tokens": 4_000_000}
    scene.says("Expensive.", usage=usage)
    assert not scene.stop()
    assert "the cost limit is reached ($100" in scene.journal()[-1]["text"]
    folder = tmp_path / "home" / ".config" / "overnight-tui"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("budget: {max_cost_usd: 1000}\n")
    assert scene.stop()


def test_an_error_of_the_api_is_let_go(scene: HookScene) -> None:
    scene.says(
        "API Error: 529 Overloaded",
        isApiErrorMessage=True,
        error="overloaded",
    )
    assert not scene.stop("API Error: 529 Overloaded")
    assert "the API failed" in scene.journal()[-1]["text"]


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (None, {"agent_id": "a1", "agent_type": "Explore"}),
        (None, {"session_id": "../../x"}),
        (None, {"session_id": 7}),
        (b"no json", {}),
        (b"[]", {}),
        (b"", {}),
        (b"[" * 100_000, {}),
        (b"\xff{", {}),
    ],
)
def test_what_is_no_stop_of_a_session_is_let_go(
    scene: HookScene, raw: bytes | None, fields: dict[str, Any]
) -> None:
    assert scene.call("Stop", raw=raw, **fields) is None
    assert not scene.journal()
    assert not scene.history()


@pytest.mark.parametrize("path", ["/etc/passwd", "relative.jsonl", "/nonexistent/x.jsonl", "\0", 7])
def test_a_transcript_that_may_not_be_read_is_not_read(scene: HookScene, path: Any) -> None:
    assert scene.stop(transcript_path=path)


def test_a_message_and_a_continuation_come_in_one_answer(scene: HookScene) -> None:
    first = scene.mailbox.send(SESSION, "Keep names short.")
    told = scene.stop()
    assert told.index("Keep names short.") < told.index("Next: Write the add function")
    state = scene.mailbox.read_state(SESSION, first.id)
    assert state is not None
    assert state.state == "delivered"


def test_a_long_message_leaves_room_for_the_continuation(scene: HookScene) -> None:
    for number in range(3):
        scene.mailbox.send(SESSION, f"{number}" + "x" * 4_000)
    told = scene.stop()
    assert "Next: Write the add function" in told
    assert scene.mailbox.messages(SESSION)[2].state == "queued"


def test_a_message_reaches_a_session_that_is_not_kept_going(scene: HookScene) -> None:
    scene.progress.write_text("")
    scene.mailbox.send(SESSION, "One more thing.")
    assert "One more thing." in scene.stop()
    assert not scene.history(), "it goes on, for the message"


def test_a_message_begins_the_count_anew(scene: HookScene) -> None:
    assert blocks(scene) == 8
    scene.mailbox.send(SESSION, "Go on.")
    assert "Go on." in scene.stop("x")
    assert blocks(scene) > 4


def test_in_a_run_of_ours_the_supervisor_does_it(
    scene: HookScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    private_folder(runs_folder(scene.project))
    run = private_folder(runs_folder(scene.project) / "11-30-0100")
    monkeypatch.setenv(RUN_VARIABLE, str(run))
    assert not scene.stop()
    assert not scene.history()
    scene.mailbox.send(SESSION, "Hello.")
    assert "Hello." in scene.stop()
    monkeypatch.setenv(RUN_VARIABLE, "/tmp")
    assert scene.stop()


def test_without_a_count_nobody_is_kept(scene: HookScene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hook_project, "save_session", fail)
    assert not scene.stop()


def test_a_session_that_takes_too_long_to_read_is_let_go(
    scene: HookScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook_project, "_READ_SECONDS", 0.000_1)
    assert not scene.stop()
    assert "in time" in scene.journal()[-1]["text"]


def test_in_plan_mode_nobody_is_kept(scene: HookScene) -> None:
    assert not scene.stop(permission_mode="plan")
    assert scene.stop(permission_mode="acceptEdits")


def test_of_a_large_transcript_the_newest_part_tells(
    scene: HookScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook_project, "_MOST_WHOLE", 10)
    assert scene.stop()
    for _ in range(14):
        scene.uses("pytest -q tests/test_a.py", "E   AssertionError: 1 != 2", is_error=True)
    assert not scene.stop("It fails.")
    assert "it is stuck" in scene.journal()[-1]["text"]


def test_a_project_that_was_moved_is_left_alone(scene: HookScene, tmp_path: Path) -> None:
    scene.project.rename(tmp_path / "moved")
    assert not scene.stop(cwd=str(tmp_path / "moved"))
    assert not scene.project.exists()


# --- the end ---


def test_the_end_leaves_a_line_and_a_checkpoint(scene: HookScene) -> None:
    scene.start()
    (scene.project / "calc.py").write_text("x = 2\n")
    sh(scene.project, "commit", "-qam", "work")
    (scene.project / "calc.py").write_text("x = 3\n")
    scene.progress.write_text(TASKS.replace("- [ ]", "- [x]"))
    before = sh(scene.project, "status", "--porcelain"), sh(scene.project, "rev-parse", "HEAD")
    assert not scene.stop()
    (line,) = scene.history()
    assert (line["commits_made"], line["files_changed"]) == (1, 1)
    assert line["runtime_hours"] is not None
    assert line["tests_passed"] is None
    (taken,) = scene.journal("checkpoint")
    assert taken["why"] == "session end"
    entry = scene.journal()[-1]
    assert (entry["effect"], entry["checkpoint"]) == ("let go", taken["checkpoint"])
    assert before == (
        sh(scene.project, "status", "--porcelain"),
        sh(scene.project, "rev-parse", "HEAD"),
    )
    assert not scene.stop(), "nothing is new"
    assert len(scene.history()) == len(scene.journal("checkpoint")) == 1
    (scene.project / "calc.py").write_text("x = 4\n")
    assert not scene.stop()
    assert len(scene.history()) == len(scene.journal("checkpoint")) == 2


def test_an_end_that_changed_nothing_has_a_line_and_no_checkpoint(scene: HookScene) -> None:
    scene.progress.write_text(TASKS.replace("- [ ]", "- [x]"))
    sh(scene.project, "commit", "-qam", "all done")
    scene.start()
    assert not scene.stop()
    assert len(scene.history()) == 1
    assert not scene.journal("checkpoint")


def test_an_end_that_cannot_be_written_is_let_go(scene: HookScene) -> None:
    scene.progress.write_text("")
    (scene.project / "logs").write_text("no folder")
    assert not scene.stop()
    assert ("Stop", "failed") in scene.effects()


def test_the_same_without_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    scene = HookScene(tmp_path, monkeypatch, capfdbinary)
    (scene.project / ".git").rename(tmp_path / "gone")
    assert blocks(scene) == 8
    scene.progress.write_text("")
    assert not scene.stop()
    assert scene.history()


# --- for every project ---


def test_a_hook_for_every_project_finds_this_one(scene: HookScene) -> None:
    below = scene.project / "src" / "deep"
    below.mkdir(parents=True)
    scene.words = [ANY_PROJECT, "continuous"]
    scene.mailbox.send(SESSION, "Hello.")
    told = scene.stop(cwd=str(below))
    assert "Hello." in told
    assert "Next: Write the add function" in told
    assert scene.effects() == [("Stop", "blocked")]


def test_a_hook_for_every_project_leaves_others_without_a_trace(
    scene: HookScene, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    scene.words = [ANY_PROJECT, "continuous"]
    assert not scene.stop(cwd=str(other))
    assert not scene.start(cwd=str(other))
    scene.compact(cwd=str(other))
    assert not list(other.iterdir())
    assert not project_state(other).exists()
    assert not scene.stop(cwd="/nonexistent")
    assert not scene.stop(cwd=7)


def test_a_project_of_its_own_first_use_is_made(scene: HookScene, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "claude-progress.txt").write_text(TASKS)
    scene.words = [ANY_PROJECT, "continuous"]
    assert scene.stop(cwd=str(other))
    assert project_state(other).exists()


def test_a_session_in_a_work_tree_has_the_progress_there(scene: HookScene) -> None:
    tree = scene.project / ".claude" / "worktrees" / "one"
    sh(scene.project, "worktree", "add", "-q", str(tree))
    (tree / "claude-progress.txt").write_text("- [ ] only here\n")
    assert "only here" in scene.stop(cwd=str(tree))
    assert "Write the add" in scene.stop()


def test_old_records_go(scene: HookScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_record, "_MOST_SESSIONS", 3)
    for number in range(6):
        scene.stop(session_id=f"{number}" * 8)
    assert len(list((project_state(scene.project) / "hooks").iterdir())) == 3
