"""The scripted agent's stories: the night, the planted night, and the rough scenarios."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent import heavy_stories, process_shapes
from tests.agent_harness import REPOSITORY, AgentProcess, Workplace, blocks
from tests.unit.repositories import demonstration
from tui.demo.story import repository


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    workplace = Workplace(tmp_path)
    demonstration(workplace.repository)
    yield workplace
    workplace.tidy()


def failed_tools(agent: AgentProcess) -> int:
    return sum(
        str(one.get("tool_use_result")).startswith("Error: Exit code") for one in agent.lines
    )


def open_tasks(place: Workplace) -> int:
    return (place.repository / "claude-progress.txt").read_text().count("- [ ]")


def suite(place: Workplace) -> int:
    """The exit code of the demonstration project's own tests."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "unittest", "-q"],
        cwd=place.repository,
        capture_output=True,
        check=False,
    ).returncode


def test_the_repository_is_a_small_green_project(place: Workplace) -> None:
    assert (
        place.git("log", "--format=%an <%ae>").splitlines()
        == ["Ada Harbour <ada@example.invalid>"] * 2
    )
    assert place.git("branch", "--show-current") == "main"
    assert place.git("status", "--porcelain") == ""
    assert suite(place) == 0
    assert open_tasks(place) == 12
    with pytest.raises(FileExistsError):
        repository.create(place.repository)


def test_the_product_plays_no_story_of_the_tests(place: Workplace) -> None:
    words = [sys.executable, "-m", "tui.demo.agent", "-p", "[[story:loop]]"]
    environment = {**os.environ, "CLAUDE_CONFIG_DIR": str(place.config), "OVERNIGHT_DEMO_PACE": "0"}
    done = subprocess.run(
        words, cwd=place.repository, env=environment, capture_output=True, check=True
    )
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["result"] == "I know no story called loop."


def project_texts() -> set[str]:
    """Everything that the night has to write, as it lies in the project's files."""
    project = Path(repository.__file__).with_name("project")
    files = {path.read_text() for path in (project / "written").rglob("*") if path.is_file()}
    table = tomllib.loads((project / "edits.toml").read_text())
    return files | {edit["new"] for edits in table.values() for edit in edits}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workplace, AgentProcess]]:
    """A night without incidents, played once; whoever changes its repository takes a copy."""
    workplace = Workplace(tmp_path_factory.mktemp("quiet"))
    demonstration(workplace.repository)
    yield workplace, workplace.play("[[story:night incidents=no]]")
    workplace.tidy()


def test_a_quiet_night_does_all_tasks_green(quiet: tuple[Workplace, AgentProcess]) -> None:
    place, agent = quiet
    assert agent.exit_code() == 0
    assert open_tasks(place) == 0
    assert suite(place) == 0
    assert place.git("status", "--porcelain") == ""
    subjects = place.git("log", "--format=%s").splitlines()
    assert sum("(" in subject for subject in subjects) == 12
    assert failed_tools(agent) >= 7  # red before green
    assert "14 of 14 tasks are done; the suite passes" in agent.lines[-1]["result"]
    calls = [
        block["input"]
        for one in agent.lines
        if one["type"] == "assistant"
        for block in one["message"]["content"]
        if block["type"] == "tool_use"
    ]
    assert project_texts() <= {call.get("content") or call.get("new_string") for call in calls}


def test_a_whole_night_with_its_crash_and_resume(place: Workplace) -> None:
    first = place.play("Bring tidebell to 0.3.")
    assert first.exit_code() == -signal.SIGKILL
    kinds = first.kinds()
    for kind in ("system:api_retry", "system:compact_boundary", "system:task_notification"):
        assert kind in kinds
    repeated = [
        block["input"]["command"]
        for one in first.lines
        if one["type"] == "assistant"
        for block in one["message"]["content"]
        if block["type"] == "tool_use" and "test_repeat" in str(block["input"].get("command"))
    ]
    assert len(repeated) == 6
    agent = place.play("Go on.", "--resume", first.session)
    assert agent.exit_code() == 0
    assert open_tasks(place) == 0
    assert "rate_limit_event:" in agent.kinds()
    assert any("Output too large" in str(one) for one in agent.lines)
    assert suite(place) == 0


def test_the_night_is_handed_over_to_a_new_session(place: Workplace) -> None:
    agent = place.start()
    agent.say("Start.")
    agent.wait_for(lambda one: "(1.3)" in str(one.get("tool_use_result")))
    agent.say("Write your hand-over into progress file and notes now.")
    assert "hand-over stands in" in agent.result()["result"]
    agent.control("end_session")
    assert agent.exit_code() == 0
    left = open_tasks(place)
    assert 0 < left < 12
    second = place.play("[[story:night incidents=no]] Take over from the notes.")
    assert second.session != agent.session
    assert open_tasks(place) == 0


def test_a_night_goes_on_after_files_were_taken_back(
    quiet: tuple[Workplace, AgentProcess], tmp_path: Path
) -> None:
    place = Workplace(tmp_path)
    shutil.copytree(quiet[0].repository, place.repository, symlinks=True)
    place.git("checkout", "-q", "HEAD~6", "--", ".")
    for name in ("tidebell/window.py", "tests/test_window.py", "tidebell/scheduler.py"):
        (place.repository / name).unlink(missing_ok=True)
    assert open_tasks(place) > 0
    agent = place.play("[[story:night incidents=no]] Files were taken back.")
    place.tidy()
    assert agent.exit_code() == 0
    assert open_tasks(place) == 0
    assert suite(place) == 0


def test_everything_planted_is_there_and_listed(place: Workplace, tmp_path: Path) -> None:
    listing = tmp_path / "plants.json"
    environment = {"OVERNIGHT_DEMO_PLANTS": str(listing), "OVERNIGHT_AGENT_STORY": "planted"}
    first = place.play("go", **environment)
    assert first.exit_code() == -signal.SIGKILL
    agent = place.play("go on", "--resume", first.session, **environment)
    assert agent.exit_code() == 0
    planted = json.loads(listing.read_text())["planted"]
    kinds = [entry["kind"] for entry in planted]
    assert len(kinds) == len(set(kinds)) == 19
    known = {one.get("uuid") for one in agent.transcript()}
    shas = place.git("rev-list", "HEAD").splitlines()
    assert all(entry["uuid"] in known and entry["commit"] in shas for entry in planted)
    stamps = [one["timestamp"] for one in agent.transcript() if "timestamp" in one]
    assert stamps == sorted(stamps)
    seconds = [time.mktime(time.strptime(s[:19], "%Y-%m-%dT%H:%M:%S")) for s in stamps]
    assert max(b - a for a, b in itertools.pairwise(seconds)) >= 5400
    diff = place.git("diff", f"{shas[-1]}..HEAD")
    for trace in (
        "-    def test_stands_still",
        '+    @unittest.skip("flaky")',
        "+requests",
        "AKIA",
    ):
        assert trace in diff
    assert not (place.repository / "tidebell/window.py").exists()
    assert "- [x] **3.1**" in (place.repository / "claude-progress.txt").read_text()
    assert str(listing) not in place.git("ls-files")
    only = place.play("[[story:planted only=secret]]")
    assert only.exit_code() == 0


def test_hostile_text_comes_through_unchanged(place: Workplace) -> None:
    agent = place.play("[[story:hostile]]")
    assert agent.exit_code() == 0
    said = "\n".join(agent.texts())
    assert all(text in said for text in heavy_stories.TERMINAL_ATTACKS.values())
    names = os.listdir(place.repository / "hostile")
    assert set(heavy_stories.FILE_NAMES) <= set(names)
    assert "\x1b]" in place.git("log", "--format=%s")
    assert len(heavy_stories.TERMINAL_ATTACKS) >= 36
    assert len(heavy_stories.MARKUP_ATTACKS) == 20


def test_a_big_line_is_one_line(place: Workplace) -> None:
    agent = place.play("[[story:big_line]]")
    assert max(len(json.dumps(one)) for one in agent.lines) > 4_000_000
    assert (place.repository / "big.txt").stat().st_size == 2_000_000


def test_a_flood_keeps_its_rate(place: Workplace) -> None:
    began = time.monotonic()
    agent = place.play("[[story:flood rate=4000 seconds=1]]")
    events = [one for one in agent.lines if one["type"] == "stream_event"]
    assert len(events) == 4000
    assert time.monotonic() - began > 0.9
    assert len({one["uuid"] for one in events}) == 4000


def test_the_context_grows_and_the_window_is_known(place: Workplace) -> None:
    agent = place.play("[[story:context_fill share=0.6]]")
    usage = [one["message"]["usage"] for one in agent.lines if one["type"] == "assistant"][-1]
    context = sum(
        usage[key]
        for key in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    )
    assert 0.58 <= context / 1_000_000 <= 0.62


def test_a_full_context_is_compacted_by_itself(place: Workplace) -> None:
    agent = place.play("[[story:context_fill share=0.98 rest=2]]")
    boundary = next(one for one in agent.lines if one.get("subtype") == "compact_boundary")
    assert boundary["compact_metadata"]["pre_tokens"] > 967_000
    usage = [one["message"]["usage"] for one in agent.lines if one["type"] == "assistant"][-1]
    assert usage["cache_read_input_tokens"] < 10_000


def test_a_limit_can_end_the_turn(place: Workplace) -> None:
    agent = place.play("[[story:rate_limit resets_in=900 ends=yes]]")
    assert agent.exit_code() == 1
    assert "resets" in agent.lines[-1]["result"]
    info = [one["rate_limit_info"] for one in agent.lines if one["type"] == "rate_limit_event"][-1]
    assert info["status"] == "rejected"
    assert 880 < info["resetsAt"] - time.time() < 901


def test_open_tasks_need_another_turn(place: Workplace) -> None:
    agent = place.start(OVERNIGHT_AGENT_STORY="continue_needed")
    for turn, left in ((0, 11), (1, 10)):
        agent.say("Go on with the open tasks.")
        assert f"{left} are still open" in agent.result(turn)["result"]
    assert open_tasks(place) == 10


def test_subagents_have_lines_and_transcripts_of_their_own(place: Workplace) -> None:
    agent = place.play("[[story:subagents background=yes]]")
    parents = {one["parent_tool_use_id"] for one in agent.lines if one.get("agent_id")}
    assert len(parents) == 2
    assert agent.kinds().count("system:init") == 3
    files = list(place.config.glob(f"projects/*/{agent.session}/subagents/agent-*.jsonl"))
    assert len(files) == 2
    for path in files:
        lines = [json.loads(raw) for raw in path.read_text().splitlines()]
        assert {line["agentId"] for line in lines} == {path.stem.removeprefix("agent-")}
        assert all(line["isSidechain"] for line in lines)
        assert json.loads(path.with_suffix(".meta.json").read_text())["agentType"]


def test_parallel_subagents_speak_in_turns(place: Workplace) -> None:
    agent = place.play("[[story:subagents]]")
    speakers = [one["agent_id"] for one in agent.lines if one.get("agent_id")]
    assert speakers[0] != speakers[1]
    assert agent.lines[-1]["subagent_stats"]["completed"] == 2


def test_an_endless_overload_ends_with_an_interrupt(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:overload_forever delay=0.05]]")
    agent.wait_for(lambda one: one.get("subtype") == "api_retry")
    agent.control("interrupt")
    assert agent.result()["is_error"] is True


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_all_process_shapes_come_alive(tmp_path: Path) -> None:
    words = [sys.executable, str(REPOSITORY / "tests/agent/process_shapes.py")]
    log = tmp_path / "pids"
    with log.open("wb") as sink:
        subprocess.run([*words, "--seconds", "20", "--brood", "5"], stdout=sink, check=True)
    wanted = {shape for shape in process_shapes.SHAPES if shape != "chain"} | {"chain_5", "chain_1"}
    deadline = time.monotonic() + 15
    found: dict[str, int] = {}
    while time.monotonic() < deadline and not wanted <= set(found):
        pairs = (line.split() for line in log.read_text().splitlines())
        found = {shape: int(pid) for shape, pid in pairs}
        time.sleep(0.02)
    try:
        assert wanted <= set(found)
        assert all(Path(f"/proc/{pid}").exists() for pid in found.values())
        assert os.getsid(found["session"]) == found["session"]
        assert os.getpgid(found["group"]) == found["group"]
    finally:
        for line in log.read_text().splitlines():
            os.kill(int(line.split()[1]), signal.SIGKILL)


def test_a_tree_of_processes_is_reported_by_the_tool(place: Workplace) -> None:
    agent = place.play("[[story:spawn_tree shapes=plain,group seconds=2 stay=no]]")
    told = next(str(one["tool_use_result"]) for one in agent.lines if "tool_result" in blocks(one))
    assert "plain " in told
    assert "group " in told


def test_an_edit_of_equal_length_is_seen_at_once(place: Workplace, tmp_path: Path) -> None:
    steps: list[dict[str, str]] = []
    for number in range(4):
        steps.append({"do": "write", "name": "value.py", "content": f"VALUE = {number}\n"})
        command = "python3 -c 'import value; print(value.VALUE)'"
        steps.append({"do": "bash", "command": command})
    path = tmp_path / "steps.json"
    path.write_text(json.dumps(steps))
    agent = place.play("go", OVERNIGHT_AGENT_STORY=f"steps file={path}")
    told = [one["tool_use_result"] for one in agent.lines if "tool_use_result" in one]
    assert [one["stdout"] for one in told if "stdout" in one] == ["0", "1", "2", "3"]
