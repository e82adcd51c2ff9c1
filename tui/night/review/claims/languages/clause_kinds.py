"""What one clause in a language that is read claims: of which kind, with which number."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.languages.clauses import Verb
from tui.night.review.claims.languages.names import Names
from tui.night.review.claims.languages.words import Action, Words
from tui.night.review.claims.statement import Statement
from tui.system.lazy_pattern import lazy

_FILE_KINDS: dict[Action, ClaimKind] = {
    "made": ClaimKind.FILE_MADE,
    "added": ClaimKind.FILE_MADE,
    "changed": ClaimKind.FILE_CHANGED,
    "fixed": ClaimKind.FILE_CHANGED,
    "removed": ClaimKind.FILE_REMOVED,
    "renamed": ClaimKind.FILE_RENAMED,
}
_OF = lazy(
    r"(?<![\w.#:/-])(\d[\d.,]*\d|\d)\s*(?:/|of|von|sur|de|di|van|из|з|z)\s*(\d+)(?![\w.]*\d)"
)
_NUMBER = lazy(r"(?<![A-Za-z0-9_.,#:/-])(\d{1,3}(?:[.,]\d{3})+|\d+)(?![\d.,:/]*\d|\s*%|[A-Za-z_-])")
_OF_GIT = lazy(
    r"[ck]om+it|push|pouss|ypchn|ком+ит|комит|коміт|пуш|提交|推送|推[到上]|签入|コミット|プッシュ|커밋|푸[시쉬]"
    r"|checkt|schoben|empuj",
    re.IGNORECASE,
)
_NARROW = lazy(
    r"(?<![A-Za-z0-9])(?:unit|integration|e2e|end-to-end|smoke|functional|frontend|backend|api|ui|cli|regression)(?![A-Za-z])",
    re.IGNORECASE,
)
_TEST_FILE = lazy(
    r"\b(?:test_\w+|\w+_test|\w+_spec|\w+\.(?:test|spec))(?:\.\w+)*|[\w/.-]*tests?/[\w/.-]+"
)
_SIGNS = lazy(r"[^\w]+")
_NEAR = 60
_MOST_WORDS = 5
_MOST_LETTERS = 9
"""A clause of so many words, or letters, that names a file speaks of the file itself."""


class ClauseReader:
    """Makes the statement of one clause.

    `masked` is the clause with its names blanked, `clean` also without denials that deny nothing,
    `before` what stands before it in its sentence; `names_tests` says that there, or in the title
    above, tests are named.
    """

    def __init__(
        self, words: Words, masked: str, clean: str, names: Names, before: str, names_tests: bool
    ) -> None:
        self._words = words
        self._masked = masked
        self._clean = clean
        self._names = names
        self._before = before
        self._start = len(before)
        self._names_tests = names_tests

    def _has(self, field: str) -> bool:
        text = self._masked if field == "tests" else self._clean
        return self._words[field].search(text) is not None

    def statement(self, base: Statement, verb: Verb, *, is_negated: bool) -> Statement | None:
        """What the clause claims by its verb; None if it says nothing that could be checked."""
        if is_negated or verb.action == "fails":
            return self._not_done(base, verb, is_negated)
        if verb.action in ("passes", "finished"):
            return self._of_git(base) or self._result(base, verb)
        if verb.action in ("committed", "pushed"):
            if not (self._names.subject.ref or self._is_of_git(verb)):
                return None
            kind = ClaimKind.COMMITTED if verb.action == "committed" else ClaimKind.PUSHED
            return replace(base, kind=kind, is_of_all=self._has("every") or self._has("all_of_it"))
        return self._other_work(base, verb.action) or self._named_work(base, verb.action)

    def _is_of_git(self, verb: Verb) -> bool:
        """Whether the verb or what it is said of has to do with git: "sent" alone has not."""
        word = self._masked[verb.start - self._start : verb.end - self._start]
        near = f"{self._before[-_NEAR:]} {word}"
        return _OF_GIT.search(near) is not None or self._has("changes")

    def _not_done(self, base: Statement, verb: Verb, is_negated: bool) -> Statement | None:
        of_tests = verb.action in ("passes", "fails") and self._has("tests")
        if not (is_negated or of_tests):
            return None
        return replace(base, kind=ClaimKind.NOT_DONE, unit="tests" if of_tests else "")

    def _of_git(self, base: Statement) -> Statement | None:
        """A push or a commit, as nouns: "the push succeeded"."""
        if self._has("tests"):
            return None
        for field, kind in (("pushes", ClaimKind.PUSHED), ("commits", ClaimKind.COMMITTED)):
            if self._has(field):
                return replace(base, kind=kind)
        return None

    def _result(self, base: Statement, verb: Verb) -> Statement | None:
        return self._tests_pass(base) if verb.action == "passes" else self._finished(base)

    def _tests_pass(self, base: Statement) -> Statement | None:
        names = self._names
        has_tests = self._has("tests") or names.is_test_command
        count, total = self._count()
        is_of_tests = self._names_tests and (count is not None or self._has("every"))
        if not has_tests and not is_of_tests:
            return None
        if count == 0 or (total is not None and count is not None and total != count):
            return None
        limits = self._limits()
        return replace(
            base,
            kind=ClaimKind.TESTS_PASS,
            count=count,
            unit="tests" if count is not None else "",
            is_of_all=not limits,
            limits=limits,
            work="",
        )

    def _limits(self) -> tuple[str, ...]:
        found = [word.lower() for word in _NARROW.findall(self._masked)]
        if self._words["new"].search(self._masked):
            found.append("new")
        if self._words["limits"].search(self._masked) and not found:
            found.append("unit")
        found += [path for path in self._names.subject.paths if _TEST_FILE.search(path)]
        return tuple(dict.fromkeys(found))

    def _count(self) -> tuple[float | None, float | None]:
        """How many tests; of how many."""
        ratio = _OF.search(self._clean)
        if ratio is not None:
            return _number(ratio.group(1)), _number(ratio.group(2))
        match = _NUMBER.search(self._clean)
        return (_number(match.group(1)), None) if match is not None else (None, None)

    def _finished(self, base: Statement) -> Statement | None:
        names = self._names
        if self._has("all_of_it") or (self._has("every") and self._has("tasks")):
            return replace(base, kind=ClaimKind.ALL_DONE)
        if names.subject.task_ids or self._has("tasks"):
            return replace(base, kind=ClaimKind.TASK_DONE)
        if names.subject.paths or names.subject.symbols:
            return replace(base, kind=ClaimKind.CODE_ADDED)
        return None

    def _other_work(self, base: Statement, action: Action) -> Statement | None:
        """Work of which the noun tells the kind: commits, tests, tasks, bugs."""
        subject = self._names.subject
        is_new = action in ("made", "added")
        if is_new and self._has("commits") and not subject.paths:
            return replace(base, kind=ClaimKind.COMMITTED)
        if self._has("tests") and not subject.symbols and (is_new or action == "fixed"):
            return replace(base, kind=ClaimKind.TESTS_ADDED if is_new else ClaimKind.TESTS_PASS)
        if self._names.is_checkable:
            is_bug = action == "fixed" and (self._has("bugs") or not subject.paths)
            return replace(base, kind=ClaimKind.BUG_FIXED) if is_bug else None
        if self._has("tasks") and self._has("every"):
            return replace(base, kind=ClaimKind.ALL_DONE)
        return None

    def _named_work(self, base: Statement, action: Action) -> Statement | None:
        """Work on the file or the code that is named."""
        if not self._names.is_checkable:
            return None
        if self._names.subject.paths and not self._is_in_file(action):
            return self._file(base, action)
        if action == "removed":
            return replace(base, kind=ClaimKind.CODE_REMOVED)
        is_new = action in ("made", "added")
        return replace(base, kind=ClaimKind.CODE_ADDED if is_new else ClaimKind.FILE_CHANGED)

    def _is_in_file(self, action: Action) -> bool:
        """Whether the file that is named is only where the work was done."""
        if action not in ("made", "added", "removed"):
            return False
        if self._names.subject.symbols or self._has("code"):
            return True
        return action == "added" and (self._into() or not self._is_file())

    def _is_file(self) -> bool:
        """Whether what was added is the file that is named, and not something in it."""
        if self._has("files"):
            return True
        rest = _SIGNS.sub(" ", self._masked)
        most = _MOST_WORDS if self._words.lexicon.is_spaced else _MOST_LETTERS
        return len(rest.split() if self._words.lexicon.is_spaced else rest.replace(" ", "")) <= most

    def _into(self) -> bool:
        return self._words["into"].search(self._names.masked) is not None

    def _file(self, base: Statement, action: Action) -> Statement:
        kind = _FILE_KINDS[action]
        if action == "renamed" and len(self._names.subject.paths) >= 2:
            old, new = self._names.subject.paths[:2]
            return replace(
                base, kind=kind, subject=replace(base.subject, paths=(new,), old_path=old)
            )
        return replace(base, kind=kind)


def _number(text: str) -> float | None:
    digits = text.replace(",", "").replace(".", "")
    return float(int(digits[:9])) if digits else None
