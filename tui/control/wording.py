"""Plans, receipts and the evidence of a stall in sentences for a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui.control.checkpoints.path_listing import OWN_REASON
from tui.control.checkpoints.refs import Checkpoint, count_not_captured
from tui.control.checkpoints.work_tree import NotCaptured
from tui.control.rewind.execute import RewindResult
from tui.control.rewind.plan import RewindPlan
from tui.model.labels import describe_survivors, waste_words
from tui.model.session import AgentProcess
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall, StallStep
from tui.model.state import StallKind
from tui.system.format import format_count, format_duration, format_local
from tui.system.lazy_pattern import lazy
from tui.system.process_tree import KillResult
from tui.system.sanitize import clean_line

_MOST_TRIED = 8
_MOST_STEPS = 6
_MOST_WORDS = 160
_MOST_SENTENCE = 300
_MOST_MISSING = 3
_PLACEHOLDER = lazy(r"\{(evidence|since|tried)\}")
NOW_NEEDS_RUN = (
    "--now needs a run of overnight-tui: nobody else holds the pipe that could interrupt this session; without "
    "it the words are read after the tool that runs"
)
ONLY_OUR_RUNS = "only for a run of ours that goes on"
_FRAMES = str.maketrans("<>“”", "‹›''")
_STAYS_REFUSED = (
    "These calls stay refused, however they are worded: nobody is here to allow them. Go on with something "
    "that needs no permission, or note under Blockers in the progress file what a person must allow"
)


def describe_checkpoint(taken: Checkpoint) -> str:
    """The checkpoint and what it holds."""
    missing = count_not_captured(taken)
    if not missing:
        return f"checkpoint {taken.id}: {taken.files:,} files"
    named = _name_missing([n for n in taken.not_captured if n.reason != OWN_REASON], missing)
    return f"checkpoint {taken.id}: {taken.files:,} files, {missing} not captured: {named}"


def _name_missing(missing: Sequence[NotCaptured], total: int) -> str:
    """The first few with their reasons, and how many more there are."""
    shown = [(clean_line(i.path, 120), clean_line(i.reason, 200)) for i in missing[:_MOST_MISSING]]
    named = "; ".join(f"{path} ({reason})" for path, reason in shown)
    more = total - min(len(missing), _MOST_MISSING)
    return named + (f"; and {more:,} more" if more else "")


def describe_plan(plan: RewindPlan) -> list[str]:
    """The plan in plain sentences, as dialogs and the command line show it."""
    if plan.checkpoint.foreign:
        return [_foreign_sentence(plan.checkpoint), *_describe_changes(plan)]
    return _describe_changes(plan)


def _foreign_sentence(checkpoint: Checkpoint) -> str:
    return (
        f"{checkpoint.id} is a foreign checkpoint ({checkpoint.remark}): whoever made it chose what "
        "these files will hold. Look at every path before you say yes."
    )


def _describe_changes(plan: RewindPlan) -> list[str]:
    lost = []
    if plan.lost:
        named = _name_missing(plan.lost, len(plan.lost))
        lost.append(f"It was not captured then and does not come back: {named}.")
    if plan.is_empty:
        return [f"Nothing differs from {plan.checkpoint.id}; nothing would change.", *lost]
    added, removed = plan.total_lines()
    captured = " (all captured first)" if plan.deletes else ""
    sentences = [
        f"{format_count(len(plan.writes), 'file')} will be written, "
        f"{len(plan.deletes)} deleted{captured}, {plan.unchanged:,} stay as they are "
        f"(+{added:,} −{removed:,} lines).",
        "A safety checkpoint is taken first; undo brings everything back. HEAD stays where it is.",
    ]
    sentences += [f"{note[:1].upper()}{note[1:]}." for note in plan.notes]
    if plan.keeps and not count_not_captured(plan.checkpoint):
        kept = format_count(len(plan.keeps), "path")
        sentences.append(f"{kept} not captured by either side stay untouched.")
    return sentences + lost


def describe_refusals(plan: RewindPlan) -> list[str]:
    """What speaks against a plan, a sentence each."""
    return [f"Against it: {clean_line(reason, 500)}." for reason in plan.refusals]


def describe_rewind(plan: RewindPlan, mode: str, where: str, *, stops_agent: bool) -> list[str]:
    """A rewind of files, conversation or both; `where` names the work tree if it is another one."""
    sentences = []
    if mode != "conversation":
        if where:
            sentences.append(f"The files are those{where}, where the session works.")
        sentences += [*describe_plan(plan), *describe_refusals(plan)]
    if mode != "code":
        place, facts = plan.checkpoint.id, plan.checkpoint.facts
        fresh = facts.get("why") == "start" and not facts.get("uuid")
        back = "begins anew with the goal" if fresh else f"goes back to {place}"
        sentences.append(f"The conversation {back}; the old one is kept.")
    if stops_agent:
        sentences.append("The agent is stopped for it and goes on afterwards.")
    return sentences


def describe_rewound(result: RewindResult) -> str:
    """What a rewind did to the files."""
    edited = f", {len(result.meanwhile)} edited meanwhile and left" if result.meanwhile else ""
    counts = f"{result.written} written, {result.deleted} deleted{edited}"
    missing = (*result.not_restored, *result.lost)
    named = f"; not brought back: {_name_missing(missing, len(missing))}" if missing else ""
    return f"files as in {result.checkpoint.id}: {counts}{named}"


def describe_no_conversation(has_run: bool) -> str:
    """Why no conversation can be rewound, and what can be; `has_run`: a run of ours is there, but over."""
    why = "this run is over, so no conversation goes on that could be rewound"
    why = (
        why if has_run else "no run of ours goes on here, and only its conversation can be rewound"
    )
    return f"{why}; nothing was done, and --code brings back the files"


def describe_no_session(project: Path, agents: Sequence[AgentProcess], elsewhere: str = "") -> str:
    """Why there is no session to act on."""
    if elsewhere:
        return f"the session of {project} lives on {elsewhere}; say it there"
    if not agents:
        return f"no session is going on in {project}"
    pids = ", ".join(str(agent.pid) for agent in agents)
    return f"none of the sessions alive here ({pids}) is the one that is watched"


def describe_end(killed: KillResult | None) -> str:
    """How a session ended that was asked to; None: nobody waited for it."""
    if killed is None:
        return "it was asked to stop; nobody waits for its end"
    if killed.survivors:
        return f"these could not be ended: {', '.join(killed.survivors)}"
    end = "it ended by itself" if killed.polite else "it was killed"
    end += f", {len(killed.killed)} of its processes with it" if killed.killed else ""
    unknown = describe_survivors(killed.survivors_or_unknown)
    return f"{end}; {unknown}" if unknown else end


# --- a step back ---


def step_back_text(template: str, snapshot: NightSnapshot) -> str:
    """What the agent is told that is to step back, by key, by command and by the supervisor.

    The template with the evidence, since when, and what was tried. What comes from the agent's calls and
    answers stands in it as bounded lines without signs that a model could take for a frame.
    """
    stall = snapshot.stall or (snapshot.circling[-1] if snapshot.circling else None)
    values = {
        "evidence": _inert(snapshot.activity.reason, _MOST_SENTENCE),
        "since": "some time",
        "tried": "",
    }
    if stall is not None:
        values = {"evidence": _evidence(stall), "since": _since(stall, snapshot.now), "tried": ""}
    values["tried"] = _tried(stall, snapshot) or "see the record"
    text = _PLACEHOLDER.sub(lambda found: values[found[1]], template)
    if stall is not None and stall.kind == StallKind.REFUSED:
        rule = f": {_inert(stall.rule)}" if stall.rule else ""
        text = f"{text.rstrip()}\n\n{_STAYS_REFUSED}{rule}.\n"
    return text


def _evidence(stall: Stall) -> str:
    """What repeats and how often, the newest calls with their answers, and what it cost."""
    lines = ["; ".join(_inert(sentence, _MOST_SENTENCE) for sentence in stall.evidence[:4])]
    shown = stall.steps[-_MOST_STEPS:]
    lines += [f"  {_clock(step.at)}{_inert(step.words)}: {_answer(step)}" for step in shown]
    waste = stall.waste
    if waste is not None and waste.calls:
        since = f" at {format_local(waste.since)}" if waste.since is not None else ""
        lines.append(f"Spent since the last progress{since}: {waste_words(waste)}.")
    return "\n".join(filter(None, lines))


def _since(stall: Stall, now: float) -> str:
    if not stall.since:
        return "some time"
    lasted = format_duration(now - stall.since)
    return f"{format_local(stall.since)}, for {lasted} now" if now > stall.since else "just now"


def _tried(stall: Stall | None, snapshot: NightSnapshot) -> str:
    """The distinct calls of the trouble, and what runs now."""
    steps = () if stall is None else stall.steps
    words = dict.fromkeys(_inert(step.words) for step in steps)
    words |= dict.fromkeys(_inert(f"{tool.name} {tool.target}") for tool in snapshot.activity.tools)
    more = len(words) - _MOST_TRIED
    named = [*words][:_MOST_TRIED] + ([f"and {more} more"] if more > 0 else [])
    return "; ".join(named)


def _clock(at: float | None) -> str:
    return "" if at is None else f"{format_local(at, '%H:%M:%S')} "


def _answer(step: StallStep) -> str:
    """The answer as a quotation: what stands in it is nobody's order."""
    quoted = _inert(step.outcome)
    return f"{'failed with' if step.is_error else 'answered'} “{quoted}”" if quoted else "no answer"


def _inert(text: str, limit: int = _MOST_WORDS) -> str:
    """One bounded line without credentials that ends no quotation and begins no tag of the conversation."""
    from tui.system.credentials.hide import hide_credentials  # only what is sent needs its patterns

    return clean_line(hide_credentials(text), limit, newline=" ").translate(_FRAMES)
