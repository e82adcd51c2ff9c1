"""Whether code defines a name: by the syntax tree in Python, by the shapes of definitions elsewhere.

Comments and strings define nothing. The text is the agent's: untrusted, and looked at with a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tui.night.evidence.shell_effects import is_prose
from tui.system.lazy_pattern import lazy

if TYPE_CHECKING:
    import ast

_NAME = lazy(r"[^\W\d][\w$]{0,99}|\$[\w$]{1,99}")
_OPTION = lazy(r"--?[A-Za-z][\w-]{0,60}")
_BLANKS = lazy(r"[ \t]+|\s*\n\s*")
_MOST_PLACES, _BEFORE, _AFTER = 400, 240, 400
_LONGEST = 1 << 20
_LONGEST_PARSED = 300_000
_HASHES = tuple(
    ".py .pyi .rb .rake .sh .bash .zsh .pl .pm .r .jl .ex .exs .yaml .yml .toml .nix .cmake .mk".split()
)
_DASHES = (".sql", ".lua", ".hs", ".elm", ".adb", ".ads")
# In these languages an apostrophe opens a single character, or marks a lifetime or a type.
_CHARACTERS = tuple(
    ".rs .c .h .cc .cpp .cxx .hpp .hh .go .java .kt .kts .cs .swift .scala .hs .ml .mli .zig".split()
)
_DATA = (".json", ".lock", ".csv", ".svg", ".xml", ".html")
_LONG_STRING = r'"""(?:[^\\]|\\.)*?"""' r"|'''(?:[^\\]|\\.)*?'''"
_QUOTED = r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`'
_WORDS = r"'(?:[^'\\\n]|\\.)*'"
_LETTER = r"'(?:[^'\\\n]|\\[^'\n]{1,9}|\\')'"
_COMMENTS = {
    "#": r"(?:^|(?<=[\s;]))#[^\n]*|^=begin\b.*?^=end\b",
    "-": r"--[^\n]*|\{-.*?-\}|/\*.*?\*/",
    "/": r"/\*.*?\*/|//[^\n]*|(?:^|(?<=\s))#(?![\w\[!])[^\n]*",
}
_LEADS = (
    "def|defp|defmacro|class|function|func|fn|fun|sub|proc|struct|enum|type|typedef|interface|trait|impl|module"
    "|namespace|object|record|protocol|extension|actor|data|newtype|macro|let|var|val|const|static|local|my|our"
    "|method|union|concept|mod|message|service|rpc|procedure|define|typealias|component|macro_rules!"
    "|(?i:create\\s+(?:or\\s+replace\\s+)?(?:unique\\s+)?(?:table|view|index|function|procedure|trigger|type)"
    "(?:\\s+if\\s+not\\s+exists)?)"
)
_FLOW = (
    "if|else|elif|elsif|while|for|foreach|return|match|switch|guard|await|yield|not|and|or|in|case|when|unless"
    "|until|do|throw|new|assert|raise|import|from|use|using|require|include|export\\s+default|echo|print|puts"
)


def defines(text: str, name: str, path: str = "") -> bool:
    """Whether code in the text defines the name: "mean", "Window.mean", "mean()", "--window".

    `path` tells the language. Of a dotted name the last part must be defined, and a class before it too.
    """
    name = name.strip().strip("`").removesuffix("()").removeprefix("./")
    if len(text) > _LONGEST or is_prose(path) or path.lower().endswith(_DATA):
        return False
    if _OPTION.fullmatch(name):
        return _declares_option(text, name, path)
    parts = [one for one in re.split(r"\.|::|#|->", name) if one]
    if not parts or not all(_NAME.fullmatch(one) for one in parts) or parts[-1] not in text:
        return False
    owner = parts[-2] if len(parts) > 1 and parts[-2][:1].isupper() else ""
    return _code_defines(text, parts[-1], owner, path)


def _code_defines(text: str, name: str, owner: str, path: str) -> bool:
    if path.lower().endswith((".py", ".pyi")) and len(text) <= _LONGEST_PARSED:
        named = _python_names(text)
        if named is not None:
            return name in named and (not owner or f"{owner}.{name}" in named)
    code = strip_comments(text, path)
    return _has_shape(code, name) and (not owner or _has_shape(code, owner))


def strip_comments(text: str, path: str, *, keeps_strings: bool = False) -> str:
    """The code alone: comments are gone, and strings are empty unless they are kept."""
    return _comments(path.lower()).sub(
        lambda found: (found[0] if keeps_strings else '""') if found["string"] else " ", text
    )


@lru_cache(maxsize=8)
def _comments(path: str) -> re.Pattern[str]:
    kind = "#" if path.endswith(_HASHES) else "-" if path.endswith(_DASHES) else "/"
    if kind == "/" and not path.rpartition("/")[2].count("."):
        kind = "#"  # Makefile, Dockerfile, scripts
    single = _LETTER if path.endswith(_CHARACTERS) else _WORDS
    strings = f"(?P<string>{_LONG_STRING}|{_QUOTED}|{single})"
    return re.compile(f"{strings}|{_COMMENTS[kind]}", re.DOTALL | re.MULTILINE)


def _has_shape(code: str, name: str) -> bool:
    """Whether the code, which is without comments, has a definition of the name."""
    word = rf"(?<![\w$]){re.escape(name)}(?![\w$])"
    shapes = [re.compile(shape.replace("WORD", word), re.MULTILINE) for shape in _SHAPES]
    return any(shape.search(place) for place in _places(code, name) for shape in shapes)


def _places(code: str, name: str) -> Iterator[str]:
    """The code round each place of the name, blanks in a row made one; a bounded number of short pieces."""
    at, seen = code.find(name), 0
    while at >= 0 and seen < _MOST_PLACES:
        seen += 1
        start = max(code.rfind("\n", 0, at) + 1, at - _BEFORE)
        yield _BLANKS.sub(lambda run: "\n" if "\n" in run[0] else " ", code[start : at + _AFTER])
        at = code.find(name, at + len(name))


_SHAPES = (
    # A keyword before it, perhaps a receiver, type arguments or other names between.
    rf"(?<![\w.$])(?:{_LEADS})[*&]?(?:\s*<[^<>\n]{{0,80}}>|\s*\([^()\n]{{0,120}}\))?\s+"
    r"(?:(?:[\w$:<>]+\s+for|self|mut|ref|async|static|unsafe|rec|inline|[\w$]+)\s*[.:\s]\s*){0,3}[*&]?WORD",
    # A list of names: `const { a, b } = …`.
    r"(?<![\w.$])(?:const|let|var|val)\s*[\[{(][^=;\n]{0,200}WORD",
    # `type name(arguments) {`, also methods of classes.
    rf"^[ \t]*(?!(?:{_FLOW})\b)(?:(?!(?:{_FLOW})\b)[\w:<>,*&\[\]?~@$.]+[ \t]+){{0,8}}[*&~]*(?:\w+::)*"
    r"WORD\s*(?:<[^<>\n]{0,80}>)?\([^;{}]{0,300}\)\s*(?:[\w\s,.:<>\[\]?|&*-]{0,80}?)(?:\{|=>|=\s*$)",
    # An assignment or a key at the beginning of a line.
    r"^[ \t]*(?:(?:export|public|private|protected|readonly|static|final|@)\s*)*(?:[\w$]+\.){0,4}"
    r"WORD\s*(?:\?|!)?\s*(?::=|::|:|=(?![=~])|<-)",
    # `attr_accessor :name`, `#define NAME`, `@name value`.
    r"\b(?:attr_\w+|field|belongs_to|has_many|scope)\b[^\n]{0,120}:WORD|^\s*#\s*define\s+WORD",
)


def _declares_option(text: str, name: str, path: str) -> bool:
    """Whether a string of the code is this option of a command line, or its name alone."""
    code = strip_comments(text, path, keeps_strings=True)
    bare = re.escape(name.lstrip("-"))
    return (
        re.search(rf"""(['"`])(?:-\w,?\s*)?(?:--?)?{bare}(?:[ =,/|<\[][^'"`\n]{{0,60}})?\1""", code)
        is not None
    )


@lru_cache(maxsize=32)
def _python_names(text: str) -> frozenset[str] | None:
    """Names that Python code defines, those in a class with the class before them too; None if it is none."""
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: set[str] = set()
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, owner = waiting.pop()
        for child in ast.iter_child_nodes(node):
            inner = owner
            for name in _defined_by(child):
                found.add(name)
                if owner:
                    found.add(f"{owner}.{name}")
                if isinstance(child, ast.ClassDef):
                    inner = name
            waiting.append((child, inner))
    return frozenset(found)


def _defined_by(node: ast.AST) -> Iterator[str]:
    import ast

    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.id if isinstance(node, ast.Name) else node.attr
