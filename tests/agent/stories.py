"""Short stories by name: one behaviour each, for tests.

Durations given as parameters are seconds of the wall clock, whatever the pace; tests ask for
exactly what they need.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.agent import heavy_stories, stuck_stories
from tests.agent.abilities import (
    AgentOfTests,
    AskedCall,
    BackgroundCall,
    StageOfTests,
    api_failure,
    checked,
)
from tests.agent.planted_night import planted
from tui.demo import agent
from tui.demo.agent import SimulatedAgent, Story, parse_story
from tui.demo.simulator import incidents
from tui.demo.simulator.flags import FlagError
from tui.demo.simulator.spending import price_of
from tui.demo.simulator.tools import ScriptedCall
from tui.demo.simulator.turns import TurnEnded
from tui.demo.simulator.wire import complain
from tui.demo.story.night import work
from tui.demo.story.stage import StoryStage
from tui.demo.story.steps import StorySteps, last_lines


def hello(stage: StoryStage, text: str = "Hello from the scripted agent.") -> None:
    stage.respond(text.replace("_", " "), think=0.3)


def stall(stage: StoryStage, seconds: str = "600") -> None:
    """A tool call, then an API call that gives nothing for a long time."""
    steps = StorySteps(stage)
    steps.bash("echo before the stall", "One look first.")
    stage.silence(float(seconds))
    steps.final("Back after a long silence.")


def long_tool(stage: StoryStage, seconds: str = "90", gate: str = "") -> None:
    """A tool with heartbeats; with a gate it ends as soon as that file exists."""
    steps = StorySteps(stage)
    command = f"sleep {seconds}; echo finished"
    if gate:
        # It ends by itself where nobody is left to open the gate.
        command = f"while [ ! -e {gate} ] && [ $SECONDS -lt 120 ]; do sleep 0.02; done; echo open"
    steps.bash(command, "Starting a long command.", "Run the long command")
    steps.bash("echo second step", "The next step.")
    steps.final("Both steps are done.")


def retry(stage: StoryStage, times: str = "3", delay: str = "0.05", status: str = "529") -> None:
    """A burst of API retries that ends well."""
    code = int(status) or None
    errors = {529: "overloaded", 429: "rate_limit", 401: "authentication_failed", None: "unknown"}
    delays = incidents.backoff(float(delay), int(times))
    incidents.retries(stage.session, code, errors.get(code, "server_error"), delays)
    stage.respond("Recovered after the retries.")


def rate_limit(stage: StoryStage, resets_in: str = "2", ends: str = "no") -> None:
    """A usage limit: waited out, or with ends=yes the end of the turn."""
    session = stage.session
    incidents.limit_event(session, "allowed_warning", float(resets_in), 0.93)
    stage.respond("Close to the limit.", [ScriptedCall("Bash", command="date", description="Look")])
    if ends == "yes":
        incidents.limit_event(session, "rejected", float(resets_in), 1.0)
        at = session.timing.now() + float(resets_in) * session.timing.scale
        clock = time.strftime("%H:%M", time.gmtime(at))
        words = f"You've hit your limit · resets {clock} (UTC)"
        raise api_failure(session, words, "rate_limit", 429, "rate_limit_error")
    incidents.wait_for_limit(session, float(resets_in), max(0.2, float(resets_in) / 4))
    stage.respond("The limit has reset; going on.")


def crash(stage: StoryStage, after: str = "1", times: str = "1", seconds: str = "0.2") -> None:
    """Some calls, then death in mid-tool; once it has happened `times` times, plain work."""
    steps = StorySteps(stage)
    if steps.memory.count("crash") >= int(times):
        steps.bash("git status --short", "Resuming where it broke off.", "Look around")
        work(stage)
        return
    for number in range(int(after)):
        steps.bash(f"echo step {number + 1}", f"Step {number + 1}.")
    steps.memory.bump("crash")
    steps.bash("sleep 2; echo never", "This will not end well.", crash_after=float(seconds))


def spend(stage: StageOfTests, usd: str = "1", calls: str = "1") -> None:
    """Responses that together cost so many dollars."""
    rate = price_of(stage.session.model).output / 1_000_000
    share = round(float(usd) / int(calls) / rate)
    for number in range(int(calls)):
        stage.more_output = share
        command = f"echo spent {number + 1}"
        stage.respond(
            "Thinking hard.", [ScriptedCall("Bash", command=command, description="Count")]
        )
    stage.respond("That was expensive.")


def compact(stage: StoryStage, before: str = "900000") -> None:
    stage.session.context = max(stage.session.context, int(before))
    steps = StorySteps(stage)
    steps.bash("echo filled", "The context is nearly full.")
    incidents.compact(stage.session, "auto")
    steps.bash("echo after", "Going on after the summary.")
    steps.final("Done after a compaction.")


def context_fill(stage: StoryStage, share: str = "0.7", steps: str = "4", rest: str = "0") -> None:
    """The context grows to a share of the window; then `rest` more calls."""
    agent = StorySteps(stage)
    target, count = float(share) * stage.session.window, int(steps)
    first = stage.session.context
    for number in range(1, count + 1):
        goal = first + (target - first) * number / count
        stage.grow(max(0, int(goal - stage.session.context)))
        agent.bash(f"echo chapter {number}", f"Reading chapter {number}.")
    for number in range(int(rest)):
        agent.bash(f"echo more {number + 1}; sleep 0.2")
    agent.final(f"The context is at {stage.session.context} tokens.")


def subagents(stage: StoryStage, background: str = "no") -> None:
    """Two subagents, waited for or in the background."""
    later = background == "yes"
    kind = BackgroundCall if later else ScriptedCall
    errands = {"Explore tests": "ls -R . | head -20", "Explore history": "git log --oneline | head"}
    calls = []
    for name, command in errands.items():
        step = ("Bash", {"command": command, "description": "Look"}, "Looking." if later else "")
        calls.append(
            kind(
                "Agent",
                agent_script=([step], f"{name}: seen."),
                description=name,
                subagent_type="general-purpose",
                prompt=f"{name} and report.",
                run_in_background=later,
            )
        )
    stage.respond("I send two subagents.", calls)
    stage.respond("Both subagents are on it." if later else "Both have reported.")


def continue_needed(stage: StoryStage, per_turn: str = "1", progress: str = "yes") -> None:
    """Ends its turn while tasks are open."""
    if progress != "yes":
        StorySteps(stage).bash("git status --short", "Having a look.", "Look around")
        stage.respond("I looked around. More is to be done.")
        return
    work(stage, per_turn)


def max_turns(stage: StoryStage, n: str = "3") -> None:
    limit = stage.session.options.max_turns or int(n)
    for number in range(limit):
        StorySteps(stage).bash(f"echo round {number + 1}", think=0.2)
    raise TurnEnded("error_max_turns", "max_turns", f"Reached maximum number of turns ({limit})")


def budget_exhausted(stage: StageOfTests, usd: str = "1") -> None:
    limit = stage.session.options.max_budget_usd or float(usd)
    stage.session.options.max_budget_usd = limit
    spend(stage, str(limit * 2), "2")


def permission_wait(stage: StoryStage, command: str = "curl_-sS_http://127.0.0.1:9/") -> None:
    steps = StorySteps(stage)
    call = AskedCall("Bash", command=command.replace("_", " "), description="Fetch")
    (outcome,) = stage.respond("This one needs your leave.", [call])
    if outcome.failed:
        steps.final(f"It did not run, or failed: {last_lines(outcome)}")
    else:
        steps.final("It ran.")


def _api_error(words: str, error: str, status: int, kind: str, tries: int) -> Callable[..., None]:
    def scenario(stage: StoryStage, retries: str = str(tries), delay: str = "0.02") -> None:
        delays = incidents.backoff(float(delay), int(retries))
        incidents.retries(stage.session, status, error, delays)
        raise api_failure(stage.session, words, error, status, kind)

    return scenario


def overload_forever(stage: StoryStage, delay: str = "0.5", times: str = "0") -> None:
    """Overloaded again and again; with `times` it gives up in the end."""
    tries = int(times) or 1_000_000
    for _ in range(tries):
        incidents.retries(stage.session, 529, "overloaded", [float(delay)])
    words = "API Error: 529 Overloaded"
    raise api_failure(stage.session, words, "overloaded", 529, "overloaded_error")


def hang_after_result(stage: StoryStage, deaf: str = "no") -> None:
    """Stays after its work is done and does not heed the end of stdin; deaf=yes: nor end_session."""
    stage.session.reader.ends_on_eof = False
    if deaf == "yes":
        stage.session.reader.on_control = lambda request: stage.session.emit(
            {
                "type": "control_response",
                "response": {
                    "subtype": "error",
                    "request_id": request.get("request_id"),
                    "error": "The session does not end.",
                },
            }
        )
    stage.respond("All done; and yet I stay.")


def ignores_sigterm(stage: StoryStage, seconds: str = "60") -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    StorySteps(stage).bash(f"sleep {seconds}", "I heed no SIGTERM.")
    stage.respond("Still here.")


def never_reads_stdin(stage: StoryStage, seconds: str = "60") -> None:
    """Reads no more of stdin once it has its prompt."""
    stage.session.reader.descriptor = None
    StorySteps(stage).bash(f"sleep {seconds}", "I am not listening.")
    stage.respond("Done, unheard.")


def play_steps(stage: StoryStage, file: str) -> None:
    """A JSON list of steps: `{"do": "bash", "command": …}` names a verb of the steps, or a story:
    `{"story": "loop times=4"}`."""
    steps = StorySteps(stage)
    verbs: dict[str, Callable[..., object]] = {
        "say": steps.final,
        "bash": steps.bash,
        "write": steps.write,
    }
    for step in json.loads(Path(file).read_text("utf-8")):
        if "story" in step:
            name, parameters = parse_story(step["story"])
            STORIES[name].play(stage, **parameters)
        else:
            verbs[step.pop("do")](**step)


STORIES: dict[str, Story] = {
    **SimulatedAgent.stories,
    "planted": Story(planted, lasting=True),
    "continue_needed": Story(continue_needed, lasting=True),
    "obsessed": Story(stuck_stories.obsessed, lasting=True),
    "steps": Story(play_steps),
    "login_error": Story(
        _api_error(
            "Not logged in · Please run /login",
            "authentication_failed",
            401,
            "authentication_error",
            2,
        )
    ),
    "billing_error": Story(
        _api_error("Credit balance is too low", "billing_error", 400, "invalid_request_error", 0)
    ),
    **{
        story.__name__: Story(story)
        for story in (
            hello,
            stuck_stories.loop,
            stuck_stories.monologue,
            stuck_stories.refused,
            stuck_stories.reverted,
            stuck_stories.ring,
            stuck_stories.same_error,
            stuck_stories.same_test,
            stall,
            long_tool,
            retry,
            rate_limit,
            crash,
            spend,
            compact,
            context_fill,
            subagents,
            max_turns,
            budget_exhausted,
            permission_wait,
            overload_forever,
            hang_after_result,
            ignores_sigterm,
            never_reads_stdin,
            heavy_stories.hostile,
            heavy_stories.spawn_tree,
            heavy_stories.big_line,
            heavy_stories.flood,
            heavy_stories.bustle,
        )
    },
}


class StoryTeller(AgentOfTests):
    """The agent of the tests with all their stories."""

    stories = STORIES


def main() -> int:
    try:
        sys.argv[1:] = checked(sys.argv[1:])
    except FlagError as error:
        complain(str(error))
        return 1
    return agent.main(StoryTeller)
