"""Nights that change one of two small projects, made from the edits in `oracle/*.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.unit.night.review.risk_scene import calls, change, changes
from tui.model.evidence.claims import PathState
from tui.model.review import Risk
from tui.night.review.risks.find import find_risks

DATA = Path(__file__).parent / "oracle"
OF_TESTS = ("test_deleted", "test_skipped", "test_weakened", "hard_coded", "ci")
WORK = "Work through the tasks."
Edit = tuple[str, str, str]


@cache
def data(name: str) -> Any:
    return yaml.safe_load((DATA / f"{name}.yaml").read_text())


def entries(name: str) -> Iterator[tuple[str, str]]:
    """Project and name of every entry of a file."""
    return ((project, case) for project, cases in data(name).items() for case in cases)


class Texts:
    """Whole files before and after."""

    def __init__(self, before: dict[str, str], after: dict[str, str]) -> None:
        self._before, self._after = before, after

    def text(self, path: str) -> str | None:
        return self._after.get(path)

    def base_text(self, path: str) -> str | None:
        return self._before.get(path)

    def path(self, name: str) -> PathState:
        found = [path for path in self._after if path == name or path.endswith("/" + name)]
        return PathState(found[0] if found else name, bool(found), None, None)


def night(
    project: str, edits: Iterable[Edit], goal: str = WORK, *, whole: bool = True
) -> list[Risk]:
    """The risks to tests in a night with these edits, each recorded as a call."""
    before: dict[str, str] = data("projects")[project]
    after = dict(before)
    for path, old, new in edits:
        assert old in after.get(path, ""), (path, old)
        after[path] = after[path].replace(old, new, 1) if old else after.get(path, "") + new
    paths = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    files = [change(path, before.get(path), after.get(path)) for path in paths]
    made = calls(*(("Edit", f"/p/{path}") for path in paths))
    texts = Texts(before, after) if whole else None
    found = find_risks(changes(*files), None, made, goal, texts=texts)
    return [risk for risk in found if risk.kind in OF_TESTS]


def weight(risks: Iterable[Risk]) -> list[tuple[str, str, str]]:
    """Those of medium and high weight, to be read in a failure."""
    return [(risk.severity, risk.kind, risk.what) for risk in risks if risk.severity != "low"]
