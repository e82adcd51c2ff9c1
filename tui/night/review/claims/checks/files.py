"""Claims about files and values: as they stand at the end of the night, against its beginning."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from tui.model.evidence.claims import PathState
from tui.model.evidence.log import EditRecord
from tui.model.records import FileChange
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide, of_several
from tui.night.review.claims.night_facts import Case, NightFacts, clock, files_text, last_ref
from tui.night.review.risks.test_syntax import is_test
from tui.system.lazy_pattern import lazy

_ANY_CODE = lazy(
    r"(?:(?:any|the|source|production|application|existing)\s+)*(?:code|sources?)(?:\s+files?)?\Z",
    2,
)
_STEMS = frozenset("readme changelog license contributing makefile dockerfile todo notes".split())
_TESTS = lazy(r"\btests?\b|\bspecs?\b", re.IGNORECASE)
_IMPORT = lazy(
    r"(?:import|from|use|using|require|#include)\b|(?:const|let|var)\b.*\brequire\(|[)\w, ]*[,)]\Z"
)
_ENDINGS = (".md", ".rst", ".txt", "")
_MOST_PATHS = 20
_Check = Callable[[NightFacts, str, PathState], list[Fact]]
_LOOKS_LIKE_A_PATH = lazy(
    r".*[\w)](?:/|\.\w{1,10}\Z)|\.\w+\Z|[A-Z]+\Z|(?:Make|Docker|Gem|Rake|Proc)file\Z"
)


def find_path(night: NightFacts, name: str) -> PathState:
    """A path as the agent wrote it; documents that everybody has, also by their stem."""
    name = name.strip("`'\" ").rstrip("/")
    state = night.end.path(name)
    stem = name.rsplit("/", 1)[-1].lower()
    if state.exists or stem not in _STEMS:
        return state
    for ending in _ENDINGS:
        for spelled in (name.upper(), name.capitalize(), name):
            other = night.end.path(spelled + ending)
            if other.exists or other.existed:
                return other
    return state


def check_made(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """Files that are said to be new."""
    return _each_path(night, case, _made)


def check_changed(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """Files that are said to be changed."""
    return _each_path(night, case, _changed)


def check_removed(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """Files that are said to be gone."""
    return _each_path(night, case, _removed)


def check_unchanged(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """Files that are said to be as they were, or all code, or all tests that were there."""
    if not case.statement.subject.paths and _ANY_CODE.match(case.statement.work):
        return _no_code_changed(night)
    about_tests = _TESTS.search(f"{case.statement.work} {case.statement.text}")
    if case.statement.subject.paths or about_tests is None:
        return _each_path(night, case, _unchanged)
    if night.changes is None or not night.work.is_known:
        return None
    old = (file for file in night.changes.files if file.kind != "added" and is_test(file.path))
    changed = tuple(file.path for file in old if _loses_lines(file))
    why = f"lines of {files_text(changed)} changed in this night" if changed else ""
    holds = None if night.changes.cut and not changed else not changed
    fact = Fact("no test that was there changed", holds, Weight.DECISIVE, why)
    return decide([fact], "no file of tests that was there changed")


def _loses_lines(file: FileChange) -> bool:
    """Whether a file lost more than imports and blank lines; tests that were added change no other."""
    removed = (line.strip() for hunk in file.hunks for line in hunk.removed)
    return file.kind == "deleted" or any(line and not _IMPORT.match(line) for line in removed)


def _no_code_changed(night: NightFacts) -> ClaimVerdict:
    changed = tuple(path for path in night.work.code_paths if not is_test(path))
    fact = "no code differs from the beginning of the night"
    if changed:
        why = f"{files_text(changed)} changed in this night"
        return decide([Fact(fact, False, Weight.DECISIVE, why)])
    is_known = night.work.is_known or night.end.is_known
    return decide([Fact(fact, is_known or None, Weight.BASIS)], "no code changed in this night")


def check_renamed(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """A file that is said to have another name: the old one is gone, the new one is there."""
    subject = case.statement.subject
    if not subject.paths or not subject.old_path:
        return None
    old, new = find_path(night, subject.old_path), find_path(night, subject.paths[0])
    name = subject.old_path.rsplit("/", 1)[-1]
    if new.is_folder and new.exists:
        new = night.end.path(f"{new.path.rstrip('/')}/{name}")
    edits = night.edits_of(subject.paths[0], subject.old_path)
    if new.exists is None and old.exists is None and edits:
        why = f"both were changed{clock(edits[-1].at)}"
        return decide([Fact(f"{new.path} was made", True, Weight.BASIS, why, edits[-1].ref)], why)
    there = Fact(
        f"{new.path} exists at the end",
        new.exists,
        Weight.DECISIVE,
        f"{new.path} does not exist at the end" if new.exists is False else "",
    )
    gone = Fact(
        f"{old.path} is gone at the end",
        None if old.exists is None else not old.exists,
        Weight.PART,
        f"{old.path} is still there",
        last_ref(edits),
    )
    facts = [there, gone]
    if new.exists and old.existed is False:
        why = f"there was no {old.path} before this night"
        facts.append(Fact(f"{old.path} was there before", False, Weight.PART, why))
    return decide(facts, f"{old.path} is gone and {new.path} is there")


def _each_path(night: NightFacts, case: Case, check: _Check) -> ClaimVerdict | None:
    names = case.statement.subject.paths[:_MOST_PATHS]
    if not names:
        return None
    found = [check(night, name, find_path(night, name)) for name in names]
    for number, name in enumerate(names):
        if case.is_taken_back(name):
            found[number] = [_taken_back(fact) for fact in found[number]]
    deciding = of_several([facts[0] for facts in found])
    rest = [fact for facts in found for fact in facts[1:]]
    return decide([*deciding, *rest], "; ".join(f.fact for f in deciding[:3] if f.holds))


def _taken_back(fact: Fact) -> Fact:
    """What a later message says was removed or renamed was there when this was said."""
    if fact.holds is not False:
        return fact
    why = f"{fact.why}; it was removed or renamed later, as is said"
    return replace(fact, weight=Weight.PART, why=why)


def _made(night: NightFacts, name: str, state: PathState) -> list[Fact]:
    edits = _edits(night, name, state)
    there = _exists(night, name, state, edits)
    if not there.holds:
        return [there]
    fact = f"{state.path} is new in this night"
    if state.existed and state.is_changed is False:
        why = f"{state.path} stood there before this night, and is as it was"
        return [Fact(fact, False, Weight.DECISIVE, why)]
    if state.existed:
        why = f"{state.path} stood there before this night, and was changed"
        return [there, Fact(fact, False, Weight.PART, why, last_ref(edits))]
    if state.existed is None and not edits:
        why = f"{state.path} is there, but nothing tells that this night made it"
        return [there, Fact(fact, None, Weight.PART, why)]
    return [there]


def _changed(night: NightFacts, name: str, state: PathState) -> list[Fact]:
    edits = _edits(night, name, state)
    there = _exists(night, name, state, edits)
    if not there.holds:
        return [there]
    fact = f"{state.path} differs from the night's beginning"
    if state.is_changed is False:
        why = f"{state.path} is as it was at the night's beginning"
        if edits:
            why = f"{state.path} was edited{clock(edits[-1].at)}, but is as it was at the beginning"
        return [Fact(fact, False, Weight.DECISIVE, why, last_ref(edits))]
    if state.is_changed is None and not edits:
        why = f"no edit of {state.path} was seen"
        return [Fact(fact, None, Weight.BASIS, why)]
    at = clock(edits[-1].at) if edits else ""
    return [Fact(f"{state.path} changed{at}", True, Weight.DECISIVE, ref=last_ref(edits))]


def _removed(night: NightFacts, name: str, state: PathState) -> list[Fact]:
    edits = _edits(night, name, state)
    fact = f"{state.path} is gone at the end"
    if state.exists is None:
        # Of a file that a command removed, the removal is the last edit.
        is_seen = bool(edits) and edits[-1].tool not in ("Write", "Edit", "MultiEdit")
        why = "" if is_seen else f"nothing tells whether {state.path} is gone"
        return [Fact(fact, True if is_seen else None, Weight.DECISIVE, why, last_ref(edits))]
    if state.exists:
        return [Fact(fact, False, Weight.DECISIVE, f"{state.path} still exists at the end")]
    if state.existed or edits:
        return [Fact(fact, True, Weight.DECISIVE, ref=last_ref(edits))]
    why = f"nothing tells that {state.path} was ever there"
    return [Fact(f"{state.path} was there", None, Weight.BASIS, why)]


def _unchanged(night: NightFacts, name: str, state: PathState) -> list[Fact]:
    fact = f"{state.path} is as it was"
    same = None if state.is_changed is None else not state.is_changed
    if state.existed and state.exists is False:
        same = False
    edits = _edits(night, name, state)
    why = f"{state.path} differs from the night's beginning"
    if same is None:
        why = f"nothing tells whether {state.path} was changed"
    return [Fact(fact, same, Weight.DECISIVE, why, last_ref(edits) if not same else None)]


def _exists(night: NightFacts, name: str, state: PathState, edits: tuple[EditRecord, ...]) -> Fact:
    fact = f"{state.path} exists at the end"
    if state.exists:
        return Fact(fact, True, Weight.DECISIVE, ref=last_ref(edits))
    is_elsewhere = any(night.is_elsewhere(edit) for edit in edits)
    if state.exists is None or is_elsewhere:
        if edits:
            at = clock(edits[-1].at)
            return Fact(f"{name} was edited{at}", True, Weight.BASIS, ref=edits[-1].ref)
        why = f"nothing tells whether {name} exists"
        return Fact(fact, None, Weight.DECISIVE, why)
    why = f"{state.path} does not exist at the end"
    if edits:
        why = f"{state.path} was edited{clock(edits[-1].at)}, but does not exist at the end"
    is_path = _LOOKS_LIKE_A_PATH.match(name) is not None
    return Fact(fact, False, Weight.DECISIVE if is_path else Weight.BASIS, why, last_ref(edits))


def _edits(night: NightFacts, name: str, state: PathState) -> tuple[EditRecord, ...]:
    return night.edits_of(name.strip("`").removeprefix("./").rstrip("/"), state.path)
