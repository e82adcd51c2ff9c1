"""Judges what was said in a scene, and tells it as Markdown."""

from __future__ import annotations

from itertools import groupby

from tests.real_words.scene import Phase, RealScene, Word

SLACK = 4.0
"""Seconds in which the words of two phases that meet are both right: the process table is read every 2 s."""


def phases_of(scene: RealScene, word: Word) -> list[Phase]:
    """The phases that a word may tell of: those from its beginning to its end, and their borders."""
    found = []
    for number, phase in enumerate(scene.phases):
        ends = scene.phases[number + 1].at if number + 1 < len(scene.phases) else float("inf")
        if phase.at - 1.0 <= word.at and word.since <= ends + SLACK:
            found.append(phase)
    return found


def is_wrong(scene: RealScene, word: Word) -> bool:
    """Whether the word, or the session it is said of, is wrong at its moment."""
    found = phases_of(scene, word)
    return bool(found) and not any(
        word.state in phase.allowed and phase.session in ("", word.session) for phase in found
    )


def wrong_words(scene: RealScene) -> list[Word]:
    """All that was wrong."""
    return [word for word in scene.words if is_wrong(scene, word)]


def report(name: str, about: str, scene: RealScene, fault: str = "") -> str:
    """The sequence of words with what was wrong in it."""
    wrong = wrong_words(scene)
    lines = [f"## {name}: {'WRONG' if wrong or fault else 'right'}", about.split("\n")[0], ""]
    words = sorted(scene.words, key=lambda word: word.at)
    names = {id(word): _phase(scene, word) for word in words}
    begins = words[0].at if words else 0.0
    for (phase, by, state, bad), run in groupby(
        words, key=lambda w: (names[id(w)], w.by, w.state, is_wrong(scene, w))
    ):
        said = list(run)
        sign = "WRONG " if bad else ""
        span = f"{said[0].at - begins:5.0f}-{said[-1].at - begins:.0f} s"
        words_of_it = f"{said[0].session[:8]} · {said[-1].reason[:110]}"
        lines.append(f"- {span} [{phase}] {by}: {sign}**{state}** ×{len(said)} · {words_of_it}")
    lines += [f"- note: {note}" for note in scene.notes]
    if fault:
        lines += ["", "```", fault.rstrip(), "```"]
    return "\n".join([*lines, ""])


def _phase(scene: RealScene, word: Word) -> str:
    before = [phase for phase in scene.phases if phase.at <= word.at]
    return before[-1].name if before else "before"
