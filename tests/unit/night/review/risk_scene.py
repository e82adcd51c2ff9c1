"""Differences and calls for tests of risks, made from texts before and after."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from tui.model.events import SourceRef
from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import Risk
from tui.night.evidence.risky_calls import RiskyCall
from tui.night.review.risks.find import find_risks

_OPENING = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def hunks(before: str, after: str) -> tuple[Hunk, ...]:
    found: list[Hunk] = []
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3):
        opening = _OPENING.match(line)
        if opening:
            found.append(Hunk(int(opening[1]), int(opening[2]), ()))
        elif found:
            last = found[-1]
            found[-1] = Hunk(last.old_start, last.new_start, (*last.lines, line))
    return tuple(found)


def change(path: str, before: str | None, after: str | None, **more: object) -> FileChange:
    made = hunks(before or "", after or "")
    kind = "added" if before is None else "deleted" if after is None else "modified"
    values: dict[str, object] = {
        "path": path,
        "kind": kind,
        "insertions": sum(len(hunk.added) for hunk in made),
        "deletions": sum(len(hunk.removed) for hunk in made),
        "hunks": made,
        "old_path": path,
        "size": len(after or ""),
        "old_mode": "" if before is None else "100644",
        "new_mode": "" if after is None else "100644",
    }
    return FileChange(**{**values, **more})  # type: ignore[arg-type]


def changes(*files: FileChange, **more: object) -> RepositoryChanges:
    return RepositoryChanges(base="b" * 40, head="c" * 40, files=files, **more)  # type: ignore[arg-type]


def calls(*texts: str | tuple[str, str]) -> tuple[RiskyCall, ...]:
    """Shell commands; a pair is a tool's name and its text."""
    made = []
    for number, text in enumerate(texts):
        name, words = text if isinstance(text, tuple) else ("Bash", text)
        made.append(
            RiskyCall(name, words, SourceRef("s.jsonl", number * 100, f"u{number}"), float(number))
        )
    return tuple(made)


def risks(
    *files: FileChange, commands: Sequence[RiskyCall] = (), goal: str = "", **more: object
) -> dict[tuple[str, str], Risk]:
    found = find_risks(changes(*files, **more), None, commands, goal)
    keyed: dict[tuple[str, str], Risk] = {(risk.kind, risk.path): risk for risk in found}
    assert len(keyed) == len(found), "one risk for each kind and path"
    return keyed


def kinds(files: Mapping[str, tuple[str | None, str | None]]) -> list[tuple[str, str, str]]:
    """Kind, path and severity of the risks in these texts."""
    found = risks(*(change(path, *texts) for path, texts in files.items()))
    return [(risk.kind, risk.path, risk.severity) for risk in found.values()]
