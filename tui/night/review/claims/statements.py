"""Sentences that claim.

Plans, questions, conditions, negations and what others said are no claims; a claim that is missed
costs less than one that nobody made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind, ClaimSource
from tui.night.review.claims.languages.foreign import Reader, read_commit
from tui.night.review.claims.sections import TextLine, claim_lines, mask_names
from tui.night.review.claims.statement import Statement
from tui.system.lazy_pattern import lazy

_I = re.IGNORECASE
_SENTENCE = lazy(r"(?<=[.!?;])\s+(?=\S)|\s+[—–]\s+|\s+-{2,}\s+")
_CLAUSE = lazy(
    r",\s+(?=(?:but|and|so|while|although|though|yet|however|no|nothing|build|lint|type)\b)"
    r"|(?<!\ball)\s+(?=but\s)|\s(?=\((?:but|not|except))",
    _I,
)
_AUX = (
    r"(?:\s+(?:are|is|have|has|been|now|all|still|also|again|currently|successfully|suites?|cases?"
    r"|run|runs|remain|stay|total|overall|in total|clean(?:ly)?|fully|completely|entirely|and)){0,4}"
)
_PASS = (
    r"(?:pass(?:es|ed|ing)?|green|succeed(?:s|ed)?|ok)\b"
    r"(?!\s+(?:a|an|the|its?|them|this|that|these|his|through|by|down|along|over|to|into|as|rate)\b)"
)
_NOUN = r"(?:tests?|specs?|test\s+suites?|suites?|test\s+cases?|examples)"
_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?![\d.]*\d)"
_QUALIFIER = r"(?:[\w/'-]+\s+){0,4}?"
_ALL = lazy(
    rf"\b(?:all|every|the\s+(?:full|whole|entire|complete)|full|whole|entire)\s+(?:of\s+)?(?:the\s+|my\s+|our\s+)?"
    rf"(?P<words>(?:[\w/'◇.-]+\s+){{0,5}}?){_NOUN}{_AUX}\s*[:=→]?\s*{_PASS}",
    _I,
)
_TESTS = lazy(
    rf"(?:\b|^)(?P<words>(?:[\w/'◇.-]+\s+){{0,3}}?)\b{_NOUN}{_AUX}(?:\s*[:=→-]+)?\s*(?:all\s+|are\s+)?{_PASS}",
    _I,
)
_COUNTED = lazy(
    rf"(?<![\w.#:-])(?P<count>{_N})\s*(?:(?:/|of|out\s+of)\s*(?P<total>{_N})\s*)?"
    rf"(?P<words>{_QUALIFIER}){_NOUN}?(?:\s\([^()]{{1,60}}\))?,?{_AUX}\s*[:=→]?\s*{_PASS}",
    _I,
)
_PASSES_ALL = lazy(
    rf"\bpass(?:es|ed|ing)?\s+(?:all|the\s+(?:full|whole|entire))\s+(?P<words>{_QUALIFIER}){_NOUN}\b",
    _I,
)
_GREEN = lazy(
    r"\b(?:everything|all|suite)\s+(?:is\s+|are\s+|still\s+|now\s+)?(?:green|passes|passing)\b", _I
)
_RAN_THEM = lazy(
    rf"\b(?:ran|re-?ran|executed)\s+(?:all\s+)?(?:of\s+)?(?:the\s+)?(?P<words>{_QUALIFIER}){_NOUN}\b,?"
    rf"\s+(?:and\s+)?(?:they|it|everything)\s+(?:(?:all|have|has|now|both|each)\s+){{0,3}}{_PASS}",
    _I,
)
_THEY = lazy(r"\bthey\b", _I)
_COMMAND_PASSES = lazy(rf"◇{_AUX}\s*{_PASS}", _I)
_TEST_COMMAND = lazy(
    r"\b(?:pytest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|unittest)\b"
    r"|\b(?:npm|pnpm|yarn|bun|deno|go|cargo|make|just|mix|dotnet|mvn|gradlew?|rake|swift)\s+(?:run\s+)?tests?\b"
)
_ABOUT_TESTS = lazy(
    r"\b(?:tests?|specs?|suite|pytest|jest|vitest|unittest|rspec|phpunit|ctest|mocha)\b", _I
)
_DONE_STATE = (
    r"(?:implemented|done|completed?|finished|fixed|in\s+place|resolved|added|created|built|written"
    r"|wired(?:\s+up)?|integrated|ready|shipped|delivered)"
)
_IS_DONE = lazy(
    rf"^(?P<what>.{{2,160}}?)\s+(?:is|are|was|were|has\s+been|have\s+been)\s+(?:now\s+|all\s+|both\s+)?"
    rf"(?:fully\s+|completely\s+|successfully\s+)?{_DONE_STATE}\b(?!\s+(?:by\s+(?:hand|you)|before|when))",
    _I,
)
_STANDS_DONE = lazy(
    r"^(?P<what>.{2,120}?)(?:\s*[:=]|\s)\s*(?:complete|completed|done|implemented|finished)\W*\Z",
    _I,
)
_DID = lazy(
    r"^(?:(?:I|we)(?:'ve|\s+have)?\s+|also\s+|then\s+|successfully\s+|now\s+|both\s+)*"
    r"(?:implemented|added|fixed|completed|finished|created|built|resolved|introduced)\s+(?P<what>\S.*)",
    _I,
)
_SUBJECT = lazy(
    r"^(?:(?:feat|fix|perf|refactor|test|docs)(?:\([^)]*\))?!?:\s*)?"
    r"(?:add|implement|fix|complete|finish|create|build|introduce|support|resolve)(?:s|ed)?\s+(?P<what>\S.*)",
    _I,
)
_CONVENTION = lazy(r"^(?:feat|fix)(?:\([^)]*\))?!?:\s*(?P<what>\S.*)", _I)
_EVERYTHING = lazy(
    r"\b(?:all|every)\s+(?:\d+(?:/\d+)?\s+|of\s+|the\s+|my\s+|remaining\s+|planned\s+|open\s+|other\s+){0,4}"
    r"(?:tasks?|items?|todos?|steps?|features?|milestones?|phases?|requirements?)\b",
    _I,
)
_TESTS_FIXED = lazy(
    r"(?:(?:the|all|both|every|these|those|\d+|last|remaining)\s+)*(?:failing|broken|red)\s+"
    r"(?:[\w-]+\s+){0,2}?(?:tests?|specs?|suites?)\W*\Z",
    _I,
)
_DENIALS = lazy(
    r"\b(?:with\s+|and\s+)?(?:no|zero|0|without(?:\s+any)?|nothing)\s+(?:test\s+|new\s+|other\s+|type\s+|lint\s+)?"
    r"(?:fail(?:ures?|ed|ing|s)?|errors?|regressions?|warnings?|issues?|skip(?:s|ped)?|broken|changes?)\b"
    r"|\bnone\s+fail(?:ed|ing|s)?\b|\bnot\s+only\b|\bno\s+longer\s+fail(?:s|ing)?\b",
    _I,
)
_NEGATED = lazy(
    r"\b(?:not|never|cannot|neither|nor|unable|none|hardly|barely|no|without)\b|n['’]t\b"
    r"|\b(?:except|apart\s+from|other\s+than|excluding|besides|all\s+but|some|most|many|several|half"
    r"|partial(?:ly)?|almost|nearly|mostly|few|only)\b"
    r"|\b[1-9]\d*\s+(?:\w+\s+)?(?:fail(?:ed|ing|s|ures?)?|errors?|broken)\b"
    r"|\b(?:still|tests?|it|which|that|they)\s+fail(?:s|ing)?\b",
    _I,
)
_INTENT = lazy(
    r"\b(?:should|would|will|must|can|could|may|might|shall|needs?|needed|have\s+to|has\s+to|wants?"
    r"|going\s+to|plan(?:s|ning)?|expect(?:s|ed)?|hopefully|probably|likely|presumably|assum\w+"
    r"|intend\w*|aim\w*|try(?:ing)?|tried|attempt\w*|let['’]?s|let\s+me|next|todo|tbd|goal|target|require[sd]?"
    r"|ensure|make\s+sure|verify|check(?:ing)?|confirm|whether|please|wait(?:ing)?|pending|wip"
    r"|in\s+progress|once|until|unless|if|when(?:ever)?|before|as\s+soon\s+as|in\s+order|so\s+that|to\s+(?:make|get|have|see|be|keep)"
    r"|run(?:ning)?\s+(?:the|all)|after\s+all|proposed?|consider|suggests?|recommend\w*|(?<!all\s)remaining|how|why|would['’]ve)\b"
    r"|['’](?:ll|d)\b",
    _I,
)
_OTHERS = lazy(
    r"\b(?:you|your|user|reviewer|upstream|previous(?:ly)?|last\s+session|earlier|they|he|she|claim(?:s|ed)?"
    r"|said|says|saying|states?|stated|reported|reports|according|asked|spec\s+says|instructions?|the\s+prompt"
    r"|issue\s+says|readme|originally|initially|baseline|pre-?existing|used\s+to)\b",
    _I,
)
_ALREADY = lazy(r"\balready\b", _I)
_LATER = lazy(
    r"\b(?:if|unless|once|until|when(?:ever)?|yet|assuming|provided|should|as\s+long\s+as|in\s+theory)\b|\?",
    _I,
)
_PAST = lazy(
    r"\b(?:were|was)\s+(?:all\s+)?(?:pass|green)\w*\b|\bbefore\s+(?:my|the|this|any)\b", _I
)
_NARROW = lazy(
    r"\b(?:new|added|these|those|related|relevant|affected|corresponding|its|own|updated|targeted"
    r"|unit|integration|e2e|end-to-end|smoke|functional|acceptance|regression|frontend|backend|api|ui|cli"
    r"|executable|runnable|enabled|selected|fast|quick|browser|component|property|contract|parser|server|client)\b",
    _I,
)
_FILES = lazy(
    r"\b(?:test_\w+|\w+_test|\w+_spec|\w+\.(?:test|spec))(?:\.\w+)*|\b[\w/.-]*tests?/[\w/.-]+", _I
)
_UNITS = lazy(
    r"\b(?:criteria|criterion|gates?|rules?|checks?|builds?|files?|ids?|jobs?|stages?|tasks?|steps?|scenarios?|times?|houses?|lints?)\b",
    _I,
)
_LONGEST = 240
_ANY_COUNT = lazy(
    rf"(?<![\w.#:-])({_N})(?:\s*/\s*({_N}))?\s+(?:[\w-]+\s+){{0,2}}?(?:{_NOUN}|passed|passing|pass)\b",
    _I,
)
_LONE_COUNT = lazy(rf"[\s:(→=-]{{1,4}}({_N})(?:\s*/\s*({_N}))?\)?\s*(?:\Z|[.,;)])")
_BESIDES = lazy(r",\s+(?:all|with|no|now|each|which|so|both|\d+)\b.*", _I | re.DOTALL)
_ABOUT_OTHERS = lazy(
    r"\s*(?:that|this|it|which|these|those|they|there|everything|here|what|who)\b", _I
)
_PASSING = ("pass", "green", "succe", "ok")
_DOING = (
    *("implement", "done", "complet", "finish", "fix", "in place", "resolve", "add", "creat"),
    *("built", "written", "wired", "integrated", "ready", "shipped", "delivered", "introduced"),
)
_HYPOTHESES = ("if ", "once ", "when ", "unless ", "until ", "before ", "after all", "todo", "next")


def find_statements(text: str, source: ClaimSource) -> Iterator[Statement]:
    """Every claim that a text of that source makes; a progress file's tasks are none of them."""
    reader = Reader(text)
    for line in claim_lines(text):
        only_remarks = source == "progress" or (source == "notes" and line.ticked)
        read = reader.read(line)
        for statement in read.statements:
            if not only_remarks or statement.kind == ClaimKind.TESTS_PASS:
                yield statement
        if read.english is None:
            continue
        yield from _test_statements(read.english)
        if not only_remarks:
            yield from _work_statements(read.english)


def commit_statements(message: str) -> Iterator[Statement]:
    """Every claim of a commit's message: the work that its subject names, tests anywhere in it."""
    foreign = read_commit(message)
    if foreign is not None:
        yield from foreign
        return
    subject, _, body = message.strip().partition("\n")
    tests = list(_test_statements(TextLine(1, 0, subject, mask_names(subject))))
    for statement in tests:
        yield replace(statement, text=subject[:_LONGEST])
    head = _clauses(subject)[0] if subject else ""
    match = _SUBJECT.match(head) or _CONVENTION.match(head)
    if match is not None and not _NEGATED.search(_blank_denials(head)):
        yield Statement(ClaimKind.CODE_ADDED, subject[:_LONGEST], 1, 0, work=match.group("what"))
    if not tests:
        for line in claim_lines(body):
            yield from _test_statements(line)


# --- sentences ---


def _clauses(sentence: str) -> list[str]:
    return [part for half in sentence.split("; ") for part in _CLAUSE.split(half) if part.strip()]


def _blank_denials(text: str) -> str:
    """The text with "no failures" and the like blanked, which deny nothing."""
    return _DENIALS.sub(lambda m: " " * len(m.group(0)), text)


def _sentences(line: TextLine) -> Iterator[tuple[str, str]]:
    """Sentences of a line that state something: masked, and as written."""
    place = 0
    for sentence in _SENTENCE.split(line.masked):
        start = line.masked.find(sentence, place)
        place = start + len(sentence)
        small = sentence.strip().lower()
        if small and not small.endswith("?") and not small.startswith(_HYPOTHESES):
            yield sentence, line.text[start:place]


def _is_doubtful(clause: str, end: int) -> bool:
    """Whether the words around a match make it something else than a statement of fact."""
    return bool(
        _NEGATED.search(clause)
        or _INTENT.search(clause[:end])
        or _OTHERS.search(clause[:end])
        or _LATER.search(clause[end:])
        or _PAST.search(clause)
    )


# --- tests ---


def _test_statements(line: TextLine) -> Iterator[Statement]:
    small = line.masked.lower()
    if not any(word in small for word in _PASSING):
        return
    names_tests = _ABOUT_TESTS.search(line.text) is not None
    for sentence, written in _sentences(line):
        best: Statement | None = None
        for clause in _clauses(sentence):
            statement = _test_statement(clause, written.strip(), line, names_tests)
            if statement is not None and (best is None or _says_more(statement, best)):
                best = statement
        if best is not None:
            yield best


def _says_more(statement: Statement, other: Statement) -> bool:
    if (statement.count is None) != (other.count is None):
        return statement.count is not None
    is_wider = statement.is_of_all and not other.is_of_all
    return (statement.count or 0) > (other.count or 0) or is_wider


def _test_statement(
    clause: str, written: str, line: TextLine, names_tests: bool
) -> Statement | None:
    clean = _blank_denials(clause)
    for pattern in (_ALL, _PASSES_ALL, _COUNTED, _TESTS, _RAN_THEM, _COMMAND_PASSES, _GREEN):
        match = pattern.search(clean)
        if match is None or _is_doubtful(_without_them(clean, pattern, match), match.end()):
            continue
        if pattern is _GREEN and not names_tests:
            continue
        if pattern is _COMMAND_PASSES and _TEST_COMMAND.search(written) is None:
            continue
        groups = match.groupdict()
        between = groups.get("words") or ""
        count, total = _number(groups.get("count")), _number(groups.get("total"))
        if count is None:
            count, total = _count_near(clean, match)
        elif _counts_something_else(clean, match, between, names_tests):
            continue
        if count == 0 or (total is not None and total != count):
            return None
        limits = tuple(
            dict.fromkeys(
                word.lower() for word in (*_NARROW.findall(between), *_FILES.findall(written))
            )
        )
        text = written[:_LONGEST]
        return Statement(
            ClaimKind.TESTS_PASS,
            text,
            line.number,
            line.offset,
            count=count,
            is_of_all=not limits,
            limits=limits,
        )
    return None


def _counts_something_else(
    clause: str, match: re.Match[str], between: str, names_tests: bool
) -> bool:
    """Whether a number is not one of tests; `between` are the words after the number."""
    before = " ".join((*clause[: match.start()].split()[-1:], between))
    if _UNITS.search(before):
        return True
    # "44 passed" counts tests beside the word test, "3 builds pass" does not.
    return not names_tests and _ABOUT_TESTS.search(match.group(0)) is None


def _without_them(clause: str, pattern: re.Pattern[str], match: re.Match[str]) -> str:
    """The clause; where somebody ran the tests, what "they" did is the tests' doing."""
    if pattern is not _RAN_THEM:
        return clause
    start, end = match.span()
    return clause[:start] + _THEY.sub("    ", clause[start:end]) + clause[end:]


def _number(text: str | None) -> int | None:
    return int(text.replace(",", "")[:9]) if text else None


def _count_near(clause: str, match: re.Match[str]) -> tuple[int | None, int | None]:
    """A number of tests inside the claim, or right behind it: "all tests pass (44/44)"."""
    behind = clause[match.end() :]
    number = (
        _ANY_COUNT.search(match.group(0))
        or _ANY_COUNT.match(behind.lstrip(" :(,→=-"))
        or _LONE_COUNT.match(behind)
    )
    if number is None:
        return None, None
    return _number(number.group(1)), _number(number.group(2))


# --- work ---


def _work_statements(line: TextLine) -> Iterator[Statement]:
    small = line.masked.lower()
    if not any(word in small for word in _DOING):
        return
    for sentence, written in _sentences(line):
        clause = _clauses(sentence)[0].rstrip(" .!:;,")
        clean = _blank_denials(clause)
        did = _DID.match(clean)
        match = did or _IS_DONE.match(clean) or _STANDS_DONE.match(clean)
        if match is None or _ABOUT_OTHERS.match(clean):
            continue
        if any(doubt.search(clean) for doubt in (_NEGATED, _INTENT, _OTHERS, _LATER, _ALREADY)):
            continue
        text = written.strip()[:_LONGEST]
        if did is None and _EVERYTHING.search(match.group("what")):
            yield Statement(ClaimKind.ALL_DONE, text, line.number, line.offset)
        elif _TESTS_FIXED.match(match.group("what")):
            yield Statement(ClaimKind.TESTS_PASS, text, line.number, line.offset)
        else:
            start = sentence.find(clause)
            work = written[start + match.start("what") : start + match.end("what")]
            work = _BESIDES.sub("", work)
            yield Statement(
                ClaimKind.CODE_ADDED, text, line.number, line.offset, work=work, about=line.about
            )
