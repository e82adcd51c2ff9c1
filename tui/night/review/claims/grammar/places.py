"""Clauses that say where the work is: the commit's id, the branch, the remote, the pull request."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.grammar.mood import mood
from tui.night.review.claims.grammar.names import find_subject
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import AnyWord, lazy

_I = re.IGNORECASE
_COMMIT_IS = lazy(
    r"^(?:(?:the|my|final|last|latest|new|resulting|git|local|head|it['’]?s|this|all|changes|work"
    r"|everything|fix|is|are|was|in|on|at|as|see|now|with)\s+){0,7}(?:commits?|commit\s+(?:hash|id"
    r"|sha)|head)\b(?:\s+(?:hash|id|sha))?(?:\s+(?:is|are|was|now|at|id"
    r"|created))*\s*[:=(→]*\s*(?P<sha>◇+|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}\b)(?!\s+(?:introduced"
    r"|broke|caused|regressed|was\s+made\s+by))"
)
_ON_REMOTE = lazy(
    r"\b(?:is|are|was|were|now|live|lives)\s+(?:now\s+|all\s+|also\s+|already\s+|up\s+|live\s+"
    r"|both\s+)*(?:on|at|in)\s+(?:the\s+)?(?:remote|origin|upstream|github|gitlab"
    r"|server)\b(?!\s+(?:actions|pages|issues))"
    r"|\bup[\s-]to[\s-]date\s+with\s+(?:the\s+)?(?:remote|origin|upstream|◇+|[\w./-]+/[\w./-]+)"
    r"|\bin\s+sync\s+with\s+(?:the\s+)?(?:remote|origin|upstream|◇+)"
    r"|(?:origin|upstream)(?:/[\w./-]+)?\s+(?:now\s+)?(?:has|have|contains|points\s+(?:at|to)"
    r"|is\s+at)\b|^◇+\s+(?:now\s+)?(?:has|contains)\s+(?:the|all|my|our)\b"
)
_COMMITTED_ON = lazy(
    r"^(?:(?:the|all|my|these|our|everything|changes?|work|fix|commits?)\s+){1,4}(?:is"
    r"|are)\s+(?:now\s+|all\s+)?(?:on|in)\s+(?:the\s+)?(?:branch\s+)?(?:main|master|◇+"
    r"|[\w-]+/[\w./-]+|[\w./-]+\s+branch)\b"
)
_PR_AT = lazy(
    r"^(?:the\s+|my\s+|see\s+|here\s+is\s+the\s+|link\s+to\s+the\s+|draft\s+"
    r"|new\s+)*(?:pull\s+request|pr|merge\s+request|mr)\b(?:\s+(?:link|url|is|at|here|opened|created"
    r"|has\s+been\s+(?:opened|created)|number|now|open|up))*\s*[:=]?\s*(?P<id>(?:#"
    r"|!)?\d+\b(?:\s+is\s+(?:open|up|ready|live))?|https?://\S+)"
)
_PR_OPEN = lazy(
    r"\b(?:pull\s+request|pr|merge\s+request|mr)\s+(?:(?:#|!)?\d+\s+)?(?:is|was"
    r"|has\s+been)\s+(?:now\s+)?(?:open(?:ed)?|created|up|submitted|ready\s+for\s+review)\b"
)
_PR_URL = lazy(r"https?://[^\s)>\]]+/(?:pull|merge_requests|pulls|pull-requests)/\d+")
_PR_NUMBER = lazy(r"[#!]\d+|\b(?:PR|MR|request)\s+(\d+)", _I)
_SHA_LINE = lazy(r"^(?P<sha>◇{7,40}|[0-9a-f]{7,40})(?=[\s:–—-]|\Z)")
_GATE = AnyWord(
    "commit",
    "head",
    "remote",
    "origin",
    "upstream",
    "github",
    "gitlab",
    "up to date",
    "up-to-date",
    "sync",
    "pull",
    "pr",
    "mr",
    "merge",
    "branch",
    "main",
    "master",
    "◇",
)


def place_claim(clause: Clause) -> Statement | None:
    """That there is a commit, that a branch is on the remote, that there is a pull request."""
    if not _GATE.is_in(clause.masked):
        return None
    text = clause.plain
    commit = _COMMIT_IS.search(text)
    if (
        commit is not None
        and find_subject(clause).shas
        and mood(text, commit.start("sha")) == "stated"
    ):
        return _claim(clause, ClaimKind.COMMITTED)
    for pattern, kind in (
        (_PR_AT, ClaimKind.PR_OPENED),
        (_PR_OPEN, ClaimKind.PR_OPENED),
        (_ON_REMOTE, ClaimKind.PUSHED),
        (_COMMITTED_ON, ClaimKind.COMMITTED),
    ):
        match = pattern.search(text)
        if match is None:
            continue
        told = mood(text, match.end())
        if told == "open":
            return None
        if told == "denied":
            return _claim(clause, ClaimKind.NOT_DONE)
        return _claim(clause, kind, _pr_value(clause.text) if kind == ClaimKind.PR_OPENED else "")
    return None


def listed_commit(clause: Clause) -> Statement | None:
    """A point of a list of commits, which begins with its id."""
    match = _SHA_LINE.match(clause.masked)
    if match is None or not find_subject(clause).shas:
        return None
    return _claim(clause, ClaimKind.COMMITTED)


def _pr_value(text: str) -> str:
    url = _PR_URL.search(text)
    number = _PR_NUMBER.search(text)
    if url is not None:
        return url.group(0)
    return "" if number is None else f"#{number.group(1)}" if number.group(1) else number.group(0)


def _claim(clause: Clause, kind: ClaimKind, value: str = "") -> Statement:
    return make_statement(
        clause.sentence.line,
        kind,
        clause.text,
        sentence=clause.sentence.text,
        work=clause.text if kind == ClaimKind.NOT_DONE else "",
        subject=replace(find_subject(clause), value=value),
    )
