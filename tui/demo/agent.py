"""The process in place of the agent, and which story it plays for a prompt.

A marker in the prompt, `[[story:night incidents=no]]`, comes first, several of them play in turn.
Else the first prompt of a process plays the story of `--story` or `OVERNIGHT_AGENT_STORY` (the
same words); without one the night is played in the repository made for it, and plain work anywhere
else. Later prompts are answered, and a lasting story goes on; after a marked story they are only
answered.

Not established for the real program, and decided here: a line on stdin that is no JSON ends the
process with 1; `end_session` in mid-turn ends the turn as an interrupt does; a message's uuid that
was seen before is dropped; `--max-budget-usd` counts what earlier processes of the session spent.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

from tui.demo.simulator import wire
from tui.demo.simulator.flags import AgentFlags, FlagError
from tui.demo.simulator.session import ControlRequests, SimulatedSession, StartRefused
from tui.demo.simulator.shapes import VERSION
from tui.demo.simulator.timing import StoryTiming
from tui.demo.simulator.turns import TurnEnded
from tui.demo.story.instructions import WrapUpRequested, kind_of
from tui.demo.story.night import night, work
from tui.demo.story.stage import StoryStage
from tui.demo.story.steps import StorySteps

_MARKER = re.compile(r"\[\[story:([\w-]+)([^\]]*)\]\]")


class Story(NamedTuple):
    """Something to play: called with the stage and the words of its parameters.

    A lasting one goes on in every turn, the others are played in the first turn only.
    """

    play: Callable[..., object]
    lasting: bool = False


def parse_story(text: str) -> tuple[str, dict[str, str]]:
    """Name and parameters from words such as `work tasks=2`."""
    name, *rest = text.split()
    pairs = (word.partition("=") for word in rest)
    return name, {key: value for key, _, value in pairs}


class SimulatedAgent:
    """One process of a session. Tests derive one with stories and abilities of their own."""

    stories: ClassVar[Mapping[str, Story]] = {
        "night": Story(night, lasting=True),
        "work": Story(work, lasting=True),
    }
    stage: ClassVar[type[StoryStage]] = StoryStage
    controls: ClassVar[type[ControlRequests]] = ControlRequests

    def __init__(self, session: SimulatedSession) -> None:
        self.session = session
        self.reader = session.reader
        self.reader.on_message = session.receive
        self.reader.on_control = self.controls(session).receive
        chosen = session.options.story or os.environ.get("OVERNIGHT_AGENT_STORY", "")
        self._chosen = chosen.strip()
        self._turns = 0
        self._marked = False

    def run(self) -> int:
        """Lives until there is nothing left to do; returns the exit code."""
        try:
            if not self.session.options.streams_in:
                self._queue_prompt()
            self._serve()
        except wire.SessionEnds:
            return 0
        except wire.SignalReceived as received:
            self.session.save_cost()
            return 0 if received.number == signal.SIGINT else 128 + received.number
        return 1 if self.session.failed else 0

    def prompt(self) -> str:
        return self.session.options.prompt.strip()

    def _queue_prompt(self) -> None:
        text = self.prompt()
        if not text:
            wire.complain(
                "Error: Input must be provided either through stdin or as a prompt argument "
                "when using --print"
            )
            raise SystemExit(1)
        self.session.transcript.queue("enqueue", text)
        body = {"message": {"role": "user", "content": text}}
        self.reader.queue.append(wire.InputMessage(body, self.session.timing.stamp()))

    def _serve(self) -> None:
        queue, reader = self.reader.queue, self.reader
        while True:
            reader.clear_interrupts()
            reader.wait(None, until=lambda: bool(queue) or (reader.eof and reader.ends_on_eof))
            if not queue:
                return
            order = {"now": 0, "next": 1, "later": 2}
            message = min(queue, key=lambda one: order.get(one.priority, 1))
            queue.remove(message)
            self.play_turn(message)

    def play_turn(self, message: wire.InputMessage) -> None:
        """Plays a turn to its result."""
        self.session.begin_turn(message)
        stage = self.stage(self.session)
        stage.grow(len(message.text) // 4)
        try:
            self.answer(stage, message)
            end = TurnEnded("success", "completed")
        except wire.TurnInterrupted:
            end = stage.interrupted()
        except TurnEnded as reached:
            end = reached
        except wire.SessionEnds:
            self.session.end_turn(stage.interrupted())
            raise
        except wire.SignalReceived as received:
            if received.number == signal.SIGINT:
                self.session.end_turn(stage.interrupted())
                raise SystemExit(0) from None
            stage.terminated()
            raise
        self.session.end_turn(end)

    def answer(self, stage: StoryStage, message: wire.InputMessage) -> None:
        """Carries a turn out up to its last words."""
        self.play(stage, message.text)

    def play(self, stage: StoryStage, prompt: str) -> None:
        """Plays the stories that are marked in a prompt, or what the prompt calls for."""
        self._turns += 1
        marked = _MARKER.findall(prompt)
        try:
            for name, parameters in marked:
                self._marked = True
                self._perform(stage, f"{name} {parameters}")
            if not marked:
                self._unmarked(stage, prompt)
        except WrapUpRequested:
            stage.wrapping = True
            StorySteps(stage).hand_over()

    def _unmarked(self, stage: StoryStage, prompt: str) -> None:
        kind, resumed = kind_of(prompt), self.session.resumed
        if kind in ("hand-over", "stop") and (self._turns > 1 or resumed):
            raise WrapUpRequested(prompt)
        instructed = kind in ("step-back", "undone") or self._turns > 1
        if instructed:
            stage.hear(prompt)
        only_marked = self._marked and not self._chosen
        fresh = self._turns == 1 and not (resumed and instructed)
        words = self._chosen or ("night" if (self.session.cwd / "tidebell").is_dir() else "work")
        story = self.stories.get(parse_story(words)[0])
        if not only_marked and (fresh or (story is not None and story.lasting)):
            self._perform(stage, words)
        else:
            steps = StorySteps(stage)
            steps.bash("git status --short; git log --oneline -3", what="Look at what stands")
            steps.final("That is where things stand. I am ready for the next step.")

    def _perform(self, stage: StoryStage, words: str) -> None:
        """Plays a story; an unknown one is said to be so, and nothing is done."""
        name, parameters = parse_story(words)
        story = self.stories.get(name)
        if story is None:
            StorySteps(stage).final(f"I know no story called {name}.")
        else:
            story.play(stage, **parameters)


def main(agent: type[SimulatedAgent] = SimulatedAgent) -> int:
    """Plays one process; returns its exit code."""
    try:
        options = AgentFlags(sys.argv[1:])
    except FlagError as error:
        wire.complain(str(error))
        return 1
    if options.version:
        sys.stdout.write(f"{VERSION} (Claude Code, scripted)\n")
        return 0
    reader = wire.LineReader(0 if options.streams_in else None)
    try:
        session = SimulatedSession(options, StoryTiming(os.environ), reader)
    except StartRefused as refused:
        wire.complain(refused.words)
        if refused.result is not None:
            wire.LineWriter().emit(refused.result)
        return 1
    try:
        return agent(session).run()
    finally:
        session.registry.remove()


if __name__ == "__main__":
    sys.exit(main())
