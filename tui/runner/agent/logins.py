"""Where Claude Code takes its credentials from: every source, in the order in which it asks them.

Nothing is run and no network is asked, so a login that is found may still be refused. Values are secrets:
they are looked at and never shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path

from msgspec import Struct

from tui.feeds.claude.settings_files import (
    SettingsSource,
    own_config,
    read_claude_json,
    read_settings_files,
)
from tui.runner.agent.attempt import attempt_environment
from tui.settings.settings import Settings
from tui.settings.units import Secret
from tui.system import paths
from tui.system.errors import RefusedError

_TRUE = frozenset(("1", "true", "yes", "on"))
_ENVIRONMENT = "the environment"
_RUN_SETTINGS = "agent.env"


class LoginKind(Enum):
    """What a login is. An `ACCOUNT_NAME` is the name of an account whose login is not there."""

    CLOUD = "cloud"
    TOKEN = "token"
    KEY = "key"
    HELPER = "helper"
    OAUTH_TOKEN = "oauth token"
    IDENTITY = "identity"
    ACCOUNT = "account"
    CONSOLE_KEY = "console key"
    KEYCHAIN = "keychain"
    ACCOUNT_NAME = "account name"


# A cloud's switch counts where it is on; all others where they are not empty.
_CLOUDS = {
    "CLAUDE_CODE_USE_BEDROCK": "Amazon Bedrock",
    "CLAUDE_CODE_USE_VERTEX": "Google Vertex AI",
    "CLAUDE_CODE_USE_FOUNDRY": "Microsoft Foundry",
    "CLAUDE_CODE_USE_MANTLE": "Amazon Bedrock (Mantle)",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS": "Claude on AWS",
    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD": "Claude on Google Cloud",
    "CLAUDE_CODE_USE_GATEWAY": "a gateway",
}
_BEFORE_HELPER = {
    "ANTHROPIC_AUTH_TOKEN": LoginKind.TOKEN,
    "ANTHROPIC_API_KEY": LoginKind.KEY,
}
_AFTER_HELPER = {
    "CLAUDE_CODE_OAUTH_TOKEN": LoginKind.OAUTH_TOKEN,
    "ANTHROPIC_IDENTITY_TOKEN": LoginKind.IDENTITY,
    "ANTHROPIC_IDENTITY_TOKEN_FILE": LoginKind.IDENTITY,
    "ANTHROPIC_PROFILE": LoginKind.IDENTITY,
}


class Login(Struct, frozen=True):
    """One source of credentials: its name (a variable, a key of a file), and where it stands."""

    kind: LoginKind
    name: str
    place: str
    value: Secret = Secret("")
    cloud: str = ""
    expired: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether Claude Code could start with it, as far as its file tells."""
        return not self.expired and self.kind is not LoginKind.ACCOUNT_NAME


class LoginSources(Struct, frozen=True):
    """All that was found, the source that Claude Code uses first.

    `unreadable` are files that it leaves out because they cannot be read, each with the reason. `environ`
    is the agent's environment with what its settings put into it.
    """

    logins: tuple[Login, ...]
    unreadable: tuple[str, ...]
    environ: Mapping[str, str]

    @property
    def used(self) -> Login | None:
        return self.logins[0] if self.logins else None


def find_logins(
    project: Path,
    settings: Settings,
    environ: Mapping[str, str],
    words: Sequence[str] = (),
    *,
    now: float | None = None,
) -> LoginSources:
    """Where an agent that is started with these settings in that environment takes its login from.

    `words` are arguments of the agent beside those of the settings.
    """
    given = attempt_environment(environ, settings)
    arguments = (*settings.agent.extra_args, *words)
    files = read_settings_files(project, given, arguments)
    # A file's variables replace those of the environment, an empty one too.
    variables = dict(given)
    places = dict.fromkeys(settings.agent.env, _RUN_SETTINGS)
    for source in files:
        variables.update(source.variables)
        places.update(dict.fromkeys(source.variables, source.place))
    own = list(_own_files(given))
    moment = time.time() if now is None else now
    found = [*_of_variables(variables, places, files), *_of_files(own, moment)]
    if sys.platform == "darwin" and not any(login.is_usable for login in found):
        # There the login lies in the keychain, which this program does not open.
        found.append(Login(LoginKind.KEYCHAIN, "keychain", "the keychain"))
    found.sort(key=lambda login: not login.is_usable)
    problems = tuple(f"{one.place} {one.problem}" for one in (*files, *own) if one.problem)
    return LoginSources(tuple(found), problems, variables)


def check_login(
    project: Path, settings: Settings, environ: Mapping[str, str], words: Sequence[str] = ()
) -> LoginSources:
    """What `find_logins` finds; RefusedError where Claude Code could not log in with any of it."""
    sources = find_logins(project, settings, environ, words)
    used = sources.used
    # The name of an account says that somebody logged in once, so that much is left to Claude Code.
    if used is not None and (used.is_usable or used.kind is LoginKind.ACCOUNT_NAME):
        return sources
    said = "".join(f", and {problem}" for problem in sources.unreadable)
    what = "the login of Claude Code has expired" if used else "Claude Code is not logged in"
    raise RefusedError(f"{what}{said}; log in: run `claude` once and use /login, then start")


def describe_login(login: Login) -> str:
    """What the login is and where it stands, for people; never its value."""
    where = "" if login.place == _ENVIRONMENT else f" in {login.place}"
    if login.kind is LoginKind.CLOUD:
        return f"{login.cloud}, by ${login.name}{where}"
    if login.kind is LoginKind.HELPER:
        return f"by {login.name}{where}"
    if login.kind in (LoginKind.ACCOUNT, LoginKind.ACCOUNT_NAME):
        return f"an account, by {login.place}"
    if login.kind is LoginKind.CONSOLE_KEY:
        return f"a key of the console, in {login.place}"
    if login.kind is LoginKind.KEYCHAIN:
        return "left to the keychain, which is not opened"
    return f"by ${login.name}{where}"


def is_on(value: str) -> bool:
    """Whether Claude Code takes a variable with that value for switched on."""
    return value.strip().lower() in _TRUE


def _of_variables(
    variables: Mapping[str, str], places: Mapping[str, str], files: Sequence[SettingsSource]
) -> Iterator[Login]:
    def of(name: str, kind: LoginKind, cloud: str = "") -> Login:
        place = places.get(name, _ENVIRONMENT)
        return Login(kind, name, place, Secret(variables[name]), cloud)

    for name, cloud in _CLOUDS.items():
        if is_on(variables.get(name, "")):
            yield of(name, LoginKind.CLOUD, cloud)
    for name, kind in _BEFORE_HELPER.items():
        if variables.get(name, "").strip():
            yield of(name, kind)
    for source in reversed(files):
        if source.word("apiKeyHelper"):
            yield Login(LoginKind.HELPER, "apiKeyHelper", source.place)
            break
    for name, kind in _AFTER_HELPER.items():
        if variables.get(name, "").strip():
            yield of(name, kind)


def _own_files(environ: Mapping[str, str]) -> Iterator[SettingsSource]:
    """The files in which Claude Code itself keeps logins."""
    credentials = paths.claude_dir(environ) / ".credentials.json"
    for path in (credentials, own_config(environ)):
        source = read_claude_json(path, environ)
        if source is not None:
            yield source


def _of_files(sources: Sequence[SettingsSource], now: float) -> Iterator[Login]:
    for source in sources:
        oauth = source.values.get("claudeAiOauth")
        if isinstance(oauth, dict) and oauth and oauth.get("accessToken", True):
            expires = oauth.get("expiresAt")
            past = isinstance(expires, int | float) and expires / 1000 < now
            gone = past and not oauth.get("refreshToken")
            yield Login(LoginKind.ACCOUNT, "claudeAiOauth", source.place, expired=gone)
        if source.word("primaryApiKey"):
            value = Secret(source.word("primaryApiKey"))
            yield Login(LoginKind.CONSOLE_KEY, "primaryApiKey", source.place, value)
        account = source.values.get("oauthAccount")
        if isinstance(account, dict) and account:
            yield Login(LoginKind.ACCOUNT_NAME, "oauthAccount", source.place)
