"""What deserves patience: waiting by repeating, proofs and measurements by repeating, backing off.

Each kind has its reason, how many times more rounds it may take, how long it may last, and the
highest level that it can reach.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tui.model.cli_commands import EDITING, POLLING, SUBAGENTS
from tui.model.state import StallLevel, StallThresholds
from tui.night.stuck.similarity import is_infrastructure_error
from tui.night.stuck.step import Step
from tui.system.lazy_pattern import AnyWord, lazy

PAUSE = 25.0
"""Seconds between two looks from which on they are waiting; a model that thinks is seldom as slow."""
_SPINNING = 10.0
_HAMMERING = 60
_TEN_MINUTES = 600.0
_HOUR = 3600.0
# Every repetition has a bound: a hostile command has thousands of places where one may begin.
_START = (
    r"(?:^|[;\n⏎(]|&&|\|\||\bdo\b|\bthen\b)[^\S\n]{0,80}"
    r"(?:sudo\s{1,9}|timeout\s{1,9}\S{1,20}\s{1,9}|env\s{1,9}|\w{1,60}=\S{0,200}\s{1,9}){0,12}"
)
_POLLING = lazy(
    _START
    + r"""(?: sleep | wait | watch | until | while | pgrep | pidof | ps | jobs | squeue | sacct | qstat | bjobs
    | condor_q | nc\s+-z | nvidia-smi | rocm-smi | nvtop | top\s+-b | lsof\s+-i | ss\s+-\w | netstat
    | tail\s+(?:-\S+\s+){0,12}-[a-zA-Z]*[fF] | journalctl
    | gh\s+(?:run|pr|workflow)\s+(?:watch|view|checks|list|status) | glab\s+(?:ci|pipeline)\s
    | kubectl\s+(?:-\S+\s+(?:\w[\w-]*\s+)?){0,12}(?:get|rollout|wait|logs|describe|top) | helm\s+(?:status|list)
    | argocd\s+app\s+(?:get|wait|list) | oc\s+(?:get|status|logs)
    | docker\s+(?:ps|inspect|logs|stats|wait|container\s+ls) | podman\s+(?:ps|inspect|logs|wait)
    | docker(?:\s+|-)compose\s+(?:-\S+\s+\S+\s+){0,12}(?:ps|logs)
    | systemctl\s+(?:is-active|status|show) | supervisorctl\s+status | pm2\s+(?:ls|list|status|logs|jlist)
    | aws\s.{0,400}\b(?:describe|get|list|wait)-[a-z-]{1,60} | aws\s+s3\s+ls | aws\s+logs
    | gcloud\s.{0,400}\b(?:describe|list|wait|operations|log) | az\s.{0,400}\b(?:show|list|wait)\b
    | terraform\s+(?:show|output|state|refresh) | pulumi\s+stack | nomad\s.{0,400}\bstatus | consul\s
    | (?:fly|flyctl|heroku|vercel|railway|netlify|render|eb|cf)\s.{0,400}
      \b(?:status|ps|logs?|inspect|list|ls|info)
    | (?:curl|http|wget)\b.{0,400}(?:health|status|ready|live|deploy|queue|progress
      |(?:\b|_)(?:job|build|run|pipeline|task)s?\b)
    )(?!\w)""",
    re.VERBOSE,
)
_SLEEPS = AnyWord("time.sleep(", "Start-Sleep", "setTimeout(", "asyncio.sleep(")
_POLLING_TOOL = lazy(
    r"(?<!git_)status|poll|wait|progress|health|wake|(?:task|bash|agent|shell|command|terminal)_?output"
    r"|(?:get|list|describe|check)_?(?:job|build|run|deployment|pipeline|operation|task)s?(?![a-z])",
    re.IGNORECASE,
)
_NOT_YET = lazy(
    r"""\bnot\ (?:yet|ready|running|started|available|found\ yet|reachable|healthy) | \byet\b | pending
    | in\ progress | still\ \w+ing | connection\ refused | ECONNREFUSED | couldn't\ connect | queued
    | initiali[sz]ing | starting | waiting | provisioning | unavailable | try\ again | not\ exist\ yet
    | no\ such\ container | held\ by\ process""",
    re.VERBOSE | re.IGNORECASE,
)
_REFUSED = lazy(r"connection\ refused|ECONNREFUSED|couldn't\ connect", re.VERBOSE | re.IGNORECASE)
_MEASURES = lazy(
    r"bench|hyperfine|timeit|\bperf\b|\btime\s|ns/op|/iter\b|\bmean\b|\bmedian\b|σ|\blatency\b|\bp9[59]\b"
    r"|ops/s|req/s|\bwrk\b|\bab\s|\breal\s+\d",
    re.IGNORECASE,
)
_GREEN = lazy(
    r"\b(?:[1-9]\d*\s+(?:passed|passing|tests?\s+passed|ok)|all\s+(?:\w+\s+)?(?:tests?|checks?|specs?)\s+pass(?:ed)?"
    r"|tests?\s+pass(?:ed)?|test\s+result:\s+ok|0\s+fail(?:ed|ures)?|\d+\s+(?:tests?|specs?|examples?)[^\n]{0,200}\b0\s+fail)"
    r"|^ok\s+\d+\b|^ok\s+[\w./-]+\s+\(?[\d.c]|^OK\s*(?:\(|$)|^PASS\b|\bPASSED\b",
    re.IGNORECASE | re.MULTILINE,
)
_RED = lazy(
    r"\b[1-9]\d*\s+(?:failed|failing|failures?|errors?)\b|\bFAILED\b|\bFAIL\b|Traceback|\bnot ok\b"
)
_TESTING = lazy(r"test|check|verify|spec|lint|prove|assert", re.IGNORECASE)
_DRAWS = lazy(
    r"\brandom\b|\bseed=|--?seed\b|shuffle|\bfuzz|stress|\bflak[ye]|\bsoak\b|[-_]race\b|\brace[-_]",
    re.IGNORECASE,
)
_NEXT_PIECE = lazy(
    r"[-_]next\b|\bnext[-_]|__step\b|\b(?:process|run|do|take)[-_]one\b|\b(?:pop|dequeue|consume|drain)\b",
    re.IGNORECASE,
)
_WELL = lazy(
    r"(?:ok|okay|pass|passed|success|successful|green|all good|clean|fine)\W*$", re.IGNORECASE
)
_LOOKING_TOOLS = frozenset(
    {"Read", "Grep", "Glob", "LS", "NotebookRead", "TodoRead", "TodoWrite", "WebFetch", "WebSearch"}
)
_LOOKING = lazy(
    r"(?:cd\s+\S+\s*(?:&&|;)\s*)?(?:ls|cat|head|tail|grep|egrep|rg|ag|find|fd|pwd|wc|stat|file|tree|which|type|sed\s+-n|awk|less"
    r"|du|df|env|printenv|id|whoami|uname|date|diff|nl|jq|echo"
    r"|git\s+(?:-\S+\s+\S+\s+)*(?:status|diff|log|show|branch|blame|ls-files|rev-parse|remote|describe|grep))(?!\S)"
)


_READING = lazy(
    r"(?!\w*next)(?:mcp__\w+?__)?(?:browser_)?(?:view|read|open|show|get|list|search|find|grep|fetch|query|lookup)(?:_|\b)"
    r"|str_replace\w*\ command:\ view\b",
    re.VERBOSE,
)
_HAS_DIGIT = lazy(r"\d")
_ACTING = lazy(
    r"click|press|_?key|scroll|swipe|\btap|drag|mouse|typ(?:e|ing)|step|next|advance|tick|send|post|push"
    r"|move|play",
    re.IGNORECASE,
)
_ACTION = lazy(r"\baction: \w", re.IGNORECASE)
_DONE = lazy(
    r"\b(?!need|found|failed|un|skipped|expected|required|based|named|indeed|denied|refused|rejected|closed"
    r"|expired|blocked|locked|limited|deprecated|aborted)[a-z]{2,}ed\b"
    r"|\b(?:done|ok|okay|complete|sent|success\w*|finish\w*|built|made|written)\b",
    re.IGNORECASE,
)


class Patience(NamedTuple):
    """How many times as many rounds are needed, the seconds that they last, the highest level.

    So many `rounds` are enough without the seconds. `waits`: only time ends it.
    """

    factor: float = 1.0
    seconds: float = 0.0
    most: StallLevel = StallLevel.STUCK
    rounds: int = 1 << 30
    waits: bool = False


_NONE = Patience()


def _wait(factor: float, seconds: float) -> Patience:
    return Patience(factor, seconds, StallLevel.NOTICE, waits=True)


_PROOF_ALONE = Patience(50 / 3, 0.0, StallLevel.NOTICE)
_PROOF_IN_TURN = Patience(20 / 3, 0.0, StallLevel.NOTICE)
_SUCCESS = Patience(2.0, 0.0, StallLevel.SUSPECTED)
_SUCCESSES = 6
_RECEIPT = 160
"""A longer answer is content, and no receipt."""
_ANSWER = Patience(1.0, 0.0, StallLevel.NOTICE)
"""Who asks the same a third time has read the answer twice."""
_WORD = Patience(10 / 3, 0.0, StallLevel.SUSPECTED)
_SHORT_ANSWER = 12
"""So short an answer says that a piece of work was done, and not which."""


def patience_of(
    rounds: Sequence[Step], length: int, limits: StallThresholds, before: Sequence[Step] = ()
) -> Patience:
    """The patience with `rounds` of equal steps, each `length` long, that came after those `before`."""
    cycle = rounds[-length:]
    failing = [step for step in cycle if step.is_error]
    paused = _are_paused(rounds, length)
    if any(is_infrastructure_error(step.excerpt) for step in failing):
        return _backing_off(failing, paused, limits)
    waits = all(_NOT_YET.search(step.excerpt) for step in failing)
    asked = sum(polls(step, limits) for step in cycle)
    if asked and (paused or 2 * asked >= length):
        return _polling(rounds, length, failing, waits, limits)
    if waits and paused:
        return _pausing(cycle, failing)
    return _NONE if failing else _proving(rounds, cycle, before)


def _backing_off(failing: list[Step], paused: bool, limits: StallThresholds) -> Patience:
    """A server that is down: what is not heard of here may well answer at the next try."""
    if paused:
        return _wait(limits.poller_factor, _TEN_MINUTES)
    refused = all(_REFUSED.search(step.excerpt) for step in failing)
    factor = min(2.0, limits.poller_factor) if refused else limits.poller_factor
    return _wait(factor, 0.0)


def _pausing(cycle: Sequence[Step], failing: list[Step]) -> Patience:
    """Rounds with pauses and without a failure: waiting, unless it only reads what stays as it is."""
    if failing:
        return _wait(1.0, _TEN_MINUTES)
    if all(looks(step) and not _waits_inside(step) for step in cycle):
        return Patience(1.0, _TEN_MINUTES, StallLevel.SUSPECTED)
    return _wait(1.0, _HOUR)


def _polling(
    rounds: Sequence[Step], length: int, failing: list[Step], waits: bool, limits: StallThresholds
) -> Patience:
    """What asks again and again by its nature. A wait with pauses is never more than a notice."""
    timed = rounds[0].at is not None and rounds[-1].at is not None
    mean = length * rounds[-1].since(rounds[0]) / max(1, len(rounds) - 1)
    if timed and mean < _SPINNING:
        return Patience(limits.poller_factor, _TEN_MINUTES, StallLevel.SUSPECTED, _HAMMERING)
    if not timed or (failing and not waits):
        return _wait(limits.poller_factor, _TEN_MINUTES)
    return _wait(limits.poller_factor, _HOUR)


def _proving(rounds: Sequence[Step], cycle: Sequence[Step], before: Sequence[Step]) -> Patience:
    """Rounds that succeed: proofs, measurements, batches."""
    if any(map(proves, cycle)) or _was_red(cycle, before):
        return _PROOF_ALONE if len(cycle) == 1 else _PROOF_IN_TURN
    if any(measures(step) or _takes_next(step) for step in cycle):
        return _PROOF_ALONE if len(cycle) == 1 else _PROOF_IN_TURN
    if any(step.varies for step in rounds):
        return _PROOF_IN_TURN
    return _NONE if len(cycle) > 1 else _succeeding(cycle[-1], len(rounds))


def _succeeding(step: Step, rounds: int) -> Patience:
    """One call that succeeds in the same words each time."""
    if step.tool in EDITING or looks(step) or fails(step):
        return _NONE
    if step.is_shell and _TESTING.search(step.shell_text) and not _NOT_YET.search(step.excerpt):
        return _PROOF_IN_TURN
    return _answering(step, rounds)


def _was_red(cycle: Sequence[Step], before: Sequence[Step]) -> bool:
    """Whether a call that ends well now failed before: whoever repeats it wants to be sure."""
    red = {step.call for step in before if step.is_error}
    return any(step.call in red and not looks(step) for step in cycle)


def _answering(step: Step, rounds: int) -> Patience:
    """The same answer again and again, and no failure: what may be a receipt gets patience."""
    shows = not step.is_shell and _HAS_DIGIT.search(step.excerpt) is not None
    if step.size <= _SHORT_ANSWER and not shows:
        return _WORD
    return _SUCCESS if rounds >= _SUCCESSES or _works_off(step) else _ANSWER


def _works_off(step: Step) -> bool:
    """Whether a step may do a piece of work each time: a key is pressed, something was done."""
    if not step.is_shell and (_ACTING.search(step.tool) or _ACTION.search(step.target[:60])):
        return True
    return step.size <= _RECEIPT and _DONE.search(step.excerpt) is not None


def _are_paused(rounds: Sequence[Step], length: int) -> bool:
    """Whether every round but the first has a pause."""
    longest = 0.0
    for place in range(length, len(rounds)):
        step, before = rounds[place], rounds[place - 1]
        if step.at is None or before.at is None:
            return False
        if step.tool not in SUBAGENTS:  # a subagent works meanwhile
            longest = max(longest, step.at - before.at)
        if (place + 1) % length == 0:
            if longest < PAUSE:
                return False
            longest = 0.0
    return len(rounds) > length


def _waits_inside(step: Step) -> bool:
    return (step.seconds or 0.0) >= PAUSE


def polls(step: Step, limits: StallThresholds) -> bool:
    """Whether a step waits by repeating."""
    if step.tool in POLLING:
        return True
    if not step.is_shell:
        return _POLLING_TOOL.search(step.tool) is not None
    text = step.shell_text
    if _POLLING.search(text) is not None or _SLEEPS.is_in(text):
        return True
    return any(re.search(_START + re.escape(name) + r"(?!\w)", text) for name in limits.pollers)


def looks(step: Step) -> bool:
    """Whether a step only looks: however often it is repeated, nothing is worked off by it."""
    if step.is_shell:
        return _LOOKING.match(step.shell_text) is not None
    return step.tool in _LOOKING_TOOLS or _READING.match(f"{step.tool} {step.target}") is not None


def proves(step: Step) -> bool:
    """Whether a step is a run of tests that passed."""
    if step.is_error:
        return False
    if step.run is not None and step.run.verdict != "unknown":
        return step.run.verdict == "green"
    if looks(step):
        return False
    short = step.size <= _SHORT_ANSWER and _TESTING.search(step.shell_text) is not None
    if short and _WELL.match(step.excerpt.strip()) is not None:
        return True
    return _GREEN.search(step.excerpt) is not None and _RED.search(step.excerpt) is None


def measures(step: Step) -> bool:
    """Whether a step takes a measurement that differs from one time to the next by its nature."""
    if looks(step) or fails(step):
        return False
    if step.is_shell and _DRAWS.search(step.shell_text) is not None:
        return True  # what is drawn by chance is another run each time
    return (
        _MEASURES.search(step.shell_text) is not None or _MEASURES.search(step.excerpt) is not None
    )


def _takes_next(step: Step) -> bool:
    """Whether a call asks for the next piece of a list that is kept elsewhere, and did it."""
    if looks(step) or fails(step):
        return False
    return _NEXT_PIECE.search(step.shell_text if step.is_shell else step.tool) is not None


_READS = lazy(
    r"read|get|list|search|find|view|query|fetch|grep|glob|show|describe|status|snapshot|screenshot|open|think|goto|scroll",
    re.IGNORECASE,
)
_GLANCES = lazy(
    r"(?:cd\s+\S+\s*(?:&&|;)\s*)?(?:ls|pwd|date|which|type|whoami|uname|id|env|df|du|git\s+(?:status|branch|log|diff|remote|stash\s+list))(?!\S)"
)
_FAILS = lazy(
    r"Traceback \(most|\b\w*Error:|\berror:|\bERROR\b|\bFAILED\b|\bfailed\b|command not found"
    r"|No such file|\bfatal:|cannot |[Ee]xit code [1-9]|[Pp]ermission denied"
)


def glances(step: Step) -> bool:
    """Whether a step looks at what every session looks at now and then."""
    return step.is_shell and _GLANCES.match(step.shell_text) is not None


def acts(step: Step) -> bool:
    """Whether a step did something, as far as is known: no look, no run of tests, nothing that failed."""
    if step.is_error or step.run is not None or looks(step):
        return False
    return step.is_shell or _READS.search(step.tool) is None


def fails(step: Step) -> bool:
    """Whether a step failed, by its mark or by the words of its answer."""
    if step.is_error:
        return True
    return not looks(step) and _FAILS.search(step.excerpt) is not None


def is_exempt(step: Step, limits: StallThresholds) -> bool:
    """Whether a step waits, proves, measures or backs off: others judge how often it may."""
    if step.is_error and is_infrastructure_error(step.excerpt):
        return True
    return polls(step, limits) or proves(step) or (not step.is_error and measures(step))
