"""Which story is played for a prompt.

A marker in the prompt, `[[story:night incidents=no]]`, comes first, several of them play in turn.
Else the first prompt of a process plays the story of `--story` or `OVERNIGHT_AGENT_STORY` (the
same words); without one the night is played in the repository made for it, and plain work anywhere
else. Later prompts are answered, and a lasting story goes on; after a marked story they are only
answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from .instructions import WrapUpRequested, kind_of
from .night import night, work
from .stage import StoryStage
from .steps import StorySteps

_MARKER = re.compile(r"\[\[story:([\w-]+)([^\]]*)\]\]")


class Story(NamedTuple):
    """Something to play: called with the stage and the words of its parameters.

    A lasting one goes on in every turn, the others are played in the first turn only.
    """

    play: Callable[..., object]
    lasting: bool = False


STORIES: Mapping[str, Story] = {"night": Story(night, True), "work": Story(work, True)}


def parse_story(text: str) -> tuple[str, dict[str, str]]:
    """Name and parameters from words such as `work tasks=2`."""
    name, *rest = text.split()
    pairs = (word.partition("=") for word in rest)
    return name, {key: value for key, _, value in pairs}


class Director:
    """Plays stories, prompt by prompt, within one process."""

    def __init__(self, stories: Mapping[str, Story], chosen: str, cwd: Path, resumed: bool) -> None:
        self._stories = stories
        self._chosen = chosen.strip()
        self._cwd = cwd
        self._resumed = resumed
        self._turns = 0
        self._marked = False

    def play(self, stage: StoryStage, prompt: str) -> None:
        """Carries a turn out up to its last words."""
        self._turns += 1
        marked = _MARKER.findall(prompt)
        try:
            if marked:
                self._marked = True
                for name, parameters in marked:
                    self._perform(stage, f"{name} {parameters}")
            else:
                self._unmarked(stage, prompt)
        except WrapUpRequested:
            stage.wrapping = True
            StorySteps(stage).hand_over()

    def _unmarked(self, stage: StoryStage, prompt: str) -> None:
        kind = kind_of(prompt)
        if kind in ("hand-over", "stop") and (self._turns > 1 or self._resumed):
            raise WrapUpRequested(prompt)
        instructed = kind in ("step-back", "undone") or self._turns > 1
        if instructed:
            stage.hear(prompt)
        only_marked = self._marked and not self._chosen
        fresh = self._turns == 1 and not (self._resumed and instructed)
        story = self._chosen or ("night" if (self._cwd / "tidebell").is_dir() else "work")
        chosen = self._find(parse_story(story)[0])
        if not only_marked and (fresh or (chosen is not None and chosen.lasting)):
            self._perform(stage, story)
        else:
            steps = StorySteps(stage)
            steps.bash("git status --short; git log --oneline -3", what="Look at what stands")
            steps.final("That is where things stand. I am ready for the next step.")

    def _find(self, name: str) -> Story | None:
        return self._stories.get(name.replace("-", "_"))

    def _perform(self, stage: StoryStage, words: str) -> None:
        """Plays a story; an unknown one is said to be so, and nothing is done."""
        name, parameters = parse_story(words)
        story = self._find(name)
        if story is None:
            StorySteps(stage).final(f"I know no story called {name}.")
        else:
            story.play(stage, **parameters)
