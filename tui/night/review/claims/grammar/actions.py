"""Clauses that tell of an action: "added X", "X was removed", "`a.py` (new)"."""

from __future__ import annotations

import re

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.action_kinds import Action
from tui.night.review.claims.grammar.clauses import Clause, clauses, sentences, whole_clause
from tui.night.review.claims.grammar.completion import is_everything, is_mentioned, was_so_before
from tui.night.review.claims.grammar.mood import mood
from tui.night.review.claims.grammar.names import code_spans, find_paths, find_subject
from tui.night.review.claims.grammar.vocabulary import (
    ACTION_OF,
    ADVERB,
    BASE_OF,
    BE,
    I_OR_WE,
    NUMBER,
    PAST,
)
from tui.night.review.claims.sections import TextLine
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import lazy

_ACTIVE = lazy(
    rf"(?:(?:so|and|but|then|that|this\s+(?:commit|change|pr|session)|in\s+this\s+(?:session|commit"
    rf"|pr)|today)\s*,?\s+)*(?:{ADVERB},?\s+)*(?:{I_OR_WE})?(?:{ADVERB}\s+)*"
    rf"(?:(?:found|identified|wrote|diagnosed"
    rf"|tracked\s+down)\s+and\s+(?:{ADVERB}\s+)*)?(?P<verb>{PAST})(?P<particle>\s+up"
    rf"|\s+out)?\b(?!-)\s*(?P<object>.*)",
    re.DOTALL,
)
_PASSIVE = lazy(
    rf"(?P<object>.{{2,200}}?)(?:\s+(?P<be>{BE})"
    rf"|(?<=[\w◇)])(?=\s+(?:{PAST})[\s.!:;,)]*\Z|\s+(?:bumped|pushed|committed|renamed|raised|increased|pinned"
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
    r"(?:(?=(?:fixes|resolves)\s+#\d)|(?:this|the)\s+(?:(?:commit|change|changes|pr|patch|fix|update"
    r"|session|branch"
    r"|pull\s+request)\s+)?(?:also\s+|now\s+)?)"
    r"(?P<verb>adds|fixes|removes|renames|introduces|implements|resolves|deletes)\s+(?P<object>\S.*)",
    re.DOTALL,
)
_GONE = lazy(
    r"(?P<object>.{2,120}?)\s+(?:(?:is|are)\s+(?:now\s+)?(?P<gone>gone)|no\s+longer\s+(?:exists?"
    r"|there)|no\s+longer\s+(?P<stops>crash"
    r"|fail|hang|happen|occur|appear|break|leak|throw|raise|time|reproduce|freeze|error|flicker"
    r"|deadlock)\w*)\b",
    re.DOTALL,
)
_BUG = lazy(
    r"\b(?:bug|crash|error|leak|regression|issue|warning|problem|race|flake|deadlock|exception|traceback)\w*\b"
)
_PRESENT = frozenset(("is", "are", "'s", "’s", "'re", "’re", "gets"))
_NOTHING = ("no ", "nothing", "none ", "i ", "we ")
_UNFINISHED = lazy(r"\S\s+(?:being|is|are|was|were|be|been|not|get|getting|to)\Z")
_HABIT = lazy(
    r"\s*(?:by|when|if|once|on\s+(?:each|every|start|the\s+first)|automatically|each|every|at)\b"
)
_HEADING = lazy(
    r"(?:(?:p\d|key|main|new|other|all\s+the)\s+)*(?:[\w-]+\s+)?(?:files?|fixes|features?|changes?"
    r"|tests?|tasks?|work|items?|bugs?|issues?|commits?|steps?|components?|endpoints?)"
)
_COMMIT_VERB = lazy(
    r"^(?:(?:feat|fix|perf|refactor|test|docs|chore|build|ci"
    r"|style)(?:\([^)]*\))?!?:\s*)?(?P<verb>[A-Za-z]+)\s+(?P<what>\S.*)",
)
_CONVENTION = lazy(r"^(?P<type>feat|fix)(?:\([^)]*\))?!?:\s*(?P<what>\S.*)")
_ADDS = frozenset("add implement complete finish create build introduce support".split())
_FIXES = frozenset("fix resolve repair".split())
_IS_THERE = lazy(
    r"(?:there\s+is\s+(?P<now>now)\s+(?:an?\s+)?(?P<made>\S.*)"
    r"|(?:the\s+file\s+)?(?P<file>\S+)\s+now\s+exists\b.*"
    r"|\S+\s+now\s+(?:contains|has|holds|exports|defines|includes)\s+(?P<holds>\S.*))",
    re.DOTALL,
)
_NEW_TESTS = lazy(
    rf"(?:^|:\s|\b(?:has|have|contains|by|are|is|includes)\s+(?:now\s+)?)(?P<tests>(?:{NUMBER}|two"
    rf"|three|four|five|six)\s+new\s+(?:[\w-]+\s+)?tests?)\b(?!\s+(?:pass|are|all|fail|,)|,)"
)
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
    r"(?:here|there|this|these|what|below|that|it|they|he|she|which|who|summary"
    r"|list)\b(?!.*\b(?:file|script|module|test|function|bug|issue|crash)\b)"
)


def action_claim(clause: Clause) -> Statement | None:
    """What somebody did: "added X", "X was removed"; None for what is no action, or not told as done."""
    text = clause.plain
    start = _label_end(text)
    words = text[start:]
    if (start and mood(text, start) == "open") or was_so_before(text):
        return None
    for read in (_active, _is_now, _told, _listed, _is_there, _new_tests, _passive, _generic):
        found = read(clause, start, words)
        if found is not None:
            return found.claim()
    return None


def _active(clause: Clause, start: int, words: str) -> Action | None:
    """ "Added X", "I removed X"."""
    match = _ACTIVE.match(words)
    if match is None or is_mentioned(match.group("object")):
        return None
    if mood(words, match.start("object")) != "stated":
        return None
    return Action(clause, start, match.group("verb"), match.span("object"))


def _is_now(clause: Clause, start: int, words: str) -> Action | None:
    """ "TIMEOUT is now 45"."""
    match = _IS_NOW.match(words) if "now" in words else None
    if match is None or mood(words, match.end("value")) != "stated":
        return None
    return Action(clause, start, "set", match.span("object"))


def _told(clause: Clause, start: int, words: str) -> Action | None:
    """ "This fixes X", "X is gone", "it no longer crashes"."""
    does = _THIS_DOES.match(words)
    if does is not None:
        if mood(words, does.start("verb")) != "stated":
            return None
        verb = BASE_OF.get(_base_of(does.group("verb")), "")
        return Action(clause, start, verb, does.span("object"))
    # "No longer crashes" is blanked in the plain words, as a denial of a failure.
    said = clause.masked[start:]
    match = _GONE.match(said) if " gone" in said or " no longer " in said else None
    if match is None or mood(words, match.end("object")) == "open":
        return None
    span = match.span("object")
    is_file = bool(find_paths(*_named(clause)))
    if match.group("stops"):
        return (
            None if _BUG_OF.match(match.group("object")) else Action(clause, start, "fixed", span)
        )
    if is_file:
        return Action(clause, start, "removed", span)
    is_bug = match.group("gone") == "gone" and _BUG.search(match.group("object")) is not None
    return Action(clause, start, "fixed", span) if is_bug else None


def _listed(clause: Clause, start: int, words: str) -> Action | None:
    """ "`src/a.py` (new)", "src/a.py: deleted"."""
    match = _PARTICIPLE_LABEL.match(clause.plain)
    if match is None or not find_paths(clause.text[: match.end("path")], _named(clause)[1]):
        return None
    verb = match.group("verb").split()[0]
    return Action(clause, 0, "created" if verb == "new" else verb, match.span("path"))


def _is_there(clause: Clause, start: int, words: str) -> Action | None:
    """ "There is now a `docs/guide.md`", "calc.py now contains `multiply()`"."""
    match = _IS_THERE.match(words) if "now" in words else None
    if match is None or mood(words, match.end()) != "stated" or not find_paths(*_named(clause)):
        return None
    part = "holds" if match.group("holds") else "file" if match.group("file") else "made"
    return Action(clause, start, "added" if part == "holds" else "created", match.span(part))


def _new_tests(clause: Clause, start: int, words: str) -> Action | None:
    """ "tests/test_calc.py has 4 new tests"."""
    match = _NEW_TESTS.search(clause.plain)
    if match is None or mood(clause.plain, match.start("tests")) != "stated":
        return None
    return Action(clause, 0, "added", (match.start("tests"), len(clause.plain)))


def _passive(clause: Clause, start: int, words: str) -> Action | None:
    """ "X was added": in the present only of what has an end, or of a file; else it is a habit."""
    match = _PASSIVE.match(words)
    if match is None or _INTRODUCES.match(words) or mood(words, match.start("verb")) != "stated":
        return None
    verb, what = match.group("verb"), match.group("object")
    be = (match.group("be") or "").split()[:1]
    is_all = is_everything(what) and ACTION_OF[verb] not in ("commit", "push", "install")
    if is_all or what.startswith(_NOTHING) or (not be and _is_no_object(what, match.group("rest"))):
        return None
    rest = match.group("rest")
    is_present = bool(be) and be[0] in _PRESENT
    if is_present and _tells_a_habit(clause, clause.text[start : start + len(what)], verb, rest):
        return None
    written = clause.text[start + match.start("rest") : start + match.end("rest")]
    return Action(clause, start, verb, match.span("object"), written)


def _is_no_object(what: str, rest: str) -> bool:
    """Whether words before a lone participle are a heading ("Files changed"), or no subject at all."""
    is_heading = _HEADING.fullmatch(what) is not None and not rest.strip(" .:")
    return is_heading or _UNFINISHED.search(what) is not None


def _tells_a_habit(clause: Clause, what: str, verb: str, rest: str) -> bool:
    """Whether "X is added …" tells what a program does, and not what was done."""
    if verb in _STATIVE:
        return _HABIT.match(rest) is not None
    is_value = verb == "set" and rest.startswith(" to ")
    is_mentioned = is_value or bool(find_paths(what, _named(clause)[1]))
    return not is_mentioned or _DESCRIPTIVE_REST.match(rest) is not None


def _generic(clause: Clause, start: int, words: str) -> Action | None:
    """ "I swizzled the operands in app.py": any action of the writer that names a file."""
    match = _GENERIC.match(words)
    if match is None or match.group("verb") in _NO_DEED:
        return None
    if mood(words, match.start("object")) != "stated" or not find_paths(*_named(clause)):
        return None
    return Action(clause, start, "changed", match.span("object"))


_BUG_OF = lazy(r"(?:it|they|this|that|which|◇+[^\w◇]*\Z|(?:the\s+)?(?:\w+\s+)?tests?)\s")


def _named(clause: Clause) -> tuple[str, list[str]]:
    return clause.text, code_spans(clause.text, clause.masked)


_LABEL = lazy(rf"(?!(?:i|we|{PAST})\s)(?:[\w◇.#()/'&-]+\s+){{0,6}}[\w◇.#()/'&∘-]+:\s+(?=\S)")


def _label_end(text: str) -> int:
    """Where the action is told: behind a label, "I verified that", "in `app.py`"."""
    match = _LABEL.match(text) if ": " in text else None
    start = match.end() if match is not None else 0
    before = _REPORTED.match(text, start)
    return before.end() if before is not None else start


_REPORTED = lazy(
    r"(?:(?:i|we)\s+(?:have\s+)?)?(?:verified|confirmed|checked|double-checked|made\s+sure|ensured"
    r"|validated)\s+(?:that\s+)?(?=\S+\s+\S)"
    r"|(?:in|inside|for)\s+[^\s,]+(?:\s+[^\s,]+)?,?\s+(?=(?:i|we)\b)"
)


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
