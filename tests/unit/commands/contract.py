"""What every command promises: its sentence on stderr, the object on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from tests.command_line import Done

Run = Callable[..., Done]


def sentence(done: Done) -> str:
    """The one line on stderr."""
    assert done.err.startswith("overnight-tui: ")
    assert done.err.endswith("\n")
    assert done.err.count("\n") == 1
    return done.err.removeprefix("overnight-tui: ").strip()


def fits(value: Any, kind: type[Struct]) -> None:
    """The value is such an object: all its fields in their order, each of its type, and no others."""
    made = msgspec.convert(value, kind, strict=True)
    # In the same order, too; floats without a fraction may be written as integers.
    assert json.dumps(_floats(msgspec.to_builtins(made))) == json.dumps(_floats(value))


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _floats(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_floats(part) for part in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else value
