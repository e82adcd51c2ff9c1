"""What is to start, when and in which environment: read from a command line, named, checked."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from tui.store.state_names import short_digest
from tui.system import paths
from tui.system.credentials.find import find_credentials
from tui.system.credentials.hide import secret_variables
from tui.system.errors import UsageError
from tui.system.sanitize import has_controls

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_FOLDERS: Final = ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "CLAUDE_CONFIG_DIR")
# What a login, a model or a network may need, and what is no secret.
_PASSED: Final = (
    *_FOLDERS,
    *("LANG", "LC_ALL", "OVERNIGHT_AGENT", "GIT_CONFIG_GLOBAL"),
    *("ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL", "ANTHROPIC_PROFILE"),
    *("ANTHROPIC_IDENTITY_TOKEN_FILE", "ANTHROPIC_VERTEX_PROJECT_ID", "ANTHROPIC_BEDROCK_BASE_URL"),
    *("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"),
    *("CLAUDE_CODE_USE_MANTLE", "CLAUDE_CODE_USE_GATEWAY", "CLAUDE_CODE_USE_ANTHROPIC_AWS"),
    *("CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD", "CLOUD_ML_REGION", "GOOGLE_CLOUD_PROJECT"),
    *("GOOGLE_APPLICATION_CREDENTIALS", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
    *("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)
# What only works with its value, which is a secret.
_SECRET: Final = (
    *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
    *("ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_CUSTOM_HEADERS", "AWS_ACCESS_KEY_ID"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"),
    *("ANTHROPIC_FOUNDRY_API_KEY", "DISCORD_WEBHOOK_URL", "SLACK_WEBHOOK_URL"),
)
_PLAIN_PATH: Final = ("/usr/local/bin", "/usr/bin", "/bin")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.]+")


class Schedule(Struct, frozen=True):
    """A night that starts by itself: on these days (0 is Monday; none: every day) at that local time.

    `words` are options of `run`, and what stands behind `--` among them goes to the agent.
    """

    project: str
    goal: str
    hour: int
    minute: int
    days: tuple[int, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its units: the same for the same schedule, and for no other."""
        folder = _UNSAFE.sub("-", os.path.basename(self.project)).strip("-.")[:40] or "project"
        facts = [self.project, f"{self.days}", *self.words, "", self.goal]
        digest = short_digest("\0".join(facts).encode("utf-8", "surrogateescape"))[:8]
        return f"overnight-{folder}-{self.hour:02d}{self.minute:02d}-{digest}"

    @property
    def when(self) -> str:
        """Its time and days, for people."""
        days = day_names(self.days, "-", ", ")
        return f"{self.hour:02d}:{self.minute:02d}" + (f" on {days}" if days else " every day")


class Surroundings(Struct, frozen=True):
    """The environment that a start has: folders of programs, variables, and a file with the secret ones.

    `withheld` are variables of this shell that are secret, so they stand in no unit.
    """

    path: str
    variables: dict[str, str]
    secrets_file: Path
    withheld: tuple[str, ...] = ()

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """What a start sees: nothing of this shell but its home and name."""
        kept = {key: environ[key] for key in ("HOME", "USER", "LOGNAME") if key in environ}
        return {**kept, "PATH": self.path, **self.variables, **read_variables(self.secrets_file)}


def make_schedule(
    project: Path, goal: str, at: str, on: str | None = None, words: Sequence[str] = ()
) -> Schedule:
    """The schedule that a command line asks for.

    UsageError for what is no time or no day, and for a goal or a path that a unit cannot hold.
    """
    match = _TIME.fullmatch(at.strip())
    if match is None:
        raise UsageError(f"{at!r} is no time of day; write it like 22:00")
    if not goal.strip():
        raise UsageError("a unit needs a goal; say what is to be done")
    folder = str(project)
    for text in (goal, folder, *words):
        check_line(text)
    if folder.endswith("\\"):
        raise UsageError(f"{folder} ends with a backslash, which a unit cannot hold")
    hour, minute = int(match[1]), int(match[2])
    return Schedule(folder, goal, hour, minute, parse_days(on or ""), tuple(words))


def check_line(text: str) -> None:
    """UsageError for what fits no line of a unit or a crontab."""
    if "\n" in text or has_controls(text):
        raise UsageError(
            "a unit needs its goal and its paths in one line, without control characters"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"a unit needs its paths in UTF-8, and {text!a} is not") from None


def parse_days(text: str) -> tuple[int, ...]:
    """The days that such a text names: `mon-fri`, `sat,sun`, `fri-mon`; none where it means every day."""
    found: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", text.strip().lower())):
        first, dash, last = part.replace("..", "-").partition("-")
        ends = [_day(word, text) for word in ((first, last) if dash else (first,))]
        span = (ends[-1] - ends[0]) % 7
        found.update((ends[0] + step) % 7 for step in range(span + 1))
    return tuple(sorted(found)) if len(found) < 7 else ()


def _day(word: str, text: str) -> int:
    matching = [nth for nth, day in enumerate(DAYS) if word[:3] == day]
    whole = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if not matching or not whole[matching[0]].startswith(word):
        raise UsageError(f"--on {text!r} names no days; write mon-fri, or sat,sun")
    return matching[0]


def day_names(days: Sequence[int], between: str, comma: str) -> str:
    """Days in short, neighbours as a range: `Mon..Fri`, `Sat,Sun`; empty for every day."""
    groups: list[list[int]] = []
    for day in days:
        if groups and day == groups[-1][-1] + 1:
            groups[-1].append(day)
        else:
            groups.append([day])
    names = [day.capitalize() for day in DAYS]
    parts = []
    for group in groups:
        ends = [names[group[0]], names[group[-1]]]
        parts.append(between.join(ends) if len(group) > 2 else comma.join(names[d] for d in group))
    return comma.join(parts)


def surroundings_of(project: Path, environ: Mapping[str, str]) -> Surroundings:
    """The environment of a start that was asked for in that shell.

    Folders of programs that are relative, or lie in the project, are left out: a repository chooses no program.
    """
    folders = [
        one
        for one in environ.get("PATH", "").split(os.pathsep)
        if os.path.isabs(one) and not paths.lies_in(os.path.realpath(one), str(project))
    ]
    path = os.pathsep.join(dict.fromkeys([*folders, *_PLAIN_PATH]))
    hidden = {*secret_variables(environ)}
    given = {key: environ[key] for key in _PASSED if environ.get(key)}
    secret = [
        key for key, value in given.items() if value in hidden or any(find_credentials(value))
    ]
    secret += [key for key, value in given.items() if key not in secret and _has_password(value)]
    kept = {
        key: value
        for key, value in given.items()
        if key not in secret and (key not in _FOLDERS or os.path.isabs(value))
    }
    for text in (path, *kept.values()):
        check_line(text)
    file = paths.config_dir(environ) / "environment"
    known = read_variables(file)
    withheld = [*(key for key in _SECRET if environ.get(key)), *secret]
    return Surroundings(path, kept, file, tuple(key for key in withheld if key not in known))


def _has_password(value: str) -> bool:
    return re.search(r"://[^/@\s]+:[^/@\s]+@", value) is not None


def read_variables(file: Path) -> dict[str, str]:
    """The variables of an environment file, as systemd and a shell read its plain lines."""
    from tui.system.files import read_small

    found: dict[str, str] = {}
    for line in read_small(file, follow=True).decode("utf-8", "replace").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.isidentifier():
            try:
                found[name] = "".join(shlex.split(value)[:1])
            except ValueError:
                continue
    return found
