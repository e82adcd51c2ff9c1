"""The figures as words and a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from benchmarks.stuck.figures import Figures, LevelFigures
from benchmarks.stuck.watching import LONGEST_PAUSE

_WORDS = {
    "notice": "notice",
    "nudge": "nudge (suspected)",
    "stop": "stop (stuck)",
    "three_identical_calls": "three identical calls",
    "last_three_messages_similar": "last 3 messages > 0.85",
}
_HEAD = (
    f"{'':<28} {'found':>11} {'recall':>7} {'early':>6} {'false alarms':>13} {'rate':>7}"
    f" {'per 100 h':>10} {'precision':>10} {'steps':>6}"
)


def report(found: Figures) -> str:
    """What was measured, for people."""
    return "\n".join(_lines(found))


def _lines(found: Figures) -> Iterator[str]:
    yield (
        f"{found.episodes} episodes: {found.stuck} stuck, {found.healthy} healthy"
        f" with {found.hours_healthy:.1f} active hours"
        f" (pauses of more than {LONGEST_PAUSE / 60:.0f} minutes do not count); {found.unread} unread"
    )
    yield from (f"  unread: {words}" for words in found.unread_episodes)
    yield from _table("All detectors", found.levels.items(), found)
    yield from _table("A notice of each detector", found.detectors.items(), found)
    yield from _table("Plain rules", found.baselines.items(), found)
    for name, one in found.sets.items():
        title = f"Set {name}: {one.stuck} stuck, {one.healthy} healthy"
        rows = (*one.levels.items(), *one.baselines.items())
        yield from _table(title, rows, one)
    wrong = [one for one in found.each if (one.notice is None) == (one.label == "stuck")]
    yield ""
    yield f"{len(found.each) - len(wrong)} of {len(found.each)} right by the first notice."
    if found.episodes <= _MOST_NAMED:
        yield from (f"  {_wrong(one.label, one.notice, one.detector)}: {one.id}" for one in wrong)
    yield "steps: median over the hits from where the trouble begins to the first alarm."


_MOST_NAMED = 400


def _wrong(label: str, notice: int | None, detector: str | None) -> str:
    return "not found" if label == "stuck" else f"false alarm of {detector} at step {notice}"


def _table(title: str, rows: Iterable[tuple[str, LevelFigures]], of: object) -> Iterator[str]:
    stuck, healthy = int(getattr(of, "stuck", 0)), int(getattr(of, "healthy", 0))
    yield ""
    yield title
    yield _HEAD
    for name, one in rows:
        steps = "–" if one.median_steps is None else f"{one.median_steps:g}"
        precision = f"{one.precision:.1%}" if one.hits + one.false_alarms else "–"
        yield (
            f"{_WORDS.get(name, name):<28} {f'{one.hits} of {stuck}':>11} {one.recall:>7.1%}"
            f" {one.early:>6} {f'{one.false_alarms} of {healthy}':>13} {one.false_alarm_rate:>7.1%}"
            f" {one.per_100_hours:>10.1f} {precision:>10} {steps:>6}"
        )


def markdown(found: Figures, off: Mapping[str, LevelFigures]) -> str:
    """The figures of one set as a table for a document; `off`: of detectors, those switched off too."""
    lines = [
        f"{found.stuck} stuck and {found.healthy} healthy episodes; the healthy ones are active for"
        f" {found.hours_healthy:.1f} hours.",
        "",
        "| | found | false alarms | steps to the first alarm (median) |",
        "|---|---|---|---|",
    ]
    rows = [
        *((f"all, {_WORDS[name]}", one) for name, one in found.levels.items()),
        *((f"`{name}`", one) for name, one in found.detectors.items()),
        *(
            (f"`{name}`, if it is on", one)
            for name, one in off.items()
            if name not in found.detectors
        ),
        *((f"rule: {_WORDS[name]}", one) for name, one in found.baselines.items()),
    ]
    for name, one in rows:
        steps = "–" if one.median_steps is None else f"{one.median_steps:g}"
        lines.append(f"| {name} | {one.hits} | {one.false_alarms} | {steps} |")
    return "\n".join(lines) + "\n"
