"""Clauses that say what a check, a command or a measurement gave."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.grammar.mood import mood
from tui.night.review.claims.grammar.names import find_command, find_subject
from tui.night.review.claims.grammar.test_results import is_test_command
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy

_I = re.IGNORECASE
_TOOL = (
    r"(?:(?:the\s+|all\s+)?(?:production\s+|typescript\s+|ts\s+|type\s+|frontend\s+|backend\s+"
    r"|docker\s+|release\s+|dev\s+|static\s+|web\s+|code\s+|project\s+|whole\s+|full\s+"
    r"|app(?:lication)?\s+|debug\s+|next\.?js\s+|rust\s+|go\s+)*"
    r"(?:lint(?:er|ers|ing|s)?|type-?\s?checks?(?:er|ing)?|types|typing|build|compil(?:ation|er|e)"
    r"|format(?:ter|ting)?(?:\s+check)?|static\s+analysis|typescript|tsc|mypy|pyright|ruff|flake8"
    r"|pylint|black|isort"
    r"|eslint|prettier|biome|stylelint|clippy|rustfmt|gofmt|go\s+vet|vet|golangci-lint|rubocop"
    r"|phpstan|shellcheck|hadolint|pre-commit(?:\s+hooks?)?|bandit|audit|yamllint|markdownlint|ci"
    r"|code\s?style|syntax(?:\s+checks?)?|docs?\s+build|type\s+annotations|checks|dotnet\s+format"
    r"|ktlint|detekt|swiftlint)"
    r"(?:\s+(?:check|checks|step|run|pipeline|results?|output|job|script|command))?)"
)
_CLEAN = (
    r"(?:clean(?:ly)?|green|pass(?:es|ed|ing)?|succeed(?:s|ed)?|success(?:ful(?:ly)?)?|ok|fine|happy"
    r"|error-?free|warning-?free|✅|✓|✔️?|∘+|compiles|satisfied|exit(?:s"
    r"|ed)?\s+(?:with\s+)?(?:code\s+)?0\b|clear|good|silent|quiet)(?!\w)"
)
_AUX = (
    r"(?:\s+(?:is|are|was|were|has|have|been|now|all|still|also|again|both|completely|fully|currently"
    r"|run|runs|ran|complete[sd]|finish(?:es|ed)|report(?:s|ed)?|show(?:s|ed)?|give[sn]?|gave"
    r"|return(?:s|ed)?|found|finds|come[s]?|came|stays?|remains?|back|with|through|and|typecheck|lint"
    r"|everything|exits?|on|the\s+\w+)){0,5}"
)
_TOOL_CLEAN = lazy(
    rf"(?:^|\b){_TOOL}(?:\s*(?:,|and|&|/|\+)+\s*{_TOOL})*(?:\s+(?:for|of|in"
    rf"|on)\s+(?:the\s+)?[\w◇./-]+(?:\s+[\w◇./-]+)?)?{_AUX}\s*[:=→-]*\s*{_CLEAN}"
)
_CODE_CLEAN = lazy(rf"◇+(?:\s+and\s+◇+)?{_AUX}\s*[:=→-]*\s*{_CLEAN}")
_CHECKS = (
    r"(?:lint(?:er|ing)?|type\s?-?checks?(?:er|ing)?|types|typecheck|build|format(?:ting)?|checks"
    r"|mypy|ruff|eslint|tsc|clippy|pyright|prettier)"
)
_BESIDE = lazy(
    rf"\btests?(?:\s*,|\s+and|\s*&"
    rf"|\s*/)\s*(?:the\s+)?(?:[\w-]+(?:\s[\w-]+)?,\s+(?:and\s+)?(?:the\s+)?)*(?:all\s+)?{_CHECKS}\b"
    rf"|\b{_CHECKS}(?:\s*,|\s+and|\s*&)\s*(?:the\s+)?(?:all\s+)?(?:[\w-]+,?\s+(?:and\s+)?){{0,3}}tests?\b"
)
_NO_ERRORS = lazy(
    r"\b(?:no|zero|0|without(?:\s+any)?|not\s+a\s+single|free\s+of)\s+(?:new\s+|remaining\s+|more\s+"
    r"|further\s+)?(?P<what>lint(?:er|ing)?|type(?:script|-?check(?:er|ing)?)?|eslint|mypy|ruff"
    r"|flake8|pyright|tsc|clippy|compil(?:er|e|ation)|build|syntax|format(?:ting)?"
    r"|prettier)\s+(?:or\s+\w+\s+)?(?:errors?|warnings?|issues?|problems?|complaints?|violations?)\b"
)
_COMPILES = lazy(
    r"^(?:(?:the|all|everything|it|this|whole|entire|code|project|app|application|crate|package"
    r"|codebase|workspace|program|library|site|bundle|frontend|backend|now|also|still|typescript|rust"
    r"|docker|image|container|docs"
    r"|go)\s+){0,5}(?:compiles|builds|type-?checks|lints)(?:\s+(?:cleanly|successfully|fine|again|now"
    r"|too|correctly|and\s+lints|∘+))*[^\w◇]*\Z"
)
_FAILS = lazy(
    rf"(?:^|\b){_TOOL}(?:\s+(?:for|of|in|on)\s+[\w◇./-]+)?(?:\s+(?:is|are|still|now|also|currently"
    rf"|does|do|did|has|have))*\s+(?:(?:fail(?:s|ed|ing)?|red|broken)\b|(?:not"
    rf"|n['’]t)\s+(?:yet\s+)?(?:pass|clean|green|succeed|build|compile|work))"
    rf"|\b{_TOOL}(?:\s+still)?\s+(?:reports?|shows?|has|have|finds?|gives?|found"
    rf"|reported)\s+(?P<count>[1-9]\d*)\s+(?:\w+\s+)?(?:errors?|warnings?|issues?|problems?)"
    r"|◇+(?:\s+(?:still|now|also|currently))*\s+(?:(?:is\s+|are\s+)(?:still\s+)?failing\b|(?:was"
    r"|got)\s+(?:rejected|refused|denied)\b|fail(?:s"
    r"|ed)\b|reports?\s+[1-9]\d*\s+(?:\w+\s+)?(?:errors?|issues?))|^(?:the\s+)?(?:git\s+)?(?:push"
    r"|commit|install(?:ation)?|deploy(?:ment)?|migration|upload|publish)\s+(?:has\s+"
    r"|still\s+)?(?:failed|fails|was\s+(?:rejected|refused|denied))\b"
)
_RAN = lazy(
    r"^(?:(?:i|we|then|also|and|have|['’]ve|successfully|finally)\s+)*(?:re-?)?(?:ran|executed"
    r"|invoked)\s+(?:the\s+command\s+)?(?P<rest>.*)"
)
_RAN_CLEAN = lazy(r"∘|\b(?:clean(?:ly)?|passes|passed|green)\b")
_WENT_WELL = lazy(
    r"◇+(?:\s+(?:script|command|target|now|has|have|is|was|also|again|all|both|step"
    r"|task))*\s*[:=→-]*\s*(?:complete[sd]?|succeed(?:s|ed)?|finish(?:es|ed)|work(?:s|ed)?(?=[^\w◇]*\Z"
    r"|\s+(?:now|again|fine|as\s+expected|correctly|without|∘))|pass(?:es|ed)|ran|runs|run|exit(?:s"
    r"|ed)?(?:\s+with)?(?:\s+(?:code|status))?\s+0|success(?:ful(?:ly)?)?|ok|returned\s+0|✅|✓|green"
    r"|fine|clean(?:ly)?)(?!\w)"
)
_FIXED_ALL = lazy(
    r"(?:(?:i|we|also|have|['’]ve)\s+)*(?:fixed|resolved|cleared|eliminated|cleaned\s+up)\s+(?:all"
    r"|every|the(?:\s+(?:last|remaining))?)\s+(?:(?:of|the|remaining|existing"
    r"|\d+)\s+)*(?:[\w◇]+\s+)?(?:lint(?:er|ing)?|type(?:script|-?check(?:er|ing)?)?|eslint|mypy|ruff"
    r"|flake8|pyright|compil(?:er|e|ation)|build|formatting|◇+)\s+(?:errors?|warnings?|issues?"
    r"|problems?|violations?)\b"
)
_CHECKER = lazy(
    r"\b(?:mypy|pyright|ruff|flake8|pylint|black|isort|eslint|prettier|biome|stylelint|clippy|rustfmt"
    r"|gofmt|vet|golangci-lint|rubocop|phpstan|shellcheck|hadolint|yamllint|tsc|vue-tsc|svelte-check"
    r"|lint|typecheck|type-check|pre-commit|bandit|actionlint|markdownlint|format)\b"
)
_GATE = AnyWord(
    "lint",
    "type",
    "typing",
    "build",
    "compil",
    "format",
    "static",
    "script",
    "tsc",
    "mypy",
    "pyright",
    "ruff",
    "flake8",
    "black",
    "isort",
    "prettier",
    "biome",
    "clippy",
    "rustfmt",
    "vet",
    "rubocop",
    "phpstan",
    "check",
    "pre-commit",
    "bandit",
    "audit",
    "ci",
    "syntax",
    "style",
    "detekt",
    "◇",
    "push",
    "commit",
    "install",
    "deploy",
    "migration",
    "ran ",
    "execut",
    "hadolint",
    "npm",
    "make",
    "cargo",
    "ktlint",
)
_N = r"(?P<n>\d{1,3}(?:[,_]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_UNIT = (
    r"(?P<unit>%|percent|percentage\s+points|(?:ms|µs|us|ns|s|sec|secs|seconds?|milliseconds?"
    r"|minutes?|mins?|hours?|[kmgt]i?b|bytes|rps|req/s|requests/s(?:ec)?|ops/s|x|mb/s|fps)(?![\w/])"
    r"|(?:[\w-]+\s+){0,2}(?:rows?|records?|entries|items?|files?|lines?(?:\s+of\s+code)?|requests?|users?"
    r"|documents?|messages?|events?|images?|commits?|modules?|packages?|functions?|endpoints?|pages?"
    r"|warnings?|errors?|insertions?|deletions?|dependencies|tables?|migrations?|strings|keys"
    r"|components?|classes|tokens|posts|products|samples|rules|scripts?|queries|values|links"
    r"|vulnerabilities|routes|icons|languages|translations|assertions)\b)"
)
_METRIC = HintedPattern(
    "coverage|time|latency|through|size|duration|memory|p9|p5|accuracy|precision|recall|f1|score|cpu"
    "|speed|loss|rate|heap|rss|complex|start",
    rf"\b(?P<what>(?:(?:test|line|branch|code|statement|total|overall|function)\s+)*coverage"
    rf"|response\s+times?|latency|through(?:put)|(?:bundle|image|binary|file|build|page)\s+size|size"
    rf"|run\s?time|execution\s+time|build\s+time|load\s+time|start-?up(?:\s+time)?|duration"
    rf"|memory(?:\s+usage)?|p\d\d|accuracy|precision|recall|f1|score|cpu(?:\s+usage)?"
    rf"|lighthouse(?:\s+score)?|speed-?up|loss|error\s+rate|pass\s+rate|hit\s+rate|total\s+time"
    rf"|mutation\s+score|heap|rss|complexity|time)\b"
    rf"(?:\s+(?:for|of|in|on)\s+[^,;:]{{1,50}}?)?(?:\s+(?:is|are|was|were|now|stands?|reached|reaches"
    rf"|hit|rose|dropped|fell|went|has|have|been|improved|increased|decreased|reduced|grew|up|down"
    rf"|remains|stays|at|of|to|about|around|currently|from\s+\S+(?:\s*(?:%|ms|s|kB|MB|seconds?))?"
    rf"|still|comes?|came|out|over|under|below|above|only|just"
    rf"|a)){{0,7}}\s*[:=→≈~-]*\s*{_N}(?!\s*/|\d)\s*{_UNIT}?",
)
_PERCENT_OF = lazy(
    rf"(?<![\w.-]){_N}\s*(?P<unit>%|percent)\s+(?:(?:test|line|branch|code|statement|total"
    rf"|overall)\s+)*(?P<what>coverage|accuracy|faster|slower|smaller|less|fewer"
    rf"|of\s+(?:the\s+)?(?:lines|branches|code))"
)
_SHOWS = HintedPattern(
    "benchmark|report|profil|measure|output|result|run",
    rf"\b(?P<what>benchmark\w*|coverage\s+report|report|profil\w+|measurement\w*|output|result\w*"
    rf"|run)\s+(?:now\s+)?"
    rf"(?:shows?|says?|reports?|gives?|prints?|showed|said|reported|printed|gave|measured"
    rf"|measures)\s+(?:only\s+|about\s+)?{_N}(?!\s*/|\d)\s*{_UNIT}",
)
_PROCESSED = lazy(
    rf"^(?:(?:i|we|it|the\s+\w+|◇+|then|also|and|have|has|['’]ve|successfully|script|job"
    rf"|migration)\s+){{0,4}}(?P<what>migrated|imported|exported|processed|converted|inserted|loaded"
    rf"|indexed|downloaded|uploaded|scanned|parsed|seeded|backfilled|synced|copied|transferred"
    rf"|analy[sz]ed|generated|translated|crawled|deleted|removed|updated|archived|deduplicated"
    rf"|cleaned|fetched|ingested|wrote|moved|checked|reviewed|changed|touched|modified|saved|cut"
    rf"|shaved|sped\s+up|handled|served|reads?|takes?|took|finishe[sd]\s+in|runs?\s+in|ran\s+in"
    rf"|completes?\s+in|completed\s+in|renders?\s+in|built\s+in|builds\s+in|responds?\s+in"
    rf"|starts?\s+in|dropped)\s+(?:all\s+|the\s+|a\s+total\s+of\s+|about\s+|around\s+|only\s+|just\s+"
    rf"|in\s+|~\s*|exactly\s+|over\s+|under\s+|roughly\s+)*{_N}\s*{_UNIT}"
)
_WERE_PROCESSED = lazy(
    rf"(?<![\w.-]){_N}\s*{_UNIT}\s+(?:(?:were|was|have\s+been|has\s+been|are|is|got"
    rf"|successfully)\s+)*(?P<what>migrated|imported|exported|processed|converted|inserted|loaded"
    rf"|indexed|downloaded|uploaded|scanned|changed|modified|added|deleted|removed|touched|synced"
    rf"|copied|seeded|backfilled|updated|created|translated|renamed|generated|affected|analy[sz]ed"
    rf"|parsed|fetched|ingested|reformatted|left\s+unchanged)\b"
)
_COUNT = lazy(r"\b[1-9]\d*\b")
_FIGURE_GATE = lazy(r"\d")
_UNIT_NAMES = {
    "percent": "%",
    "seconds": "s",
    "second": "s",
    "sec": "s",
    "secs": "s",
    "milliseconds": "ms",
    "millisecond": "ms",
    "us": "µs",
    "minute": "min",
    "minutes": "min",
    "mins": "min",
}


def check_claim(clause: Clause) -> Statement | None:
    """A linter, type checker, build or command that had nothing to say or ran well, or that failed."""
    if not _GATE.is_in(clause.masked):
        return None
    text = clause.plain
    failing = _FAILS.search(text)
    if failing is not None and not (
        failing.group(0).startswith("◇") and not find_command(clause.text, clause.masked)
    ):
        if mood(text[: failing.start()], failing.start(), is_state=True) != "stated":
            return None
        number = _COUNT.search(failing.group(0))
        count = float(number.group(0)) if number is not None else None
        return _claim(clause, ClaimKind.NOT_DONE, work=clause.text, count=count)
    if _FIXED_ALL.match(text):
        return _claim(clause, ClaimKind.CHECK_CLEAN)
    return _named_command(clause, text) or _tool(clause, text)


def _named_command(clause: Clause, text: str) -> Statement | None:
    command = find_command(clause.text, clause.masked)
    if not command or (is_test_command(command) and _RAN.match(text) is None):
        return None
    ran = _RAN.match(text)
    if ran is not None:
        if mood(text, ran.start("rest")) != "stated":
            return None
        is_clean = _CHECKER.search(command) is not None and _RAN_CLEAN.search(ran.group("rest"))
        return _claim(clause, ClaimKind.CHECK_CLEAN if is_clean else ClaimKind.COMMAND_RAN)
    shown = text if "◇" in text else text.replace(command, "◇" * len(command))
    is_checker = _CHECKER.search(command) is not None
    for pattern in (_CODE_CLEAN, _WENT_WELL) if is_checker else (_WENT_WELL, _CODE_CLEAN):
        match = pattern.search(shown)
        if match is None:
            continue
        told = mood(shown, match.end(), is_state=True)
        if told == "open":
            return None
        if told == "denied":
            return _claim(clause, ClaimKind.NOT_DONE, work=command)
        return _claim(clause, ClaimKind.CHECK_CLEAN if is_checker else ClaimKind.COMMAND_RAN)
    return None


def _tool(clause: Clause, text: str) -> Statement | None:
    none = _NO_ERRORS.search(clause.masked)
    if none is not None:
        # What is said of the program's own errors is no result of a check.
        told = mood(clause.masked[: none.start()], none.start(), is_state=True)
        return _claim(clause, ClaimKind.CHECK_CLEAN) if told == "stated" else None
    for pattern in (_TOOL_CLEAN, _COMPILES):
        match = pattern.search(text)
        if match is None:
            continue
        told = mood(text, match.end(), is_state=True)
        if told == "denied":
            return _claim(clause, ClaimKind.NOT_DONE, work=match.group(0))
        return _claim(clause, ClaimKind.CHECK_CLEAN) if told == "stated" else None
    return None


def names_a_check(clause: Clause) -> bool:
    """Whether a check is named beside tests: "tests, lint and types pass"."""
    return _BESIDE.search(clause.plain) is not None


def figure_claim(clause: Clause) -> Statement | None:
    """A number that something gave: coverage, rows, milliseconds."""
    if _FIGURE_GATE.search(clause.masked) is None:
        return None
    text = clause.plain
    for pattern in (_PROCESSED, _WERE_PROCESSED, _PERCENT_OF, _METRIC, _SHOWS):
        match = pattern.search(text)
        if match is None or mood(text, match.end(), is_state=True) != "stated":
            continue
        unit = " ".join((match.group("unit") or "").lower().split())
        if (
            pattern is _METRIC
            and not unit
            and "." not in match.group("n")
            and "score" not in match.group("what").lower()
        ):
            continue
        number = float(match.group("n").replace(",", "").replace("_", ""))
        return replace(
            _claim(clause, ClaimKind.FIGURE, work=match.group("what")),
            count=number,
            unit=_UNIT_NAMES.get(unit, unit),
        )
    return None


def _claim(
    clause: Clause, kind: ClaimKind, work: str = "", count: float | None = None
) -> Statement:
    return make_statement(
        clause.sentence.line,
        kind,
        clause.text,
        sentence=clause.sentence.text,
        work=" ".join(work.split()),
        count=count,
        subject=find_subject(clause),
    )
