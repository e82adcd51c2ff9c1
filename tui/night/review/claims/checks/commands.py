"""Claims about commands: a check is clean, a command ran, a figure came out, a package is installed.

The last call of the command decides, with its answer and the edits after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from msgspec.structs import replace

from tui.model.evidence.log import CommandRecord
from tui.night.evidence.shell_parser import CommandCall, pipelines
from tui.night.evidence.test_runners.calls import runner
from tui.night.review.claims.checks.command_answers import (
    families_of,
    figures_in,
    read_answer,
)
from tui.night.review.claims.checks.tests_pass import check_tests
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide
from tui.night.review.claims.night_facts import Case, NightFacts, clock
from tui.system.format import format_count, shorten
from tui.system.lazy_pattern import lazy

_SHOWN = 60
_MOST_OUTPUTS = 300
_MEASURES = frozenset(
    "% percent ms s sec seconds minutes us µs ns kb mb gb kib mib bytes lines".split()
)
"""Units of what depends on the code as it stands; rows that were migrated stay so."""
_OF_WORK = lazy(
    r"\b(?:files?|lines?|functions?|methods?|class(?:es)?|modules?|components?|endpoints?|pages?|commits?"
    r"|tasks?|items?|places?|occurrences?|steps?|sections?|features?|cases?)\Z",
    re.IGNORECASE,
)
_INSTALLS = lazy(
    r"\b(?:pip3?|uv|poetry|pdm|rye|pipenv|conda|mamba|npm|pnpm|yarn|bun|cargo|go|gem|bundle|composer|apt|apt-get"
    r"|dnf|yum|apk|brew|dotnet|mix|nuget|luarocks|stack|cabal|opam|pub|dart|flutter|deno|nix-env)\b"
    r"[^\n|;&]*?\b(?:install|add|i|get|require|sync|package)\b"
)
_WORD = lazy(r"[A-Za-z@][\w@/.-]*")
_VERSION = lazy(r"\d+(?:\.\d+)+(?:[-.]?\w+)?")
_MANIFESTS = (
    *("package.json", "pyproject.toml", "requirements.txt", "Cargo.toml", "go.mod", "Gemfile"),
    *("composer.json", "setup.cfg", "setup.py", "requirements-dev.txt", "mix.exs", "pubspec.yaml"),
)


def check_clean(night: NightFacts, case: Case) -> ClaimVerdict:
    """A linter, type checker, build or formatter had nothing to say when it last ran."""
    statement = case.statement
    command = statement.subject.command
    families = families_of(command) if command else ()
    families = families or families_of(f"{statement.text} {statement.work}", in_words=True)
    call = next(_calls(night, case, command), None) if command else None
    if call is None and families:
        call = next(_of_families(night, case, families), None)
    what = command or " or ".join(families) or "the check"
    if call is None:
        why = f"no call of {shorten(what, _SHOWN)} was seen"
        return decide([Fact(f"{what} ran", None, Weight.BASIS, why)])
    return _by_call(night, case, call, families, what)


def check_ran(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """A command that is named ran and ended well."""
    command = case.statement.subject.command
    if not command:
        return None
    call = next(_calls(night, case, command), None)
    if call is not None:
        return _by_call(night, case, call, families_of(command), command)
    if runner(command) and night.index.runs_before(case.place):
        return check_tests(night, case)
    why = f"no call of {shorten(command, _SHOWN)} was seen"
    return decide([Fact(f"{shorten(command, _SHOWN)} ran", None, Weight.BASIS, why)])


def _by_call(
    night: NightFacts, case: Case, call: CommandRecord, families: tuple[str, ...], what: str
) -> ClaimVerdict:
    shown = shorten(what, _SHOWN)
    answer = read_answer(call, families)
    ran = Fact(f"{shown} ended with 0", answer.is_clean, Weight.DECISIVE, ref=call.ref)
    if answer.is_clean is False:
        why = f"{shown}{clock(call.at)}: {answer.words}"
        return decide([Fact(ran.fact, False, Weight.DECISIVE, why, call.ref)])
    if answer.is_clean is None:
        why = f"{shown} ran{clock(call.at)}, but its answer tells no result"
        return decide([Fact(ran.fact, None, Weight.BASIS, why, call.ref)])
    facts = [ran]
    edits = night.index.edits_between(call.number, case.place) if families else ()
    if edits:
        why = f"{shown} was clean{clock(call.at)}, but {format_count(len(edits), 'edit')} came after it"
        facts.append(Fact("no edit of code since", False, Weight.PART, why, edits[-1].ref))
    return decide(facts, f"{shown} ended well{clock(call.at)}", [call.ref])


# --- which call is meant ---


def _near(night: NightFacts, case: Case) -> Iterator[CommandRecord]:
    """Commands before the claim, the newest first; else those right after it, with no edit between."""
    yield from night.commands_before(case.place)
    yield from night.commands_after(case.place)


def _of_families(
    night: NightFacts, case: Case, families: tuple[str, ...]
) -> Iterator[CommandRecord]:
    for one in _near(night, case):
        if not one.is_refused and set(families) & set(families_of(one.command)):
            yield one


def _calls(night: NightFacts, case: Case, command: str) -> Iterator[CommandRecord]:
    """Calls of a command, by its program and the words that are no options."""
    wanted = [_words(call) for line in pipelines(command) for call in line[:1]]
    if not wanted or not wanted[0]:
        return
    first = wanted[0][0]
    for one in _near(night, case):
        words = _all_words(one.command) if first in one.command else ()
        if any(_is_call(each, wanted[0]) for each in words):
            yield one


@lru_cache(maxsize=512)
def _all_words(command: str) -> tuple[list[str], ...]:
    return tuple(_words(call) for line in pipelines(command) for call in line)


def _words(call: CommandCall) -> list[str]:
    """Program and words of a call, without what only starts it (`npx`, `poetry run`, `python -m`)."""
    words = [call.name, *call.texts]
    while words:
        if words[0] in ("npx", "bunx", "uvx") or words[:2] == ["bundle", "exec"]:
            words = words[1 + (words[0] == "bundle") :]
        elif (
            (
                words[0] in ("uv", "poetry", "pipenv", "pdm", "hatch", "rye")
                and words[1:2] == ["run"]
            )
            or (re.match(r"python[\d.]*\Z", words[0]) and words[1:2] == ["-m"])
            or (words[0] in ("pnpm", "yarn", "npm") and words[1:2] in (["exec"], ["dlx"]))
        ):
            words = words[2:]
        else:
            break
    return [word for word in words if word[:1] != "-"]


def _is_call(words: list[str], wanted: list[str]) -> bool:
    """Whether a call is the wanted one: the same program, and the wanted words in their order."""
    if words[:1] != wanted[:1]:
        return False
    rest = iter(words[1:])
    return all(word in rest for word in wanted[1:])


# --- figures ---


def check_figure(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """A number that a command printed is the number that is claimed."""
    statement = case.statement
    if statement.count is None:
        return None
    command = statement.subject.command
    calls: Iterable[CommandRecord] = _calls(night, case, command) if command else _near(night, case)
    words = f"{statement.text} {statement.work}"
    shown = f"{statement.count:,.10g} {statement.unit}".strip()
    for one in islice(calls, _MOST_OUTPUTS):
        figures = figures_in(one.output, statement.unit, words, statement.subject.paths)
        if any(_is_same(figure, statement.count) for figure in figures):
            why = f"{shown} in the output of {shorten(one.command, _SHOWN)}{clock(one.at)}"
            return _current(night, case, one, shown, why)
        if figures:
            why = f"{shorten(one.command, _SHOWN)}{clock(one.at)} printed {figures[-1]:,.10g}"
            return decide([Fact(f"{shown} was printed", False, Weight.DECISIVE, why, one.ref)])
    why = f"no output that was kept shows {shown}"
    if _OF_WORK.search(statement.unit):
        # How much was written is told by no command.
        verdict = decide([Fact(f"{shown} was printed", None, Weight.PART, why)])
        return replace(verdict, is_only_words=True)
    return decide([Fact(f"{shown} was printed", None, Weight.BASIS, why)])


def _current(
    night: NightFacts, case: Case, one: CommandRecord, shown: str, why: str
) -> ClaimVerdict:
    facts = [Fact(f"{shown} was printed", True, Weight.DECISIVE, ref=one.ref)]
    edits = night.index.edits_between(one.number, case.place)
    if edits and case.statement.unit in _MEASURES:
        stale = f"{why}, but {format_count(len(edits), 'edit')} came after it"
        facts.append(Fact("no edit of code since", False, Weight.PART, stale, edits[-1].ref))
    return decide(facts, why, [one.ref])


def _is_same(figure: float, claimed: float) -> bool:
    """Equal, or rounded to what was claimed."""
    digits = len(f"{claimed:.10g}".partition(".")[2])
    return figure == claimed or round(figure, digits) == claimed or int(figure) == claimed


# --- installed ---


def check_installed(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """A package was installed: by the call that names it, and the version it told."""
    subject = case.statement.subject
    names = [
        *subject.symbols,
        *_WORD.findall(subject.command)[2:],
        *_WORD.findall(case.statement.work),
    ]
    names = [name for name in names if len(name) > 1]
    if not names:
        return None
    name = names[0]
    version = subject.value if _VERSION.search(subject.value) else ""
    pattern = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    calls = [
        one
        for one in _near(night, case)
        if _INSTALLS.search(one.command) and pattern.search(f"{one.command}\n{one.output}")
    ]
    if not calls:
        return _in_manifest(night, pattern, name, version)
    call = calls[0]
    fact = f"{name} was installed"
    answer = read_answer(call, ())
    if answer.is_clean is False:
        why = f"{shorten(call.command, _SHOWN)}{clock(call.at)} failed"
        return decide([Fact(fact, False, Weight.DECISIVE, why, call.ref)])
    facts = [
        Fact(
            fact,
            answer.is_clean,
            Weight.BASIS,
            f"{shorten(call.command, _SHOWN)} told no result",
            call.ref,
        )
    ]
    told = _stated_version(call, name)
    if version and told:
        why = f"version {told} was installed"
        facts.append(
            Fact(f"its version is {version}", told == version, Weight.DECISIVE, why, call.ref)
        )
    return decide(facts, f"{shorten(call.command, _SHOWN)} ended well{clock(call.at)}", [call.ref])


def _stated_version(call: CommandRecord, name: str) -> str:
    """The version of a package that the answer of its installation tells."""
    told = re.compile(
        rf"(?<![\w-]){re.escape(name)}(?:[-@ =(v]|==|\s+v?)+(\d+(?:\.\d+)+(?:[-.]?[a-z]+\d*)?)",
        re.IGNORECASE,
    )
    for text in (call.output, call.command):
        found = told.findall(text)
        if found:
            return str(found[-1])
    return ""


def _in_manifest(
    night: NightFacts, pattern: re.Pattern[str], name: str, version: str
) -> ClaimVerdict:
    """No call was seen: whether a list of the project's packages has it now and did not before."""
    fact = f"{name} is among the project's packages"
    for path in _MANIFESTS:
        text = night.end.text(path)
        if text is None or not pattern.search(text):
            continue
        line = next((one for one in text.split("\n") if pattern.search(one)), "")
        is_new = not pattern.search(night.end.base_text(path) or "")
        facts = [Fact(f"{fact}: {path}", True, Weight.BASIS)]
        if not is_new:
            why = f"{name} stood in {path} before this night"
            facts.append(Fact("it is new in this night", False, Weight.PART, why))
        if version and version not in line:
            why = f"{path} says {shorten(line.strip(), 40)}"
            facts.append(Fact(f"its version is {version}", False, Weight.PART, why))
        why = f"{name} was added to {path}, but no call that installs it was seen"
        facts.append(Fact("a call that installs it was seen", None, Weight.PART, why))
        return decide(facts)
    return decide([Fact(fact, None, Weight.BASIS, f"no call that installs {name} was seen")])
