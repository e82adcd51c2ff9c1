"""Short stories by name: one behaviour each, for tests.

Durations given as parameters are seconds of the wall clock, whatever the pace; tests ask for
exactly what they need.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from . import incidents, tasklist
from .bulk import big_line, bustle, flood, hostile, spawn_tree
from .hands import Hands, last_lines
from .spending import Tokens, price_of
from .stage import Call, Stage
from .turns import TurnOver

FAILING = "python3 -c 'import tidebell_core'"


def hello(stage: Stage, text: str = "Hello from the scripted agent.") -> None:
    stage.respond(text.replace("_", " "), think=0.3)


def work(stage: Stage, tasks: str = "99") -> None:
    """The open tasks of the progress file, each a file, a check and a commit; or one file at all."""
    hands = Hands(stage)
    done = 0
    while (items := tasklist.open_tasks(hands.cwd)) and done < int(tasks):
        if not _plain_task(hands, items[0]):
            break
        done += 1
    if not done and not items:
        hands.write("WORK.md", "# Work\n\nDone as asked.\n", "I write down what was asked for.")
        hands.bash("test -s WORK.md && echo checked", what="Check the file")
        hands.commit("Add WORK.md")
    left = len(tasklist.open_tasks(hands.cwd))
    if not left:
        hands.final("All tasks are done.")
    else:
        hands.final(f"{done} tasks done; {left} are still open.")


def _plain_task(hands: Hands, item: tasklist.Item) -> bool:
    """Does a task; False if it could not be ticked."""
    name = "".join(c if c.isalnum() else "-" for c in item.key.lower()).strip("-")[:40] or "task"
    hands.begin(item)
    hands.write(f"work/{name}.md", f"# {item.title}\n\nDone.\n", f"Next: {item.title}.")
    hands.bash(f"test -s work/{name}.md && echo ok", what="Check the file")
    ticked = hands.tick(item)
    hands.commit(f"Do {item.key}")
    return ticked


def loop(stage: Stage, times: str = "6", command: str = FAILING) -> None:
    """The same failing command again and again, until somebody says to step back."""
    hands = Hands(stage)
    for attempt in range(1, int(times) + 1):
        words = f"The import still fails. Let me run it once more. (attempt {attempt})"
        hands.bash(command, words, "Check the import", think=0.6)
        if stage.nudged():
            hands.bash("ls; git status --short", "Instead I look at what is there.", "Look around")
            hands.final("The module does not exist, so no retry could help. I stopped repeating.")
            return
    hands.final("I give up on this command; it fails the same way every time.")


def stall(stage: Stage, seconds: str = "600") -> None:
    """A tool call, then an API call that gives nothing for a long time."""
    hands = Hands(stage)
    hands.bash("echo before the stall", "One look first.")
    stage.silence(float(seconds))
    hands.final("Back after a long silence.")


def silent_tool(stage: Stage, seconds: str = "600") -> None:
    """A tool that runs without a heartbeat, as if the process were frozen."""
    hands = Hands(stage)
    hands.bash(f"sleep {seconds}; echo awake", "This may take a while.", silent=True)
    hands.final("The silent command has ended.")


def long_tool(stage: Stage, seconds: str = "90", gate: str = "") -> None:
    """A tool with heartbeats; with a gate it ends as soon as that file exists."""
    hands = Hands(stage)
    command = f"sleep {seconds}; echo finished"
    if gate:
        # It ends by itself where nobody is left to open the gate.
        command = f"while [ ! -e {gate} ] && [ $SECONDS -lt 120 ]; do sleep 0.02; done; echo open"
    hands.bash(command, "Starting a long command.", "Run the long command")
    hands.bash("echo second step", "The next step.")
    hands.final("Both steps are done.")


def retry(stage: Stage, times: str = "3", delay: str = "0.05", status: str = "529") -> None:
    """A burst of API retries that ends well."""
    code = int(status) or None
    errors = {529: "overloaded", 429: "rate_limit", 401: "authentication_failed", None: "unknown"}
    delays = incidents.backoff(float(delay), int(times))
    incidents.retries(stage.session, code, errors.get(code, "server_error"), delays)
    stage.respond("Recovered after the retries.")


def rate_limit(stage: Stage, resets_in: str = "2", ends: str = "no") -> None:
    """A usage limit: waited out, or with ends=yes the end of the turn."""
    session = stage.session
    incidents.limit_event(session, "allowed_warning", float(resets_in), 0.93)
    stage.respond("Close to the limit.", [Call("Bash", command="date", description="Look")])
    if ends == "yes":
        incidents.limit_event(session, "rejected", float(resets_in), 1.0)
        at = session.timing.now() + float(resets_in) * session.timing.scale
        clock = time.strftime("%H:%M", time.gmtime(at))
        words = f"You've hit your limit · resets {clock} (UTC)"
        raise incidents.api_failure(session, words, "rate_limit", 429, "rate_limit_error")
    incidents.wait_for_limit(session, float(resets_in), max(0.2, float(resets_in) / 4))
    stage.respond("The limit has reset; going on.")


def crash(
    stage: Stage, after: str = "1", times: str = "1", seconds: str = "0.2", code: str = ""
) -> None:
    """Some calls, then death in mid-tool; once it has happened `times` times, plain work."""
    if stage.session.memory.count("crash") >= int(times):
        Hands(stage).bash("git status --short", "Resuming where it broke off.", "Look around")
        work(stage)
        return
    hands = Hands(stage)
    for number in range(int(after)):
        hands.bash(f"echo step {number + 1}", f"Step {number + 1}.")
    stage.session.memory.bump("crash")
    hands.bash(
        "sleep 2; echo never",
        "This will not end well.",
        crash_after=float(seconds),
        crash_code=int(code) if code else None,
    )


def spend(stage: Stage, usd: str = "1", calls: str = "1") -> None:
    """Responses that together cost so many dollars."""
    rate = price_of(stage.session.model).output / 1_000_000
    share = round(float(usd) / int(calls) / rate)
    for number in range(int(calls)):
        stage.cost_boost = Tokens(output=share)
        command = f"echo spent {number + 1}"
        stage.respond("Thinking hard.", [Call("Bash", command=command, description="Count")])
    stage.respond("That was expensive.")


def compact(stage: Stage, before: str = "900000") -> None:
    stage.session.context = max(stage.session.context, int(before))
    hands = Hands(stage)
    hands.bash("echo filled", "The context is nearly full.")
    incidents.compact(stage, "auto")
    hands.bash("echo after", "Going on after the summary.")
    hands.final("Done after a compaction.")


def context_fill(stage: Stage, share: str = "0.7", steps: str = "4", rest: str = "0") -> None:
    """The context grows to a share of the window; then `rest` more calls."""
    hands = Hands(stage)
    target, count = float(share) * stage.session.window, int(steps)
    first = stage.session.context
    for number in range(1, count + 1):
        goal = first + (target - first) * number / count
        stage.grow(max(0, int(goal - stage.session.context)))
        hands.bash(f"echo chapter {number}", f"Reading chapter {number}.")
    for number in range(int(rest)):
        hands.bash(f"echo more {number + 1}; sleep 0.2")
    hands.final(f"The context is at {stage.session.context} tokens.")


def subagents(stage: Stage, background: str = "no") -> None:
    """Two subagents, waited for or in the background."""
    later = background == "yes"
    errands = {"Explore tests": "ls -R . | head -20", "Explore history": "git log --oneline | head"}
    calls = [
        Call(
            "Agent",
            agent_script=(
                [("Looking.", "Bash", {"command": command, "description": "Look"})],
                f"{name}: seen.",
            ),
            description=name,
            subagent_type="general-purpose",
            prompt=f"{name} and report.",
            run_in_background=later,
        )
        for name, command in errands.items()
    ]
    stage.respond("I send two subagents.", calls)
    stage.respond("Both subagents are on it." if later else "Both have reported.")


def continue_needed(stage: Stage, per_turn: str = "1", progress: str = "yes") -> None:
    """Ends its turn while tasks are open."""
    if progress != "yes":
        Hands(stage).bash("git status --short", "Having a look.", "Look around")
        stage.respond("I looked around. More is to be done.")
        return
    work(stage, per_turn)


def max_turns(stage: Stage, n: str = "3") -> None:
    limit = stage.session.options.max_turns or int(n)
    for number in range(limit):
        Hands(stage).bash(f"echo round {number + 1}", think=0.2)
    raise TurnOver("error_max_turns", "max_turns", f"Reached maximum number of turns ({limit})")


def budget_exhausted(stage: Stage, usd: str = "1") -> None:
    limit = stage.session.options.max_budget or float(usd)
    stage.session.options.max_budget = limit
    spend(stage, str(limit * 2), "2")


def permission_wait(stage: Stage, command: str = "curl_-sS_http://127.0.0.1:9/") -> None:
    hands = Hands(stage)
    outcome = hands.bash(command.replace("_", " "), "This one needs your leave.", "Fetch", ask=True)
    if outcome.failed:
        hands.final(f"It did not run, or failed: {last_lines(outcome)}")
    else:
        hands.final("It ran.")


def _api_error(words: str, error: str, status: int, kind: str, tries: int) -> Callable[..., None]:
    def scenario(stage: Stage, retries: str = str(tries), delay: str = "0.02") -> None:
        delays = incidents.backoff(float(delay), int(retries))
        incidents.retries(stage.session, status, error, delays)
        raise incidents.api_failure(stage.session, words, error, status, kind)

    return scenario


def overload_forever(stage: Stage, delay: str = "0.5", times: str = "0") -> None:
    """Overloaded again and again; with `times` it gives up in the end."""
    tries = int(times) or 1_000_000
    for _ in range(tries):
        incidents.retries(stage.session, 529, "overloaded", [float(delay)])
    words = "API Error: 529 Overloaded"
    raise incidents.api_failure(stage.session, words, "overloaded", 529, "overloaded_error")


def hang_after_result(stage: Stage, deaf: str = "no") -> None:
    """Stays after its work is done and does not heed the end of stdin; deaf=yes: nor end_session."""
    stage.session.inbox.ends_on_eof = False
    stage.session.inbox.ends_on_request = deaf != "yes"
    stage.respond("All done; and yet I stay.")


def ignores_sigterm(stage: Stage, seconds: str = "60") -> None:
    stage.session.inbox.ignored_signals.add(signal.SIGTERM)
    Hands(stage).bash(f"sleep {seconds}", "I heed no SIGTERM.")
    stage.respond("Still here.")


def never_reads_stdin(stage: Stage, seconds: str = "60") -> None:
    """Reads no more of stdin once it has its prompt."""
    stage.session.inbox.deaf = True
    Hands(stage).bash(f"sleep {seconds}", "I am not listening.")
    stage.respond("Done, unheard.")


SCENARIOS: dict[str, Callable[..., None]] = {
    "hello": hello,
    "work": work,
    "loop": loop,
    "stall": stall,
    "silent_tool": silent_tool,
    "long_tool": long_tool,
    "retry": retry,
    "rate_limit": rate_limit,
    "crash": crash,
    "spend": spend,
    "compact": compact,
    "context_fill": context_fill,
    "subagents": subagents,
    "continue_needed": continue_needed,
    "max_turns": max_turns,
    "budget_exhausted": budget_exhausted,
    "permission_wait": permission_wait,
    "overload_forever": overload_forever,
    "hang_after_result": hang_after_result,
    "ignores_sigterm": ignores_sigterm,
    "never_reads_stdin": never_reads_stdin,
    "hostile": hostile,
    "spawn_tree": spawn_tree,
    "big_line": big_line,
    "flood": flood,
    "bustle": bustle,
    "resume_refused": hello,
    "login_error": _api_error(
        "Not logged in · Please run /login",
        "authentication_failed",
        401,
        "authentication_error",
        2,
    ),
    "billing_error": _api_error(
        "Credit balance is too low", "billing_error", 400, "invalid_request_error", 0
    ),
}
