"""Takes credentials out of text that is about to leave the machine.

Shapes of well-known keys, assignments to names that sound like one, and the secrets this program
itself was given. What is found is replaced as a whole; a harmless word too many may go with it.
The text has been through the sanitising door: a control sequence inside a key would hide it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote, urlsplit

HIDDEN: Final = "[hidden]"
_SHORTEST: Final = 6

# They split a key for the expressions and not for the eye.
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")

_SOUNDS: Final = (
    r"(?:api_?key|access_?key|secret|token|passw(?:or)?d|passphrase|credentials?|private_?key"
    r"|auth_?key|webhook|dsn|pwd|[A-Z0-9]+_KEY|[A-Z0-9]+_AUTH)"
)
_NAME: Final = rf"[\w.-]{{0,60}}{_SOUNDS}[\w.-]{{0,20}}"

_WHOLE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY.{0,16000}?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)",
        r"\bsk-[A-Za-z0-9_-]{16,}",
        r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}",
        r"\bgh[pousr]_[A-Za-z0-9]{16,}",
        r"\bgithub_pat_[A-Za-z0-9_]{16,}",
        r"\bglpat-[A-Za-z0-9_-]{16,}",
        r"\bxox[a-z]-[A-Za-z0-9-]{10,}",
        r"\bAIza[A-Za-z0-9_-]{30,}",
        r"\b(?:npm_|hf_|pypi-|tk_|dop_v1_)[A-Za-z0-9_-]{20,}",
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        r"\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b",
        r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b",
        r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?",
        r"(?i)(?<=/)services/T[a-z0-9]+/B[a-z0-9]+/[a-z0-9]+",
        r"(?i)(?<=/)webhooks/[0-9]{5,}/[\w-]{10,}",
    )
)
_AWS_ID: Final = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_AWS_SECRET: Final = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])")
_HOOK: Final = re.compile(
    r"(?i)(https?://(?:[\w.-]{1,80}\.)?(?:hooks\.slack(?:-gov)?\.com|webhook\.office\.com"
    r"|discord(?:app)?\.com(?=/api/(?:v[0-9]+/)?webhooks/)))/[^\s\"'<>]*"
)
_KEPT_FRONT: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/\"'<>]{1,500}(?=@)",
        r"(?i)([?&](?:[\w-]{0,20}token|[\w-]{0,20}key|secret|sig|signature|password|auth|code)=)"
        r"[^&\s\"'<>]+",
        r"(?i)(\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)"
        r"[^\s\"',]+",
        r"(?i)(\bbearer\s+)(?=\S*[0-9]|\S{20})[A-Za-z0-9._~+/=-]{8,}",
        r"(?i)(\bx-api-key[\"']?\s*[:=]\s*[\"']?)[^\s\"',]+",
    )
)
# An environment's dump: the value goes on to the next name or the end of its line.
_DUMPED: Final = re.compile(
    r"\b((?:[A-Z0-9_]{0,60}(?:KEY|TOKEN|SECRET|PASSW(?:OR)?D|PASS|CREDENTIALS?|AUTH|DSN|WEBHOOK"
    r"|PWD|PRIVATE)[A-Z0-9_]{0,20})=)(?![0-9][0-9.,_]*(?:\s|$))"
    r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\n]*?(?=\s+[A-Z_][A-Z0-9_]*=|\n|$))"
)
_ASSIGNED: Final = re.compile(
    rf"(?i)\b({_NAME}[\"']?\s{{0,3}}(?:=|:)\s{{0,3}})(?!\[hidden\])(?![0-9][0-9.,_]*(?:\s|$))"
    r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s,;}]+)"
)


def visible(text: str) -> str:
    """`text` without the characters that no reader sees."""
    return _INVISIBLE.sub("", text)


def hide(text: str, known: Iterable[str] = ()) -> str:
    """`text` with credentials as `[hidden]`; `known` are found literally, longest first."""
    for secret in known:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    has_aws = _AWS_ID.search(text) is not None
    text = _HOOK.sub(rf"\1/{HIDDEN}", text)
    for pattern in _WHOLE:
        text = pattern.sub(HIDDEN, text)
    if has_aws:
        text = _AWS_SECRET.sub(_mixed, text)
    for pattern in _KEPT_FRONT:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    text = _DUMPED.sub(rf"\1{HIDDEN}", text)
    return _ASSIGNED.sub(rf"\1{HIDDEN}", text)


def _mixed(match: re.Match[str]) -> str:
    """Forty characters beside an AWS id are its secret, unless they are a commit's id."""
    found = match.group()
    return found if re.fullmatch("[0-9a-f]+", found) else HIDDEN


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Every spelling in which these secrets may turn up in words about them, longest first.

    Error messages quote a URL's path, its user part, or its last segment alone.
    """
    found: set[str] = set()
    for secret in secrets:
        found.update((secret, quote(secret, safe="")))
        if "://" in secret:
            found.update(_parts(secret))
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))


def _parts(url: str) -> Iterable[str]:
    front, _, rest = url.partition("://")
    yield rest
    try:
        parts = urlsplit(url)
        user, password = parts.username, parts.password
    except ValueError:
        return
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # A short path, like a topic of three letters, would take words out of every text.
    yield from (one for one in (path, path.lstrip("/")) if len(one) >= 12)
    yield from (one for one in parts.path.split("/") if len(one) >= 12)
    yield from (one for one in (user, password) if one)
    if front.lower() not in ("http", "https", "ntfy", "ntfys") and parts.hostname:
        host = parts.netloc.rpartition("@")[2]  # for many services the host is a token
        yield from (host for _ in range(1) if "." not in host and len(host) >= 12)


def secret_variables(environ: Mapping[str, str]) -> list[str]:
    """Values of environment variables whose names say that they are credentials."""
    sounds = re.compile(r"(?i)(key|token|secret|passw(or)?d|credential|webhook)(_[a-z]+)?$")
    return [
        value
        for name, value in environ.items()
        if len(value) >= 8 and sounds.search(name) and not value.startswith("/")
    ]
