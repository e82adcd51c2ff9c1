"""The records of stream and transcript, in the key order of the real CLI: the texts in `shapes.json`.

A shape is checked by the tests against recordings of the real program, where they are at hand. No
recording of ours has a rate limit; its shape is known from the streams of subscription users.
"""

from __future__ import annotations

import json
import uuid
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

VERSION = "2.1.329"
REJECTED = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was"
    " a file edit, the new_string was NOT written to the file). STOP what you are doing and wait"
    " for the user to tell you how to proceed."
)
ACCEPTED: Json = {"decision": "accept", "source": "config", "reason_type": "mode"}


def fresh() -> str:
    return str(uuid.uuid4())


def short(prefix: str) -> str:
    """An id that says of itself that it comes from no API."""
    return f"{prefix}_demo_{uuid.uuid4().hex[:16]}"


def shape(name: str, /, **values: Any) -> Json:
    """The record of that name with its `$names` filled in; keys with a star take in what they name."""
    given = {"version": VERSION, "parent": None, "fields": {}, "uuid": fresh(), **values}
    filled: Json = _fill(_shapes()[name], given)
    return filled


@cache
def _shapes() -> Json:
    shapes: Json = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return shapes


def _fill(template: Any, values: Json) -> Any:
    if isinstance(template, dict):
        record: Json = {}
        for key, value in template.items():
            filled = _fill(value, values)
            record.update(filled if key.startswith("*") else {key: filled})
        return record
    if isinstance(template, list):
        return [_fill(value, values) for value in template]
    if isinstance(template, str) and template.startswith("$"):
        return values[template[1:]]
    return template


def result_block(tool_use: str, content: Any, failed: bool, command: bool) -> Json:
    """A tool_result; only commands say `is_error` when all went well."""
    if failed:
        block: Json = {"type": "tool_result", "content": content}
        return {**block, "is_error": True, "tool_use_id": tool_use}
    block = {"tool_use_id": tool_use, "type": "tool_result", "content": content}
    return {**block, "is_error": False} if command else block
