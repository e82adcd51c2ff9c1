"""Which story is played for a prompt.

A marker in the prompt, `[[story:loop times=4]]`, comes first, several of them play in turn. Else
the first prompt of a process plays the story of `--story` or `OVERNIGHT_AGENT_STORY` (the same
words, or the path of a JSON file with steps); without one the night is played in the repository
made for it, and plain work anywhere else. Later prompts are answered and, where a story has open
tasks, it goes on; after a marked story they are only answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .hands import Hands
from .stage import Stage
from .steering import WrapUp, kind_of

_MARKER = re.compile(r"\[\[story:([\w-]+)([^\]]*)\]\]")
LASTING = ("night", "work", "planted", "continue_needed")

Story = tuple[str, dict[str, str]]


def parse_story(text: str) -> Story:
    """Name and parameters from words such as `crash after=2`."""
    name, *rest = text.split()
    pairs = (word.partition("=") for word in rest)
    return name, {key: value for key, _, value in pairs}


def stories_in(prompt: str) -> list[Story]:
    return [parse_story(f"{name} {rest}") for name, rest in _MARKER.findall(prompt)]


class Director:
    """Plays stories, prompt by prompt, within one process."""

    def __init__(self, chosen: str, cwd: Path, resumed: bool) -> None:
        self._chosen = chosen
        self._cwd = cwd
        self._resumed = resumed
        self._turns = 0
        self._scripted = False

    def play(self, stage: Stage, prompt: str) -> None:
        """Carries a turn out up to its last words."""
        self._turns += 1
        marked = stories_in(prompt)
        try:
            if marked:
                self._scripted = True
                for name, parameters in marked:
                    perform(stage, name, parameters)
            else:
                self._unmarked(stage, prompt)
        except WrapUp:
            stage.wrapping = True
            Hands(stage).hand_over()

    def _unmarked(self, stage: Stage, prompt: str) -> None:
        name, parameters = self._story()
        kind = kind_of(prompt)
        if kind in ("hand-over", "stop") and (self._turns > 1 or self._resumed):
            raise WrapUp(prompt)
        told = kind in ("step-back", "undone") or self._turns > 1
        if told:
            stage.hear(prompt)
        only_marked = self._scripted and not self._chosen.strip()
        fresh = self._turns == 1 and not (self._resumed and told)
        if not only_marked and (name in LASTING or fresh):
            perform(stage, name, parameters)
        else:
            self._answer(stage)

    def _answer(self, stage: Stage) -> None:
        hands = Hands(stage)
        hands.bash("git status --short; git log --oneline -3", what="Look at what stands")
        hands.final("That is where things stand. I am ready for the next step.")

    def _story(self) -> Story:
        if self._chosen.endswith(".json"):
            return "steps", {"file": self._chosen}
        if self._chosen.strip():
            return parse_story(self._chosen)
        return ("night" if (self._cwd / "tidebell").is_dir() else "work"), {}


def perform(stage: Stage, name: str, parameters: dict[str, str]) -> None:
    """Plays a story by name; an unknown one is said to be so, and nothing is done."""
    if name == "night":
        from .night import night

        night(stage, **parameters)
    elif name == "planted":
        from .plants import planted

        planted(stage, **parameters)
    elif name == "steps":
        play_steps(stage, Path(parameters["file"]))
    else:
        from .scenarios import SCENARIOS

        scenario = SCENARIOS.get(name.replace("-", "_"))
        if scenario is None:
            Hands(stage).final(f"I know no story called {name}.")
        else:
            scenario(stage, **parameters)


def play_steps(stage: Stage, path: Path) -> None:
    """Plays a JSON list of steps: `{"do": "bash", "command": …}` names one of the hands' verbs,
    or a story: `{"story": "loop times=4"}`."""
    hands = Hands(stage)
    verbs: dict[str, Callable[..., object]] = {
        "say": hands.final,
        "bash": hands.bash,
        "write": hands.write,
        "edit": hands.edit,
        "read": hands.read,
        "commit": hands.commit,
        "note": hands.note,
        "pause": stage.pause,
        "silence": stage.silence,
    }
    steps: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    for step in steps:
        if "story" in step:
            perform(stage, *parse_story(str(step["story"])))
            continue
        given = {key: value for key, value in step.items() if key != "do"}
        verbs[str(step["do"])](**given)
