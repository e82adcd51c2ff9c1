"""Edits as unified diffs, from the patch the CLI computed or from the texts it replaced."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

_MOST_LINES = 4_000


def patch_diff(path: str, hunks: Iterable[Any]) -> str:
    """A unified diff from a `structuredPatch`; "" when it holds no hunk."""
    lines: list[str] = []
    for hunk in hunks:
        body = hunk.get("lines") if isinstance(hunk, dict) else None
        if not isinstance(body, list):
            continue
        starts = [hunk.get(key, 0) for key in ("oldStart", "oldLines", "newStart", "newLines")]
        lines.append("@@ -{},{} +{},{} @@".format(*starts))
        lines += [line for line in body if isinstance(line, str)]
    return _headed(path, lines) if lines else ""


def text_diff(path: str, old: str, new: str) -> str:
    """A unified diff of a replaced text; its line numbers count within the text."""
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > _MOST_LINES:  # a finer comparison would keep a person waiting
        lines = [f"@@ -1,{len(before)} +1,{len(after)} @@"]
        lines += [f"-{line}" for line in before] + [f"+{line}" for line in after]
    else:
        lines = list(difflib.unified_diff(before, after, n=3, lineterm=""))[2:]
    return _headed(path, lines) if lines else ""


def _headed(path: str, lines: list[str]) -> str:
    return "\n".join((f"--- {path}", f"+++ {path}", *lines))
