"""The review as a page, before any format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui.model.evidence.log import Verdict as RunVerdict
from tui.model.labels import (
    MOMENTS,
    RISKS,
    SEVERITIES,
    SIGNS,
    TIME,
    VERDICTS,
)
from tui.model.records import Hunk
from tui.model.review import Risk
from tui.night.review.export import blocks
from tui.night.review.export.blocks import Inline, Line, badge, code, line, strong
from tui.night.review.export.proof_blocks import proof_blocks
from tui.night.review.export.redacted import Export
from tui.night.review.export.wording import (
    TRUSTS,
    Cell,
    ExportTimeZone,
    cost_text,
    ending_line,
    figures,
    held_up_rows,
    loss_rows,
    night_hours,
    places_line,
    project_name,
    time_by_kind,
)
from tui.system.format import (
    clip_text,
    format_count,
    format_duration,
    format_money_long,
    format_size_long,
    shorten,
)

_WIDEST: Final = 200
_MANY_RUNS: Final = 15
_TONES: Final[dict[str, blocks.Tone]] = {
    **{"keep": "good", "look": "warn", "discard": "bad"},
    **{"high": "bad", "medium": "warn", "low": "dim"},
    **{"verified": "good", "partial": "dim", "unverified": "warn", "contradicted": "bad"},
}
_BASES: Final = {
    "git": "against the progress file in git when the night began",
    "copy": "against our copy of the progress file when the night began",
    "first seen": "against the progress file as it was first seen",
    "none": "no progress file tells how it began",
}
_RUN_VERDICTS: Final[dict[RunVerdict, Inline]] = {
    "green": badge("green", "good", "✓"),
    "red": badge("red", "bad", "✗"),
    "unknown": badge("unknown", "dim", "○"),
}
_HELPED: Final = {
    "yes": badge("yes", "good", "✓"),
    "no": badge("no", "bad", "✗"),
    "unclear": badge("unclear", "dim", "?"),
}
Blocks = Sequence[blocks.Block]


def build_page(
    export: Export, limits: blocks.PageLimits, *, has_figures: bool = True
) -> blocks.ReviewPage:
    """The page of a review, holding at most `limits`; what is left out is counted.

    `has_figures` says that the figures stand in the same file.
    """
    return _PageBuilder(export, limits, has_figures).page()


def _judged(word: str, text: str = "") -> Inline:
    """A verdict, severity or trust as a badge."""
    return badge(text or word, _TONES[word], SIGNS[word])


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


class _PageBuilder:
    """Makes the parts of one page; a section without content has no blocks."""

    def __init__(self, export: Export, limits: blocks.PageLimits, has_figures: bool) -> None:
        self._export = export
        self._has_figures = has_figures
        self._review = export.review
        self._limits = limits
        self._zone = ExportTimeZone(export.zone_s)

    def page(self) -> blocks.ReviewPage:
        review = self._review
        folded = {"points", "timeline"} | (
            {"tests"} if len(review.tests.runs) > _MANY_RUNS else set()
        )
        sections = (
            ("look", "Look here first", self._attention()),
            ("time", "Where the night went", self._time()),
            ("tasks", "Tasks", self._tasks()),
            ("claims", "Claims and evidence", self._claims()),
            ("tests", "Tests", self._tests()),
            ("proof", "Run again to prove it", proof_blocks(review, self._zone, self._limits)),
            ("risks", "Risks", self._risks()),
            ("commits", "Commits", self._commits()),
            ("cost", "Cost", self._cost()),
            ("interventions", "Interventions", self._interventions()),
            ("points", "Keep or revert", self._points()),
            ("timeline", "Timeline", self._timeline()),
        )
        return blocks.ReviewPage(
            title="Night review",
            project=project_name(review),
            verdict=_judged(review.verdict, VERDICTS[review.verdict]),
            when=night_hours(review, self._zone),
            goal=review.night.run.goal or "",
            ending=ending_line(review.ending),
            reasons=tuple(reason.text for reason in review.reasons),
            facts=figures(review, self._zone),
            sections=tuple(
                blocks.PageSection(id, title, tuple(shown), id in folded)
                for id, title, shown in sections
                if shown
            ),
            footer=self._footer(),
        )

    # --- parts of any section ---

    def _clip(self, text: str) -> str:
        return clip_text(text, self._limits.text)

    def _bullets(self, lines: Sequence[Line], ordered: bool = False) -> blocks.BulletList:
        shown = tuple(lines[: self._limits.rows])
        return blocks.BulletList(shown, ordered, len(lines) - len(shown))

    def _table(
        self,
        caption: str,
        head: str,
        rows: Sequence[tuple[Cell, ...]],
        numbers: Iterable[int] = (),
        quiet: bool = False,
    ) -> Blocks:
        """A table of as many of the rows as there is room for; bars part the names in `head`."""
        if not rows:
            return ()
        shown = tuple(
            tuple(cell if isinstance(cell, tuple) else line(cell) for cell in row)
            for row in rows[: self._limits.rows]
        )
        more = len(rows) - len(shown)
        names = tuple(head.split("|"))
        return [blocks.Table(caption, names, shown, frozenset(numbers), more, quiet)]

    def _footer(self) -> tuple[Line, ...]:
        export, zone = self._export, self._zone
        run = f"Run {export.review.run_id}. " if export.review.run_id else ""
        what = (
            f"{run}As of {zone.day(export.made_at)} {zone.clock(export.made_at)} {zone.name}, "
            f"written by overnight-tui {export.version}. Figures come from the sources below; names "
            "of people and machines, and what looks like a secret, were taken out."
        )
        how = "The same figures stand as JSON in a comment of this file; "
        sources = (
            line(
                f"{source.name}: ",
                code(source.path),
                f" {format_size_long(source.size)}, SHA-256 ",
                code(source.sha256[:16] or "not readable"),
            )
            for source in export.sources
        )
        check = line(how, code("overnight-tui review --check FILE"), " derives them again.")
        return (line(what), *([check] if self._has_figures else ()), *sources)

    # --- sections ---

    def _attention(self) -> Blocks:
        lines = [
            line(_judged(item.severity), f" {item.what} ", *places_line((item.where,)))
            for item in self._review.attention
        ]
        return [self._bullets(lines, ordered=True)] if lines else []

    def _time(self) -> Blocks:
        total = self._review.time.total
        rows = tuple(
            (line(TIME[kind]), line(format_duration(s)), line(f"{100 * s / total:.0f} %"))
            for kind, s in time_by_kind(self._review.time)
            if s >= 1
        )
        if not rows:
            return []
        head, caption = ("What", "Time", "Share"), f"Where {format_duration(total)} went"
        sums = blocks.Table(caption, head, rows, frozenset({1, 2}))
        shown: list[blocks.Block] = [blocks.TimelineSlot(), sums]
        troubles = held_up_rows(self._review.stalls, self._zone, self._clip)
        names = "Time|What|Evidence|Lost|Cost"
        causes = [
            (f"{one.count:,}", self._clip(one.what), places_line((one.first,)))
            for one in self._review.causes
        ]
        return [
            *shown,
            *self._table("What held it up", names, troubles, {3, 4}),
            *self._table("Behind many calls", "Calls|What|First", causes, {0}),
        ]

    def _tasks(self) -> Blocks:
        """Every task that this night finished, left open, added or removed."""
        tasks = self._review.tasks
        states = (
            (tasks.done, badge("done", "good", "✓")),
            (tasks.open, badge("open", "warn", "○")),
            (tasks.added, badge("added", "dim", "+")),
            (tasks.removed, badge("removed", "dim", "−")),
        )
        rows = [(self._clip(title), state) for titles, state in states for title in titles]
        caption = f"Tasks, {_BASES.get(tasks.basis, tasks.basis)}"
        return self._table(caption, "Task|State", rows)

    def _claims(self) -> Blocks:
        """What was said to be done, and what supports it; the doubtful first."""
        rows = [
            (
                self._clip(claim.text),
                line(f"{claim.source} ", *places_line((claim.where,))),
                _judged(claim.verdict),
                self._clip(claim.why),
                places_line(claim.evidence) or "none",
            )
            for claim in sorted(self._review.claims, key=lambda c: -TRUSTS.index(c.verdict))
        ]
        caption = "Claims of the agent, and the evidence for each"
        shown = self._table(caption, "Claim|Said in|Verdict|Why|Evidence", rows, quiet=True)
        counted = ((one.count, one.language) for one in self._review.unread)
        unread = ", ".join(f"{format_count(n, 'statement')} in {name}" for n, name in counted)
        return [*shown, blocks.Paragraph(line(f"Not checked: {unread}."))] if unread else shown

    def _tests(self) -> Blocks:
        rows = [
            (
                self._zone.clock(run.at),
                code(self._clip(run.command)),
                _RUN_VERDICTS[run.verdict],
                _number(run.passed),
                _number(run.failed),
                places_line((run.ref,)),
            )
            for run in reversed(self._review.tests.runs)
        ]
        caption = f"{format_count(self._review.tests.total, 'run')}, the newest first"
        return self._table(caption, "Time|Command|Verdict|Passed|Failed|Evidence", rows, {3, 4})

    def _risks(self) -> Blocks:
        """What the night's changes and commands risk, each with its hunk."""
        ranked = sorted(self._review.risks, key=lambda risk: SEVERITIES.index(risk.severity))
        limits = self._limits
        hunks: list[blocks.Block] = []
        others: list[Line] = []
        for risk in ranked[: limits.rows]:
            if risk.hunk is not None and len(hunks) < limits.hunks:
                hunks.append(self._diff(risk, risk.hunk))
            else:
                others.append(self._risk(risk))
        shown = list(hunks)
        more = max(0, len(ranked) - limits.rows)
        if others or more:
            shown.append(blocks.BulletList(tuple(others), more=more))
        hidden = sum(risk.hunk is not None for risk in ranked) - len(hunks)
        if hidden:
            shown.append(blocks.Paragraph(line(f"{format_count(hidden, 'hunk')} not shown here.")))
        return shown

    def _risk(self, risk: Risk) -> Line:
        where: Line = ()
        if risk.commit:
            where = (Inline(" in commit "), code(risk.commit[:10]))
        elif risk.ref is not None:
            where = (Inline(" "), *places_line((risk.ref,)))
        what = f"{' ' if risk.path else ''}{self._clip(risk.what)}"
        kind = f" {RISKS[risk.kind]}: "
        return line(_judged(risk.severity), kind, code(risk.path), what, *where)

    def _diff(self, risk: Risk, hunk: Hunk) -> blocks.DiffBlock:
        # Each line with its sign, not wider than a page.
        signed = (row if row[:1] in tuple(" +-") else f" {row}" for row in hunk.lines)
        shown = tuple(clip_text(row, _WIDEST + 1) for row in signed)[: self._limits.hunk_lines]
        before = sum(not row.startswith("+") for row in hunk.lines)
        after = sum(not row.startswith("-") for row in hunk.lines)
        numbers = f"@@ -{hunk.old_start},{before} +{hunk.new_start},{after} @@"
        heading = f"{numbers} {shorten(hunk.heading, 80)}".rstrip()
        more, is_open = len(hunk.lines) - len(shown), risk.severity == "high"
        return blocks.DiffBlock(self._risk(risk), heading, shown, more, is_open)

    def _commits(self) -> Blocks:
        rows = [
            (
                code(commit.sha[:10]),
                self._zone.clock(commit.at),
                self._clip(commit.subject + " (by overnight-tui)" * commit.ours),
                f"{commit.files:,}",
                f"+{commit.insertions:,}",
                f"−{commit.deletions:,}",
            )
            for commit in self._review.commits
        ]
        head, caption = "Commit|Time|Subject|Files|Added|Deleted", "Commits of the night"
        return self._table(caption, head, rows, {3, 4, 5}, quiet=True)

    def _cost(self) -> Blocks:
        cost, wasted = self._review.cost, self._review.wasted
        if cost.usd is None and not cost.by_model and not wasted:
            return []
        rest = f": {cost.reason}."
        if cost.per_hour:
            rest += f" {format_money_long(cost.per_hour)} an hour in the last hour of work."
        if cost.priced_on and cost.source != "result":
            rest += f" Prices of {cost.priced_on}."
        models = [
            (
                code(model.model),
                f"{model.responses:,}",
                f"{model.usage.context:,}",
                f"{model.usage.output:,}",
                format_money_long(model.usd),
            )
            for model in cost.by_model
        ]
        hours = [
            (f"from {self._zone.clock(hour.start)}", format_money_long(hour.usd))
            for hour in cost.by_hour
        ]
        losses = loss_rows(wasted, self._clip)
        return [
            blocks.Paragraph(line(strong(cost_text(cost)), rest)),
            *(blocks.Paragraph(line(f"{note[:1].upper()}{note[1:]}.")) for note in cost.notes),
            *self._table(
                "Cost by model", "Model|Answers|Tokens in|Tokens out|Cost", models, {1, 2, 3, 4}
            ),
            *self._table("Cost by hour", "Hour|Cost", hours, {1}),
            *self._table("What bought nothing", "Wasted on|What|Time|Cost", losses, {2, 3}),
        ]

    def _interventions(self) -> Blocks:
        rows = [
            (
                self._zone.clock(effect.at),
                effect.kind,
                self._clip(effect.text),
                effect.state,
                _HELPED[effect.helped],
                self._clip(effect.why),
            )
            for effect in self._review.interventions
        ]
        caption = "Interventions, and whether they helped"
        return self._table(caption, "Time|What|Words|State|Helped|Why", rows, quiet=True)

    def _points(self) -> Blocks:
        """States that can be kept or gone back to, tests as they stood then."""
        rows = [
            (
                line(f"{point.kind} ", code(point.id[:10])),
                self._zone.clock(point.at),
                self._clip(point.label),
                f"{point.files:,}",
                _RUN_VERDICTS[point.tests] if point.tests != "none" else "not run",
                self._clip(point.first_red_after or "nothing"),
            )
            for point in self._review.points
        ]
        head = "State|Time|Label|Files|Tests|First red after it"
        caption = "Checkpoints and commits that can be kept or gone back to"
        return self._table(caption, head, rows, {3}, quiet=True)

    def _timeline(self) -> Blocks:
        """What mattered, in order; the last of them where there are too many."""
        moments = self._review.moments
        lines = tuple(
            line(
                code(self._zone.clock(moment.at)),
                " ",
                strong(MOMENTS[moment.kind]),
                f": {self._clip(moment.label)}",
                f" ({format_duration(moment.seconds)})" if moment.seconds is not None else "",
            )
            for moment in moments[-self._limits.rows :]
        )
        return [blocks.BulletList(lines, more=len(moments) - len(lines))] if lines else []
