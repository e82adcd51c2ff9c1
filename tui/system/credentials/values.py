"""Whether what stands behind a name, an option or a header is a secret or only words.

A name alone proves nothing: `token: 1200`, `password: required` and `password = request.form[…]` hold no
secret. What was plainly given (`--password x`, `"secret": "x"`) is hidden unless it stands in for one;
what may be prose is hidden only when it looks random.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

from tui.system.lazy_pattern import lazy

HIDDEN: Final = "[hidden]"

_STAND_INS: Final = frozenset(
    "password passwd passwords pass passphrase secret secrets token tokens key apikey credential credentials none null"
    " nil undefined true false yes no on off required optional missing invalid wrong incorrect expired expires reset"
    " changed set unset empty hidden masked redacted string str text bytes bool boolean int integer number object any"
    " value values field input output default config settings args argument arguments option options flag param data"
    " env environ environment prompt stdin file path name user username login here todo tbd test tests testing foo bar"
    " baz example sample dummy fake mock changeme placeholder bearer basic digest auth is was are the a an to for and"
    " or of in on with from by at it its not must should can may will when that this but if as be been has have use"
    " used using rejected refused accepted denied needed given allowed valid verified unknown stored encrypted hashed"
    " plain weak strong short long ok failed failure error success new old same different updated removed added saved"
    " header headers cookie session count limit check checks match matches mismatch enter please what which who how why"
    " write read admin repo scope scopes public private private_key id ssh gpg rsa dsa ecdsa ed25519 pem sha256 md5".split()
)
_STAND_IN: Final = lazy(
    r"^(?:<[^>]{0,80}>?|\$[A-Za-z_{(\[].*|\$$|\{\{.*|\{[%$#].*|[{\[(,.:;=|&+?!-]?$|%\w{1,40}%.*|#\{.*|@\{.*|&[a-z]{2,6};.*"
    r"|[xX]{3,}[\W_xX]*|\*{2,}.*|\.{2,}.*|…+|[-_]{2,}|\[(?:hidden|redacted|masked|removed|filtered|secret)\]?"
    r"|(?:https?|file|arn|vault|op|ssm|gs|s3|secretsmanager|keyring|env|ref\+\w+):\S*|sha\d{1,3}[-:].*"
    r"|(?:data:)?image/.*|data:.*)$",
    re.IGNORECASE | re.DOTALL,
)
_SAYS_STAND_IN: Final = lazy(
    r"change[-_ ]?(?:me|it|this)|place.?holder|your[-_ ]|[-_ ]here$|redacted|not[-_]?a[-_]?real|example\.(?:com|org|net|invalid)"
    r"|x{4,}|\*{3,}|\.{3}|…|process\.env|os\.environ|getenv|\bsecrets\.|insert[-_ ]|replace[-_ ](?:me|with|this)"
    r"|\$\{|\{\{|<[a-z][\w -]*>|^(?:my|some|a|the|test|fake|dummy|example|sample|mock|default)[-_ ](?:[a-z]+[-_ ])*"
    r"(?:password|passwd|secret|token|key|value|credentials?)(?:[-_]?\d{0,3})$",
    re.IGNORECASE,
)
_CODE: Final = lazy(
    r"^[A-Za-z_]\w{0,80}(?:(?:\.|->|::|\?\.)[A-Za-z_]\w{0,80}){1,8}[\])},:]{0,3}$"
    r"|^\(.*|^[A-Za-z_][\w.:>?-]{0,120}[\[(].*|^(?:await|new|not|lambda|def|class|return|async|func|function|fn|Optional|Union)\b",
    re.DOTALL,
)
_IDENTIFIER: Final = lazy(r"^[A-Za-z_]+(?:[_.-][A-Za-z]+)*[_-]?\d{0,2}$")
_WORD: Final = lazy(r"^[A-Za-z]?[a-z'’]*$")
_PATH: Final = lazy(
    r"^(?:[~.]{0,2}/|[A-Za-z]:\\|\./)[\w./\\@+ -]*$|^[\w.-]+(?:/[\w.-]+)+\.\w{1,6}$"
    r"|^[\w./-]+\.(?:py|[jt]sx?|json|ya?ml|toml|txt|md|pem|key|crt|cer|env|cfg|ini|conf|sh|lock|html?|css|go|rs|p12|asc|gpg|pub)$"
)
_NUMBER: Final = lazy(r"^[+-]?[0-9][0-9.,_]*[kKmMgG%]?[.,;:]?$")
_HEX: Final = lazy(r"^(?:0x)?[0-9a-fA-F]+$")
_KEY_SIZES: Final = frozenset({32, 40, 48, 56, 64, 96, 128})
_ORDERLY: Final = lazy(
    r"^\d{4}-\d\d-\d\d|^v?\d+(?:\.\d+)+|^(?:\d+(?:ms|[smhd]))+$|^[a-z]+(?:-\d+)+$|^sha\d|^ssh-|^ecdsa-|^utf|^[A-Z]?[a-z]+\d+$"
)
_DIGITS_IN_WORDS: Final = lazy(r"(?<=[A-Za-z])\d+|\d+(?=[A-Za-z])")
_CAMEL: Final = lazy(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SIGNS: Final = lazy(r"[!@#$%^&*?~+]")
_MIXED: Final = lazy(r"^[A-Za-z0-9+/_=.~!@#$%^&*-]{20,}$")


def entropy(text: str) -> float:
    """Bits per character, by how often each occurs in the text itself."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) if total else 0.0


def is_stand_in(value: str) -> bool:
    """Whether a value says itself that it is none: `<token>`, `$TOKEN`, `xxx`, `changeme`, `[hidden]`."""
    value = value[:160]
    if value.startswith(HIDDEN):
        rest = value.removeprefix(HIDDEN)
        return not looks_random(rest)
    if value.lower().strip(".,;:!?)]}'\"") in _STAND_INS or _STAND_IN.match(value):
        return True
    if len(value) >= 6 and len(set(value)) <= 2:
        return True
    return _SAYS_STAND_IN.search(value) is not None


# complexity: one test after the other, each with a result of its own
def looks_random(value: str) -> bool:
    """Whether nobody would write this as a word, a name, a version, a date or a path."""
    value = value[:160].strip("=")
    if len(value) < 8 or _ORDERLY.match(value) or _PATH.match(value) or len(set(value)) < 5:
        return False
    if _HEX.match(value):
        return len(value) >= 24 and not value.isdigit()
    lower, upper = any(map(str.islower, value)), any(map(str.isupper, value))
    digits = len(_DIGITS_IN_WORDS.findall(value))
    if digits >= 2 or (digits and _SIGNS.search(value)):
        return True
    if lower and upper:
        if digits or any(map(str.isdigit, value)):
            return not _IDENTIFIER.match(value)
        parts = _CAMEL.findall(value)
        return len(value) >= 12 and len(parts) * 3 > len(value)
    vowels = sum(value.lower().count(vowel) for vowel in "aeiou")
    return len(value) >= 16 and value.isalnum() and vowels * 5 < len(value)


def is_key_like(value: str) -> bool:
    """Whether this is as long and as mixed as a generated key: after a name that may mean anything."""
    plain = value[:160].removeprefix("0x").strip("=")
    if _HEX.match(plain):
        return len(plain) in _KEY_SIZES and len(set(plain)) > 4
    if len(plain) >= 24 and plain.isalnum() and looks_random(plain):
        return True
    if not _MIXED.match(plain) or _ORDERLY.match(plain) or _PATH.match(plain):
        return False
    kinds = (str.islower, str.isupper, str.isdigit)
    return all(any(map(test, plain)) for test in kinds) and entropy(plain) >= 3.5


def is_number(value: str) -> bool:
    return _NUMBER.match(value) is not None


def is_path(value: str) -> bool:
    return _PATH.match(value[:160]) is not None


def is_code(value: str) -> bool:
    """Whether an unquoted value is an expression or a variable of a program."""
    value = value[:160]
    if _CODE.match(value):
        return not any(looks_random(part) for part in re.split(r"\W+", value))
    return "_" in value and _IDENTIFIER.match(value) is not None


def is_word(value: str) -> bool:
    """Whether it is one word of prose."""
    return len(value) <= 20 and _WORD.match(value.strip(".,;:!?)]}'\"")) is not None


_PROSE: Final = lazy(
    r"(?i)(?:^|\s)(?:the|your|is|must|be|at|a|an|to|please|enter|not|for|of|and|or|was|are|has|have|with|in)(?=\s|$)"
)


def is_sentence(value: str) -> bool:
    """Whether a quoted value is words for people, such as a hint beside a field."""
    words = value.split()
    if len(words) < 2 or any(looks_random(word) for word in words):
        return False
    return _PROSE.search(value) is not None


def trimmed(value: str) -> str:
    """An unquoted value without what follows it: the next pair, an end tag, closing signs."""
    value = _NEXT.split(value, maxsplit=1)[0]
    while value and value[-1] in ",.)]}>":
        last = value[-1]
        opening = {")": "(", "]": "[", "}": "{", ">": "<"}.get(last)
        if opening is not None and opening in value:
            break
        value = value[:-1]
    return value


_NEXT: Final = lazy(r"</|,(?=[\w.-]{1,40}[=:])|&&|&(?=[\w.-]{1,40}=)|\\[nrt]|⏎|`|\*\*$")
