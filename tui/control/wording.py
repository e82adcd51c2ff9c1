"""Plans and the evidence of a stall in sentences for a person."""

from __future__ import annotations

from tui.control.rewind.plan import RewindPlan
from tui.model.snapshot import NightSnapshot
from tui.system.format import format_count, format_local
from tui.system.process_tree import KillResult

_MOST_TRIED = 5


def describe_plan(plan: RewindPlan) -> list[str]:
    """The plan in plain sentences, as dialogs and the command line show it."""
    if plan.is_empty:
        return [f"Nothing differs from {plan.checkpoint.id}; nothing would change."]
    added, removed = plan.total_lines()
    captured = " (all captured first)" if plan.deletes else ""
    sentences = [
        f"{format_count(len(plan.writes), 'file')} will be written, "
        f"{len(plan.deletes)} deleted{captured}, {plan.unchanged:,} stay as they are "
        f"(+{added:,} −{removed:,} lines).",
        "A safety checkpoint is taken first; undo brings everything back. HEAD stays where it is.",
    ]
    sentences += [f"{note[:1].upper()}{note[1:]}." for note in plan.notes]
    if plan.keeps and not plan.not_captured:
        kept = format_count(len(plan.keeps), "path")
        sentences.append(f"{kept} not captured by either side stay untouched.")
    return sentences


def describe_refusals(plan: RewindPlan) -> list[str]:
    """What speaks against a plan, a sentence each."""
    return [f"Against it: {reason}." for reason in plan.refusals]


def describe_end(killed: KillResult | None) -> str:
    """How a session ended that was asked to; None: nobody waited for it."""
    if killed is None:
        return "it was asked to stop; nobody waits for its end"
    if killed.survivors:
        return f"these could not be ended: {', '.join(killed.survivors)}"
    end = "it ended by itself" if killed.polite else "it was killed"
    return end + (f", {len(killed.killed)} of its processes with it" if killed.killed else "")


def step_back_text(template: str, snapshot: NightSnapshot) -> str:
    """The template filled in: the evidence, since when, and what was tried."""
    stall = snapshot.stall or (snapshot.loops[-1] if snapshot.loops else None)
    tried = dict.fromkeys(tool.target for tool in snapshot.activity.tools[:_MOST_TRIED])
    replacements = {
        "{evidence}": "; ".join(stall.evidence) if stall else snapshot.activity.reason,
        "{since}": format_local(stall.since) if stall else "some time",
        "{tried}": "; ".join(tried) or "see the record",
    }
    for placeholder, text in replacements.items():
        template = template.replace(placeholder, text)
    return template
