"""What goes wrong between the CLI and its API: retries and limits; and compaction."""

from __future__ import annotations

import time
from contextlib import suppress

from tui.demo.simulator.session import SimulatedSession
from tui.demo.simulator.shapes import fresh
from tui.demo.simulator.spending import TokenCounts

SUMMARY = (
    "This session is being continued from a previous conversation that ran out of context. "
    "The summary below covers the earlier portion of the conversation.\n\n"
    "{summary}\n\nContinue with the last task as if the break had not happened."
)


def retries(
    session: SimulatedSession, status: int | None, error: str, delays: list[float], limit: int = 10
) -> None:
    """One `api_retry` line per delay (seconds of the wall clock), each waited out."""
    for attempt, delay in enumerate(delays, 1):
        session.system(
            "api_retry",
            attempt=attempt,
            max_retries=limit,
            retry_delay_ms=round(delay * 1000),
            error_status=status,
            error=error,
        )
        began = time.monotonic()
        session.reader.wait(delay)
        session.ledger.api_s += time.monotonic() - began


def backoff(first: float, times: int, most: float = 38.0) -> list[float]:
    """Delays that double, as the CLI's do."""
    return [min(most, first * 2**n) for n in range(times)]


def limit_event(session: SimulatedSession, status: str, resets_in: float, used: float) -> None:
    """A `rate_limit_event`; `resets_in` seconds of the wall clock from now."""
    at = session.timing.now() + resets_in * session.timing.scale
    session.emit(session.shape("rate limit", status=status, at=int(at), used=used))


def wait_for_limit(session: SimulatedSession, resets_in: float, step: float) -> None:
    """A limit that is waited out: rejected, 429 retries every `step` seconds, allowed again."""
    limit_event(session, "rejected", resets_in, 1.0)
    times = max(1, round(resets_in / step)) if step > 0 else 1
    retries(session, 429, "rate_limit", [resets_in / times] * times)
    limit_event(session, "allowed", 5 * 3600, 0.02)


def compact(session: SimulatedSession, trigger: str, seconds: float = 2.0) -> None:
    """Summarises the conversation: the context shrinks, the transcript begins anew after a boundary."""
    before, started = session.context, time.monotonic()
    session.system("status", status="compacting", compact_output_chars=0)
    session.pause(seconds)
    summary = _summary(session)
    reading = TokenCounts(4, len(summary) // 4 + 600, 0, 0, before)
    session.ledger.add(session.model, reading)
    after = 2_600 + len(summary) // 4
    lasted = round((time.monotonic() - started) * 1000 * session.timing.scale) + 1
    session.system("status", status=None, compact_result="success")
    leaf, kept, anchor = session.transcript.leaf, list(session.transcript.tail), fresh()
    facts = {"trigger": trigger, "before": before, "after": after, "lasted": lasted}
    boundary = session.shape(
        "boundary",
        **facts,
        dropped=max(0, before - after),
        kept=kept,
        anchor=anchor,
        head=kept[0] if kept else anchor,
        tail=kept[-1] if kept else anchor,
    )
    session.system("compact_boundary", compact_metadata=boundary, logical_parent_uuid=leaf)
    session.transcript.link(session.shape("boundary record", leaf=leaf, **facts), root=True)
    text = SUMMARY.format(summary=summary)
    session.write_user(
        text,
        anchor,
        synthetic=True,
        message={"role": "user", "content": text},
        isVisibleInTranscriptOnly=True,
        isCompactSummary=True,
    )
    session.context = after


def _summary(session: SimulatedSession) -> str:
    """What is known of the work, read from the progress file as it stands."""
    path, lines = session.cwd / "claude-progress.txt", []
    with suppress(OSError):
        lines = path.read_text("utf-8", "replace").splitlines()
    tasks = [line.strip() for line in lines if line.strip().startswith("- [")]
    return "Tasks as they stand:\n" + "\n".join(tasks) if tasks else "Work goes on as asked."
