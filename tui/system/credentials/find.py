"""Finding credentials in changes, how bad each is, and cutting them for the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from tui.system.credentials.shapes import AWS_PAIR, PATTERNS
from tui.system.credentials.values import entropy
from tui.system.lazy_pattern import lazy

_NAMES: Final = {one.kind: one.name for one in PATTERNS}
_SHAPED: Final = tuple(one for one in PATTERNS if one.found and one.kind != "named")
_HINTS: Final = tuple(hint for one in _SHAPED for hint in one.hints)
_TOKEN: Final = lazy("|".join(f"(?P<{one.kind}>{one.found})" for one in _SHAPED))
_NAMED: Final = lazy(PATTERNS[-1].found)
_SECRET_NAMES: Final = ("key", "secret", "token", "passw", "passphrase", "credential")
"""One of them is in each name that the pattern of named secrets takes."""

_BARE_FILES: Final = lazy(
    r"(?:^|/)\.env(?:\.|$)|\.(?:env|envrc|ini|cfg|conf|properties|ya?ml|toml|tfvars|sh|bash|zsh)$"
    r"|(?:^|/)(?:Dockerfile|Containerfile)[^/]*$"
)
_PLACEHOLDER: Final = lazy(
    r"x{3,}|\*{3,}|\.{3,}|…|change.?me|example|place.?holder|dummy|fake|sample|your[_-]|insert|redacted|[<>{}$%]"
    r"|process\.env|environ|getenv|todo|foobar|1234|abcd|qwert|0{5,}|lorem|hunter2|letmein|not.?a.?real|mock|secret"
    r"|passw|test|demo|default|token|api.?key|none|null|undefined",
    re.IGNORECASE,
)
_STAND_IN: Final = lazy(
    r"x{4,}|\*{3,}|\.{3,}|…|example|place.?holder|dummy|fake|your[_-]|redacted|[<>{}$]|1234567|abcdef|abcd1234|0{6,}"
    r"|not.?a.?real|changeme",
    re.IGNORECASE,
)
_REFERENCE: Final = lazy(
    r"^(?:[a-z_]+\.)+[a-z_]+$|^(?:https?|file)://|^[./~]|^arn:|^\w+\(|^sha\d+[-:]|^secrets?[./]",
    re.I,
)
_MATERIAL: Final = lazy(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}={0,2}")
_ENTROPY: Final = 3.5

Score = Literal["high", "medium", "low"]


# --- to find and to score ---


class Credential(NamedTuple):
    """Something in a text that has the shape of a credential, and where it begins."""

    kind: str
    value: str
    start: int


def hints_in(text: str) -> tuple[str, ...]:
    """The words without which nothing in a text is a credential of a known shape."""
    lower = text.lower()
    return tuple(hint for hint in _HINTS if hint in lower)


def find_credentials(
    text: str, path: str = "", hints: tuple[str, ...] = _HINTS
) -> Iterator[Credential]:
    """Everything in a line that looks like a credential; `path` is the file of the line.

    `hints` are those of a longer text that the line is from, where somebody looked already.
    """
    lower = text.lower()
    if any(hint in lower for hint in hints):
        for found in _TOKEN.finditer(text):
            kind = str(found.lastgroup if found.lastgroup != "password" else "url")
            group = "password" if kind == "url" else kind
            yield Credential(kind, found.group(group), found.start(group))
    is_named = ("=" in text or ":" in text) and any(name in lower for name in _SECRET_NAMES)
    for found in _NAMED.finditer(text) if is_named else ():
        quoted, bare = found.group("quoted"), found.group("bare")
        if quoted:
            yield Credential("named", quoted, found.start("quoted"))
        elif bare and _BARE_FILES.search(path):
            yield Credential("named", bare, found.start("bare"))


# complexity: a table in code, one rule for each kind of credential
def score_credential(
    kind: str, value: str, *, is_aside: bool, has_pair: bool = False
) -> Score | None:
    """How bad it is that a file holds this; None for what only looks like a credential.

    `is_aside` says that the file is a test or prose, `has_pair` that an AWS id is beside its secret.
    """
    if kind in ("named", "bearer"):
        return None if is_aside else _score_named(value)
    if kind == "private":
        return "medium" if is_aside else "high"
    plain = value.partition("-")[2] if kind == "openai" else value
    if kind == "url" and (_PLACEHOLDER.search(value) or len(set(value)) < 6):
        return None
    if _STAND_IN.search(value) or len(set(plain)) < 8:
        return "medium" if kind == "aws" and has_pair else None
    if kind == "openai" and not any(char.isdigit() for char in plain):
        return None
    if kind in ("jwt", "url"):
        return "low" if is_aside else "medium"
    return "medium" if is_aside else "high"


def _score_named(value: str) -> Score | None:
    if _PLACEHOLDER.search(value) or _REFERENCE.search(value):
        return None
    kinds = sum(any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit))
    if entropy(value) < _ENTROPY or kinds < 2 or not any(map(str.isdigit, value)):
        return None
    return "high" if len(value) >= 16 else "medium"


def has_aws_pair(text: str) -> bool:
    """Whether an AWS key's id is beside a secret of the right size."""
    return AWS_PAIR.search(text) is not None


def has_key_material(text: str) -> bool:
    """Whether the text holds what may be a line of a private key's body."""
    return _MATERIAL.search(text) is not None


def credential_name(kind: str) -> str:
    """What a person calls a credential of that kind, with its article."""
    return _NAMES[kind]


# --- to cut ---


def mask_credential(value: str) -> str:
    """A credential as it may be shown: its first characters and its length."""
    if value.startswith("-----BEGIN"):
        return value.strip("-").lower().removeprefix("begin ")
    return f"{value[:4]}…, {len(value)} characters"


def cut_credentials(text: str, path: str = "") -> str:
    """`text` with everything that looks like a credential cut to its first four characters."""
    found = [
        (start, value)
        for kind, value, start in find_credentials(text, path)
        if kind != "private" and (kind != "named" or entropy(value) >= 3)
    ]
    for start, value in sorted(found, reverse=True):
        if text[start : start + len(value)] == value:
            text = text[:start] + value[:4] + "…redacted" + text[start + len(value) :]
    return text
