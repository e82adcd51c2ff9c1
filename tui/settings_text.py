"""Settings in words: the documented file of defaults, the settings in force, the README's table."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tui.settings import FILE, Loaded, Settings
from tui.settings_fields import Field, fields_of, plain
from tui.settings_load import value_of
from tui.settings_types import Secret

_WIDTH: Final = 96
_PLAIN: Final = re.compile(r"[A-Za-z_./][A-Za-z0-9_./ -]*(?<! )")
_WORDS_OF_YAML: Final = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"}
)

_HEAD: Final = f"""\
# Settings of overnight-tui: every one of them, with its default.
#
# A copy of this file at PROJECT/{FILE} configures that project; keep the lines you
# change and drop the rest. A flag goes before an environment variable, a variable before the file:
# budget.max_cost_usd is also OVERNIGHT_BUDGET_MAX_COST_USD. ${{NAME}} and ${{NAME:-default}} are
# filled in from the environment. `overnight-tui config` shows what is in force, and why.
"""

_PRICES_EXAMPLE: Final = """\
# prices:
#   some-model: {input: 3, output: 15, cache_write_5m: 3.75, cache_write_1h: 6, cache_read: 0.3}
"""


def defaults_yaml() -> str:
    """The documented file of defaults; it loads back to exactly the defaults."""
    parts = [_HEAD]
    for section, fields in _sections():
        parts.append("\n" + _section_head(section))
        for field in fields:
            parts += [_comment(field, "  " if "." in field.key else ""), _default_entry(field)]
    return "".join(parts)


def effective_text(loaded: Loaded) -> str:
    """The settings in force as YAML, each with where it came from; secrets are masked."""
    source = f"# File: {FILE}" if loaded.path is not None else f"# There is no {FILE} here."
    lines = [source, *(f"# {notice}" for notice in loaded.notices)]
    for section, fields in _sections():
        if "." in fields[0].key:
            lines += ["", f"{section}:"]
        else:
            lines.append("")
        for field in fields:
            lines += _effective_entry(field, loaded)
    return "\n".join(lines) + "\n"


def markdown_table() -> str:
    """The README's table of all settings."""
    rows = ["| Setting | Default | Takes | What it does |", "|---|---|---|---|"]
    for field in fields_of(Settings).values():
        default = "(a text)" if field.block else f"`{_default(field)}`"
        cells = (f"`{field.key}`", default, field.allowed, _sentence(field))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _sections() -> Iterator[tuple[str, list[Field]]]:
    fields = fields_of(Settings).values()
    for name in Settings.__struct_fields__:
        yield name, [field for field in fields if field.section == name]


def _section_head(name: str) -> str:
    section = getattr(Settings(), name)
    if not isinstance(section, msgspec.Struct):
        return ""
    summary = (type(section).__doc__ or "").strip()
    return f"# {summary}\n{name}:\n"


def _comment(field: Field, indent: str) -> str:
    lines = textwrap.wrap(_sentence(field), _WIDTH - len(indent) - 2)
    return "".join(f"{indent}# {line}\n" for line in lines)


def _sentence(field: Field) -> str:
    if field.variable:
        return f"{field.sentence} Without one, ${field.variable} is used."
    return field.sentence


def _range_note(field: Field) -> str:
    """What may stand there, beside the value: `# hours, 0.01 to 1000`."""
    if field.choices:
        return "  # " + " | ".join(field.choices)
    number = field.item if field.kind == "list" else field
    if number is None or number.low is None:
        return ""
    unit = f"{number.unit}, " if number.unit else ""
    return f"  # {unit}{plain(number.low)} to {plain(number.high)}"


def _default(field: Field) -> str:
    return f"${{{field.variable}}}" if field.variable else _scalar(field.default)


def _default_entry(field: Field) -> str:
    if field.key == "prices":
        return _PRICES_EXAMPLE + "prices: {}\n"
    if field.block:
        return f"  {field.name}: |\n" + textwrap.indent(field.default, "    ")
    return f"  {field.name}: {_default(field)}{_range_note(field)}\n"


def _effective_entry(field: Field, loaded: Loaded) -> list[str]:
    value = value_of(loaded.settings, field.key)
    indent = "  " if "." in field.key else ""
    origin = loaded.where.get(field.key, "default")
    if field.block and _is_plain_block(value):
        head = f"{indent}{field.name}: |"
        body = textwrap.indent(value.rstrip("\n"), indent * 2)
        return [f"{head:<48} # {origin}", *body.split("\n")]
    text = f"{indent}{field.name}: {_scalar(value)}"
    return [f"{text:<48} # {origin}"]


def _is_plain_block(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    return text.endswith("\n") and all(
        line.isprintable() and line == line.strip() for line in lines if line
    )


def _scalar(value: Any) -> str:
    """A value in YAML's flow style; a secret shows only its mask."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return plain(value)
    if isinstance(value, Secret):
        return _text(value.masked())
    if isinstance(value, tuple):
        return "[" + ", ".join(_scalar(item) for item in value) + "]"
    if isinstance(value, msgspec.Struct):
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
