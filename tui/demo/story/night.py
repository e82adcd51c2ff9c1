"""The night: autonomous work on tidebell, with all that a night brings; and plain work elsewhere.

Where it stands is read from the progress file, as an agent would read it: the first open task is
next. So the story goes on by itself after a crash, a rewind or a hand-over. Incidents are played
once per project.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.demo.simulator import incidents
from tui.demo.simulator.tools import ScriptedCall
from tui.demo.story.repository import edits, written
from tui.demo.story.stage import StoryStage
from tui.demo.story.steps import NOTES, PROGRESS, StorySteps, TaskItem, file_name, last_lines

TESTS = "python3 -m unittest"
BUCKET, SCHEDULER = "tidebell/bucket.py", "tidebell/scheduler.py"
INCIDENTS = ("pause", "subagents", "loop", "retries", "compaction", "stall", "crash", "limit")
# Tokens a response adds: over half a window before the compaction, and again before the end.
GROWTH = 8_000
LATE_GROWTH = 19_000
HEARTBEAT = 6.0


def work(stage: StoryStage, tasks: str = "99") -> None:
    """The open tasks of the progress file, each a file, a check and a commit; or one file at all."""
    steps = StorySteps(stage)
    done = 0
    while (items := steps.open_tasks()) and done < int(tasks):
        if not _plain_task(steps, items[0]):
            break
        done += 1
    if not done and not items:
        steps.write("WORK.md", "# Work\n\nDone as asked.\n", "I write down what was asked for.")
        steps.bash("test -s WORK.md && echo checked", what="Check the file")
        steps.commit("Add WORK.md")
    left = len(steps.open_tasks())
    steps.final(f"{done} tasks done; {left} are still open." if left else "All tasks are done.")


def _plain_task(steps: StorySteps, item: TaskItem) -> bool:
    """Does a task; False if it could not be ticked."""
    name = f"work/{file_name(item.key)}.md"
    steps.begin(item)
    steps.write(name, f"# {item.title}\n\nDone.\n", f"Next: {item.title}.")
    steps.bash(f"test -s {name} && echo ok", what="Check the file")
    ticked = steps.tick(item)
    steps.commit(f"Do {item.key}")
    return ticked


def night(stage: StoryStage, incidents: str = "yes", growth: str = str(GROWTH)) -> None:
    """Works on the open tasks until none is left; incidents=no plays an undisturbed night."""
    steps = StorySteps(stage)
    timing = stage.session.timing
    timing.heartbeat = min(timing.heartbeat, HEARTBEAT)
    if incidents != "yes":
        for name in INCIDENTS:
            if not steps.memory.count(f"night.{name}"):
                steps.memory.bump(f"night.{name}")
    _opening(steps)
    blocked = _pass(steps, growth)
    if blocked and len(blocked) < len(steps.tasks()):
        blocked = _pass(steps, growth)  # what came later may have freed what was stuck
    _closing(steps, blocked)


def _first_time(steps: StorySteps, incident: str) -> bool:
    return steps.memory.once(f"night.{incident}")


def _pass(steps: StorySteps, growth: str) -> set[str]:
    """Takes every open task once; returns those whose tests stayed red."""
    blocked: set[str] = set()
    while item := next((one for one in steps.open_tasks() if one.key not in blocked), None):
        late = item.key >= "3" and growth == str(GROWTH)
        steps.stage.growth = LATE_GROWTH if late else int(growth)
        if not _task(steps, item):
            blocked.add(item.key)
            steps.note("Blocked", f"{item.key} {item.title}: the tests stay red. Left open.")
    return blocked


def _opening(steps: StorySteps) -> None:
    if steps.stage.session.resumed:
        words = "Picking the work up again. First I look at what stands."
        steps.bash("git status --short && git log --oneline -3", words, "See where things stand")
        steps.read(PROGRESS)
        return
    plan = "The progress file says what is open; the notes say what was decided. Then the tests."
    files = [ScriptedCall("Read", file_path=str(steps.cwd / name)) for name in (PROGRESS, NOTES)]
    steps.stage.respond("I read the plan and the notes first.", files, thinking=plan)
    steps.bash(TESTS, "Before I change anything: are the tests green?", "Run all tests")


def _task(steps: StorySteps, item: TaskItem) -> bool:
    """One task to its commit; False if the tests would not turn green."""
    scene = SCENES.get(item.key)
    left = len(steps.open_tasks())
    steps.begin(item, f"Next: {item.key}, {item.title}. Tasks open: {left}.")
    _mend(steps, {one.key for one in steps.tasks() if one.done})
    if scene is None:
        name = f"docs/{file_name(item.key)}.md"
        steps.write(name, f"# {item.title}\n\nDone.\n", f"I write down {item.title}.")
    else:
        scene(steps)
    proof = steps.bash(TESTS, "", "Run all tests")
    if proof.failed:
        return False
    words = f"Green: {last_lines(proof, 3).splitlines()[0]}. Ticking {item.key}."
    ticked = steps.tick(item, words)
    steps.commit(f"{item.title} ({item.key})")
    return ticked


def _closing(steps: StorySteps, blocked: set[str]) -> None:
    old = steps.in_progress_line()
    if old:
        steps.edit(PROGRESS, f"## In Progress\n{old}", "## In Progress\n(none)")
    proof = steps.bash(TESTS, "One last run of everything.", "Run all tests")
    items = steps.tasks()
    done = sum(item.done for item in items)
    ran = next((line for line in proof.text.splitlines() if line.startswith("Ran ")), "")
    verdict = "fails" if proof.failed else "passes"
    lines = [f"{done} of {len(items)} tasks are done; the suite {verdict} ({ran})."]
    lines += [f"Left open: {key}." for key in sorted(blocked)]
    steps.note("End of the night", "\n".join(lines), "The notes get a last word.")
    steps.commit("Close the night's notes")
    steps.final("\n".join(["The night is over.", *lines]))


# --- the files of the project ---


def _write(steps: StorySteps, name: str, words: str) -> None:
    """Writes a file of the project as the night leaves it."""
    steps.write(name, written(name), words)


def _apply(steps: StorySteps, name: str, words: str, think: float = 1.4) -> None:
    """Makes the edits of that name that are not made yet; the first is announced."""
    for number, edit in enumerate(edits(name)):
        if edit.new not in steps.content(edit.file):
            steps.edit(*edit, "" if number else words, think=think)


def _test(steps: StorySteps, name: str, words: str = "") -> bool:
    """Whether the tests of that module pass."""
    return not steps.bash(f"{TESTS} tests.test_{name}", words, f"Run {name} tests").failed


def _mend(steps: StorySteps, done: set[str]) -> None:
    """Puts back what ticked tasks have made and somebody has taken away."""
    made = {
        "2.1": ("ties",),
        "2.2": ("ties", "cancel"),
        "2.3": ("ties", "cancel", "repeat", "drift"),
    }
    names = next((names for key, names in reversed(made.items()) if key in done), ())
    if names:
        content = written(SCHEDULER)
        for edit in (edit for name in names for edit in edits(name)):
            content = content.replace(edit.old, edit.new, 1)
        _put_back(steps, SCHEDULER, content)
    for key, name in (
        ("2.4", "tidebell/tides.py"),
        ("3.1", "tidebell/window.py"),
        ("3.3", "tidebell/soak.py"),
    ):
        if key in done:
            _put_back(steps, name, written(name))


def _put_back(steps: StorySteps, name: str, content: str) -> None:
    if not (steps.cwd / name).is_file():
        steps.write(name, content, f"{name} is gone since I last looked. I write it again.")


# --- phase 1 ---


def _fractions(steps: StorySteps) -> None:
    steps.read(BUCKET, "I want to see how the bucket refills.")
    _apply(steps, "fraction_test", "A test first: eight small sips of time.")
    _test(steps, "bucket", "It should be red.")
    _apply(steps, "fraction", "`int()` drops every fraction. Out.")


def _zero(steps: StorySteps) -> None:
    _apply(steps, "zero_test", "Zero must be refused where it comes in.")
    _test(steps, "bucket")
    _apply(steps, "zero", "The constructor is the place to say no.")
    if _first_time(steps, "pause"):
        steps.bash(TESTS, "Phase 1 is whole.", "Run all tests")
        steps.note("Phase 1", "The bucket keeps fractions and refuses zero. The scheduler is next.")
        steps.commit("The bucket keeps fractions and refuses zero")
        steps.stage.session.pause(4)


# --- phase 2 ---


def _heap(steps: StorySteps) -> None:
    _write(steps, "tests/test_scheduler.py", "What a scheduler has to do:")
    _write(steps, SCHEDULER, "And the simplest one that could do it.")
    if not _test(steps, "scheduler"):
        words = (
            "Equal times make the heap compare bells, which cannot be compared. A counter helps."
        )
        _apply(steps, "ties", words, think=0.7)


def _cancel(steps: StorySteps) -> None:
    if _first_time(steps, "subagents"):
        _ask_two(steps)
    words = "Lazy deletion with a count of the dead: two tests say what that means."
    _apply(steps, "cancel_test", words)
    _test(steps, "scheduler")
    _apply(steps, "cancel", "Now the bell gets its `cancel`.", think=0.7)


def _ask_two(steps: StorySteps) -> None:
    def errand(command: str, what: str, file: str, report: str, **given: Any) -> ScriptedCall:
        first = {"command": command, "description": what}
        second = {"file_path": str(steps.cwd / file)}
        script = ([("Bash", first), ("Read", second)], report)
        return ScriptedCall("Agent", agent_script=script, **given)

    calls = [
        errand(
            "grep -n heap -r tidebell | head -20",
            "Find uses of the heap",
            SCHEDULER,
            "Removing from the middle of a heap is linear. Mark bells dead, and sweep at times.",
            description="Weigh ways to cancel",
            subagent_type="Plan",
            prompt="Compare removal from the heap with lazy deletion and report.",
        ),
        errand(
            "git log --stat --oneline | tail -15",
            "Look at the history",
            "tests/test_scheduler.py",
            "No test holds a cancelled bell; a leak would go unseen.",
            description="Look for missing tests",
            subagent_type="Explore",
            prompt="Which cases of cancelling have no test? Report.",
        ),
    ]
    steps.stage.respond("Two ways to cancel a bell. I let two subagents look at them.", calls)


def _repeat(steps: StorySteps) -> None:
    _write(steps, "tests/test_repeat.py", "A slow caller must not shift the bell.")
    if "def every" not in steps.content(SCHEDULER):
        _apply(steps, "repeat", "A bell that hangs itself up again.")
    if _first_time(steps, "loop"):
        _repeat_failing_command(steps)
    why = "The next time was counted from now instead of from when the bell was due: that drifts."
    _apply(steps, "drift", why)


def _repeat_failing_command(steps: StorySteps) -> None:
    command, what = f"{TESTS} tests.test_repeat", "Run the repeat tests"
    steps.bash(command, "", what)
    for words in (
        "Red. The arithmetic looks right to me; perhaps the run was unlucky.",
        "Still red. Once more, to be sure.",
        "The same two failures. I run it again.",
        "Odd. It should pass. Again.",
        "Again the same. One more time.",
    ):
        steps.bash(command, words, what, think=2.5)
        if steps.stage.nudged():
            steps.read(SCHEDULER, "I read the code instead of running it again.")
            return
    steps.read(SCHEDULER, "Running it again teaches me nothing. I read the code.")


def _tides(steps: StorySteps) -> None:
    session = steps.stage.session
    if _first_time(steps, "retries"):
        delays = [delay * session.timing.pace for delay in incidents.backoff(0.5, 4)]
        incidents.retries(session, 529, "overloaded", delays)
    _write(steps, "tests/test_tides.py", "What people write, and what is nonsense:")
    steps.bash(f"{TESTS} tests.test_tides", "", "Run tide tests")
    _write(steps, "tidebell/tides.py", "Two small patterns are enough.")


# --- phase 3 ---


def _window(steps: StorySteps) -> None:
    if _first_time(steps, "compaction"):
        incidents.compact(steps.stage.session, "auto", 3.0)
    _write(steps, "tests/test_window.py", "The promise of a window, as a test:")
    _test(steps, "window")
    _write(steps, "tidebell/window.py", "A deque of the moments taken is all it needs.")


def _threads(steps: StorySteps) -> None:
    _write(steps, "tests/test_threads.py", "Six threads, twenty tokens.")
    steps.bash(f"{TESTS} tests.test_threads", "I expect red.", "Run thread tests")
    if _first_time(steps, "stall"):
        steps.stage.silence(30 * steps.stage.session.timing.pace)
    _apply(steps, "lock", "A lock around look and take; nothing else needs one.", think=0.7)


def _soak(steps: StorySteps) -> None:
    pace = steps.stage.session.timing.pace
    _write(steps, "tidebell/soak.py", "Forty bells, real time, every ring counted.")
    command = f"python3 -m tidebell.soak --seconds {max(0.3, round(24 * pace, 1)):g}"
    if _first_time(steps, "crash"):
        words = "The soak takes a while."
        steps.bash(command, words, "Soak", crash_after=max(0.2, 8 * pace))
    steps.bash(command, "Once more from the start: the soak, to its end.", "Soak")


# --- phase 4 ---


def _readme(steps: StorySteps) -> None:
    session, pace = steps.stage.session, steps.stage.session.timing.pace
    _write(steps, "tests/test_readme.py", "Examples that are never run go stale.")
    steps.bash(f"{TESTS} tests.test_readme", "", "Run the README's examples")
    if _first_time(steps, "limit"):
        incidents.limit_event(session, "allowed_warning", 18 * pace, 0.94)
        incidents.wait_for_limit(session, 18 * pace, 6 * pace)
    _apply(steps, "readme", "It tried too few: the scheduler is missing.")


def _bench(steps: StorySteps) -> None:
    _write(steps, "benchmarks/take.py", "One line per round, so that outliers show.")
    steps.bash("PYTHONPATH=. python3 benchmarks/take.py", "All rounds:", "Run the benchmark")


def _ship(steps: StorySteps) -> None:
    _write(steps, "tidebell/__init__.py", "All of it is public now, as 0.3.0.")
    _apply(steps, "changelog", "And what is new.")


SCENES: dict[str, Callable[[StorySteps], None]] = {
    "1.3": _fractions,
    "1.4": _zero,
    "2.1": _heap,
    "2.2": _cancel,
    "2.3": _repeat,
    "2.4": _tides,
    "3.1": _window,
    "3.2": _threads,
    "3.3": _soak,
    "4.1": _readme,
    "4.2": _bench,
    "4.3": _ship,
}
