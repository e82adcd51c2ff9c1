"""The second half of the night: trust, shipping, and most of what goes wrong."""

from __future__ import annotations

from collections.abc import Callable

from . import incidents
from . import sources as early
from . import sources_late as text
from .hands import Hands
from .incidents import compact

TESTS = "python3 -m unittest"
INCIDENTS = tuple(
    f"night.{name}"
    for name in (
        "pause",
        "subagents",
        "loop",
        "retries",
        "compaction",
        "stall",
        "crash",
        "limit",
    )
)


def standing(hands: Hands, name: str, content: str) -> None:
    """Writes a file that should be there and is not: somebody took it back."""
    if not (hands.cwd / name).is_file():
        hands.write(name, content, f"{name} is gone since I last looked. I write it again.")


def standing_scheduler(hands: Hands, upto: str) -> None:
    """The scheduler as it is after "ties", "cancel" or "repeat"."""
    content = early.SCHEDULER
    edits = list(early.TIE_EDITS)
    if upto != "ties":
        edits += early.CANCEL_EDITS
    for old, new in edits:
        content = content.replace(old, new, 1)
    if upto == "repeat":
        content = content.replace(early.REPEAT_ANCHOR, early.REPEAT_ANCHOR + early.REPEAT_ADDED, 1)
        content = content.replace(early.REPEAT_BUG, early.REPEAT_FIX, 1)
        content = content.replace(early.REPEAT_BUG_2, early.REPEAT_FIX_2, 1)
    standing(hands, "tidebell/scheduler.py", content)


def mend(hands: Hands, done: set[str]) -> None:
    """Puts back what ticked tasks have made and somebody has taken away."""
    for key, upto in (("2.3", "repeat"), ("2.2", "cancel"), ("2.1", "ties")):
        if key in done:
            standing_scheduler(hands, upto)
            break
    for key, name, content in (
        ("2.4", "tidebell/tides.py", early.TIDES),
        ("3.1", "tidebell/window.py", text.WINDOW),
        ("3.3", "tidebell/soak.py", text.SOAK),
    ):
        if key in done:
            standing(hands, name, content)


def _window(hands: Hands) -> None:
    session = hands.stage.session
    if session.memory.once("night.compaction"):
        compact(hands.stage, "auto", 3.0)
    hands.write("tests/test_window.py", text.TEST_WINDOW, "The promise of a window, as a test:")
    hands.bash("python3 -m unittest tests.test_window", "", "Run window tests")
    hands.write("tidebell/window.py", text.WINDOW, "A deque of the moments taken is all it needs.")


def _threads(hands: Hands) -> None:
    session = hands.stage.session
    hands.write("tests/test_threads.py", text.TEST_THREADS, "Six threads, twenty tokens.")
    hands.bash("python3 -m unittest tests.test_threads", "I expect red.", "Run thread tests")
    if session.memory.once("night.stall"):
        hands.stage.silence(30 * session.timing.pace)
    for number, (old, new) in enumerate(text.LOCK_EDITS):
        path = hands.cwd / "tidebell/bucket.py"
        if path.is_file() and new not in path.read_text("utf-8"):
            words = "" if number else "A lock around look and take; nothing else needs one."
            hands.edit("tidebell/bucket.py", old, new, words, think=0.7)


def _soak(hands: Hands) -> None:
    session = hands.stage.session
    hands.write("tidebell/soak.py", text.SOAK, "Forty bells, real time, every ring counted.")
    seconds = max(0.3, round(24 * session.timing.pace, 1))
    command = f"python3 -m tidebell.soak --seconds {seconds:g}"
    if session.memory.once("night.crash"):
        words = "The soak takes a while."
        hands.bash(command, words, "Soak", crash_after=max(0.2, 8 * session.timing.pace))
    hands.bash(command, "Once more from the start: the soak, to its end.", "Soak")


def _readme(hands: Hands) -> None:
    session = hands.stage.session
    pace = session.timing.pace
    hands.write("tests/test_readme.py", text.TEST_README, "Examples that are never run go stale.")
    hands.bash("python3 -m unittest tests.test_readme", "", "Run the README's examples")
    if session.memory.once("night.limit"):
        incidents.limit_event(session, "allowed_warning", 18 * pace, 0.94)
        incidents.wait_for_limit(session, 18 * pace, 6 * pace)
    readme = hands.cwd / "README.md"
    if text.README_ADDED not in readme.read_text("utf-8"):
        added = text.README_ADDED + text.README_ANCHOR
        hands.edit(
            "README.md", text.README_ANCHOR, added, "It tried too few: the scheduler is missing."
        )


def _bench(hands: Hands) -> None:
    hands.write("benchmarks/take.py", text.BENCH, "One line per round, so that outliers show.")
    hands.bash("PYTHONPATH=. python3 benchmarks/take.py", "All rounds:", "Run the benchmark")


def _ship(hands: Hands) -> None:
    hands.write("tidebell/__init__.py", text.INIT, "All of it is public now, as 0.3.0.")
    changelog = hands.cwd / "CHANGELOG.md"
    if "## 0.3.0" not in changelog.read_text("utf-8"):
        hands.edit("CHANGELOG.md", text.CHANGELOG_ANCHOR, text.CHANGELOG_ADDED, "And what is new.")


SCENES: dict[str, Callable[[Hands], None]] = {
    "3.1": _window,
    "3.2": _threads,
    "3.3": _soak,
    "4.1": _readme,
    "4.2": _bench,
    "4.3": _ship,
}
