"""How much of a project's tests a command runs, as far as its line tells."""

from __future__ import annotations

from functools import lru_cache

from tui.night.testcommands import runner_words
from tui.patterns import lazy

_WORD = lazy(r"""(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*")+""")
_REDIRECT = lazy(r"\d?>>?\s*&?\s*\S+|<\s*\S+")
_FILTERS_WORDS = """
    -k -t -m -run --run --grep -g --fgrep --filter --lf --last-failed --only --tests
    --test-name-pattern --testNamePattern --testPathPattern --testPathPatterns --changed
    --onlyChanged --only-changed -o --findRelatedTests --deselect --ignore -R -L -E
    --testsuite --lib --test --bin --doc --package -p --example -Dtest -Dit.test --test-path
    --pattern --tag --only-testing --spec --onlyFailures --only-failures --lsof --sw
    --stepwise --failed-first-only --related
"""
_FILTERS = frozenset(_FILTERS_WORDS.split())
_NOT_FILTERS = {
    "go": frozenset({"-p", "-o", "-t", "-m"}),
    "unittest": frozenset({"-p", "-t", "--pattern"}),
    "tox": frozenset({"-p", "-o", "-m"}),
    "pytest": frozenset({"-p", "-o", "-t"}),
    "make": frozenset({"-k", "-o", "-t"}),
    "ctest": frozenset({"-t", "-o"}),
    "maven": frozenset({"-o", "-t"}),
    "gradle": frozenset({"-t", "-m", "-p"}),
}
_EVERYTHING_WORDS = """
    tests test spec specs src discover run all verify check ci __tests__ install build clean
    e
"""
_EVERYTHING = frozenset(_EVERYTHING_WORDS.split())
_LIKE_A_TEST = lazy(r"[/.:\\]|^test_|_test$|_spec$|^Test[A-Z]|[a-z]Test$")
_PART = lazy(
    r"\btests?[-_:](unit|integration|e2e|smoke|quick|fast|changed)\b"
    r"|\b(unit|integration|e2e|smoke|quick|fast)[-_:]tests?\b"
)
_STARTS_OTHERS = frozenset({"make", "npm", "script", "tox"})


@lru_cache(maxsize=512)
def narrowed_to(command: str) -> str:
    """What a test command is limited to: a file, a filter, a part; "" when it runs everything."""
    kind, rest = runner_words(command)
    words = [word.strip("'\"") for word in _words(rest)]
    before = ""
    for word in words:
        option, _, value = word.partition("=")
        if word.startswith("-"):
            if option in _FILTERS and option not in _NOT_FILTERS.get(kind, ()):
                return value or _after(words, word) or option
        elif _narrow(word, before, kind):
            return word
        before = word
    part = _PART.search(command) if kind in _STARTS_OTHERS else None
    return str(part.group(0)) if part is not None else ""


def _words(text: str) -> list[str]:
    """The words of a command without its redirections; a quotation is part of its word."""
    if "<" in text or ">" in text:
        text = _REDIRECT.sub(" ", text)
    return _WORD.findall(text) if "'" in text or '"' in text else text.split()


def _after(words: list[str], word: str) -> str:
    place = words.index(word) + 1
    return words[place] if place < len(words) and not words[place].startswith("-") else ""


def _narrow(word: str, before: str, kind: str) -> bool:
    """Whether a word that is no option names a part; behind an option it is rather its value."""
    name = word.strip("./\\")
    if name in _EVERYTHING or not name or name[0] == "*" or "=" in word or word.endswith("…"):
        return False
    if before.startswith("-") and before != "--" and not before.startswith("-v"):
        return "::" in word or word.endswith((".py", ".ts", ".tsx", ".js", ".rb", ".php"))
    if kind in _STARTS_OTHERS:
        return _LIKE_A_TEST.search(word) is not None
    return True
