"""Clauses that tell of a deed: "added X", "X was removed", "`a.py` (new)"."""

from __future__ import annotations

import re

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause, clauses, sentences, whole_clause
from tui.night.review.claims.grammar.completion import is_everything, is_told_of
from tui.night.review.claims.grammar.deed_kinds import Deed
from tui.night.review.claims.grammar.mood import mood
from tui.night.review.claims.grammar.names import code_spans, find_paths, find_subject
from tui.night.review.claims.grammar.vocabulary import ADVERB, BASE_OF, BE, DEED_OF, I_OR_WE, PAST
from tui.night.review.claims.sections import TextLine
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import lazy

_ACTIVE = lazy(
    rf"(?:(?:so|and|but|then|that|this\s+(?:commit|change|pr|session)|in\s+this\s+(?:session|commit"
    rf"|pr)|today)\s*,?\s+)*(?:{ADVERB},?\s+)*(?:{I_OR_WE})?(?:{ADVERB}\s+)*(?P<verb>{PAST})(?P<particle>\s+up"
    rf"|\s+out)?\b(?!-)\s*(?P<object>.*)",
    re.DOTALL,
)
_PASSIVE = lazy(
    rf"(?P<object>.{{2,200}}?)(?:\s+(?P<be>{BE})"
    rf"|(?<=[\w◇)])(?=\s+(?:{PAST})\W*\Z|\s+(?:bumped|pushed|committed|renamed|raised|increased|pinned"
    rf"|upgraded|installed|moved|changed|updated)\s+(?:to|as|on|in|from"
    rf"|with)\s))(?P<adverbs>(?:\s+(?:{ADVERB}|all"
    rf"|both|each|been"
    rf"|to))*)\s+(?P<verb>{PAST})\b(?!-)(?P<rest>.*)",
    re.DOTALL,
)
_PARTICIPLE_LABEL = lazy(
    r"\s*(?P<path>◇+|[\w./-]+)\s*[:(]\s*(?P<verb>new|new\s+file|created|added|modified|changed"
    r"|updated|edited|deleted|removed|rewritten|renamed)\b"
)
_GENERIC = lazy(
    rf"(?:{I_OR_WE})(?:{ADVERB}\s+)*(?P<verb>\w{{3,}}ed)\s+(?P<object>.*\b(?:in|to|from|of|into|across)\s+.*)"
)
_IS_NOW = lazy(
    r"(?P<object>(?=.*?(?:_|◇|\b(?:default|timeout|version|port|limit|setting|option|size"
    r"|level|interval|threshold|retries|delay|ttl)\b))"
    r"[^,;]{2,80}?\s+(?:is\s+now|now\s+is|now\s+defaults?\s+to"
    r"|is\s+now\s+set\s+to)\s+(?P<value>[\"']?v?\d[\w.%]*|true|false|on|off|◇+)\b.*)",
    re.DOTALL,
)
_THIS_DOES = lazy(
    r"(?:this|the)\s+(?:(?:commit|change|changes|pr|patch|fix|update|session|branch"
    r"|pull\s+request)\s+)?(?:also\s+|now\s+)?"
    r"(?P<verb>adds|fixes|removes|renames|introduces|implements|resolves|deletes)\s+(?P<object>\S.*)",
    re.DOTALL,
)
_GONE = lazy(
    r"(?P<object>.{2,120}?)\s+(?:is|are)\s+(?:now\s+)?(?P<verb>gone)\b|(?P<bug>.{2,120}?)\s+no\s+longer\s+"
    r"(?P<stops>crash|fail|hang|happen|occur|appear|break|leak|throw|raise|time|reproduce|freeze"
    r"|error|flicker|deadlock)\w*\b",
    re.DOTALL,
)
_COMMIT_VERB = lazy(
    r"^(?:(?:feat|fix|perf|refactor|test|docs|chore|build|ci"
    r"|style)(?:\([^)]*\))?!?:\s*)?(?P<verb>[A-Za-z]+)\s+(?P<what>\S.*)",
)
_CONVENTION = lazy(r"^(?P<type>feat|fix)(?:\([^)]*\))?!?:\s*(?P<what>\S.*)")
_ADDS = frozenset("add implement complete finish create build introduce support".split())
_FIXES = frozenset("fix resolve repair".split())
_NO_DEED = frozenset(
    "checked verified reviewed inspected tested looked analyzed analysed investigated explored "
    "examined compared confirmed validated debugged profiled identified located"
    " traced discovered considered attempted tried wanted needed noticed listed searched ensured "
    "decided used read watched observed followed learned stopped started waited"
    " planned asked answered explained assumed expected believed skipped avoided ignored reverted "
    "restored measured monitored evaluated assessed studied scanned"
    " audited researched double-checked cross-checked spotted grepped noted realized realised picked "
    "preferred agreed concluded determined".split()
)
_STATIVE = frozenset(
    "implemented completed finished fixed resolved committed pushed closed addressed merged renamed "
    "installed solved".split()
)
_DESCRIPTIVE_REST = lazy(
    r"\s*(?:\s(?:when|whenever|if|by|on\s+(?:each|every|start|the\s+first)|automatically|each|every"
    r"|after|before|once|until|at\s+(?:start|run|build)|from|for\s+(?:each|every)|lazily|with|as|per"
    r"|only|via|using|through|during)\b)"
)
_INTRODUCES = lazy(
    r"(?:here|there|this|these|what|below|that|it|they|he|she|which|who|summary|list|changes"
    r"|files?)\b(?!.*\b(?:file|script|module|test|function|bug|issue|crash)\b)"
)


def deed_claim(clause: Clause) -> Statement | None:
    """What somebody did: "added X", "X was removed"; None for what is no deed, or not told as done."""
    text = clause.plain
    start = _label_end(text)
    words = text[start:]
    if start and mood(text, start) == "open":
        return None
    active = _ACTIVE.match(words)
    if active is not None:
        if mood(words, active.start("object")) != "stated" or is_told_of(active.group("object")):
            return None
        return Deed(clause, start, active.group("verb"), active.span("object")).claim()
    value = _IS_NOW.match(words)
    if value is not None and mood(words, value.end("value")) == "stated":
        return Deed(clause, start, "set", value.span("object")).claim()
    told = _THIS_DOES.match(words) or _GONE.match(words)
    if told is not None:
        return _told(clause, start, words, told)
    listed = _PARTICIPLE_LABEL.match(text)
    if (
        listed is not None
        and "/" in clause.text[: listed.end("path")] + "."
        and find_paths(*_named(clause))
    ):
        verb = listed.group("verb").split()[0].lower()
        verb = "created" if verb == "new" else verb
        return Deed(clause, 0, verb, listed.span("path")).claim()
    passive = _PASSIVE.match(words)
    if passive is not None:
        return _passive(clause, start, words, passive)
    generic = _GENERIC.match(words)
    if generic is not None and generic.group("verb").lower() not in _NO_DEED:
        is_stated = mood(words, generic.start("object")) == "stated"
        if is_stated and find_paths(*_named(clause)):
            return Deed(clause, start, "changed", generic.span("object")).claim()
    return None


def _told(clause: Clause, start: int, words: str, match: re.Match[str]) -> Statement | None:
    """ "This fixes X", "X is gone", "it no longer crashes"."""
    groups = match.groupdict()
    if groups.get("stops"):
        if mood(words, match.start("stops")) == "open" or _BUG_OF.match(words):
            return None
        return Deed(clause, start, "fixed", match.span("bug")).claim()
    if mood(words, match.start("verb")) != "stated":
        return None
    verb = match.group("verb").lower()
    if verb == "gone":
        has_path = bool(find_paths(*_named(clause)))
        return Deed(clause, start, "removed", match.span("object")).claim() if has_path else None
    return Deed(clause, start, BASE_OF.get(_base_of(verb), ""), match.span("object")).claim()


_BUG_OF = lazy(r"(?:it|they|this|that|which|◇+\W*\Z|(?:the\s+)?(?:\w+\s+)?tests?)\s")


def _named(clause: Clause) -> tuple[str, list[str]]:
    return clause.text, code_spans(clause.text, clause.masked)


_LABEL = lazy(r"(?:[\w◇.#()/'&-]+\s+){0,6}[\w◇.#()/'&∘-]+:\s+(?=\S)")


def _label_end(text: str) -> int:
    match = _LABEL.match(text)
    return match.end() if match is not None else 0


def _passive(clause: Clause, start: int, words: str, match: re.Match[str]) -> Statement | None:
    """ "X was added": in the present only of what has an end, or of a file; else it is a habit."""
    if mood(words, match.start("verb")) != "stated" or _INTRODUCES.match(words):
        return None
    verb = match.group("verb").lower()
    be = (match.group("be") or "").lower().split()
    is_present = bool(be) and be[0] in ("is", "are", "'s", "’s", "'re", "’re", "being", "gets")
    if be and be[0] == "being":
        return None
    rest = match.group("rest")
    if match.group("object").lower().startswith(("no ", "nothing", "none ")):
        return None
    if is_everything(match.group("object")) and DEED_OF[verb] not in ("commit", "push", "install"):
        return None
    if is_present and verb not in _STATIVE:
        has_path = bool(
            find_paths(
                clause.text[start : start + match.end("object")],
                code_spans(clause.text, clause.masked),
            )
        )
        if not has_path or _DESCRIPTIVE_REST.match(rest):
            return None
    if (
        is_present
        and _DESCRIPTIVE_REST.match(rest)
        and re.match(r"\s*(?:by|when|if|once|on|automatically|each|every|at)\b", rest)
    ):
        return None
    return Deed(clause, start, verb, match.span("object"), rest).claim()


def commit_subject(line: TextLine) -> Statement | None:
    """The work that a commit's subject names, in the base form ("Add X") or by convention ("feat: X")."""
    first = next(iter(sentences(line)), None)
    head = clauses(first)[:1] if first is not None else []
    if first is None or not head:
        return None
    text = head[0].masked
    verb, convention = _COMMIT_VERB.match(text), _CONVENTION.match(text)
    base = _base_of(verb.group("verb")) if verb is not None else ""
    kind = _kind_of_work(base, convention.group("type") if convention is not None else "")
    match = verb if base else convention
    whole = whole_clause(first).plain
    if kind is None or match is None or mood(f" {whole}", len(whole)) == "denied":
        return None
    work = head[0].text[match.start("what") : match.end("what")]
    subject = find_subject(head[0])
    return make_statement(line, kind, head[0].text, sentence=line.text, work=work, subject=subject)


def _base_of(word: str) -> str:
    """The base form of a verb in any of its forms, "" if it is not known."""
    if word in BASE_OF:
        return word
    return next(
        (base for base, past in BASE_OF.items() if word in (past, f"{base}s", f"{base}es")), ""
    )


def _kind_of_work(base: str, convention: str) -> ClaimKind | None:
    if base in _ADDS:
        return ClaimKind.CODE_ADDED
    if base in _FIXES or convention == "fix":
        return ClaimKind.BUG_FIXED
    return ClaimKind.CODE_ADDED if convention and not base else None
