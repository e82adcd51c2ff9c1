"""All that one shell command does, in the light of what the night did before and of what its goal asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from tui.model.review import Severity
from tui.night.review.risks.commands.code_texts import code_of, find_code_effects, shell_texts
from tui.night.review.risks.commands.databases import find_data_loss
from tui.night.review.risks.commands.deletions import find_deletions, find_lost_work
from tui.night.review.risks.commands.invocations import BLANK, Invocation, read_invocations
from tui.night.review.risks.commands.lasting_changes import find_lasting, find_privilege
from tui.night.review.risks.commands.network import find_sending
from tui.night.review.risks.commands.night_facts import Effect, NightFacts
from tui.night.review.risks.commands.rules.table import find_rules
from tui.night.review.risks.commands.secret_use import find_credential_use
from tui.system.lazy_pattern import lazy

_MOST = 400
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "ash", "source", "."})
_SILENT = frozenset(
    "echo printf grep egrep rg ag cd ls test [ [[ true false : man which type whereis help export local".split()
)
"""They only name what would be a risk if it were run."""
_FORWARD = lazy(
    r"\S+ (?:.* )?(?:upgrade|db:migrate|migrate(?::latest|:up)?|up|migration:run)(?: |$)"
)


def find_effects(
    text: str, facts: NightFacts, depth: int = 2
) -> Iterator[tuple[Effect, Invocation]]:
    """What a command does, each with the part of it that does it; the facts of the night go on with it."""
    listed = _invocations(text)
    for number, made in enumerate(listed):
        if made.is_rehearsal:
            continue
        later = _later(listed, number)
        for effect in _effects(made, facts, later):
            if effect.asked == "migration" and _comes_again(listed[number + 1 :]):
                effect = effect._replace(severity="low")
            yield effect, made
        if depth:
            yield from _of_scripts(made, facts, depth)
        facts.on_command(made)


@lru_cache(maxsize=256)
def _invocations(text: str) -> tuple[Invocation, ...]:
    """The programs of a text; a night runs the same commands again and again."""
    return tuple(islice(read_invocations(text), _MOST))


def _comes_again(rest: Sequence[Invocation]) -> bool:
    """Whether what follows brings migrations forward again: then they were only tried."""
    return any(_FORWARD.match(f"{one.name} {one.line}") for one in rest)


def _later(listed: Sequence[Invocation], number: int) -> str:
    """What comes after a command in its pipeline, as text."""
    texts: list[str] = []
    depth = len(listed[number].before)
    current = listed[number]
    for one in listed[number + 1 :]:
        if len(one.before) == depth + 1 + len(texts) and one.before[depth : depth + 1] == (
            current,
        ):
            texts.append(f"{one.name} {' '.join(one.args)}")
        elif not one.before:
            break
    return " | ".join(texts)


def _effects(made: Invocation, facts: NightFacts, later: str) -> Iterator[Effect]:
    if made.name not in _SILENT:
        for rule in find_rules(made.name, made.line, made.call.variables):
            yield Effect(rule.kind, "", rule.severity, rule.words, rule.asked)
        yield from find_data_loss(made, facts)
        yield from find_sending(made, facts)
        if made.name == "git":
            yield from find_lost_work(made, facts)
    yield from find_deletions(made, facts)
    yield from find_credential_use(made, facts, later)
    yield from find_lasting(made, facts)
    yield from find_privilege(made, facts)


def _of_scripts(
    made: Invocation, facts: NightFacts, depth: int
) -> Iterator[tuple[Effect, Invocation]]:
    """What a script does that is run: one on the command line, one that the night wrote."""
    code, script = code_of(made, facts)
    if code:
        for effect in find_code_effects(code, script, made, facts):
            yield effect._replace(path=effect.path or script), made
        for text in shell_texts(code):
            for effect, _ in find_effects(text, facts, depth - 1):
                yield effect._replace(path=effect.path or script), made
        return
    key = _shell_script(made, facts)
    if key:
        for effect, inner in find_effects(facts.documents[key], facts, depth - 1):
            words = f"{key}, which was run, {effect.words}"
            yield effect._replace(path=key, words=words), inner


def _shell_script(made: Invocation, facts: NightFacts) -> str:
    """The script of shell that a command runs, if its text is known."""
    first = made.call.simple.words[-len(made.call.args) - 1].text if made.call.simple.words else ""
    named = (
        [arg for arg in made.args if arg[:1] not in "-+"][:1] if made.name in _SHELLS else [first]
    )
    if made.name in ("make", "just", "npm", "pnpm", "yarn", "bun", "task"):
        named = [f"{made.name}:{made.line.removeprefix('run ').split(' ')[0]}"]
        return named[0] if named[0] in facts.documents else ""
    for name in named:
        key = facts.key(name, made.folder)
        if key in facts.documents and ("/" in name or made.name in _SHELLS):
            return key
    return ""


def weighed(effect: Effect, facts: NightFacts) -> tuple[Severity, str]:
    """How bad an effect is for the night's goal, and in which words."""
    words = effect.words.replace(BLANK, " ")
    if effect.severity == "low" or not effect.asked or not facts.goal.asks(effect.asked):
        return effect.severity, words
    return "low", f"{words}; the goal asks for it"
