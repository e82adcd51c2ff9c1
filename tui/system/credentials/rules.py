"""Which part of a match is the secret: one rule for each way of giving one by name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from tui.system.credentials.values import (
    is_code,
    is_key_like,
    is_number,
    is_path,
    is_sentence,
    is_stand_in,
    is_word,
    looks_random,
    trimmed,
)
from tui.system.lazy_pattern import lazy

Spans = Iterator[tuple[int, int]]

_HARMLESS_SUFFIX: Final = lazy(
    r"(?:^|[_.-]|(?<=[a-z])(?=[A-Z]))(?:counts?|limits?|ur[li]s?|names?|files?|paths?|fields?|types?|len|length|sizes?"
    r"|expir(?:y|es|ed|ation)(?:_?(?:in|at))?|ttl|age|endpoint|budget|usage|polic(?:y|ies)|hints?|ref|used|prefix|var"
    r"|variable|regex|pattern|label|placeholder|min|max|version|columns?|param|rotation|manager|store|provider|scopes?"
    r"|env|dir|folder|format|algorithm|fingerprint|id|ids|sum|per\w*|left|remaining|total|rate|price|cost|window|usage"
    r"|required|enabled|authentication|strength|rules?|reset|reset[_-]url|mode|class|kind|source|index|format|ring|board"
    r"|bindings?|map|error|errors|message|messages|text|title|help|description|validator|input|check|generator|service)s?$",
    re.IGNORECASE,
)
_HARMLESS_FRONT: Final = lazy(
    r"(?i:(?:^|[^a-z])(?:public|pub|max|min|num|total|input|output|cache|cached|prompt|completion|context|primary|foreign"
    r"|partition|sort|row|object|idempotency|translation|lookup|host|known|verify|no|any|each|per|of|hash|commit|used"
    r"|page|next|continuation|mask|pad|eos|bos|unk|sep|special|tree|blob)[ _.-]?)$"
)
_PUBLIC: Final = lazy(r"ssh-|ecdsa-")
_SHORT_NAMES: Final = frozenset({"pass", "pw"})
_ANY_KEY: Final = lazy(r"KEY$")
_STRICT: Final = lazy(r"(?i)passw|passphrase|passcode|pwd|pass$")


_FILLED: Final = lazy(r"(?i)x{6,}|\.{3}|placeholder|your[-_]|([0*.])\1{9,}$")


def whole(match: re.Match[str]) -> Spans:
    """A shape that is known by its own letters; `xxxx` in its place is none."""
    start, end = value_span(match)
    value = match.string[start:end]
    if _FILLED.search(value):
        return
    yield start, end


def value_span(match: re.Match[str]) -> tuple[int, int]:
    """What is hidden of a match: its group `value` where it has one, else all of it."""
    if "value" in match.re.groupindex and match.start("value") >= 0:
        return match.span("value")
    return match.span()


def given(match: re.Match[str]) -> Spans:
    """A header, or another place that holds nothing but a secret."""
    start, end = value_span(match)
    value = trimmed(match.string[start : min(end, start + 4_000)])
    if len(value) < 4 or is_stand_in(value) or is_number(value) or is_path(value):
        return
    if (value.islower() or value.istitle()) and is_word(value):
        return
    if not is_code(value):
        yield start, start + len(value)


def random(match: re.Match[str]) -> Spans:
    """A place that may hold words as well."""
    start, end = value_span(match)
    value = trimmed(match.string[start : min(end, start + 4_000)])
    if looks_random(value) and not is_stand_in(value):
        yield start, start + len(value)


# complexity: a table in code: what may stand behind a name, by how it is written
def named(match: re.Match[str]) -> Spans:
    """`name = value`, `"name": "value"`, `name: value`, `name is value`."""
    group = next((one for one in ("q1", "q2", "q3") if match[one] is not None), "bare")
    start, is_quoted = match.start(group), group != "bare"
    value = match[group] if is_quoted else trimmed(match[group])
    if len(value) < 4 or (match["strong"] is None and len(value) < 8):
        return
    name, suffix, sign = match["strong"] or match["weak"], match["suffix"], match["sign"].strip()
    if name[-1].islower() and suffix[:1].islower() and suffix not in ("s", "text"):
        return  # another word: a tokenizer
    front = match.string[max(0, match.start() - 24) : match.start()]
    if (suffix and _HARMLESS_SUFFIX.search(suffix)) or (
        _HARMLESS_FRONT.search(front) and "pass" not in name
    ):
        return
    plural = suffix in ("s", "S")
    strict = _STRICT.search(name) is not None
    if sign not in (":", "=", ":=", "=>", "->", "==", ": ="):
        is_secret = is_key_like(value) or (
            looks_random(value) and (bool(sign) or (strict and len(value) >= 10))
        )
    elif match["strong"] is None or plural:
        is_secret = is_key_like(value) or (name.lower() in _SHORT_NAMES and looks_random(value))
    elif is_quoted:
        is_secret = _quoted(value, strict)
    else:
        is_tight = "=" in sign and match["sign"] == sign
        is_secret = _bare(value, strict, is_tight, _is_alone(match, start + len(value)))
    if is_secret and not is_stand_in(value) and _PUBLIC.match(value) is None:
        yield start, _whole_run(match.string, start, start + len(value))


_RUN: Final = lazy(r"[^\s\"'`;]*")
_LOOKED_AT: Final = 160


def _whole_run(text: str, start: int, end: int) -> int:
    """Where a value ends of which only the first characters were looked at."""
    if end - start < _LOOKED_AT:
        return end
    run = _RUN.match(text, end)
    return end if run is None else run.end()


def _quoted(value: str, strict: bool) -> bool:
    if is_sentence(value) or (is_number(value) and not strict) or is_path(value):
        return False
    return len(value) >= (4 if strict else 6)


def _bare(value: str, strict: bool, tight: bool, alone: bool) -> bool:
    """Whether an unquoted value is a secret; `tight` is `name=value`, `alone` that the line ends there."""
    if is_number(value):
        return strict and (tight or alone) and len(value) >= 4
    if looks_random(value):
        return True
    if is_path(value) or is_code(value):
        return False
    if tight:
        return len(value) >= (4 if strict else 6)
    if is_word(value):
        return strict and alone and len(value) >= 5
    return strict and len(value) >= 6


def _is_alone(match: re.Match[str], end: int) -> bool:
    """Whether name and value are all of their line, as in a settings file."""
    text = match.string
    line = text.rfind("\n", max(0, match.start() - 60), match.start()) + 1
    front, rest = text[max(line, match.start() - 60) : match.start()], text[end : end + 2]
    return (not rest or rest[0] in "\r\n") and not re.search(r"[^\w\s.\"'-]|\w\s+\w", front)


# --- options ---

_PROSE_CONTEXT: Final = lazy(
    r"(?i)(?:\b(?:docker|podman|nerdctl|kubectl|sudo|su|chown|runuser|setpriv|gosu|date|id)\b)"
)
_HTTP: Final = lazy(r"\b(?:curl|wget|https?|xh|httpie|ab|siege|svn|lftp|smbclient)\b")


def option(match: re.Match[str]) -> Spans:
    """`--token VALUE`, `--password=VALUE`."""
    start, end = value_span(match)
    value = match.string[start:end]
    value = trimmed(value) if match["quote"] is None else value
    if len(value) < 4 or value.startswith("-") or is_stand_in(value):
        return
    if match["weak"] is not None:
        if looks_random(value) and not is_path(value):
            yield start, start + len(value)
        return
    if re.match(r"(?:id|type|src|source|env|target)=", value) or is_path(value):
        return
    if is_number(value) and len(value) < (6 if "pass" in match["strong"].lower() else 8):
        return
    yield start, start + len(value)


def user_password(match: re.Match[str]) -> Spans:
    """`-u user:password`; not `-u 1000:1000` or a user with a group."""
    start, end = value_span(match)
    user, value = match["user"], match.string[start:end]
    if value.startswith(("//", "/", "%", ":")) or user[:1] in "+%-" or is_stand_in(value):
        return
    line = _line_before(match)
    if _HTTP.search(line) is None:
        words = _PROSE_CONTEXT.search(line) is not None or value.isdigit() or value == user
        if words or not looks_random(value):
            return
    if not (value.isdigit() and len(value) < 5):
        yield start, end


# Programs by the option that holds a password; those of `login` only where they log in or upload.
_PROGRAM: Final = lazy(
    r"(?<![\w.-])(?:(?P<p>(?:mysql|mariadb)[\w-]{0,16}(?:\.exe)?|mycli|mongo\w{0,12}|influx|cqlsh|beeline|rabbitmqadmin"
    r"|cadaver|ipa|rdesktop|7z[ar]?|smbmap)|(?P<sshpass>sshpass)|(?P<P>zip|unzip|mosquitto_\w{1,8}|ipmitool|sqlcmd"
    r"|bcp|isql)|(?P<a>(?:redis|keydb|valkey)-(?:cli|benchmark))|(?P<w>ldap\w{1,12})|(?P<k>openssl)|(?P<login>docker|podman|nerdctl"
    r"|helm|buildah|skopeo|oras|crane|az|cf|oc|argocd|twine|vault|acr))(?=\s)"
)
_LOGS_IN: Final = lazy(r"\b(?:login|upload)\b")
_ATTACHED: Final = ("mysql", "mariadb", "mycli", "7z")
_NEAR: Final = 250


def short_option(match: re.Match[str]) -> Spans:
    """`-pVALUE` and `-p VALUE` of the few programs for which it is a password."""
    start, end = value_span(match)
    value = match.string[start:end]
    if value.startswith("-") or is_stand_in(value):
        return
    program = _program_of(match)
    # A detached word after mysql's -p is a database's name; a second -p of sshpass is ssh's port.
    if not program or (match["gap"] and program.startswith(_ATTACHED) and not looks_random(value)):
        return
    if not (match["gap"] and value.isdigit() and len(value) <= 5):
        yield start, end


def _program_of(match: re.Match[str]) -> str:
    """The program of this command for which the option holds a password; empty if none does."""
    text, start, flag = match.string, match.start(), match["flag"]
    places, names, groups = _programs(text)
    last = bisect_left(places, start)
    for number in range(last - 1, max(-1, last - 4), -1):
        place, name, group = places[number], names[number], groups[number]
        if start - place > _NEAR:
            break
        between = text[place + len(name) : start]
        if _last_separator(between):
            break
        if (
            group == flag
            or (group == "sshpass" and flag == "p" and not between.strip())
            or (group == "login" and flag == "p" and _LOGS_IN.search(between))
        ):
            return name
    return ""


@lru_cache(maxsize=2)
def _programs(text: str) -> tuple[list[int], list[str], list[str]]:
    """Where such programs are called in a text, their names and options."""
    found = list(_PROGRAM.finditer(text))
    return (
        [one.start() for one in found],
        [one.group() for one in found],
        [str(one.lastgroup) for one in found],
    )


def _line_before(match: re.Match[str]) -> str:
    """The simple command in which a match stands, up to it."""
    line = match.string[max(0, match.start() - 250) : match.start()]
    return line[_last_separator(line) :]


def _last_separator(line: str) -> int:
    return max(line.rfind(sign) for sign in "\n|;&(`⏎") + 1


# --- addresses, cookies, environments ---


def address(match: re.Match[str]) -> Spans:
    """The password before an @; the user's name when it is a token itself."""
    secret = match["secret"]
    if secret:
        plain = secret.lower() in ("password", "pass", "passwd", "pwd", "secret", "token")
        if not (plain or (is_stand_in(secret) and not secret.isalnum())):
            yield match.span("secret")
    elif match["user"] and (looks_random(match["user"]) or is_key_like(match["user"])):
        yield match.span("user")


_COOKIE: Final = lazy(r"(?<![^;\s,:\"'=])(?P<name>[^=;\s,]{1,100}+)=(?P<value>[^;\s\"',]{4,})")
_ATTRIBUTES: Final = frozenset("path domain expires max-age samesite version priority".split())


def cookies(match: re.Match[str]) -> Spans:
    """Every value of a cookie header, not its attributes."""
    start, end = value_span(match)
    for pair in _COOKIE.finditer(match.string, start, end):
        value = pair["value"]
        if pair["name"].lower() in _ATTRIBUTES or is_stand_in(value) or is_number(value):
            continue
        if len(value) >= 8 or looks_random(value):
            yield pair.span("value")


_SECRET_NAME: Final = lazy(
    r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSW(?:OR)?D|PASSPHRASE|PASS|CREDENTIALS?|AUTH|DSN|WEBHOOK|PWD|PAT|PRIVATE|APIKEY|PSK)"
    r"(?:_(?:BASE|DATA|VALUE|BASE64|B64|OLD|NEW|PROD|DEV|TEST|STAGING|LIVE|\d+|[A-Z]))?\d?$|(?:PASSWORD|PASSWD|TOKEN|SECRET"
    r"|APIKEY|PWD|PASS)\d?$"
)
_SOUNDS_SECRET: Final = lazy(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH(?!OR)|DSN|WEBHOOK|PRIVATE")
_NEXT_NAME: Final = lazy(r"\s[A-Z_][A-Z0-9_]{0,80}=|\n|\r|⏎|\s#")
_COMMAND: Final = lazy(
    r"^\s+(?:\S+\s+){0,2}?-|[|;&<>`$]|\.\.|^\s+(?:[./~]|[\w-]+\s*$)|^\s*[\"')\]}.,;:]"
)


# complexity: a table in code: names, values and where the value of a line ends
def dumped(match: re.Match[str]) -> Spans:
    """`NAME=value` of an environment: where the line begins with it, the value may hold blanks."""
    name, text = match["name"], match.string
    is_named = _SECRET_NAME.search(name) is not None
    if not is_named and _SOUNDS_SECRET.search(name) is None:
        return
    start, end = value_span(match)
    quoted = text[start - 1 : start] in ('"', "'") and text[end : end + 1] == text[start - 1]
    value = text[start:end] if quoted else trimmed(text[start:end])
    strict = "PASS" in name or "PWD" in name
    if len(value) < 4 or is_stand_in(value) or is_path(value):
        return
    if is_number(value) and not strict:
        return
    if not quoted and (is_code(value) and "(" in value):
        return
    if not is_named:
        if is_key_like(value) or (looks_random(value) and not _HARMLESS_SUFFIX.search(name)):
            yield start, start + len(value)
        return
    if _ANY_KEY.search(name) and not quoted and is_word(value) and len(value) < 12:
        return
    stop = end if quoted else _whole_run(text, start, start + len(value))
    is_first = start == 0 or text[max(0, match.start() - 1) : match.start()] in ("", "\n")
    if is_first and not quoted:
        rest = text[end : end + 400]
        found = _NEXT_NAME.search(rest)
        rest = rest[: found.start()] if found else rest
        if rest.strip() and not _COMMAND.search(rest):
            stop = max(stop, end + len(rest.rstrip()))
    yield start, stop


def base64_pair(match: re.Match[str]) -> Spans:
    """`user:password` in base64."""
    import base64
    import binascii

    start, end = value_span(match)
    value = match.string[start:end]
    try:
        data = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (ValueError, binascii.Error):
        return
    if b":" in data and all(0x20 <= byte < 0x7F for byte in data):
        yield start, end
