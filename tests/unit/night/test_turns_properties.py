"""Whatever happens: a fold that is saved and loaded goes on as if it had not been, and keeps within bounds."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.night_script import Script, fold
from tests.unit.night.night_turns import continuation, handover, merged
from tui.model.events import Compaction, UserMessage
from tui.model.records import ProgressFile, Record
from tui.model.stall import DetectorName
from tui.night.fold import NightFold
from tui.night.stuck.turns.wording import shared_words, words_of

OURS = (
    *(DetectorName.REPEATED_TURNS, DetectorName.CONTINUATIONS, DetectorName.HANDOFFS),
    *(DetectorName.COMPACTIONS, DetectorName.MONOLOGUE, DetectorName.REPEATED_PHRASES),
)
Act = Callable[[Script], Record | None]


def _say(text: str) -> Act:
    return lambda script: script.say(text, final=True)


def _step(target: str, answer: str) -> Act:
    return lambda script: script.step("Bash", target, answer)


def _edit(path: str, key: str) -> Act:
    return lambda script: script.step("Edit", path, "updated", key=key, path=path)


ACTS: dict[str, Act] = {
    "prompt": lambda script: script.prompt("go on"),
    "other prompt": lambda script: script.prompt("look at the log of the build"),
    "after a pause": lambda script: script.prompt("go on", 120.0),
    "hook": lambda script: script.add(UserMessage("synthetic", "Stop hook feedback:\nopen tasks")),
    "init": lambda script: script.init(),
    "result": lambda script: script.result(),
    "new session": lambda script: setattr(script, "session", f"s{len(script.events)}"),
    "call": _step("make", "no rule"),
    "other call": _step("ls", "a b"),
    "code": _edit("a.py", "one"),
    "more code": _edit("a.py", "two"),
    "note": _edit("notes.md", "line"),
    "done": _say("The task is complete, nothing is left to do."),
    "done again": _say("I think the task is complete; nothing is left to do."),
    "blocked": _say("The key is not set, so I cannot deploy."),
    "compaction": lambda script: script.add(Compaction("auto", 160_000)),
    "continuation": lambda script: continuation(script.at or 0.0, 1 + len(script.events) % 20),
    "handover": lambda script: handover(script.at or 0.0),
    "tasks": lambda script: ProgressFile("p", script.at, "checkboxes", 1, 4),
}
nights = st.lists(st.sampled_from(sorted(ACTS)), min_size=1, max_size=60)


def written(acts: list[str]) -> list[Record]:
    script, beside = Script(), []
    for act in acts:
        record = ACTS[act](script)
        if record is not None and record not in script.events:
            beside.append(record)
    return merged(script, beside)


def found(made: NightFold) -> list[object]:
    return [one for one in made.findings() if one.detector in OURS]


@settings(max_examples=60, deadline=None)
@given(nights, st.floats(0.0, 1.0))
def test_a_fold_saved_anywhere_goes_on_the_same(acts: list[str], share: float) -> None:
    records = written(acts)
    middle = round(share * len(records))
    again = NightFold.load(fold(records[:middle]).save())
    again.apply(records[middle:])
    assert found(again) == found(fold(records))


@settings(max_examples=60, deadline=None)
@given(nights)
def test_no_night_of_few_rounds_is_called_stuck(acts: list[str]) -> None:
    """A finding has as many rounds as its notice needs, refs to what it rests on, and words."""
    made = fold()
    for record in written(acts):
        made.apply([record])
        for one in made.findings():
            if one.detector not in OURS:
                continue
            assert one.count >= 3
            assert one.evidence and one.refs
            assert all(signal.threshold > 0 for signal in one.signals)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.sampled_from(["prompt", "call", "code", "done", "blocked", "hook"]), max_size=12)
)
def test_a_long_night_keeps_within_bounds(acts: list[str]) -> None:
    made = fold(written(acts * 40))
    assert len(made.save()) < 300_000


@given(st.text(max_size=200), st.text(max_size=200))
def test_the_share_of_words_is_a_share(one: str, other: str) -> None:
    first, second = words_of(one), words_of(other)
    assert 0.0 <= shared_words(first, second) <= 1.0
    assert shared_words(first, second) == shared_words(second, first)
