"""Credentials that a command reads, prints or writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.review import Severity
from tui.night.review.risks.commands.invocations import Invocation
from tui.night.review.risks.commands.night_facts import Effect, NightFacts, severity_at_most
from tui.night.review.risks.commands.places import Place, secret_severity
from tui.system.credentials.find import find_credentials, score_credential
from tui.system.lazy_pattern import lazy

_READERS = frozenset({"sqlite3"}) | frozenset(
    "cat less more head tail bat batcat nl tac view vim vi nano strings xxd od hexdump base64 base32 "
    "grep egrep fgrep rg ag ack awk gawk sed cut"
    " sort uniq tr jq yq python3 dd tee openssl gpg rev paste column fold pbcopy xclip wl-copy "
    "dotenv xargs while read mapfile plutil gunzip zcat".split()
)
_TAKERS = frozenset("cp mv scp rsync tar zip 7z gzip ln install ditto zstd".split())
_QUIET = lazy(r"(?:^|\s)(?:-\w*[cqlL]\w*|--count|--quiet|--files-with-matches|--silent)(?=\s|$)")
_MASKED = lazy(
    r"cut -d ?=? ?-f ?1\b|cut -f ?1 -d|sed .*=\.\*|sed .*\*{2,}|sed .*(?:REDACT|xxx|hidden|masked"
    r"|\[set\])|awk -F ?=? ?\{ ?print \$1|awk -F= .*print \$1 ?\}|grep -o \^|wc\b|sha\d*sum|md5sum"
    r"|head -c ?\d\b"
)
_SECRET_WORD = lazy(
    r"(?i)tok|secret|pass|passwd|credential|(?:api|access|private|ssh|aws|gh|github|openai|anthropic"
    r"|stripe|secret)[_.\-|*]*key|_key|\bkey\b|keys|pwd|auth(?!or)|aws|bearer|jwt|cred|anthropic"
    r"|openai|stripe|github|twilio"
)
_SECRET_VARIABLE = lazy(
    r"\$\{?[A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|API_?KEY|ACCESS_KEY|CREDENTIALS?"
    r"|DATABASE_URL|_DSN|AUTH_KEY|_PAT)(?:_\w+)?\}?(?![:\w])"
)
_SHORTENED = lazy(r"\$\{#|\$\{\w+:[+?]|\$\{\w+:\d+:\d|\$\{\w+[%#]")
_LONG_WORD = lazy(r"[\w+/.-]{16}")
_ENVIRON = lazy(r"^/proc/[^/]+/environ$")
_LISTS_VARIABLES = frozenset({"env", "printenv", "export", "set", "declare", "typeset"})


def find_credential_use(made: Invocation, facts: NightFacts, later: str = "") -> Iterator[Effect]:
    """What a command does with credentials; `later` is the rest of its pipeline as text."""
    yield from _read(made, later)
    yield from _sought(made)
    yield from _variables(made, later)
    yield from _written(made, facts)


# complexity: how a file is read decides how bad it is
def _read(made: Invocation, later: str) -> Iterator[Effect]:
    named = [*made.plain, *made.inputs]
    if made.name in _TAKERS:
        named = list(
            made.plain[: -1 if made.name in ("cp", "mv", "ln", "install", "rsync", "scp") else None]
        )
    elif made.name not in _READERS and not made.inputs:
        return
    if made.name in ("find", "fd", "locate"):
        return
    if made.name == "openssl" and "-in" not in made.args:
        return
    if made.name == "sed" and any(re.match(r"-\w*i", arg) for arg in made.args):
        return
    for path in named:
        severity = secret_severity(path, made.folder)
        if severity is None or " " in path:
            continue
        if made.name in ("grep", "egrep", "rg", "fgrep", "ag") and _QUIET.search(
            " ".join(made.args)
        ):
            return
        if made.name in _TAKERS:
            is_near = severity == "medium"
            yield Effect(
                "credential_use",
                path,
                "low" if is_near else "high",
                "copies a file of credentials",
                "credentials",
            )
        elif _MASKED.search(f"{made.name} {' '.join(made.args)} | {later}"):
            yield Effect(
                "credential_use",
                path,
                "low",
                "reads the names in a file of credentials",
                "credentials",
            )
        elif severity == "medium" and "xargs" in (made.name, later.strip()):
            yield Effect(
                "credential_use", path, "low", "loads a file of credentials", "credentials"
            )
        else:
            yield Effect(
                "credential_use", path, severity, "reads a file of credentials", "credentials"
            )
        return


def _sought(made: Invocation) -> Iterator[Effect]:
    """Looking for files of credentials all over the machine."""
    if made.name not in ("find", "fd", "locate") or not made.plain:
        return
    is_wide = made.name == "locate" or made.args[0][:1] in ("/", "~")
    names = [word.strip("*") for word in made.args[0 if made.name == "locate" else 1 :]]
    named = (name.lstrip("/") for name in names if name[:1] != "-")
    likely = (f"~/x/private{name}" if name[:1] == "." else f"~/x/{name}" for name in named)
    if is_wide and any(map(secret_severity, likely)):
        words = "looks for files of credentials on this machine"
        yield Effect("credential_use", "", "medium", words, "credentials")


# complexity: how variables are listed, and what is left of them
def _variables(made: Invocation, later: str) -> Iterator[Effect]:
    if made.name in ("echo", "printf", "cat") and not made.outputs:
        texts = [word.text for word in made.call.args] + [made.document]
        # Piped on, it is an input of what follows: that is judged by itself.
        if (
            any(_SECRET_VARIABLE.search(t) and not _SHORTENED.search(t) for t in texts)
            and not later.strip()
        ):
            yield Effect("credential_use", "", "medium", "prints a credential", "credentials")
    if made.name == "printenv" and made.plain:
        if any(_SECRET_WORD.search(name) for name in made.plain) and not re.match(
            r"\s*(?:wc|grep -q)", later
        ):
            yield Effect("credential_use", "", "medium", "prints a credential", "credentials")
        return
    whole = made.name in ("env", "printenv") and not made.plain and not made.call.variables
    whole = whole or (
        made.name in ("export", "declare", "typeset") and made.args in (("-p",), ("-x",), ("-xp",))
    )
    if not (whole or (made.name in ("set", "export") and not made.args)):
        return
    if made.outputs and made.outputs[0].startswith("/dev/"):
        return
    grep = re.match(r"\s*(?:sort\s*\|\s*)?(?:grep|egrep|rg|awk)\b(.*)", later)
    if _MASKED.search(later) or (
        grep is not None and re.match(r"\s*-\w*[qv]", grep[1]) and "v" not in grep[1][:4]
    ):
        return
    if grep is None:
        yield Effect(
            "credential_use",
            "",
            "low" if made.name in ("set", "export") and not made.args else "medium",
            "prints all variables, credentials among them",
            "credentials",
        )
    elif _SECRET_WORD.search(grep[1]):
        yield Effect(
            "credential_use",
            "",
            "medium",
            "looks for credentials among the variables",
            "credentials",
        )


# --- writing ---


def _written(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    targets = [*made.outputs]
    if made.name in ("tee", "cp", "mv", "install", "ln", "scp") and made.plain:
        targets += made.plain if made.name == "tee" else made.plain[-1:]
    elif made.name in ("sed", "perl") and any(re.match(r"-\w*i", arg) for arg in made.args):
        targets += made.plain[1:]
    for path in targets:
        severity = secret_severity(path, made.folder)
        if severity == "high" and facts.place(made, path) is not Place.SCRATCH:
            yield Effect(
                "credential_use", path, "medium", "writes a file of credentials", "credentials"
            )
            return
    text = " ".join((*made.call.texts, made.document, *made.call.variables))
    for kind, value, _ in find_credentials(text) if _LONG_WORD.search(text) else ():
        worst = score_credential(kind, value, is_aside=False)
        if worst is not None and kind not in ("url",) and worst != "low":
            words = "a credential stands in the command"
            yield Effect(
                "credential_use", "", severity_at_most(worst, "medium"), words, "credentials"
            )
            return


def read_severity(path: str) -> Severity | None:
    """How bad it is that a tool of the agent read a file."""
    return "high" if _ENVIRON.match(path) else secret_severity(path)
