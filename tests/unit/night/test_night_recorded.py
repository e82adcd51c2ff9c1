"""Recorded sessions of the real CLI, counted a second time by naive code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shared_data import shared
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.snapshot import NightSnapshot
from tui.night.fold import NightFold


def folded(*files: Path, later: float = 60.0) -> NightSnapshot:
    """All files, one after another, as a viewer that comes late reads them."""
    made = NightFold()
    for file in files:
        decoded = ClaudeDecoder(str(file)).decode(file.read_bytes(), 0)
        made.apply(decoded.events)
        made.apply_deltas(decoded.deltas)
    sign = made.snapshot(0.0).activity.last_sign_at
    return made.snapshot((sign or 0.0) + later)


def objects(*files: Path) -> Iterator[dict[str, Any]]:
    """Every JSON object of the files, each uuid once."""
    seen = set()
    for file in files:
        for line in file.read_bytes().split(b"\n"):
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if not isinstance(found, dict):
                continue
            identity = found.get("uuid")
            if identity in seen:
                continue
            if identity:
                seen.add(identity)
            yield found


def told(record: dict[str, Any]) -> dict[str, Any]:
    """The record, or the one of a subagent that an old transcript wraps in a progress record."""
    inner = (record.get("data") or {}).get("message") if record.get("type") == "progress" else None
    return inner if isinstance(inner, dict) else record


def blocks(record: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    message = record.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == kind:
            yield block


def naive_tools(*files: Path) -> dict[str, int]:
    names = {
        block["id"]: block["name"]
        for record in map(told, objects(*files))
        if record.get("type") == "assistant"
        for block in blocks(record, "tool_use")
    }
    return {name: list(names.values()).count(name) for name in names.values()}


def naive_errors(*files: Path) -> int:
    return len(
        {
            block["tool_use_id"]
            for record in map(told, objects(*files))
            if record.get("type") == "user"
            for block in blocks(record, "tool_result")
            if block.get("is_error")
        }
    )


def prompt_tokens(usage: dict[str, Any]) -> int:
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(usage.get(key) or 0 for key in keys)


def naive_tokens(*files: Path) -> tuple[int, int]:
    """Tokens of all prompts and answers: per message id the record with the most, files as told."""
    best: dict[str, tuple[int, int]] = {}
    current = ""
    for file in files:
        for line in file.read_bytes().split(b"\n"):
            try:
                record = told(json.loads(line))
            except ValueError:
                continue
            usage, message = None, None
            if record.get("type") == "assistant":
                message = record["message"]
                usage = message.get("usage")
            elif record.get("type") == "stream_event":
                event = record["event"]
                if event["type"] == "message_start":
                    message = event["message"]
                    current, usage = message["id"], message["usage"]
                elif event["type"] == "message_delta":
                    message = {"id": record.get("api_message_id") or current}
                    usage = event["usage"]
            if not usage or not message or message.get("model") == "<synthetic>":
                continue
            prompt, output = prompt_tokens(usage), usage.get("output_tokens") or 0
            known = best.get(message["id"], (0, 0))
            best[message["id"]] = max(known, (prompt or known[0], output), key=sum)
    return sum(p for p, _ in best.values()), sum(o for _, o in best.values())


def recordings(*folders: str) -> list[str]:
    """Names of all recordings, or one that makes its test skip."""
    from tests import shared_data

    found = []
    for folder in folders:
        try:
            base = shared_data.shared("data", *folder.split("/"))
        except pytest.skip.Exception:
            continue
        found += [f"{folder}/{file.name}" for file in sorted(base.glob("*.jsonl"))]
    return found or ["streams/absent.jsonl"]


ALL = recordings("streams", "transcripts", "real/streams", "real/transcripts")
STREAMS = recordings("streams", "real/streams")


def path(name: str) -> Path:
    return shared("data", *name.split("/"))


@pytest.mark.parametrize("name", ALL)
def test_counts_as_a_naive_reader_counts(name: str) -> None:
    file = path(name)
    seen = folded(file)
    records = list(objects(file))
    assert seen.counts.total == len(records)
    assert seen.counts.turns == sum(record.get("type") == "result" for record in records)
    assert dict(seen.counts.tool_calls) == naive_tools(file)
    assert seen.counts.tool_errors == naive_errors(file)
    retries = {"api_retry", "api_error"}
    assert seen.counts.api_retries == sum(r.get("subtype") in retries for r in records)
    assert seen.counts.compactions == sum(r.get("subtype") == "compact_boundary" for r in records)


@pytest.mark.parametrize("name", ALL)
def test_tokens_as_a_naive_reader_adds_them(name: str) -> None:
    file = path(name)
    tokens = folded(file).tokens
    assert (tokens.context, tokens.output) == naive_tokens(file)


@pytest.mark.parametrize("name", STREAMS)
def test_cost_is_the_last_total_of_the_file(name: str) -> None:
    file = path(name)
    totals = [r["total_cost_usd"] for r in objects(file) if r.get("type") == "result"]
    cost = folded(file).cost
    if totals:
        assert cost.usd == pytest.approx(totals[-1], abs=1e-9)
        assert cost.source == "result"
        assert sum(p.usd or 0.0 for p in cost.by_model) == pytest.approx(totals[-1], abs=1e-9)
    else:
        assert cost.source in ("partial", "estimate")


def priced_by_table(file: Path) -> NightSnapshot:
    """The night of a stream without its results, whose tokens are priced by the table."""
    lines = [line for line in file.read_bytes().split(b"\n") if b'"total_cost_usd"' not in line]
    made = NightFold()
    made.apply(ClaudeDecoder("x").decode(b"\n".join(lines), 0).events)
    return made.snapshot(0.0)


def test_a_stream_with_pieces_prices_itself() -> None:
    """Where every answer's last usage is told, tokens times table is the CLI's own figure.

    The CLI that recorded this priced writes for one hour like those for five minutes, and so does the estimate.
    """
    (file,) = shared("data", "real", "streams").glob("Eiai*.jsonl")
    result = [record for record in objects(file) if record.get("type") == "result"][-1]
    seen = priced_by_table(file)
    usage = result["usage"]
    assert seen.tokens.output == usage["output_tokens"]
    assert seen.tokens.context == prompt_tokens(usage)
    assert seen.tokens.cache_write_1h > 0
    assert seen.cost.usd == pytest.approx(result["total_cost_usd"], rel=1e-9)
    assert seen.cost.source == "estimate"


def test_answers_without_a_last_word_make_it_partial() -> None:
    """A subagent's answers come whole, with the placeholder of their beginning."""
    seen = priced_by_table(stream("56_agentfg"))
    assert seen.cost.source == "partial"
    assert seen.cost.usd is not None
    assert seen.cost.usd < 0.020093


def stream(name: str) -> Path:
    return shared("data", "streams", f"{name}.jsonl")


def transcript(name: str) -> Path:
    return shared("data", "transcripts", f"{name}.jsonl")


def test_a_lineage_of_resumes_and_forks() -> None:
    names = (
        "15_base_for_resume",
        "17_resume_fork_at_assistant",
        "18_resume_at_inplace",
        "19_resume_plain",
        "20_resume_fork",
        "24_continue",
    )
    files = [stream(name) for name in names]
    expected = 0.0348092 + (0.0218392 - 0.0175828)
    assert folded(*files).cost.usd == pytest.approx(expected, abs=1e-9)
    own = transcript("15_base_for_resume")
    assert folded(*files, own).cost.usd == pytest.approx(expected, abs=1e-9)
    assert folded(own, *files).cost.usd == pytest.approx(expected, abs=1e-9)
    assert folded(own, *files).cost.source == "result"


def test_independent_runs_and_a_resume_among_them() -> None:
    names = ("01_normal", "25_ckpt_plain_p", "26_ckpt_resume2", "53_longbash")
    expected = 0.028385 + 0.0353776 + 0.008989
    assert folded(*map(stream, names)).cost.usd == pytest.approx(expected, abs=1e-9)


def test_independent_runs_of_another_version() -> None:
    base = shared("data", "real", "streams")
    files = sorted(base.glob("georgeLochner*.jsonl"))
    totals = [
        record["total_cost_usd"]
        for file in files
        for record in objects(file)
        if record.get("type") == "result"
    ]
    assert len(totals) > 3
    assert folded(*files).cost.usd == pytest.approx(sum(totals), abs=1e-9)


@pytest.mark.parametrize(
    "name", ["01_normal", "13_checkpoint_rewind", "42_agent", "61_post_addctx", "03_stdin_midturn"]
)
def test_stream_and_transcript_are_one_night_in_either_order(name: str) -> None:
    files = [stream(name), transcript(name)]
    one, other = folded(*files), folded(*reversed(files))
    assert one.counts.total == other.counts.total == len(list(objects(*files)))
    assert dict(one.counts.tool_calls) == naive_tools(*files)
    assert one.tokens == other.tokens
    assert one.cost.usd == pytest.approx(other.cost.usd)
    assert one.cost.source == other.cost.source == "result"
    assert one.activity.state == other.activity.state == "finished"


def test_a_subagents_own_transcript_adds_no_one() -> None:
    whole = folded(stream("42_agent"))
    agent = transcript("42_agent__agent-aee5a9f722c957b7b")
    more = folded(stream("42_agent"), transcript("42_agent"), agent)
    assert more.counts.subagents == whole.counts.subagents == 1
    assert more.tokens.context == whole.tokens.context
    assert more.cost.usd == whole.cost.usd


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("01_normal", "finished"),
        ("30_max_turns", "failed"),
        ("37_e400", "failed"),
        ("21_resume_bogus", "failed"),
        ("80_sigint_bash", "paused"),
        ("83_sigkill_bash", "tool"),
        ("44_agentbg", "finished"),
        ("58_bgbash_state", "finished"),
        ("95_autocompact", "finished"),
        ("72_post_continue_false", "finished"),
        ("23_sessionid_reuse", "none"),
    ],
)
def test_how_recorded_sessions_ended(name: str, state: str) -> None:
    assert folded(stream(name)).activity.state == state


def test_a_compaction_resets_the_gauge() -> None:
    seen = folded(stream("95_autocompact"))
    assert seen.context.used < 20_000
    assert seen.context.window == 1_000_000
    assert seen.counts.compactions == 1


def test_a_real_loop_of_refused_builds_is_found() -> None:
    seen = folded(shared("data", "real", "transcripts", "M-Thisness.jsonl"))
    assert max(loop.count for loop in seen.circling) >= 15
    assert any("swift build" in loop.evidence[0] for loop in seen.circling)


@pytest.mark.parametrize("name", ALL)
def test_batches_and_saving_change_nothing(name: str) -> None:
    file = path(name)
    events = ClaudeDecoder("x").decode(file.read_bytes(), 0).events
    whole, parts = NightFold(), NightFold()
    whole.apply(events)
    step = max(1, len(events) // 7)
    for start in range(0, len(events), step):
        parts.apply(events[start : start + step])
        parts = NightFold.load(parts.save())
    assert parts.snapshot(2e9) == whole.snapshot(2e9)
