"""Tests in which the thing under test was replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui.model.records import FileChange
from tui.night.review.risks.diff_view import RiskFinding, excerpt, finding_at
from tui.night.review.risks.oracle.cases import Case, read_cases
from tui.night.review.risks.oracle.code_changes import stem_of
from tui.night.review.risks.oracle.file_texts import ChangedTexts
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
    change: FileChange, cases: Iterable[Case], texts: ChangedTexts
) -> Iterator[RiskFinding]:
    """New lines that replace a function by what its own tests expect of it."""
    asked = _answers(cases)
    is_for_all = change.path.endswith("conftest.py")
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
        module_name, _, target = _patched(line.text).rpartition(".")
        if target and is_for_all:
            for path, text in texts.tests_of(f"{module_name.rpartition('.')[2]}.py"):
                asked |= _answers(read_cases(path, text))
        if target and asked.get(target, set()) & set(_given(line.text)):
            what = f"{target}() is replaced by the answer that its test expects: {excerpt(line)}"
            yield finding_at(line, "test_weakened", change.path, "high", what)
            return


def _answers(cases: Iterable[Case]) -> dict[str, set[str]]:
    """What tests expect of the functions that they call."""
    asked: dict[str, set[str]] = {}
    for one in (one for case in cases for one in case.assertions):
        called = one.subject.partition("(")[0].rpartition(".")[2]
        if "(" in one.subject and one.expected:
            asked.setdefault(called, set()).update((one.expected, *literal_in(one.expected)))
    return asked


def _patched(text: str) -> str:
    """The name of what a line replaces, with its module if it is named; "" for none."""
    match = _PATCHES.search(text)
    if match is None:
        return ""
    received = _RECEIVE.search(text)
    if received is not None:
        return received.group(1)
    quoted = _QUOTED.search(match.group("args"))
    if quoted is None:
        return ""
    if "." in quoted.group(1):
        return quoted.group(1)
    owner = _NAME.match(match.group("args"))
    return f"{owner.group()}.{quoted.group(1)}" if owner is not None else quoted.group(1)


def _given(text: str) -> Iterator[str]:
    for match in _GIVES.finditer(text):
        for value in match.groups():
            if value:
                yield "".join(value.split())
                yield value.strip()
