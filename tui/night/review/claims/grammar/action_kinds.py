"""What an action claims: the kind follows from its verb and from what it was done to."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.evidence.shell_effects import is_prose
from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.grammar.names import code_spans, find_paths, find_subject, find_symbols
from tui.night.review.claims.grammar.values import find_value
from tui.night.review.claims.grammar.vocabulary import ACTION_OF, NUMBER
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import lazy

_I = re.IGNORECASE
_HEAD_END = lazy(
    r"\s(?:in|to|into|for|from|with|so|that|which|when|where|via|by|as|because|under|inside|within|on|at|through"
    r"|across|using|after|before|while|covering|handling|returning|against|per|of\s+the)\s|\s[-–—]\s|:\s|\s\("
    r"|,\s(?!(?:and\s+)?(?:◇|[\w./-]+\.\w))"
)
_TESTS = lazy(
    rf"(?:(?P<count>{NUMBER}|one|two|three|four|five|six|seven|eight|nine|ten|a\s+dozen)\s+)?(?:(?:a"
    rf"|an|the|some|more|new|additional|extra|missing|full|comprehensive|thorough|several|various"
    rf"|corresponding|dedicated|further|few|couple|of|end-to-end|(?!(?:with|for|in|and"
    rf"|to)\b)(?:[\w◇/-]+))\s+){{0,5}}?(?:tests?"
    rf"|specs?|test\s+(?:cases?|files?|suites?|coverage)|coverage|testcases?)\b(?!\s+(?:helper|util"
    rf"|fixture|harness|runner|script|command|config|data|setup|infrastructure|framework|plan"
    rf"|directory|folder|environment|server|id|ids|mode|hook|page|button|results?|output|report))",
    _I,
)
_NUMBERS = {
    word: n
    for n, word in enumerate("zero one two three four five six seven eight nine ten".split())
}
_RENAMED = lazy(r"(?P<old>.+?)\s+(?:to|into|as|→|->|=>)\s+(?P<new>.+)")
_PUSHABLE = lazy(
    r"\s*(?:[^\w◇]*\Z|(?:it|them|this|that|everything|all|both|the|my|our|these|those|\d+|a|new|latest"
    r"|local|feature|final)?\s*(?:of\s+)?(?:the\s+|my\s+|our\s+|new\s+|latest\s+|local\s+|feature\s+"
    r"|final\s+|these\s+)*(?:it|them|this|everything|all|changes?|commits?|branch(?:es)?|work|code"
    r"|fix(?:es)?|tags?|main|master|results?|update[sd]?|◇+)?\s*(?:as\s+[\w◇./-]+\s*"
    r"|\([^)]*\)\s*)?(?:(?:up\s+)?(?:to|on|onto|into)\s+(?:the\s+)?(?:my\s+|our\s+)?(?:remote|origin"
    r"|upstream|github|gitlab|bitbucket|main|master|develop|repo(?:sitory)?|branch|server|fork|pr"
    r"|staging|production|heroku|◇|[\w-]+/[\w./-]+|[\w./-]+\s+branch)|[^\w◇]*\Z|and\b|successfully|\())",
    _I,
)
_NOT_PUSHED = lazy(
    r"\s*(?:the\s+|all\s+|an?\s+)?(?:values?|items?|events?|elements?|limits?|logic|boundar\w+"
    r"|metrics|docker|image|package|data|notifications?|state|job)\b",
    _I,
)
_NOT_COMMITTED = lazy(
    r"\s*(?:to\s+(?:\w+ing\b|an?\s|the\s+(?:idea|goal|plan|cause))|(?:the\s+|a\s+"
    r"|each\s+)?(?:transactions?|offsets?|rows?|records?|database|writes?|memory|state)\b)",
    _I,
)
_EVERYTHING = lazy(
    r"\b(?:everything|all(?:\s+(?:of\s+)?(?:the|my|these|those|your))?(?:\s+\w+)?\s*(?:changes?|work"
    r"|files?|edits?|code|it|\Z)|all\s+of\s+(?:it|them)|every\s+(?:change|file|edit)"
    r"|(?:the\s+)?(?:changes|work)(?:\s+(?:is|are|were|have|has))?\s+all)\b|^all\b",
    _I,
)
_PR = lazy(r"/(?:pull|merge_requests)/\d|\b(?:pull\s+requests?|prs?|merge\s+requests?|mrs?)\b", _I)
_PR_ID = lazy(
    r"https?://[^\s)>\]]+/(?:pull|merge_requests|pulls|pull-requests)/\d+|(?:#|!)\d+|\b(?:PR|MR"
    r"|pull\s+request|merge\s+request)\s+(?P<n>\d+)",
    _I,
)
_COMMIT = lazy(
    r"\b(?:git\s+)?commits?\b(?!\s+(?:message|hook|template|history|log|parser|graph|list|count|view"
    r"|button|id|sha|hash|type|convention|lint))",
    _I,
)
_DOC_FILE = lazy(r"\b(?:README|CHANGELOG|LICENSE|CONTRIBUTING)\b", _I)
_BUG = lazy(r"\b(?:bug|regression|crash|problem|issue|error|leak)\b", _I)
_WRITTEN = ("created", "wrote", "generated")
_ADDED_TO_CODE = ("implemented", "exposed", "registered", "wired", "hooked")
_FILE_NOUN = lazy(
    r"\b(?:files?|scripts?|modules?|documents?|folders?|director(?:y|ies)|config(?:uration)?s?"
    r"|fixtures?|guides?|pages?|migrations?|workflows?|templates?)\b",
    _I,
)
_INSTALL = lazy(
    r"(?P<name>@?[\w./-]+)(?:@|\s+|\s*==\s*|\s+\(?v(?:ersion)?\s*)v?(?P<value>\d[\w.-]*)"
)
_NO_WORK = lazy(
    r"(?:(?:a|an|the|my|new|single|this|one|some|several|two|three|short|detailed"
    r"|\d+)\s+)*(?:[\w-]+\s+)?(?:tasks?|issues?|tickets?|branch(?:es)?|plans?|summar(?:y|ies)|notes?"
    r"|todos?|to-do|worktrees?|checkpoints?|backups?|changes?|progress|sure|decisions?|assumptions?"
    r"|attempts?|it|list\s+of|copy|tag|use|sense)\b(?!\s+(?:manager|list|view|store|parser|model"
    r"|class|page|command|endpoint|option|runner|queue|api|file|type|tracker|component|in\s+[\w◇]+\.))",
    _I,
)
_NO_OBJECT = lazy(
    r"(?:\W*|by\b.*|when\b.*|if\b.*|(?:for|on|to|in)\s+(?:the\s+)?(?:user|you)s?\b.*|(?:that|whether"
    r"|how|why|what|from|with|via|using|accordingly|again|as\s+well|too)\b.*)\Z",
    _I,
)
_NONE = lazy(r"(?:no|zero)\s+(?!longer\b|op\b)\w", _I)
"""An object that is none: "added no new tests"."""
_NOT_CODE = lazy(
    r"\b(?:images?|containers?|volumes?|networks?|branch(?:es)?|work-?trees?|tags?|stash(?:es)?|databases?"
    r"|virtual\s*envs?|venvs?|process(?:es)?|servers?|leftovers?|blank\s+lines?|newlines?|artifacts?"
    r"|(?:temp(?:orary)?|build|output|cache|dist|stale|scratch)\s+(?:files?|folders?|director(?:y|ies)"
    r"|outputs?|data|dirs?))(?:\s+(?:again|afterwards|too|as\s+well))?\W*\Z",
    _I,
)
"""What leaves no trace in the code when it is removed."""
_MERGE = lazy(r"(?:merge\s+conflicts?|conflicts?)\b", _I)
_VAGUE = lazy(
    r"(?:it|this|that|these|those|them|everything|all|things?|stuff|something|(?:all\s+)?files|(?:all\s+)?code"
    r"|some\s+(?:\w+\s+)?(?:changes|things)|(?:a\s+few|several|some|the|all"
    r"|minor)\s+(?:\w+\s+)?(?:changes|issues|problems|things|edits))[^\w◇]*\Z",
    _I,
)
_TYPO = lazy(
    r"\b(?:typos?|formatting|whitespace|wording|spelling|grammar|indentation|links?|comments?"
    r"|docstrings?|heading)\b",
    _I,
)


class Action:
    """A action: its verb, and its object in the clause."""

    def __init__(
        self, clause: Clause, start: int, verb: str, span: tuple[int, int], rest: str = ""
    ) -> None:
        self._clause = clause
        self._verb = verb.lower()
        begin, end = span[0] + start, span[1] + start
        # Asides that deny nothing are blanked in the plain words, so the object is as it was written.
        self._object = clause.text[begin:end].strip(" .!:;,")
        self._masked = clause.plain[begin:end].strip(" .!:;,")
        self._rest = rest
        head = _HEAD_END.search(self._masked + " ")
        self._head = self._object[: head.start()] if head is not None else self._object
        self._codes = code_spans(clause.text, clause.masked)

    def claim(self) -> Statement | None:
        """The claim of its kind; None if it names nothing that can be looked for."""
        if _NONE.match(self._object):
            return self._work(ClaimKind.NOT_DONE)
        kinds: dict[str, Callable[[], Statement | None]] = {
            "make": self._made,
            "change": self._changed,
            "remove": self._removed,
            "rename": self._renamed,
            "fix": self._fixed,
            "set": self._set,
            "install": self._installed,
            "commit": self._committed,
            "push": self._pushed,
            "open": self._opened,
        }
        make = kinds.get(ACTION_OF.get(self._verb, ""))
        return make() if make is not None else None

    # --- each kind ---

    def _made(self) -> Statement | None:
        if _PR.search(self._head):
            return self._opened()
        if _NO_WORK.match(self._head) or (self._verb == "introduced" and _BUG.search(self._head)):
            return None
        paths = find_paths(self._head, self._codes)
        if _COMMIT.search(self._head) and not paths:
            return self._committed()
        return self._tests_added() or self._file_made(paths) or self._code(ClaimKind.CODE_ADDED)

    def _tests_added(self) -> Statement | None:
        tests = _TESTS.match(self._object)
        if tests is None or find_paths(self._object[: tests.start()], self._codes):
            return None
        word = (tests.group("count") or "").lower().replace(",", "")
        count = int(word) if word.isdigit() else _NUMBERS.get(word)
        return self._work(ClaimKind.TESTS_ADDED, count=count, unit="tests")

    def _file_made(self, paths: tuple[str, ...]) -> Statement | None:
        """The file that was made, or the document that something was written into."""
        if find_symbols(self._head, self._codes_in(self._head), paths):
            return None
        if paths and self._verb not in _ADDED_TO_CODE:
            return self._work(ClaimKind.FILE_MADE, paths=paths)
        named = find_subject(self._clause).paths
        if not named or not all(is_prose(path) for path in named):
            return None
        is_new = self._verb in _WRITTEN and _FILE_NOUN.search(self._head) is not None
        return self._work(ClaimKind.FILE_MADE if is_new else ClaimKind.FILE_CHANGED)

    def _codes_in(self, words: str) -> list[str]:
        return [code for code in self._codes if code in words]

    def _changed(self) -> Statement | None:
        moved = self._renamed() if self._verb in ("moved", "merged") else None
        if moved is not None:
            return moved
        if self._verb == "merged" and (_PR.search(self._object) or "branch" in self._masked):
            return None
        value = self._value(strict=True)
        if value is not None:
            return value
        return self._work(ClaimKind.FILE_CHANGED)

    def _removed(self) -> Statement | None:
        paths = find_paths(self._head, self._codes)
        symbols = find_symbols(self._head, self._codes_in(self._head), paths)
        if paths and not symbols:
            return self._work(ClaimKind.FILE_REMOVED, paths=paths)
        if not paths and not symbols and _NOT_CODE.search(self._head):
            return None
        return self._code(ClaimKind.CODE_REMOVED)

    def _renamed(self) -> Statement | None:
        whole = f"{self._object} {self._rest}".strip(" .!:;,")
        match = _RENAMED.match(whole)
        if match is None:
            return None
        old, new = (find_paths(match.group(part), self._codes) for part in ("old", "new"))
        # "The helpers from a.py to b.py" are moved, and no file.
        if old and new and " from " not in match.group("old"):
            target = new[0]
            if target.endswith("/") and not old[0].endswith("/"):
                target += old[0].rsplit("/", 1)[-1]
            return self._work(ClaimKind.FILE_RENAMED, paths=(target,), old_path=old[0])
        if self._verb != "renamed":
            return None
        if new:
            return self._work(ClaimKind.FILE_CHANGED, paths=new[:1])
        names = find_symbols(match.group("new"), self._codes_in(match.group("new")), ())
        return (
            self._work(ClaimKind.CODE_ADDED, symbols=names[:1])
            if names
            else self._work(ClaimKind.FILE_CHANGED)
        )

    def _fixed(self) -> Statement | None:
        if _MERGE.match(self._object) or _VAGUE.match(self._object):
            return None
        if _TYPO.search(self._head):
            return self._work(ClaimKind.FILE_CHANGED)
        return self._work(ClaimKind.BUG_FIXED)

    def _set(self) -> Statement | None:
        return self._value(strict=False) or (
            self._work(ClaimKind.FILE_CHANGED)
            if self._verb != "set" and self._verb != "raised"
            else None
        )

    def _value(self, *, strict: bool) -> Statement | None:
        """What something was set to; with `strict` only what has a value's form."""
        whole = f"{self._object} {self._rest}".strip()
        found = find_value(whole, strict=strict)
        if found is None:
            return None
        name, value = found
        paths = find_paths(whole, self._codes)
        if value in paths and self._verb != "set":
            return None
        symbols = find_symbols(name, self._codes_in(name), paths) or _bare_names(name, paths)
        # `X = 45` in backticks is one name with its value.
        symbols = tuple(dict.fromkeys(re.split(r"\s*[=:]", symbol)[0] for symbol in symbols))
        return self._work(ClaimKind.VALUE_SET, symbols=symbols, value=value)

    def _installed(self) -> Statement | None:
        match = _INSTALL.search(self._object)
        if match is not None:
            return self._work(
                ClaimKind.INSTALLED, symbols=(match.group("name"),), value=match.group("value")
            )
        names = tuple(self._codes) or _bare_names(self._head, (), most=4)
        if _VAGUE.match(self._object) or not self._object:
            return None
        return self._work(ClaimKind.INSTALLED, symbols=names)

    def _committed(self) -> Statement | None:
        if not _COMMIT.search(self._object) and _NOT_COMMITTED.match(self._masked):
            return None
        whole = f"{self._object} {self._rest}"
        return self._work(ClaimKind.COMMITTED, is_of_all=_EVERYTHING.search(whole) is not None)

    def _pushed(self) -> Statement | None:
        is_passive = bool(self._rest) or self._clause.masked.rstrip(" .!").split()[-1:] == [
            "pushed"
        ]
        if _NOT_PUSHED.match(self._masked) or not (
            is_passive or _PUSHABLE.match(self._masked + " ")
        ):
            return None
        return self._work(ClaimKind.PUSHED, is_of_all=_EVERYTHING.search(self._object) is not None)

    def _opened(self) -> Statement | None:
        if not _PR.search(self._object):
            return None
        match = _PR_ID.search(self._clause.text)
        value = (
            "" if match is None else f"#{match.group('n')}" if match.group("n") else match.group(0)
        )
        return self._work(ClaimKind.PR_OPENED, value=value)

    # --- what it says ---

    def _code(self, kind: ClaimKind) -> Statement | None:
        paths = find_paths(self._clause.text, self._codes)
        symbols = find_symbols(self._head, self._codes_in(self._head), paths)
        if not symbols and paths:
            symbols = _bare_list(self._head)
        if kind == ClaimKind.CODE_REMOVED:
            return self._work(kind, symbols=symbols)
        return self._work(kind, symbols=symbols or None)

    def _work(
        self,
        kind: ClaimKind,
        *,
        count: float | None = None,
        unit: str = "",
        is_of_all: bool = False,
        symbols: tuple[str, ...] | None = None,
        paths: tuple[str, ...] | None = None,
        old_path: str = "",
        value: str = "",
    ) -> Statement | None:
        subject = find_subject(self._clause)
        named = subject.paths if paths is None else paths
        if (
            kind in _NEEDS_OBJECT
            and (_NO_OBJECT.match(self._object) or _VAGUE.match(self._object))
            and not named
        ):
            return None
        subject = replace(
            subject,
            symbols=subject.symbols if symbols is None else symbols,
            paths=named,
            old_path=old_path,
            value=value,
            task_ids=tuple(one for one in subject.task_ids if one not in value),
        )
        return make_statement(
            self._clause.sentence.line,
            kind,
            self._clause.text,
            sentence=self._clause.sentence.text,
            count=count,
            unit=unit,
            is_of_all=is_of_all,
            work=self._object,
            subject=subject,
        )


_NEEDS_OBJECT = frozenset(
    {
        ClaimKind.CODE_ADDED,
        ClaimKind.CODE_REMOVED,
        ClaimKind.FILE_MADE,
        ClaimKind.FILE_CHANGED,
        ClaimKind.FILE_REMOVED,
        ClaimKind.BUG_FIXED,
        ClaimKind.TESTS_ADDED,
    }
)
_BARE = lazy(r"[a-zA-Z][\w-]*(?:\.[a-z]\w*)*")
_ARTICLES = frozenset(
    "the a an its our my your version of in on at for default value new all this and or to".split()
)
_ABSTRACT = lazy(
    r".*(?:tion|sion|ment|ness|ing|ity|ance|ence|ies|tests?|docs?|support|types?|comments?|code|logic"
    r"|cache|retries|guards?|checks?|hints|styles?|handlers?|features?|options?|helpers?|files?"
    r"|methods?|functions?|class(?:es)?|errors?|changes?|entry|entries|section)\Z",
    _I,
)


def _bare_names(name: str, paths: tuple[str, ...], most: int = 1) -> tuple[str, ...]:
    found = [word for word in _BARE.findall(name) if word not in paths]
    words = [one for one in found if one.lower() not in _ARTICLES]
    words = words or [one for one in found if one.lower() == "version"]
    return tuple(words[-most:] if most == 1 else words[:most])


def _bare_list(head: str) -> tuple[str, ...]:
    """Words that stand alone as the object, as in "added multiply and divide in calc.py"."""
    parts = [part.strip() for part in re.split(r",\s*(?:and\s+)?|\s+and\s+", head)]
    is_plain = all(re.fullmatch(r"[a-z][a-z0-9]+", part) for part in parts)
    return tuple(parts) if is_plain and not any(map(_ABSTRACT.match, parts)) else ()


def more_tests(clause: Clause) -> Statement | None:
    """ "5 tests for it", behind "added multiply and"."""
    if _TESTS.match(clause.plain) is None or clause.is_action:
        return None
    return Action(clause, 0, "added", (0, len(clause.plain))).claim()
