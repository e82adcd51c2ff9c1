"""Claims that a name was set to a value: the line of the file at the end of the night."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from tui.model.events import SourceRef
from tui.night.review.claims.checks.files import find_path
from tui.night.review.claims.evidence_index import extract_terms
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide
from tui.night.review.claims.night_facts import Case, NightFacts, files_text, last_ref
from tui.system.format import shorten

_MOST_FILES = 40
_BETWEEN = r"""["'`]?\]?\)?\s*(?::\s*[\w.\[\], |]{1,40}?=|[:=]=?|=>|\s|,|\()\s*"""
_VALUE = r"""["'`]?(?P<value>[^\s"'`,;#)}\]]+)"""
_UNITS = re.compile(
    r"(?i)(?<=\d)\s*(?:s|sec(?:onds?)?|ms|m|min(?:utes?)?|h|hours?|days?|%|percent|px|mb|kb|gb)\Z"
)


class _Found(Struct, frozen=True):
    path: str
    value: str
    is_same: bool


def check_value(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """A name has that value in that file at the end, and had another one before."""
    subject = case.statement.subject
    value = _plain(subject.value)
    names = tuple(name.removesuffix("()") for name in subject.symbols) or _names(case)
    if not value or not names:
        return None
    shown = f"{names[0]} is {shorten(value, 40)}"
    about = (case.statement.about,) if case.statement.about else ()
    paths = list(_paths(night, subject.paths or about))
    if not paths and not subject.symbols and not subject.paths:
        return None
    if not paths:
        return _without_file(night, subject.paths or about, shown)
    return _by_files(night, case, paths, names, value)


def _by_files(
    night: NightFacts, case: Case, paths: list[str], names: tuple[str, ...], value: str
) -> ClaimVerdict | None:
    subject, name = case.statement.subject, names[0]
    shown = f"{name} is {shorten(value, 40)}"
    found = [one for path in paths for one in _look(night.end.text(path), path, names, value)]
    same = next((one for one in found if one.is_same), None)
    if same is not None:
        return _holds(night, same.path, names, value, shown)
    is_named = bool(subject.symbols)
    if found:
        one = found[0]
        why = f"{name} is {shorten(one.value, 40)} in {one.path} at the end"
        weight = Weight.DECISIVE if is_named else Weight.BASIS
        return decide([Fact(f"{shown} at the end", False, weight, why, _edit(night, one.path))])
    if not is_named:
        return None
    new = _new_at_place(night, case, paths, name, value)
    if new:
        return decide([Fact(f"{value} is new in {new}", True, Weight.DECISIVE)])
    why = f"no such value of {name} stands in {files_text(tuple(paths))}"
    texts = [night.end.text(path) or "" for path in paths]
    is_missing = bool(subject.paths) and not any(value in text for text in texts)
    weight = Weight.DECISIVE if is_missing else Weight.BASIS
    return decide([Fact(f"{shown} at the end", False, weight, why)])


def _new_at_place(night: NightFacts, case: Case, paths: list[str], name: str, value: str) -> str:
    """The file in which a value is new whose name is a place: "changed the address in testSend to X"."""
    place = rf"\b(?:in|of|for|inside)\s+`?{re.escape(name)}\b"
    for path in paths if re.search(place, case.statement.work) else ():
        text = night.end.text(path) or ""
        if value in text and value not in (night.end.base_text(path) or ""):
            return path
    return ""


def _holds(
    night: NightFacts, path: str, names: tuple[str, ...], value: str, shown: str
) -> ClaimVerdict:
    """The value stands there at the end; whether this night set it."""
    facts = [Fact(f"{shown} in {path} at the end", True, Weight.DECISIVE, ref=_edit(night, path))]
    before = list(_look(night.end.base_text(path), path, names, value))
    if before and all(one.is_same for one in before):
        why = f"{shown} in {path} already before this night"
        facts.append(Fact("it had another value before", False, Weight.PART, why))
    return decide(facts, f"{shown} in {path}")


def _names(case: Case) -> tuple[str, ...]:
    """Names by the plain words of the claim."""
    terms = extract_terms(case.statement.work)
    return (*terms.symbols, *terms.stems.values())


def _paths(night: NightFacts, named: tuple[str, ...]) -> Iterator[str]:
    """The files that are named, else all that changed."""
    if named:
        states = (find_path(night, name) for name in named)
        yield from (state.path for state in states if state.exists and not state.is_folder)
        return
    yield from [p for p in night.work.paths if night.end.path(p).exists][:_MOST_FILES]


def _without_file(night: NightFacts, named: tuple[str, ...], shown: str) -> ClaimVerdict | None:
    if not named:
        return decide([Fact(f"{shown} at the end", None, Weight.BASIS, "no changed file is known")])
    state = find_path(night, named[0])
    if state.exists is False:
        why = f"{state.path} does not exist at the end"
        return decide([Fact(f"{state.path} exists at the end", False, Weight.DECISIVE, why)])
    edits = night.edits_of(*named)
    if edits:
        why = f"{files_text(named)} was edited, but what stands in it is not known"
        return decide(
            [
                Fact(f"{files_text(named)} was edited", True, Weight.BASIS, ref=edits[-1].ref),
                Fact(f"{shown} at the end", None, Weight.PART, why),
            ]
        )
    why = f"what stands in {files_text(named)} is not known"
    return decide([Fact(f"{shown} at the end", None, Weight.BASIS, why)])


def _look(text: str | None, path: str, names: tuple[str, ...], value: str) -> Iterator[_Found]:
    """Every place in a text where one of the names is given a value."""
    if not text:
        return
    for name in names:
        last = re.split(r"\.|::", name)[-1]
        spelled = (
            re.escape(last).replace(r"\ ", r"[\s_-]?").replace("_", "[_-]?").replace(r"\-", "[_-]?")
        )
        pattern = re.compile(
            rf"(?<![A-Za-z0-9])(?:\w+[_-])?{spelled}{_BETWEEN}{_VALUE}", re.IGNORECASE
        )
        for match in pattern.finditer(text):
            start = match.start("value")
            told = match.group("value")
            rest = text[start : start + len(value) + 2]
            yield _Found(path, told, _plain(told) == value or _begins_with(rest, value))


def _begins_with(text: str, value: str) -> bool:
    after = text[len(value) : len(value) + 1]
    return text.lower().startswith(value.lower()) and not (after.isalnum() or after == "_")


def _plain(value: str) -> str:
    value = value.strip().strip("`'\"").rstrip(".,;")
    return _UNITS.sub("", value).replace("_", "") if value[:1].isdigit() else value


def _edit(night: NightFacts, path: str) -> SourceRef | None:
    return last_ref(night.edits_of(path))
