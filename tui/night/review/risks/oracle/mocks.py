"""Tests in which the thing under test was replaced."""

from __future__ import annotations

from collections.abc import Iterator

from tui.model.records import FileChange
from tui.night.review.risks.diff_view import RiskFinding, excerpt, finding_at
from tui.night.review.risks.oracle.cases import Case
from tui.night.review.risks.oracle.code_changes import stem_of
from tui.night.review.risks.oracle.literals import literal_in
from tui.night.review.risks.oracle.runner_hooks import new_lines
from tui.system.lazy_pattern import lazy

_PATCHES = lazy(
    r"(?:monkeypatch\.setattr|mock\.patch(?:\.object)?|(?<!\w)patch(?:\.object)?|mocker\.patch(?:\.object)?"
    r"|(?:jest|vi)\.spyOn|sinon\.stub|allow(?:_any_instance_of)?|expect_any_instance_of)\s*\((?P<args>.*)$"
)
_MODULE = lazy(
    r"(?:jest|vi)\.(?:mock|doMock)\(\s*['\"](?P<path>[^'\"]+)['\"]\s*,\s*(?P<factory>.+)$"
)
_NAME = lazy(r"[A-Za-z_]\w*")
_QUOTED = lazy(r"['\"]([\w.]+)['\"]")
_GIVES = lazy(
    r"return_value\s*=\s*(?P<a>[^,)]+)|lambda[^:]*:\s*(?P<b>[^,)]+)|mockReturnValue(?:Once)?\(\s*(?P<c>[^)]+)\)"
    r"|=>\s*(?P<d>[^,)}]+)|and_return\(\s*(?P<e>[^)]+)\)|mockImplementation\([^=]*=>\s*(?P<f>[^)]+)\)|returns\(\s*(?P<g>[^)]+)\)"
)
_RECEIVE = lazy(r"receive\(\s*:(\w+)")


def find_mocked_subjects(
    change: FileChange, cases: list[Case], base: list[Case]
) -> Iterator[RiskFinding]:
    """New lines that replace a function by what its own tests expect of it."""
    asked: dict[str, set[str]] = {}
    for case in (*base, *cases):
        for one in case.assertions:
            called = one.subject.partition("(")[0].rpartition(".")[2]
            if "(" in one.subject and one.expected:
                asked.setdefault(called, set()).update((one.expected, *literal_in(one.expected)))
    stem = stem_of(change.path)
    for line in new_lines(change):
        module = _MODULE.search(line.text)
        if module is not None:
            name = module.group("path").rpartition("/")[2].partition(".")[0].lower()
            is_own = name == stem and module.group("path").startswith(".")
            if is_own and any(f"{called}:" in line.text for called in asked):
                what = f"the module under test is replaced: {excerpt(line)}"
                yield finding_at(line, "test_weakened", change.path, "high", what)
                return
        target = _patched(line.text)
        if target and asked.get(target, set()) & set(_given(line.text)):
            what = f"{target}() is replaced by the answer that its test expects: {excerpt(line)}"
            yield finding_at(line, "test_weakened", change.path, "high", what)
            return


def _patched(text: str) -> str:
    """The name of what a line replaces; "" for none."""
    match = _PATCHES.search(text)
    if match is None:
        return ""
    received = _RECEIVE.search(text)
    if received is not None:
        return received.group(1)
    quoted = _QUOTED.search(match.group("args"))
    return quoted.group(1).rpartition(".")[2] if quoted is not None else ""


def _given(text: str) -> Iterator[str]:
    for match in _GIVES.finditer(text):
        for value in match.groups():
            if value:
                yield "".join(value.split())
                yield value.strip()
