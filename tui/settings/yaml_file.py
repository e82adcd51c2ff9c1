"""Reads a settings file that somebody else may have written: bounded, and with line numbers.

Only plain YAML is accepted: one document of mappings, lists and scalars. Size, depth, number of
nodes and aliases are limited, because the C parser overruns its stack on deep nesting and aliases
can unfold without end; a key may appear once only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from tui.system.errors import SettingsError
from tui.system.format import clip_text
from tui.system.lazy_pattern import lazy

if TYPE_CHECKING:
    import yaml

MAX_DEPTH: Final = 12
MAX_NODES: Final = 20_000
MAX_ALIASES: Final = 50
MAX_TEXT: Final = 20_000

_VARIABLE: Final = lazy(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")

_TOO_DEEP: Final = "nested too deep for a settings file"
_TOO_MANY: Final = "too many values or aliases for a settings file"
_PARSER_NESTING: Final = "exceeded maximum nesting depth"
"""PyYAML 6.0.4 has a limit of its own, and reaches it before ours because it reads ahead."""

_SCALARS: Final = {
    "null": "an empty value",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "timestamp": "a time",
}
_PREFIX: Final = "tag:yaml.org,2002:"
_COLLECTIONS: Final = frozenset({f"{_PREFIX}map", f"{_PREFIX}seq"})


class LocatedValue(Struct, frozen=True):
    """A value with its place: `text` is how a scalar was written, `where` is file and line.

    Mappings are `dict[str, LocatedValue]`, lists `list[LocatedValue]`. `loose` says that the value came as text
    (a variable, an argument) and may be read as a number or switch; `unset` names the first
    environment variable in it that was not set.
    """

    value: Any
    where: str
    text: str | None = None
    loose: bool = False
    unset: str = ""
    key_where: str = ""

    @property
    def written(self) -> str:
        """A scalar as it was written."""
        return str(self.value) if self.text is None else self.text


def expand_variables(located: LocatedValue, environ: Mapping[str, str]) -> LocatedValue:
    """Replaces `${VAR}` and `${VAR:-default}` in every text; a missing variable becomes empty."""
    value = located.value
    if isinstance(value, dict):
        filled = {key: expand_variables(item, environ) for key, item in value.items()}
        return replace(located, value=filled)
    if isinstance(value, list):
        return replace(located, value=[expand_variables(item, environ) for item in value])
    if not isinstance(value, str) or "${" not in value or len(value) > MAX_TEXT:
        return located
    unset = ""

    def fill(match: re.Match[str]) -> str:
        nonlocal unset
        text = environ.get(match[1]) or match[2] or ""
        unset = unset or ("" if text else match[1])
        return text

    text = _VARIABLE.sub(fill, value)
    return (
        located
        if text == value
        else replace(located, value=text, text=text, loose=True, unset=unset)
    )


def variables_in(located: LocatedValue) -> tuple[str, ...]:
    """The environment variables that `expand_variables` would ask for, each once."""
    value = located.value
    if isinstance(value, dict | list):
        members = value.values() if isinstance(value, dict) else value
        return tuple(dict.fromkeys(name for one in members for name in variables_in(one)))
    if not isinstance(value, str) or "${" not in value or len(value) > MAX_TEXT:
        return ()
    return tuple(dict.fromkeys(match[1] for match in _VARIABLE.finditer(value)))


def from_plain_value(value: object, where: str) -> LocatedValue:
    """A value of a flag or variable; its texts may be read as numbers and switches."""
    if isinstance(value, Mapping):
        value = {str(key): from_plain_value(item, where) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        value = [from_plain_value(item, where) for item in value]
    elif isinstance(value, PurePath):
        value = str(value)
    text = value if isinstance(value, str) else None
    return LocatedValue(value, where, text=text, loose=True)


def parse(data: bytes, shown: str) -> dict[str, LocatedValue]:
    """The file's top-level mapping; SettingsError, with the line, when it holds anything else."""
    import yaml

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{shown}:{line}: the file is not UTF-8 text.") from error
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_bounds(text, loader, shown)
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise SettingsError(_syntax_sentence(error, text, shown)) from error
    if root is None:
        return {}
    found = _YamlReader(shown).read(root)
    if found.value is None:
        return {}
    if not isinstance(found.value, dict):
        raise SettingsError(f"{found.where}: the file must hold sections such as `budget:`.")
    return found.value


def _check_bounds(text: str, loader: Any, shown: str) -> None:
    import yaml

    depth = nodes = aliases = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH or nodes > MAX_NODES or aliases > MAX_ALIASES:
            what = _TOO_DEEP if depth > MAX_DEPTH else _TOO_MANY
            raise SettingsError(f"{shown}:{_line(event.start_mark)}: {what}.")


def _line(mark: Any) -> int:
    return 1 if mark is None else int(mark.line) + 1


def _syntax_sentence(error: yaml.YAMLError, text: str, shown: str) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = _line(mark)
    if mark is None and isinstance(position, int):
        line = text.count("\n", 0, position) + 1
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    if reason == _PARSER_NESTING:
        return f"{shown}:{line}: {_TOO_DEEP}."
    return f"{shown}:{line}: this is not valid YAML: {' '.join(str(reason).split())}."


class _YamlReader:
    """Turns composed nodes into `LocatedValue`; counts, so that aliases cannot unfold without end."""

    def __init__(self, shown: str) -> None:
        import yaml

        self._shown = shown
        self._nodes = 0
        self._constructor = yaml.constructor.SafeConstructor()

    def read(self, node: yaml.Node, depth: int = 0) -> LocatedValue:
        import yaml

        where = self._where(node)
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise SettingsError(f"{where}: too much for a settings file unfolds from an alias.")
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _COLLECTIONS:
            raise SettingsError(f"{where}: the YAML tag {quoted(node.tag)} has no place here.")
        if isinstance(node, yaml.MappingNode):
            return LocatedValue(self._mapping(node, depth), where)
        if isinstance(node, yaml.SequenceNode):
            return LocatedValue([self.read(item, depth + 1) for item in node.value], where)
        return LocatedValue(self._scalar(node, where), where, text=node.value)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, LocatedValue]:
        import yaml

        found: dict[str, LocatedValue] = {}
        for key_node, value_node in node.value:
            where = self._where(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                raise SettingsError(f"{where}: a key must be a plain word.")
            key = key_node.value
            if key in found:
                raise SettingsError(
                    f"{where}: {quoted(key)} was set before at {found[key].key_where}."
                )
            value = self.read(value_node, depth + 1)
            # A person looks for the line of the key; a block value starts a line later.
            found[key] = LocatedValue(value.value, value.where, value.text, key_where=where)
        return found

    def _scalar(self, node: yaml.Node, where: str) -> object:
        kind = node.tag.removeprefix(_PREFIX)
        if kind not in _SCALARS:
            raise SettingsError(f"{where}: the YAML tag {quoted(node.tag)} has no place here.")
        if kind in ("str", "timestamp"):
            return str(node.value)
        try:
            return self._constructor.construct_object(node)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # What the library happens to raise for `!!bool maybe` and the like.
            sentence = f"{where}: {quoted(node.value)} cannot be read as {_SCALARS[kind]}."
            raise SettingsError(sentence) from error

    def _where(self, node: yaml.Node) -> str:
        return f"{self._shown}:{_line(node.start_mark)}"


def quoted(value: object) -> str:
    """A short printable picture of any value: no control, bidi or zero-width characters."""
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        try:
            shown = repr(value)
        except ValueError:  # an integer too long to print
            return "a very long number"
        return clip_text(shown, 40)
    text = str(value)
    return repr(clip_text(text, 60))
