"""What goes wrong between the CLI and its API: retries, limits, failures; and compaction."""

from __future__ import annotations

import time

from . import shapes
from .session import SimulatedSession
from .spending import TokenCounts
from .turns import TurnEnded

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


def api_failure(
    session: SimulatedSession, text: str, error: str, status: int, kind: str
) -> TurnEnded:
    """The CLI gives up on the API: an assistant line says so; returns the turn's end."""
    uuid, stamp = shapes.fresh(), session.timing.stamp()
    body = shapes.api_error_message(text)
    line = shapes.assistant(session.id, uuid, stamp, body, shapes.short("req"))
    line.update(
        error=error, is_api_error_message=True, api_error_status=status, api_error_type=kind
    )
    turn = session.turn
    if turn is not None:
        if not turn.spoke:
            session.replay(turn.message)
        turn.spoke = True
        turn.stop_reason = "stop_sequence"
        turn.requests += 1
    session.emit(line)
    record = {
        "message": body,
        "type": "assistant",
        "isApiErrorMessage": True,
        "error": error,
        "apiErrorStatus": status,
    }
    session.transcript.link(record, uuid, stamp)
    return TurnEnded(
        "success",
        "api_error",
        text=text,
        is_error=True,
        api_error_status=status,
        api_error_type=kind,
    )


def limit_event(session: SimulatedSession, status: str, resets_in: float, used: float) -> None:
    """A `rate_limit_event`; `resets_in` seconds of the wall clock from now."""
    at = session.timing.now() + resets_in * session.timing.scale
    session.emit(shapes.rate_limit(session.id, status, at, used))


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
    old_leaf, anchor = session.transcript.leaf, shapes.fresh()
    _announce_boundary(session, trigger, before, after, lasted, anchor)
    _write_boundary(session, trigger, before, after, lasted, old_leaf)
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


def _announce_boundary(
    session: SimulatedSession, trigger: str, before: int, after: int, lasted: int, anchor: str
) -> None:
    kept = list(session.transcript.tail)
    ends = (kept[0], kept[-1]) if kept else (anchor, anchor)
    session.system(
        "compact_boundary",
        compact_metadata={
            "trigger": trigger,
            "pre_tokens": before,
            "post_tokens": after,
            "cumulative_dropped_tokens": max(0, before - after),
            "duration_ms": lasted,
            "preserved_segment": {
                "head_uuid": ends[0],
                "anchor_uuid": anchor,
                "tail_uuid": ends[1],
            },
            "preserved_messages": {"anchor_uuid": anchor, "uuids": kept, "all_uuids": kept},
        },
        logical_parent_uuid=session.transcript.leaf,
    )


def _write_boundary(
    session: SimulatedSession,
    trigger: str,
    before: int,
    after: int,
    lasted: int,
    old_leaf: str | None,
) -> None:
    session.transcript.link(
        {
            "logicalParentUuid": old_leaf,
            "type": "system",
            "subtype": "compact_boundary",
            "content": "Conversation compacted",
            "level": "info",
            "compactMetadata": {
                "trigger": trigger,
                "preTokens": before,
                "postTokens": after,
                "durationMs": lasted,
            },
        },
        root=True,
    )


def _summary(session: SimulatedSession) -> str:
    """What is known of the work, read from the progress file as it stands."""
    path = session.cwd / "claude-progress.txt"
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    tasks = [line.strip() for line in lines if line.strip().startswith("- [")]
    return "Tasks as they stand:\n" + "\n".join(tasks) if tasks else "Work goes on as asked."
