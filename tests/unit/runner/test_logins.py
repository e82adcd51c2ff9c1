"""Where Claude Code takes its login from."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tui.feeds.claude import settings_files
from tui.runner.agent.logins import LoginKind, check_login, describe_login, find_logins
from tui.settings.own_sections import AgentSettings
from tui.settings.settings import Settings
from tui.settings.units import Secret
from tui.system.errors import RefusedError

KEY = "sk-of-some-believable-length-and-secret"
NOW = 1_800_000_000.0

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="a keychain may hold the login")


class Place:
    """A home, a project and an administrator's folder without any login."""

    def __init__(self, base: Path) -> None:
        self.base, self.home, self.project = base, base / "home", base / "project"
        self.managed = base / "managed"
        for folder in (self.home / ".claude", self.project / ".claude", self.managed):
            folder.mkdir(parents=True)
        self.environ = {"HOME": str(self.home), "PATH": "/usr/bin"}
        self.settings = Settings()
        self.words: tuple[str, ...] = ()

    def write(self, name: str, value: object) -> None:
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    def used(self) -> str:
        """What is used, in words; empty where there is none that could work."""
        sources = find_logins(self.project, self.settings, self.environ, self.words, now=NOW)
        used = sources.used
        return describe_login(used) if used is not None and used.is_usable else ""

    def unreadable(self) -> tuple[str, ...]:
        return find_logins(self.project, self.settings, self.environ).unreadable


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(settings_files, "_MANAGED", tmp_path / "managed")
    return Place(tmp_path)


def env(**variables: object) -> Mapping[str, object]:
    return {"env": variables}


OAUTH = {"claudeAiOauth": {"accessToken": "at", "refreshToken": "rt", "expiresAt": NOW * 1000 - 1}}
SOURCES = [
    ("home/.claude/settings.json", env(ANTHROPIC_API_KEY=KEY), "$ANTHROPIC_API_KEY in ~"),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_BEDROCK="1"), "Amazon Bedrock"),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_BEDROCK=1), "Amazon Bedrock"),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_BEDROCK=True), "Amazon Bedrock"),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_FOUNDRY="true"), "Microsoft Foundry"),
    ("project/.claude/settings.json", env(CLAUDE_CODE_USE_VERTEX="1"), "Google Vertex AI"),
    ("project/.claude/settings.local.json", env(ANTHROPIC_AUTH_TOKEN=KEY), "$ANTHROPIC_AUTH_TOKEN"),
    ("managed/managed-settings.json", env(ANTHROPIC_AUTH_TOKEN=KEY), "managed-settings.json"),
    ("managed/managed-settings.d/10-key.json", env(ANTHROPIC_API_KEY=KEY), "10-key.json"),
    ("managed/managed-settings.json", {"apiKeyHelper": "/bin/key"}, "apiKeyHelper"),
    ("home/.claude/settings.json", {"apiKeyHelper": "~/bin/key.sh"}, "apiKeyHelper in ~"),
    ("project/.claude/settings.json", {"apiKeyHelper": "./key.sh"}, "apiKeyHelper"),
    ("home/.claude/settings.json", env(CLAUDE_CODE_OAUTH_TOKEN=KEY), "$CLAUDE_CODE_OAUTH_TOKEN"),
    ("home/.claude/settings.json", env(ANTHROPIC_IDENTITY_TOKEN_FILE="/t"), "IDENTITY_TOKEN_FILE"),
    ("home/.claude/settings.json", "\ufeff" + json.dumps(env(ANTHROPIC_API_KEY=KEY)), "API_KEY"),
    ("home/.claude/.credentials.json", OAUTH, "an account, by ~/.claude/.credentials.json"),
    ("home/.claude.json", {"primaryApiKey": KEY}, "a key of the console"),
    ("home/.claude/.config.json", {"primaryApiKey": KEY}, "a key of the console"),
]
NONE = [
    ("home/.claude/settings.json", env(ANTHROPIC_API_KEY="")),
    ("home/.claude/settings.json", env(ANTHROPIC_API_KEY="  ")),
    ("home/.claude/settings.json", env(ANTHROPIC_API_KEY=None)),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_BEDROCK="0")),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_BEDROCK=0)),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_BEDROCK=False)),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_VERTEX="false")),
    ("home/.claude/settings.json", env(CLAUDE_CODE_USE_FOUNDRY="")),
    ("home/.claude/settings.json", env(ANTHROPIC_BASE_URL="http://127.0.0.1:1")),
    ("home/.claude/settings.json", env(AWS_BEARER_TOKEN_BEDROCK=KEY)),
    ("home/.claude/settings.json", {"ANTHROPIC_API_KEY": KEY}),
    ("home/.claude/settings.json", {"env": [KEY]}),
    ("home/.claude/settings.json", {"apiKeyHelper": ""}),
    ("home/.claude/settings.json", {"apiKeyHelper": None}),
    ("home/.claude/.credentials.json", {}),
    ("home/.claude/.credentials.json", {"mcpOAuth": {"x": {"accessToken": "a"}}}),
    ("home/.claude/.credentials.json", {"claudeAiOauth": {}}),
    ("home/.claude/.credentials.json", {"claudeAiOauth": {"accessToken": ""}}),
    ("home/.claude/.credentials.json", {"claudeAiOauth": {"accessToken": "a", "expiresAt": 1}}),
    ("home/.claude.json", {"primaryApiKey": ""}),
    ("home/.claude.json", {"oauthAccount": None}),
    ("project/.claude.json", {"primaryApiKey": KEY}),
    ("project/settings.json", env(ANTHROPIC_API_KEY=KEY)),
]


@pytest.mark.parametrize(("name", "value", "words"), SOURCES)
def test_each_source_is_known(place: Place, name: str, value: object, words: str) -> None:
    assert place.used() == ""
    place.write(name, value)
    assert words in place.used()
    assert KEY not in place.used()


@pytest.mark.parametrize(("name", "value"), NONE)
def test_what_logs_nobody_in_is_no_login(place: Place, name: str, value: object) -> None:
    place.write(name, value)
    assert place.used() == ""
    with pytest.raises(RefusedError, match="log in"):
        check_login(place.project, place.settings, place.environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANTHROPIC_API_KEY", KEY),
        ("ANTHROPIC_AUTH_TOKEN", KEY),
        ("CLAUDE_CODE_OAUTH_TOKEN", KEY),
        ("CLAUDE_CODE_USE_BEDROCK", "1"),
        ("CLAUDE_CODE_USE_VERTEX", "YES"),
        ("CLAUDE_CODE_USE_FOUNDRY", "on"),
    ],
)
def test_the_environment_and_the_settings_of_the_run_log_in(
    place: Place, name: str, value: str
) -> None:
    place.environ[name] = value
    assert f"${name}" in place.used()
    del place.environ[name]
    place.settings = Settings(agent=AgentSettings(env={name: Secret(value)}))
    assert f"${name} in agent.env" in place.used()


def test_the_folder_of_claude_may_lie_elsewhere(place: Place) -> None:
    place.write("other/settings.json", env(ANTHROPIC_API_KEY=KEY))
    place.environ["CLAUDE_CONFIG_DIR"] = str(place.base / "other")
    assert "other/settings.json" in place.used()
    place.write("other/settings.json", {})
    place.write("home/.claude.json", {"primaryApiKey": KEY})
    assert place.used() == ""
    place.write("other/.claude.json", {"primaryApiKey": KEY})
    assert "other/.claude.json" in place.used()


def test_the_settings_of_a_run_may_name_that_folder(place: Place) -> None:
    place.write("other/.credentials.json", OAUTH)
    given = {"CLAUDE_CONFIG_DIR": Secret(str(place.base / "other"))}
    place.settings = Settings(agent=AgentSettings(env=given))
    assert "other/.credentials.json" in place.used()


@pytest.mark.parametrize("form", ["two words", "one word", "file"])
def test_settings_on_the_command_line_count(place: Place, form: str) -> None:
    text = json.dumps(env(ANTHROPIC_API_KEY=KEY))
    place.write("project/more.json", text)
    forms = {
        "two words": ("--settings", text),
        "one word": (f"--settings={text}",),
        "file": ("--settings", "more.json"),
    }
    place.words = forms[form]
    assert "$ANTHROPIC_API_KEY" in place.used()
    place.words = ("--settings",)
    assert place.used() == ""


def test_a_file_wins_over_the_environment_even_with_nothing(place: Place) -> None:
    """So does the CLI: an empty key in its settings takes away the one of the shell."""
    place.environ["ANTHROPIC_API_KEY"] = KEY
    place.write("home/.claude/settings.json", env(ANTHROPIC_API_KEY=""))
    assert place.used() == ""
    place.write("project/.claude/settings.local.json", env(ANTHROPIC_API_KEY=KEY))
    assert "settings.local.json" in place.used()


def test_the_first_in_the_order_of_claude_code_is_named(place: Place) -> None:
    place.write("home/.claude/.credentials.json", OAUTH)
    steps = [
        ("home/.claude/settings.json", {"apiKeyHelper": "x"}, "apiKeyHelper"),
        ("project/.claude/settings.json", env(ANTHROPIC_API_KEY=KEY), "$ANTHROPIC_API_KEY"),
        ("project/.claude/settings.local.json", env(ANTHROPIC_AUTH_TOKEN=KEY), "AUTH_TOKEN"),
        ("managed/managed-settings.json", env(CLAUDE_CODE_USE_VERTEX="1"), "Vertex"),
    ]
    assert "account" in place.used()
    for name, value, words in steps:
        place.write(name, value)
        assert words in place.used()


def test_an_expired_login_is_passed_over_for_one_that_works(place: Place) -> None:
    past = {"claudeAiOauth": {"accessToken": "a", "expiresAt": 1}}
    place.write("home/.claude/.credentials.json", past)
    with pytest.raises(RefusedError, match="has expired"):
        check_login(place.project, place.settings, place.environ)
    place.write("home/.claude.json", {"primaryApiKey": KEY})
    assert "console" in place.used()


def test_the_name_of_an_account_is_no_login_but_starts(place: Place) -> None:
    place.write("home/.claude.json", {"oauthAccount": {"emailAddress": "a@example.org"}})
    assert place.used() == ""
    sources = check_login(place.project, place.settings, place.environ)
    assert sources.used is not None
    assert sources.used.kind is LoginKind.ACCOUNT_NAME


@pytest.mark.parametrize(
    "text", ["{", '{"env": {"ANTHROPIC_API_KEY": "k"},}', "[]", "null", "// no\n{}", "\x00"]
)
def test_a_file_that_is_no_json_is_named(place: Place, text: str) -> None:
    place.write("project/.claude/settings.json", text)
    assert place.used() == ""
    assert len(place.unreadable()) == 1
    with pytest.raises(RefusedError, match=r"settings\.json holds no valid JSON.*log in"):
        check_login(place.project, place.settings, place.environ)


def test_an_empty_file_and_a_folder_are_no_trouble(place: Place) -> None:
    place.write("home/.claude/settings.json", "")
    (place.project / ".claude" / "settings.json").mkdir()
    assert place.used() == ""
    assert place.unreadable() == ()


def test_no_value_is_ever_shown(place: Place) -> None:
    place.environ["ANTHROPIC_API_KEY"] = KEY
    sources = find_logins(place.project, place.settings, place.environ)
    assert KEY not in repr(sources.logins)
