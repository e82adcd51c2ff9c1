"""Two plain rules that the detectors are held against, each over the main conversation alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from benchmarks.stuck.episode import Line, blocks, is_main, message_of, text_of

Rule = Callable[[Sequence[Line]], int | None]
_EQUAL_CALLS = 3
_MESSAGES = 3
_SIMILAR = 0.85
_LONGEST = 4_000


def three_identical_calls(lines: Sequence[Line]) -> int | None:
    """The step at which one call with one answer, byte for byte, has come three times anywhere."""
    calls: dict[object, str] = {}
    times: Counter[tuple[str, bool, str]] = Counter()
    step = 0
    for line in lines:
        step += line.steps
        if not is_main(line.record):
            continue
        for block in blocks(line.record):
            if block.get("type") == "tool_use":
                given = json.dumps(block.get("input"), sort_keys=True)
                calls[str(block.get("id"))] = f"{block.get('name')} {given}"
            elif block.get("type") == "tool_result":
                call = calls.get(str(block.get("tool_use_id")), "")
                answer = text_of(block.get("content"))
                key = call, bool(block.get("is_error")), answer
                times[key] += 1
                if times[key] >= _EQUAL_CALLS:
                    return max(1, step)
    return None


def similar_messages(lines: Sequence[Line]) -> int | None:
    """The seed's rule: the last three messages of the model are pairwise similar above 0.85.

    Similar by difflib.SequenceMatcher over the first 4,000 characters; a message is all text under one id.
    """
    step, newest = 0, object()
    texts: list[str] = []
    for line in lines:
        step += line.steps
        if line.record.get("type") != "assistant" or not is_main(line.record):
            continue
        text = "\n".join(
            str(block.get("text", ""))
            for block in blocks(line.record)
            if block.get("type") == "text"
        )
        if not text.strip():
            continue
        mid = message_of(line.record).get("id") or line
        texts = [*texts[:-1], f"{texts[-1]}\n{text}"] if mid == newest else [*texts, text]
        newest = mid
        texts = [one[:_LONGEST] for one in texts[-_MESSAGES:]]
        if len(texts) == _MESSAGES and all(_alike(*pair) for pair in combinations(texts, 2)):
            return max(1, step)
    return None


def _alike(one: str, other: str) -> bool:
    """Whether the ratio is above 0.85; the two bounds from above spare most of the work."""
    if one == other:
        return True
    matcher = SequenceMatcher(None, one, other)
    bounds = matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio
    return all(bound() > _SIMILAR for bound in bounds)


BASELINES: dict[str, Rule] = {
    "three_identical_calls": three_identical_calls,
    "last_three_messages_similar": similar_messages,
}
