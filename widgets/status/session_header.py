"""The header row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct
from textual.reactive import reactive

from tui.model.labels import STATES_SHORT, state_word
from tui.system.format import (
    format_age,
    format_clock,
    format_count,
    format_idle,
    format_money,
    format_number,
    format_running,
)
from widgets.glyphs import Glyphs, glyphs
from widgets.ink import Line, Role, Span, width_of
from widgets.row_widgets import SingleRow
from widgets.text_cells import clip, visible


class HeaderFacts(Struct, frozen=True):
    """Everything that the header may say; None and empty say nothing.

    `state` is a session state, `state_until` the clock at which it should end, `limit` the limit that was
    reached. `viewed_at` is the time
    that a person has gone back to. `alert` is a few words that must not be missed, such as a limit that
    comes near.
    """

    project: str
    run: str = ""
    state: str = "none"
    elapsed_s: float | None = None
    cost_usd: float | None = None
    cost_source: Literal["result", "estimate", "partial"] = "result"
    budget_usd: float | None = None
    tokens: int | None = None
    context_percent: float | None = None
    idle_s: float | None = None
    idle_limit_s: float | None = None
    checkpoints: int = 0
    checkpoint_age_s: float | None = None
    interventions: int = 0
    queued: int = 0
    paused: bool = False
    viewed_at: float | None = None
    alert: str = ""
    budget_warning: float = 0.8
    budget_critical: float = 0.95
    checkpoint_due_s: float | None = None
    others: int = 0
    state_until: str = ""
    limit: str = ""


class HeaderPart(Struct, frozen=True):
    """A piece of the header in forms from long to short.

    `ranks` says for each shorter form when it comes: steps of lower rank are taken first.
    """

    forms: tuple[Line, ...]
    ranks: tuple[int, ...]


CONTEXT_HIGH: Final = 80.0
CONTEXT_FULL: Final = 92.0


def state_span(state: str, signs: Glyphs) -> tuple[str, Role]:
    """A state's sign and role."""
    spans: dict[str, tuple[str, Role]] = {
        "starting": (signs.waiting, "accent"),
        "working": (signs.working, "ok"),
        "tool": (signs.tool, "ok"),
        "waiting_api": (signs.waiting, "accent"),
        "rate_limited": (signs.limited, "warning"),
        "waiting_permission": (signs.asking, "alarm"),
        "waiting_input": (signs.awaiting, "accent"),
        "stalled": (signs.stalled, "alarm"),
        "looping": (signs.looping, "alarm"),
        "refused": (signs.refused, "alarm"),
        "winding_down": (signs.down, "warning"),
        "restarting": (signs.restarting, "warning"),
        "paused": (signs.paused, "warning"),
        "finished": (signs.finished, "ok"),
        "ended": (signs.ended, "text"),
        "failed": (signs.error, "error"),
        "killed": (signs.dead, "error"),
        "crashed": (signs.crashed, "alarm"),
        "gave_up": (signs.gave_up, "alarm"),
    }
    return spans.get(state, (signs.none, "dim"))


def _state_part(facts: HeaderFacts, signs: Glyphs) -> HeaderPart:
    sign, role = state_span(facts.state, signs)
    word = visible(state_word(facts.state))
    short = STATES_SHORT.get(facts.state) or visible(facts.state).split("_")[0]
    elapsed: Line = []
    if facts.elapsed_s is not None:
        elapsed = [("  " + format_running(facts.elapsed_s), "text")]
    lead, tail = (" ", " ") if role == "alarm" else ("", "")
    until = f" until {facts.state_until}" if facts.state_until else ""
    if facts.state == "winding_down" and facts.limit:
        until = f": {visible(facts.limit)}"
    names = [word + until, word, short] if until else [word, short]
    forms: list[Line] = [[(f"{lead}{sign} {name}{tail}", role)] for name in names]
    return HeaderPart(([*forms[0], *elapsed], *forms), (58, *([78] if until else []), 80))


def _severity(value: float, high: float, full: float) -> Role:
    if value < high:
        return "text"
    return "error" if value >= full else "warning"


def _cost_part(facts: HeaderFacts, signs: Glyphs) -> HeaderPart | None:
    if facts.cost_usd is None:
        if not facts.tokens:
            return None
        words = f"{format_number(facts.tokens)} tokens"
        return HeaderPart(
            ([(words, "text"), (", no price", "dim")], [(words, "text")], []), (35, 70)
        )
    sign = {"estimate": signs.approx, "partial": signs.atleast}.get(facts.cost_source, "")
    role: Role = "text"
    if facts.budget_usd:
        share = facts.cost_usd / facts.budget_usd
        role = _severity(share, facts.budget_warning, facts.budget_critical)
    cost: Span = (sign + format_money(facts.cost_usd), role)
    mark: Line = [("!", role)] if role != "text" else []
    of: Line = []
    if facts.budget_usd:
        of = [(f" of {format_money(facts.budget_usd).removesuffix('.00')}", "dim")]
    return HeaderPart(([cost, *of, *mark], [cost, *mark], []), (35, 70))


def _context_part(facts: HeaderFacts) -> HeaderPart | None:
    percent = facts.context_percent
    if percent is None:
        return None
    role = _severity(percent, CONTEXT_HIGH, CONTEXT_FULL)
    mark = "!" if role != "text" else ""
    return HeaderPart(([("ctx ", "dim"), (f"{percent:.0f}%{mark}", role)], []), (60,))


def _idle_part(facts: HeaderFacts) -> HeaderPart | None:
    if facts.idle_s is None:
        return None
    near = facts.idle_limit_s is not None and facts.idle_s >= 0.5 * facts.idle_limit_s
    role: Role = "warning" if near else "text"
    words = format_idle(facts.idle_s) + ("!" if near else "")
    return HeaderPart(([("idle ", "dim"), (words, role)], []), (65,))


def _checkpoint_part(facts: HeaderFacts) -> HeaderPart | None:
    if not facts.checkpoints:
        return None
    number: Line = [("ckpt ", "dim"), (str(facts.checkpoints), "text")]
    if facts.checkpoint_age_s is None:
        return HeaderPart((number, []), (40,))
    old = format_age(facts.checkpoint_age_s)
    ago = f" ({old})" if old == "now" else f" ({old} ago)"
    if facts.checkpoint_due_s is not None and facts.checkpoint_age_s > facts.checkpoint_due_s:
        return HeaderPart(
            ([*number, (f"{ago}!", "warning")], [*number, ("!", "warning")], []), (15, 40)
        )
    return HeaderPart(([*number, (ago, "dim")], number, []), (15, 40))


def _message_parts(facts: HeaderFacts) -> Iterator[HeaderPart]:
    """How many messages wait, and how often a person stepped in."""
    if facts.queued:
        yield HeaderPart(([(f"{facts.queued} queued", "person")], []), (32,))
    if count := facts.interventions:
        words = format_count(count, "intervention")
        yield HeaderPart(([(words, "person")], [(f"{count} by you", "person")], []), (12, 30))


def _others_part(facts: HeaderFacts) -> HeaderPart | None:
    """How many other sessions live in this project."""
    count = facts.others
    if not count:
        return None
    words = f"{format_count(count, 'other session')} {'lives' if count == 1 else 'live'} here"
    short = f"+{format_count(count, 'session')}"
    forms: tuple[Line, ...] = (
        [(words, "warning")],
        [(short, "warning")],
        [(f"+{count}", "warning")],
    )
    return HeaderPart((*forms, []), (13, 33, 66))


def header_parts(facts: HeaderFacts) -> tuple[list[HeaderPart], list[HeaderPart]]:
    """The pieces from the left, and those that stand at the right edge."""
    signs = glyphs()
    project = visible(facts.project)
    projects: list[Line] = [[(clip(project, room), "strong")] for room in (32, 16, 8)]
    left = [
        HeaderPart(([("overnight", "accent")], []), (10,)),
        HeaderPart(tuple(projects), (38, 56)),
        *([HeaderPart(([(clip(visible(facts.run), 28), "dim")], []), (20,))] if facts.run else []),
        _state_part(facts, signs),
        _cost_part(facts, signs),
        _context_part(facts),
        _idle_part(facts),
        _checkpoint_part(facts),
        *_message_parts(facts),
        _others_part(facts),
    ]
    right: list[HeaderPart] = []
    if facts.alert:
        alert = visible(facts.alert)
        forms: list[Line] = [[(f" {clip(alert, room)} ", "alarm")] for room in (40, 16)]
        right.append(HeaderPart(tuple(forms), (62,)))
    if facts.viewed_at is not None:
        at, short = format_clock(facts.viewed_at), format_clock(facts.viewed_at, False)
        right.append(
            HeaderPart(([(f" looking at {at} ", "badge")], [(f" {short} ", "badge")]), (45,))
        )
    if facts.paused:
        paused: Line = [(f" {signs.paused} paused ", "badge")]
        right.append(HeaderPart((paused, [(f" {signs.paused} ", "badge")]), (85,)))
    return [part for part in left if part is not None], right


def fit_parts(
    parts: Sequence[HeaderPart], gaps: Sequence[int], width: int
) -> tuple[list[Line], int]:
    """A form for each part such that all fit, and the gap between them.

    The gap narrows first, then forms give way, those of the lowest rank before others.
    """
    chosen = [0] * len(parts)

    def taken(gap: int) -> int:
        widths = [width_of(part.forms[form]) for part, form in zip(parts, chosen, strict=True)]
        shown = [each for each in widths if each]
        return sum(shown) + gap * max(0, len(shown) - 1)

    gap = next((gap for gap in gaps if taken(gap) <= width), gaps[-1])
    while taken(gap) > width:
        steps = [
            (part.ranks[form], nth)
            for nth, (part, form) in enumerate(zip(parts, chosen, strict=True))
            if form < len(part.ranks)
        ]
        if not steps:
            break
        chosen[min(steps)[1]] += 1
    return [part.forms[form] for part, form in zip(parts, chosen, strict=True)], gap


def header_line(facts: HeaderFacts, width: int) -> Line:
    """The header in `width` columns."""
    left, right = header_parts(facts)
    forms, gap = fit_parts([*left, *right], (3, 2), max(0, width - 2))
    lefts = [form for form in forms[: len(left)] if form]
    rights = [form for form in forms[len(left) :] if form]
    out: list[Span] = [(" ", "text")]
    for nth, form in enumerate(lefts):
        if nth:
            out.append((" " * gap, "text"))
        out.extend(form)
    tail: list[Span] = [piece for form in rights for piece in ((" ", "text"), *form)][1:]
    out.append((" " * max(0, width - 1 - width_of(out) - width_of(tail)), "text"))
    return [*out, *tail]


_NOTHING = HeaderFacts(project="")


class SessionHeader(SingleRow):
    """Draws `HeaderFacts`; painted again only when the line reads differently."""

    DEFAULT_CSS = "SessionHeader { background: $surface; }"
    facts: reactive[HeaderFacts] = reactive(_NOTHING, repaint=False, init=False)

    def __init__(self, facts: HeaderFacts = _NOTHING, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(SessionHeader.facts, facts)

    def show(self, facts: HeaderFacts) -> None:
        """Show these facts from now on."""
        self.facts = facts

    watch_facts = SingleRow.redraw

    def spans(self, width: int) -> Line:
        return header_line(self.facts, width)
