"""Strings that look like secrets, in lines the night added; found, they are never shown whole."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tui.changes import Changes, FileChange, Hunk
from tui.night.review.finding import ORDER, Finding, Line, is_prose, is_test, lines, many
from tui.night.review.model import Severity
from tui.patterns import lazy

_SHAPES: dict[str, str] = {
    "aws": r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])",
    "github": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})",
    "gitlab": r"\bgl(?:pat|rt|dt|ptt|cbt|soat)-[A-Za-z0-9_-]{20,}",
    "slack": r"\bxox[abeoprs]-(?:\d+-)*[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}"
    r"|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}",
    "google": r"\bAIza[0-9A-Za-z_-]{35}\b|\bGOCSPX-[0-9A-Za-z_-]{28}|\bya29\.[0-9A-Za-z_-]{30,}",
    "stripe": r"\b[sr]k_live_[0-9A-Za-z]{16,}|\bwhsec_[0-9A-Za-z]{24,}",
    "anthropic": r"\bsk-ant-[a-z0-9]+-[A-Za-z0-9_-]{20,}",
    "openai": r"\bsk-(?!ant-)(?:(?:proj|svcacct|admin|None)-)?[A-Za-z0-9_]{20,}[A-Za-z0-9_-]*",
    "private": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "jwt": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    "pypi": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "huggingface": r"\bhf_[A-Za-z0-9]{34}\b",
    "sendgrid": r"\bSG\.[\w-]{20,24}\.[\w-]{39,50}",
    "discord": r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{60,}",
    "telegram": r"(?<!\d)\d{8,10}:AA[\w-]{33}(?!\w)",
    "digitalocean": r"\bdo[oprt]_v1_[0-9a-f]{64}\b",
    "azure": r"\bAccountKey=[A-Za-z0-9+/]{80,}=*",
    "bearer": r"(?<=earer )[A-Za-z0-9_.+/]{24,}=*",
    "url": r"\b[a-z][a-z0-9+.-]{2,20}://[^\s/:@\"'<>]{1,60}:(?P<password>[^\s/@\"'<>]{6,120})@[\w.-]+",
}
_NAMES = {
    "aws": "an AWS access key",
    "github": "a GitHub token",
    "gitlab": "a GitLab token",
    "slack": "a Slack token",
    "google": "a Google key",
    "stripe": "a Stripe live key",
    "anthropic": "an Anthropic key",
    "openai": "an OpenAI key",
    "private": "a private key",
    "jwt": "a signed web token (JWT)",
    "npm": "an npm token",
    "pypi": "a PyPI token",
    "huggingface": "a Hugging Face token",
    "sendgrid": "a SendGrid key",
    "discord": "a Discord webhook",
    "telegram": "a Telegram bot token",
    "digitalocean": "a DigitalOcean token",
    "azure": "an Azure storage key",
    "bearer": "a bearer token",
    "url": "a password in an address",
    "named": "a secret by its name",
}
_TOKEN = lazy("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SHAPES.items()))
_HINT = lazy(
    r"A[KSBC][IC]A|gh[pousr]_|github_pat|gl[prdcs]|xox|xapp-|hooks\.slack|AIza|GOCSPX|ya29|_live_|whsec|sk-"
    r"|PRIVATE KEY|eyJ|npm_|pypi-|hf_|SG\.|webhooks|:AA|_v1_|AccountKey|earer |://[^/\s]*:[^/\s]*@"
)
_NAMED = lazy(
    r"(?P<name>(?<![\w.\-])[\w.\-]{0,60}?(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key"
    r"|signing[_-]?key|encryption[_-]?key|credentials?)[\w\-]{0,60})[\"']?\s{0,20}(?::=|=>|[:=])\s*"
    r"(?:[bru]{0,2}(?P<quote>[\"'`])(?P<quoted>[^\"'`\s]{8,200})(?P=quote)|(?P<bare>[^\s\"'`]{12,200})$)",
    re.IGNORECASE,
)
_BARE_FILES = lazy(
    r"(?:^|/)\.env(?:\.|$)|\.(?:env|envrc|ini|cfg|conf|properties|ya?ml|toml|tfvars|sh|bash|zsh)$"
    r"|(?:^|/)(?:Dockerfile|Containerfile)[^/]*$"
)
_PLACEHOLDER = lazy(
    r"x{3,}|\*{3,}|\.{3,}|…|change.?me|example|place.?holder|dummy|fake|sample|your[_-]|insert|redacted|[<>{}$%]"
    r"|process\.env|environ|getenv|todo|foobar|1234|abcd|qwert|0{5,}|lorem|hunter2|letmein|not.?a.?real|mock|secret"
    r"|passw|test|demo|default|token|api.?key|none|null|undefined",
    re.IGNORECASE,
)
_STAND_IN = lazy(
    r"x{4,}|\*{3,}|\.{3,}|…|example|place.?holder|dummy|fake|your[_-]|redacted|[<>{}$]|1234567|abcdef|abcd1234|0{6,}"
    r"|not.?a.?real|changeme",
    re.IGNORECASE,
)
_REFERENCE = lazy(
    r"^(?:[a-z_]+\.)+[a-z_]+$|^(?:https?|file)://|^[./~]|^arn:|^\w+\(|^sha\d+[-:]|^secrets?[./]",
    re.I,
)
_MATERIAL = lazy(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}={0,2}")
_ENTROPY = 3.5


class _Hit(NamedTuple):
    kind: str
    value: str
    severity: Severity
    line: Line | None = None


def find(changes: Changes) -> Iterator[Finding]:
    """One finding per path, and one per path for what came and went but stays in the history."""
    known = _removed(changes)
    here: set[str] = set()
    for change in changes.files:
        hits = [hit for hit in _hits(change) if hit.value not in known]
        here.update(hit.value for hit in hits)
        if hits:
            yield _finding(change, hits, "")
    past: dict[str, tuple[FileChange, list[_Hit]]] = {}
    for step in changes.steps:
        hits = [hit for hit in _hits(step) if step.commit and hit.value not in here]
        if hits:
            past.setdefault(step.path, (step, []))[1].extend(hits)
    for step, hits in past.values():
        yield _finding(step, hits, "; it is gone again, but the history keeps it")


def _finding(change: FileChange, hits: list[_Hit], more: str) -> Finding:
    worst = min(hits, key=lambda hit: ORDER[hit.severity])
    words = f"{_NAMES[worst.kind]} ({masked(worst.value)})"
    others = len({hit.value for hit in hits}) - 1
    if others:
        words += f" and {many(others, 'more string')} like a secret"
    line = worst.line
    return Finding(
        "secret",
        change.path,
        worst.severity,
        words + more,
        line.hunk if line else None,
        f"+{line.text}" if line else "",
        commit=change.commit if more else "",
    )


def _removed(changes: Changes) -> set[str]:
    """Values that stood in the repository before."""
    return {
        value
        for change in changes.files
        for line in lines(change)
        if line.sign == "-"
        for _, value, _ in _strings(line.text, change.path)
    }


def _hits(change: FileChange) -> Iterator[_Hit]:
    """Secrets in the lines that came, each value once."""
    if change.generated or change.binary:
        return
    seen: set[str] = set()
    pair = _is_pair(change)
    for line in lines(change):
        if line.sign != "+":
            continue
        for kind, value, _ in _strings(line.text, change.path):
            if kind == "private" and not _has_body(line):
                continue
            severity = _severity(kind, value, change.path, pair)
            if severity is not None and value not in seen:
                seen.add(value)
                yield _Hit(kind, value, severity, line)


def _strings(text: str, path: str) -> Iterator[tuple[str, str, int]]:
    """Kind, value and place of everything in a line that has the shape of a secret."""
    if _HINT.search(text):
        for found in _TOKEN.finditer(text):
            kind = str(found.lastgroup if found.lastgroup != "password" else "url")
            group = "password" if kind == "url" else kind
            yield kind, found.group(group), found.start(group)
    for found in _NAMED.finditer(text):
        quoted, bare = found.group("quoted"), found.group("bare")
        if quoted:
            yield "named", quoted, found.start("quoted")
        elif bare and _BARE_FILES.search(path):
            yield "named", bare, found.start("bare")


def _has_body(opening: Line) -> bool:
    """Whether key material follows the line that opens a private key, or stands in it."""
    if _MATERIAL.search(opening.text.partition("KEY")[2]):
        return True
    listed = opening.hunk.lines
    at = next((n for n, text in enumerate(listed) if text == f"+{opening.text}"), len(listed))
    return any(_MATERIAL.search(text) for text in listed[at + 1 : at + 6])


def _is_pair(change: FileChange) -> bool:
    """Whether a key's id stands beside a secret of the size that belongs to it, in source."""
    if is_test(change.path) or is_prose(change.path):
        return False
    came = "\n".join(line.text for line in lines(change) if line.sign == "+")
    return _PAIR.search(came) is not None


_PAIR = lazy(
    r"AKIA[A-Z0-9]{16}[\"'][\s\S]{0,200}?secret\w*[\"']?\s*[:=]\s*[\"'][A-Za-z0-9/+]{40}[\"']", re.I
)


def _severity(kind: str, value: str, path: str, pair: bool) -> Severity | None:
    if kind in ("named", "bearer"):
        return _named_severity(value, path)
    if kind == "private":
        return "medium" if is_test(path) or is_prose(path) else "high"
    plain = value.partition("-")[2] if kind == "openai" else value
    if kind == "url" and (_PLACEHOLDER.search(value) or len(set(value)) < 6):
        return None
    if _STAND_IN.search(value) or len(set(plain)) < 8:
        return "medium" if kind == "aws" and pair else None
    if kind == "openai" and not any(char.isdigit() for char in plain):
        return None
    if kind in ("jwt", "url"):
        return "low" if is_test(path) or is_prose(path) else "medium"
    return "medium" if is_test(path) or is_prose(path) else "high"


def _named_severity(value: str, path: str) -> Severity | None:
    if is_test(path) or is_prose(path) or _PLACEHOLDER.search(value) or _REFERENCE.search(value):
        return None
    kinds = sum(any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit))
    if entropy(value) < _ENTROPY or kinds < 2 or not any(map(str.isdigit, value)):
        return None
    return "high" if len(value) >= 16 else "medium"


def entropy(text: str) -> float:
    """Bits per character, by how often each occurs in the text itself."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) if total else 0.0


# --- not to be shown ---


def masked(value: str) -> str:
    """A secret as it may be shown: its first characters and its length."""
    if value.startswith("-----BEGIN"):
        return value.strip("-").lower().removeprefix("begin ")
    return f"{value[:4]}…, {len(value)} characters"


def redacted(text: str, path: str = "") -> str:
    """`text` with every string of a secret's shape cut to its first four characters."""
    found = [
        (start, value)
        for kind, value, start in _strings(text, path)
        if kind != "private" and (kind != "named" or entropy(value) >= 3)
    ]
    for start, value in sorted(found, reverse=True):
        if text[start : start + len(value)] == value:
            text = text[:start] + value[:4] + "…redacted" + text[start + len(value) :]
    return text


def without_secrets(hunk: Hunk, path: str) -> Hunk:
    """The hunk with all secrets cut, the body of a private key included."""
    shown: list[str] = []
    inside = False
    for line in hunk.lines:
        if "PRIVATE KEY" in line and "-----END" in line:
            inside = False
        shown.append(f"{line[:1]}…redacted" if inside else line[:1] + redacted(line[1:], path))
        if "PRIVATE KEY" in line and "-----BEGIN" in line and "-----END" not in line:
            inside = True
    return Hunk(hunk.old_start, hunk.new_start, tuple(shown), redacted(hunk.heading, path))
