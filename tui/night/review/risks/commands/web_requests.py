"""What a web client sends, and to which host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit

from tui.model.review import Severity
from tui.night.review.risks.commands.invocations import UNKNOWN, Invocation
from tui.night.review.risks.commands.night_facts import Effect
from tui.system.lazy_pattern import lazy

_LOCAL = lazy(
    r"(?:localhost|.*\.localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1?\]?|host\.(?:docker"
    r"|containers)\.internal|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}"
    r"|[\w-]+|.*\.(?:svc|cluster\.local|test-server))$",
    re.IGNORECASE,
)
_PRIVATE = lazy(r"(?:10(?:\.\d+){3}|192\.168(?:\.\d+){2}|.*\.(?:local|lan|internal))$", re.I)
_SHORT_WITH_DATA = "dFT"
_DATA = lazy(
    r"(?:--data(?:-\w+)?|--json|--form(?:-string)?|--upload-file|--post-(?:data|file)|--body-(?:data"
    r"|file))(?:=|$)"
)
_METHOD = lazy(r"(?:-X|--request|--method)[= ]?(\w*)$")
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
TELLING = lazy(
    r"cat\b|base64|tar\b|gzip|zip\b|env\b|printenv|whoami|hostname|id\b|xxd|head\b|tail\b|find\b|ls\b"
    r"|history|git\s+(?:log|diff|show|config)|ip\s|ifconfig|uname|<"
)
SECRET_NAME = lazy(
    r"\$\{?\w*(?:TOKEN|SECRET|PASS(?:WORD|WD)?|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY)\w*", re.I
)
_HOOK_NAME = lazy(
    r"\$\{?\w*(?:WEBHOOK|SLACK|DISCORD|TELEGRAM|REMOTE|PROD|UPLOAD|EXFIL|TARGET)\w*", re.I
)
_HTTP_ITEM = lazy(r"[\w.\[\]-]+(?::?=|@)[^=]|[\w.-]+=\S")


def host_of(text: str) -> str:
    """The host of an address; empty where it is none."""
    text = text if "://" in text else f"http://{text}"
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""


def is_local(host: str) -> bool:
    """Whether a host is this machine, or one that only has a name within a network of containers."""
    return _LOCAL.match(host) is not None


def find_web_requests(made: Invocation) -> Iterator[Effect]:
    """What `curl` and its like send to other machines."""
    url = _address(made)
    host = host_of(url.replace(UNKNOWN, "")) if url else ""
    if (
        made.remote
        or (host and is_local(host))
        or (not host and "$" not in url and UNKNOWN not in url)
    ):
        return
    sent = _sent(made)
    if "xargs" in made.wrappers and any(
        TELLING.match(f"{one.name} {one.line}") and one.name != "ls" for one in made.before
    ):
        yield Effect("outward", "", "high", f"sends what is piped in to {_name(url, host)}", "send")
        return
    leaked = _leaked(made, url)
    if leaked:
        yield Effect("outward", "", "high", f"sends {leaked} to {_name(url, host)}", "send")
    elif sent is not None:
        yield from _sent_effect(made, sent, url, host)


def _sent_effect(made: Invocation, sent: list[str], url: str, host: str) -> Iterator[Effect]:
    files = [value for value in sent if _is_file(made, value)]
    severity: Severity = "high" if files else "medium"
    if url.startswith("$") and not _HOOK_NAME.match(url) and not files:
        severity = "low"
    if host and _PRIVATE.match(host):
        severity = "medium" if files else "low"
    what = f"sends {_file_name(files[0])}" if files else "sends data"
    yield Effect("outward", "", severity, f"{what} to {_name(url, host)}", "send")


def _name(url: str, host: str) -> str:
    return host or url[:40] or "the network"


# complexity: an address may be written without its scheme
def _address(made: Invocation) -> str:
    skip = ""
    named: list[str] = []
    for before, arg in pairwise(("", *made.args)):
        if arg[:1] == "-" or arg in _CHANGING or arg == "GET":
            continue
        if "://" in arg:
            return (
                arg
                if made.name != "curl" or before not in ("-e", "--referer", "-x", "--proxy")
                else skip
            )
        if before[:1] == "-" and made.name in ("curl", "wget") and not before[1:].islower():
            continue
        named.append(arg)
    likely = [
        arg
        for arg in named
        if re.match(r"[\w.-]+\.\w+(?:[:/]|$)|localhost|:\d|\$|/", arg.removeprefix(UNKNOWN))
    ]
    return (
        (likely or [""])[0]
        if made.name in ("http", "https", "xh")
        else next((a for a in likely if "/" in a or "$" in a or "." in a), "")
    )


# complexity: the ways in which a client is told to send something
def _sent(made: Invocation) -> list[str] | None:
    """What a web client sends; None where it only asks."""
    args, values, changes = made.args, list[str](), False
    is_get = made.name == "curl" and bool({"-G", "--get", "-I", "--head"} & set(args))
    for arg, after in pairwise((*args, "")):
        method = _METHOD.match(f"{arg} {after}") or _METHOD.match(arg)
        bundled = re.match(r"-\w*X(\w*)$", arg) if arg[:2] != "--" else None
        if method is not None or bundled is not None:
            word = (method[1] if method else "") or (bundled[1] if bundled else "") or after
            changes = changes or word.upper() in _CHANGING
        if _DATA.match(arg):
            values.append(arg.partition("=")[2] or after)
        elif made.name == "curl" and arg[:1] == "-" and arg[:2] != "--":
            at = next((n for n, letter in enumerate(arg) if n and letter in _SHORT_WITH_DATA), 0)
            if at and not any(letter in "oHuXAebcmwxEKrYyzCDtUQP" for letter in arg[1:at]):
                value = arg[at + 1 :] or after
                values.append(f"@{value}" if arg[at] == "T" else value)
    if made.name in ("http", "https", "xh", "xhs"):
        changes = changes or any(arg in _CHANGING for arg in args[:4])
        values += [
            arg
            for arg in args[1:]
            if "://" not in arg and _HTTP_ITEM.match(arg) and "==" not in arg
        ]
    if "--post-file" in made.line or "--body-file" in made.line or "--upload-file" in made.line:
        values = [f"@{value}" if value[:1] != "@" else value for value in values]
    if is_get and not any("@" in value[:1] for value in values):
        return None
    return values if values or changes else None


def _is_file(made: Invocation, value: str) -> bool:
    """Whether a value is the content of a file, or of what is piped in."""
    if value.startswith("@-") or value in ("-", "@/dev/stdin") or re.match(r"[\w.:-]+=@-", value):
        producers = [one.name for one in made.before]
        return (bool(producers) and not set(producers) <= {"echo", "printf", "jq", "cat"}) or any(
            one.name == "cat" and one.plain for one in made.before
        )
    return re.match(r"(?:[\w.:\[\]-]+=?)?[@<](?!$)", value) is not None


def _file_name(value: str) -> str:
    name = (
        value.lstrip("@").partition("=@")[2]
        or value.lstrip("@").partition("=<")[2]
        or value.lstrip("@<")
    )
    return "what is piped into it" if name in ("-", "") else name.partition(";")[0][:60]


def _leaked(made: Invocation, url: str) -> str:
    """What of this machine stands in the address or the data by a substitution."""
    for word in made.call.args:
        is_header = word.text.lower().startswith(("authorization", "x-api", "bearer"))
        for inner in (*word.inner, *word.fed):
            if TELLING.match(inner.strip()) and not is_header:
                return f"what `{inner.strip()[:40]}` gives"
    found = SECRET_NAME.search(url.partition("?")[0].partition("://")[2].partition("@")[2] or "")
    if (
        found is None
        and "?" in url
        and not re.search(r"[?&](?:api_?key|key|token|access_token|appid|apikey)=", url, re.I)
    ):
        found = SECRET_NAME.search(url.partition("?")[2])
    return found[0] if found is not None else ""
