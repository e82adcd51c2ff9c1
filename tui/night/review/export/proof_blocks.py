"""What was run again to prove a night, as blocks of a page."""

from __future__ import annotations

from tui.model.proof_words import PROOF_PLACES, proof_line, run_line
from tui.model.review import ProofRun, Review
from tui.night.review.export import blocks
from tui.night.review.export.blocks import Inline, badge, code, line
from tui.night.review.export.wording import ExportTimeZone
from tui.system.format import clip_text, format_duration

_WIDEST = 200


def proof_blocks(
    review: Review, zone: ExportTimeZone, limits: blocks.PageLimits
) -> list[blocks.Block]:
    """What was proven, each command with the end of its output, and what is to be known of it."""
    if (proof := review.proof) is None:
        return []
    said = f"At {zone.clock(proof.at)}, in clean copies: {proof_line(proof)}."
    head = blocks.Paragraph(line(clip_text(said, limits.text)))
    notes = tuple(line(clip_text(note, limits.text)) for note in proof.notes)
    last = [blocks.BulletList(notes)] if notes else []
    return [head, *(_output(run, limits) for run in proof.runs[: limits.rows]), *last]


def _output(run: ProofRun, limits: blocks.PageLimits) -> blocks.DiffBlock:
    took = f" {run_line(run)}, {PROOF_PLACES[run.on]}, {format_duration(run.seconds)}"
    title = line(_badge(run), " ", code(clip_text(run.command, limits.text)), took)
    rows = [f" {clip_text(row, _WIDEST)}" for row in run.output.splitlines()]
    kept = tuple(rows[-limits.hunk_lines :])
    ended = "was cut off" if run.code is None else f"ended with {run.code}"
    is_open = run.verdict == "red" and run.on != "base"
    return blocks.DiffBlock(title, f"the end of its output; it {ended}", kept, 0, is_open)


def _badge(run: ProofRun) -> Inline:
    if run.verdict == "green":
        return badge("green", "good", "✓")
    return badge("red", "bad", "✗") if run.verdict == "red" else badge("no proof", "warn", "?")
