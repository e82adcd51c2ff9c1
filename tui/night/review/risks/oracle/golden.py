"""Recorded answers that tests compare with: snapshots, golden files, cassettes."""

from __future__ import annotations

from collections.abc import Iterator

from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks.diff_view import RiskFinding, diff_lines, finding_at
from tui.night.review.risks.oracle.code_changes import CodeChanges, replaced_lines
from tui.night.review.risks.oracle.intent import Intent
from tui.night.review.risks.oracle.reading.literals import words_of
from tui.system.lazy_pattern import lazy

_RECORDED = lazy(
    r"(?:^|/)__snapshots__/|\.snap$|\.ambr$|\.approved\.\w+$|\.golden(?:\.\w+)?$|(?:^|/)goldens?/"
    r"|(?:^|/)testdata/.*(?:expected|want|output|\.out\b)|(?:^|/)(?:expected|want)[_-][^/]*\.(?!py|[jt]s)\w+$"
    r"|[_-](?:expected|golden|snapshot)\.(?:json|txt|ya?ml|xml|html|csv|out|svg)$|(?:^|/)cassettes/"
)
_SHOWN = 60


def find_golden_changes(
    changes: RepositoryChanges, code: CodeChanges, intent: Intent, *, is_recorded: bool
) -> Iterator[RiskFinding]:
    """Recorded answers that changed in the same night as the code that gives them.

    No risk where the new words come from the code's own texts, or where the task names them.
    """
    for change in changes.files:
        if change.kind != "modified" or not change.hunks or not _RECORDED.search(change.path):
            continue
        if not any(diff_lines(change, "-")):
            continue
        line = next(diff_lines(change, "+"), None) or next(diff_lines(change, "-"))
        severity: Severity = "medium" if is_recorded and code.names else "low"
        if intent.asks_to_record or _is_explained(change, code, intent):
            severity = "low"
        shown = line.text.strip()[:_SHOWN]
        what = f"a recorded answer that tests compare with was changed: {shown}"
        yield finding_at(line, "test_weakened", change.path, severity, what)


def _is_explained(change: FileChange, code: CodeChanges, intent: Intent) -> bool:
    """Whether every word that came in is one that came into the code, or that the task names."""
    known = words_of("\n".join(code.added_texts)) | words_of("\n".join(intent.parts))
    fresh: set[str] = set()
    for hunk in change.hunks:
        pairs = [*replaced_lines(hunk)]
        if pairs:
            for old, new in pairs:
                fresh |= words_of(new.text) - words_of(old.text)
        else:
            gone = {word for text in hunk.removed for word in words_of(text)}
            fresh |= {word for text in hunk.added for word in words_of(text)} - gone
    return bool(fresh) and fresh <= known
