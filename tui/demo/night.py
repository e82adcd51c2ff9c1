"""The night: autonomous work on tidebell, with all that a night brings.

Where it stands is read from the progress file, as an agent would read it: the first open task is
next. So the story goes on by itself after a crash, a rewind or a hand-over. Incidents are played
once per project.
"""

from __future__ import annotations

from collections.abc import Callable

from . import incidents, night_late, tasklist
from . import sources as text
from .hands import Hands, last_lines
from .night_late import TESTS, mend
from .stage import Call, Stage
from .tasklist import NOTES, PROGRESS, Item

Scene = Callable[[Hands], None]
# Tokens a response adds: over half a window before the compaction, and again before the end.
GROWTH = 8_000
LATE_GROWTH = 19_000
HEARTBEAT = 6.0


def night(stage: Stage, incidents: str = "yes", growth: str = str(GROWTH)) -> None:
    """Works on the open tasks until none is left; incidents=no plays an undisturbed night."""
    hands = Hands(stage)
    timing = stage.session.timing
    timing.heartbeat = min(timing.heartbeat, HEARTBEAT)
    if incidents != "yes":
        for name in night_late.INCIDENTS:
            if not stage.session.memory.count(name):
                stage.session.memory.bump(name)
    _opening(hands)
    blocked = _pass(hands, growth)
    if blocked and len(blocked) < len(tasklist.tasks(hands.cwd)):
        blocked = _pass(hands, growth)  # what came later may have freed what was stuck
    _closing(hands, blocked)


def _pass(hands: Hands, growth: str) -> set[str]:
    """Takes every open task once; returns those whose tests stayed red."""
    blocked: set[str] = set()
    while item := next(
        (one for one in tasklist.open_tasks(hands.cwd) if one.key not in blocked), None
    ):
        late = item.key >= "3" and growth == str(GROWTH)
        hands.stage.growth = LATE_GROWTH if late else int(growth)
        if not _task(hands, item):
            blocked.add(item.key)
            hands.note("Blocked", f"{item.key} {item.title}: the tests stay red. Left open.")
    return blocked


def _opening(hands: Hands) -> None:
    stage = hands.stage
    if stage.session.resumed:
        words = "Picking the work up again. First I look at what stands."
        hands.bash("git status --short && git log --oneline -3", words, "See where things stand")
        hands.read(PROGRESS)
        return
    papers = [
        Call("Read", file_path=str(hands.cwd / PROGRESS)),
        Call("Read", file_path=str(hands.cwd / NOTES)),
    ]
    plan = "The progress file says what is open; the notes say what was decided. Then the tests."
    stage.respond("I read the plan and the notes first.", papers, thinking=plan)
    hands.bash(TESTS, "Before I change anything: are the tests green?", "Run all tests")


def _task(hands: Hands, item: Item) -> bool:
    """One task to its commit; False if the tests would not turn green."""
    scene = SCENES.get(item.key)
    left = len(tasklist.open_tasks(hands.cwd))
    hands.begin(item, f"Next: {item.key}, {item.title}. Tasks open: {left}.")
    mend(hands, {one.key for one in tasklist.tasks(hands.cwd) if one.done})
    if scene is None:
        name = "".join(c if c.isalnum() else "-" for c in item.key.lower()).strip("-")[:40]
        hands.write(f"docs/{name}.md", f"# {item.title}\n\nDone.\n", f"I write down {item.title}.")
    else:
        scene(hands)
    proof = hands.bash(TESTS, "", "Run all tests")
    if proof.failed:
        return False
    words = f"Green: {last_lines(proof, 3).splitlines()[0]}. Ticking {item.key}."
    ticked = hands.tick(item, words)
    hands.commit(f"{item.title} ({item.key})")
    return ticked


def _closing(hands: Hands, blocked: set[str]) -> None:
    old = tasklist.in_progress_line(hands.cwd)
    if old:
        hands.edit(PROGRESS, f"## In Progress\n{old}", "## In Progress\n(none)")
    proof = hands.bash(TESTS, "One last run of everything.", "Run all tests")
    items = tasklist.tasks(hands.cwd)
    done = sum(item.done for item in items)
    ran = next((line for line in proof.text.splitlines() if line.startswith("Ran ")), "")
    verdict = "fails" if proof.failed else "passes"
    lines = [f"{done} of {len(items)} tasks are done; the suite {verdict} ({ran})."]
    lines += [f"Left open: {key}." for key in sorted(blocked)]
    hands.note("End of the night", "\n".join(lines), "The notes get a last word.")
    hands.commit("Close the night's notes")
    hands.final("\n".join(["The night is over.", *lines]))


# --- scenes: phase 1 ---


def _fractions(hands: Hands) -> None:
    bucket, test = "tidebell/bucket.py", "tests/test_bucket.py"
    hands.read(bucket, "I want to see how the bucket refills.")
    new = text.FRACTION_TEST + text.FRACTION_ANCHOR
    _add_test(hands, test, text.FRACTION_ANCHOR, new, "A test first: eight small sips of time.")
    hands.bash("python3 -m unittest tests.test_bucket", "It should be red.", "Run bucket tests")
    hands.edit(bucket, text.FRACTION_BUG, text.FRACTION_FIX, "`int()` drops every fraction. Out.")


def _zero(hands: Hands) -> None:
    bucket, test = "tidebell/bucket.py", "tests/test_bucket.py"
    new = text.ZERO_TEST + text.FRACTION_ANCHOR
    _add_test(hands, test, text.FRACTION_ANCHOR, new, "Zero must be refused where it comes in.")
    hands.bash("python3 -m unittest tests.test_bucket", "", "Run bucket tests")
    hands.edit(bucket, text.ZERO_BUG, text.ZERO_FIX, "The constructor is the place to say no.")
    if hands.stage.session.memory.once("night.pause"):
        hands.bash(TESTS, "Phase 1 is whole.", "Run all tests")
        hands.note("Phase 1", "The bucket keeps fractions and refuses zero. The scheduler is next.")
        hands.commit("The bucket keeps fractions and refuses zero")
        hands.stage.pause(4)


def _add_test(hands: Hands, name: str, anchor: str, new: str, words: str) -> None:
    """Puts a test before `anchor`, once."""
    path = hands.cwd / name
    if path.is_file() and new not in path.read_text("utf-8"):
        hands.edit(name, anchor, new, words)


# --- phase 2 ---


def _heap(hands: Hands) -> None:
    hands.write("tests/test_scheduler.py", text.TEST_SCHEDULER, "What a scheduler has to do:")
    hands.write("tidebell/scheduler.py", text.SCHEDULER, "And the simplest one that could do it.")
    failed = hands.bash(
        "python3 -m unittest tests.test_scheduler", "", "Run scheduler tests"
    ).failed
    if failed:
        words = (
            "Equal times make the heap compare bells, which cannot be compared. A counter helps."
        )
        for number, (old, new) in enumerate(text.TIE_EDITS):
            hands.edit("tidebell/scheduler.py", old, new, "" if number else words, think=0.7)


def _cancel(hands: Hands) -> None:
    if hands.stage.session.memory.once("night.subagents"):
        _ask_two(hands)
    new = text.CANCEL_TEST + text.CANCEL_ANCHOR
    words = "Lazy deletion with a count of the dead: two tests say what that means."
    _add_test(hands, "tests/test_scheduler.py", text.CANCEL_ANCHOR, new, words)
    hands.bash("python3 -m unittest tests.test_scheduler", "", "Run scheduler tests")
    for number, (old, new) in enumerate(text.CANCEL_EDITS):
        says = "" if number else "Now the bell gets its `cancel`."
        hands.edit("tidebell/scheduler.py", old, new, says, think=0.7)


def _ask_two(hands: Hands) -> None:
    look = {
        "command": "grep -n heap -r tidebell | head -20",
        "description": "Find uses of the heap",
    }
    count = {"command": "git log --stat --oneline | tail -15", "description": "Look at the history"}
    calls = [
        Call(
            "Agent",
            agent_script=(
                [
                    ("", "Bash", look),
                    ("", "Read", {"file_path": str(hands.cwd / "tidebell/scheduler.py")}),
                ],
                "Removing from the middle of a heap is linear. Mark bells dead, and sweep at times.",
            ),
            description="Weigh ways to cancel",
            subagent_type="Plan",
            prompt="Compare removal from the heap with lazy deletion and report.",
        ),
        Call(
            "Agent",
            agent_script=(
                [
                    ("", "Bash", count),
                    ("", "Read", {"file_path": str(hands.cwd / "tests/test_scheduler.py")}),
                ],
                "No test holds a cancelled bell; a leak would go unseen.",
            ),
            description="Look for missing tests",
            subagent_type="Explore",
            prompt="Which cases of cancelling have no test? Report.",
        ),
    ]
    hands.stage.respond("Two ways to cancel a bell. I let two subagents look at them.", calls)


def _repeat(hands: Hands) -> None:
    name = "tidebell/scheduler.py"
    hands.write("tests/test_repeat.py", text.REPEAT_TEST, "A slow caller must not shift the bell.")
    if "def every" not in (hands.cwd / name).read_text("utf-8"):
        anchored = text.REPEAT_ANCHOR + text.REPEAT_ADDED
        hands.edit(name, text.REPEAT_ANCHOR, anchored, "A bell that hangs itself up again.")
    if hands.stage.session.memory.once("night.loop"):
        _go_round(hands)
    why = "The next time was counted from now instead of from when the bell was due: that drifts."
    hands.edit(name, text.REPEAT_BUG, text.REPEAT_FIX, why)
    hands.edit(name, text.REPEAT_BUG_2, text.REPEAT_FIX_2)


def _go_round(hands: Hands) -> None:
    says = (
        "Red. The arithmetic looks right to me; perhaps the run was unlucky.",
        "Still red. Once more, to be sure.",
        "The same two failures. I run it again.",
        "Odd. It should pass. Again.",
        "Again the same. One more time.",
    )
    hands.bash("python3 -m unittest tests.test_repeat", "", "Run the repeat tests")
    for words in says:
        hands.bash(
            "python3 -m unittest tests.test_repeat", words, "Run the repeat tests", think=2.5
        )
        if hands.stage.nudged():
            hands.read("tidebell/scheduler.py", "I read the code instead of running it again.")
            return
    hands.read("tidebell/scheduler.py", "Running it again teaches me nothing. I read the code.")


def _tides(hands: Hands) -> None:
    session = hands.stage.session
    if session.memory.once("night.retries"):
        delays = [delay * session.timing.pace for delay in incidents.backoff(0.5, 4)]
        incidents.retries(session, 529, "overloaded", delays)
    hands.write("tests/test_tides.py", text.TEST_TIDES, "What people write, and what is nonsense:")
    hands.bash("python3 -m unittest tests.test_tides", "", "Run tide tests")
    hands.write("tidebell/tides.py", text.TIDES, "Two small patterns are enough.")


SCENES: dict[str, Scene] = {
    "1.3": _fractions,
    "1.4": _zero,
    "2.1": _heap,
    "2.2": _cancel,
    "2.3": _repeat,
    "2.4": _tides,
    **night_late.SCENES,
}
