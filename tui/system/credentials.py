"""What a credential looks like: the one table of patterns, to find, score, cut and hide credentials.

More is hidden than is reported: a harmless word may be hidden too, but no credential may stay. Text must be
sanitised before, because a control sequence inside a key would hide the key from the patterns.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from tui.system.lazy_pattern import lazy

HIDDEN: Final = "[hidden]"
_SHORTEST: Final = 6

# They split a key for the patterns, but not for a reader.
_INVISIBLE: Final = lazy("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")


class CredentialPattern(NamedTuple):
    """One kind of credential.

    The review reports what `found` matches; only "named" and "url" have groups in it. What `found` or
    `wide` matches is hidden, except for a group in `wide`, which stays. A text is searched only when, in
    lower case, it contains one of the `hints`.
    """

    kind: str
    name: str
    hints: tuple[str, ...]
    found: str = ""
    wide: str = ""

    @property
    def hidden(self) -> str:
        """All that is hidden: what matches `wide`, and what the review would report."""
        found = "" if self.kind in ("url", "named") else self.found
        return "|".join(filter(None, (self.wide, found)))


_NAME: Final = (
    r"(?:api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key"
    r"|secret|token|passw(?:or)?d|passphrase|credentials?"
)

# fmt: off
# A table: what a kind is called and what hints at it in the first line, what is found, what is hidden.
PATTERNS: Final = (
    CredentialPattern("hook", "an address that anybody may post to", ("hooks.slack", "webhook"),
        wide=r"((?i:https?://(?:[\w.-]{1,80}\.)?(?:hooks\.slack(?:-gov)?\.com|webhook\.office\.com"
        r"|discord(?:app)?\.com(?=/api/(?:v[0-9]+/)?webhooks/))/))[^\s\"'<>]*"),
    CredentialPattern("aws", "an AWS access key", ("akia", "asia", "abia", "acca", "aroa", "aida"),
        r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])",
        r"\b(?:AROA|AIDA)[A-Z0-9]{16}\b"),
    CredentialPattern("github", "a GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})",
        r"\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{16,}"),
    CredentialPattern("gitlab", "a GitLab token", ("glpat", "glrt", "gldt", "glptt", "glcbt", "glsoat"),
        r"\bgl(?:pat|rt|dt|ptt|cbt|soat)-[A-Za-z0-9_-]{20,}",
        r"\bgl(?:pat|rt|dt|ptt|cbt|soat)-[A-Za-z0-9_-]{16,}"),
    CredentialPattern("slack", "a Slack token", ("xox", "xapp-", "hooks.slack", "services/t"),
        r"\bxox[abeoprs]-(?:\d+-)*[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}"
        r"|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}",
        r"\bxox[a-z]-[A-Za-z0-9-]{10,}|(?<=/)(?i:services/T[a-z0-9]+/B[a-z0-9]+/[a-z0-9]+)"),
    CredentialPattern("google", "a Google key", ("aiza", "gocspx", "ya29"),
        r"\bAIza[0-9A-Za-z_-]{35}\b|\bGOCSPX-[0-9A-Za-z_-]{28}|\bya29\.[0-9A-Za-z_-]{30,}",
        r"\bAIza[A-Za-z0-9_-]{30,}|\bGOCSPX-[0-9A-Za-z_-]{28,}"),
    CredentialPattern("stripe", "a Stripe live key", ("_live_", "_test_", "whsec"),
        r"\b[sr]k_live_[0-9A-Za-z]{16,}|\bwhsec_[0-9A-Za-z]{24,}",
        r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}"),
    CredentialPattern("anthropic", "an Anthropic key", ("sk-ant",), r"\bsk-ant-[a-z0-9]+-[A-Za-z0-9_-]{20,}"),
    CredentialPattern("openai", "an OpenAI key", ("sk-",),
        r"\bsk-(?!ant-)(?:(?:proj|svcacct|admin|None)-)?[A-Za-z0-9_]{20,}[A-Za-z0-9_-]*",
        r"\bsk-[A-Za-z0-9_-]{16,}"),
    CredentialPattern("private", "a private key", ("private key",),
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
        r"(?s:-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY.{0,16000}?(?:-----END [A-Z0-9 ]{0,40}-----|\Z))"),
    CredentialPattern("jwt", "a signed web token (JWT)", ("eyj",),
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"),
    CredentialPattern("npm", "an npm token", ("npm_",),
        r"\bnpm_[A-Za-z0-9]{36}\b",
        r"\bnpm_[A-Za-z0-9_-]{20,}"),
    CredentialPattern("pypi", "a PyPI token", ("pypi-",),
        r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
        r"\bpypi-[A-Za-z0-9_-]{20,}"),
    CredentialPattern("huggingface", "a Hugging Face token", ("hf_",),
        r"\bhf_[A-Za-z0-9]{34}\b",
        r"\bhf_[A-Za-z0-9_-]{20,}"),
    CredentialPattern("sendgrid", "a SendGrid key", ("sg.",),
        r"\bSG\.[\w-]{20,24}\.[\w-]{39,50}",
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    CredentialPattern("discord", "a Discord webhook", ("webhooks/",),
        r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{60,}",
        r"(?<=/)(?i:webhooks/[0-9]{5,}/[\w-]{10,})"),
    CredentialPattern("telegram", "a Telegram bot token", (":",),
        r"(?<!\d)\d{8,10}:AA[\w-]{33}(?!\w)",
        r"\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b"),
    CredentialPattern("digitalocean", "a DigitalOcean token", ("_v1_",),
        r"\bdo[oprt]_v1_[0-9a-f]{64}\b",
        r"\bdo[oprt]_v1_[A-Za-z0-9_-]{20,}"),
    CredentialPattern("azure", "an Azure storage key", ("accountkey=",), r"\bAccountKey=[A-Za-z0-9+/]{80,}=*"),
    CredentialPattern("ntfy", "an ntfy token", ("tk_",), wide=r"\btk_[A-Za-z0-9_-]{20,}"),
    CredentialPattern("url", "a password in an address", ("://",),
        r"\b[a-z][a-z0-9+.-]{2,20}://[^\s/:@\"'<>]{1,60}:(?P<password>[^\s/@\"'<>]{6,120})@[\w.-]+",
        r"\b((?i:[a-z][a-z0-9+.-]{0,20})://)[^\s/\"'<>]{1,500}(?=@)"),
    CredentialPattern("query", "a secret in an address", ("=",),
        wide=r"((?i:[?&](?:[\w-]{0,20}token|[\w-]{0,20}key|secret|sig|signature|password|auth|code)=))"
        r"[^&\s\"'<>]+"),
    CredentialPattern("authorization", "an authorization header", ("authorization", "x-api-key"),
        wide=r"((?i:\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?"
        r"|\bx-api-key[\"']?\s*[:=]\s*[\"']?))[^\s\"',]+"),
    CredentialPattern("bearer", "a bearer token", ("bearer",),
        r"(?<=earer )[A-Za-z0-9_.+/]{24,}=*",
        r"((?i:bearer)\s+)(?=\S*[0-9]|\S{20})[A-Za-z0-9._~+/=-]{8,}"),
    # A dump of an environment: the value reaches to the next name or the end of its line.
    CredentialPattern("dumped", "a secret in an environment", ("=",),
        wide=r"\b((?:[A-Z0-9_]{0,60}(?:KEY|TOKEN|SECRET|PASSW(?:OR)?D|PASS|CREDENTIALS?|AUTH|DSN"
        r"|WEBHOOK|PWD|PRIVATE)[A-Z0-9_]{0,20})=)(?![0-9][0-9.,_]*(?:\s|$))"
        r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\n]*?(?=\s+[A-Z_][A-Z0-9_]*=|\n|$))"),
    CredentialPattern("named", "a secret by its name", ("=", ":"),
        rf"(?i:(?<![\w.\-])[\w.\-]{{0,60}}?{_NAME})[\w\-]{{0,60}})[\"']?\s{{0,20}}(?::=|=>|[:=])\s*"
        r"(?:(?i:[bru]{0,2})(?P<quote>[\"'`])(?P<quoted>[^\"'`\s]{8,200})(?P=quote)"
        r"|(?P<bare>[^\s\"'`]{12,200})$)",
        rf"((?i:\b[\w.-]{{0,60}}{_NAME}|webhook|dsn|pwd|[A-Z0-9]+_KEY|[A-Z0-9]+_AUTH)[\w.-]{{0,60}}"
        r"[\"']?(?:\s{0,3}|[ \t]{0,20})(?::=|=>|[:=])(?:\s{0,3}|[ \t]{0,20})))"
        r"(?!\[hidden\])(?![0-9][0-9.,_]*(?:\s|$))"
        r"(?:(?i:[bru]{0,2})(?:\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`)|[^\s,;}]+)"),
)
# fmt: on

_HIDING: Final = tuple((one.hints, lazy(one.hidden)) for one in PATTERNS)
_NAMES: Final = {one.kind: one.name for one in PATTERNS}
_SHAPED: Final = tuple(one for one in PATTERNS if one.found and one.kind != "named")
_HINTS: Final = tuple(hint for one in _SHAPED for hint in one.hints)
_TOKEN: Final = lazy("|".join(f"(?P<{one.kind}>{one.found})" for one in _SHAPED))
_NAMED: Final = lazy(PATTERNS[-1].found)
_AWS_ID: Final = lazy(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_AWS_SECRET: Final = lazy(
    r"(?<![A-Za-z0-9/+])(?![0-9a-f]{40}(?![A-Za-z0-9/+]))[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"
)

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
_PAIR: Final = lazy(
    r"AKIA[A-Z0-9]{16}[\"'][\s\S]{0,200}?secret\w*[\"']?\s*[:=]\s*[\"'][A-Za-z0-9/+]{40}[\"']", re.I
)
_ENTROPY: Final = 3.5

Score = Literal["high", "medium", "low"]


# --- to find and to score ---


class Credential(NamedTuple):
    """Something in a text that has the shape of a credential, and where it begins."""

    kind: str
    value: str
    start: int


def find_credentials(text: str, path: str = "") -> Iterator[Credential]:
    """Everything in a line that looks like a credential; `path` is the file of the line."""
    lower = text.lower()
    if any(hint in lower for hint in _HINTS):
        for found in _TOKEN.finditer(text):
            kind = str(found.lastgroup if found.lastgroup != "password" else "url")
            group = "password" if kind == "url" else kind
            yield Credential(kind, found.group(group), found.start(group))
    for found in _NAMED.finditer(text) if "=" in text or ":" in text else ():
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


def entropy(text: str) -> float:
    """Bits per character, by how often each occurs in the text itself."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) if total else 0.0


def has_aws_pair(text: str) -> bool:
    """Whether an AWS key's id is beside a secret of the right size."""
    return _PAIR.search(text) is not None


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


# --- to hide ---


def drop_invisible(text: str) -> str:
    """`text` without invisible characters."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def hide_credentials(text: str, known: Iterable[str] = ()) -> str:
    """`text` with credentials as `[hidden]`; `known` are found literally, longest first."""
    for secret in known:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    lower = text.lower()
    has_aws = ("akia" in lower or "asia" in lower) and _AWS_ID.search(text) is not None
    for hints, pattern in _HIDING:
        if any(hint in lower for hint in hints):
            kept = "\\g<1>" if pattern.groups else ""
            text = pattern.sub(kept + HIDDEN, text)
    # Forty characters beside an AWS id are its secret, unless they are a commit's id.
    return _AWS_SECRET.sub(HIDDEN, text) if has_aws else text


def spellings_of(secrets: Iterable[str]) -> tuple[str, ...]:
    """Every spelling in which these secrets may appear in messages, longest first.

    Error messages quote a URL's path, its user part, or its last segment alone.
    """
    from urllib.parse import quote  # late: the journal imports this module at every start

    found: set[str] = set()
    for secret in secrets:
        found.update((secret, quote(secret, safe="")))
        if "://" in secret:
            found.update(_url_parts(secret))
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))


def _url_parts(url: str) -> Iterable[str]:
    from urllib.parse import urlsplit

    front, _, rest = url.partition("://")
    yield rest
    try:
        parts = urlsplit(url)
        user, password = parts.username, parts.password
    except ValueError:
        return
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # A short path, such as a topic of three letters, would hide words of every text.
    yield from (one for one in (path, path.lstrip("/")) if len(one) >= 12)
    yield from (one for one in parts.path.split("/") if len(one) >= 12)
    yield from (one for one in (user, password) if one)
    if front.lower() not in ("http", "https", "ntfy", "ntfys") and parts.hostname:
        host = parts.netloc.rpartition("@")[2]  # for many services the host is a token
        yield from (host for _ in range(1) if "." not in host and len(host) >= 12)


def secret_variables(environ: Mapping[str, str]) -> list[str]:
    """Values of environment variables whose names are those of credentials."""
    named_secret = re.compile(r"(?i)(key|token|secret|passw(or)?d|credential|webhook)(_[a-z]+)?$")
    return [
        value
        for name, value in environ.items()
        if len(value) >= 8 and named_secret.search(name) and not value.startswith("/")
    ]
