"""The CLI's rules that deny what no unattended session may do.

Rules know words and `*`, no folders and no meaning: what they cannot say is left to the hook, which has the
same table (`model/denied_commands`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui.model.permissions.denied_commands import WIDE, DeniedCommand, denied_unless
from tui.model.permissions.rules import bash_rule

TEE = "tee"
"""Older versions do not look at where it writes: it is allowed together with TEE_OUTSIDE only."""
TEE_OUTSIDE = ("tee *..*", "tee /*", "tee ~*", "tee $*", "tee * /*", "tee * ~*", "tee * $*")
_REMOVALS = ("rm", "rm -f", "rm -r", "rm -R", "rm -rf", "rm -fr", "rm -r -f")
_ROOTS = ("/", "~*", "$HOME", "..", "../", "../*", ".", "./")
_REMOVING = ("rm * --no-preserve-root*", "rm *$HOME*", "rm *${HOME}*")
_FINDING = ("find * -delete*", "find * -exec rm *", "find * -execdir rm *")
_WHOLE_TREE = tuple(
    f"git {start}{end}"
    for start in ("checkout", "checkout HEAD", "restore", "rm -r", "rm -rf")
    for end in (" .", " -- .", " :/")
)
_ELSEWHERE = (
    *(f"git {option} * push{rest}" for option in ("-C", "-c", "--git-dir") for rest in ("", " *")),
    "git -C * reset --hard*",
    "git -C * clean *",
)
_TARGETS = (
    *(f"make {word}:*" for word in ("deploy", "publish", "release")),
    *(f"make * {word}*" for word in ("deploy", "publish", "release")),
    *(f"{maven} * {goal}*" for maven in ("mvn", "./mvnw") for goal in ("deploy", "release:")),
    *(f"{gradle} * publish*" for gradle in ("gradle", "./gradlew")),
)
_FILES = (
    *(f"~/{name}/**" for name in ".ssh .aws .gnupg .azure .kube .password-store".split()),
    *(f"~/.config/{name}/**" for name in ("gh", "gcloud")),
    *(f"~/{name}" for name in ".netrc .git-credentials .pgpass .pypirc .npmrc".split()),
    "~/.docker/config.json",
    "~/.claude/.credentials.json",
    "//etc/shadow",
    "//proc/*/environ",
    "//dev/tcp/**",
    "//dev/udp/**",
    *(f"{at}{name}" for at in ("", "**/") for name in (".env", ".env.local", ".env.production")),
)
_READERS = ("cat", "head", "tail", "less", "grep", "base64", "source", ".")
_SECRETS = (".env", "* .env", "*/.env", "*/.ssh/*", "*/.aws/*", "*/.netrc", "*/.git-credentials")
_VARIABLES = ("*$*_KEY*", "*$*_TOKEN*", "*$*SECRET*", "*$*PASSWORD*")
_WEB = "WebFetch"


def deny_rules(allowed: Iterable[str] = ()) -> Iterator[str]:
    """The rules, but those that a person's own allow rules name."""
    allowed = tuple(allowed)
    for entry in denied_unless(allowed):
        yield from map(bash_rule, _denials(entry))
    removals = (f"{removal} {root}" for removal in _REMOVALS for root in _ROOTS)
    readers = (f"{reader} {words}" for reader in _READERS for words in _SECRETS)
    for commands in (removals, _REMOVING, _FINDING, _WHOLE_TREE, _ELSEWHERE, _TARGETS):
        yield from map(bash_rule, commands)
    for commands in (TEE_OUTSIDE, readers, _VARIABLES):
        yield from map(bash_rule, commands)
    yield from (rule for path in _FILES if (rule := f"Read({path})") not in allowed)
    if not any(rule.partition("(")[0] == _WEB for rule in allowed):
        yield _WEB


def _denials(entry: DeniedCommand) -> Iterator[str]:
    """The commands of the rules for an entry; none for what rules cannot say."""
    start = " ".join(entry.words)
    if entry.only:
        yield start
    elif not entry.signs:
        yield start if "*" in start else f"{start}:*"
    elif len(entry.signs) == 1 and entry.signs[0] != WIDE:
        sign = entry.signs[0]
        if "*" in sign:
            yield from (f"{start} {sign}", f"{start} * {sign}")
            return
        yield f"{start} {sign}:*"
        if sign.startswith("--"):
            yield from (f"{start} * {sign}", f"{start} * {sign} *")
