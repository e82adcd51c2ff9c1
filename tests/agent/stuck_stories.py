"""Stories of an agent that is stuck: one kind each. All but `obsessed` heed a message to step back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, islice

from tests.agent.abilities import AskedCall
from tui.demo.story.stage import StoryStage
from tui.demo.story.steps import StorySteps

FAILING = "python3 -c 'import tidebell_core'"


def _until_nudged(
    stage: StoryStage, times: str, attempt: Callable[[int], object], insight: str
) -> None:
    """Makes the attempts one after the other; once somebody says to step back, other work."""
    steps = StorySteps(stage)
    for number in islice(count(1), int(times)):
        attempt(number)
        if stage.nudged():
            steps.bash("ls; git status --short", "Instead I look at what is there.", "Look around")
            steps.bash("git log --oneline | head -3", "And at what was done.", "Look at the log")
            steps.final(insight)
            return
    steps.final("I give up on this; it fails the same way every time.")


def loop(stage: StoryStage, times: str = "6", command: str = FAILING) -> None:
    """The same failing command again and again."""
    steps = StorySteps(stage)

    def attempt(number: int) -> None:
        words = f"The import still fails. Let me run it once more. (attempt {number})"
        steps.bash(command, words, "Check the import", think=0.6)

    _until_nudged(
        stage,
        times,
        attempt,
        "The module does not exist, so no retry could help. I stopped repeating.",
    )


def obsessed(stage: StoryStage, times: str = "200") -> None:
    """The same failing command in every turn, whatever anybody says but to hand over."""
    steps = StorySteps(stage)
    for attempt in range(1, int(times) + 1):
        steps.bash(FAILING, f"Once more. (attempt {attempt})", "Check the import", think=0.6)
    steps.final("It fails the same way every time.")


def ring(stage: StoryStage, times: str = "12") -> None:
    """Three commands in turn, each with the same answer every time."""
    steps = StorySteps(stage)
    commands = ("git status --short", "ls", FAILING)

    def attempt(number: int) -> None:
        for command in commands:
            steps.bash(command, think=0.4)

    _until_nudged(stage, times, attempt, "I went round in a ring; the module is not there.")


def refused(stage: StoryStage, times: str = "12") -> None:
    """Ever other calls of one kind that nobody allows."""

    def attempt(number: int) -> None:
        call = AskedCall("Bash", command=f"pytest -q tests/test_{number}.py", description="Test")
        stage.respond(f"Let me run test file {number}.", [call], think=0.6)

    _until_nudged(
        stage, times, attempt, "Nobody allows the tests here; I noted that under Blockers."
    )


def same_error(stage: StoryStage, times: str = "20") -> None:
    """Ever other calls behind which one error stands."""
    steps = StorySteps(stage)
    commands = (
        "cp {0} /dev/full",
        "cat {0} > /dev/full",
        "tar cf /dev/full {0}",
        "sort -o /dev/full {0}",
        'python3 -c \'open("/dev/full", "w").write(open("{0}").read())\'',
    )

    def attempt(number: int) -> None:
        name = f"bell-{number}.txt"
        command = commands[number % len(commands)].format(name)
        steps.bash(f"echo {number} > {name}; {command}", f"Then {name}.", think=0.4)

    _until_nudged(stage, times, attempt, "The disk is full; nothing of this could work.")


def same_test(stage: StoryStage, times: str = "20") -> None:
    """The same test fails the same way after ever new edits."""
    steps = StorySteps(stage)
    failing = "import unittest\nfrom bell import tide\n\n\nclass Bell(unittest.TestCase):\n"
    failing += "    def test_tide(self):\n        self.assertEqual(tide(), 'high')\n"
    steps.write("test_bell.py", failing, think=0.4)

    def attempt(number: int) -> None:
        steps.write("bell.py", f"def tide():\n    return ['low', {number}][0]\n", think=0.4)
        steps.bash("python3 -m unittest test_bell", f"Try {number}.", "Run the test", think=0.4)

    _until_nudged(stage, times, attempt, "It was never the value; the list is read wrongly.")


def reverted(stage: StoryStage, times: str = "20") -> None:
    """One file goes back and forth between two contents."""
    steps = StorySteps(stage)

    def attempt(number: int) -> None:
        value = "high" if number % 2 else "low"
        steps.write("bell.py", f"def tide():\n    return '{value}'\n", think=0.4)
        steps.bash(f"python3 -c 'import bell; print(bell.tide())' # {number}", think=0.4)

    _until_nudged(stage, times, attempt, "Both were tried; the caller is what is wrong.")


def monologue(stage: StoryStage, times: str = "30") -> None:
    """Statements without a call, all of them about the same."""

    def attempt(number: int) -> None:
        stage.respond("I am ready to go on with the next task as soon as it is clear.", think=0.6)
        stage.read_messages()

    _until_nudged(stage, times, attempt, "I stopped talking and looked.")
