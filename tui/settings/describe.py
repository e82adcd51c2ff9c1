"""What there is to set, and settings in words: the file of defaults, those in force, the README's table.

All of it is derived from the declared sections: one `SettingField` for each dotted key.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from tui.settings.settings import FILE, LoadedSettings, Settings, shown_path, user_file
from tui.settings.units import Secret
from tui.settings.yaml_file import LocatedValue, variables_in
from tui.system.lazy_pattern import lazy

Kind = Literal[
    "switch", "integer", "number", "text", "choice", "secret", "list", "table", "structure"
]

_KINDS: Final[Mapping[Any, Kind]] = {
    bool: "switch",
    int: "integer",
    float: "number",
    str: "text",
    Literal: "choice",
    Secret: "secret",
    tuple: "list",
    dict: "table",
}

_WIDTH: Final = 96
_PLAIN: Final = lazy(r"(?!\.[0-9_])[A-Za-z_./][A-Za-z0-9_./ -]*(?<! )")
_SECRET_NAME: Final = lazy(r"(?i)key|token|secret|pass|pwd|credential|webhook|auth")
_WORDS_OF_YAML: Final = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"}
)

_HEAD: Final = f"""\
# Settings of overnight-tui: every one of them, with its default.
#
# A copy of this file at ~/.config/overnight-tui/config.yaml is your own, for all projects; one at
# PROJECT/{FILE} configures that project. Keep the lines you change and drop the
# rest. A flag goes before an environment variable, a variable before the project's file, that before
# yours: budget.max_cost_usd is also OVERNIGHT_BUDGET_MAX_COST_USD. In your file ${{NAME}} and
# ${{NAME:-default}} are filled in from the environment. `overnight-tui config` shows what is in force.
#
# "Project: …" says what the project's file may set without your trust, which `overnight-tui trust`
# asks for. In a trusted file variables are filled in in webhooks, URLs and agent.env only.
"""

_PRICES_EXAMPLE: Final = """\
# prices:
#   some-model: {input: 3, output: 15, cache_write_5m: 3.75, cache_write_1h: 6, cache_read: 0.3}
"""


class SettingField(Struct, frozen=True):
    """One setting: what it is called, what it may hold, what it means.

    `type` is the declared type. `item` describes a member of a list or table and is itself marked
    as `member`; `parts` are the keys of a structure. The other facts are those of `documented`; a field
    without a `power`, not even HARMLESS, was not decided about and is left to the person.
    """

    key: str
    kind: Kind
    type: Any
    default: Any = None
    sentence: str = ""
    optional: bool = False
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    hints: dict[str, str] = {}
    power: str | None = None
    free: str = ""
    order: tuple[str, ...] = ()
    own: bool = False
    variable: str = ""
    example: str = ""
    words: bool = False
    urls: bool = False
    block: bool = False
    rising: bool = False
    names: tuple[str, ...] = ()
    member: bool = False
    item: SettingField | None = None
    parts: tuple[SettingField, ...] = ()

    @property
    def section(self) -> str:
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]

    @property
    def secret(self) -> bool:
        """Whether its value must not be shown."""
        return self.kind == "secret" or (self.item is not None and self.item.secret)

    @property
    def in_project(self) -> str:
        """What a project's own file may do with it without trust, in words."""
        if self.power == "":
            return "freely"
        rest = "only your own file may" if self.own else "else needs trust"
        if not self.free or self.power is None:
            return "needs trust"
        most = f" ({', '.join(self.order)})" if self.order else ""
        return f"{self.free}{most}; {rest}"

    @property
    def allowed(self) -> str:
        """What it takes, in words that fit after "it takes"."""
        return self._allowed() + (", or null" if self.optional else "")

    def _allowed(self) -> str:
        match self.kind:
            case "integer" | "number":
                noun = "a whole number" if self.kind == "integer" else "a number"
                unit = f" ({self.unit})" if self.unit else ""
                return f"{noun} from {plain_number(self.low)} to {plain_number(self.high)}{unit}"
            case "choice":
                shown = [f'"{choice}"' if " " in choice else choice for choice in self.choices]
                return " or ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
            case "switch":
                return "true or false"
            case "structure":
                return ", ".join(part.name for part in self.parts)
        if self.item is not None:
            return self._allowed_members(self.item)
        return "a URL" if self.urls else f"text like {self.example}" if self.example else "text"

    def _allowed_members(self, item: SettingField) -> str:
        if self.rising:
            return (
                f"three whole numbers from {plain_number(item.low)} to {plain_number(item.high)}, "
                "each above the one before"
            )
        if self.kind == "table":
            if self.names:
                return f"for each detector {item.allowed}"
            return f"for each model {item.allowed}" if item.parts else "a mapping of names to texts"
        if self.words:
            return "a command line, or a list of its words"
        if item.kind == "choice":
            return f"a list of {', '.join(item.choices)}"
        if item.kind == "number":
            return f"a list of numbers from {plain_number(item.low)} to {plain_number(item.high)} ({item.unit})"
        return "a list of URLs" if self.urls else "a list of texts"


def plain_number(number: float | None) -> str:
    """A number as a person writes it, and as YAML reads it: no `.0`, but 1.0e-05, as 1e-05 is text."""
    if number is None:
        return "any"
    shown = str(int(number)) if float(number).is_integer() else repr(float(number))
    return shown.replace("e", ".0e") if "." not in shown else shown


@cache
def all_fields() -> Mapping[str, SettingField]:
    """Every setting by dotted key, in the order of declaration."""
    found: list[SettingField] = []
    for section in msgspec.structs.fields(Settings):
        if get_origin(section.type) is None:
            found += _fields_of(section.type, f"{section.name}.")
        else:
            default = {} if section.default_factory is dict else section.default
            found.append(_field(section.name, section.type, default))
    return {field.key: field for field in found}


def _fields_of(structure: type[Struct], prefix: str = "") -> Iterator[SettingField]:
    for entry in msgspec.structs.fields(structure):
        default = entry.default
        if default is msgspec.NODEFAULT:
            default = {} if entry.default_factory is dict else None
        yield _field(f"{prefix}{entry.name}", entry.type, default)


def _field(key: str, declared: Any, default: Any = None, **facts: Any) -> SettingField:
    optional, shape = False, declared
    while (origin := get_origin(shape)) in (Annotated, Union, UnionType):
        if origin is Annotated:
            for note in shape.__metadata__:
                meta = Meta(description=note) if isinstance(note, str) else note
                found = {"low": meta.ge, "high": meta.le, "sentence": meta.description}
                facts |= {name: fact for name, fact in found.items() if fact is not None}
                facts |= meta.extra or {}
            shape = shape.__origin__
        else:
            optional, shape = True, get_args(shape)[0]
    kind = "choice" if "choices" in facts else _KINDS.get(origin or shape, "structure")
    takes_words = facts.get("words", kind == "table" and "names" not in facts)
    inside = {"words": takes_words, "urls": facts.get("urls", False)}
    match kind:
        case "choice":
            facts.setdefault("choices", tuple(sorted(get_args(shape))))
        case "list":
            facts["item"] = _field(key, get_args(shape)[0], member=True, **inside)
        case "table":
            facts["item"] = _field(key, get_args(shape)[1], member=True, **inside)
        case "structure":
            facts["parts"] = tuple(_fields_of(shape))
    return SettingField(key, kind, declared, default, optional=optional, **facts)


def nearest_word(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str:
    """The candidate that is spelt most like this word; empty if none is close."""
    from difflib import get_close_matches

    close = get_close_matches(word[:200], candidates, n=1, cutoff=cutoff)
    return close[0] if close else ""


def near_key(key: str) -> str:
    """The key that is probably meant: one of the same name, else one spelt like it."""
    section, dot, name = key.partition(".")
    by_name = {field.name: field.key for field in all_fields().values()}
    if dot:
        own = {field.name: field.key for field in all_fields().values() if field.section == section}
    else:
        own = {known: known for known in Settings.__struct_fields__}
    word = (name if dot else section).lower().replace("-", "_")
    for names, cutoff in ((own, 1), (by_name, 1), (own, 0.6), (by_name, 0.75)):
        near = nearest_word(word, names, cutoff)
        if near:
            return names[near]
    return ""


# --- settings in words ---


def defaults_yaml() -> str:
    """The documented file of defaults; it loads back to exactly the defaults."""
    parts = [_HEAD]
    for section, fields in _sections():
        declared = getattr(Settings(), section)
        summary = (type(declared).__doc__ or "").strip()
        parts.append(f"\n# {summary}\n{section}:\n" if isinstance(declared, Struct) else "\n")
        for field in fields:
            mark = "  # " if "." in field.key else "# "
            limits = f" Project: {field.free or 'needs trust'}." if field.power != "" else ""
            lines = textwrap.wrap(_sentence(field) + limits, _WIDTH - len(mark))
            parts += [*(f"{mark}{line}\n" for line in lines), _default_entry(field)]
    return "".join(parts)


def effective_text(loaded: LoadedSettings) -> str:
    """The settings in force as YAML, each with where it came from; secrets are masked."""
    source = f"# File: {FILE}" if loaded.path is not None else f"# There is no {FILE} here."
    from tui.settings.notices import notices_of

    own = user_file() if loaded.user_path is None else shown_path(loaded.user_path)
    yours = f"# Your own: {own}" if loaded.user_path else f"# You have no {own}."
    lines = [source, yours, *(f"# {notice}" for notice in notices_of(loaded))]
    for section, fields in _sections():
        lines += ["", f"{section}:"] if "." in fields[0].key else [""]
        for field in fields:
            lines += _effective_entry(field, loaded)
    return "\n".join(lines) + "\n"


def markdown_table() -> str:
    """The README's table of all settings."""
    rows = [
        "| Setting | Default | Takes | What it does | In a project's file |",
        "|---|---|---|---|---|",
    ]
    for field in all_fields().values():
        default = "(a text)" if field.block else f"`{_default(field)}`"
        cells = (f"`{field.key}`", default, field.allowed, _sentence(field), field.in_project)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _sections() -> Iterator[tuple[str, list[SettingField]]]:
    fields = all_fields().values()
    for name in Settings.__struct_fields__:
        yield name, [field for field in fields if field.section == name]


def _sentence(field: SettingField) -> str:
    other = f" Without one, ${field.variable} is used." if field.variable else ""
    return field.sentence + other


def _range_note(field: SettingField) -> str:
    """What may stand there, beside the value: `# hours, 0.01 to 1000`."""
    if field.choices:
        return "  # " + " | ".join(field.choices)
    number = field.item if field.kind == "list" else field
    if number is None or number.low is None:
        return ""
    unit = f"{number.unit}, " if number.unit else ""
    return f"  # {unit}{plain_number(number.low)} to {plain_number(number.high)}"


def _default(field: SettingField) -> str:
    return f"${{{field.variable}}}" if field.variable else _scalar(field.default)


def _default_entry(field: SettingField) -> str:
    if field.key == "prices":
        return _PRICES_EXAMPLE + "prices: {}\n"
    if field.block:
        return f"  {field.name}: |\n" + textwrap.indent(field.default, "    ")
    indent = "  " if "." in field.key else ""
    return f"{indent}{field.name}: {_default(field)}{_range_note(field)}\n"


def _effective_entry(field: SettingField, loaded: LoadedSettings) -> list[str]:
    value = loaded.settings.value(field.key)
    indent = "  " if "." in field.key else ""
    origin = loaded.where.get(field.key, "default")
    shown, body = _scalar(value), []
    if field.block and value.endswith("\n"):
        lines = value.removesuffix("\n").split("\n")
        if all(line.isprintable() and line == line.strip() for line in lines):
            shown, body = "|", textwrap.indent(value.rstrip("\n"), indent * 2).split("\n")
    if field.key in loaded.ignored:
        where = next((ask.where for ask in loaded.asks if ask.key == field.key), FILE)
        origin += f"; ignored: {where} {loaded.ignored[field.key]}"
    return [f"{f'{indent}{field.name}: {shown}':<48} # {origin}", *body]


def shown_value(field: SettingField, located: LocatedValue) -> str:
    """A value of a file as it is written, on one line; a secret shows its mask and the variables in it."""
    names = variables_in(located) if field.secret else ()
    shown = _scalar(_unlocated(located, hidden=field.secret))
    return f"{shown} with ${', $'.join(names)}" if names else shown


def _unlocated(located: LocatedValue, *, hidden: bool) -> Any:
    value = located.value
    if isinstance(value, dict):
        # Who approves variables for the agent must see what they say, but for credentials.
        return {
            key: _unlocated(item, hidden=hidden and _SECRET_NAME.search(key) is not None)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_unlocated(item, hidden=hidden) for item in value]
    return Secret(located.written) if hidden and value is not None else value


def _scalar(value: Any) -> str:
    """A value in YAML's flow style; a secret shows only its mask."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return plain_number(value)
    if isinstance(value, Secret):
        return _text(value.masked())
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_scalar(item) for item in value) + "]"
    if isinstance(value, Struct):
        return _scalar(msgspec.structs.asdict(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(k)}: {_scalar(v)}" for k, v in value.items()) + "}"
    return _text(str(value))


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    import json

    # Escapes keep every control, bidi or zero-width character away from the terminal.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
