"""Signs and short words of the review."""

from __future__ import annotations

from collections.abc import Iterable

from tui.model.labels import COST_SOURCES, TIME_SHORT, VERDICTS_SHORT
from tui.model.review import (
    InterventionEffect,
    MomentKind,
    Review,
    Severity,
    TestState,
    Trust,
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


def verdict_span(verdict: Verdict) -> Span:
    """The verdict's sign and word."""
    signs = glyphs()
    spans: dict[Verdict, Span] = {
        "keep": (f" {signs.ok} {VERDICTS_SHORT[verdict]} ", "badge"),
        "look": (f" {signs.warning} {VERDICTS_SHORT[verdict]} ", "match"),
        "discard": (f" {signs.error} {VERDICTS_SHORT[verdict]} ", "alarm"),
    }
    return spans[verdict]


def severity_span(severity: Severity) -> Span:
    """How bad it is, as a sign."""
    signs = glyphs()
    spans: dict[Severity, Span] = {
        "high": (signs.error, "error"),
        "medium": (signs.warning, "warning"),
        "low": (signs.dot, "dim"),
    }
    return spans[severity]


def trust_span(verdict: Trust) -> Span:
    """A claim's verdict, sign and word."""
    signs = glyphs()
    spans: dict[Trust, Span] = {
        "verified": (f"{signs.ok} verified  ", "ok"),
        "partial": (f"{signs.approx} partial   ", "warning"),
        "unverified": (f"{signs.asking} unverified", "error"),
    }
    return spans[verdict]


def tests_span(state: TestState) -> Span:
    """Green or red, as sign and word; where no tests ran, that."""
    signs = glyphs()
    spans: dict[TestState, Span] = {
        "green": (f"{signs.ok} green", "ok"),
        "red": (f"{signs.error} red  ", "error"),
        "none": (f"{signs.dot} none ", "dim"),
    }
    return spans[state]


def helped_span(helped: str) -> Span:
    """Whether an intervention helped."""
    signs = glyphs()
    if helped == "yes":
        return f"{signs.ok} helped ", "ok"
    if helped == "no":
        return f"{signs.error} did not", "error"
    return f"{signs.asking} unclear", "dim"


def end_span(kind: EndKind) -> Span:
    """A sign for why it ended."""
    signs = glyphs()
    if kind in ("tasks_done", "turn_ended"):
        return signs.finished, "ok"
    if kind == "open":
        return signs.working, "accent"
    if kind in ("limit", "needs_you"):
        return signs.limited if kind == "limit" else signs.asking, "warning"
    return signs.dead, "error"


def moment_span(kind: MomentKind, label: str) -> Span:
    """The sign of a moment; tests by how they ended."""
    signs = glyphs()
    if kind == "tests":
        red = "red" in label.lower().split(":")[0] or "failed" in label.lower()
        return (signs.error, "error") if red else (signs.ok, "ok")
    spans: dict[MomentKind, Span] = {
        "commit": (signs.commit, "ok"),
        "checkpoint": (signs.checkpoint, "accent"),
        "compaction": (signs.compaction, "accent"),
        "stall": ("S", "error"),
        "loop": (signs.looping, "error"),
        "restart": (signs.restart, "warning"),
        "injection": (signs.inject, "person"),
        "rewind": (signs.rewind, "person"),
        "limit": ("L", "warning"),
        "gap": (signs.dead, "error"),
        "error": (signs.error, "error"),
        "end": (signs.finished, "strong"),
    }
    return spans[kind]


def time_text(time: TimeTotals) -> str:
    """ "8h05m: working 5h02m · in tools 1h10m": what it was, without what there was none of."""
    parts = [(word, float(getattr(time, name))) for name, word in TIME_SHORT.items()]
    parts_text = " · ".join(
        f"{word} {format_duration_rough(seconds)}" for word, seconds in parts if seconds >= 0.5
    )
    return (
        f"{format_duration_rough(time.total)}: {parts_text}"
        if parts_text
        else format_duration_rough(time.total)
    )


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
    lost = sum(waste.seconds for waste in review.wasted)
    if review.wasted:
        usd = (
            "" if not review.wasted_usd else f" {format_signed(glyphs().approx, review.wasted_usd)}"
        )
        loss = (
            f"{usd}, {format_duration_rough(lost)}"
            if usd and lost
            else usd or f" {format_duration_rough(lost)}"
        )
        words.append((f" · wasted{loss}", "warning"))
    return words


def interventions_text(interventions: Iterable[InterventionEffect]) -> str:
    """How many interventions, and whether they helped."""
    effects = [each.helped for each in interventions]
    if not effects:
        return "nobody stepped in"
    parts = [
        f"{effects.count(each)} {words}"
        for each, words in (("yes", "helped"), ("no", "did not help"), ("unclear", "unclear"))
        if each in effects
    ]
    return f"{len(effects)}: {' · '.join(parts)}"


def trust_spans(review: Review) -> list[Span]:
    """How many claims hold, and how many risks there are."""
    if not review.claims:
        words: list[Span] = [("none", "dim")]
    else:
        verdicts = [claim.verdict for claim in review.claims]
        order: tuple[tuple[Trust, Role], ...] = (
            ("verified", "text"),
            ("partial", "warning"),
            ("unverified", "error"),
        )
        words = []
        for trust, role in order:
            if trust in verdicts:
                comma = ", " if words else ""
                words.append((f"{comma}{verdicts.count(trust)} {trust}", role))
    high = sum(1 for risk in review.risks if risk.severity == "high")
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
