"""Signs and short words of the review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from tui.model.evidence.claims import Trust
from tui.model.labels import COST_SOURCES, TIME_SHORT, VERDICTS_SHORT
from tui.model.review import (
    Helped,
    InterventionEffect,
    MomentKind,
    Review,
    Severity,
    TestState,
    Verdict,
)
from tui.model.snapshot import Cost
from tui.model.state import EndKind
from tui.model.timeline import TimeTotals
from tui.system.format import (
    format_clock,
    format_duration_rough,
    format_local,
    format_money,
    format_signed,
)
from widgets.glyphs import glyphs
from widgets.ink import Role, Span

_SIGNS: Final[dict[str, tuple[str, str, Role]]] = {
    "keep": ("ok", f" {{}} {VERDICTS_SHORT['keep']} ", "badge"),
    "look": ("warning", f" {{}} {VERDICTS_SHORT['look']} ", "match"),
    "discard": ("error", f" {{}} {VERDICTS_SHORT['discard']} ", "alarm"),
    "high": ("error", "{}", "error"),
    "medium": ("warning", "{}", "warning"),
    "low": ("dot", "{}", "dim"),
    "verified": ("ok", "{} verified  ", "ok"),
    "partial": ("approx", "{} partial   ", "warning"),
    "unverified": ("asking", "{} unverified", "error"),
    "contradicted": ("error", "{} is false  ", "error"),
    "green": ("ok", "{} green", "ok"),
    "red": ("error", "{} red  ", "error"),
    "none": ("dot", "{} none ", "dim"),
    "yes": ("ok", "{} helped ", "ok"),
    "no": ("error", "{} did not", "error"),
    "unclear": ("asking", "{} unclear", "dim"),
    "commit": ("commit", "{}", "ok"),
    "checkpoint": ("checkpoint", "{}", "accent"),
    "compaction": ("compaction", "{}", "accent"),
    "stall": ("S", "{}", "error"),
    "loop": ("looping", "{}", "error"),
    "refused": ("refused", "{}", "error"),
    "same_error": ("error", "{}", "error"),
    "no_progress": ("looping", "{}", "error"),
    "restart": ("restart", "{}", "warning"),
    "injection": ("inject", "{}", "person"),
    "rewind": ("rewind", "{}", "person"),
    "limit": ("L", "{}", "warning"),
    "gap": ("dead", "{}", "error"),
    "error": ("error", "{}", "error"),
    "end": ("finished", "{}", "strong"),
}
"""For each word of a review the sign's name, how it is shown with its word, and in which role.

What is the name of no sign is one itself.
"""
_TRUST_ROLES: Final[dict[Trust, Role]] = {
    "verified": "text",
    "partial": "warning",
    "unverified": "error",
    "contradicted": "error",
}
_END_SIGNS: Final[dict[EndKind, tuple[str, Role]]] = {
    EndKind.TASKS_DONE: ("finished", "ok"),
    EndKind.TURN_ENDED: ("finished", "ok"),
    EndKind.OPEN: ("working", "accent"),
    EndKind.LIMIT: ("limited", "warning"),
    EndKind.NEEDS_PERSON: ("asking", "warning"),
}


def sign_span(word: Verdict | Severity | Trust | TestState | Helped | MomentKind) -> Span:
    """A verdict, severity, state of tests or the like as its sign, with its word where it has one."""
    name, shown, role = _SIGNS[word]
    return shown.format(getattr(glyphs(), name, name)), role


def end_span(kind: EndKind) -> Span:
    """A sign for why it ended."""
    name, role = _END_SIGNS.get(kind, ("dead", "error"))
    return str(getattr(glyphs(), name)), role


def moment_span(kind: MomentKind, label: str) -> Span:
    """The sign of a moment; tests by how they ended."""
    if kind != "tests":
        return sign_span(kind)
    red = "red" in label.lower().split(":")[0] or "failed" in label.lower()
    return (glyphs().error, "error") if red else (glyphs().ok, "ok")


def time_text(time: TimeTotals) -> str:
    """ "8h05m: working 5h02m · in tools 1h10m": what it was, without what there was none of."""
    kinds = [(word, getattr(time, name)) for name, word in TIME_SHORT.items()]
    parts = [
        f"{word} {format_duration_rough(seconds)}" for word, seconds in kinds if seconds >= 0.5
    ]
    return f"{format_duration_rough(time.total)}: {' · '.join(parts)}".removesuffix(": ")


def cost_text(cost: Cost) -> str:
    """What it cost, with a sign where the figure is no exact one."""
    if cost.usd is None:
        return "unknown"
    sign = {"estimate": glyphs().approx, "partial": glyphs().atleast}.get(cost.source, "")
    return format_signed(sign, cost.usd)


def cost_spans(review: Review) -> list[Span]:
    """Cost with its source, per hour and per task, and what was wasted."""
    cost = review.cost
    words: list[Span] = [(cost_text(cost), "strong")]
    if cost.usd is not None:
        words.append((f" {COST_SOURCES[cost.source]}", "dim"))
    hours = review.time.total / 3600
    if cost.usd is not None and hours > 0.05:
        words.append((f" · {format_money(cost.usd / hours)}/h", "text"))
    if review.cost_per_task is not None:
        words.append((f" · {format_money(review.cost_per_task)}/task", "text"))
    if review.wasted:
        seconds = sum(waste.seconds for waste in review.wasted)
        usd = review.wasted_usd
        lost = [format_signed(glyphs().approx, usd)] if usd else []
        lost += [format_duration_rough(seconds)] if seconds or not usd else []
        words.append((f" · wasted {', '.join(lost)}", "warning"))
    return words


def interventions_text(interventions: Iterable[InterventionEffect]) -> str:
    """How many interventions, and whether they helped."""
    effects = Counter[str](each.helped for each in interventions)
    if not effects:
        return "nobody stepped in"
    told = (("yes", "helped"), ("no", "did not help"), ("unclear", "unclear"))
    parts = [f"{effects[each]} {words}" for each, words in told if effects[each]]
    return f"{effects.total()}: {' · '.join(parts)}"


def trust_spans(review: Review) -> list[Span]:
    """How many claims hold, and how many risks there are."""
    counts = Counter(claim.verdict for claim in review.claims)
    words: list[Span] = []
    for trust, role in _TRUST_ROLES.items():
        if counts[trust]:
            words.append((f"{', ' if words else ''}{counts[trust]} {trust}", role))
    words = words or [("none", "dim")]
    high = sum(risk.severity == "high" for risk in review.risks)
    words.append((f" · risks {len(review.risks)}" if review.risks else " · no risks", "text"))
    if high:
        words.append((f", {high} high", "error"))
    return words


def night_name(review: Review) -> str:
    """From when to when, and whether it still goes on."""
    run = review.night.run
    if run.started_at is None:
        return ""
    began = format_local(run.started_at, "%m-%d %H:%M")
    if review.ending.kind == "open":
        return f"still open, {format_clock(review.night.now, False)}"
    end = run.ended_at if run.ended_at is not None else review.timeline.end
    return began if end is None else f"{began} to {format_clock(end, False)}"
