"""The scripted agent's process: `python -m tui.demo.agent -p …` in the place of `claude -p …`.

Not established for the real program, and decided here: a line on stdin that is no JSON ends the
process with 1; `end_session` in mid-turn ends the turn as an interrupt does; a message's uuid that
was seen before is dropped; `--max-budget-usd` counts what earlier processes of the session spent.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from . import hooks, shapes
from .controls import Controls
from .director import Director, parse_story
from .flags import Options, UsageError, check, parse
from .session import Refused, Session
from .spending import Tokens
from .stage import Stage
from .timing import Timing
from .turns import TurnOver
from .wire import Inbox, Interrupted, Message, Outlet, SessionEnds, Signalled, complain

Json = dict[str, Any]
STOP_HOOK_CAP = 8


class Quit(Exception):
    """The process ends with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Agent:
    """One process of a session."""

    def __init__(self, session: Session, story: str) -> None:
        self.session = session
        self.inbox = session.inbox
        self.director = Director(story, session.cwd, session.resumed)
        self.inbox.on_message = session.receive
        self.inbox.on_control = Controls(session).answer

    def run(self) -> int:
        """Lives until there is nothing left to do; returns the exit code."""
        try:
            if self.session.options.streams_in:
                self._serve()
            else:
                self._turn(self._prompt())
                if not self.inbox.ends_on_eof:
                    self.inbox.wait(None)
        except Quit as quit_:
            return quit_.code
        except SessionEnds:
            return 0
        except Signalled as told:
            self.session.save_cost()
            return 0 if told.number == signal.SIGINT else 128 + told.number
        return 1 if self.session.failed else 0

    def _prompt(self) -> Message:
        text = (self.session.options.prompt + _piped()).strip()
        if not text:
            complain(
                "Error: Input must be provided either through stdin or as a prompt argument "
                "when using --print"
            )
            raise Quit(1)
        self.session.transcript.queue("enqueue", text)
        body = {"message": {"role": "user", "content": text}}
        return Message(body, self.session.timing.stamp())

    def _serve(self) -> None:
        queue, inbox = self.inbox.queue, self.inbox
        while True:
            inbox.clear_interrupts()
            inbox.wait(None, until=lambda: bool(queue) or (inbox.eof and inbox.ends_on_eof))
            if not queue:
                return
            order = {"now": 0, "next": 1, "later": 2}
            message = min(queue, key=lambda one: order.get(one.priority, 1))
            queue.remove(message)
            self._turn(message)

    def _turn(
        self,
        message: Message,
        origin: Json | None = None,
        play: Callable[[Stage], object] | None = None,
    ) -> None:
        self.session.begin_turn(message, origin)
        stage = Stage(self.session)
        stage.grow(len(message.text) // 4)
        try:
            if play is None:
                self.director.play(stage, message.text)
            else:
                play(stage)
            self._heed_stop_hooks(stage)
            over = TurnOver("success", "completed")
        except Interrupted as stop:
            over = stage.interrupted(stop)
        except TurnOver as reached:
            over = reached
        except SessionEnds:
            self.session.end_turn(stage.interrupted(Interrupted()))
            raise
        except Signalled as told:
            if told.number == signal.SIGINT:
                self.session.end_turn(stage.interrupted(told))
                raise Quit(0) from None
            stage.terminated()
            raise
        self.session.end_turn(over)
        self._finish_background(stage)

    def _heed_stop_hooks(self, stage: Stage) -> None:
        session = self.session
        for blocked in range(STOP_HOOK_CAP):
            turn = session.turn
            reason = hooks.at_stop(session, turn.last_text if turn else "", blocked > 0)
            if not reason:
                return
            content = [{"type": "text", "text": f"Stop hook feedback:\n{reason}"}]
            uuid, stamp = shapes.fresh(), session.timing.stamp()
            line = shapes.user(session.id, uuid, stamp, content)
            session.emit({**line, "isSynthetic": True})
            record = {"type": "user", "message": {"role": "user", "content": content}}
            session.transcript.link({**record, "isMeta": True}, uuid, stamp)
            self.director.play(stage, reason)

    def _finish_background(self, stage: Stage) -> None:
        """Background subagents end after the turn and bring a turn of their own."""
        for agent in stage.background:
            self.session.state("running")
            for text, name, given in agent.script:
                agent.step(text, name, given)
            agent.finish()
            text = f"<task-notification>\n<task-id>{agent.id}</task-id>\n</task-notification>"
            origin = {
                "kind": "task-notification",
                "producer": "session-task",
                "runId": agent.run,
            }
            message = Message({"message": {"content": text}}, self.session.timing.stamp())
            self.session.transcript.queue("enqueue", text)
            words = f"The subagent has reported back: {agent.report}"
            self._turn(message, origin, partial(Stage.respond, text=words))
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


def _refuse_resume(options: Options) -> Refused:
    session = options.resume or ""
    words = f"No conversation found with session ID: {session}"
    return Refused(words, shapes.refusal(session, words, Tokens().final()))


def main(argv: list[str] | None = None) -> int:
    """Plays one process; returns its exit code."""
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        if options.version:
            sys.stdout.write(f"{shapes.VERSION} (Claude Code, scripted)\n")
            return 0
        check(options)
    except UsageError as error:
        complain(str(error))
        return 1
    story = options.story or os.environ.get("OVERNIGHT_AGENT_STORY", "")
    timing = Timing.from_environment(os.environ, options.pace, options.clock_scale)
    inbox = Inbox(0 if options.streams_in else None)
    try:
        if options.resume and story.strip() and parse_story(story)[0] == "resume_refused":
            raise _refuse_resume(options)
        session = Session(options, os.environ, timing, inbox)
    except Refused as refused:
        complain(refused.words)
        if refused.result is not None:
            outlet = Outlet(options.output_format)
            outlet.emit(refused.result)
            outlet.finish()
        return 1
    agent = Agent(session, story)
    code = 1
    try:
        code = agent.run()
    finally:
        session.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
