"""Tests in which the thing under test was replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui.model.records import FileChange
from tui.night.review.risks.diff_view import RiskFinding, excerpt, finding_at
from tui.night.review.risks.oracle.code_changes import stem_of
from tui.night.review.risks.oracle.reading.cases import Case, read_cases, subject_names
from tui.night.review.risks.oracle.reading.file_texts import ChangedTexts
from tui.night.review.risks.oracle.reading.literals import bare, literal_in
from tui.night.review.risks.oracle.runners.hooks import new_lines
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
    r"return_value\s*=|lambda[^:]*:|mockR(?:eturn|esolved)Value(?:Once)?\(|=>|and_return\(|mockImplementation\("
    r"|returns\(|thenReturn\(|\.stub[s(]?\s*\(?:\w+,"
)
_ASSIGNED = lazy(r"(?P<target>[A-Za-z_][\w.]*\.\w+)\s*=\s*(?:lambda\b|(?:mock\.)?(?:Magic)?Mock\()")
_DOUBLES = lazy(
    r"\bmock\(\s*(\w+)\.class|\bmock(?:k)?<(\w+)>|Mock\(spec(?:_set)?=(\w+)|(?:instance_)?double\(\s*['\"]?([A-Z]\w*)"
    r"|create(?:Mock|Stub)\(\s*(\w+)::class|new\s+Mock<(\w+)>|create_autospec\(\s*(\w+)"
)
_RECEIVE = lazy(r"receive\(\s*:(\w+)|\.stubs?[ (]+:(\w+)")


# complexity: a module, a class or a function may be replaced
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
        double = _DOUBLES.search(line.text)
        doubled = next(filter(None, double.groups()), "") if double is not None else ""
        if doubled and doubled.lower() == stem.replace("_", ""):
            what = f"the class under test is replaced: {excerpt(line)}"
            yield finding_at(line, "test_weakened", change.path, "high", what)
            return
        owner, _, target = _patched(line.text).rpartition(".")
        if target and is_for_all:
            for part in owner.lower().split("."):
                for path, text in texts.tests_of(f"{part}.py"):
                    asked |= _answers(read_cases(path, text))
        given = {*map(bare, _given(line.text))}
        if target and asked.get(target, set()) & given:
            what = f"{target}() is replaced by the answer that its test expects: {excerpt(line)}"
            yield finding_at(line, "test_weakened", change.path, "high", what)
            return


def _answers(cases: Iterable[Case]) -> dict[str, set[str]]:
    """What tests expect of the functions that they call."""
    asked: dict[str, set[str]] = {}
    for case in cases:
        for one in case.assertions:
            for name in subject_names(case, one) if one.expected else ():
                asked.setdefault(name, set()).update(map(bare, literal_in(one.expected)))
    return asked


def _patched(text: str) -> str:
    """The name of what a line replaces, with its module if it is named; "" for none."""
    received = _RECEIVE.search(text)
    if received is not None:
        return str(next(filter(None, received.groups())))
    assigned = _ASSIGNED.match(text.strip())
    if assigned is not None:
        return assigned.group("target")
    match = _PATCHES.search(text)
    if match is None:
        return ""
    quoted = _QUOTED.search(match.group("args"))
    if quoted is None:
        return ""
    if "." in quoted.group(1):
        return quoted.group(1)
    owner = _NAME.match(match.group("args"))
    return f"{owner.group()}.{quoted.group(1)}" if owner is not None else quoted.group(1)


def _given(text: str) -> list[str]:
    """The literals that a replacement answers with."""
    match = _GIVES.search(text)
    if match is None:
        return literal_in(text) if ".stub" in text else []
    return literal_in(text[match.end() :])
