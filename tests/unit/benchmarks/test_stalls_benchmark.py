"""`python -m benchmarks.stalls`: input, steps, times, figures, output, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import stalls
from benchmarks.stuck.baselines import similar_messages, three_identical_calls
from benchmarks.stuck.builder import PLAYERS, Script, built
from benchmarks.stuck.episode import START, Episode, UnreadError, labelled, read_lines
from benchmarks.stuck.figures import Measured, figures
from benchmarks.stuck.own_set import own_episodes
from benchmarks.stuck.report import report
from benchmarks.stuck.watching import Seen, Watcher, active_seconds, default_rules, watch
from tui.model.stall import DetectorName
from tui.model.state import StallLevel

REPOSITORY = Path(__file__).resolve().parents[3]


def assistant(*blocks: dict[str, Any], mid: str | None = "m1", **more: Any) -> dict[str, Any]:
    return {"type": "assistant", "message": {"id": mid, "content": list(blocks)}, **more}


def text(words: str = "words") -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(call: str = "t1") -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": "ls"}}


def results(*calls: str, **more: Any) -> dict[str, Any]:
    blocks = [{"type": "tool_result", "tool_use_id": call, "content": "a"} for call in calls]
    return {"type": "user", "message": {"role": "user", "content": blocks}, **more}


def encoded(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def steps_of(*records: Any) -> list[int]:
    return [line.steps for line in read_lines(encoded(*records))]


# --- steps and times ---


def test_a_step_is_a_tool_result_or_a_message_with_text_alone() -> None:
    assert steps_of(assistant(text()), assistant(use()), results("t1")) == [0, 0, 1]
    assert steps_of(assistant(text(), mid="m1"), assistant(text(), mid="m1")) == [1, 0]
    assert steps_of(assistant(use(), use("t2")), results("t1", "t2")) == [0, 2]
    assert steps_of({"type": "system"}, {"type": "result", "result": "x"}) == [0, 0]


def test_what_a_subagent_does_is_no_step() -> None:
    inner: dict[str, Any] = {"parent_tool_use_id": "t9"}
    assert steps_of(assistant(text(), **inner), results("t1", **inner)) == [0, 0]
    assert steps_of(assistant(text(), isSidechain=True), results("t1", isSidechain=True)) == [0, 0]


def test_steps_of_other_shapes() -> None:
    spoken = {"type": "assistant", "message": {"content": "words"}}
    assert steps_of(spoken, spoken) == [1, 1]  # a text in place of blocks, and no id
    assert steps_of({"type": "user", "message": {"content": "a prompt"}}) == [0]
    assert steps_of(assistant(text(), mid=None), assistant(use(), mid=None)) == [1, 0]
    odd: list[Any] = [7, None, [], {"type": "assistant"}, {"type": "assistant", "message": 3}]
    odd.append({"type": "assistant", "message": {"id": ["x"], "content": [None, 3, text()]}})
    assert steps_of(*odd) == [0, 0, 0, 0, 0, 1]


def test_without_times_a_step_counts_as_20_seconds() -> None:
    lines = read_lines(
        encoded({"type": "system"}, results("t1"), assistant(use("t2")), results("t2"))
    )
    assert [line.at - START for line in lines] == [0, 20, 20, 40]
    assert active_seconds(lines) == 40


def test_a_record_without_a_time_came_with_the_one_before_it() -> None:
    records = [
        results("t1"),
        results("t2", timestamp="2026-01-01T00:00:10Z"),
        assistant(text()),
        results("t3", timestamp="2026-01-01T00:00:30+00:00"),
        results("t4", timestamp="never"),
    ]
    lines = read_lines(encoded(*records))
    assert [line.at - lines[0].at for line in lines] == [0, 0, 0, 20, 20]
    assert [line.is_timed for line in lines] == [False, True, False, True, False]


def test_a_long_pause_is_no_active_time() -> None:
    stamps = ("00:00:00", "00:05:00", "03:00:00", "03:00:01")
    records = [results("t", timestamp=f"2026-01-01T{stamp}Z") for stamp in stamps]
    assert active_seconds(read_lines(encoded(*records))) == 301


# --- what cannot be read ---


def write_labelled(folder: Path, *rows: Any) -> Path:
    path = folder / "labelled.jsonl"
    path.write_bytes(b"".join(r if isinstance(r, bytes) else encoded(r) for r in rows))
    return path


def row(name: str, label: str = "healthy", **more: Any) -> dict[str, Any]:
    return {"id": name, "label": label, "from_step": None, "events": f"{name}.jsonl", **more}


def test_what_cannot_be_read_is_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_bytes(encoded({"type": "system"}, results("t1")))
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "binary.jsonl").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "folder.jsonl").mkdir()
    names = "good empty binary folder missing".split()
    path = write_labelled(
        tmp_path, *map(row, names), b"{rubbish\n", b"\n", {"id": "x"}, row("y", "perhaps"), 7
    )
    found = stalls.measure_all(labelled(path))
    assert (found.episodes, found.unread) == (1, 8)
    assert all(name in " ".join(found.unread_episodes) for name in names[1:])
    assert "line 6" in " ".join(found.unread_episodes)


def test_bad_lines_within_a_stream_are_passed(tmp_path: Path) -> None:
    script = Script("bad lines")
    PLAYERS["stuck_command_fails_again"][1](script)
    lines = script.stream().splitlines(keepends=True)
    damaged = [b"\xff\xfe{]\n", b"[1, 2]\n", b'"x"\n', b"{}\n"]
    (tmp_path / "a.jsonl").write_bytes(b"".join(damaged + lines[:9] + damaged + lines[9:]))
    path = write_labelled(tmp_path, row("a", "stuck", from_step=5))
    found = stalls.measure_all(labelled(path))
    assert (found.unread, found.levels["notice"].hits) == (0, 1)


# --- watching ---


def watched(name: str) -> tuple[Seen, Seen]:
    """What the benchmark sees of an episode, and what whole snapshots say after each record."""
    lines = built(name).lines()
    quick = watch(lines, default_rules())
    fold = default_rules().fold()
    watcher, whole = Watcher(fold), Seen()
    for line in lines:
        watcher.add(line)
        stall = fold.snapshot(line.at).stall
        assert fold.stall(line.at) == stall
        if stall is not None and stall.detector is not None:
            for level in (StallLevel.NOTICE, StallLevel.SUSPECTED, StallLevel.STUCK):
                if level.rank <= stall.level.rank:
                    whole.levels.setdefault(level, max(1, watcher.seen.steps))
            whole.shown = whole.shown or stall
    return quick, whole


@pytest.mark.parametrize(
    "name",
    [
        "stuck_three_calls_in_turn",
        "stuck_says_it_word_for_word",
        "stuck_other_agent_repeats",
        "stuck_fresh_prompts_do_the_same",
        "stuck_edit_is_taken_back",
        "healthy_job_is_waited_for",
    ],
)
def test_the_quick_look_says_what_the_whole_snapshot_says(name: str) -> None:
    quick, whole = watched(name)
    assert quick.levels == whole.levels
    assert quick.shown == whole.shown


def test_each_level_has_its_first_step() -> None:
    seen = watch(built("stuck_command_fails_again").lines(), default_rules())
    notice, suspected, stuck = (seen.levels[one] for one in (*StallLevel,) if one)
    assert 5 + 2 <= notice < suspected < stuck <= 5 + 16
    assert seen.first_detector is DetectorName.REPEATED_CALLS
    assert seen.detectors[DetectorName.REPEATED_CALLS] == notice


def test_a_transcript_of_the_cli_is_read_too(tmp_path: Path) -> None:
    """Transcripts have `sessionId`, `isSidechain` and a content that may be a text."""
    script = Script("transcript")
    PLAYERS["stuck_command_fails_again"][1](script)
    records = [json.loads(line) for line in script.stream().splitlines()]
    for record in records:
        record |= {"sessionId": record.pop("session_id"), "isSidechain": False, "parentUuid": None}
    first = {"type": "user", "message": {"role": "user", "content": "Go on."}, "isSidechain": False}
    summary = {"type": "summary", "summary": "Rates", "leafUuid": "x"}
    (tmp_path / "a.jsonl").write_bytes(encoded(summary, first, *records))
    found = stalls.measure_all(labelled(write_labelled(tmp_path, row("a", "stuck", from_step=5))))
    assert (found.levels["notice"].hits, found.levels["notice"].early) == (1, 0)


# --- figures ---


def measured(label: Any, first: int | None, begins: int | None = None, **more: Any) -> Measured:
    seen = Seen(50, 1800.0)
    if first is not None:
        seen.levels[StallLevel.NOTICE] = first
        seen.detectors[DetectorName.SAME_ERROR] = first
    return Measured(Episode("x", label, begins, Path("x"), **more), seen, {})


def test_the_figures_of_a_level() -> None:
    found = figures(
        [
            *(measured("stuck", 9, 5), measured("stuck", 3, 5), measured("stuck", 12, None)),
            *(measured("stuck", None, 5), measured("healthy", 7), measured("healthy", None)),
        ],
        ["y"],
    )
    notice = found.levels["notice"]
    assert (notice.hits, notice.early, notice.recall) == (3, 1, 0.75)
    assert (notice.false_alarms, notice.false_alarm_rate, notice.precision) == (1, 0.5, 0.75)
    assert (notice.per_100_hours, notice.median_steps) == (100.0, 1.0)
    assert found.levels["stop"].recall == found.levels["stop"].precision == 0.0
    assert found.levels["stop"].median_steps is None
    assert (found.episodes, found.stuck, found.healthy, found.unread) == (6, 4, 2, 1)
    assert found.hours_healthy == 1.0
    assert found.detectors == {"same_error": notice}
    assert "3 of 4" in report(found)


def test_each_set_has_figures_of_its_own() -> None:
    found = figures([measured("stuck", 4, set="a"), measured("healthy", None, set="b")], [])
    assert found.sets["a"].levels["notice"].recall == 1.0
    assert (found.sets["b"].stuck, found.sets["b"].healthy) == (0, 1)


def test_nothing_measured_is_no_fault() -> None:
    assert figures([], []).levels["notice"].recall == 0.0
    assert report(figures([], ["x"]))


# --- plain rules ---


def test_three_identical_calls_anywhere() -> None:
    script = Script("rule")
    for number in range(3):
        script.bash("make", "no rule")
        script.bash("make", f"no rule {number}")
        script.bash(f"make {number}", "no rule")
    assert three_identical_calls(read_lines(script.stream())) == 7
    assert three_identical_calls(read_lines(script.stream())[:-9]) is None


@given(st.lists(st.text("abc ", max_size=30), min_size=1, max_size=6))
def test_the_rule_of_the_last_three_messages(texts: list[str]) -> None:
    """The bounds that spare work change nothing."""

    def alike(words: list[str]) -> bool:
        pairs = combinations(words, 2)
        return all(SequenceMatcher(None, one, two).ratio() > 0.85 for one, two in pairs)

    script = Script("texts")
    for words in texts:
        script.say(words)
    spoken = [(n, words) for n, words in enumerate(texts, 1) if words.strip()]
    groups = zip(spoken, spoken[1:], spoken[2:], strict=False)
    plain = next((group[2][0] for group in groups if alike([w for _, w in group])), None)
    assert similar_messages(read_lines(script.stream())) == plain


# --- the command ---


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.stalls", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_the_command_prints_one_object(tmp_path: Path) -> None:
    episode = built("stuck_command_fails_again")
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "a.jsonl").write_bytes(episode.data or b"")
    rows = [
        {"id": "a", "label": "stuck", "from_step": 5, "events": "events/a.jsonl", "set": "one"},
        row("gone"),
    ]
    path = write_labelled(tmp_path, *rows)
    done = run("--labelled", str(path), "--labelled", str(path), "--json")
    assert done.returncode == 0
    assert done.stderr.count("unread: gone: ") == 2
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert (told["schema"], told["episodes"], told["unread"]) == (1, 2, 2)
    assert set(told["levels"]) == {"notice", "nudge", "stop"}
    assert set(told["levels"]["stop"]) == set(
        "hits early recall false_alarms false_alarm_rate per_100_hours precision median_steps".split()
    )
    assert told["sets"]["one"]["levels"]["stop"]["hits"] == 2
    assert told["each"][0]["detector"] == "repeated_calls"
    assert set(told["each"][0]) >= {"id", "label", "notice", "nudge", "stop", "detector"}


def test_a_wrong_call_exits_2(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        stalls.main(["--labelled", str(tmp_path / "none.jsonl")])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        stalls.main(["--unknown"])
    assert ended.value.code == 2


def test_several_processes_say_the_same() -> None:
    episodes = own_episodes()[:20]
    assert stalls.measure_all(episodes, processes=2) == stalls.measure_all(episodes)


def test_an_unreadable_file_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UnreadError, match=r"none\.jsonl: No such file"):
        Episode("x", "stuck", None, tmp_path / "none.jsonl").lines()
