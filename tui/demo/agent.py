"""The process in place of the agent.

Not established for the real program, and decided here: a line on stdin that is no JSON ends the
process with 1; `end_session` in mid-turn ends the turn as an interrupt does; a message's uuid that
was seen before is dropped; `--max-budget-usd` counts what earlier processes of the session spent.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from tui.demo.simulator import hooks, shapes
from tui.demo.simulator.controls import ControlRequests
from tui.demo.simulator.flags import FlagError, check, parse
from tui.demo.simulator.session import SimulatedSession, StartRefused
from tui.demo.simulator.timing import StoryTiming
from tui.demo.simulator.turns import TurnEnded
from tui.demo.simulator.wire import (
    InputMessage,
    LineReader,
    LineWriter,
    SessionEnds,
    SignalReceived,
    TurnInterrupted,
    complain,
)
from tui.demo.story.director import STORIES, Director, Story
from tui.demo.story.stage import StoryStage

Json = dict[str, Any]
STOP_HOOK_CAP = 8


class SimulatedAgent:
    """One process of a session."""

    def __init__(self, session: SimulatedSession, director: Director) -> None:
        self.session = session
        self.reader = session.reader
        self.director = director
        self.reader.on_message = session.receive
        self.reader.on_control = ControlRequests(session).answer

    def run(self) -> int:
        """Lives until there is nothing left to do; returns the exit code."""
        try:
            if self.session.options.streams_in:
                self._serve()
            else:
                self._turn(self._prompt())
                if not self.reader.ends_on_eof:
                    self.reader.wait(None)
        except SessionEnds:
            return 0
        except SignalReceived as received:
            self.session.save_cost()
            return 0 if received.number == signal.SIGINT else 128 + received.number
        return 1 if self.session.failed else 0

    def _prompt(self) -> InputMessage:
        text = (self.session.options.prompt + _piped()).strip()
        if not text:
            complain(
                "Error: Input must be provided either through stdin or as a prompt argument "
                "when using --print"
            )
            raise SystemExit(1)
        self.session.transcript.queue("enqueue", text)
        body = {"message": {"role": "user", "content": text}}
        return InputMessage(body, self.session.timing.stamp())

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
            self._turn(message)

    def _turn(self, message: InputMessage, origin: Json | None = None, words: str = "") -> None:
        """Plays a turn to its result; one of the agent's own consists of `words` only."""
        self.session.begin_turn(message, origin)
        stage = StoryStage(self.session)
        stage.grow(len(message.text) // 4)
        try:
            if words:
                stage.respond(words)
            else:
                self.director.play(stage, message.text)
            self._run_stop_hooks(stage)
            end = TurnEnded("success", "completed")
        except TurnInterrupted:
            end = stage.interrupted()
        except TurnEnded as reached:
            end = reached
        except SessionEnds:
            self.session.end_turn(stage.interrupted())
            raise
        except SignalReceived as received:
            if received.number == signal.SIGINT:
                self.session.end_turn(stage.interrupted())
                raise SystemExit(0) from None
            stage.terminated()
            raise
        self.session.end_turn(end)
        self._finish_background(stage)

    def _run_stop_hooks(self, stage: StoryStage) -> None:
        session = self.session
        for blocked in range(STOP_HOOK_CAP):
            turn = session.turn
            reason = hooks.at_stop(session, turn.last_text if turn else "", blocked > 0)
            if not reason:
                return
            session.write_user(f"Stop hook feedback:\n{reason}", synthetic=True, isMeta=True)
            self.director.play(stage, reason)

    def _finish_background(self, stage: StoryStage) -> None:
        """Background subagents end after the turn and bring a turn of their own."""
        for agent in stage.background:
            self.session.state("running")
            for step in agent.script:
                agent.step(*step)
            agent.finish()
            text = f"<task-notification>\n<task-id>{agent.id}</task-id>\n</task-notification>"
            origin = {"kind": "task-notification", "producer": "session-task", "runId": agent.run}
            message = InputMessage({"message": {"content": text}}, self.session.timing.stamp())
            self.session.transcript.queue("enqueue", text)
            words = f"The subagent has reported back: {agent.report}"
            self._turn(message, origin, words)
        stage.background = []


def _piped() -> str:
    """What a pipe or file on stdin adds to a prompt; silence for three seconds ends the wait."""
    import select
    import stat

    try:
        kind = os.fstat(0).st_mode
    except OSError:
        return ""
    if not (stat.S_ISFIFO(kind) or stat.S_ISREG(kind) or stat.S_ISSOCK(kind)):
        return ""
    if not select.select([0], [], [], 3)[0]:
        complain("Warning: no stdin data received in 3s, proceeding without it.")
        return ""
    data = b""
    while piece := os.read(0, 1 << 16):
        data += piece
    text = data.decode("utf-8", "replace").strip()
    return f"\n{text}" if text else ""


def main(argv: list[str] | None = None, stories: Mapping[str, Story] = STORIES) -> int:
    """Plays one process with a choice of stories; returns its exit code."""
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        if options.version:
            sys.stdout.write(f"{shapes.VERSION} (Claude Code, scripted)\n")
            return 0
        check(options)
    except FlagError as error:
        complain(str(error))
        return 1
    timing = StoryTiming.from_environment(os.environ, options.pace, options.clock_scale)
    reader = LineReader(0 if options.streams_in else None)
    try:
        session = SimulatedSession(options, timing, reader)
    except StartRefused as refused:
        complain(refused.words)
        if refused.result is not None:
            writer = LineWriter(options.output_format)
            writer.emit(refused.result)
            writer.finish()
        return 1
    story = options.story or os.environ.get("OVERNIGHT_AGENT_STORY", "")
    agent = SimulatedAgent(session, Director(stories, story, session.cwd, session.resumed))
    try:
        return agent.run()
    finally:
        session.close()


if __name__ == "__main__":
    sys.exit(main())
