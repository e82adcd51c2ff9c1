"""Words instead of work: statements without a call, chants, and the seed's rule of similar messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.night_script import Script, fold
from tests.unit.night.night_turns import (
    ALL_OVER,
    CHINESE,
    DONE,
    GERMAN,
    NEGATIVE_WORDS,
    PARAPHRASED,
    POSITIVE_WORDS,
    Case,
    says,
)
from tui.model.stall import DetectorName, Stall
from tui.model.state import StallKind, StallThresholds
from tui.night.fold import NightFold
from tui.night.stuck.similarity import repeated_phrase
from tui.night.stuck.turns.wording import say_the_same, words_of

MONOLOGUE, SIMILAR = DetectorName.MONOLOGUE, DetectorName.SIMILAR_MESSAGES
ON = StallThresholds(disabled_detectors=())


def ever(
    case: Case, name: DetectorName = MONOLOGUE, limits: StallThresholds | None = None
) -> list[Stall]:
    script = Script()
    case(script)
    made, seen = fold(thresholds=limits), []
    for event in script.events:
        made.apply([event])
        seen += [one for one in made.findings() if one.detector == name]
    return seen


@pytest.mark.parametrize("name", POSITIVE_WORDS)
def test_words_without_work_are_found(name: str) -> None:
    stalls = ever(POSITIVE_WORDS[name])
    assert stalls
    assert stalls[-1].kind == StallKind.LOOP
    assert stalls[-1].refs and stalls[-1].steps


@pytest.mark.parametrize("name", NEGATIVE_WORDS)
def test_words_on_the_way_are_left_alone(name: str) -> None:
    assert ever(NEGATIVE_WORDS[name]) == []


@pytest.mark.parametrize(("times", "found"), [(3, False), (4, True)])
def test_four_equal_statements_are_enough(times: int, found: bool) -> None:
    assert bool(ever(says(*DONE[:times]))) is found


@pytest.mark.parametrize(("times", "found"), [(7, False), (8, True)])
def test_eight_statements_of_whatever_kind_are_enough(times: int, found: bool) -> None:
    assert bool(ever(says(*ALL_OVER[:times]))) is found


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("I go on now with it.",) * 4, "4 messages say the same, and no tool call between"),
        (DONE[:4], "4 messages say the same in other words, and no tool call between"),
        (
            tuple(f"Attempt {number}: I go on with the task." for number in range(4)),
            "4 messages say the same but for the numbers, and no tool call between",
        ),
        (ALL_OVER[:8], "8 messages follow each other, and no tool call between"),
    ],
)
def test_the_evidence_says_how_much_is_equal(texts: tuple[str, ...], words: str) -> None:
    assert ever(says(*texts))[0].evidence[0].startswith(words)


def test_a_call_ends_it() -> None:
    script = Script()
    says(*DONE)(script)
    script.step("Bash", "ls", "a b")
    assert list(fold(script.events).findings()) == []


def test_monologues_reach_the_higher_levels_without_a_single_call() -> None:
    script = Script()
    says(*DONE, *DONE, *DONE, *DONE)(script)
    stall = fold(script.events).snapshot((script.at or 0.0) + 1.0).stall
    assert stall is not None
    assert stall.level == "stuck"


@pytest.mark.parametrize("middle", [4, 5, 7, 9])
def test_a_fold_saved_in_the_middle_goes_on(middle: int) -> None:
    script = Script()
    says(*DONE)(script)
    again = NightFold.load(fold(script.events[:middle]).save())
    again.apply(script.events[middle:])
    assert list(again.findings()) == list(fold(script.events).findings()) != []


# --- by their words ---


def same(one: str, before: str) -> bool:
    return say_the_same(one, words_of(one), before, words_of(before))


@pytest.mark.parametrize("texts", [DONE, CHINESE, GERMAN, *PARAPHRASED.values()])
def test_the_same_in_other_words(texts: tuple[str, ...]) -> None:
    again = [any(same(one, other) for other in texts[:place]) for place, one in enumerate(texts)]
    assert again.count(False) <= 1 + len(texts) // 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The parser is done, the tests of it pass.", "The writer is next, its tests fail."),
        ("任务已经完成，没有剩余工作。", "我现在开始阅读解析器的代码。"),
        ("Yes.", "No."),
        ("", "The task is complete."),
        ("Now I write the parcel module.", "Now I write the tariff module."),
        (
            "The lexer is finished, next is the printer.",
            "The parser is finished, next is the lexer.",
        ),
        ("Die Aufgabe ist erledigt.", "Die Datei ist zu gross geworden."),
    ],
)
def test_other_statements(one: str, other: str) -> None:
    assert not same(one, other)


@pytest.mark.parametrize("name", PARAPHRASED)
def test_paraphrases_are_found_within_six(name: str) -> None:
    assert ever(says(*PARAPHRASED[name][:6]))


@given(st.text(max_size=300))
def test_every_text_says_the_same_as_itself(text: str) -> None:
    assert same(text, text)


# --- chants ---

_NAMES = "table fence indented list code base64 dump".split()
_ROW = "| parser | ok | nothing to report here, all is well |\n"
_LOG = "INFO heartbeat received from worker, everything is fine\n"


@pytest.mark.parametrize(
    "text",
    [
        "| part | state | remark |\n| --- | --- | --- |\n" + _ROW * 30,
        "```\n" + _LOG * 40 + "```\nThat is the log.",
        "The log:\n\n" + "    " + _LOG.replace("\n", "\n    ") * 40,
        "- [ ] write the tests for this module of the parser\n" * 20,
        "```python\n" + "    assert parse(text) == expected_result\n" * 30 + "```",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w" * 20,
        "0x00000000 de ad be ef 00 01 02 03\n" * 40,
    ],
    ids=_NAMES,
)
def test_what_repeats_by_its_form_is_no_chant(text: str) -> None:
    assert repeated_phrase(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "Let me check. " + "I should look at the failing test again. " * 40,
        "I should look at the failing test again.\n" * 40,
        "```\nmake\n```\n" + "I will now try to run the build once more.\n\n" * 30,
        "我应该再次查看失败的测试，然后再运行一次构建看看结果如何。" * 30,
    ],
    ids=["in a line", "line by line", "after code", "Chinese"],
)
def test_what_repeats_its_words_is_a_chant(text: str) -> None:
    assert repeated_phrase(text) >= 6


# --- the seed's rule ---


def test_similar_messages_are_off_by_default() -> None:
    same = says(*["I will now continue with the next step."] * 5)
    assert ever(same, SIMILAR) == []
    assert len(ever(same, SIMILAR, ON)) == 3


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (tuple(f"Now I read the next part, number {n}." for n in range(3)), True),
        (("Now I read part one.", "Now I read part two."), False),
        (("Now I read part one.", "Quite another sentence!", "Now I read part one."), False),
    ],
)
def test_the_last_three_messages_pairwise(texts: tuple[str, ...], found: bool) -> None:
    assert bool(ever(says(*texts), SIMILAR, ON)) is found
