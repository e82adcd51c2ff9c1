"""What a shell makes of a word, as far as that can be known without running anything.

Braces, variables, tildes and a few substitutions (`$(pwd)`, `$(echo …)`) are expanded. What is unquoted and
may match names keeps marks for that, which `globs` compares with the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from tui.system.lazy_pattern import lazy
from tui.system.shell.syntax import BARE, COMMAND, TEXT, UNKNOWN, Command, Part, Script, Word

STAR: Final = "\x02"
ANY: Final = "\x03"
SET: Final = "\x04"
_SPLIT: Final = "\x05"
_TILDE: Final = "\x06"
_OPEN: Final = "\x07"
_COMMA: Final = "\x08"
_CLOSE: Final = "\x0e"
TO_MARKS: Final = str.maketrans({"*": STAR, "?": ANY, "[": SET})
FROM_MARKS: Final = str.maketrans({STAR: "*", ANY: "?", SET: "["})
_MARKED: Final = {**TO_MARKS, **str.maketrans({"~": _TILDE, "{": _OPEN, ",": _COMMA, "}": _CLOSE})}
_BRACES: Final = str.maketrans({_OPEN: "{", _COMMA: ",", _CLOSE: "}"})
_PLAIN: Final = {**FROM_MARKS, **_BRACES, **str.maketrans({_TILDE: "~", _SPLIT: " "})}
_SIGNS: Final = frozenset("*?[~{,}")
_BLANKS: Final = lazy(r"[ \t\n]+")
_RANGE: Final = lazy(r"([A-Za-z])\.\.([A-Za-z])\Z|(\d{1,4})\.\.(\d{1,4})\Z")
_MOST_FIELDS: Final = 64
_LONGEST_FIELD: Final = 64_000
_LONGEST_TEXT: Final = 1_000_000

Variables = dict[str, str]
"""What is known of the shell's variables; `UNKNOWN` as the value of one that was set to something else."""


def plain(field: str) -> str:
    """The field as the program would get it if no name matched, what is unknown left out."""
    return field.translate(_PLAIN).replace(UNKNOWN, "")


def has_pattern(field: str) -> bool:
    """Whether the shell compares the field with the names on the disk."""
    return STAR in field or ANY in field or SET in field


def fields_of(word: Word, variables: Variables, cwd: str, home: str) -> list[str]:
    """The fields that a word becomes; never more than some dozens, never very long."""
    text = "".join([_expand(part, variables, cwd, home) for part in word])[:_LONGEST_FIELD]
    many = _expand_braces(text) if _OPEN in text and _CLOSE in text else [text]
    fields: list[str] = []
    for one in many:
        pieces = one.split(_SPLIT) if _SPLIT in one else [one]
        fields += [piece for piece in pieces if piece or len(pieces) == 1]
    return [_expand_tilde(field.translate(_BRACES), cwd, home) for field in fields]


def text_of(word: Word, variables: Variables, cwd: str, home: str) -> str:
    """The text of a word that is not split: a here-document. What is unknown in it is marked."""
    joined = "".join([_expand(part, variables, cwd, home) for part in word])
    return joined[:_LONGEST_TEXT].translate(_PLAIN)


def _expand(part: Part, variables: Variables, cwd: str, home: str) -> str:
    if part.kind == TEXT:
        return part.text
    if part.kind == BARE:
        return part.text if _SIGNS.isdisjoint(part.text) else part.text.translate(_MARKED)
    if part.kind == COMMAND:
        text = _known_output(part.inner[0], variables, cwd, home)
    else:
        text = _value(part, variables, cwd, home)
    return text if part.is_quoted else _BLANKS.sub(_SPLIT, text).translate(TO_MARKS)


def _value(part: Part, variables: Variables, cwd: str, home: str) -> str:
    name = part.text
    if name == "PWD":
        return cwd
    if name == "IFS":
        return variables.get("IFS", " ")
    known = variables.get(name, "")
    if known:
        return known
    if part.otherwise:
        return "".join([_expand(one, variables, cwd, home) for one in part.otherwise])
    return "" if name in ("@", "*") or name in variables else UNKNOWN


def _known_output(script: Script, variables: Variables, cwd: str, home: str) -> str:
    """What a substitution prints, of the few programs that only say again what they are given."""
    if len(script.items) != 1 or not isinstance(script.items[0], Command):
        return UNKNOWN
    words = script.items[0].words[:40]
    fields = [one for word in words for one in fields_of(word, variables, cwd, home)]
    fields = [one.translate(_PLAIN) for one in fields if one]
    if not fields:
        return UNKNOWN
    name, arguments = fields[0].rpartition("/")[2], fields[1:]
    if name == "pwd":
        return cwd
    if name in ("which", "type", "command") and arguments:
        return arguments[-1]
    if name in ("echo", "printf"):
        return printed(name, arguments)[:_LONGEST_FIELD].rstrip("\n")
    return UNKNOWN


def printed(name: str, arguments: list[str]) -> str:
    """What `echo` or `printf` prints."""
    if name == "printf" and arguments:
        text = arguments[0].replace("%s", " ".join(arguments[1:]))
    else:
        text = " ".join(one for one in arguments if one not in ("-n", "-e", "-ne", "-en"))
    return text.replace("\\n", "\n").replace("\\t", "\t")


def _expand_tilde(field: str, cwd: str, home: str) -> str:
    if _TILDE not in field:
        return field
    if field[0] == _TILDE:
        name, slash, rest = field[1:].partition("/")
        field = {"": home, "+": cwd}.get(name, UNKNOWN) + slash + rest
    return field.replace("=" + _TILDE, "=" + home).replace(_TILDE, "~")


def _expand_braces(text: str) -> list[str]:
    """Every text that the braces make, in their order; some are left out where there are very many."""
    done: list[str] = []
    waiting = [text]
    steps = 0
    while waiting and len(done) < _MOST_FIELDS:
        steps += 1
        one = waiting.pop(0)
        found = _outer_braces(one) if steps < 4 * _MOST_FIELDS else None
        if found is None:
            done.append(one)
            continue
        start, end, choices = found
        waiting[:0] = [one[:start] + choice + one[end + 1 :] for choice in choices[:_MOST_FIELDS]]
    return done


def _outer_braces(text: str) -> tuple[int, int, list[str]] | None:
    """The first braces that make several texts: where they begin and end, and what stands between."""
    starts: list[tuple[int, list[int]]] = []
    for at, char in enumerate(text):
        if char == _OPEN:
            starts.append((at, []))
        elif char == _COMMA and starts:
            starts[-1][1].append(at)
        elif char == _CLOSE and starts:
            start, commas = starts.pop()
            edges = [start, *commas, at]
            choices = [text[a + 1 : b] for a, b in pairwise(edges)]
            choices = choices if commas else _count(choices[0])
            if choices:
                return start, at, choices
    return None


def _count(text: str) -> list[str]:
    found = _RANGE.match(text)
    if found is None:
        return []
    if found[1]:
        low, high = sorted((ord(found[1]), ord(found[2])))
        return [chr(code) for code in range(low, high + 1)][:_MOST_FIELDS]
    low, high = sorted((int(found[3]), int(found[4])))
    return [str(number) for number in range(low, min(high, low + _MOST_FIELDS) + 1)]


def assigned(text: str) -> tuple[str, str] | None:
    """Name and value where a field is an assignment."""
    name, equals, value = text.partition("=")
    name = name.removesuffix("+")
    if not equals or not name.isidentifier() or not name.isascii():
        return None
    return name, value


def known_variables(environ: Mapping[str, str], home: str) -> Variables:
    """What a shell that the session starts knows."""
    return {**environ, "HOME": home}
